"""Lifecycle of an interaction (semantics.md section 2): the table, the ways that are built, and the page about it."""

from pathlib import Path

import pytest

from docs import lifecycle
from queues.bulk import Bulk
from queues.lifecycle import CAUSES, LIFECYCLE, OPEN, InteractionState, allows, diagram
from queues.policy import ChannelPolicy
from router import events as e
from router.commands import (
    AddMessage,
    AnswerInBulk,
    CallAttempted,
    Candidate,
    Close,
    Leave,
    RemoveAgent,
    Resume,
    StartOutbound,
    TakeOver,
    UndoAct,
)
from router.events import AnyEvent
from router.evolve import evolve
from router.policy import Policy
from router.state import State
from tests.builders import Autoresponse, Condition, House, Label, policy, queue, rule
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

S = InteractionState
Way = tuple[InteractionState | None, str, InteractionState]

LATER: dict[Way, str] = {
    (S.SCHEDULED, "rescheduled", S.SCHEDULED): "callback slots: rescheduling by link",
    (S.WAITING, "rescheduled", S.SCHEDULED): "callback slots: a slot chosen while waiting",
    (S.WRAP_UP, "rescheduled", S.SCHEDULED): "callback slots: a retry asked for at wrap-up",
    (S.OFFERED, "offered", S.OFFERED): "parallel offers",
    (S.OFFERED, "offer ended", S.OFFERED): "parallel offers",
}
"""Ways of the table that no command takes yet, and what brings them."""

IN_TWO_STEPS: set[Way] = {(S.OFFERED, "customer left", S.ABANDONED)}
"""Within one decision: the offer is withdrawn first."""


def everything() -> Policy:
    return policy(
        queue("support", callback_retry=MINUTE),
        queue("sales"),
        rules=(rule(when=Condition(label=("faq",)), autoresponse="bot"), rule()),
        autoresponses=(Autoresponse(name="bot", kind="answer"),),
        channels=(ChannelPolicy(name="web", medium="chat", confirmation=HOUR),),
    )


def a_house() -> House:
    house = House(everything())
    house.agent("a", "support", "sales")
    return house


def ways(house: House) -> set[Way]:
    """Return the ways of the table that the interactions of `house` took."""
    state, found = State(), set()
    for event in house.log:
        id = getattr(event, "interaction", "")
        known = state.interactions.get(id)
        before = known.state if known is not None else None
        evolve(state, event)
        after, said = state.interactions.get(id), said_by(event, before)
        if said is not None and before is not None and after is not None:
            # Between `Admitted` and the event that follows it is nowhere yet.
            since = None if said in ("admitted", "started by an agent") else before
            found.add((since, said, after.state))
    return found


def said_by(event: AnyEvent, before: InteractionState | None) -> str | None:
    """Return what the table calls `event`; None where it is no way."""
    match event:
        case e.Enqueued(cause=cause):
            return CAUSES[cause]
        case e.Scheduled(cause=cause):
            return "admitted" if cause == "slot" else "rescheduled"
        case e.AnswerAsked():
            return "admitted"
        case e.AnsweredByBot():
            return "answered by bot" if before in (S.WAITING, S.ANSWERED_BY_BOT) else "admitted"
        case e.Ended(by=by):
            return "customer left" if by == "customer" else "ended"
        case e.Resumed(cause=cause):
            return cause.replace("_", " ")
        case e.OfferAccepted():
            return "accepted" if before is S.OFFERED else "warm transfer accepted"
        case e.Undone(kind=kind):
            return "undone" if kind in ("close", "answer") else None
        case e.OfferDeclined() | e.OfferExpired() | e.OfferWithdrawn():
            return "offer ended" if before is S.OFFERED else None
        case e.Offered():
            return "offered" if before is not S.ACTIVE else None
    names = {
        e.Abandoned: "customer left",
        e.WrappedUp: "wrapped up",
        e.Parked: "parked",
        e.Closed: "closed",
        e.TakenOver: "taken over",
        e.OutboundStarted: "started by an agent",
    }
    return names.get(type(event))


def contact_and_return() -> House:
    house = a_house()
    house.closed()
    house.writes()
    house.decline()
    house.run(Leave("i-1"))
    house.writes()
    house.after(10 * SECOND)
    house.accept()
    house.ends()
    house.writes()
    house.run(Leave("i-1"))
    return house


def left_while_it_rang() -> House:
    house = a_house()
    house.admit()
    house.run(Leave("i-1"))
    return house


def moved_and_closed() -> House:
    house = House(everything())
    house.admit()
    house.moves("i-1", "sales")
    house.run(Close("i-1", "spam", "boss"))
    return house


def transferred_and_closed() -> House:
    house = a_house()
    house.active()
    house.transfers("i-1", "sales")
    house.accept()
    house.run(Close("i-1", "spam", "boss"))
    return house


def owner_lost() -> House:
    house = a_house()
    house.active()
    house.cut_off("a")
    house.after(MINUTE)
    return house


def slot_and_retry() -> House:
    house = a_house()
    house.admit("i-1", "callback", scheduled_at=house.now + SECOND)
    house.after(SECOND)
    house.accept()
    house.run(CallAttempted("i-1", "a", "busy"))
    house.run(Leave("i-1"))
    return house


def bot_confirmed_and_not() -> House:
    house = House(everything())
    for id in ("i-1", "i-2"):
        house.admit(id, labels=(Label("faq", 0.9),), candidates=(Candidate("hours", 0.9),), address_hash=id)
    house.writes("i-1")
    house.after(HOUR)
    return house


