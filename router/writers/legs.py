"""Writers of legs: how an interaction comes, waits, and comes to its end."""

from queues.interaction import PLAIN, Interaction, Seldom, offer_id, queue_terms, turn_of
from queues.lifecycle import CAUSES, NEW, QUEUED, InteractionState, allows
from queues.overflow import NO_MARKS, Marks
from router import events as e
from router.state import State, schedule
from router.writers.change import (
    NOTHING,
    SLOT,
    Writers,
    book,
    changing,
    changing_offer,
    go,
    hush,
    leave_out,
    leave_window,
    release,
)
from router.writers.company import keep_for_undo
from router.writers.learned import count_arrival, learn_wait, measured
from vocabulary.instants import Instant

S = InteractionState
NO_TERMS = queue_terms(0, 0, 0, 1)
SAME_OPENING = ("moved", "transferred", "owner_lost", "overflowed", "converted", "understood")
"""Causes of a leg that goes on with what the customer came for: who declined it is still ranked last."""


def _admitted(state: State, event: e.Admitted) -> None:
    if state.undo is not None:
        state.undo.interactions[event.interaction] = None
    state.admitted = event.number
    at = event.at
    # Most bring nothing that stands aside.
    plain = not (
        event.labels
        or event.heads
        or event.contact
        or event.language
        or event.segment
        or event.preferences
        or event.tags
        or event.follows
        or event.preferred_agent
        or event.ruled
    )
    state.interactions[event.interaction] = Interaction(
        turn=turn_of(event.class_, at, event.number),
        id=event.interaction,
        # Enqueued, Scheduled or AnsweredByBot follows in the same decision.
        state=S.SCHEDULED,
        channel=event.channel,
        medium=event.medium,
        customer=event.customer,
        queue=event.queue,
        arrived_at=at,
        enqueued_at=at,
        terms=NO_TERMS,
        priority=event.priority,
        requirements=event.requirements,
        leg=0,
        seldom=PLAIN if plain else sent(event),
    )


def sent(event: e.Admitted) -> Seldom:
    """Return what came with it."""
    return Seldom(
        labels=event.labels,
        heads=event.heads,
        language=event.language,
        segment=event.segment,
        also_segments=event.also_segments,
        preferences=event.preferences,
        tags=event.tags,
        contact=event.contact,
        follows=event.follows,
        preferred_agent=event.preferred_agent,
        ruled_leg=1 if event.ruled else 0,
        barred=NOTHING,
        participants=NOTHING,
        clocks=NOTHING,
    )


def _enqueued(state: State, event: e.Enqueued) -> None:
    interaction = changing(state, event.interaction)
    at = event.at
    since = at if event.since is None else event.since
    new = interaction.leg == 0 and event.cause == "admitted" and interaction.scheduled_at is None
    if not new:
        _leave_leg(state, interaction, event)
    interaction.state = S.WAITING
    interaction.queue = event.queue
    interaction.leg = event.leg
    if event.arrived_at != interaction.arrived_at:
        # Until now `arrived_at` stood for it.
        interaction.created_at = interaction.created_at
        interaction.arrived_at = event.arrived_at
    interaction.enqueued_at = since
    interaction.turn = turn_of(interaction.class_, event.due_at, interaction.number)
    interaction.terms = queue_terms(event.credit, event.target, event.pace, event.parallel)
    if event.requirements is not None:
        interaction.requirements = event.requirements
    if interaction.seldom is not PLAIN or _has_more(event):
        _enqueue_seldom(interaction, event)
    if event.counted:
        count_arrival(state, interaction, at)
    if state.oldest:
        state.oldest.put(event.queue, (since, interaction.id))
    measured(state, event.queue).add_arrival(interaction.class_, at)
    state.index.put(interaction)
    schedule_leg(state, interaction)


def _has_more(event: e.Enqueued) -> bool:
    """Tell whether anything came with the leg that stands aside."""
    return (
        event.preferred_agent is not None
        or event.only_agent is not None
        or event.step_at is not None
        or event.overflow_after is not None
        or bool(event.last)
    )


def _leave_leg(state: State, interaction: Interaction, event: e.Enqueued) -> None:
    """Let what was before the leg be over."""
    assert allows(interaction.state, CAUSES[event.cause], S.WAITING), f"{event} from {interaction}"
    if interaction.agent is not None:
        release(state, interaction.agent, interaction.id, event.at)
        interaction.agent = None
    elif interaction.state in QUEUED:
        learn_wait(state, interaction, event.at)
    state.index.take(interaction)
    if interaction.scheduled_for:
        leave_window(state, interaction)
    begin_again(interaction, event)


def _enqueue_seldom(interaction: Interaction, event: e.Enqueued) -> None:
    interaction.preferred_agent = event.preferred_agent
    interaction.only_agent = event.only_agent
    interaction.hold_until = event.hold_until
    interaction.waited_seen = 0
    interaction.rested = event.since is not None
    interaction.step_at = event.step_at
    if event.cause != "moved":
        interaction.undo = None
    if event.overflow_after is not None or interaction.overflow is not None:
        interaction.overflow = marks_of_leg(interaction, event)
    if event.requirements is not None:
        interaction.expired = frozenset()
    if event.last:
        interaction.declined_by |= frozenset(event.last)


