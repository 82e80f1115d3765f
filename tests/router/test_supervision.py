"""Assignment, taking back, spam and what agents begin themselves (semantics.md sections 2, 9 and 15)."""

import pytest

from router import events as e
from router.commands import (
    AcceptOffer,
    Assign,
    CallAttempted,
    Close,
    Leave,
    MarkSpam,
    Move,
    RemoveAgent,
    Reprioritise,
    StartOutbound,
    Transfer,
    UndoAct,
)
from tests.builders import START, MediumLimit, Membership, Requirement, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import HOUR, MINUTE, SECOND

NEEDY = (Requirement("rare"),)


def house_with(*agents: str) -> Checked:
    """Return a house with queues support and sales; `agents` serve support."""
    house = Checked(policy(queue("support", wrap_up="open"), queue("sales", target=MINUTE)))
    for agent in agents:
        house.agent(agent)
    return house


def start(id: str = "i-1", medium: str = "chat", queue: str | None = None) -> StartOutbound:
    channel = {"chat": "web", "callback": "form"}[medium]
    return StartOutbound(id=id, channel=channel, medium=medium, customer="c-1", agent="a", queue=queue)


# -- assignment


def test_an_agent_pulls_what_waits() -> None:
    house = house_with()
    house.admit()
    house.agent("a", available=False)
    house.back("a")
    house.declares("a", "busy")
    house.run(Assign("i-1", "a", by="a"))
    assert [type(each).__name__ for each in house.log[-3:]] == ["Assigned", "Offered", "OfferAccepted"]
    assert (house.state_of(), house.owner(), house.whom("a").used) == ("active", "a", 33)
    assert house.run(Assign("i-1", "a", by="a")) == ()


def test_what_rings_elsewhere_is_withdrawn() -> None:
    house = house_with("a", "b")
    house.admit()
    offer = house.offer()
    house.run(Assign("i-1", "b", by="boss"))
    assert house.refusal(AcceptOffer(offer.id, "a")) == ("conflict", "offer_withdrawn")
    assert (house.owner(), house.whom("a").used, house.state.offers[offer.id].reason) == ("b", 0, "assigned")


def test_what_rings_at_him_already_is_accepted() -> None:
    house = house_with("a")
    house.admit()
    offer = house.offer()
    house.run(Assign("i-1", "a", by="boss"))
    assert (house.state.offers[offer.id].state, house.interaction().offers_made) == ("accepted", 1)


def test_the_leg_counts_as_answered() -> None:
    house = house_with("a")
    house.admit()
    house.run(Assign("i-1", "a", by="boss"))
    counts = house.stats.counts("support")
    assert (counts.offered_legs, counts.answered) == (1, 1)


def test_a_supervisor_may_choose_who_neither_serves_the_queue_nor_holds_the_skill() -> None:
    house = house_with()
    house.agent("b", "sales")
    house.admit(requirements=NEEDY)
    house.run(Assign("i-1", "b", by="boss"))
    assert house.owner() == "b"


def test_who_pulls_must_be_meant() -> None:
    house = house_with()
    house.agent("b", "sales")
    house.agent("late", queues={"support": Membership(delay=MINUTE)})
    house.admit("i-1")
    house.admit("i-2", "email", requirements=NEEDY)
    house.agent("a")
    house.active("i-3")
    house.transfers("i-3", None, to="late")
    assert house.refusal(Assign("i-1", "b", by="b")) == ("conflict", "not_member")
    assert house.refusal(Assign("i-1", "late", by="late")) == ("conflict", "delay")
    assert house.refusal(Assign("i-2", "a", by="a")) == ("conflict", "requirement:rare>=1")
    assert house.refusal(Assign("i-3", "a", by="a")) == ("conflict", "held_for:late")
    house.run(Assign("i-3", "a", by="boss"))
    assert (house.owner("i-3"), house.interaction("i-3").only_agent) == ("a", None)


