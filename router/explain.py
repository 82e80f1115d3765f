"""Why an interaction is where it is (semantics.md section 17): codes with their terms; `reports.wording` has the words.

Nothing of it is kept while nobody asks: it is worked out of the state, by the same functions that decide.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from agents.agent import Agent
from queues.interaction import Interaction
from queues.lifecycle import QUEUED, InteractionState
from queues.policy import QueuePolicy
from router.eligibility import fails_because
from router.expect import expected_wait, position, staffed
from router.policy import Policy
from router.prospects import Prospect, prospects, standing
from router.reasons import Reason, ahead, failing, reason
from router.relax import steps_ahead
from router.state import State
from vocabulary.ids import AgentId, InteractionId
from vocabulary.instants import Instant
from vocabulary.skills import Requirement

S = InteractionState


def explain_interaction(state: State, policy: Policy, id: InteractionId, now: Instant) -> dict[str, Any] | None:
    """Return where interaction `id` stands and why; None if there is none.

    For each agent who may be concerned, the first condition of semantics.md section 6 that he fails; the steps that
    come by themselves, and how many agents fit then and could take it as they are now. Spans in `reasons` count from
    `now`.
    """
    interaction = state.interactions.get(id)
    if interaction is None:
        return None
    queue = policy.queues.get(interaction.queue) or QueuePolicy(name=interaction.queue)
    agents = list(concerned(state, interaction, queue))
    fails = [(agent.id, fails_because(agent, interaction, now)) for agent in agents]
    coming = prospects(state, queue, agents, interaction, now)
    count = standing(agents, interaction, now)
    wait = expected_wait(state, policy, id)
    reasons = [*_corrected(interaction, now), *_state_reasons(state, interaction, now)]
    if interaction.state in QUEUED:
        reasons += _place_reasons(state, policy, interaction, now)
        reasons += _agent_reasons(interaction, fails)
        reasons += _coming_reasons(interaction, coming)
    reasons += _clock_reasons(interaction, now)
    return {
        "state": str(interaction.state),
        "queue": interaction.queue,
        "key": {"class": interaction.class_, "due_at": interaction.due_at, "number": interaction.number},
        "position": position(state, id, now),
        "expected_wait_ms": wait,
        "staffed": staffed(state, interaction.queue),
        "requirements": [_requirement(interaction, need) for need in interaction.requirements],
        "agents": [{"agent": agent, "fails": code} for agent, code in fails],
        "fitting": count.fitting,
        "able": count.able,
        "sla": interaction.agreement.name if interaction.agreement is not None else None,
        "steps": msgspec.to_builtins(coming),
        "reasons": msgspec.to_builtins(reasons),
    }


def concerned(state: State, interaction: Interaction, queue: QueuePolicy) -> Iterator[Agent]:
    """Iterate over the agents of its queue, those of groups that steps add now or later, and the one it is kept for."""
    yield from state.agents_of(interaction.queue)
    coming = steps_ahead(interaction, queue) if interaction.state in QUEUED else ()
    lent = {*interaction.groups, *(group for step in coming for group in step.terms.groups)}
    if lent or interaction.only_agent is not None:
        members = set(state.members.get(interaction.queue, ()))
        for id in sorted(state.agents):
            called = id == interaction.only_agent or not lent.isdisjoint(state.agents[id].profile.groups)
            if called and id not in members:
                yield state.agents[id]


def _requirement(interaction: Interaction, need: Requirement) -> dict[str, Any]:
    ends = None if need.expires_after is None else interaction.enqueued_at + need.expires_after
    return {"requirement": str(need), "expired": str(need) in interaction.expired, "expires_at": ends}


def _corrected(interaction: Interaction, now: Instant) -> Iterator[Reason]:
    said = interaction.corrected
    if said is not None:
        yield reason("corrected", agent=said.by, label=interaction.label, for_ms=now - said.at)


def _state_reasons(state: State, interaction: Interaction, now: Instant) -> Iterator[Reason]:
    agent, queue = interaction.agent, interaction.queue
    match interaction.state:
        case S.SCHEDULED:
            yield reason("scheduled", in_ms=ahead(interaction.scheduled_at, now), queue=queue)
        case S.ANSWERED_BY_BOT if interaction.asked is not None:
            yield reason("with_bot_asked", in_ms=ahead(interaction.confirm_until, now))
        case S.ANSWERED_BY_BOT:
            if interaction.bulk:
                yield reason("bulk_answered")
            yield reason("with_bot", in_ms=ahead(interaction.confirm_until, now))
        case S.WAITING:
            yield reason("waits", queue=queue, for_ms=now - interaction.enqueued_at)
            if any(each.label == interaction.label for each in state.avalanches.values()):
                yield reason("avalanche", label=interaction.label)
        case S.OFFERED:
            pending = [state.offers[id] for id in interaction.offers]
            ends = min(offer.expires_at for offer in pending)
            yield reason("rings_at", agents=tuple(offer.agent for offer in pending), in_ms=ahead(ends, now))
        case S.ACTIVE:
            yield reason("handled_by", agent=agent, queue=queue)
        case S.PARKED:
            yield reason("parked_with", agent=agent)
            if interaction.parked_until is not None:
                yield reason("parked_till", in_ms=ahead(interaction.parked_until, now))
        case S.WRAP_UP:
            yield reason("wraps_up", agent=agent)
        case S.CLOSED | S.ABANDONED as ended:
            yield reason("closed" if ended is S.CLOSED else "abandoned", for_ms=now - (interaction.closed_at or now))


def _place_reasons(state: State, policy: Policy, interaction: Interaction, now: Instant) -> Iterator[Reason]:
    """Its place: number in line, when it is due and by what, how long it may take."""
    number = position(state, interaction.id, now)
    if number is not None and interaction.state is S.WAITING:
        yield reason("position", number=number)
    due, terms = interaction.due_at - now, {"target_ms": interaction.target, "priority": interaction.priority}
    yield reason("due_in", in_ms=due, **terms) if due >= 0 else reason("overdue", for_ms=-due, **terms)
    if interaction.segments:
        yield reason("of_segments", segments=interaction.segments)
    if interaction.class_:
        yield reason("class_before" if interaction.class_ < 0 else "class_after", number=interaction.class_)
    if not staffed(state, interaction.queue):
        yield reason("nobody_staffed", queue=interaction.queue)
    wait = expected_wait(state, policy, interaction.id)
    if wait is not None:
        yield reason("expected_wait", low_ms=wait[0], high_ms=wait[1])
    if interaction.only_agent is not None:
        yield reason("only_for", agent=interaction.only_agent)
    elif interaction.hold_until is not None:
        yield reason("kept_for", agent=interaction.preferred_agent, in_ms=ahead(interaction.hold_until, now))


def _agent_reasons(interaction: Interaction, fails: list[tuple[AgentId, str | None]]) -> Iterator[Reason]:
    if not fails:
        yield reason("no_members", queue=interaction.queue)
        return
    able = tuple(agent for agent, code in fails if code is None)
    if able:
        yield reason("some_can", count=len(able), agents=able)
    elif interaction.state is S.WAITING:
        yield reason("none_can", count=len(fails), queue=interaction.queue)
    yield from failing((agent, code) for agent, code in fails if code != "offered_already")


def _coming_reasons(interaction: Interaction, coming: list[Prospect]) -> Iterator[Reason]:
    for step in coming:
        yield step.reason
        yield reason("then", count=step.fitting, able=step.able)
    if not coming and interaction.state is S.WAITING:
        yield reason("no_steps")


def _clock_reasons(interaction: Interaction, now: Instant) -> Iterator[Reason]:
    for name, clock in sorted(interaction.clocks.items()):
        if clock.left is not None:
            yield reason("clock_paused", clock=name)
        elif clock.runs and clock.due_at > now:
            yield reason("clock_due", clock=name, in_ms=clock.due_at - now)
        elif clock.runs:
            yield reason("clock_over", clock=name, for_ms=now - clock.due_at)
