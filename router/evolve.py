"""`evolve`: write an event into the state. The only writer of `State`; it decides nothing."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from agents.agent import Agent, Hold
from queues.backlog import signature_of
from queues.deadlines import DeadlineKind
from queues.interaction import Interaction, Offer, OfferState
from queues.lifecycle import CAUSES, HELD, NEW, InteractionState, allows
from router import events as e
from router.state import HANDLING_SAMPLES, REPLIES_KEPT, State
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant
from vocabulary.skills import Requirement

S = InteractionState
SAME_OPENING = ("moved", "transferred", "owner_lost")
"""Causes of a leg that goes on with what the customer came for: who declined it is still ranked last."""


def evolve(state: State, event: e.AnyEvent) -> None:
    """Write `event` into `state`."""
    _WRITERS[type(event)](state, event)


def restore_interaction(state: State, interaction: Interaction) -> None:
    """Put an interaction of a checkpoint into `state`."""
    _put(state, interaction)


def restore_agent(state: State, agent: Agent) -> None:
    """Put an agent of a checkpoint into `state`."""
    _set_agent(state, None, agent)
    _index_members(state, set(agent.profile.queues), agent.id)


def restore_offer(state: State, offer: Offer) -> None:
    """Put an offer of a checkpoint into `state`."""
    state.offers[offer.id] = offer
    if offer.state == "pending":
        state.deadlines.put(("offer", offer.id), offer.expires_at)


# -- the interaction, with all that follows from its value: its place in the backlog and its deadlines


def _put(state: State, new: Interaction) -> None:
    old = state.interactions.get(new.id)
    waited, waits = old is not None and old.state is S.WAITING, new.state is S.WAITING
    if not (waited and waits and old.key == new.key and signature_of(old) == signature_of(new)):
        if waited:
            state.backlog.remove(old)
        if waits:
            state.backlog.add(new)
    state.interactions[new.id] = new
    _set_deadlines(state, new)


def _change(state: State, id: InteractionId, /, **values: Any) -> Interaction:
    new = replace(state.interactions[id], **values)
    _put(state, new)
    return new


def _move(state: State, id: InteractionId, by: str, to: InteractionState, /, **values: Any) -> Interaction:
    """Change an interaction and its state, by a way that the lifecycle lists."""
    interaction = state.interactions[id]
    since = NEW if interaction.leg == 0 and interaction.scheduled_at is None and by == "admitted" else interaction.state
    assert allows(since, by, to), f"{id}: no way from {since} to {to} by {by!r}"
    return _change(state, id, state=to, **values)


def _set_deadlines(state: State, interaction: Interaction) -> None:
    for kind, at in _deadlines_of(state, interaction).items():
        state.deadlines.put((kind, interaction.id), at)


def _deadlines_of(state: State, interaction: Interaction) -> dict[DeadlineKind, Instant | None]:
    """Return when time changes `interaction`, by kind; None where it doesn't."""
    queued = interaction.state in (S.WAITING, S.OFFERED)
    at = interaction.state
    return {
        "requirement": _next_expiry(interaction) if queued else None,
        "delay": _next_delay(state, interaction) if queued else None,
        "bar": min(interaction.barred.values(), default=None) if queued else None,
        "hold": interaction.hold_until if queued else None,
        "customer": interaction.customer_leaves_at if queued or at is S.ACTIVE else None,
        "grace": interaction.owner_gone_until if at in HELD else None,
        "wrap_up": interaction.wrap_up_until if at is S.WRAP_UP else None,
        "due": {S.SCHEDULED: interaction.scheduled_at, S.PARKED: interaction.parked_until}.get(at),
        "confirm": interaction.confirm_until if at is S.ANSWERED_BY_BOT else None,
        "forget": interaction.reopen_until if at in (S.CLOSED, S.ABANDONED) else None,
    }


def _next_expiry(interaction: Interaction) -> Instant | None:
    spans = (requirement.expires_after for requirement in interaction.in_force)
    return min((interaction.enqueued_at + span for span in spans if span is not None), default=None)


