"""`evolve`: write an event into the state. The only writer of `State`; it decides nothing."""

from bisect import bisect_left, insort
from collections.abc import Callable
from copy import copy
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from agents.agent import BUSY, WORK, Agent, Hold, HoldKind, Membership
from agents.availability import is_staffing
from agents.busy import share_after
from queues.backlog import signature_of
from queues.consult import sought
from queues.demand import Demand, key_of
from queues.interaction import Consult, Interaction, Offer, OfferState, Undoable, UndoKind
from queues.lifecycle import CAUSES, NEW, QUEUED, InteractionState, allows
from queues.measured import UNMEASURED, Measured
from queues.overflow import EMERGENCY, NO_CONTACT, NO_MARKS, Change, Marks
from queues.sla import Clock, ClockName
from router import events as e
from router.lending import is_own
from router.state import REPLIES_KEPT, State, schedule, schedule_agent
from vocabulary.ids import AgentId, InteractionId, OfferId, QueueName
from vocabulary.instants import Instant
from vocabulary.skills import Requirement

S = InteractionState
SLOT = "slot"
STREAMS_MAX = 1_000
"""So many kinds of work at most are counted for the guard of steps."""
SAME_OPENING = ("moved", "transferred", "owner_lost", "overflowed", "converted")
"""Causes of a leg that goes on with what the customer came for: who declined it is still ranked last."""

_NOTHING: dict[Any, Any] = {}
"""One for all: what a field holds is never written into, and an empty dict for each would weigh as much as the rest."""


def evolve(state: State, event: e.AnyEvent) -> None:
    """Write `event` into `state`."""
    WRITERS[type(event)](state, event)


def restore_interaction(state: State, interaction: Interaction) -> None:
    """Put an interaction of a checkpoint into `state`."""
    state.interactions[interaction.id] = interaction
    state.index.put(interaction)
    schedule(state, interaction)
    if interaction.scheduled_for == SLOT and interaction.state is S.SCHEDULED:
        _book(state, interaction, 1)
    if interaction.agreement is not None:
        state.promised[interaction.id] = None


def restore_agent(state: State, agent: Agent) -> None:
    """Put an agent of a checkpoint into `state`."""
    state.agents[agent.id] = agent
    state.index.put_agent(agent)
    schedule_agent(state, agent)
    _index_members(state, agent.id, {}, agent.profile.queues)
    if is_staffing(agent):
        _staff(state, agent, 1)


def restore_offer(state: State, offer: Offer) -> None:
    """Put an offer of a checkpoint into `state`."""
    state.offers[offer.id] = offer
    if offer.state == "pending":
        state.deadlines.put(offer.expires_at, "offer", offer.id)


# -- what is about to change


def _changing(state: State, id: InteractionId) -> Interaction:
    if state.undo is not None:
        state.undo.interaction(id)
    return state.interactions[id]


def _changing_agent(state: State, id: AgentId) -> Agent:
    if state.undo is not None:
        state.undo.agent(id)
    agent = state.agents[id]
    state.index.touch(agent)
    return agent


def _enter(state: State, table: dict[Any, Any], key: Any, value: Any) -> None:
    if state.undo is not None:
        state.undo.entry(table, key)
    table[key] = value


def _go(interaction: Interaction, by: str, to: InteractionState) -> None:
    """Let an interaction be in another state, by a way that the lifecycle lists."""
    state = interaction.state
    assert allows(state, by, to), f"{interaction.id}: no way from {state} to {to} by {by!r}"
    interaction.state = to


def _staff(state: State, agent: Agent, by: int) -> None:
    """Count `agent` as staffed where he is a member, or no longer."""
    for queue in agent.profile.queues:
        _enter(state, state.staffing, queue, state.staffing.get(queue, 0) + by)
        if not state.staffing[queue]:
            state.emptied[queue] = None


def _book(state: State, interaction: Interaction, by: int) -> None:
    """Take or give back a place in the window in which `interaction` is to be called."""
    assert interaction.scheduled_at is not None, f"{interaction.id} has no appointment"
    window = (interaction.queue, interaction.scheduled_at)
    _enter(state, state.booked, window, state.booked.get(window, 0) + by)


def _leave_window(state: State, interaction: Interaction) -> None:
    """Give back the place that `interaction` has booked, if it has."""
    if interaction.scheduled_for == SLOT and interaction.state is S.SCHEDULED:
        _book(state, interaction, -1)
        interaction.scheduled_for = ""


# -- what an agent holds


def _occupy(
    state: State,
    id: AgentId,
    interaction: Interaction,
    cost: int,
    kind: HoldKind,
    at: Instant,
    flagged: bool = False,
) -> None:
    """Let `interaction` occupy `cost` units of an agent, in the place of what it occupied before."""
    agent = _changing_agent(state, id)
    before = agent.holds.get(interaction.id)
    if before is not None:
        agent.used -= before.cost
        flagged = flagged or before.flagged
    agent.used += cost
    beyond = flagged or agent.used > agent.profile.capacity
    agent.holds = {**agent.holds, interaction.id: Hold(interaction.medium, cost, kind, beyond)}
    if kind == "active" and agent.busy_at is None:
        agent.busy_at = at


