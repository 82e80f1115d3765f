"""The two commonest decisions in one go: an arrival, and the end of a contact without a wrap-up.

`decide` takes many small steps, each of which may matter. Here it is first made sure that none of them does: nothing is
due, the queue has no steps, overflow, agreements or look-ahead, nothing is kept for anybody. Then the same events are
made and written at once, several times as fast; else the answer is None, and `decide` does it. Nothing here can be
refused, so nothing needs to be taken back. tests/router/test_express.py holds both against each other.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from agents.agent import Agent, Hold, MediumLimit, Profile
from queues.interaction import (
    NO_LINE,
    PLAIN,
    PRIORITY_MAX,
    PRIORITY_MIN,
    Interaction,
    Offer,
    QueueTerms,
    offer_id,
    queue_terms,
    turn_of,
)
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from router.admission import contact_of, is_ruled
from router.commands import Admit, End
from router.conclude import conclude
from router.draft import Draft
from router.events import (
    Admitted,
    AnyEvent,
    Ended,
    Enqueued,
    Forgotten,
    MessageAdded,
    OfferAccepted,
    Offered,
    WrappedUp,
)
from router.match import agent_for
from router.policy import Action, Policy
from router.ranking import BY_POOL, Ordering, ordering_of
from router.state import State
from router.writers.change import NOTHING, rest, without
from router.writers.learned import learn_handling, learn_wait, measured
from router.writers.legs import sent
from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span
from vocabulary.media import EMAIL

S = InteractionState
WAITING, OFFERED, ACTIVE, CLOSED = S.WAITING, S.OFFERED, S.ACTIVE, S.CLOSED

Inlet = tuple[str, str, QueueName]
"""Channel, medium, queue."""


class Lane(msgspec.Struct, frozen=True):
    """What is the same for all that comes by one inlet.

    `rings`: how long an offer does, 0: it is accepted at once. `no_wrap_up`: unless somebody asks for it.
    `limit`: what an interaction costs agents who have no cost of their own for its medium. `ordering`: who comes first
    for what wishes nothing; None where that depends on the interaction.
    """

    queue: QueuePolicy
    terms: QueueTerms
    rings: Span
    no_wrap_up: bool
    reopen: Span
    limit: MediumLimit
    ordering: Ordering | None


class Lanes(dict[Inlet, Lane | None]):
    """The lanes of one policy, made when they are first asked for; None where `decide` must take its steps.

    `rule`: the rule that all that comes in follows; None where that takes steps. `adds`: whether it adds anything that
    stands aside.
    """

    __slots__ = ("adds", "policy", "rule")

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy
        first = policy.rules[0] if policy.rules else None
        plain = first is not None and first.always and first.then.autoresponse is None and not first.then.language_skill
        self.rule = first if plain else None
        self.adds = first is not None and bool(first.then.preferences or first.then.tags)

    def __missing__(self, inlet: Inlet) -> Lane | None:
        lane = self[inlet] = _lane(self.policy, *inlet)
        return lane


def _lane(policy: Policy, channel: str, medium: str, name: QueueName) -> Lane | None:
    queue, inlet = policy.queues.get(name), policy.channels.get(channel)
    if queue is None or inlet is None or policy.sla or policy.guarded:
        return None
    if queue.steps or queue.may_overflow or queue.segment_targets or queue.parallel > 1 or queue.strategy == "optimal":
        return None
    if medium == EMAIL and queue.outside_hours == "schedule":
        return None
    pace = queue.target if queue.order == "wait_over_target" else 0
    return Lane(
        queue,
        queue_terms(queue.credit, queue.target, pace, 1),
        queue.offer_timeout(medium),
        queue.wrap_up in ("none", "optional"),
        inlet.reopen_window,
        Profile().limit(medium),
        ordering_of(queue, medium) if queue.strategy in BY_POOL else None,
    )


def _nothing_else(state: State, now: Instant) -> bool:
    """Tell whether no decision at `now` has to do anything but what its command says."""
    heap = state.deadlines.heap
    return not (
        state.automations or state.emergencies or state.promised or state.emptied or (heap and heap[0][0] <= now)
    )


def admitted(command: Admit, state: State, policy: Policy, now: Instant) -> list[AnyEvent] | None:
    """Let in what waits or goes to an agent and nothing else; None: `decide` it."""
    lanes = state.lanes
    if lanes is None or lanes.policy is not policy:
        lanes = state.lanes = Lanes(policy)
    rule = lanes.rule
    if rule is None or not _nothing_else(state, now):
        return None
    then = rule.then
    id, channel, medium, queue = command.id, command.channel, command.medium, command.queue or then.queue
    lane = lanes[channel, medium, queue]
    if lane is None or id in state.interactions or (state.delays and queue in state.delays):
        return None
    if command.slot is not None or command.scheduled_at is not None or command.preferred_agent or command.warnings:
        return None
    if command.blocked or command.archived or command.customer in state.expecting:
        return None
    if command.unidentified and lane.queue.ask is not None:
        return None
    if command.segment is not None and policy.segments:
        return None
    priority, class_, requirements = command.priority, command.class_, command.requirements
    if priority is None:
        priority = then.priority
    elif not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        return None
    if class_ is None:
        class_ = then.class_
    if requirements is None:
        requirements = then.requirements
    terms, index = lane.terms, state.index
    line = index.plain.get((queue, medium, requirements, terms.pace))
    if line is None:
        return None
    number = state.admitted = state.admitted + 1
    target, credit = terms.target, terms.credit
    due_at = now + target - priority * credit
    admission = Admitted(
        at=now,
        interaction=id,
        number=number,
        channel=channel,
        medium=medium,
        customer=command.customer,
        queue=queue,
        priority=priority,
        class_=class_,
        requirements=requirements,
        rule=rule.name,
    )
    enqueued = Enqueued(
        at=now,
        interaction=id,
        queue=queue,
        leg=1,
        arrived_at=now,
        due_at=due_at,
        credit=credit,
        target=target,
        pace=terms.pace,
        cause="admitted",
    )
    at = line.index
    interaction = Interaction(
        turn=turn_of(class_, due_at, number),
        id=id,
        state=WAITING,
        channel=channel,
        medium=medium,
        customer=command.customer,
        queue=queue,
        arrived_at=now,
        enqueued_at=now,
        terms=terms,
        priority=priority,
        requirements=line.signature.requirements,
        line=at,
    )
    events: list[AnyEvent] = [admission, enqueued]
    if lanes.adds or _brings_more(command):
        _bring(events, interaction, command, then)
    state.interactions[id] = interaction
    measured(state, queue).add_arrival(class_, now)
    if state.oldest:
        state.oldest.put(queue, (now, id))
    if index.touched:
        index.refresh()
    free = index.cover[at] & index.ready
    if free:
        if lane.ordering is not None and interaction.seldom is PLAIN:
            agent: Agent | None = index.first_free(interaction, free, lane.ordering)
        else:
            agent = agent_for(interaction, state, lane.queue, now)
        if agent is not None:
            interaction.line = NO_LINE
            index.touched[agent.id] = agent
            _offer(state, lane, interaction, agent, now, events)
            return events
    line.add(interaction)
    if interaction.turn < index.heads[at]:  # noqa: PLR1730 - a call of min() takes longer than most of these lines
        index.heads[at] = interaction.turn
    return events


def _brings_more(command: Admit) -> bool:
    """Tell whether anything came with it that stands aside."""
    return bool(
        command.message
        or command.labels
        or command.heads
        or command.language
        or command.segment
        or command.preferences
        or command.tags
        or command.follows
        or command.suppressed_by
        or command.mailable
        or command.address_hash is not None
    )


def _bring(events: list[AnyEvent], interaction: Interaction, command: Admit, then: Action) -> None:
    """Let what came with it be in the events and the interaction."""
    at, id = interaction.enqueued_at, interaction.id
    preferences = then.preferences if command.preferences is None else command.preferences
    admission = events[0] = replace(
        events[0],
        preferences=preferences,
        tags=(*then.tags, *command.tags),
        labels=command.labels,
        heads=command.heads,
        language=command.language,
        segment=command.segment,
        also_segments=command.also_segments,
        follows=command.follows,
        automatic=command.suppressed_by,
        contact=contact_of(command),
        ruled=is_ruled(command),
    )
    assert isinstance(admission, Admitted)
    brought = sent(admission)
    if command.message is not None:
        brought = replace(brought, messages=1, unanswered_at=at)
        message = MessageAdded(at=at, interaction=id, message=command.message, number=1, author="customer")
        events.insert(1, message)
    interaction.seldom = PLAIN if brought == PLAIN else brought


def _offer(
    state: State, lane: Lane, interaction: Interaction, agent: Agent, now: Instant, events: list[AnyEvent]
) -> None:
    """Let `interaction`, which is in no line any more, ring at `agent` or be his at once. The caller touches him."""
    id, medium, by, profile, given = interaction.id, interaction.medium, agent.id, agent.profile, not lane.rings
    made = interaction.offers_made = interaction.offers_made + 1
    offer, until = offer_id(id, made), now + lane.rings
    cost = (profile.media.get(medium) or lane.limit).cost
    used = agent.used = agent.used + cost
    holds = agent.holds
    hold = Hold(medium, cost, "active" if given else "offer", used > profile.capacity)
    agent.holds = {**holds, id: hold} if holds else {id: hold}
    agent.offered_at = now
    events.append(Offered(at=now, offer=offer, interaction=id, agent=by, cost=cost, expires_at=until))
    if not given:
        state.offers[offer] = Offer(
            id=offer, interaction=id, agent=by, state="pending", offered_at=now, expires_at=until
        )
        interaction.state = OFFERED
        interaction.offers = (offer,)
        state.deadlines.put(until, "offer", offer)
        return
    state.offers[offer] = Offer(id=offer, interaction=id, agent=by, state="accepted", offered_at=now, expires_at=until)
    events.append(OfferAccepted(at=now, offer=offer, interaction=id, agent=by))
    learn_wait(state, interaction, now)
    interaction.state = ACTIVE
    interaction.agent = by
    interaction.accepted_at = now
    if agent.busy_at is None:
        agent.busy_at = now
    agent.misses = 0


def ended(command: End, state: State, policy: Policy, now: Instant) -> list[AnyEvent] | None:
    """End a contact that has nothing aside and leaves no wrap-up, and give its agent what he takes next; or None."""
    id, owner = command.interaction, command.agent
    interaction = state.interactions.get(id)
    if interaction is None or interaction.agent != owner or interaction.seldom is not PLAIN or command.wrap_up:
        return None
    lanes, medium = state.lanes, interaction.medium
    if lanes is None or lanes.policy is not policy:
        lanes = state.lanes = Lanes(policy)
    lane = lanes[interaction.channel, medium, interaction.queue]
    if lane is None or not lane.no_wrap_up or interaction.state is not ACTIVE or not _nothing_else(state, now):
        return None
    agent, index = state.agents[owner], state.index
    if agent.after_current is not None:
        return None
    pool = index.pool_of[owner]
    full = agent.used + pool.least > pool.capacity
    over, limit = now + lane.reopen, agent.profile.media.get(medium) or lane.limit
    events: list[AnyEvent] = [
        Ended(at=now, interaction=id, agent=owner, by="agent", cost=limit.wrapping),
        WrappedUp(at=now, interaction=id, agent=owner, disposition=None, reopen_until=over),
    ]
    if interaction.accepted_at is not None:
        learn_handling(state, interaction, agent, now - interaction.accepted_at)
    holds = agent.holds
    agent.used -= holds[id].cost
    agent.holds = without(holds, id) if len(holds) > 1 else NOTHING
    rest(agent, now)
    if lane.reopen:
        interaction.state = CLOSED
        interaction.ended_at = now
        interaction.over = (now, over)
        state.deadlines.put(over, "forget", id)
    else:
        for made in range(1, interaction.offers_made + 1):
            del state.offers[offer_id(id, made)]
        del state.interactions[id]
        events.append(Forgotten(at=now, interaction=id))
    while (first := index.first_for(agent, now)) is not None:
        next_lane = lanes[first.channel, first.medium, first.queue] if first.line >= 0 else None
        if next_lane is None:
            index.touched[owner] = agent
            conclude(Draft(state, policy, now, events, {owner: None}))
            return events
        index.take(first)
        _offer(state, next_lane, first, agent, now, events)
    if not full or agent.used + pool.least <= pool.capacity:
        index.touched[owner] = agent
    return events


EXPRESS: dict[type[Any], Callable[[Any, State, Policy, Instant], list[AnyEvent] | None]] = {
    Admit: admitted,
    End: ended,
}
