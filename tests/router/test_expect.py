"""Position and expected wait (semantics.md section 14)."""

import math

import pytest
from msgspec.structs import replace

from agents.agent import MediumLimit, Membership
from queues.calibration import Calibration, calibrated
from queues.measured import Average, Measured, Rate
from router.closed_form import Overtaking, wait_behind
from router.expect import closed_form, expected_wait, one_pool, position, staffed
from tests.builders import House, policy, queue, requirement_of
from vocabulary.instants import HOUR, MINUTE, SECOND

KNOWN = Measured(Average(100, MINUTE))
CALLS = {"chat": MediumLimit(100)}


def arriving(house: House, count: int) -> Rate:
    """Return the rate of `count` arrivals in the hour up to now."""
    rate = Rate(house.now - HOUR, house.now - HOUR)
    for number in range(1, count + 1):
        rate.add(house.now - HOUR + number * HOUR // count)
    return rate


def full_house(*queues: str, ahead: int = 0, agents: int = 2) -> House:
    """Return a house where all agents of the first queue are at work, `ahead` wait in it, and then the target."""
    house = House(policy(*(queue(name, offer={"chat": 0}) for name in queues), estimate_samples_min=1))
    for number in range(agents):
        house.agent(f"a{number}", *queues, media=CALLS)
    for number in range(agents + ahead):
        house.admit(f"i-{number}", queue=queues[0])
        house.now += SECOND
    house.admit("target", queue=queues[0])
    return house


def measured(house: House, count: int, span: int = MINUTE) -> None:
    """Let agent `a` handle `count` interactions of `span` each."""
    for number in range(count):
        house.active(f"done-{number}")
        house.after(span)
        house.ends(f"done-{number}")
        house.wraps_up(f"done-{number}")


def test_position_is_one_more_than_those_before_it() -> None:
    house = House()
    for number in range(1, 4):
        house.admit(f"i-{number}")
    house.admit("urgent", priority=10)
    assert [position(house.state, id) for id in ("urgent", "i-1", "i-2", "i-3")] == [1, 2, 3, 4]


def test_position_counts_other_queues_whose_agents_are_shared() -> None:
    house = House(policy(queue("support"), queue("sales"), queue("apart")))
    house.admit("i-1", queue="sales")
    house.admit("i-2", queue="apart")
    house.admit("i-3", queue="support")
    house.agent("a", "support", "sales", available=False)
    house.agent("b", "apart", available=False)
    assert position(house.state, "i-3") == 2


@pytest.mark.parametrize(("own", "other", "place"), [(1, 2, 1), (2, 1, 3), (1, 1, 2)])
def test_position_follows_the_order_in_which_the_shared_agents_serve_their_queues(
    own: int, other: int, place: int
) -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.admit("older", queue="sales")
    house.after(SECOND)
    house.admit("mine", queue="support")
    house.after(SECOND)
    house.admit("younger", queue="sales")
    memberships = {"support": Membership(own), "sales": Membership(other)}
    house.agent("a", queues=memberships, available=False)
    assert position(house.state, "mine") == place


def test_position_leaves_out_those_who_share_no_agent_with_it() -> None:
    house = House()
    house.agent("a", skills={"lang:pl": 5}, available=False)
    house.agent("b", skills={"lang:hu": 5}, available=False)
    house.admit("hu", requirements=(requirement_of("lang:hu"),))
    house.admit("pl", requirements=(requirement_of("lang:pl"),))
    house.admit("any")
    assert [position(house.state, id) for id in ("hu", "pl", "any")] == [1, 1, 3]


def test_what_nobody_can_serve_still_has_a_place_among_its_like() -> None:
    house = House()
    house.admit("i-1", requirements=(requirement_of("rare"),))
    house.admit("i-2", requirements=(requirement_of("rare"),))
    assert position(house.state, "i-2") == 2


def test_what_rings_is_first_and_what_does_not_wait_has_no_position() -> None:
    house = House()
    house.agent("a")
    house.admit()
    assert position(house.state, "i-1") == 1
    house.accept()
    assert (position(house.state, "i-1"), position(house.state, "i-9")) == (None, None)


def test_staffed_are_those_who_are_connected_and_available_or_busy() -> None:
    house = House()
    for agent in "abcde":
        house.agent(agent)
    house.declares("b", "busy")
    house.declares("c", "away")
    house.cut_off("d")
    house.declares("e", "offline")
    assert staffed(house.state, "support") == 2


def test_expected_wait_is_hidden_when_nobody_is_staffed() -> None:
    house = House(policy(estimate_samples_min=1))
    house.agent("a", capacity=33)
    measured(house, 1)
    house.declares("a", "away")
    house.admit()
    assert expected_wait(house.state, house.policy, "i-1") is None


def test_expected_wait_is_hidden_below_twenty_samples() -> None:
    house = House()
    house.agent("a", capacity=33)
    measured(house, 19)
    house.active("i-0")
    house.admit("i-1")
    assert expected_wait(house.state, house.policy, "i-1") is None
    house.after(MINUTE)
    house.ends("i-0")
    house.declares("a", "busy")
    house.wraps_up("i-0")
    assert expected_wait(house.state, house.policy, "i-1") is not None


@pytest.mark.parametrize(("ahead", "mean"), [(0, 1), (3, 4), (30, 31)])
def test_expected_wait_covers_the_tenth_to_the_ninetieth_percentile_of_so_many_releases(ahead: int, mean: int) -> None:
    """Erlang with n stages has mean n and variance n (in stages); the bounds lie about 1.28 deviations around it."""
    house = House(policy(estimate_samples_min=1))
    house.agent("a", capacity=33)
    measured(house, 20)
    house.active("busy")
    for number in range(ahead + 1):
        house.admit(f"i-{number}")
    found = expected_wait(house.state, house.policy, f"i-{ahead}")
    assert found is not None
    low, high = found
    assert low < mean * MINUTE < high
    if ahead >= 3:
        assert (high - low) / MINUTE == pytest.approx(2 * 1.2816 * math.sqrt(mean), rel=0.05)


def test_more_agents_and_more_places_shorten_the_wait() -> None:
    house = House(policy(estimate_samples_min=1))
    house.agent("a", capacity=33)
    measured(house, 1)
    house.active("i-0")
    house.admit("i-1")
    alone = expected_wait(house.state, house.policy, "i-1")
    house.agent("b", capacity=99)
    for number in range(2, 5):
        house.admit(f"i-{number}")
    assert house.rings_at("i-1") == "b"
    together = expected_wait(house.state, house.policy, "i-4")
    assert alone is not None
    assert together is not None
    assert [round(bound * 4 / SECOND) for bound in together] == [round(bound / SECOND) for bound in alone]


def test_leavers_and_the_queue_ahead_make_the_closed_form() -> None:
    house = full_house("support", ahead=6)
    known = replace(KNOWN, waited=100.0 * MINUTE, left=50.0)
    found = closed_form(house.state, house.policy, "target", house.now, {"support": known})
    assert found == wait_behind(6, 2 / MINUTE, 0.5 / MINUTE)


def test_newcomers_of_higher_classes_push_in_and_others_do_not() -> None:
    house = full_house("support", ahead=6)
    rates = {-1: arriving(house, 60), 0: arriving(house, 600), 1: arriving(house, 600)}
    known = {"support": replace(KNOWN, arrivals=rates)}
    found = closed_form(house.state, house.policy, "target", house.now, known)
    assert found == wait_behind(6, 2 / MINUTE, 0.0, (Overtaking(rates[-1].per_ms(house.now)),))


def test_newcomers_of_a_queue_with_a_shorter_target_push_in_for_some_time() -> None:
    house = full_house("support", "quick", ahead=6)
    queues = {**house.policy.queues, "quick": queue("quick", target=5 * SECOND)}
    rate = arriving(house, 60)
    known = {"support": KNOWN, "quick": replace(KNOWN, arrivals={0: rate})}
    found = closed_form(house.state, replace(house.policy, queues=queues), "target", house.now, known)
    assert found == wait_behind(6, 2 / MINUTE, 0.0, (Overtaking(rate.per_ms(house.now), 15.0 * SECOND),))


def test_handling_is_that_of_all_queues_by_what_arrives_in_each() -> None:
    house = full_house("support", "long")
    rates = {1: arriving(house, 30), 2: arriving(house, 90)}
    slow = Average(100, 5.0 * MINUTE)
    known = {
        "support": replace(KNOWN, arrivals={1: rates[1]}),
        "long": Measured(slow, arrivals={2: rates[2]}),
    }
    found = closed_form(house.state, house.policy, "target", house.now, known)
    assert found is not None
    assert found.mean / MINUTE == pytest.approx((0.25 * 1 + 0.75 * 5) / 2, rel=0.02)


def test_the_interval_is_corrected_by_what_happened() -> None:
    house = full_house("support", ahead=3)
    correction = Calibration(0.2, 0.5)
    raw = expected_wait(house.state, house.policy, "target", house.now, {"support": KNOWN})
    corrected = replace(KNOWN, calibration=correction)
    assert raw is not None
    found = expected_wait(house.state, house.policy, "target", house.now, {"support": corrected})
    assert found == calibrated(raw, correction)
    assert found != raw


def test_one_pool_serves_those_whose_agents_are_all_alike() -> None:
    house = full_house("support", ahead=3)
    assert one_pool(house.state, "target")
    house.agent("pl", skills={"lang:pl": 5}, available=False)
    assert one_pool(house.state, "target")
    house.admit("polish", requirements=(requirement_of("lang:pl"),))
    assert one_pool(house.state, "target")
    assert not one_pool(house.state, "polish")


def test_agents_who_disagree_which_queue_is_first_are_no_pool() -> None:
    house = House(policy(queue("support", offer={"chat": 0}), queue("sales", offer={"chat": 0})))
    house.agent("a", queues={"support": Membership(1), "sales": Membership(2)}, media=CALLS)
    house.agent("b", queues={"support": Membership(1), "sales": Membership(1)}, media=CALLS)
    for number in range(4):
        house.admit(f"i-{number}", queue=("support", "sales")[number % 2])
        house.now += SECOND
    assert one_pool(house.state, "i-2")
    assert not one_pool(house.state, "i-3")


def test_what_was_declined_still_stands_before_those_behind_it() -> None:
    house = House()
    house.agent("a", capacity=33)
    for id in ("declined", "next", "last"):
        house.admit(id)
        house.after(SECOND)
    house.decline("declined")
    assert house.rings_at("next") == "a"
    assert [position(house.state, id) for id in ("declined", "last")] == [1, 2]


def test_under_wait_over_target_the_ratio_tells_who_is_before_whom() -> None:
    slow, quick = (
        queue("slow", target=10 * MINUTE, order="wait_over_target"),
        queue("quick", target=MINUTE, order="wait_over_target"),
    )
    house = House(policy(slow, quick))
    house.agent("a", "slow", "quick", available=False)
    house.admit("older", queue="slow")
    house.now += 30 * SECOND
    house.admit("younger", queue="quick")

    def places(now: int) -> list[int | None]:
        return [position(house.state, id, now) for id in ("older", "younger")]

    assert places(house.now + SECOND) == [1, 2]
    assert places(house.now + 10 * SECOND) == [2, 1]


@pytest.mark.parametrize("ahead", range(0, 40, 8))
def test_who_stands_further_back_waits_longer(ahead: int) -> None:
    house = full_house("support", ahead=ahead + 1)
    known = {"support": replace(KNOWN, waited=100.0 * MINUTE, left=20.0)}
    here = expected_wait(house.state, house.policy, f"i-{ahead + 2}", house.now, known)
    behind = expected_wait(house.state, house.policy, "target", house.now, known)
    assert here is not None
    assert behind is not None
    assert here[0] < behind[0]
    assert here[1] < behind[1]