def _release(state: State, id: AgentId | None, interaction: InteractionId, at: Instant | None) -> None:
    """Free what `interaction` occupies; `at`: he is idle from now on. None leaves his place among the idle."""
    if id is None or id not in state.agents or interaction not in state.agents[id].holds:
        return
    agent = _changing_agent(state, id)
    holds = dict(agent.holds)
    hold = holds.pop(interaction)
    agent.used -= hold.cost
    agent.holds = holds
    if at is not None and hold.kind in WORK:
        _rest(agent, at)


def _rest(agent: Agent, at: Instant) -> None:
    """Write down how busy he was until this release."""
    worked_from = at if agent.busy_at is None else max(agent.busy_at, agent.idle_since)
    agent.busy = share_after(agent.busy, worked_from - agent.idle_since, at - worked_from)
    agent.idle_since = at
    agent.busy_at = at if any(hold.kind in BUSY for hold in agent.holds.values()) else None


def _end_offer(state: State, id: OfferId, to: OfferState, reason: str = "") -> None:
    if state.undo is not None:
        state.undo.offer(id)
    offer = state.offers[id]
    offer.state = to
    offer.reason = reason


def _offer_lost(state: State, event: Any, to: OfferState, reason: str, barred_until: Instant | None) -> Interaction:
    """An offer ended unaccepted: the interaction is back at its place unless another agent still has an offer."""
    _end_offer(state, event.offer, to, reason)
    _release(state, event.agent, event.interaction, None)
    interaction = _changing(state, event.interaction)
    interaction.offers = tuple(offer for offer in interaction.offers if offer != event.offer)
    if barred_until is not None:
        interaction.barred = {**interaction.barred, event.agent: barred_until}
        state.deadlines.put(barred_until, "bar", interaction.id)
    if interaction.consult is None:
        _go(interaction, "offer ended", S.OFFERED if interaction.offers else S.WAITING)
    else:
        state.deadlines.put(interaction.consult.until, "consult", interaction.id)
    state.index.put(interaction)
    return interaction


# -- one writer an event


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
        barred=_NOTHING,
        participants=_NOTHING,
        clocks=_NOTHING,
        follows=event.follows,
        contact=event.contact,
        preferred_agent=event.preferred_agent,
    )


def _enqueued(state: State, event: e.Enqueued) -> None:
    interaction = _changing(state, event.interaction)
    if interaction.agent is not None:
        _release(state, interaction.agent, interaction.id, event.at)
        interaction.agent = None
    elif interaction.state in QUEUED:
        _learn_wait(state, interaction, event.at)
    state.index.take(interaction)
    if interaction.scheduled_for:
        _leave_window(state, interaction)
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
        _begin_again(interaction, event)
    if event.overflow_after is not None or interaction.overflow is not None:
        interaction.overflow = _marks_of_leg(interaction, event)
    if event.requirements is not None:
        interaction.requirements = event.requirements
        interaction.expired = frozenset()
    if event.last:
        interaction.declined_by |= frozenset(event.last)
    if event.counted:
        _count(state, interaction, event.at)
    if state.oldest:
        state.oldest.put(event.queue, (event.at, interaction.id))
    _measure(state, event.queue, _measured(state, interaction).with_arrival(interaction.class_, event.at))
    state.index.put(interaction)
    _schedule_leg(state, interaction)


def _marks_of_leg(interaction: Interaction, event: e.Enqueued) -> Marks | None:
    """Return what is kept of overflow: in the same opening, the queues that were left that way."""
    left = (interaction.overflow or NO_MARKS).left if event.cause in SAME_OPENING else ()
    if event.overflow_after is None and not left:
        return None
    return Marks(event.overflow_after or (), left=left)


def _begin_again(interaction: Interaction, event: e.Enqueued) -> None:
    """Forget what belonged to the leg or the opening before."""
    if interaction.closed_at is not None:
        interaction.attempts = 0
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


def _schedule_leg(state: State, interaction: Interaction) -> None:
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


def _count(state: State, interaction: Interaction, at: Instant) -> None:
    """Count an arrival; where too many kinds of work are known, the one that has not come for longest is forgotten."""
    signature = signature_of(interaction)
    key = interaction.stream = key_of(signature)
    known = state.demand.get(key)
    if known is None:
        known = Demand(signature.queue, signature.medium, signature.requirements)
        if len(state.demand) >= STREAMS_MAX:
            oldest = min(state.demand, key=lambda each: (state.demand[each].last, each))
            if state.undo is not None:
                state.undo.entry(state.demand, oldest)
            del state.demand[oldest]
    _enter(state, state.demand, key, known.with_arrival(at))


def _auto_replied(state: State, event: e.AutoReplied) -> None:
    sent = (*state.auto_replies.get(event.address_hash, ()), event.at)
    _enter(state, state.auto_replies, event.address_hash, sent[-REPLIES_KEPT:])
    interaction = _changing(state, event.interaction)
    interaction.auto_replied = True
    interaction.contact = replace(interaction.contact or NO_CONTACT, answered=True)