def _next_delay(state: State, interaction: Interaction) -> Instant | None:
    later = (delay for delay in state.delays.get(interaction.queue, ()) if delay > interaction.waited_seen)
    return next((interaction.enqueued_at + delay for delay in later), None)


# -- the agent and what he holds


def _change_agent(state: State, id: AgentId, /, **values: Any) -> Agent:
    old = state.agents[id]
    new = replace(old, **values)
    _set_agent(state, old, new)
    return new


def _set_agent(state: State, old: Agent | None, new: Agent) -> None:
    state.agents[new.id] = new
    state.deadlines.put(("cool_down", new.id), new.cooling_until)
    state.deadlines.put(("absence", new.id), new.grace_until)
    _index_taker(state, old, new)


def _index_taker(state: State, old: Agent | None, new: Agent | None) -> None:
    """Keep `State.takers` in step with what became of an agent."""
    before = old.profile.queues if old is not None and old.may_take else {}
    after = new.profile.queues if new is not None and new.may_take else {}
    if before is after:
        return
    id = (old or new).id  # type: ignore[union-attr]  # one of them is an agent
    for queue in before:
        if queue not in after:
            state.takers[queue] = tuple(taker for taker in state.takers[queue] if taker != id)
    for queue in after:
        if queue not in before:
            takers = state.takers.get(queue, ())
            place = bisect_left(takers, id)
            state.takers[queue] = (*takers[:place], id, *takers[place:])


def _occupy(state: State, agent: AgentId, interaction: Interaction, cost: int) -> None:
    holds = state.agents[agent].holds | {interaction.id: Hold(interaction.medium, cost)}
    _change_agent(state, agent, holds=holds)


def _release(state: State, agent: AgentId, interaction: InteractionId, at: Instant | None) -> None:
    """Free what `interaction` occupies; `at`: he is idle from now on. None leaves his place among the idle."""
    current = state.agents.get(agent)
    if current is None or interaction not in current.holds:
        return
    holds = {id: hold for id, hold in current.holds.items() if id != interaction}
    _change_agent(state, agent, holds=holds, idle_since=current.idle_since if at is None else at)


def _end_offer(state: State, id: OfferId, to: OfferState, reason: str = "") -> Offer:
    offer = replace(state.offers[id], state=to, reason=reason)
    state.offers[id] = offer
    state.deadlines.put(("offer", id), None)
    return offer


def _offer_lost(state: State, event: Any, to: OfferState, reason: str, barred_until: Instant | None) -> Interaction:
    """An offer ended unaccepted: the interaction is back at its place unless another agent still has an offer."""
    _end_offer(state, event.offer, to, reason)
    _release(state, event.agent, event.interaction, None)
    interaction = state.interactions[event.interaction]
    offers = tuple(offer for offer in interaction.offers if offer != event.offer)
    barred = dict(interaction.barred)
    if barred_until is not None:
        barred[event.agent] = barred_until
    back = S.OFFERED if offers else S.WAITING
    return _move(state, event.interaction, "offer ended", back, offers=offers, barred=barred)


# -- one writer an event


def _admitted(state: State, event: e.Admitted) -> None:
    state.admitted = event.number
    _put(
        state,
        Interaction(
            id=event.interaction,
            number=event.number,
            channel=event.channel,
            medium=event.medium,
            customer=event.customer,
            # Enqueued or AnsweredByBot follows in the same decision; scheduled is what it is until then.
            state=S.SCHEDULED,
            queue=event.queue,
            priority=event.priority,
            class_=event.class_,
            requirements=event.requirements,
            tags=event.tags,
            labels=event.labels,
            language=event.language,
            created_at=event.at,
            arrived_at=event.at,
            enqueued_at=event.at,
            due_at=event.at,
            credit=0,
            leg=0,
            follows=event.follows,
        ),
    )


