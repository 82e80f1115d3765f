"""`evolve`: write an event into the state. The only writer of `State`; it decides nothing."""

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from agents.agent import WORK, Agent, Hold, HoldKind, Membership
from agents.busy import share_after
from queues.interaction import Interaction, Offer, OfferState
from queues.lifecycle import CAUSES, NEW, InteractionState, allows
from router import events as e
from router.state import HANDLING_SAMPLES, QUEUED, REPLIES_KEPT, State, schedule, schedule_agent
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant
from vocabulary.skills import Requirement

S = InteractionState
SAME_OPENING = ("moved", "transferred", "owner_lost")
"""Causes of a leg that goes on with what the customer came for: who declined it is still ranked last."""


def evolve(state: State, event: e.AnyEvent) -> None:
    """Write `event` into `state`."""
    WRITERS[type(event)](state, event)


def restore_interaction(state: State, interaction: Interaction) -> None:
    """Put an interaction of a checkpoint into `state`."""
    state.interactions[interaction.id] = interaction
    state.index.put(interaction)
    schedule(state, interaction)


def restore_agent(state: State, agent: Agent) -> None:
    """Put an agent of a checkpoint into `state`."""
    state.agents[agent.id] = agent
    state.index.put_agent(agent)
    schedule_agent(state, agent)
    _index_members(state, agent.id, {}, agent.profile.queues)


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


def _enter(state: State, table: dict[Any, Any], key: str, value: Any) -> None:
    if state.undo is not None:
        state.undo.entry(table, key)
    table[key] = value


def _go(interaction: Interaction, by: str, to: InteractionState) -> None:
    """Let an interaction be in another state, by a way that the lifecycle lists."""
    state = interaction.state
    assert allows(state, by, to), f"{interaction.id}: no way from {state} to {to} by {by!r}"
    interaction.state = to


# -- what an agent holds


def _occupy(state: State, id: AgentId, interaction: Interaction, cost: int, kind: HoldKind, at: Instant) -> None:
    """Let `interaction` occupy `cost` units of an agent, in the place of what it occupied before."""
    agent = _changing_agent(state, id)
    before = agent.holds.get(interaction.id)
    agent.used += cost - (before.cost if before is not None else 0)
    beyond = agent.used > agent.profile.capacity
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
    agent.busy_at = at if agent.holds and agent.works else None


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
    _go(interaction, "offer ended", S.OFFERED if interaction.offers else S.WAITING)
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
        created_at=at,
        arrived_at=at,
        enqueued_at=at,
        due_at=at,
        credit=0,
        leg=0,
        follows=event.follows,
    )


def _enqueued(state: State, event: e.Enqueued) -> None:
    interaction = _changing(state, event.interaction)
    if interaction.agent is not None:
        _release(state, interaction.agent, interaction.id, event.at)
        interaction.agent = None
    state.index.take(interaction)
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
    if not new:
        _begin_again(interaction, event)
    if event.requirements is not None:
        interaction.requirements = event.requirements
        interaction.expired = frozenset()
        interaction.groups = ()
    elif event.cause == "moved":
        interaction.groups = ()
    if event.last:
        interaction.declined_by |= frozenset(event.last)
    state.index.put(interaction)
    _schedule_leg(state, interaction)


def _begin_again(interaction: Interaction, event: e.Enqueued) -> None:
    """Forget what belonged to the leg or the opening before."""
    interaction.offers = ()
    interaction.barred = {agent: until for agent, until in interaction.barred.items() if until > event.at}
    if event.cause not in SAME_OPENING:
        interaction.declined_by = frozenset()
    interaction.step = 0
    interaction.accepted_at = None
    interaction.owner_gone_until = None
    interaction.parked_until = None
    interaction.scheduled_at = None
    interaction.confirm_until = None
    interaction.closed_at = None
    interaction.reopen_until = None


def _schedule_leg(state: State, interaction: Interaction) -> None:
    """Enter the deadlines of one who waits anew; most have none."""
    for need in interaction.requirements:
        if need.expires_after is not None:
            schedule(state, interaction)
            return
    if interaction.hold_until is not None or interaction.leg > 1 or interaction.queue in state.delays:
        schedule(state, interaction)


def _auto_replied(state: State, event: e.AutoReplied) -> None:
    sent = (*state.auto_replies.get(event.address_hash, ()), event.at)
    _enter(state, state.auto_replies, event.address_hash, sent[-REPLIES_KEPT:])
    _changing(state, event.interaction).auto_replied = True


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
    elif event.author == "agent":
        interaction.unanswered_at = None
        interaction.replied = True
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
    _go(interaction, "offered", S.OFFERED)
    interaction.offers = (*interaction.offers, event.offer)
    interaction.offers_made += 1
    if interaction.parallel > 1:
        state.index.put(interaction)
    else:
        state.index.take(interaction)
    _occupy(state, event.agent, interaction, event.cost, "offer", event.at)
    state.agents[event.agent].offered_at = event.at


def _offer_accepted(state: State, event: e.OfferAccepted) -> None:
    _end_offer(state, event.offer, "accepted")
    interaction = _changing(state, event.interaction)
    _go(interaction, "accepted", S.ACTIVE)
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