def _answered_by_bot(state: State, event: e.AnsweredByBot) -> None:
    interaction = _changing(state, event.interaction)
    new = interaction.leg == 0
    assert allows(NEW if new else interaction.state, "admitted" if new else "answered by bot", S.ANSWERED_BY_BOT)
    state.index.take(interaction)
    interaction.state = S.ANSWERED_BY_BOT
    interaction.confirm_until = event.confirm_until
    state.deadlines.put(event.confirm_until, "confirm", interaction.id)


def _message_added(state: State, event: e.MessageAdded) -> None:
    interaction = _changing(state, event.interaction)
    interaction.messages = event.number
    if event.author == "customer":
        interaction.unanswered_at = interaction.unanswered_at or event.at
        interaction.silent_at = None
        if interaction.contact is not None and interaction.contact.answered:
            interaction.contact = replace(interaction.contact, answered=False)
    elif event.author == "agent":
        interaction.unanswered_at = None
        interaction.replied = True
        interaction.silent_at = event.silent_at
        if event.silent_at is not None:
            state.deadlines.put(event.silent_at, "silent", interaction.id)
    elif event.author == "bot" and interaction.state is S.ANSWERED_BY_BOT:
        interaction.unanswered_at = None


def _offered(state: State, event: e.Offered) -> None:
    interaction = _changing(state, event.interaction)
    if state.undo is not None:
        state.undo.offer(event.offer)
    state.offers[event.offer] = Offer(
        id=event.offer,
        interaction=event.interaction,
        agent=event.agent,
        state="pending",
        offered_at=event.at,
        expires_at=event.expires_at,
    )
    if event.expires_at > event.at:
        state.deadlines.put(event.expires_at, "offer", event.offer)
    if interaction.consult is None:
        _go(interaction, "offered", S.OFFERED)
    interaction.offers = (*interaction.offers, event.offer)
    interaction.offers_made += 1
    if interaction.parallel > 1:
        state.index.put(interaction)
    else:
        state.index.take(interaction)
    _occupy(state, event.agent, interaction, event.cost, "offer", event.at, event.flagged)
    state.agents[event.agent].offered_at = event.at


def _offer_accepted(state: State, event: e.OfferAccepted) -> None:
    _end_offer(state, event.offer, "accepted")
    interaction = _changing(state, event.interaction)
    if interaction.state is S.OFFERED:
        _learn_wait(state, interaction, event.at)
    _go(interaction, "accepted" if interaction.state is S.OFFERED else "warm transfer accepted", S.ACTIVE)
    state.index.take(interaction)
    interaction.agent = event.agent
    interaction.accepted_at = event.at
    interaction.offers = ()
    interaction.hold_until = None
    interaction.only_agent = None
    cost = state.agents[event.agent].holds[event.interaction].cost
    _occupy(state, event.agent, interaction, cost, "active", event.at)
    state.agents[event.agent].misses = 0


def _offer_declined(state: State, event: e.OfferDeclined) -> None:
    interaction = _offer_lost(state, event, "declined", event.reason, event.barred_until)
    interaction.declined_by |= {event.agent}


def _offer_expired(state: State, event: e.OfferExpired) -> None:
    _offer_lost(state, event, "expired", "timeout", None)
    agent = _changing_agent(state, event.agent)
    agent.misses = event.misses
    agent.missed_at = event.at
    agent.cooling_until = event.cooling_until
    state.deadlines.put(event.cooling_until, "cool_down", agent.id)


def _offer_withdrawn(state: State, event: e.OfferWithdrawn) -> None:
    _offer_lost(state, event, "withdrawn", event.reason, event.barred_until)


def _breaker_tripped(state: State, event: e.BreakerTripped) -> None:
    _enter(state, state.tripped, event.queue, event.until)


def _abandoned(state: State, event: e.Abandoned) -> None:
    interaction = _changing(state, event.interaction)
    _learn_wait(state, interaction, event.at, left=True)
    _go(interaction, "customer left", S.ABANDONED)
    state.index.take(interaction)
    _end(state, interaction, event.at, event.reopen_until)


def _end(state: State, interaction: Interaction, at: Instant, reopen_until: Instant) -> None:
    interaction.closed_at = at
    interaction.reopen_until = reopen_until
    interaction.customer_leaves_at = None
    interaction.unanswered_at = None
    interaction.hold_until = None
    interaction.only_agent = None
    state.deadlines.put(reopen_until, "forget", interaction.id)


def _customer_disconnected(state: State, event: e.CustomerDisconnected) -> None:
    _changing(state, event.interaction).customer_leaves_at = event.leaves_at
    state.deadlines.put(event.leaves_at, "customer", event.interaction)


def _customer_reconnected(state: State, event: e.CustomerReconnected) -> None:
    _changing(state, event.interaction).customer_leaves_at = None