def _enqueued(state: State, event: e.Enqueued) -> None:
    interaction = state.interactions[event.interaction]
    if interaction.agent is not None:
        _release(state, interaction.agent, interaction.id, event.at)
    requirements = event.requirements
    _move(
        state,
        event.interaction,
        CAUSES[event.cause],
        S.WAITING,
        queue=event.queue,
        leg=event.leg,
        arrived_at=event.arrived_at,
        enqueued_at=event.at,
        due_at=event.due_at,
        credit=event.credit,
        agent=None,
        offers=(),
        barred={agent: until for agent, until in interaction.barred.items() if until > event.at},
        declined_by=(interaction.declined_by if event.cause in SAME_OPENING else frozenset()) | set(event.last),
        preferred_agent=event.preferred_agent,
        hold_until=event.hold_until,
        requirements=interaction.requirements if requirements is None else requirements,
        expired=interaction.expired if requirements is None else frozenset(),
        waited_seen=0,
        accepted_at=None,
        owner_gone_until=None,
        parked_until=None,
        scheduled_at=None,
        confirm_until=None,
        closed_at=None,
        reopen_until=None,
    )


def _auto_replied(state: State, event: e.AutoReplied) -> None:
    sent = (*state.auto_replies.get(event.address_hash, ()), event.at)
    state.auto_replies[event.address_hash] = sent[-REPLIES_KEPT:]
    _change(state, event.interaction, auto_replied=True)


def _answered_by_bot(state: State, event: e.AnsweredByBot) -> None:
    by = "admitted" if state.interactions[event.interaction].leg == 0 else "answered by bot"
    _move(state, event.interaction, by, S.ANSWERED_BY_BOT, confirm_until=event.confirm_until)


def _message_added(state: State, event: e.MessageAdded) -> None:
    interaction = state.interactions[event.interaction]
    values: dict[str, Any] = {"messages": event.number}
    if event.author == "customer":
        values["unanswered_at"] = interaction.unanswered_at or event.at
    elif event.author == "agent":
        values |= {"unanswered_at": None, "replied": True}
    elif event.author == "bot" and interaction.state is S.ANSWERED_BY_BOT:
        values["unanswered_at"] = None
    _change(state, event.interaction, **values)


def _offered(state: State, event: e.Offered) -> None:
    offer = Offer(
        id=event.offer,
        interaction=event.interaction,
        agent=event.agent,
        state="pending",
        offered_at=event.at,
        expires_at=event.expires_at,
    )
    state.offers[event.offer] = offer
    state.deadlines.put(("offer", event.offer), event.expires_at)
    interaction = state.interactions[event.interaction]
    offers = (*interaction.offers, event.offer)
    made = interaction.offers_made + 1
    new = _move(state, event.interaction, "offered", S.OFFERED, offers=offers, offers_made=made)
    _occupy(state, event.agent, new, event.cost)


def _offer_accepted(state: State, event: e.OfferAccepted) -> None:
    _end_offer(state, event.offer, "accepted")
    values = {"agent": event.agent, "accepted_at": event.at, "offers": (), "hold_until": None}
    _move(state, event.interaction, "accepted", S.ACTIVE, **values)
    _change_agent(state, event.agent, misses=0)


def _offer_declined(state: State, event: e.OfferDeclined) -> None:
    interaction = _offer_lost(state, event, "declined", event.reason, event.barred_until)
    _change(state, event.interaction, declined_by=interaction.declined_by | {event.agent})


def _offer_expired(state: State, event: e.OfferExpired) -> None:
    _offer_lost(state, event, "expired", "timeout", None)
    _change_agent(state, event.agent, misses=event.misses, cooling_until=event.cooling_until)


def _offer_withdrawn(state: State, event: e.OfferWithdrawn) -> None:
    _offer_lost(state, event, "withdrawn", event.reason, event.barred_until)


def _abandoned(state: State, event: e.Abandoned) -> None:
    _move(
        state,
        event.interaction,
        "customer left",
        S.ABANDONED,
        closed_at=event.at,
        reopen_until=event.reopen_until,
        customer_leaves_at=None,
        unanswered_at=None,
    )


def _customer_disconnected(state: State, event: e.CustomerDisconnected) -> None:
    _change(state, event.interaction, customer_leaves_at=event.leaves_at)


