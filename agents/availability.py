"""Whether an agent may be offered anything now, and if not, why (semantics.md section 6, condition 1)."""

from agents.agent import Agent
from vocabulary.instants import Instant


def unavailable_because(agent: Agent, medium: str, now: Instant) -> str | None:
    """Return the first reason why `agent` takes no work of `medium` now, or None if he does.

    Reasons are codes: `presence:<presence>`, `medium_off`, `not_connected`, `cooling_down`, `after_current`.
    """
    if agent.presence != "available":
        return f"presence:{agent.presence}"
    if medium in agent.media_off:
        return "medium_off"
    if not agent.connected:
        return "not_connected"
    if agent.cooling_until is not None and now < agent.cooling_until:
        return "cooling_down"
    if agent.after_current is not None:
        return "after_current"
    return None


def is_staffing(agent: Agent) -> bool:
    """Tell whether `agent` counts as staffed: connected and available or busy (semantics.md section 14)."""
    return agent.connected and agent.presence in ("available", "busy")


def is_there(agent: Agent) -> bool:
    """Tell whether `agent` can be left with work that he has: he is connected and has not gone offline."""
    return agent.connected and agent.presence != "offline"


def can_ever_take(agent: Agent, medium: str) -> bool:
    """Tell whether one interaction of `medium` fits `agent` when he has nothing else."""
    limit = agent.profile.limit(medium)
    return limit.cost <= agent.profile.capacity and limit.max != 0