def _ended(state: State, event: e.Ended) -> None:
    interaction = _changing(state, event.interaction)
    _go(interaction, "customer left" if event.by == "customer" else "ended", S.WRAP_UP)
    interaction.ended_at = event.at
    interaction.wrap_up_until = event.wrap_up_until
    interaction.wrap_up_extensions = 0
    interaction.owner_gone_until = None
    interaction.customer_leaves_at = None
    interaction.unanswered_at = None
    if event.wrap_up_until is not None:
        state.deadlines.put(event.wrap_up_until, "wrap_up", interaction.id)
    _occupy(state, event.agent, interaction, event.cost, "wrap_up", event.at)


def _wrap_up_extended(state: State, event: e.WrapUpExtended) -> None:
    interaction = _changing(state, event.interaction)
    interaction.wrap_up_extensions += 1
    interaction.wrap_up_until = event.wrap_up_until
    state.deadlines.put(event.wrap_up_until, "wrap_up", interaction.id)


def _wrapped_up(state: State, event: e.WrappedUp) -> None:
    interaction = _changing(state, event.interaction)
    if interaction.accepted_at is not None:
        _learn(state, interaction, event.agent, event.at - interaction.accepted_at)
    _finish(state, interaction, event, "wrapped up", event.disposition)


def _measured(state: State, interaction: Interaction) -> Measured:
    return state.measured.get(interaction.queue, UNMEASURED)


def _measure(state: State, queue: QueueName, measured: Measured) -> None:
    _enter(state, state.measured, queue, measured)


def _learn_wait(state: State, interaction: Interaction, at: Instant, left: bool = False) -> None:
    """Keep how long this leg waited, and how that agrees with what was expected."""
    known = _measured(state, interaction).with_wait(at - interaction.enqueued_at, left)
    if interaction.estimate is not None and interaction.estimated_at is not None and not left:
        known = known.with_outcome(interaction.estimate, at - interaction.estimated_at)
    _measure(state, interaction.queue, known)


def _learn(state: State, interaction: Interaction, id: AgentId, handling: int) -> None:
    """Keep how long it took: the queue's latest, and the agent's sum for the label; for the guard, by kind of work."""
    _measure(state, interaction.queue, _measured(state, interaction).with_handling(handling))
    label = interaction.label
    count, total = state.typical.get(label, (0, 0))
    _enter(state, state.typical, label, (count + 1, total + handling))
    if id in state.agents:
        agent = _changing_agent(state, id)
        count, total = agent.handling.get(label, (0, 0))
        agent.handling = {**agent.handling, label: (count + 1, total + handling)}
        demand = state.demand.get(interaction.stream)
        if demand is not None:
            known = demand.with_handling(handling, foreign=not is_own(agent, demand))
            _enter(state, state.demand, interaction.stream, known)


def _closed(state: State, event: e.Closed) -> None:
    interaction = _changing(state, event.interaction)
    _keep_for_undo(interaction, "close", event)
    if interaction.state in QUEUED:
        _learn_wait(state, interaction, event.at)
    state.index.take(interaction)
    _leave_window(state, interaction)
    _finish(state, interaction, event, "closed", event.reason)


def _finish(
    state: State, interaction: Interaction, event: e.WrappedUp | e.Closed, by: str, disposition: str | None
) -> None:
    _release(state, interaction.agent, interaction.id, event.at)
    _go(interaction, by, S.CLOSED)
    interaction.disposition = disposition
    interaction.wrap_up_until = None
    interaction.owner_gone_until = None
    interaction.confirm_until = None
    interaction.parked_until = None
    interaction.scheduled_at = None
    _end(state, interaction, event.at, event.reopen_until)


def _resumed(state: State, event: e.Resumed) -> None:
    interaction = _changing(state, event.interaction)
    _go(interaction, event.cause.replace("_", " "), S.ACTIVE)
    interaction.agent = event.agent
    interaction.parked_until = None
    interaction.wrap_up_until = None
    interaction.ended_at = None
    _occupy(state, event.agent, interaction, event.cost, "active", event.at)


def _parked(state: State, event: e.Parked) -> None:
    interaction = _changing(state, event.interaction)
    _go(interaction, "parked", S.PARKED)
    interaction.parked_until = event.until
    interaction.customer_leaves_at = None
    interaction.owner_gone_until = None
    if event.until is not None:
        state.deadlines.put(event.until, "due", interaction.id)
    interaction.silent_at = None
    interaction.parked_close_at = event.close_at
    if event.close_at is not None:
        state.deadlines.put(event.close_at, "parked_close", interaction.id)
    _occupy(state, event.agent, interaction, event.cost, "parked", event.at)
    _rest(state.agents[event.agent], event.at)


def _let_go(state: State, event: e.Transferred | e.OwnerLost) -> None:
    """The owner no longer has it; Enqueued or Closed follows in the same decision."""
    _release(state, event.agent, event.interaction, event.at)


# -- warm transfers


def _warm_transfer_asked(state: State, event: e.WarmTransferAsked) -> None:
    interaction = _changing(state, event.interaction)
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
    _release(state, event.sender, event.interaction, event.at)
    interaction = _changing(state, event.interaction)
    consult = interaction.consult
    assert consult is not None, f"{interaction.id} is not handed over"
    interaction.consult = None
    interaction.agent = event.agent
    interaction.queue, interaction.leg = event.queue, event.leg
    interaction.enqueued_at, interaction.due_at = event.at, consult.due_at
    interaction.credit, interaction.target, interaction.pace = consult.credit, consult.target, consult.pace
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
    interaction = _changing(state, event.interaction)
    interaction.consult = None
    state.index.take(interaction)