def _customer_reconnected(state: State, event: e.CustomerReconnected) -> None:
    _change(state, event.interaction, customer_leaves_at=None)


def _ended(state: State, event: e.Ended) -> None:
    _move(
        state,
        event.interaction,
        "customer left" if event.by == "customer" else "ended",
        S.WRAP_UP,
        ended_at=event.at,
        wrap_up_until=event.wrap_up_until,
        wrap_up_extensions=0,
        customer_leaves_at=None,
        unanswered_at=None,
    )


def _wrap_up_extended(state: State, event: e.WrapUpExtended) -> None:
    extensions = state.interactions[event.interaction].wrap_up_extensions + 1
    _change(state, event.interaction, wrap_up_until=event.wrap_up_until, wrap_up_extensions=extensions)


def _wrapped_up(state: State, event: e.WrappedUp) -> None:
    interaction = state.interactions[event.interaction]
    if interaction.accepted_at is not None:
        samples = (*state.handling.get(interaction.queue, ()), event.at - interaction.accepted_at)
        state.handling[interaction.queue] = samples[-HANDLING_SAMPLES:]
    _finish(state, event, "wrapped up", event.disposition)


def _closed(state: State, event: e.Closed) -> None:
    _finish(state, event, "closed", event.reason)


def _finish(state: State, event: e.WrappedUp | e.Closed, by: str, disposition: str | None) -> None:
    interaction = state.interactions[event.interaction]
    if interaction.agent is not None:
        _release(state, interaction.agent, interaction.id, event.at)
    _move(
        state,
        event.interaction,
        by,
        S.CLOSED,
        closed_at=event.at,
        reopen_until=event.reopen_until,
        disposition=disposition,
        wrap_up_until=None,
        owner_gone_until=None,
        customer_leaves_at=None,
        confirm_until=None,
        parked_until=None,
        scheduled_at=None,
        unanswered_at=None,
    )


def _resumed(state: State, event: e.Resumed) -> None:
    values = {"agent": event.agent, "parked_until": None, "wrap_up_until": None, "ended_at": None}
    new = _move(state, event.interaction, event.cause.replace("_", " "), S.ACTIVE, **values)
    _occupy(state, event.agent, new, event.cost)


def _parked(state: State, event: e.Parked) -> None:
    values = {"parked_until": event.until, "customer_leaves_at": None, "owner_gone_until": None}
    _move(state, event.interaction, "parked", S.PARKED, **values)
    _release(state, event.agent, event.interaction, event.at)


def _let_go(state: State, event: e.Transferred | e.OwnerLost) -> None:
    """The owner no longer has it; Enqueued or Closed follows in the same decision."""
    _release(state, event.agent, event.interaction, event.at)


def _reprioritised(state: State, event: e.Reprioritised) -> None:
    _change(state, event.interaction, priority=event.priority, class_=event.class_, due_at=event.due_at)


def _call_tried(state: State, event: e.CallTried) -> None:
    _change(state, event.interaction, attempts=event.attempt)


def _scheduled(state: State, event: e.Scheduled) -> None:
    interaction = state.interactions[event.interaction]
    if interaction.agent is not None:
        _release(state, interaction.agent, interaction.id, event.at)
    by = "admitted" if interaction.leg == 0 and interaction.scheduled_at is None else "rescheduled"
    _move(state, event.interaction, by, S.SCHEDULED, scheduled_at=event.due, wrap_up_until=None)


def _requirement_expired(state: State, event: e.RequirementExpired) -> None:
    gone = str(Requirement(event.skill, event.level))
    _change(state, event.interaction, expired=state.interactions[event.interaction].expired | {gone})


def _wait_reached(state: State, event: e.WaitReached) -> None:
    _change(state, event.interaction, waited_seen=event.wait_ms)


def _hold_ended(state: State, event: e.HoldEnded) -> None:
    _change(state, event.interaction, hold_until=None)


def _bar_lifted(state: State, event: e.BarLifted) -> None:
    barred = dict(state.interactions[event.interaction].barred)
    barred.pop(event.agent, None)
    _change(state, event.interaction, barred=barred)


