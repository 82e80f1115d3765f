"""The guard of steps (semantics.md section 5): nobody is lent who has enough to do with his own work."""

from typing import Any

from queues.backlog import signature_of
from queues.demand import Demand, Handling, window
from queues.policy import Step
from router.events import StepHeld, StepTaken
from router.lending import lenders_load
from router.relax import LOOK_AGAIN
from tests.builders import House, Requirement, policy, queue, requirement_of
from tests.router.invariants import Checked
from vocabulary.instants import MINUTE, SECOND

AT_ONCE = {"callback": 0}
STEP = Step(after=30 * SECOND, groups=("backup",))


def site(step: Step = STEP, **values: Any) -> House:
    """Return a house of two queues whose work is taken unasked; `rare` borrows the group backup from `own`."""
    return House(
        policy(
            queue("own", offer=AT_ONCE, wrap_up="none"),
            queue("rare", offer=AT_ONCE, wrap_up="none", steps=(step,), **values),
        )
    )


def works(house: House, name: str, count: int, *, every: int, handling: int, **values: Any) -> None:
    """Let `count` callbacks come in, one `every` ms; each is done `handling` ms after somebody takes it."""
    ending: list[tuple[int, str]] = []
    for number in range(count):
        ending = _end(house, ending)
        id = f"{name}-{house.now}-{number}"
        house.admit(id, "callback", queue=name, **values)
        ending.append((house.now + handling, id))
        house.after(every)
    while ending:
        house.after(max(0, ending[0][0] - house.now))
        ending = _end(house, ending)


def _end(house: House, ending: list[tuple[int, str]]) -> list[tuple[int, str]]:
    for at, id in ending:
        if at <= house.now and house.interaction(id).agent is not None:
            house.ends(id)
    return [each for each in ending if house.state_of(each[1]) in ("waiting", "active")]