def parked_and_back() -> House:
    house = a_house()
    house.active()
    house.parks()
    house.run(Resume("i-1", "a"))
    house.parks()
    house.writes()
    house.parks(until=house.now + SECOND)
    house.after(SECOND)
    house.parks()
    house.run(Close("i-1", "done", "boss"))
    return house


def parked_and_owner_gone() -> House:
    house = a_house()
    for id in ("i-1", "i-2", "i-3"):
        house.active(id)
        house.parks(id, until=house.now + SECOND if id == "i-2" else None)
    house.declares("a", "offline")
    house.writes("i-1")
    house.after(SECOND)
    house.run(RemoveAgent("a", move=True))
    return house


def handed_over_warm_and_taken_over() -> House:
    house = a_house()
    house.active()
    house.agent("b", "sales")
    house.transfers("i-1", "sales", warm=True)
    house.accept()
    house.run(TakeOver("i-1", "a", "boss"))
    return house


def begun_by_an_agent() -> House:
    house = a_house()
    house.run(StartOutbound(id="i-1", channel="web", medium="chat", customer="c-1", agent="a"))
    return house


def closed_and_undone() -> House:
    house = a_house()
    house.admit("slot", "callback", scheduled_at=house.now + HOUR)
    house.admit("bot", labels=(Label("faq", 0.9),), candidates=(Candidate("hours", 0.9),), address_hash="h")
    house.active("active")
    house.active("parked")
    house.parks("parked")
    house.admit("waiting")
    for id in ("slot", "bot", "active", "parked", "waiting"):
        house.run(Close(id, "mistake", "boss"))
        house.run(UndoAct(id, "boss"))
    return house


def asked_which_and_answered() -> House:
    asking = Autoresponse(name="bot", kind="answer", precision=0.99, clarify=0.8)
    house = House(policy(queue(), rules=(rule(autoresponse="bot"),), autoresponses=(asking,)))
    close = (Candidate("hours", 0.5), Candidate("prices", 0.4), Candidate("map", 0.1))
    house.admit(address_hash="h", candidates=close)
    house.run(AddMessage(interaction="i-1", message="m-2", author="customer", chosen="prices"))
    return house


def answered_in_bulk_and_undone() -> House:
    house = House(everything())
    house.admit(address_hash="h")
    house.run(AnswerInBulk(Bulk(id="b-1", languages=("en",), fallback="en"), ("i-1",), "boss"))
    house.run(UndoAct("i-1", "boss"))
    return house


SCENES = (
    asked_which_and_answered,
    answered_in_bulk_and_undone,
    handed_over_warm_and_taken_over,
    begun_by_an_agent,
    closed_and_undone,
    contact_and_return,
    left_while_it_rang,
    moved_and_closed,
    transferred_and_closed,
    owner_lost,
    slot_and_retry,
    bot_confirmed_and_not,
    parked_and_back,
    parked_and_owner_gone,
)


def test_every_way_of_the_table_that_is_built_is_taken_and_no_other() -> None:
    taken = set().union(*(ways(scene()) for scene in SCENES))
    listed = {(state, event, to) for (state, event), targets in LIFECYCLE.items() for to in targets}
    assert taken == listed - set(LATER) - IN_TWO_STEPS


def test_what_comes_later_is_still_in_the_table() -> None:
    assert all(allows(*way) for way in LATER)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {to for targets in LIFECYCLE.values() for to in targets}
    left = {state for state, _ in LIFECYCLE if state is not None}
    assert reached == left == set(S)


def test_a_way_that_is_not_listed_is_refused() -> None:
    assert not allows(S.CLOSED, "accepted", S.ACTIVE)
    assert not allows(S.WAITING, "accepted", S.ACTIVE)
    assert not allows(S.WAITING, "moved", S.ACTIVE)


def test_an_event_on_a_way_that_is_not_listed_is_a_fault_of_ours() -> None:
    house = House()
    house.agent("a")
    house.closed()
    (accepted,) = [event for event in house.log if type(event).__name__ == "OfferAccepted"]
    with pytest.raises(AssertionError, match="no way from closed to active"):
        evolve(house.state, accepted)


def test_abandoned_and_closed_are_the_only_ends() -> None:
    assert set(S) - OPEN == {S.CLOSED, S.ABANDONED}


def test_an_interaction_that_ended_is_forgotten_when_its_customer_can_no_longer_open_it() -> None:
    house = contact_and_return()
    house.after(MINUTE + DAY)
    assert (list(house.state.interactions), list(house.state.offers)) == ([], [])
    assert [each.interaction for each in house.of(e.Forgotten)] == ["i-1"]


def test_the_diagram_shows_every_way() -> None:
    text = diagram()
    assert text.startswith("stateDiagram-v2\n")
    for (state, event), targets in LIFECYCLE.items():
        assert all(f"    {state or '[*]'} --> {to}: {event}\n" in text for to in targets)


def test_the_page_about_it_is_what_the_table_says() -> None:
    page = lifecycle.page()
    assert diagram() in page
    assert sum(line.startswith("| ") and line.count("|") == 4 for line in page.splitlines()) == 1 + _ways()
    assert (Path(lifecycle.__file__).parent / "reference/lifecycle.md").read_text("utf-8") == page


def _ways() -> int:
    return sum(len(targets) for targets in LIFECYCLE.values())
