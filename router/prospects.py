"""What comes for an interaction that waits: each step that time takes by itself, and how many could serve it then."""

from collections.abc import Iterator
from copy import copy

import msgspec

from agents.agent import Agent
from queues.interaction import Interaction
from queues.lifecycle import QUEUED
from queues.policy import QueuePolicy, Step
from router.eligibility import fails_because
from router.reasons import Reason, ahead, reason
from router.relax import relaxed, steps_ahead, terms_of
from router.state import State
from vocabulary.instants import Instant

OWN = ("not_member", "delay", "requirement")
"""What depends on the interaction and the agent's profile, not on what the agent does just now."""

Coming = tuple[Instant, Reason, Step | None]
"""When, what happens, and the queue's step if it is one."""


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


def prospects(
    state: State, queue: QueuePolicy, agents: list[Agent], interaction: Interaction, now: Instant
) -> list[Prospect]:
    """Return the steps that come while `interaction` waits in `queue`, in order; none if it doesn't wait.

    Each stands on those before it. One of the queue's that is held back is counted as if it were taken.
    """
    if interaction.state not in QUEUED:
        return []
    then = copy(interaction)
    found = []
    for at, told, step in sorted(_coming(state, queue, interaction, now), key=lambda each: (each[0], each[1].code)):
        _take(then, step, at)
        count = standing(agents, then, max(at, now))
        found.append(Prospect(at, told, count.fitting, count.able))
    return found


def _coming(state: State, queue: QueuePolicy, interaction: Interaction, now: Instant) -> Iterator[Coming]:
    since = interaction.enqueued_at
    for need in interaction.in_force:
        if need.expires_after is not None:
            at = since + need.expires_after
            yield at, reason("step_requirement", in_ms=ahead(at, now), skill=need.skill, level=need.level), None
    for delay in state.delays.get(interaction.queue, ()):
        if delay > interaction.waited_seen:
            yield since + delay, reason("step_delay", in_ms=ahead(since + delay, now), wait_ms=delay), None
    for coming in steps_ahead(interaction, queue):
        yield coming.at, _told(coming.step, coming.at, now), coming.step
    yield from _of_single_agents(state, interaction, now)


def _of_single_agents(state: State, interaction: Interaction, now: Instant) -> Iterator[Coming]:
    until, agent = interaction.hold_until, interaction.preferred_agent
    if until is not None:
        yield until, reason("step_hold", in_ms=ahead(until, now), agent=agent), None
    for agent, until in sorted(interaction.barred.items()):
        yield until, reason("step_bar", in_ms=ahead(until, now), agent=agent), None
    for member in state.agents_of(interaction.queue):
        if member.presence == "available" and member.cooling_until is not None and member.cooling_until > now:
            until = member.cooling_until
            yield until, reason("step_cool_down", in_ms=ahead(until, now), agent=member.id), None


def _told(step: Step, at: Instant, now: Instant) -> Reason:
    """Return what a step of the queue changes, as `(kind, details ...)`."""
    changes: list[tuple[str | int, ...]] = [("drop", skill) for skill in step.drop]
    changes += [("lower", skill, level) for skill, level in step.lower.items()]
    changes += [("groups", group) for group in step.groups]
    if step.priority:
        changes.append(("priority", step.priority))
    if at <= now:
        return reason("step_held_back", changes=tuple(changes))
    return reason("step_queue", in_ms=at - now, changes=tuple(changes))


def _take(then: Interaction, step: Step | None, at: Instant) -> None:
    """Let all that is due by `at` have happened to `then`, a copy that nobody else holds."""
    waited = at - then.enqueued_at
    over = {str(need) for need in then.in_force if need.expires_after is not None and need.expires_after <= waited}
    then.expired |= over
    then.waited_seen = max(then.waited_seen, waited)
    then.barred = {agent: until for agent, until in then.barred.items() if until > at}
    if then.hold_until is not None and then.hold_until <= at:
        then.hold_until = None
    if step is not None:
        after = relaxed(terms_of(then), step)
        then.requirements, then.groups, then.priority = after
        then.expired = frozenset()
