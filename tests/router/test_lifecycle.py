"""Lifecycle of an interaction (semantics.md section 2): the table, the ways that are built, and the page about it."""

from collections.abc import Iterator

import pytest

from docs.generate import pages
from queues.lifecycle import LIFECYCLE, OPEN, InteractionState, allows, diagram
from queues.policy import ChannelPolicy
from router.commands import (
    CallAttempted,
    Candidate,
    Close,
    CustomerGone,
    Leave,
    RemoveAgent,
    Resume,
)
from router.events import Admitted
from router.evolve import evolve
from router.policy import Policy
from router.state import State
from tests.builders import Autoresponse, Condition, House, Label, admit, policy, queue, rule
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

S = InteractionState
Way = tuple[InteractionState | None, str, InteractionState]

LATER: dict[Way, str] = {
    (None, "started by an agent", S.ACTIVE): "outbound contacts",
    (S.SCHEDULED, "rescheduled", S.SCHEDULED): "callback slots: rescheduling by link",
    (S.WAITING, "rescheduled", S.SCHEDULED): "callback slots: a slot chosen while waiting",
    (S.WRAP_UP, "rescheduled", S.SCHEDULED): "callback slots: a retry asked for at wrap-up",
    (S.WAITING, "answered by bot", S.ANSWERED_BY_BOT): "answers in bulk",
    (S.OFFERED, "offered", S.OFFERED): "parallel offers",
    (S.OFFERED, "offer ended", S.OFFERED): "parallel offers",
}
"""Ways of the table that no command takes yet, and what brings them."""


def everything() -> Policy:
    return policy(
        queue("support", callback_retry=MINUTE),
        queue("sales"),
        rules=(rule(when=Condition(label=("faq",)), autoresponse="bot"), rule()),
        autoresponses=(Autoresponse(name="bot", kind="answer"),),
        channels=(ChannelPolicy(name="web", medium="chat", confirmation=HOUR),),
    )


class Diary(House):
    """A house that writes down which ways of the table its interactions take."""

    def __init__(self) -> None:
        super().__init__(everything())

    def ways(self) -> set[tuple[InteractionState | None, InteractionState]]:
        """Return from where to where interactions went, in the order of the log; events within one decision too."""
        state, found = State(), set()
        new: set[str] = set()
        for event in self.log:
            id = getattr(event, "interaction", "")
            before = state.interactions.get(id)
            evolve(state, event)
            after = state.interactions.get(id)
            if isinstance(event, Admitted):
                new.add(id)  # its state is told by the event that follows
            elif after is not None and before is not None and (before != after) and type(event).__name__ in _MOVES:
                found.add((None if id in new else before.state, after.state))
                new.discard(id)
        return found


_MOVES = {
    "Enqueued", "Scheduled", "AnsweredByBot", "Offered", "OfferAccepted", "OfferDeclined", "OfferExpired",
    "OfferWithdrawn", "Abandoned", "Ended", "WrappedUp", "Resumed", "Parked", "Closed",
}  # fmt: skip


def a_day() -> Diary:
    """Return a house in which interactions took every way that is built."""
    house = Diary()
    for agent in ("a", "b"):
        house.agent(agent, "support", "sales", capacity=1_000)
    for scene in _scenes(house):
        assert house.state_of(scene) in S
        house.do(Close(scene, "done", "boss"))
    return house


def _scenes(house: House) -> Iterator[str]:
    """Lead one interaction after another through the house; each is closed after its scene."""
    house.active("ended", preferred_agent="a")
    house.ends("ended")
    house.writes("ended")
    house.ends("ended")
    house.wraps_up("ended")
    house.writes("ended")
    yield "ended"
    house.admit("left")
    house.run(Leave("left"))
    house.writes("left")
    yield house.active("left-active") and "left-active"
    house.active("left-wrap")
    house.run(Leave("left-wrap"))
    yield "left-wrap"
    house.admit("moved", requirements=rule(requirements=()).then.requirements)
    house.moves("moved", "sales")
    yield "moved"
    house.admit("slot", "callback", scheduled_at=house.now + HOUR)
    yield "slot"
    house.admit("due", "callback", scheduled_at=house.now + SECOND)
    house.after(SECOND)
    house.accept("due")
    house.run(CallAttempted("due", house.owner("due"), "busy"))
    yield "due"
    for id in ("bot", "bot-2"):
        house.admit(id, labels=(Label("faq", 0.9),), candidates=(Candidate("hours", 0.9),), address_hash=id)
    house.writes("bot")
    house.after(HOUR)
    yield "bot"
    for id in ("parked", "parked-2", "parked-3", "parked-4", "parked-5"):
        house.active(id, "email", preferred_agent="b")
        house.parks(id, until=house.now + MINUTE if id != "parked-4" else None)
    house.run(Resume("parked", "b"))
    house.writes("parked-2")
    house.after(MINUTE)
    house.parks("parked-3", until=house.now + MINUTE)
    house.parks("parked-5")
    house.parks("parked-2")
    house.run(Close("parked-2", "done", "boss"))
    house.declares("b", "offline")
    house.writes("parked-5")
    house.after(MINUTE)
    house.run(RemoveAgent("b", move=True))
    yield "parked-3"
    house.active("gone")
    house.transfers("gone", "sales")
    house.accept("gone")
    house.run(CustomerGone("gone"))
    house.cut_off("a")
    house.after(MINUTE)
    yield "gone"
    house.admit("waits")
    house.admit("waits-2")
    house.run(Close("waits-2", "spam", "boss"))
    house.moves("waits", "sales")
    house.run(Leave("waits"))
    yield "waits"
    house.back("a")
    house.declares("a", "available")
    house.active("closed")
    yield "closed"


def test_every_way_of_the_table_that_is_built_is_taken() -> None:
    taken = a_day().ways()
    listed = {(state, event, to) for (state, event), targets in LIFECYCLE.items() for to in targets}
    missing = {way for way in listed - set(LATER) if (way[0], way[2]) not in taken}
    assert missing == set()


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


def test_every_interaction_ends_as_forgotten_when_nobody_writes_any_more() -> None:
    house = a_day()
    house.do(admit("last"))
    house.run(Leave("last"))
    house.after(8 * DAY)
    assert [id for id in house.state.interactions if house.state_of(id) not in OPEN] == []


def test_the_diagram_shows_every_way() -> None:
    text = diagram()
    assert text.startswith("stateDiagram-v2\n")
    for (state, event), targets in LIFECYCLE.items():
        assert all(f"    {state or '[*]'} --> {to}: {event}\n" in text for to in targets)


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_generated_pages_are_what_the_code_says(path: object) -> None:
    """If this fails: `python -m docs.generate`."""
    found = {each: each.read_text(encoding="utf-8") for each in pages()}
    assert found[path] == pages()[path]  # type: ignore[index]  # pytest hands the path back as it got it
