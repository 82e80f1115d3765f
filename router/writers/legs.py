"""Writers of legs: how an interaction comes, waits, and comes to its end."""

from queues.interaction import Interaction, offer_id
from queues.lifecycle import CAUSES, NEW, QUEUED, InteractionState, allows
from queues.overflow import NO_MARKS, Marks
from router import events as e
from router.state import State, schedule
from router.writers.change import NOTHING, SLOT, Writers, book, changing, enter, go, leave_window, release
from router.writers.company import keep_for_undo
from router.writers.learned import count_arrival, learn_wait, measure, measured_in
from vocabulary.instants import Instant

S = InteractionState
SAME_OPENING = ("moved", "transferred", "owner_lost", "overflowed", "converted")
"""Causes of a leg that goes on with what the customer came for: who declined it is still ranked last."""


def _admitted(state: State, event: e.Admitted) -> None:
    if state.undo is not None:
        state.undo.interaction(event.interaction)
    state.admitted = event.number
    at = event.at
    state.interactions[event.interaction] = Interaction(
        id=event.interaction,
        number=event.number,
        channel=event.channel,
        medium=event.medium,
        customer=event.customer,
        # Enqueued, Scheduled or AnsweredByBot follows in the same decision.
        state=S.SCHEDULED,
        queue=event.queue,
        priority=event.priority,
        class_=event.class_,
        requirements=event.requirements,
        preferences=event.preferences,
        tags=event.tags,
        labels=event.labels,
        language=event.language,
        segment=event.segment,
        created_at=at,
        arrived_at=at,
        enqueued_at=at,
        due_at=at,
        credit=0,
        leg=0,
        barred=NOTHING,
        participants=NOTHING,
        clocks=NOTHING,
        follows=event.follows,
        contact=event.contact,
        preferred_agent=event.preferred_agent,
    )


def _enqueued(state: State, event: e.Enqueued) -> None:
    interaction = changing(state, event.interaction)
    if interaction.agent is not None:
        release(state, interaction.agent, interaction.id, event.at)
        interaction.agent = None
    elif interaction.state in QUEUED:
        learn_wait(state, interaction, event.at)
    state.index.take(interaction)
    if interaction.scheduled_for:
        leave_window(state, interaction)
    new = interaction.leg == 0 and interaction.scheduled_at is None and event.cause == "admitted"
    assert allows(NEW if new else interaction.state, CAUSES[event.cause], S.WAITING), f"{event} from {interaction}"
    interaction.state = S.WAITING
    interaction.queue = event.queue
    interaction.leg = event.leg
    interaction.arrived_at = event.arrived_at
    interaction.enqueued_at = event.at
    interaction.due_at = event.due_at
    interaction.credit = event.credit
    interaction.target = event.target
    interaction.pace = event.pace
    interaction.parallel = event.parallel
    interaction.preferred_agent = event.preferred_agent
    interaction.only_agent = event.only_agent
    interaction.hold_until = event.hold_until
    interaction.waited_seen = 0
    interaction.step_at = event.step_at
    if event.cause != "moved":
        interaction.undo = None
    if not new:
        begin_again(interaction, event)
    if event.overflow_after is not None or interaction.overflow is not None:
        interaction.overflow = marks_of_leg(interaction, event)
    if event.requirements is not None:
        interaction.requirements = event.requirements
        interaction.expired = frozenset()
    if event.last:
        interaction.declined_by |= frozenset(event.last)
    if event.counted:
        count_arrival(state, interaction, event.at)
    if state.oldest:
        state.oldest.put(event.queue, (event.at, interaction.id))
    measure(state, event.queue, measured_in(state, interaction).with_arrival(interaction.class_, event.at))
    state.index.put(interaction)
    schedule_leg(state, interaction)


def marks_of_leg(interaction: Interaction, event: e.Enqueued) -> Marks | None:
    """Return what is kept of overflow: in the same opening, the queues that were left that way."""
    left = (interaction.overflow or NO_MARKS).left if event.cause in SAME_OPENING else ()
    if event.overflow_after is None and not left:
        return None
    return Marks(event.overflow_after or (), left=left)


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
    interaction.silent_at = None
    interaction.scheduled_at = None
    interaction.confirm_until = None
    interaction.closed_at = None
    interaction.reopen_until = None


def schedule_leg(state: State, interaction: Interaction) -> None:
    """Enter the deadlines of one who waits anew; most have none."""
    if interaction.step_at is not None:
        state.deadlines.put(interaction.step_at, "step", interaction.id)
    for need in interaction.requirements:
        if need.expires_after is not None:
            schedule(state, interaction)
            return
    held = interaction.hold_until is not None or interaction.overflow is not None
    if held or interaction.leg > 1 or interaction.queue in state.delays:
        schedule(state, interaction)


def _abandoned(state: State, event: e.Abandoned) -> None:
    interaction = changing(state, event.interaction)
    learn_wait(state, interaction, event.at, left=True)
    go(interaction, "customer left", S.ABANDONED)
    state.index.take(interaction)
    end(state, interaction, event.at, event.reopen_until)


def end(state: State, interaction: Interaction, at: Instant, reopen_until: Instant) -> None:
    """Let `interaction` be over until its customer opens it again."""
    interaction.closed_at = at
    interaction.reopen_until = reopen_until
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
        if state.undo is not None:
            state.undo.offer(id)
        del state.offers[id]
    if interaction.id in state.promised:
        enter(state, state.promised, interaction.id, None)
        del state.promised[interaction.id]
    del state.interactions[interaction.id]


WRITERS: Writers = {
    e.Admitted: _admitted,
    e.Enqueued: _enqueued,
    e.Abandoned: _abandoned,
    e.Closed: _closed,
    e.Scheduled: _scheduled,
    e.Forgotten: _forgotten,
}