def _forgotten(state: State, event: e.Forgotten) -> None:
    interaction = state.interactions[event.interaction]
    for number in range(1, interaction.offers_made + 1):
        del state.offers[offer_id(interaction.id, number)]
    state.deadlines.put(("forget", interaction.id), None)
    del state.interactions[interaction.id]


def _agent_defined(state: State, event: e.AgentDefined) -> None:
    old = state.agents.get(event.agent)
    new = Agent(event.agent, event.profile, since=event.at, idle_since=event.at)
    _set_agent(state, old, new if old is None else replace(old, profile=event.profile))
    queues = set(event.profile.queues) | (set(old.profile.queues) if old else set())
    _index_members(state, queues, event.agent)


def _agent_removed(state: State, event: e.AgentRemoved) -> None:
    gone = state.agents[event.agent]
    state.deadlines.put(("cool_down", event.agent), None)
    state.deadlines.put(("absence", event.agent), None)
    _index_taker(state, gone, None)
    del state.agents[event.agent]
    _index_members(state, set(gone.profile.queues), event.agent)


def _index_members(state: State, queues: set[str], agent: AgentId) -> None:
    current = state.agents.get(agent)
    for queue in sorted(queues):
        members = {member for member in state.members.get(queue, ()) if member != agent}
        if current is not None and queue in current.profile.queues:
            members.add(agent)
        state.members[queue] = tuple(sorted(members))
        delays = {state.agents[member].profile.queues[queue].delay for member in members}
        fresh = tuple(sorted(delay for delay in delays if delay))
        if fresh != state.delays.get(queue, ()):
            state.delays[queue] = fresh
            _rethink_delays(state, queue)


def _rethink_delays(state: State, queue: str) -> None:
    for interaction in list(state.interactions.values()):
        if interaction.queue == queue and interaction.state in (S.WAITING, S.OFFERED):
            _set_deadlines(state, interaction)


def _presence_changed(state: State, event: e.PresenceChanged) -> None:
    agent = state.agents[event.agent]
    media_off = agent.media_off if event.media_off is None else frozenset(event.media_off)
    if event.after_current:
        pending = f"{event.presence}:{event.reason}"
        _change_agent(state, event.agent, after_current=pending, media_off=media_off)
        return
    values: dict[str, Any] = {"after_current": None, "media_off": media_off, "reason": event.reason}
    if event.presence != agent.presence:
        values |= {"presence": event.presence, "since": event.at}
        if event.presence == "available":
            values |= {"idle_since": event.at, "misses": 0, "cooling_until": None}
        if event.presence in ("disconnected", "offline"):
            values |= {"grace_until": None}
    new = _change_agent(state, event.agent, **values)
    if new.connected and new.presence != "offline":
        _owner_is_back(state, new)


def _agent_connected(state: State, event: e.AgentConnected) -> None:
    agent = _change_agent(state, event.agent, connected=True, grace_until=None)
    if agent.presence != "offline":
        _owner_is_back(state, agent)


def _owner_is_back(state: State, agent: Agent) -> None:
    for interaction in agent.holds:
        if state.interactions[interaction].owner_gone_until is not None:
            _change(state, interaction, owner_gone_until=None)


def _agent_disconnected(state: State, event: e.AgentDisconnected) -> None:
    _change_agent(state, event.agent, connected=False, grace_until=event.grace_until)


def _owner_away(state: State, event: e.OwnerAway) -> None:
    _change(state, event.interaction, owner_gone_until=event.until)


def _grace_ended(state: State, event: e.GraceEnded) -> None:
    _change(state, event.interaction, owner_gone_until=None)


def _cool_down_ended(state: State, event: e.CoolDownEnded) -> None:
    _change_agent(state, event.agent, cooling_until=None)


def _nothing(state: State, event: e.AnyEvent) -> None:
    """A fact for readers of the log that changes no state."""


def offer_id(interaction: InteractionId, number: int) -> OfferId:
    """Return the id of the `number`-th offer of `interaction`."""
    return f"{interaction}.{number}"


_WRITERS: dict[type[Any], Callable[[State, Any], None]] = {
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