def marks_of_leg(interaction: Interaction, event: e.Enqueued) -> Marks | None:
    """Return what is kept of overflow: in the same opening, the queues that were left that way and what was offered."""
    before = (interaction.overflow or NO_MARKS) if event.cause in SAME_OPENING else NO_MARKS
    # Who took a way has it.
    ways = before.ways if event.cause != "converted" else ()
    if event.overflow_after is None and not before.left and not ways:
        return None
    return Marks(event.overflow_after or (), left=before.left, ways=ways)


def begin_again(interaction: Interaction, event: e.Enqueued) -> None:
    """Forget what belonged to the leg or the opening before."""
    if interaction.closed_at is not None:
        interaction.attempts = 0
        interaction.scheduled_for = ""
    interaction.offers = ()
    interaction.barred = {agent: until for agent, until in interaction.barred.items() if until > event.at}
    interaction.estimate = None
    if event.cause not in SAME_OPENING:
        interaction.declined_by = frozenset()
    if event.steps_anew:
        interaction.groups = ()
        interaction.steps_taken = ()
        interaction.stream = ""
    interaction.accepted_at = None
    interaction.owner_gone_until = None
    interaction.parked_until = None
    hush(interaction)
    interaction.scheduled_at = None
    interaction.confirm_until = None
    interaction.bulk = ""
    interaction.asked = None
    interaction.over = None


def schedule_leg(state: State, interaction: Interaction) -> None:
    """Enter the deadlines of one who waits anew; most have none."""
    if interaction.seldom is not PLAIN:
        if interaction.step_at is not None:
            state.deadlines.put(interaction.step_at, "step", interaction.id)
        if interaction.hold_until is not None or interaction.overflow is not None:
            schedule(state, interaction)
            return
    if interaction.leg > 1 or (state.delays and interaction.queue in state.delays):
        schedule(state, interaction)
        return
    if interaction.line >= 0 and interaction.requirements is state.index.lines[interaction.line].signature.requirements:
        # What a line shares never expires.
        return
    for need in interaction.requirements:
        if need.expires_after is not None:
            schedule(state, interaction)
            return


def _abandoned(state: State, event: e.Abandoned) -> None:
    interaction = changing(state, event.interaction)
    learn_wait(state, interaction, event.at, left=True)
    go(interaction, "customer left", S.ABANDONED)
    state.index.take(interaction)
    end(state, interaction, event.at, event.reopen_until)


def end(state: State, interaction: Interaction, at: Instant, reopen_until: Instant) -> None:
    """Let `interaction` be over until its customer opens it again."""
    interaction.over = (at, reopen_until)
    if interaction.seldom is not PLAIN:
        interaction.customer_leaves_at = None
        interaction.unanswered_at = None
        interaction.hold_until = None
        interaction.only_agent = None
    state.deadlines.put(reopen_until, "forget", interaction.id)


def _closed(state: State, event: e.Closed) -> None:
    interaction = changing(state, event.interaction)
    keep_for_undo(interaction, "close", event)
    if interaction.state in QUEUED:
        learn_wait(state, interaction, event.at)
    state.index.take(interaction)
    leave_window(state, interaction)
    finish(state, interaction, event, "closed", event.reason)


def finish(
    state: State, interaction: Interaction, event: e.WrappedUp | e.Closed, by: str, disposition: str | None
) -> None:
    """Let `interaction` be closed, and its agent free."""
    release(state, interaction.agent, interaction.id, event.at)
    go(interaction, by, S.CLOSED)
    if interaction.seldom is not PLAIN or disposition is not None:
        interaction.disposition = disposition
        interaction.wrap_up_until = None
        interaction.owner_gone_until = None
        interaction.confirm_until = None
        interaction.parked_until = None
        interaction.scheduled_at = None
    end(state, interaction, event.at, event.reopen_until)


def _scheduled(state: State, event: e.Scheduled) -> None:
    interaction = changing(state, event.interaction)
    release(state, interaction.agent, interaction.id, event.at)
    new = interaction.leg == 0 and interaction.scheduled_at is None
    assert allows(NEW if new else interaction.state, "admitted" if new else "rescheduled", S.SCHEDULED)
    state.index.take(interaction)
    leave_window(state, interaction)
    interaction.state = S.SCHEDULED
    interaction.scheduled_at = event.due
    interaction.scheduled_for = event.cause
    if event.cause == SLOT:
        book(state, interaction, 1)
    interaction.wrap_up_until = None
    state.deadlines.put(event.due, "due", interaction.id)


def _forgotten(state: State, event: e.Forgotten) -> None:
    interaction = changing(state, event.interaction)
    for number in range(1, interaction.offers_made + 1):
        id = offer_id(interaction.id, number)
        changing_offer(state, id)
        del state.offers[id]
    if interaction.id in state.promised:
        leave_out(state, state.promised, interaction.id)
    del state.interactions[interaction.id]


WRITERS: Writers = {
    e.Admitted: _admitted,
    e.Enqueued: _enqueued,
    e.Abandoned: _abandoned,
    e.Closed: _closed,
    e.Scheduled: _scheduled,
    e.Forgotten: _forgotten,
}
