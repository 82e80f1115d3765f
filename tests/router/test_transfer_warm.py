"""Warm transfers: the sender keeps it until somebody accepts (semantics.md section 15)."""

from typing import Any

import pytest

from queues.lifecycle import InteractionState
from router import events as e
from router.commands import (
    AcceptOffer,
    AddMessage,
    Assign,
    CancelTransfer,
    Close,
    Command,
    CustomerGone,
    End,
    JoinRoom,
    Leave,
    Move,
    Park,
    RemoveAgent,
    Reprioritise,
    TakeOver,
    Transfer,
)
from tests.builders import START, Membership, Requirement, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import MINUTE, SECOND


def house_with(*others: str, **values: Any) -> Checked:
    """Return a house in which a holds i-1 of queue support; `others` serve sales."""
    sales = queue("sales", target=MINUTE, **values)
    house = Checked(policy(queue("support", wrap_up="open"), sales))
    house.agent("a")
    house.active()
    for other in others:
        house.agent(other, "sales")
    return house


def test_it_stays_with_the_sender_while_it_rings_at_the_target() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    interaction = house.interaction()
    assert (interaction.state, interaction.agent, interaction.queue, interaction.leg) == ("active", "a", "support", 1)
    assert (house.rings_at(), house.whom("a").used, house.whom("b").used) == ("b", 33, 33)
    assert interaction.messages == 2


def test_the_sender_goes_on_writing_meanwhile() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    house.replies()
    assert house.interaction().replied


def test_acceptance_changes_the_owner_and_opens_a_leg() -> None:
    house = house_with("b")
    house.after(SECOND)
    house.transfers("i-1", "sales", warm=True)
    house.after(5 * SECOND)
    house.accept()
    now = house.now
    assert house.log[-2:] == [
        e.WarmTransferAccepted(at=now, interaction="i-1", agent="b", sender="a", queue="sales", leg=2, steps_anew=True),
        e.OfferAccepted(at=now, offer="i-1.2", interaction="i-1", agent="b"),
    ]
    interaction = house.interaction()
    assert (interaction.state, interaction.agent, interaction.queue, interaction.leg) == ("active", "b", "sales", 2)
    assert (interaction.enqueued_at, interaction.due_at, interaction.arrived_at) == (now, START + MINUTE, START)
    assert (house.whom("a").holds, house.whom("b").used, interaction.consult) == ({}, 33, None)


def test_the_legs_of_both_queues_are_counted() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    house.accept()
    counts = {name: (each.offered_legs, each.answered, each.flow_outs) for name, each in house.stats.queues.items()}
    assert counts == {"support": (1, 1, 0), "sales": (1, 1, 0)}


def test_the_sender_is_free_for_what_waits() -> None:
    house = Checked(policy(queue("support"), queue("sales")))
    house.agent("a", capacity=33)
    house.active()
    house.agent("b", "sales")
    house.admit("i-2")
    house.transfers("i-1", "sales", warm=True)
    assert house.rings_at("i-2") is None
    house.accept("i-1")
    assert house.rings_at("i-2") == "a"


def test_it_is_never_offered_to_the_sender_himself() -> None:
    house = Checked(policy(queue("support"), queue("sales")))
    house.agent("a", "support", "sales")
    house.active()
    house.transfers("i-1", "sales", warm=True)
    assert house.rings_at() is None
    house.agent("b", "sales")
    assert house.rings_at() == "b"


def test_a_decline_goes_to_the_next_of_the_queue() -> None:
    house = house_with("b", "c")
    house.transfers("i-1", "sales", warm=True)
    assert house.decline() == "b"
    assert (house.rings_at(), house.of(e.WarmTransferEnded)) == ("c", [])


def test_the_sender_is_told_when_nobody_takes_it_in_time() -> None:
    house = house_with(warm_wait=MINUTE)
    house.transfers("i-1", "sales", warm=True)
    house.after(MINUTE)
    assert house.of(e.WarmTransferEnded) == [
        e.WarmTransferEnded(at=START + MINUTE, interaction="i-1", agent="a", queue="sales", reason="nobody")
    ]
    assert (house.state_of(), house.owner(), house.interaction().queue) == ("active", "a", "support")


def test_an_offer_that_rings_when_the_time_is_over_may_still_be_accepted() -> None:
    house = house_with("b", warm_wait=10 * SECOND)
    house.transfers("i-1", "sales", warm=True)
    house.after(20 * SECOND)
    house.accept()
    assert house.owner() == "b"


def test_the_sender_is_told_when_the_last_offer_expires_after_the_time() -> None:
    house = house_with("b", warm_wait=10 * SECOND)
    house.transfers("i-1", "sales", warm=True)
    house.after(30 * SECOND)
    assert [each.reason for each in house.of(e.WarmTransferEnded)] == ["nobody"]