def own_work(house: House, arrivals: int, handling: int) -> None:
    """Let the group be known for so many arrivals in 15 minutes that take `handling` each."""
    house.state.demand["own\ncallback"] = Demand(
        "own", "callback", (), ((house.now // MINUTE, arrivals),), Handling(100, 100 * handling)
    )


def test_a_step_is_held_back_while_the_lenders_have_too_much_to_do() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    works(house, "own", 24, every=30 * SECOND, handling=29 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    house.after(30 * SECOND)
    # 24 arrivals of 29 s in 15 minutes are a load of 0.8, which foreign work makes 1.0; the minutes begun make it 1.01.
    (held,) = house.of(StepHeld)
    assert (held.interaction, held.after, held.until) == ("i-1", 30 * SECOND, held.at + LOOK_AGAIN)
    assert 100 < held.load < 110
    assert house.interaction().agent is None


def test_a_step_that_was_held_back_is_looked_at_every_ten_seconds_and_taken_when_there_is_room() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    own_work(house, 30, 30 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    house.after(30 * SECOND + 3 * LOOK_AGAIN)
    times = [each.at - house.interaction().enqueued_at for each in house.of(StepHeld)]
    assert times == [30 * SECOND, 40 * SECOND, 50 * SECOND, 60 * SECOND]
    house.after(15 * MINUTE)
    (taken,) = house.of(StepTaken)
    assert taken.groups == ("backup",)
    assert house.interaction().agent == "a"


def test_another_lender_makes_room() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    own_work(house, 30, 30 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    house.after(30 * SECOND)
    house.agent("b", "own", groups=("backup",))
    house.after(LOOK_AGAIN)
    assert len(house.of(StepTaken)) == 1


def test_a_step_without_a_guard_is_taken_whatever_the_lenders_do() -> None:
    house = site(Step(after=30 * SECOND, groups=("backup",), guard=False))
    house.agent("a", "own", groups=("backup",))
    own_work(house, 100, 30 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    house.after(30 * SECOND)
    assert house.interaction().agent == "a"


def test_an_expiring_requirement_has_no_guard() -> None:
    house = site()
    house.agent("a", "rare", "own")
    own_work(house, 100, 30 * SECOND)
    house.admit("i-1", "callback", queue="rare", requirements=(Requirement("billing", 3, 30 * SECOND),))
    house.after(30 * SECOND)
    assert house.interaction().agent == "a"


def test_the_guard_is_open_below_twenty_samples() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    works(house, "own", 19, every=30 * SECOND, handling=29 * SECOND)
    works(house, "rare", 1, every=31 * SECOND, handling=29 * SECOND)
    assert (len(house.of(StepHeld)), len(house.of(StepTaken))) == (0, 1)


def test_the_guard_is_open_where_no_lender_is_staffed() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",), available=False)
    own_work(house, 100, 30 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    house.after(30 * SECOND)
    assert len(house.of(StepTaken)) == 1


def test_a_later_step_is_not_held_by_one_before_it() -> None:
    later = Step(after=45 * SECOND, priority=20)
    house = House(policy(queue("own"), queue("rare", steps=(STEP, later))))
    house.agent("a", "own", groups=("backup",))
    own_work(house, 100, 30 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    house.after(45 * SECOND)
    assert [each.after for each in house.of(StepTaken)] == [45 * SECOND]
    assert [each.at - house.interaction().enqueued_at for each in house.of(StepHeld)] == [
        30 * SECOND,
        40 * SECOND,
        45 * SECOND,
    ]


def load(house: House, id: str = "i-1", groups: tuple[str, ...] = ("backup",)) -> int | None:
    before = signature_of(house.interaction(id))
    after = before._replace(requirements=(), groups=groups)
    return lenders_load(house.state, before, after, house.interaction(id).stream, house.now)


def test_the_load_is_arrivals_times_handling_times_factor_over_lenders() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    house.agent("b", "own", groups=("backup",))
    house.admit("i-1", "callback", queue="rare")
    own_work(house, 28, 60 * SECOND)
    exact = 100 * 28 * 60 * SECOND * 1.25 / window(house.now) / 2
    assert load(house) == -int(-exact // 1)


def test_work_that_others_do_too_counts_as_much_less() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    own_work(house, 40, 60 * SECOND)
    house.admit("i-1", "callback", queue="rare")
    alone = load(house)
    house.agent("b", "own")
    assert alone is not None
    assert load(house) in (alone // 2, alone // 2 + 1)


def test_a_chat_of_three_at_once_counts_a_third() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    house.admit("i-1", "callback", queue="rare")
    minutes = ((house.now // MINUTE, 30),)
    house.state.demand = {"x": Demand("own", "callback", (), minutes, Handling(50, 50 * MINUTE))}
    whole = load(house)
    house.state.demand = {"x": Demand("own", "chat", (), minutes, Handling(50, 50 * MINUTE))}
    part = load(house)
    assert whole is not None
    assert part in (whole // 3, whole // 3 + 1)


def test_lenders_within_the_queue_are_those_of_lower_level() -> None:
    house = House(policy(queue("own", steps=(Step(after=30 * SECOND, lower={"billing": 2}),))))
    house.agent("novice", "own", skills={"billing": 2})
    house.agent("expert", "own", skills={"billing": 9})
    house.admit("i-1", "callback", requirements=(requirement_of("billing>=5"),))
    house.accept()
    house.admit("i-2", "callback", requirements=(requirement_of("billing>=5"),))
    assert house.state.demand["own\ncallback\nbilling>=5"].arrived(house.now) == 2
    # What only experts can do is no work of the novice.
    key = "own\ncallback\nbilling>=2"
    house.state.demand[key] = Demand(
        "own", "callback", (requirement_of("billing>=2"),), ((house.now // MINUTE, 20),), Handling(40, 40 * MINUTE)
    )
    exact = 100 * 20 * MINUTE * 1.25 / window(house.now) / 2
    assert load(house, "i-2") == -int(-exact // 1)


def test_the_foreign_factor_is_measured() -> None:
    house = site()
    house.agent("a", "own", groups=("backup",))
    house.admit("i-1", "callback", queue="rare")
    own_work(house, 20, 60 * SECOND)
    usual = load(house)
    rare = house.state.demand["rare\ncallback"]
    house.state.demand["rare\ncallback"] = Demand(
        rare.queue, rare.medium, (), rare.minutes, Handling(20, 20 * 100), Handling(20, 20 * 250)
    )
    assert usual is not None
    assert load(house) in (2 * usual - 1, 2 * usual)


def test_handling_is_learnt_apart_for_own_work_and_foreign() -> None:
    house = site()
    house.agent("helper", "own", groups=("backup",))
    works(house, "rare", 1, every=31 * SECOND, handling=90 * SECOND)
    house.agent("owner", "rare")
    works(house, "rare", 1, every=SECOND, handling=10 * SECOND)
    known = house.state.demand["rare\ncallback"]
    assert known.foreign.count == known.own.count == 1
    assert known.own.total == 10 * SECOND
    assert known.arrived(house.now) == 2


def test_a_journal_gives_the_same_counts_again() -> None:
    house = Checked(policy(queue("own"), queue("rare", steps=(STEP,))))
    house.agent("a", "own", groups=("backup",))
    for number in range(3):
        house.active(f"i-{number}", "callback", queue="own")
        house.after(MINUTE)
        house.ends(f"i-{number}")
        house.wraps_up(f"i-{number}")
    assert house.replayed().demand == house.state.demand
    assert house.state.demand["own\ncallback"].own == Handling(3, 3 * MINUTE)


def test_arrivals_are_forgotten_after_fifteen_minutes_and_handling_halves() -> None:
    demand = Demand("own", "chat")
    for minute in range(30):
        demand = demand.with_arrival(minute * MINUTE)
    assert demand.arrived(29 * MINUTE) == 15
    assert len(demand.minutes) <= 15
    assert demand.arrived(60 * MINUTE) == 0
    handling = Handling()
    for _ in range(500):
        handling = handling.with_sample(1_000)
    assert handling.count <= 200
    assert handling.total == 1_000 * handling.count
