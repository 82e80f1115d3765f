"""Blind transfers to an agent or a skill: they wait in the current queue (semantics.md section 15)."""

import pytest

from router import events as e
from router.commands import AcceptOffer, DefineAgent, RemoveAgent, Transfer
from tests.builders import Requirement, policy, profile, queue
from tests.router.invariants import Checked
from vocabulary.instants import HOUR, MINUTE, SECOND


def house_with(*others: str) -> Checked:
    """Return a house in which a holds i-1 of queue support; `others` serve sales and know nothing of support."""
    house = Checked(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.active()
    for other in others:
        house.agent(other, "sales")
    return house


def test_a_transfer_to_an_agent_waits_in_the_current_queue_for_him_alone() -> None:
    house = house_with("b")
    house.agent("c")
    house.after(SECOND)
    house.transfers("i-1", None, to="b")
    interaction = house.interaction()
    assert (interaction.queue, interaction.leg, interaction.only_agent, house.rings_at()) == ("support", 2, "b", "b")
    assert house.of(e.Transferred)[0].to == "b"
    assert (house.whom("a").used, interaction.arrived_at) == (0, interaction.created_at)


def test_an_agent_without_room_is_waited_for_though_others_are_free() -> None:
    house = house_with()
    house.agent("b", "sales", capacity=33)
    house.active("i-2", queue="sales")
    house.agent("c")
    house.transfers("i-1", None, to="b")
    assert (house.state_of(), house.rings_at()) == ("waiting", None)
    house.ends("i-2")
    house.wraps_up("i-2")
    assert house.rings_at() == "b"


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        ("a", ("conflict", "target_is_owner")),
        ("z", ("invalid", "unknown_agent")),
        ("offline", ("conflict", "target_offline")),
        ("cut_off", ("conflict", "target_offline")),
        ("small", ("conflict", "target_without_room")),
    ],
)
def test_an_agent_who_can_never_take_it_is_refused(to: str, refusal: tuple[str, str]) -> None:
    house = house_with("offline", "cut_off")
    house.declares("offline", "offline")
    house.cut_off("cut_off")
    house.agent("small", capacity=10)
    assert house.refusal(Transfer("i-1", "a", None, "n", to=to)) == refusal


@pytest.mark.parametrize(
    ("queue_", "needs", "to"), [(None, None, None), ("sales", None, "b"), (None, (Requirement("pl"),), "b")]
)
def test_a_transfer_has_one_target(queue_: str | None, needs: tuple[Requirement, ...] | None, to: str | None) -> None:
    house = house_with("b")
    assert house.refusal(Transfer("i-1", "a", queue_, "n", needs, to)) == ("invalid", "transfer_target")


def busy_target() -> Checked:
    """Return a house in which i-1 waits for b alone, who is at lunch; c could take it."""
    house = house_with("b")
    house.declares("b", "away", reason="lunch")
    house.transfers("i-1", None, to="b")
    house.agent("c")
    assert house.rings_at() is None
    return house


def test_it_is_anybodys_once_the_agent_goes_offline() -> None:
    house = busy_target()
    house.declares("b", "offline")
    assert house.of(e.OnlyAgentLifted)[0].reason == "agent_offline"
    assert house.rings_at() == "c"


def test_it_is_anybodys_once_the_agent_is_cut_off_for_good() -> None:
    house = busy_target()
    house.cut_off("b")
    house.after(59 * SECOND)
    assert house.rings_at() is None
    house.after(SECOND)
    assert (house.of(e.OnlyAgentLifted)[0].reason, house.rings_at()) == ("agent_disconnected", "c")


def test_it_is_anybodys_once_the_agent_is_removed() -> None:
    house = busy_target()
    house.run(RemoveAgent("b"))
    assert house.rings_at() == "c"


def test_it_is_anybodys_once_the_agent_can_no_longer_hold_any() -> None:
    house = busy_target()
    house.run(DefineAgent("b", profile("sales", capacity=10)))
    assert house.rings_at() == "c"


def test_it_is_anybodys_once_the_agent_declines() -> None:
    house = house_with("b")
    house.agent("c")
    house.transfers("i-1", None, to="b")
    house.decline()
    assert (house.of(e.OnlyAgentLifted)[0].reason, house.rings_at()) == ("declined", "c")


def test_it_rings_again_after_a_miss_and_is_anybodys_when_the_agent_does_not_respond() -> None:
    house = house_with("b")
    house.transfers("i-1", None, to="b")
    house.agent("c")
    house.after(MINUTE)
    assert house.rings_at() == "b"
    house.after(HOUR)
    assert house.whom("b").presence == "not_responding"
    assert house.of(e.OnlyAgentLifted)[0].reason == "not_responding"


def test_it_is_lifted_when_who_left_after_his_work_was_the_target() -> None:
    house = house_with()
    house.agent("b", "sales", capacity=33)
    house.active("i-2", queue="sales")
    house.transfers("i-1", None, to="b")
    house.agent("c")
    house.declares("b", "offline", after_current=True)
    house.ends("i-2")
    house.wraps_up("i-2")
    assert (house.whom("b").presence, house.rings_at("i-1")) == ("offline", "c")


def test_an_accepted_transfer_to_an_agent_leaves_no_trace_for_the_next_leg() -> None:
    house = house_with("b")
    house.transfers("i-1", None, to="b")
    house.accept()
    house.transfers("i-1", "sales")
    assert house.interaction().only_agent is None


def test_a_transfer_to_a_skill_sets_requirements_anew_in_the_current_queue() -> None:
    house = house_with()
    house.agent("b")
    house.agent("pl", skills={"lang:pl": 5})
    house.transfers("i-1", None, requirements=(Requirement("lang:pl", 3),))
    interaction = house.interaction()
    assert (interaction.queue, interaction.leg, [str(need) for need in interaction.requirements]) == (
        "support",
        2,
        ["lang:pl>=3"],
    )
    assert house.rings_at() == "pl"


def test_a_late_accept_of_a_transfer_that_was_lifted_is_refused() -> None:
    house = house_with("b")
    house.transfers("i-1", None, to="b")
    offer = house.offer()
    house.declares("b", "offline")
    assert house.refusal(AcceptOffer(offer.id, "b")) == ("conflict", "offer_withdrawn")
