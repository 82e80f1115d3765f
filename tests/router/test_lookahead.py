"""The look-ahead against closed forms, an exact recursion, and the router itself."""

from collections.abc import Callable
from functools import cache
from random import Random  # noqa: TID251 (with its seed)
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.agent import MediumLimit, Membership
from queues.lifecycle import InteractionState
from queues.measured import Average, Measured, Rate
from router.closed_form import wait_behind
from router.lookahead import look_ahead
from router.snapshot import Crew, Snapshot, Stream, Worker
from router.surroundings import snapshot
from tests.builders import House, policy, queue, requirement_of
from vocabulary.instants import HOUR, MINUTE, SECOND

MEAN = 60_000.0


def pool(ahead: int, agents: int, leaving: float = 0.0, streams: tuple[Stream, ...] = (), id: str = "i-1") -> Snapshot:
    """Return one pool of `agents` with `ahead` before the target; a second line is for newcomers."""
    return Snapshot(
        id=id,
        now=0,
        line=0,
        key=(0, ahead, ahead),
        lines=(tuple((0, at, at) for at in range(ahead)), ()),
        kinds=(0, 0),
        handling=(MEAN,),
        leaving=(leaving, leaving),
        crews=(Crew((1, 1), (100, 100)),),
        workers=tuple(Worker(0, 0, ((0, 100),)) for _ in range(agents)),
        streams=streams,
    )


def graph(lines: tuple[tuple[int, ...], ...], serves: tuple[tuple[int, ...], ...], busy: tuple[int, ...]) -> Snapshot:
    """Return a house where pool g serves the lines `serves[g]` and `busy[g]` work; the target waits in line 0."""
    count = len(lines)
    return Snapshot(
        id="i-1",
        now=0,
        line=0,
        key=(0, 1_000, 1_000),
        lines=tuple(tuple((0, at, at) for at in line) for line in lines),
        kinds=(0,) * count,
        handling=(MEAN,),
        leaving=(0.0,) * count,
        crews=tuple(Crew(tuple(1 if at in own else None for at in range(count)), (100,) * count) for own in serves),
        workers=tuple(Worker(crew, 0, ((0, 100),)) for crew, agents in enumerate(busy) for _ in range(agents)),
    )


def exact_mean(lines: tuple[tuple[int, ...], ...], serves: tuple[tuple[int, ...], ...], busy: tuple[int, ...]) -> float:
    """Return the mean wait of the target in `graph`, by recursion over all that may happen."""
    order = tuple(line for _, line in sorted((at, line) for line, ats in enumerate(lines) for at in ats))

    @cache
    def wait(waiting: tuple[int, ...], working: tuple[int, ...]) -> float:
        total = sum(working)
        found = MEAN / total
        for crew, agents in enumerate(working):
            first = next((at for at, line in enumerate(waiting) if line in serves[crew]), None)
            if agents and first is not None:
                found += agents / total * wait((*waiting[:first], *waiting[first + 1 :]), working)
            elif agents and 0 not in serves[crew]:
                found += agents / total * wait(waiting, tuple(n - (g == crew) for g, n in enumerate(working)))
        return found

    return wait(order, busy)


@pytest.mark.parametrize(("ahead", "agents"), [(0, 1), (0, 5), (9, 3), (120, 50)])
def test_one_pool_waits_as_the_closed_form_says_without_any_chance(ahead: int, agents: int) -> None:
    found, exact = look_ahead(pool(ahead, agents)), wait_behind(ahead, agents / MEAN)
    assert found is not None
    assert [found.mean, found.low, found.high] == pytest.approx([exact.mean, exact.low, exact.high])


@pytest.mark.parametrize(
    ("lines", "serves", "busy"),
    [
        (((), (0, 1, 2, 3)), ((0, 1), (1,)), (1, 2)),
        (((1, 4), (0, 2, 3, 5)), ((0,), (0, 1)), (2, 1)),
        (((0, 6), (1, 4), (2, 3, 5)), ((0, 1), (1, 2), (2, 0)), (2, 1, 2)),
        (((3,), (0, 1, 2)), ((1,), (0,), (0, 1)), (3, 1, 1)),
    ],
)
def test_agents_with_different_skills_drain_the_queue_as_the_exact_recursion_says(
    lines: tuple[tuple[int, ...], ...], serves: tuple[tuple[int, ...], ...], busy: tuple[int, ...]
) -> None:
    found = look_ahead(graph(lines, serves, busy), replications=4_000)
    assert found is not None
    assert found.mean == pytest.approx(exact_mean(lines, serves, busy), rel=0.02)