def _only_agent_lifted(state: State, event: e.OnlyAgentLifted) -> None:
    interaction = _changing(state, event.interaction)
    interaction.only_agent = None
    state.index.put(interaction)


# -- rooms


def _room_joined(state: State, event: e.RoomJoined) -> None:
    interaction = _changing(state, event.interaction)
    interaction.participants = {**interaction.participants, event.agent: event.mode}
    _occupy(state, event.agent, interaction, event.cost, "room", event.at, event.flagged)


def _room_left(state: State, event: e.RoomLeft) -> None:
    interaction = _changing(state, event.interaction)
    interaction.participants = _without(interaction.participants, event.agent)
    _release(state, event.agent, event.interaction, event.at)


def _without(table: dict[Any, Any], key: Any) -> dict[Any, Any]:
    return {each: value for each, value in table.items() if each != key}


def _taken_over(state: State, event: e.TakenOver) -> None:
    interaction = _changing(state, event.interaction)
    _release(state, event.before, event.interaction, event.at)
    _go(interaction, "taken over", S.ACTIVE)
    interaction.agent = event.agent
    interaction.accepted_at = event.at
    interaction.owner_gone_until = None
    interaction.participants = _without(interaction.participants, event.agent)
    _occupy(state, event.agent, interaction, event.cost, "active", event.at, event.flagged)


def _outbound_started(state: State, event: e.OutboundStarted) -> None:
    interaction = _changing(state, event.interaction)
    assert allows(NEW, "started by an agent", S.ACTIVE)
    interaction.state = S.ACTIVE
    interaction.agent = event.agent
    interaction.accepted_at = event.at
    interaction.leg = 1
    _occupy(state, event.agent, interaction, event.cost, "active", event.at)


# -- what supervisors take back

