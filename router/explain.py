"""Why (semantics.md section 17): the same reasons that decide, as codes with their terms; pages put them into words."""

from typing import Any

from agents.agent import Agent
from agents.availability import unavailable_because
from queues.interaction import Interaction, Offer
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from router.eligibility import fails_because
from router.expect import expected_wait, position, staffed
from router.policy import Policy
from router.ranking import rank, rank_terms
from router.state import State
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant

S = InteractionState


def explain_interaction(state: State, policy: Policy, id: InteractionId, now: Instant) -> dict[str, Any] | None:
    """Return where interaction `id` stands and, for each agent of its queue, the first condition that he fails."""
    interaction = state.interactions.get(id)
    if interaction is None:
        return None
    return {
        "state": str(interaction.state),
        "queue": interaction.queue,
        "key": {"class": interaction.class_, "due_at": interaction.due_at, "number": interaction.number},
        "position": position(state, id),
        "expected_wait_ms": expected_wait(state, policy, id),
        "staffed": staffed(state, interaction.queue),
        "requirements": [
            {
                "requirement": str(need),
                "expired": str(need) in interaction.expired,
                "expires_at": _expiry(interaction, need),
            }
            for need in interaction.requirements
        ],
        "agents": [_agent_line(agent, interaction, now) for agent in state.agents_of(interaction.queue)],
        "text": _sentence(state, interaction, now),
    }


def _expiry(interaction: Interaction, need: Any) -> Instant | None:
    return None if need.expires_after is None else interaction.enqueued_at + int(need.expires_after)


def _agent_line(agent: Agent, interaction: Interaction, now: Instant) -> dict[str, Any]:
    return {"agent": agent.id, "fails": fails_because(agent, interaction, now)}


def _sentence(state: State, interaction: Interaction, now: Instant) -> str:
    if interaction.state is S.OFFERED:
        ringing = ", ".join(state.offers[offer].agent for offer in interaction.offers)
        return f"It is offered to {ringing} and waits for an answer."
    if interaction.state is not S.WAITING:
        return f"It is {interaction.state} and needs no agent."
    members = list(state.agents_of(interaction.queue))
    if not members:
        return f"Nobody is a member of queue {interaction.queue}."
    counts: dict[str, int] = {}
    for agent in members:
        reason = fails_because(agent, interaction, now) or "qualifies"
        counts[reason] = counts.get(reason, 0) + 1
    parts = ", ".join(f"{reason} ({count})" for reason, count in sorted(counts.items(), key=lambda item: -item[1]))
    return f"It waits since none of the {len(members)} agents of queue {interaction.queue} can take it: {parts}."


def explain_offer(state: State, policy: Policy, id: OfferId, now: Instant) -> dict[str, Any] | None:
    """Return who was and is a candidate for the interaction of offer `id`, in ranked order with the ranking's terms."""
    offer = state.offers.get(id)
    if offer is None:
        return None
    interaction = state.interactions[offer.interaction]
    queue = policy.queues.get(interaction.queue) or QueuePolicy(name=interaction.queue)
    ranked = sorted(state.agents_of(interaction.queue), key=lambda agent: rank(agent, interaction, queue))
    terms = rank_terms(interaction, queue)
    return {
        "offer": offer.id,
        "agent": offer.agent,
        "state": offer.state,
        "candidates": [
            {
                "agent": agent.id,
                "fails": None if agent.id == offer.agent else fails_because(agent, interaction, now),
                "rank": dict(zip(terms, rank(agent, interaction, queue), strict=True)),
            }
            for agent in ranked
        ],
    }


def explain_agent(state: State, id: AgentId, now: Instant) -> dict[str, Any] | None:
    """Return why agent `id` gets nothing: for each signature that waits, the first condition that he fails."""
    agent = state.agents.get(id)
    if agent is None:
        return None
    lines = []
    for signature in sorted(state.index.signatures()):
        interaction = state.interactions[next(state.index.waiting(signature)).id]
        fails = fails_because(agent, interaction, now)
        lines.append({"queue": signature.queue, "medium": signature.medium, "first": interaction.id, "fails": fails})
    media = sorted({signature.medium for signature in state.index.signatures()}) or ["chat"]
    return {
        "agent": id,
        "presence": agent.presence,
        "reason": agent.reason,
        "used": agent.used,
        "capacity": agent.profile.capacity,
        "unavailable": {medium: unavailable_because(agent, medium, now) for medium in media},
        "waiting": lines,
    }


def offer_reasons(state: State, offer: Offer) -> tuple[str, ...]:
    """Return why this agent was asked, as codes: affinity, the skills that were asked for, his load."""
    interaction, agent = state.interactions.get(offer.interaction), state.agents.get(offer.agent)
    if interaction is None or agent is None:
        return ()
    held = agent.holds.get(interaction.id)
    used = agent.used - (held.cost if held is not None else 0)
    skills = tuple(f"skill:{need.skill}:{agent.profile.skills.get(need.skill, 0)}" for need in interaction.in_force)
    preferred = ("preferred",) if interaction.preferred_agent == agent.id else ()
    return (*preferred, *skills, f"load:{used}/{agent.profile.capacity}")