def _learn(state: State, interaction: Interaction, id: AgentId, handling: int) -> None:
    """Keep how long it took: the queue's latest, and the agent's sum for the label."""
    samples = state.handling.get(interaction.queue, ())
    samples = (*samples, handling) if len(samples) < HANDLING_SAMPLES else (*samples[1:], handling)
    _enter(state, state.handling, interaction.queue, samples)
    label = interaction.label
    count, total = state.typical.get(label, (0, 0))
    _enter(state, state.typical, label, (count + 1, total + handling))
    if id in state.agents:
        agent = _changing_agent(state, id)
        count, total = agent.handling.get(label, (0, 0))
        agent.handling = {**agent.handling, label: (count + 1, total + handling)}


def _closed(state: State, event: e.Closed) -> None:
    interaction = _changing(state, event.interaction)
    state.index.take(interaction)
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
    _occupy(state, event.agent, interaction, event.cost, "parked", event.at)
    _rest(state.agents[event.agent], event.at)


def _let_go(state: State, event: e.Transferred | e.OwnerLost) -> None:
    """The owner no longer has it; Enqueued or Closed follows in the same decision."""
    _release(state, event.agent, event.interaction, event.at)


def _reprioritised(state: State, event: e.Reprioritised) -> None:
    interaction = _changing(state, event.interaction)
    interaction.priority = event.priority
    interaction.class_ = event.class_
    interaction.due_at = event.due_at
    state.index.put(interaction)


def _call_tried(state: State, event: e.CallTried) -> None:
    _changing(state, event.interaction).attempts = event.attempt


def _scheduled(state: State, event: e.Scheduled) -> None:
    interaction = _changing(state, event.interaction)
    _release(state, interaction.agent, interaction.id, event.at)
    new = interaction.leg == 0 and interaction.scheduled_at is None
    assert allows(NEW if new else interaction.state, "admitted" if new else "rescheduled", S.SCHEDULED)
    state.index.take(interaction)
    interaction.state = S.SCHEDULED
    interaction.scheduled_at = event.due
    interaction.wrap_up_until = None
    state.deadlines.put(event.due, "due", interaction.id)


def _requirement_expired(state: State, event: e.RequirementExpired) -> None:
    interaction = _changing(state, event.interaction)
    interaction.expired |= {str(Requirement(event.skill, event.level))}
    state.index.put(interaction)
    schedule(state, interaction)


def _wait_reached(state: State, event: e.WaitReached) -> None:
    interaction = _changing(state, event.interaction)
    interaction.waited_seen = event.wait_ms
    state.index.put(interaction)
    schedule(state, interaction)


def _hold_ended(state: State, event: e.HoldEnded) -> None:
    interaction = _changing(state, event.interaction)
    interaction.hold_until = None
    state.index.put(interaction)


def _bar_lifted(state: State, event: e.BarLifted) -> None:
    interaction = _changing(state, event.interaction)
    interaction.barred = {agent: until for agent, until in interaction.barred.items() if agent != event.agent}
    state.index.put(interaction)
    schedule(state, interaction)


def _forgotten(state: State, event: e.Forgotten) -> None:
    interaction = _changing(state, event.interaction)
    for number in range(1, interaction.offers_made + 1):
        id = offer_id(interaction.id, number)
        if state.undo is not None:
            state.undo.offer(id)
        del state.offers[id]
    del state.interactions[interaction.id]


def _agent_defined(state: State, event: e.AgentDefined) -> None:
    old = state.agents.get(event.agent)
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


def _agent_removed(state: State, event: e.AgentRemoved) -> None:
    agent = _changing_agent(state, event.agent)
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
        if interaction.queue == queue and interaction.state in QUEUED:
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
        _declare(agent, event)
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
    agent.connected = True
    agent.grace_until = None
    if agent.presence != "offline":
        _owner_is_back(state, agent)


def _owner_is_back(state: State, agent: Agent) -> None:
    for id in agent.holds:
        if state.interactions[id].owner_gone_until is not None:
            _changing(state, id).owner_gone_until = None


def _agent_disconnected(state: State, event: e.AgentDisconnected) -> None:
    agent = _changing_agent(state, event.agent)
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
    e.Moved: _nothing,
    e.Reprioritised: _reprioritised,
    e.Closed: _closed,
    e.CallTried: _call_tried,
    e.Scheduled: _scheduled,
    e.RequirementExpired: _requirement_expired,
    e.WaitReached: _wait_reached,
    e.HoldEnded: _hold_ended,
    e.BarLifted: _bar_lifted,
    e.Forgotten: _forgotten,
    e.AgentDefined: _agent_defined,
    e.AgentRemoved: _agent_removed,
    e.PresenceChanged: _presence_changed,
    e.AgentConnected: _agent_connected,
    e.AgentDisconnected: _agent_disconnected,
    e.OwnerAway: _owner_away,
    e.GraceEnded: _grace_ended,
    e.CoolDownEnded: _cool_down_ended,
}