def test_an_agent_who_is_not_there_gets_nothing() -> None:
    house = house_with("a")
    house.declares("a", "away")
    house.admit()
    assert house.refusal(Assign("i-1", "a", by="boss")) == ("conflict", "target_not_available")
    house.declares("a", "offline")
    assert house.refusal(Assign("i-1", "a", by="a")) == ("conflict", "not_there")
    house.declares("a", "busy", media={"chat": False})
    assert house.refusal(Assign("i-1", "a", by="boss")) == ("conflict", "medium_off")
    house.cut_off("a")
    assert house.refusal(Assign("i-1", "a", by="a")) == ("conflict", "not_there")
    assert house.refusal(Assign("i-1", "z", by="boss")) == ("not_found", "unknown_agent")
    assert house.refusal(Assign("i-9", "a", by="boss")) == ("not_found", "unknown_interaction")


def test_beyond_capacity_only_when_flagged() -> None:
    house = house_with()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.admit("i-2")
    assert house.refusal(Assign("i-2", "a", by="boss")) == ("conflict", "no_room")
    house.run(Assign("i-2", "a", by="boss", beyond_capacity=True))
    assert (house.whom("a").used, house.whom("a").holds["i-2"].flagged) == (66, True)
    house.admit("i-3")
    assert house.rings_at("i-3") is None


def test_beyond_the_maximum_of_a_medium_counts_as_flagged_too() -> None:
    house = house_with()
    house.agent("a", media={"chat": MediumLimit(10, 1)})
    house.active("i-1")
    house.admit("i-2")
    assert house.refusal(Assign("i-2", "a", by="boss")) == ("conflict", "no_room")
    house.run(Assign("i-2", "a", by="boss", beyond_capacity=True))
    assert house.whom("a").holds["i-2"].flagged


# -- taking back


def test_a_move_is_undone_with_place_and_clock_as_before() -> None:
    house = house_with()
    house.admit(requirements=(Requirement("rare", 1, MINUTE),))
    house.after(30 * SECOND)
    key = house.interaction().key
    house.moves("i-1", "sales")
    house.after(9 * SECOND)
    house.run(UndoAct("i-1", "boss"))
    interaction = house.interaction()
    assert (interaction.queue, interaction.key, interaction.enqueued_at, interaction.leg) == ("support", key, START, 3)
    house.agent("a")
    house.after(20 * SECOND)
    assert house.rings_at() is None
    house.after(SECOND)
    assert house.rings_at() == "a"


def test_an_undone_move_is_offered_at_once() -> None:
    house = house_with("a")
    house.declares("a", "busy")
    house.admit()
    house.moves("i-1", "sales")
    house.declares("a", "available")
    assert house.rings_at() is None
    house.run(UndoAct("i-1", "boss"))
    assert house.rings_at() == "a"


def test_an_undone_move_takes_back_what_rings_in_the_other_queue() -> None:
    house = house_with()
    house.agent("b", "sales")
    house.admit()
    house.moves("i-1", "sales")
    assert house.rings_at() == "b"
    house.run(UndoAct("i-1", "boss"))
    assert (house.rings_at(), house.whom("b").holds) == (None, {})


def test_legs_of_an_undone_move_are_counted() -> None:
    house = house_with()
    house.admit()
    house.moves("i-1", "sales")
    house.run(UndoAct("i-1", "boss"))
    legs = {name: (each.offered_legs, each.flow_outs, each.open) for name, each in house.stats.queues.items()}
    assert legs == {"support": (2, 1, 1), "sales": (1, 1, 0)}


def test_after_somebody_accepted_it_is_too_late() -> None:
    house = house_with()
    house.agent("b", "sales")
    house.admit()
    house.moves("i-1", "sales")
    house.accept()
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "accepted_meanwhile")


