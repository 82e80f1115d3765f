"""The two commonest decisions in one go: an arrival, and the end of a contact without a wrap-up.

`decide` takes many small steps, each of which may matter. Here it is first made sure that none of them does: nothing is
due, the queue has no steps, overflow, agreements or look-ahead, nothing is kept for anybody. Then the same events are
made and written at once, about ten times as fast; else the answer is None, and `decide` does it. Nothing here can be
refused, so nothing needs to be taken back. tests/router/test_express.py holds both against each other.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from agents.agent import Agent, Hold
from queues.interaction import (
    NO_LINE,
    PLAIN,
    PRIORITY_MAX,
    PRIORITY_MIN,
    Interaction,
    Offer,
    QueueTerms,
    Seldom,
    queue_terms,
    turn_of,
)
from queues.lifecycle import InteractionState
from queues.measured import UNMEASURED
from queues.overflow import Contact
from queues.policy import QueuePolicy
from router.commands import Admit, End
from router.conclude import conclude
from router.draft import Draft
from router.events import Admitted, AnyEvent, Ended, Enqueued, Forgotten, MessageAdded, OfferAccepted, Offered, WrappedUp
from router.match import agent_for, ring
from router.policy import Policy
from router.state import State
from router.triage import triage
from router.writers.change import NOTHING, rest
from router.writers.learned import learn_handling, learn_wait
from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span
from vocabulary.media import EMAIL

S = InteractionState
WAITING, ACTIVE, CLOSED = S.WAITING, S.ACTIVE, S.CLOSED

NO_REASONS: tuple[str, ...] = ()

Inlet = tuple[str, str, QueueName]
"""Channel, medium, queue."""


class Lane(msgspec.Struct, frozen=True):
    """What is the same for all that comes by one inlet. `at_once`: offers are accepted; `no_wrap_up`: unless asked."""

    queue: QueuePolicy
    terms: QueueTerms
    at_once: bool
    no_wrap_up: bool
    reopen: Span


class Lanes(dict[Inlet, Lane | None]):
    """The lanes of one policy, made when they are first asked for; None where `decide` must take its steps."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.policy = policy

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
        at_once=queue.offer_timeout(medium) == 0,
        no_wrap_up=queue.wrap_up in ("none", "optional"),
        reopen=inlet.reopen_window,
    )


def lanes_of(state: State, policy: Policy) -> Lanes:
    """Return the lanes of `policy`."""
    lanes: Lanes | None = state.lanes
    if lanes is None or lanes.policy is not policy:
        lanes = state.lanes = Lanes(policy)
    return lanes


def admitted(command: Admit, state: State, policy: Policy, now: Instant) -> list[AnyEvent] | None:
    """Let in what waits or goes to an agent and nothing else; None: `decide` it."""
    heap = state.deadlines.heap
    if (heap and heap[0][0] <= now) or state.emergencies or state.emptied or state.promised:
        return None
    if command.slot is not None or command.scheduled_at is not None or command.preferred_agent or command.warnings:
        return None
    rule = policy.rules[0]
    if rule.always and not rule.then.language_skill:
        name, then, reasons = rule.name, rule.then, NO_REASONS
    else:
        verdict = triage(command, state, policy, now)
        name, then, reasons = verdict.rule, verdict.then, verdict.reasons
    id, medium, class_, priority = command.id, command.medium, command.class_, command.priority
    queue = command.queue or then.queue
    lane = lanes_of(state, policy)[command.channel, medium, queue]
    if lane is None or then.autoresponse is not None or id in state.interactions or queue in state.delays:
        return None
    if priority is None:
        priority = then.priority
    elif not PRIORITY_MIN <= priority <= PRIORITY_MAX:
        return None
    if class_ is None:
        class_ = then.class_
    requirements = then.requirements if command.requirements is None else command.requirements
    terms, index = lane.terms, state.index
    line = index.plain.get((queue, medium, requirements, terms.pace))
    if line is None:
        return None
    number = state.admitted = state.admitted + 1
    answerable = command.address_hash is not None or command.suppressed_by or command.mailable
    admission = Admitted(
        at=now,
        interaction=id,
        number=number,
        channel=command.channel,
        medium=medium,
        customer=command.customer,
        queue=queue,
        priority=priority,
        class_=class_,
        requirements=requirements,
        preferences=then.preferences if command.preferences is None else command.preferences,
        tags=(*then.tags, *command.tags) if command.tags else then.tags,
        labels=command.labels,
        language=command.language,
        segment=command.segment,
        rule=name,
        reasons=reasons,
        follows=command.follows,
        automatic=command.suppressed_by,
        contact=Contact(command.address_hash, command.suppressed_by, command.mailable) if answerable else None,
    )
    due_at = now + terms.target - priority * terms.credit
    events: list[AnyEvent] = [
        admission,
        Enqueued(
            at=now,
            interaction=id,
            queue=queue,
            leg=1,
            arrived_at=now,
            due_at=due_at,
            credit=terms.credit,
            target=terms.target,
            pace=terms.pace,
            cause="admitted",
        ),
    ]
    if command.message is not None:
        message = MessageAdded(at=now, interaction=id, message=command.message, number=1, author="customer")
        events.insert(1, message)
    interaction = Interaction(
        turn=turn_of(class_, due_at, number),
        id=id,
        state=WAITING,
        channel=command.channel,
        medium=medium,
        customer=command.customer,
        queue=queue,
        arrived_at=now,
        enqueued_at=now,
        terms=terms,
        priority=priority,
        requirements=line.signature.requirements,
        seldom=_seldom(admission, command, now),
        line=line.index,
    )
    state.interactions[id] = interaction
    measured = state.measured
    measured[queue] = measured.get(queue, UNMEASURED).with_arrival(class_, now)
    if state.oldest:
        state.oldest.put(queue, (now, id))
    if index.touched:
        index.refresh()
    if index.cover[line.index] & index.ready:
        agent = agent_for(interaction, state, lane.queue, now)
        if agent is not None:
            interaction.line = NO_LINE
            _offer(state, lane, interaction, agent, now, events)
            return events
    line.add(interaction)
    turn, heads = interaction.turn, index.heads
    if turn < heads[line.index]:
        heads[line.index] = turn
    return events


