"""Position and expected wait (semantics.md section 14)."""

import math

import pytest

from agents.agent import Membership
from router.expect import expected_wait, position, staffed
from tests.builders import House, policy, queue, requirement_of
from vocabulary.instants import MINUTE, SECOND


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