def test_after_ten_seconds_it_is_too_late() -> None:
    house = house_with()
    house.admit()
    house.moves("i-1", "sales")
    house.after(10 * SECOND)
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "undo_over")


def test_only_the_latest_act_is_undone_and_only_once() -> None:
    house = house_with()
    house.admit()
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "nothing_to_undo")
    house.run(Reprioritise("i-1", 5, "boss"))
    house.moves("i-1", "sales")
    house.run(UndoAct("i-1", "boss"))
    assert (house.interaction().queue, house.interaction().priority) == ("support", 5)
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "nothing_to_undo")


def test_a_priority_is_undone() -> None:
    house = house_with()
    house.admit()
    key = house.interaction().key
    house.run(Reprioritise("i-1", 50, "boss", -1))
    house.run(UndoAct("i-1", "boss"))
    assert (house.interaction().key, house.interaction().priority, house.interaction().leg) == (key, 0, 1)


def test_a_priority_of_what_was_accepted_meanwhile_stays() -> None:
    house = house_with("a")
    house.admit()
    house.run(Reprioritise("i-1", 50, "boss"))
    house.accept()
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "accepted_meanwhile")


def test_an_undone_priority_changes_what_a_warm_transfer_is_due_by() -> None:
    house = house_with("a")
    house.active()
    house.transfers("i-1", "sales", warm=True)
    before = house.interaction().consult
    house.run(Reprioritise("i-1", 50, "boss"))
    assert house.interaction().consult != before
    house.run(UndoAct("i-1", "boss"))
    assert house.interaction().consult == before


def test_an_undone_close_waits_at_its_old_place() -> None:
    house = house_with()
    house.admit("i-1")
    house.after(MINUTE)
    house.admit("i-2")
    key = house.interaction("i-1").key
    house.run(Close("i-1", "mistake", "boss"))
    house.run(UndoAct("i-1", "boss"))
    interaction = house.interaction("i-1")
    assert (interaction.state, interaction.key, interaction.enqueued_at, interaction.closed_at, interaction.leg) == (
        "waiting",
        key,
        START,
        None,
        2,
    )
    assert (interaction.unanswered_at, interaction.disposition) == (START, None)
    house.agent("a", capacity=33)
    assert house.rings_at("i-1") == "a"


def test_an_undone_close_gives_its_owner_back_what_he_had() -> None:
    house = house_with("a")
    house.active()
    house.run(Close("i-1", "mistake", "boss"))
    house.run(UndoAct("i-1", "boss"))
    assert (house.state_of(), house.owner(), house.whom("a").used) == ("active", "a", 33)


def test_an_owner_without_room_does_not_get_it_back() -> None:
    house = house_with()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.run(Close("i-1", "mistake", "boss"))
    house.active("i-2")
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "no_room")


@pytest.mark.parametrize("how", ["offline", "removed"])
def test_an_owner_who_is_gone_does_not_get_it_back(how: str) -> None:
    house = house_with("a")
    house.active("i-1")
    house.run(Close("i-1", "mistake", "boss"))
    if how == "offline":
        house.declares("a", "offline")
    else:
        house.run(RemoveAgent("a"))
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "owner_gone")


def test_what_was_scheduled_comes_when_it_is_due() -> None:
    house = house_with("a")
    house.admit("i-1", "callback", scheduled_at=START + 5 * SECOND)
    house.run(Close("i-1", "mistake", "boss"))
    house.after(9 * SECOND)
    house.run(UndoAct("i-1", "boss"))
    assert house.rings_at() == "a"


def test_what_its_customer_opened_again_is_not_undone() -> None:
    house = house_with()
    house.admit()
    house.run(Close("i-1", "mistake", "boss"))
    house.writes()
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "nothing_to_undo")


def test_what_its_customer_left_meanwhile_is_not_undone() -> None:
    house = house_with()
    house.admit()
    house.moves("i-1", "sales")
    house.run(Leave("i-1"))
    assert house.refusal(UndoAct("i-1", "boss")) == ("conflict", "changed_meanwhile")