def _seldom(event: Admitted, command: Admit, now: Instant) -> Seldom:
    """Return what came with it, and its first message."""
    written = command.message is not None
    if not (
        written
        or event.labels
        or event.contact
        or event.language
        or event.segment
        or event.preferences
        or event.tags
        or event.follows
    ):
        return PLAIN
    return Seldom(
        labels=event.labels,
        language=event.language,
        segment=event.segment,
        preferences=event.preferences,
        tags=event.tags,
        contact=event.contact,
        follows=event.follows,
        messages=1 if written else 0,
        unanswered_at=now if written else None,
        barred=NOTHING,
        participants=NOTHING,
        clocks=NOTHING,
    )


def _offer(
    state: State, lane: Lane, interaction: Interaction, agent: Agent, now: Instant, events: list[AnyEvent]
) -> None:
    """Let `interaction`, which waits in no line any more, ring at `agent`, or be his at once."""
    id, medium = interaction.id, interaction.medium
    offered, given = ring(interaction, agent, lane.queue, now), lane.at_once
    events.append(offered)
    state.offers[offered.offer] = Offer(
        id=offered.offer,
        interaction=id,
        agent=agent.id,
        state="accepted" if given else "pending",
        offered_at=now,
        expires_at=offered.expires_at,
    )
    interaction.offers_made += 1
    cost, profile = offered.cost, agent.profile
    used = agent.used = agent.used + cost
    hold = Hold(medium, cost, "active" if given else "offer", used > profile.capacity)
    agent.holds = {**agent.holds, id: hold} if agent.holds else {id: hold}
    agent.offered_at = now
    state.index.touched[agent.id] = agent
    if given:
        events.append(OfferAccepted(at=now, offer=offered.offer, interaction=id, agent=agent.id))
        learn_wait(state, interaction, now)
        interaction.state = ACTIVE
        interaction.agent = agent.id
        interaction.accepted_at = now
        if agent.busy_at is None:
            agent.busy_at = now
        agent.misses = 0
    else:
        interaction.state = S.OFFERED
        interaction.offers = (offered.offer,)
        state.deadlines.put(offered.expires_at, "offer", offered.offer)


def ended(command: End, state: State, policy: Policy, now: Instant) -> list[AnyEvent] | None:
    """End a contact that has nothing aside and leaves no wrap-up, and give its agent what he takes next; or None."""
    heap = state.deadlines.heap
    if (heap and heap[0][0] <= now) or state.emptied or state.promised:
        return None
    id, owner = command.interaction, command.agent
    interaction = state.interactions.get(id)
    if (
        interaction is None
        or interaction.agent != owner
        or interaction.state is not ACTIVE
        or interaction.seldom is not PLAIN
        or command.wrap_up
    ):
        return None
    lanes = lanes_of(state, policy)
    lane = lanes[interaction.channel, interaction.medium, interaction.queue]
    agent = state.agents[owner]
    if lane is None or not lane.no_wrap_up or agent.after_current is not None:
        return None
    reopen_until = now + lane.reopen
    events: list[AnyEvent] = [
        Ended(
            at=now,
            interaction=id,
            agent=owner,
            by="agent",
            cost=agent.profile.limit(interaction.medium).wrapping,
        ),
        WrappedUp(at=now, interaction=id, agent=owner, disposition=None, reopen_until=reopen_until),
    ]
    if interaction.accepted_at is not None:
        learn_handling(state, interaction, owner, now - interaction.accepted_at)
    holds = agent.holds.copy()
    agent.used -= holds.pop(id).cost
    agent.holds = holds
    rest(agent, now)
    state.index.touched[owner] = agent
    if lane.reopen:
        interaction.state = CLOSED
        interaction.ended_at = now
        interaction.over = (now, reopen_until)
        state.deadlines.put(reopen_until, "forget", id)
    else:
        _forget(state, interaction)
        events.append(Forgotten(at=now, interaction=id))
    _choose(state, policy, lanes, agent, now, events)
    return events


def _forget(state: State, interaction: Interaction) -> None:
    id, offers = interaction.id, state.offers
    for number in range(1, interaction.offers_made + 1):
        del offers[f"{id}.{number}"]
    del state.interactions[id]


def _choose(
    state: State, policy: Policy, lanes: Lanes, agent: Agent, now: Instant, events: list[AnyEvent]
) -> None:
    """Give `agent` what he takes."""
    index = state.index
    while (first := index.first_for(agent, now)) is not None:
        lane = lanes[first.channel, first.medium, first.queue] if first.line >= 0 else None
        if lane is None:
            draft = Draft(state, policy, now, events, {agent.id: None})
            conclude(draft)
            return
        index.take(first)
        _offer(state, lane, first, agent, now, events)


EXPRESS: dict[type[Any], Callable[[Any, State, Policy, Instant], list[AnyEvent] | None]] = {
    Admit: admitted,
    End: ended,
}
