"""Why an agent gets nothing (semantics.md section 17)."""

from collections.abc import Iterator
from typing import Any

import msgspec

from agents.agent import Agent
from agents.availability import unavailable_because
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router.eligibility import fails_because
from router.reasons import Reason, reason
from router.state import State
from vocabulary.ids import AgentId
from vocabulary.instants import Instant

S = InteractionState


def explain_agent(state: State, id: AgentId, now: Instant) -> dict[str, Any] | None:
    """Return why agent `id` gets nothing: for each kind of work that waits, the first condition that he fails."""
    agent = state.agents.get(id)
    if agent is None:
        return None
    lines = list(_lines(state, agent, now))
    media = sorted({line["medium"] for line in lines}) or ["chat"]
    unavailable = {medium: unavailable_because(agent, medium, now) for medium in media}
    return {
        "agent": id,
        "presence": agent.presence,
        "reason": agent.reason,
        "used": agent.used,
        "capacity": agent.profile.capacity,
        "unavailable": unavailable,
        "waiting": lines,
        "reasons": msgspec.to_builtins([*_own_reasons(agent, unavailable), *_line_reasons(agent, lines)]),
    }


def _lines(state: State, agent: Agent, now: Instant) -> Iterator[dict[str, Any]]:
    """Iterate over what waits: alike as one, with how many and the first; what is kept for somebody one by one."""
    for signature in sorted(state.index.signatures()):
        places = state.index.waiting(signature)
        interaction = next(places)
        yield _line(agent, interaction, now, 1 + sum(1 for _ in places))
    for interaction in sorted(state.index.aside(), key=lambda each: each.number):
        if interaction.state is S.WAITING:
            yield _line(agent, interaction, now, 1)


def _line(agent: Agent, first: Interaction, now: Instant, count: int) -> dict[str, Any]:
    return {
        "queue": first.queue,
        "medium": first.medium,
        "first": first.id,
        "count": count,
        "fails": fails_because(agent, first, now),
    }


def _own_reasons(agent: Agent, unavailable: dict[str, str | None]) -> Iterator[Reason]:
    codes = set(unavailable.values())
    if codes == {None}:
        yield reason("takes_work")
    elif len(codes) == 1:
        yield reason("takes_nothing", fails=next(iter(unavailable.values())))
    else:
        for medium, code in unavailable.items():
            if code is not None:
                yield reason("takes_no_medium", medium=medium, fails=code)
    yield reason("room", used=agent.used, capacity=agent.profile.capacity)


def _line_reasons(agent: Agent, lines: list[dict[str, Any]]) -> Iterator[Reason]:
    """What waits in his queues, by what keeps it from him; what waits elsewhere as one number."""
    counts: dict[tuple[str, str, str], int] = {}
    elsewhere = 0
    for line in lines:
        if line["fails"] == "not_member" or (line["queue"] not in agent.profile.queues and line["fails"]):
            elsewhere += line["count"]
        elif line["fails"] is not None:
            key = (line["queue"], line["medium"], line["fails"])
            counts[key] = counts.get(key, 0) + line["count"]
    for (queue, medium, code), count in counts.items():
        yield reason("waits_but", count=count, queue=queue, medium=medium, fails=code)
    if elsewhere:
        yield reason("waits_elsewhere", count=elsewhere)
    if not lines:
        yield reason("nothing_waits")