def test_an_undone_move_does_not_wait_for_an_agent_who_left_meanwhile() -> None:
    house = house_with("a")
    house.agent("b", "sales")
    house.active()
    house.declares("b", "busy")
    house.run(Transfer("i-1", "a", None, "n", to="b"))
    house.moves("i-1", "sales")
    house.declares("b", "offline")
    house.run(UndoAct("i-1", "boss"))
    assert (house.interaction().queue, house.rings_at()) == ("support", "a")


def test_reasons_in_words_are_referred_to() -> None:
    house = house_with()
    house.admit("i-1")
    house.run(Move("i-1", "sales", "boss", "audit-1"))
    house.run(Reprioritise("i-1", 5, "boss", audit="audit-2"))
    house.run(Close("i-1", "by_staff", "boss", "audit-3"))
    acts = (house.of(e.Moved)[0], house.of(e.Reprioritised)[0], house.of(e.Closed)[0])
    assert [each.audit for each in acts] == ["audit-1", "audit-2", "audit-3"]


# -- spam


def test_spam_is_closed_and_marked() -> None:
    house = house_with("a")
    house.active()
    house.run(MarkSpam("i-1", "a", "audit-1"))
    assert (house.state_of(), house.interaction().disposition, house.whom("a").holds) == ("closed", "spam", {})
    assert house.of(e.SpamMarked) == [e.SpamMarked(at=START, interaction="i-1", customer="c-i-1", by="a")]
    assert house.run(MarkSpam("i-1", "a")) == ()
    house.run(UndoAct("i-1", "boss"))
    assert house.state_of() == "active"


def test_spam_that_was_closed_before_is_only_marked() -> None:
    house = house_with("a")
    house.closed()
    assert [type(each).__name__ for each in house.run(MarkSpam("i-1", "boss"))] == ["SpamMarked"]


# -- what agents begin


def test_an_agent_begins_a_contact_that_is_his_at_once() -> None:
    house = house_with("a")
    house.run(start())
    interaction = house.interaction()
    assert (interaction.state, interaction.agent, interaction.queue, interaction.number) == (
        "active",
        "a",
        "support",
        1,
    )
    assert (house.whom("a").used, house.stats.queues) == (33, {})
    assert house.refusal(start()) == ("known", "known")


def test_it_is_handled_like_any_other() -> None:
    house = house_with("a")
    house.run(start())
    house.replies()
    house.ends()
    house.wraps_up()
    assert house.state_of() == "closed"
    house.writes()
    assert (house.rings_at(), house.interaction().leg) == ("a", 2)


def test_a_call_that_reaches_nobody_is_tried_again() -> None:
    house = house_with("a")
    house.run(start(medium="callback"))
    house.run(CallAttempted("i-1", "a", "no_answer"))
    assert house.state_of() == "scheduled"
    house.after(HOUR)
    assert house.interaction().leg == 2


def test_its_queue_is_the_first_that_the_agent_serves_or_the_last_rules() -> None:
    house = house_with()
    house.agent("a", queues={"support": Membership(2), "sales": Membership(1)})
    house.run(start("i-1"))
    house.run(start("i-2", queue="support"))
    assert [house.interaction(id).queue for id in ("i-1", "i-2")] == ["sales", "support"]
    house.agent("a", queues={})
    house.run(start("i-3"))
    assert house.interaction("i-3").queue == "support"


def test_capacity_and_presence_are_respected() -> None:
    house = house_with()
    house.agent("a", capacity=33)
    house.run(start("i-1"))
    assert house.refusal(start("i-2")) == ("conflict", "no_room")
    house.declares("a", "offline")
    assert house.refusal(start("i-2")) == ("conflict", "not_there")
    assert house.refusal(start("i-2", queue="fax")) == ("invalid", "unknown_queue")