UNDONE: dict[UndoKind, tuple[str, ...]] = {
    "priority": ("priority", "class_", "due_at"),
    "move": (
        "queue",
        "enqueued_at",
        "due_at",
        "credit",
        "target",
        "pace",
        "parallel",
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
        "closed_at",
        "reopen_until",
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
}
"""What is put back, by what is undone: all that the act itself changed. What came after it stays."""


def _keep_for_undo(interaction: Interaction, kind: UndoKind, event: e.Moved | e.Reprioritised | e.Closed) -> None:
    """Keep what `interaction` is before `event` changes it, if the event can be undone."""
    if event.undo_until is None:
        interaction.undo = None
        return
    before = copy(interaction)
    before.undo, before.place = None, UNSET
    interaction.undo = Undoable(kind, event.at, event.undo_until, before)


def _reweigh_consult(interaction: Interaction, priority: int) -> None:
    """Let what a warm transfer asks for be due as `priority` says."""
    consult = interaction.consult
    if consult is not None:
        earlier = (priority - interaction.priority) * consult.credit
        interaction.consult = replace(consult, due_at=consult.due_at - earlier)


def _moved(state: State, event: e.Moved) -> None:
    _keep_for_undo(_changing(state, event.interaction), "move", event)


def _undone(state: State, event: e.Undone) -> None:
    interaction = _changing(state, event.interaction)
    undo = interaction.undo
    assert undo is not None, f"nothing to undo in {interaction.id}"
    if undo.kind == "priority":
        _reweigh_consult(interaction, undo.before.priority)
    for field in UNDONE[undo.kind]:
        setattr(interaction, field, getattr(undo.before, field))
    interaction.undo = None
    interaction.leg = event.leg
    if undo.kind == "close":
        _go(interaction, "undone", S(event.state))
        if interaction.scheduled_for == SLOT and interaction.state is S.SCHEDULED:
            _book(state, interaction, 1)
        if interaction.agent is not None and interaction.state in (S.ACTIVE, S.PARKED):
            kind: HoldKind = "active" if interaction.state is S.ACTIVE else "parked"
            _occupy(state, interaction.agent, interaction, event.cost, kind, event.at)
    if state.oldest:
        state.oldest.put(interaction.queue, (interaction.enqueued_at, interaction.id))
    state.index.put(interaction)
    schedule(state, interaction)


def _reprioritised(state: State, event: e.Reprioritised) -> None:
    interaction = _changing(state, event.interaction)
    _keep_for_undo(interaction, "priority", event)
    _reweigh_consult(interaction, event.priority)
    interaction.priority = event.priority
    interaction.class_ = event.class_
    interaction.due_at = event.due_at
    state.index.put(interaction)


def _sla_agreed(state: State, event: e.SlaAgreed) -> None:
    _changing(state, event.interaction).agreement = event.agreement
    _enter(state, state.promised, event.interaction, None)


def _clock_started(state: State, event: e.ClockStarted) -> None:
    clock = Clock(event.started_at, event.due_at, event.next_at, breached=event.breached)
    _set_clock(state, _changing(state, event.interaction), event.clock, clock)


def _clock_paused(state: State, event: e.ClockPaused) -> None:
    interaction = _changing(state, event.interaction)
    _set_clock(state, interaction, event.clock, replace(interaction.clocks[event.clock], next_at=None, left=event.left))


def _clock_resumed(state: State, event: e.ClockResumed) -> None:
    interaction = _changing(state, event.interaction)
    clock = replace(interaction.clocks[event.clock], due_at=event.due_at, next_at=event.next_at, left=None)
    _set_clock(state, interaction, event.clock, clock)


def _clock_stopped(state: State, event: e.ClockStopped) -> None:
    interaction = _changing(state, event.interaction)
    clock = replace(interaction.clocks[event.clock], next_at=None, left=None, stopped_at=event.at, met=event.met)
    _set_clock(state, interaction, event.clock, clock)


def _sla_warned(state: State, event: e.SlaWarned) -> None:
    interaction = _changing(state, event.interaction)
    _set_clock(state, interaction, event.clock, replace(interaction.clocks[event.clock], next_at=event.next_at))


def _sla_breached(state: State, event: e.SlaBreached) -> None:
    interaction = _changing(state, event.interaction)
    _set_clock(state, interaction, event.clock, replace(interaction.clocks[event.clock], next_at=None, breached=True))


def _set_clock(state: State, interaction: Interaction, name: ClockName, clock: Clock) -> None:
    interaction.clocks = {**interaction.clocks, name: clock}
    # The earliest of all of them counts, and it may be another one now.
    marks = [each.next_at for each in interaction.clocks.values() if each.next_at is not None]
    if marks:
        state.deadlines.put(min(marks), "sla", interaction.id)


def _call_tried(state: State, event: e.CallTried) -> None:
    _changing(state, event.interaction).attempts = event.attempt


def _scheduled(state: State, event: e.Scheduled) -> None:
    interaction = _changing(state, event.interaction)
    _release(state, interaction.agent, interaction.id, event.at)
    new = interaction.leg == 0 and interaction.scheduled_at is None
    assert allows(NEW if new else interaction.state, "admitted" if new else "rescheduled", S.SCHEDULED)
    state.index.take(interaction)
    _leave_window(state, interaction)
    interaction.state = S.SCHEDULED
    interaction.scheduled_at = event.due
    interaction.scheduled_for = event.cause
    if event.cause == SLOT:
        _book(state, interaction, 1)
    interaction.wrap_up_until = None
    state.deadlines.put(event.due, "due", interaction.id)


def _requirement_expired(state: State, event: e.RequirementExpired) -> None:
    interaction = _changing(state, event.interaction)
    gone = {str(Requirement(event.skill, event.level))}
    if interaction.consult is None:
        interaction.expired |= gone
    else:
        interaction.consult = replace(interaction.consult, expired=interaction.consult.expired | gone)
    state.index.put(interaction)
    schedule(state, interaction)


def _wait_reached(state: State, event: e.WaitReached) -> None:
    interaction = _changing(state, event.interaction)
    if interaction.consult is None:
        interaction.waited_seen = event.wait_ms
    else:
        interaction.consult = replace(interaction.consult, waited_seen=event.wait_ms)
    state.index.put(interaction)
    schedule(state, interaction)


def _step_taken(state: State, event: e.StepTaken) -> None:
    interaction = _changing(state, event.interaction)
    interaction.steps_taken = (*interaction.steps_taken, event.after)
    interaction.requirements = event.requirements
    interaction.expired = frozenset()
    interaction.groups = event.groups
    interaction.priority = event.priority
    interaction.due_at = event.due_at
    interaction.step_at = event.next_at
    state.index.put(interaction)
    schedule(state, interaction)


def _step_later(state: State, event: e.StepHeld | e.StepsChanged) -> None:
    interaction = _changing(state, event.interaction)
    interaction.step_at = event.until if isinstance(event, e.StepHeld) else event.next_at
    if interaction.step_at is not None:
        state.deadlines.put(interaction.step_at, "step", interaction.id)


def _hold_ended(state: State, event: e.HoldEnded) -> None:
    interaction = _changing(state, event.interaction)
    interaction.hold_until = None
    state.index.put(interaction)


def _bar_lifted(state: State, event: e.BarLifted) -> None:
    interaction = _changing(state, event.interaction)
    interaction.barred = {agent: until for agent, until in interaction.barred.items() if agent != event.agent}
    state.index.put(interaction)
    schedule(state, interaction)


def _wait_estimated(state: State, event: e.WaitEstimated) -> None:
    interaction = _changing(state, event.interaction)
    interaction.estimate = (event.low_ms, event.high_ms)
    _enter(state, state.estimates, interaction.queue, interaction.estimate)


def _mark(interaction: Interaction, **values: Any) -> None:
    interaction.overflow = replace(interaction.overflow or NO_MARKS, **values)


def _overflow_due(state: State, event: e.OverflowDue) -> None:
    interaction = _changing(state, event.interaction)
    _mark(interaction, seen=event.wait_ms)
    schedule(state, interaction)


def _overflowed(state: State, event: e.Overflowed) -> None:
    interaction = _changing(state, event.interaction)
    marks = interaction.overflow or NO_MARKS
    left = (*marks.left, event.queue) if event.to is not None and event.queue not in marks.left else marks.left
    _mark(interaction, done=(*marks.done, event.rule), left=left)
    fresh = tuple(group for group in event.groups if group not in interaction.groups)
    if fresh:
        interaction.groups = (*interaction.groups, *fresh)
        state.index.put(interaction)


def _way_offered(state: State, event: e.WayOffered) -> None:
    interaction = _changing(state, event.interaction)
    _mark(interaction, ways=(*(interaction.overflow or NO_MARKS).ways, event.way))


def _converted(state: State, event: e.Converted) -> None:
    interaction = _changing(state, event.interaction)
    state.index.take(interaction)
    interaction.medium = event.medium
    interaction.channel = event.channel
    # Whether his browser is there no longer matters.
    interaction.customer_leaves_at = None
    state.index.put(interaction)


def _hours_changed(state: State, event: e.HoursChanged) -> None:
    _enter(state, state.hours, event.queue, Change(event.status, event.until))
    if event.until is not None:
        state.deadlines.put(event.until, "hours", event.queue)


def _emergency_set(state: State, event: e.EmergencySet) -> None:
    _enter(state, state.emergencies, event.queue, event.action)
    for interaction in state.interactions.values():
        # What another action of the switch did to it doesn't keep this one from it.
        if interaction.queue == event.queue and EMERGENCY in (interaction.overflow or NO_MARKS).done:
            marks = _changing(state, interaction.id).overflow or NO_MARKS
            _mark(interaction, done=tuple(rule for rule in marks.done if rule != EMERGENCY))


def _emergency_cleared(state: State, event: e.EmergencyCleared) -> None:
    if state.undo is not None:
        state.undo.entry(state.emergencies, event.queue)
    del state.emergencies[event.queue]


def _forgotten(state: State, event: e.Forgotten) -> None:
    interaction = _changing(state, event.interaction)
    for number in range(1, interaction.offers_made + 1):
        id = offer_id(interaction.id, number)
        if state.undo is not None:
            state.undo.offer(id)
        del state.offers[id]
    if interaction.id in state.promised:
        _enter(state, state.promised, interaction.id, None)
        del state.promised[interaction.id]
    del state.interactions[interaction.id]


def _agent_defined(state: State, event: e.AgentDefined) -> None:
    old = state.agents.get(event.agent)
    if old is not None and is_staffing(old):
        _staff(state, old, -1)
    if old is None:
        if state.undo is not None:
            state.undo.agent(event.agent)
        agent = state.agents[event.agent] = Agent(event.agent, event.profile, since=event.at, idle_since=event.at)
        before: dict[str, Membership] = {}
    else:
        agent = _changing_agent(state, event.agent)
        before, agent.profile = agent.profile.queues, event.profile
    state.index.put_agent(agent)
    _index_members(state, agent.id, before, agent.profile.queues)
    if is_staffing(agent):
        _staff(state, agent, 1)


def _agent_removed(state: State, event: e.AgentRemoved) -> None:
    agent = _changing_agent(state, event.agent)
    if is_staffing(agent):
        _staff(state, agent, -1)
    state.index.take_agent(event.agent)
    del state.agents[event.agent]
    _index_members(state, event.agent, agent.profile.queues, {})


def _index_members(state: State, id: AgentId, before: dict[str, Membership], after: dict[str, Membership]) -> None:
    for queue in sorted({*before, *after}):
        old, new = before.get(queue), after.get(queue)
        if old == new:
            continue
        members = list(state.members.get(queue, ()))
        if old is None:
            insort(members, id)
        elif new is None:
            del members[bisect_left(members, id)]
        _enter(state, state.members, queue, members)
        if (old is not None and old.delay) or (new is not None and new.delay):
            _rethink_delays(state, queue)


def _rethink_delays(state: State, queue: str) -> None:
    delays = {state.agents[member].profile.queues[queue].delay for member in state.members[queue]}
    fresh = tuple(sorted(delay for delay in delays if delay))
    if fresh == state.delays.get(queue, ()):
        return
    _enter(state, state.delays, queue, fresh)
    for interaction in state.interactions.values():
        if queue == sought(interaction).queue and (interaction.state in QUEUED or interaction.consult is not None):
            schedule(state, interaction)


def _presence_changed(state: State, event: e.PresenceChanged) -> None:
    agent = _changing_agent(state, event.agent)
    if event.media_off is not None:
        agent.media_off = frozenset(event.media_off)
    if event.after_current:
        agent.after_current = f"{event.presence}:{event.reason}"
        return
    agent.after_current = None
    agent.reason = event.reason
    if event.presence != agent.presence:
        before = is_staffing(agent)
        _declare(agent, event)
        if before != is_staffing(agent):
            _staff(state, agent, -1 if before else 1)
    if agent.connected and agent.presence != "offline":
        _owner_is_back(state, agent)


def _declare(agent: Agent, event: e.PresenceChanged) -> None:
    agent.presence = event.presence
    agent.since = event.at
    if event.presence == "available":
        _rest(agent, event.at)
        agent.misses = 0
        agent.cooling_until = None
    if event.presence in ("disconnected", "offline"):
        agent.grace_until = None


def _agent_connected(state: State, event: e.AgentConnected) -> None:
    agent = _changing_agent(state, event.agent)
    before = is_staffing(agent)
    agent.connected = True
    if is_staffing(agent) and not before:
        _staff(state, agent, 1)
    agent.grace_until = None
    if agent.presence != "offline":
        _owner_is_back(state, agent)


def _owner_is_back(state: State, agent: Agent) -> None:
    for id in agent.holds:
        held = state.interactions[id]
        if held.owner_gone_until is not None and held.agent == agent.id:
            _changing(state, id).owner_gone_until = None


def _agent_disconnected(state: State, event: e.AgentDisconnected) -> None:
    agent = _changing_agent(state, event.agent)
    if is_staffing(agent):
        _staff(state, agent, -1)
    agent.connected = False
    agent.grace_until = event.grace_until
    if event.grace_until is not None:
        state.deadlines.put(event.grace_until, "absence", agent.id)


def _owner_away(state: State, event: e.OwnerAway) -> None:
    _changing(state, event.interaction).owner_gone_until = event.until
    state.deadlines.put(event.until, "grace", event.interaction)


def _grace_ended(state: State, event: e.GraceEnded) -> None:
    _changing(state, event.interaction).owner_gone_until = None


def _cool_down_ended(state: State, event: e.CoolDownEnded) -> None:
    _changing_agent(state, event.agent).cooling_until = None


def _nothing(state: State, event: e.AnyEvent) -> None:
    """A fact for readers of the log that changes no state."""


def offer_id(interaction: InteractionId, number: int) -> OfferId:
    """Return the id of the `number`-th offer of `interaction`."""
    return f"{interaction}.{number}"


WRITERS: dict[type[Any], Callable[[State, Any], None]] = {
    e.Admitted: _admitted,
    e.Enqueued: _enqueued,
    e.AutoReplied: _auto_replied,
    e.AutoReplySuppressed: _nothing,
    e.AnsweredByBot: _answered_by_bot,
    e.WarningRaised: _nothing,
    e.MessageAdded: _message_added,
    e.DeliveryReported: _nothing,
    e.Offered: _offered,
    e.OfferAccepted: _offer_accepted,
    e.OfferDeclined: _offer_declined,
    e.OfferExpired: _offer_expired,
    e.OfferWithdrawn: _offer_withdrawn,
    e.BreakerTripped: _breaker_tripped,
    e.Abandoned: _abandoned,
    e.CustomerDisconnected: _customer_disconnected,
    e.CustomerReconnected: _customer_reconnected,
    e.Ended: _ended,
    e.WrapUpExtended: _wrap_up_extended,
    e.WrappedUp: _wrapped_up,
    e.Resumed: _resumed,
    e.Parked: _parked,
    e.Transferred: _let_go,
    e.OwnerLost: _let_go,
    e.WarmTransferAsked: _warm_transfer_asked,
    e.WarmTransferAccepted: _warm_transfer_accepted,
    e.WarmTransferEnded: _warm_transfer_ended,
    e.OnlyAgentLifted: _only_agent_lifted,
    e.RoomJoined: _room_joined,
    e.RoomLeft: _room_left,
    e.TakenOver: _taken_over,
    e.Assigned: _nothing,
    e.OutboundStarted: _outbound_started,
    e.SpamMarked: _nothing,
    e.Undone: _undone,
    e.Moved: _moved,
    e.Reprioritised: _reprioritised,
    e.Closed: _closed,
    e.SlaAgreed: _sla_agreed,
    e.ClockStarted: _clock_started,
    e.ClockPaused: _clock_paused,
    e.ClockResumed: _clock_resumed,
    e.ClockStopped: _clock_stopped,
    e.SlaWarned: _sla_warned,
    e.SlaBreached: _sla_breached,
    e.CallTried: _call_tried,
    e.Scheduled: _scheduled,
    e.RequirementExpired: _requirement_expired,
    e.WaitReached: _wait_reached,
    e.StepTaken: _step_taken,
    e.StepHeld: _step_later,
    e.StepsChanged: _step_later,
    e.HoldEnded: _hold_ended,
    e.BarLifted: _bar_lifted,
    e.Forgotten: _forgotten,
    e.WaitEstimated: _wait_estimated,
    e.OverflowDue: _overflow_due,
    e.Overflowed: _overflowed,
    e.WayOffered: _way_offered,
    e.Converted: _converted,
    e.CustomerTold: _nothing,
    e.HoursChanged: _hours_changed,
    e.EmergencySet: _emergency_set,
    e.EmergencyCleared: _emergency_cleared,
    e.AgentDefined: _agent_defined,
    e.AgentRemoved: _agent_removed,
    e.PresenceChanged: _presence_changed,
    e.AgentConnected: _agent_connected,
    e.AgentDisconnected: _agent_disconnected,
    e.OwnerAway: _owner_away,
    e.GraceEnded: _grace_ended,
    e.CoolDownEnded: _cool_down_ended,
}