def test_those_ahead_who_leave_shorten_the_wait_as_the_closed_form_says() -> None:
    found, exact = look_ahead(pool(30, 5, 0.5 / MEAN), 600), wait_behind(30, 5 / MEAN, 0.5 / MEAN)
    assert found is not None
    assert found.mean == pytest.approx(exact.mean, rel=0.02)
    assert found.high == pytest.approx(exact.high, rel=0.04)


def test_newcomers_of_a_higher_class_lengthen_the_wait_as_the_closed_form_says() -> None:
    stream = Stream(line=1, rate=2 / MEAN, class_=-1, target=0)
    found = look_ahead(pool(8, 5, streams=(stream,)), 3_000)
    assert found is not None
    assert found.mean == pytest.approx(9 * MEAN / (5 - 2), rel=0.05)


def test_newcomers_of_the_same_class_count_only_while_they_are_due_earlier() -> None:
    """The target is due at 100 s, the newcomers 70 s after they come: those of the first 30 s go before it."""
    late = replace(pool(8, 1), key=(0, 100_000, 9))
    stream = Stream(line=1, rate=1 / MEAN, class_=0, target=70_000)
    alone, overtaken = look_ahead(late), look_ahead(replace(late, streams=(stream,)), 2_000)
    assert alone is not None
    assert overtaken is not None
    assert overtaken.mean - alone.mean == pytest.approx(0.5 * MEAN, rel=0.2)


def test_newcomers_take_who_is_idle_and_keep_him_from_nobody() -> None:
    stream = Stream(line=1, rate=1 / MEAN, class_=-1, target=0)
    idle = (Worker(1, 100, ()),)
    scene = pool(3, 1, streams=(stream,))
    scene = replace(
        scene, crews=(Crew((1, None), (100, 100)), Crew((None, 1), (100, 100))), workers=scene.workers + idle
    )
    found = look_ahead(scene, 400)
    assert found is not None
    assert found.mean == pytest.approx(4 * MEAN, rel=0.1)


def test_what_nobody_will_serve_has_no_wait() -> None:
    assert look_ahead(replace(pool(3, 1), workers=())) is None
    assert look_ahead(replace(pool(3, 1), crews=(Crew((None, 1), (100, 100)),))) is None


def test_the_same_snapshot_gives_the_same_estimate_and_another_id_other_draws() -> None:
    scene = graph(((1, 4), (0, 2, 3, 5)), ((0,), (0, 1)), (2, 1))
    assert look_ahead(scene) == look_ahead(scene)
    assert look_ahead(scene) != look_ahead(replace(scene, id="i-2"))


def test_a_big_unit_of_work_waits_until_enough_of_the_agent_is_free() -> None:
    """Two chats of 50 units go on; the target costs 100: both have to end first."""
    scene = replace(pool(0, 0), crews=(Crew((1, 1), (100, 50)),), workers=(Worker(0, 0, ((0, 50), (0, 50))),))
    found = look_ahead(scene)
    assert found is not None
    assert found.mean == pytest.approx(MEAN / 2 + MEAN)


@given(
    st.lists(st.lists(st.integers(0, 50), max_size=8, unique=True), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True), min_size=1, max_size=4),
    st.integers(1, 4),
)
def test_any_house_has_an_interval_around_the_mean_or_no_wait_at_all(
    waiting: list[list[int]], pools: list[list[int]], agents: int
) -> None:
    lines = tuple(tuple(sorted(line)) for line in waiting)
    serves = tuple(tuple(line for line in own if line < len(lines)) for own in pools)
    found = look_ahead(graph(lines, serves, (agents,) * len(serves)))
    assert (found is not None) == any(0 in own for own in serves)
    assert found is None or 0 < found.low <= found.mean <= found.high


# -- on the router itself

KNOWN = Measured(Average(100, MEAN))
ONE_EACH = {"chat": MediumLimit(100), "email": MediumLimit(100)}


def silent(*names: str) -> House:
    """Return a house of these queues where offers are accepted at once and there is no wrap-up."""
    at_once = {"chat": 0, "email": 0, "callback": 0}
    return House(policy(*(queue(name, offer=at_once, wrap_up="none") for name in names), estimate_samples_min=1))


def two_skills() -> House:
    house = silent("support")
    for number in range(6):
        house.agent(f"a{number}", skills={"pl": 5} if number < 3 else {"pl": 5, "hu": 5}, media=ONE_EACH)
    for number in range(20):
        skill = ("pl", "hu")[number % 2]
        house.admit(f"i-{number}", requirements=(requirement_of(skill),))
        house.now += SECOND
    house.admit("target", requirements=(requirement_of("hu"),))
    return house


