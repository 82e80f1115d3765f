"""Why an offer went to this agent (semantics.md section 17): everybody who came into question, in ranked order."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import msgspec

from agents.agent import Agent
from queues.interaction import Interaction, Offer
from queues.policy import QueuePolicy
from router.eligibility import fails_because
from router.explain import concerned
from router.policy import Policy
from router.ranking import rank, rank_terms
from router.reasons import Reason, ahead, reason
from router.state import State
from vocabulary.ids import InteractionId, OfferId
from vocabulary.instants import Instant


def explain_offer(state: State, policy: Policy, id: OfferId, now: Instant) -> dict[str, Any] | None:
    """Return who is a candidate for the interaction of offer `id`, in ranked order with the ranking's terms.

    Loads are as if the offer had not been made; all else is as it is now, which is what was decided on while it rings.
    """
    offer = state.offers.get(id)
    if offer is None:
        return None
    interaction = state.interactions[offer.interaction]
    queue = policy.queues.get(interaction.queue) or QueuePolicy(name=interaction.queue)
    agents = [_without(agent, interaction.id) for agent in concerned(state, interaction, queue)]
    if offer.agent in state.agents and all(agent.id != offer.agent for agent in agents):
        agents.append(_without(state.agents[offer.agent], interaction.id))
    terms = rank_terms(interaction, queue)
    candidates = [
        {
            "agent": agent.id,
            "fails": None if agent.id == offer.agent else fails_because(agent, interaction, now),
            "rank": dict(zip(terms, rank(agent, interaction, queue), strict=True)),
        }
        for agent in sorted(agents, key=lambda agent: rank(agent, interaction, queue))
    ]
    reasons = [_offer_reason(offer, interaction, now), reason("ranked_by", strategy=queue.strategy)]
    reasons += _candidate_reasons(candidates, now)
    return {
        "offer": offer.id,
        "interaction": interaction.id,
        "agent": offer.agent,
        "state": offer.state,
        "strategy": queue.strategy,
        "candidates": candidates,
        "reasons": msgspec.to_builtins(reasons),
    }


def _without(agent: Agent, interaction: InteractionId) -> Agent:
    """Return `agent` as he would be without what he holds of `interaction`."""
    hold = agent.holds.get(interaction)
    if hold is None:
        return agent
    alone = copy(agent)
    alone.holds = {id: each for id, each in agent.holds.items() if id != interaction}
    alone.used = agent.used - hold.cost
    return alone


def _offer_reason(offer: Offer, interaction: Interaction, now: Instant) -> Reason:
    agent, queue = offer.agent, interaction.queue
    match offer.state:
        case "pending":
            return reason("offer_pending", agent=agent, queue=queue, in_ms=ahead(offer.expires_at, now))
        case "accepted":
            return reason("offer_accepted", agent=agent, queue=queue)
        case "declined":
            return reason("offer_declined", agent=agent, queue=queue)
        case "expired":
            return reason("offer_expired", agent=agent, queue=queue)
        case "withdrawn":
            return reason("offer_withdrawn", agent=agent, queue=queue)


def _candidate_reasons(candidates: list[dict[str, Any]], now: Instant) -> Iterator[Reason]:
    """Those who could take it by rank, then the others with what they fail."""
    able = [candidate for candidate in candidates if candidate["fails"] is None]
    for place, candidate in enumerate(able, 1):
        rank = dict(_spoken(candidate["rank"], now))
        yield reason("candidate", number=place, agent=candidate["agent"], rank=rank)
    for each in candidates:
        if each["fails"] is not None:
            yield reason("candidate_fails", agent=each["agent"], fails=each["fails"])


def _spoken(rank: dict[str, Any], now: Instant) -> Iterator[tuple[str, Any]]:
    """Yield the terms of a ranking, instants as how long ago they are; None: never."""
    for name, value in rank.items():
        if name in SINCE:
            yield SINCE[name], now - value if value else None
        elif name != "id":
            yield name, value


SINCE = {"idle_since": "idle_ms", "offered_at": "since_offer_ms"}


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