def test_an_agent_gets_it_though_he_serves_neither_queue_nor_skill() -> None:
    house = house_with("b")
    house.run(Transfer("i-1", "a", None, "n", to="b", warm=True))
    assert house.rings_at() == "b"
    house.accept()
    assert (house.owner(), house.interaction().queue, house.interaction().leg) == ("b", "support", 2)


@pytest.mark.parametrize(
    ("how", "reason"), [("decline", "declined"), ("miss", "expired"), ("cut", "agent_disconnected")]
)
def test_a_refusal_of_the_agent_is_told_to_the_sender(how: str, reason: str) -> None:
    house = house_with("b")
    house.run(Transfer("i-1", "a", None, "n", to="b", warm=True))
    if how == "decline":
        house.decline()
    elif how == "miss":
        house.after(30 * SECOND)
    else:
        house.cut_off("b")
    assert [(each.agent, each.reason) for each in house.of(e.WarmTransferEnded)] == [("a", reason)]
    assert (house.state_of(), house.owner(), house.interaction().consult) == ("active", "a", None)


def test_a_busy_agent_who_goes_offline_before_it_rings_refuses_it() -> None:
    house = house_with("b")
    house.declares("b", "busy")
    house.run(Transfer("i-1", "a", None, "n", to="b", warm=True))
    house.declares("b", "offline")
    assert [each.reason for each in house.of(e.WarmTransferEnded)] == ["agent_offline"]


def test_an_agent_who_is_removed_before_it_rings_refuses_it() -> None:
    house = house_with("b")
    house.declares("b", "busy")
    house.run(Transfer("i-1", "a", None, "n", to="b", warm=True))
    house.run(RemoveAgent("b"))
    assert [each.reason for each in house.of(e.WarmTransferEnded)] == ["agent_removed"]


def test_a_skill_is_looked_for_in_the_current_queue() -> None:
    house = house_with()
    house.agent("b")
    house.agent("pl", skills={"lang:pl": 5})
    house.run(Transfer("i-1", "a", None, "n", (Requirement("lang:pl", 3),), warm=True))
    assert house.rings_at() == "pl"
    assert house.interaction().requirements == ()
    house.accept()
    assert house.interaction().requirements == (Requirement("lang:pl", 3),)


def test_its_requirements_expire_while_it_is_looked_for() -> None:
    house = house_with()
    house.agent("b")
    house.run(Transfer("i-1", "a", None, "n", (Requirement("lang:pl", 3, 20 * SECOND),), warm=True))
    house.after(19 * SECOND)
    assert house.rings_at() is None
    house.after(SECOND)
    assert house.rings_at() == "b"
    house.accept()
    assert house.interaction().expired == {"lang:pl>=3"}


def test_agents_with_a_delay_see_it_once_it_has_been_asked_for_so_long() -> None:
    house = house_with()
    house.agent("b", queues={"sales": Membership(delay=30 * SECOND)})
    house.after(MINUTE)
    house.transfers("i-1", "sales", warm=True)
    assert house.rings_at() is None
    house.after(30 * SECOND)
    assert house.rings_at() == "b"


def test_a_delay_that_comes_while_it_is_looked_for_counts() -> None:
    house = house_with()
    house.transfers("i-1", "sales", warm=True)
    house.after(10 * SECOND)
    house.agent("b", queues={"sales": Membership(delay=30 * SECOND)})
    assert house.rings_at() is None
    house.after(20 * SECOND)
    assert house.rings_at() == "b"


def test_what_waits_longer_goes_first() -> None:
    house = house_with()
    house.after(SECOND)
    house.admit("i-2", queue="sales")
    house.transfers("i-1", "sales", warm=True)
    house.agent("b", "sales", capacity=33)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == ("b", None)


def test_its_priority_counts_while_it_is_looked_for() -> None:
    house = house_with()
    house.after(SECOND)
    house.admit("i-2", queue="sales")
    house.transfers("i-1", "sales", warm=True)
    house.run(Reprioritise("i-1", -1, "boss"))
    house.agent("b", "sales", capacity=33)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == (None, "b")


def test_a_queue_that_does_not_ask_assigns_it_at_once() -> None:
    house = house_with("b", offer={"chat": 0})
    house.transfers("i-1", "sales", warm=True)
    assert (house.owner(), house.interaction().leg) == ("b", 2)


def test_who_hands_over_to_a_queue_that_does_not_ask_is_free_in_the_same_decision() -> None:
    house = Checked(policy(queue("support"), queue("sales", offer={"chat": 0})))
    house.agent("a", capacity=33)
    house.active("i-1")
    house.transfers("i-1", "sales", warm=True)
    house.admit("i-2")
    house.agent("b", "sales")
    assert (house.owner("i-1"), house.rings_at("i-2")) == ("b", "a")