def first_sales_then_support() -> House:
    house = silent("support", "sales")
    for number in range(2):
        house.agent(f"a{number}", queues={"sales": Membership(1), "support": Membership(2)}, media=ONE_EACH)
        house.agent(f"b{number}", "support", media=ONE_EACH)
    for number in range(9):
        house.admit(f"i-{number}", queue="support")
        house.now += SECOND
    house.admit("target", queue="support")
    for number in range(4):
        house.now += SECOND
        house.admit(f"s-{number}", queue="sales")
    return house


def chats_beside_mail() -> House:
    house = silent("support")
    house.agent("a")
    house.agent("b", media={"email": MediumLimit(100)})
    for number in range(6):
        house.admit(f"c-{number}")
        house.admit(f"m-{number}", "email")
        house.now += SECOND
    house.admit("target")
    return house


def realised(build: Callable[[], House], draw: Random) -> float:
    """Return how long the target waits when all work in progress ends at random, each piece equally soon."""
    house = build()
    began = clock = float(house.now)
    while house.state_of("target") is InteractionState.WAITING:
        active = [id for id, each in house.state.interactions.items() if each.state is InteractionState.ACTIVE]
        clock += draw.expovariate(len(active) / MEAN)
        house.now = round(clock)
        house.ends(draw.choice(active))
    return clock - began


@pytest.mark.parametrize("build", [two_skills, first_sales_then_support, chats_beside_mail])
def test_the_look_ahead_agrees_with_the_router_that_is_played_through(build: Callable[[], House]) -> None:
    house, draw = build(), Random(11)  # noqa: S311
    queues = dict.fromkeys(house.policy.queues, KNOWN)
    scene = snapshot(house.state, house.policy, "target", house.now, queues)
    assert scene is not None
    found = look_ahead(scene, 400)
    assert found is not None
    waits = [realised(build, draw) for _ in range(150)]
    assert abs(found.mean - fmean(waits)) < 4 * stdev(waits) / len(waits) ** 0.5
    assert sum(found.low <= wait <= found.high for wait in waits) / len(waits) == pytest.approx(0.8, abs=0.12)


def test_nothing_is_pictured_of_what_does_not_wait_or_is_unknown() -> None:
    house = two_skills()
    known = {"support": KNOWN}
    assert snapshot(house.state, house.policy, "i-0", house.now, known) is None
    assert snapshot(house.state, house.policy, "i-nowhere", house.now, known) is None
    assert snapshot(house.state, house.policy, "target", house.now) is None
    for agent in list(house.state.agents):
        house.cut_off(agent)
    assert snapshot(house.state, house.policy, "target", house.now, known) is None


def test_newcomers_of_a_higher_class_are_pictured_with_their_rate() -> None:
    house = two_skills()
    arrivals = {class_: Rate(house.now - HOUR, house.now) for class_ in (-1, 0, 1)}
    for _ in range(30):
        for rate in arrivals.values():
            rate.add(house.now)
    known = {"support": replace(KNOWN, arrivals=arrivals)}
    scene = snapshot(house.state, house.policy, "target", house.now, known)
    assert scene is not None
    assert {stream.class_ for stream in scene.streams} == {-1}
    assert sum(stream.rate for stream in scene.streams) == pytest.approx(arrivals[-1].per_ms(house.now))
    without = snapshot(house.state, house.policy, "target", house.now, {"support": KNOWN})
    assert without is not None
    longer, shorter = look_ahead(scene, 200), look_ahead(without, 200)
    assert longer is not None
    assert shorter is not None
    assert longer.mean > shorter.mean + MINUTE / 10


def test_under_wait_over_target_those_with_the_higher_ratio_are_ahead() -> None:
    house = House(
        policy(
            queue("slow", order="wait_over_target", target=10 * MINUTE),
            queue("quick", order="wait_over_target", target=MINUTE),
            estimate_samples_min=1,
        )
    )
    house.agent("a", "slow", "quick", media=ONE_EACH)
    house.admit("busy", queue="slow")
    house.admit("older", queue="slow")
    house.after(2 * SECOND)
    house.admit("target", queue="quick")
    house.after(5 * SECOND)
    house.admit("younger", queue="quick")
    queues = {"slow": KNOWN, "quick": KNOWN}

    def ahead(id: str) -> int:
        scene = snapshot(house.state, house.policy, id, house.now, queues)
        assert scene is not None
        return sum(map(len, scene.lines))

    assert [ahead(id) for id in ("target", "older", "younger")] == [0, 1, 2]
    house.after(10 * SECOND)
    assert [ahead(id) for id in ("target", "older", "younger")] == [0, 2, 1]
