"""How agents are ranked for an interaction (semantics.md section 7): terms, lower first; the id ends them."""

from collections.abc import Callable
from typing import Any, Literal

from agents.agent import Agent
from queues.interaction import Interaction
from queues.policy import QueuePolicy
from vocabulary.media import CHAT

Ordering = Literal["least_loaded", "pack", "longest_idle", "round_robin"]
"""Orders in which the agents of a pool can be kept, since they don't depend on the interaction."""

Rank = tuple[Any, ...]


def _least_loaded(agent: Agent) -> Rank:
    capacity = agent.profile.capacity
    # `load`, without the call: this is asked whenever somebody gets room.
    return (agent.used / capacity if capacity else 1.0, agent.busy, agent.idle_since, agent.id)


ORDERINGS: dict[Ordering, Callable[[Agent], Rank]] = {
    "least_loaded": _least_loaded,
    "pack": lambda agent: (-agent.load, agent.busy, agent.idle_since, agent.id),
    "longest_idle": lambda agent: (agent.idle_since, agent.id),
    "round_robin": lambda agent: (agent.offered_at, agent.id),
}

TERMS: dict[str, tuple[str, ...]] = {
    "least_loaded": ("load", "busy", "idle_since"),
    "pack": ("fullness", "busy", "idle_since"),
    "longest_idle": ("idle_since",),
    "round_robin": ("offered_at",),
    "best_skill": ("score", "idle_since"),
    "fastest": ("handling_ms", "idle_since"),
    "optimal": ("handling_ms", "idle_since"),
}
"""Names of the strategy's terms, for explanations."""

BY_POOL = ("least_loaded", "longest_idle", "round_robin")
"""Strategies that rank agents whatever the interaction is, if it prefers nobody."""

QUICKEST = ("fastest", "optimal")
"""Strategies by which whoever needs least time comes first."""


def ordering_of(queue: QueuePolicy, medium: str) -> Ordering:
    """Return the order within a pool that the queue's strategy asks for; placement concerns chats."""
    match queue.strategy:
        case "longest_idle" | "best_skill" | "fastest" | "optimal":
            return "longest_idle"
        case "round_robin":
            return "round_robin"
    return "pack" if queue.placement == "pack" and medium == CHAT else "least_loaded"


def score(interaction: Interaction, skills: dict[str, int]) -> int:
    """Return the sum of level x weight over the skills that `interaction` asks for or prefers."""
    needs = sum(need.weight * skills.get(need.skill, 0) for need in interaction.in_force)
    return needs + sum(
        wish.weight * skills.get(wish.skill, 0) for wish in interaction.preferences if wish.skill is not None
    )


def handling_ms(agent: Agent, interaction: Interaction) -> float:
    """Return the agent's mean handling time for the interaction's label, else over all labels; 0 if he has none.

    Whoever has never done it comes first, so that he gets a figure.
    """
    count, total = agent.handling.get(interaction.label, (0, 0))
    if not count:
        count = sum(n for n, _ in agent.handling.values())
        total = sum(ms for _, ms in agent.handling.values())
    return total / count if count else 0.0


def unwanted(interaction: Interaction, skills: dict[str, int], groups: tuple[str, ...]) -> Rank:
    """Return which preferences such an agent misses, the first preference first."""
    return tuple(not wish.met_by(skills, groups) for wish in interaction.preferences)


def strategy_terms(agent: Agent, interaction: Interaction, queue: QueuePolicy) -> Rank:
    """Return the terms of the queue's strategy, and the id."""
    if queue.strategy == "best_skill":
        return (-score(interaction, agent.profile.skills), agent.idle_since, agent.id)
    if queue.strategy in QUICKEST:
        return (handling_ms(agent, interaction), agent.idle_since, agent.id)
    return ORDERINGS[ordering_of(queue, interaction.medium)](agent)


def rank(agent: Agent, interaction: Interaction, queue: QueuePolicy) -> Rank:
    """Return what orders qualifying agents, best first.

    Who declined comes last, the preferred agent first, then who meets the preferences, then the strategy decides; ties
    go to the lower id.
    """
    not_preferred = interaction.preferred_agent is not None and interaction.preferred_agent != agent.id
    return (
        agent.id in interaction.declined_by,
        not_preferred,
        *unwanted(interaction, agent.profile.skills, agent.profile.groups),
        *strategy_terms(agent, interaction, queue),
    )


def rank_terms(interaction: Interaction, queue: QueuePolicy) -> tuple[str, ...]:
    """Return the names of what `rank` returns."""
    wishes = (f"misses {wish}" for wish in interaction.preferences)
    strategy = queue.strategy if queue.strategy in ("best_skill", *QUICKEST) else ordering_of(queue, interaction.medium)
    return ("declined_before", "not_preferred", *wishes, *TERMS[strategy], "id")