def test_in_a_queue_with_parallel_offers_it_rings_at_one_agent() -> None:
    house = house_with("b", "c", parallel=3)
    house.transfers("i-1", "sales", warm=True)
    assert len(house.interaction().offers) == 1


def test_one_warm_transfer_at_a_time() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    assert house.refusal(Transfer("i-1", "a", "sales", "n", warm=True)) == ("conflict", "transfer_pending")


def test_the_sender_may_cancel_it() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    offer = house.offer()
    house.run(CancelTransfer("i-1", "a"))
    assert [each.reason for each in house.of(e.WarmTransferEnded)] == ["cancelled"]
    assert house.refusal(AcceptOffer(offer.id, "b")) == ("conflict", "offer_withdrawn")
    assert house.run(CancelTransfer("i-1", "a")) == ()
    assert house.refusal(CancelTransfer("i-1", "b")) == ("conflict", "not_owner")


def test_who_refused_it_may_be_asked_again() -> None:
    house = house_with("b")
    house.run(Transfer("i-1", "a", None, "n", to="b", warm=True))
    house.decline()
    house.run(Transfer("i-1", "a", None, "n-2", to="b", warm=True))
    assert house.rings_at() is None
    house.after(10 * SECOND)
    assert house.rings_at() == "b"


def test_a_blind_transfer_takes_the_place_of_the_warm_one() -> None:
    house = house_with("b", "c")
    house.transfers("i-1", "sales", warm=True)
    house.run(Transfer("i-1", "a", None, "n-2", to="c"))
    assert ([each.reason for each in house.of(e.WarmTransferEnded)], house.rings_at()) == (["transferred"], "c")


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (End("i-1", "a"), "wrap_up"),
        (Leave("i-1"), "wrap_up"),
        (Park("i-1", "a"), "parked"),
        (Close("i-1", "spam", "boss"), "closed"),
    ],
)
def test_whatever_ends_the_senders_work_ends_it(command: Command, state: str) -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    house.run(command)
    assert (house.state_of(), house.interaction().consult, house.whom("b").holds) == (
        InteractionState(state),
        None,
        {},
    )


def test_a_customer_who_stays_away_ends_it() -> None:
    house = house_with()
    house.transfers("i-1", "sales", warm=True)
    house.run(CustomerGone("i-1"))
    house.after(2 * MINUTE)
    assert (house.state_of(), house.interaction().consult) == ("parked", None)


def test_if_the_sender_is_gone_the_queues_rule_applies() -> None:
    house = house_with("b", warm_wait=10 * MINUTE)
    house.declares("b", "busy")
    house.transfers("i-1", "sales", warm=True)
    house.cut_off("a")
    house.after(59 * SECOND)
    assert house.interaction().consult is not None
    house.after(SECOND)
    interaction = house.interaction()
    assert (interaction.state, interaction.queue, interaction.consult) == ("waiting", "support", None)


def test_while_the_sender_may_come_back_the_target_can_accept() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    house.cut_off("a")
    house.accept()
    house.after(MINUTE)
    assert (house.state_of(), house.owner()) == ("active", "b")


def test_who_is_asked_does_not_bring_an_absent_sender_back() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    house.cut_off("a")
    house.declares("b", "available", media={"email": False})
    assert house.interaction().owner_gone_until is not None


def test_a_supervisor_who_takes_over_ends_it() -> None:
    house = house_with("b")
    house.agent("boss")
    house.transfers("i-1", "sales", warm=True)
    house.run(TakeOver("i-1", "boss", "boss"))
    assert ([each.reason for each in house.of(e.WarmTransferEnded)], house.owner()) == (["taken_over"], "boss")


def test_what_is_active_can_be_neither_moved_nor_assigned() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    assert house.refusal(Move("i-1", "sales", "boss")) == ("conflict", "not_waiting")
    assert house.refusal(Assign("i-1", "b", "boss")) == ("conflict", "not_waiting")


def test_who_is_in_the_room_is_no_target_of_a_warm_transfer() -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    assert house.refusal(Transfer("i-1", "a", None, "n", to="b", warm=True)) == ("conflict", "in_room")
    house.transfers("i-1", "sales", warm=True)
    assert house.rings_at() is None


def test_who_is_asked_may_not_join_the_room_as_well() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    assert house.refusal(JoinRoom("i-1", "b", "barge", "boss")) == ("conflict", "offered")


def test_who_was_asked_may_not_reply() -> None:
    house = house_with("b")
    house.transfers("i-1", "sales", warm=True)
    reply = AddMessage(interaction="i-1", message="m-9", author="agent", agent="b")
    assert house.refusal(reply) == ("conflict", "not_owner")
