"""Who may be offered what, and if not, why (semantics.md section 6)."""

from agents.agent import Agent
from agents.availability import unavailable_because
from queues.interaction import Interaction
from vocabulary.ids import AgentId
from vocabulary.instants import Instant


def reserved_for(interaction: Interaction) -> AgentId | None:
    """Return the one agent who may be offered `interaction` now, or None if it isn't kept for anybody."""
    if interaction.only_agent is not None:
        return interaction.only_agent
    return interaction.preferred_agent if interaction.hold_until is not None else None


def fails_because(agent: Agent, interaction: Interaction, now: Instant) -> str | None:
    """Return the first condition of semantics.md section 6 that `agent` fails for `interaction`, or None.

    Reasons are codes: those of `unavailable_because`, then `not_member`, `delay`, `requirement:<skill>`, `no_room`,
    `held_for:<agent>`, `barred`, `offered_already`. What was transferred to an agent by name asks neither for the
    queue nor for skills.
    """
    reason = unavailable_because(agent, interaction.medium, now)
    if reason is None and interaction.only_agent != agent.id:
        reason = not_for(agent, interaction)
    if reason is not None:
        return reason
    if not agent.has_room(interaction.medium) and interaction.id not in agent.holds:
        return "no_room"
    return _kept_from(agent, interaction, now)


def not_for(agent: Agent, interaction: Interaction) -> str | None:
    """Return why `interaction` is not for `agent`, by its queue and the skills it asks for, or None."""
    membership = agent.profile.queues.get(interaction.queue)
    sees = membership is not None and membership.delay <= interaction.waited_seen
    if not sees and not any(group in interaction.groups for group in agent.profile.groups):
        return "not_member" if membership is None else "delay"
    for requirement in interaction.in_force:
        if not requirement.met_by(agent.profile.skills):
            return f"requirement:{requirement}"
    return None


def _kept_from(agent: Agent, interaction: Interaction, now: Instant) -> str | None:
    only = reserved_for(interaction)
    if only is not None and only != agent.id:
        return f"held_for:{only}"
    barred_until = interaction.barred.get(agent.id)
    if barred_until is not None and now < barred_until:
        return "barred"
    return "offered_already" if interaction.id in agent.holds else None
