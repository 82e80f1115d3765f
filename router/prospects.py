"""What comes for an interaction that waits: each step that time takes by itself, and how many could serve it then."""

from collections.abc import Iterator
from copy import copy

import msgspec

from agents.agent import Agent
from queues.interaction import Interaction
from router.eligibility import fails_because
from router.reasons import Reason, reason
from router.state import QUEUED, State
from vocabulary.ids import AgentId
from vocabulary.instants import Instant, Span
from vocabulary.skills import Requirement

OWN = ("not_member", "delay", "requirement")
"""What depends on the interaction and the agent's profile, not on what the agent does just now."""


class Standing(msgspec.Struct, frozen=True):
    """How many agents `fitting`: the queue, its delay and the requirements allow them; and `able` to take it now."""

    fitting: int
    able: int


class Prospect(msgspec.Struct, frozen=True):
    """A coming step: when, what happens, and how many could serve it then as agents are now."""

    at: Instant
    reason: Reason
    fitting: int
    able: int


def standing(agents: list[Agent], interaction: Interaction, at: Instant) -> Standing:
    """Return how many of `agents` could serve `interaction` at `at` if they do then what they do now."""
    idle = [_unoccupied(agent) for agent in agents]
    fitting = sum(_kind(fails_because(agent, interaction, at)) not in OWN for agent in idle)
    return Standing(fitting, sum(_may(fails_because(agent, interaction, at)) for agent in agents))


def _kind(code: str | None) -> str:
    return (code or "").partition(":")[0]


def _may(code: str | None) -> bool:
    return code is None or code == "offered_already"


def _unoccupied(agent: Agent) -> Agent:
    """Return `agent` as he would be available and without work: then only what he is decides."""
    idle = copy(agent)
    idle.presence, idle.connected, idle.media_off = "available", True, frozenset()
    idle.cooling_until = idle.after_current = None
    idle.holds, idle.used = {}, 0
    return idle


def prospects(state: State, agents: list[Agent], interaction: Interaction, now: Instant) -> list[Prospect]:
    """Return the steps that come while `interaction` waits, in order; none if it doesn't."""
    if interaction.state not in QUEUED:
        return []
    then = copy(interaction)
    found = []
    for at, told in sorted(_coming(state, interaction, now), key=lambda step: (step[0], step[1].code)):
        _take(then, told, at)
        count = standing(agents, then, at)
        found.append(Prospect(at, told, count.fitting, count.able))
    return found


def _coming(state: State, interaction: Interaction, now: Instant) -> Iterator[tuple[Instant, Reason]]:
    since = interaction.enqueued_at
    for need in interaction.in_force:
        if need.expires_after is not None:
            at = since + need.expires_after
            yield at, reason("step_requirement", in_ms=_ahead(at, now), skill=need.skill, level=need.level)
    for delay in state.delays.get(interaction.queue, ()):
        if delay > interaction.waited_seen:
            yield since + delay, reason("step_delay", in_ms=_ahead(since + delay, now), wait_ms=delay)
    if interaction.hold_until is not None:
        until, agent = interaction.hold_until, interaction.preferred_agent
        yield until, reason("step_hold", in_ms=_ahead(until, now), agent=agent)
    for agent, until in sorted(interaction.barred.items()):
        yield until, reason("step_bar", in_ms=_ahead(until, now), agent=agent)
    for agent, until in _cooling(state, interaction, now):
        yield until, reason("step_cool_down", in_ms=_ahead(until, now), agent=agent)


def _cooling(state: State, interaction: Interaction, now: Instant) -> Iterator[tuple[AgentId, Instant]]:
    for agent in state.agents_of(interaction.queue):
        if agent.presence == "available" and agent.cooling_until is not None and agent.cooling_until > now:
            yield agent.id, agent.cooling_until


def _ahead(at: Instant, now: Instant) -> Span:
    return max(0, at - now)


def _take(then: Interaction, told: Reason, at: Instant) -> None:
    """Let a step have been taken: `then` is a copy that nobody else holds."""
    terms = told.terms
    match told.code:
        case "step_requirement":
            skill, level = terms["skill"], terms["level"]
            assert isinstance(skill, str)
            assert isinstance(level, int)
            then.expired |= {str(Requirement(skill, level))}
        case "step_delay":
            assert isinstance(terms["wait_ms"], int)
            then.waited_seen = terms["wait_ms"]
        case "step_hold":
            then.hold_until = None
        case "step_bar":
            then.barred = {agent: until for agent, until in then.barred.items() if until > at}
