"""Writers of warm transfers, rooms and what supervisors undo."""

from copy import copy

from msgspec.structs import replace

from agents.agent import HoldKind
from queues.interaction import NO_LINE, Consult, Interaction, Undoable, UndoKind, queue_terms
from queues.lifecycle import InteractionState
from queues.sla import Clock, ClockName
from router import events as e
from router.state import State, schedule
from router.writers.change import SLOT, Writers, book, changing, go, occupy, release, without
from router.writers.clocks import put_clocks

S = InteractionState
UNDONE: dict[UndoKind, tuple[str, ...]] = {
    "priority": ("priority", "class_", "due_at"),
    "move": (
        "queue",
        "enqueued_at",
        "due_at",
        "terms",
        "requirements",
        "expired",
        "groups",
        "steps_taken",
        "step_at",
        "stream",
        "overflow",
        "waited_seen",
        "preferred_agent",
        "only_agent",
        "hold_until",
    ),
    "close": (
        "scheduled_for",
        "over",
        "disposition",
        "unanswered_at",
        "customer_leaves_at",
        "hold_until",
        "only_agent",
        "step_at",
        "confirm_until",
        "parked_until",
        "scheduled_at",
    ),
    "answer": ("confirm_until", "unanswered_at", "contact", "bulk"),
}
"""What is put back, by what is undone: all that the act itself changed. What came after it stays."""


def _warm_transfer_asked(state: State, event: e.WarmTransferAsked) -> None:
    interaction = changing(state, event.interaction)
    interaction.consult = Consult(
        queue=event.queue,
        note=event.note,
        since=event.at,
        until=event.until,
        due_at=event.due_at,
        credit=event.credit,
        target=event.target,
        pace=event.pace,
        only_agent=event.only_agent,
        requirements=event.requirements,
        expired=frozenset(event.expired),
        groups=event.groups,
    )
    state.index.put(interaction)
    schedule(state, interaction)


def _warm_transfer_accepted(state: State, event: e.WarmTransferAccepted) -> None:
    """The sender is free; the leg begins, and OfferAccepted follows in the same decision."""
    release(state, event.sender, event.interaction, event.at)
    interaction = changing(state, event.interaction)
    consult = interaction.consult
    assert consult is not None, f"{interaction.id} is not handed over"
    interaction.consult = None
    interaction.agent = event.agent
    interaction.queue, interaction.leg = event.queue, event.leg
    interaction.enqueued_at, interaction.due_at = event.at, consult.due_at
    interaction.terms = queue_terms(consult.credit, consult.target, consult.pace, interaction.parallel)
    interaction.requirements, interaction.expired = consult.requirements, consult.expired
    interaction.groups, interaction.waited_seen = consult.groups, 0
    interaction.step_at = None
    if event.steps_anew:
        interaction.steps_taken, interaction.stream = (), ""
    interaction.preferred_agent = None
    interaction.declined_by |= {event.sender}
    interaction.owner_gone_until = None
    interaction.undo = None


def _warm_transfer_ended(state: State, event: e.WarmTransferEnded) -> None:
    interaction = changing(state, event.interaction)
    interaction.consult = None
    state.index.take(interaction)


def _room_joined(state: State, event: e.RoomJoined) -> None:
    interaction = changing(state, event.interaction)
    interaction.participants = {**interaction.participants, event.agent: event.mode}
    occupy(state, event.agent, interaction, event.cost, "room", event.at, event.flagged)


def _room_left(state: State, event: e.RoomLeft) -> None:
    interaction = changing(state, event.interaction)
    interaction.participants = without(interaction.participants, event.agent)
    release(state, event.agent, event.interaction, event.at)


def _taken_over(state: State, event: e.TakenOver) -> None:
    interaction = changing(state, event.interaction)
    release(state, event.before, event.interaction, event.at)
    go(interaction, "taken over", S.ACTIVE)
    interaction.agent = event.agent
    interaction.accepted_at = event.at
    interaction.owner_gone_until = None
    interaction.participants = without(interaction.participants, event.agent)
    occupy(state, event.agent, interaction, event.cost, "active", event.at, event.flagged)


Act = e.Moved | e.Reprioritised | e.Closed | e.AnsweredByBot
"""What can be taken back."""


def keep_for_undo(interaction: Interaction, kind: UndoKind, event: Act) -> None:
    """Keep what `interaction` is before `event` changes it, if the event can be undone."""
    if event.undo_until is None:
        interaction.undo = None
        return
    before = copy(interaction)
    before.undo, before.line = None, NO_LINE
    interaction.undo = Undoable(kind, event.at, event.undo_until, before)


def reweigh_consult(interaction: Interaction, priority: int) -> None:
    """Let what a warm transfer asks for be due as `priority` says."""
    consult = interaction.consult
    if consult is not None:
        earlier = (priority - interaction.priority) * consult.credit
        interaction.consult = replace(consult, due_at=consult.due_at - earlier)


def _moved(state: State, event: e.Moved) -> None:
    keep_for_undo(changing(state, event.interaction), "move", event)


def _undone(state: State, event: e.Undone) -> None:
    interaction = changing(state, event.interaction)
    undo = interaction.undo
    assert undo is not None, f"nothing to undo in {interaction.id}"
    state.index.take(interaction)
    if undo.kind == "priority":
        reweigh_consult(interaction, undo.before.priority)
    for field in UNDONE[undo.kind]:
        setattr(interaction, field, getattr(undo.before, field))
    interaction.undo = None
    interaction.leg = event.leg
    if undo.kind == "answer":
        go(interaction, "undone", S(event.state))
        put_clocks(state, interaction, clocks_as_before(interaction, undo.before))
    if undo.kind == "close":
        go(interaction, "undone", S(event.state))
        if interaction.scheduled_for == SLOT and interaction.state is S.SCHEDULED:
            book(state, interaction, 1)
        if interaction.agent is not None and interaction.state in (S.ACTIVE, S.PARKED):
            kind: HoldKind = "active" if interaction.state is S.ACTIVE else "parked"
            occupy(state, interaction.agent, interaction, event.cost, kind, event.at)
    if state.oldest:
        state.oldest.put(interaction.queue, (interaction.enqueued_at, interaction.id))
    state.index.put(interaction)
    schedule(state, interaction)


def clocks_as_before(interaction: Interaction, before: Interaction) -> dict[ClockName, Clock]:
    """Return the clocks without what an answer did to them: that of the resolution has gone on since."""
    stopped = {name: clock for name, clock in before.clocks.items() if name != "resolution"}
    return {name: clock for name, clock in interaction.clocks.items() if name == "resolution"} | stopped


WRITERS: Writers = {
    e.WarmTransferAsked: _warm_transfer_asked,
    e.WarmTransferAccepted: _warm_transfer_accepted,
    e.WarmTransferEnded: _warm_transfer_ended,
    e.RoomJoined: _room_joined,
    e.RoomLeft: _room_left,
    e.TakenOver: _taken_over,
    e.Undone: _undone,
    e.Moved: _moved,
}
