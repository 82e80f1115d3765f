"""Agents: profiles, presence, and why they get nothing."""

from typing import Any

import msgspec

from agents.agent import MediumLimit, Membership, Profile
from router import commands as c
from router.explain_agent import explain_agent
from vocabulary.records import AgentRow, Put, Remove
from web.access import allows, tie_to_agent
from web.answers import Agents, AgentView
from web.api.handling import audit_line
from web.call import Call
from web.codes import OTHER, is_code
from web.endpoint import Endpoints
from web.explaining import language_of, worded
from web.payloads import (
    AgentChange,
    AgentProfile,
    ExplainQuery,
    MediumShare,
    PresenceChange,
    QueueMembership,
    RemovalQuery,
)
from web.presence import LEASE
from web.problems import Problem, invalid, span_at

endpoints = Endpoints("agents")

_LEASE_MAX = 24 * 3_600_000


@endpoints.get("/agents", "agent.list", "All agents")
async def list_agents(call: Call) -> Agents:
    """Answer the agents; only supervisors see what the others hold."""
    return Agents(items=[await _view(call, id) for id in sorted(call.site.state.agents)])


@endpoints.get("/agents/{id}", "agent.see", "One agent")
async def get_agent(call: Call, id: str) -> AgentView:
    """Answer the agent."""
    call.agent(id, "agent.see")
    return await _view(call, id)


async def _view(call: Call, id: str) -> AgentView:
    agent = call.site.state.agents[id]
    tie = tie_to_agent(call.principal, id)
    return await call.staff.agent(agent, with_work=allows(call.principal, "agent.act", tie))


@endpoints.put("/agents/{id}", "agent.edit", "Define an agent; 201 if he is new")
async def put_agent(call: Call, id: str, body: AgentProfile) -> AgentView:
    """Let the agent have exactly this profile."""
    profile = Profile(body.skills, _queues(body.queues), body.capacity, _media(body.media), body.groups)
    call.status = 200 if id in call.site.state.agents else 201
    await _define(call, id, profile, body.name, body.email)
    return await _view(call, id)


@endpoints.patch("/agents/{id}", "agent.edit", "Change an agent")
async def patch_agent(call: Call, id: str, body: AgentChange) -> AgentView:
    """Change what is given and leave the rest."""
    call.agent(id, "agent.edit")
    old = call.site.state.agents[id].profile
    row = await _row(call, id)
    profile = Profile(
        old.skills if body.skills is None else body.skills,
        old.queues if body.queues is None else _queues(body.queues),
        old.capacity if body.capacity is None else body.capacity,
        old.media if body.media is None else _media(body.media),
        old.groups if body.groups is None else body.groups,
    )
    name = row.name if row is not None else id
    email = row.email if row is not None else ""
    await _define(
        call, id, profile, name if body.name is None else body.name, email if body.email is None else body.email
    )
    return await _view(call, id)


async def _row(call: Call, id: str) -> AgentRow | None:
    return next((row for row in await call.site.store.agents() if row.id == id), None)


async def _define(call: Call, id: str, profile: Profile, name: str, email: str) -> None:
    row = AgentRow(id=id, name=name, email=email, profile=msgspec.json.encode(profile))
    await call.submit(c.DefineAgent(id, profile), Put(row))
    call.staff.forget_names()


def _queues(given: dict[str, QueueMembership]) -> dict[str, Membership]:
    return {name: Membership(member.priority, _delay(name, member.delay)) for name, member in given.items()}


def _delay(queue: str, delay: str | int) -> int:
    """Return ms; a bare number counts seconds, as `delay_s` of the view does."""
    span = delay * 1000 if isinstance(delay, int) else span_at(f"queues.{queue}.delay", delay)
    if span < 0:
        raise invalid(f"queues.{queue}.delay", "A delay can't be negative.")
    return span


def _media(given: dict[str, MediumShare]) -> dict[str, MediumLimit]:
    return {
        medium: MediumLimit(share.cost, share.max, share.wrap_up_cost, share.parked_cost, share.interrupts)
        for medium, share in given.items()
    }


@endpoints.delete("/agents/{id}", "agent.remove", "Remove an agent")
async def delete_agent(call: Call, id: str, query: RemovalQuery) -> None:
    """Remove the agent. Who holds work is removed only with `move_to`: the queue that takes it."""
    call.agent(id, "agent.remove")
    if query.move_to is not None and query.move_to not in call.site.policy.queues:
        raise invalid("move_to", f"There is no queue {query.move_to!r}.")
    decision = await call.submit(c.RemoveAgent(id, move=query.move_to is not None), Remove(AgentRow, id))
    call.context.leases.drop(id)
    call.staff.forget_names()
    if query.move_to is not None:
        for event in decision.events:
            interaction = getattr(event, "interaction", None)
            if type(event).__name__ == "OwnerLost" and interaction is not None:
                await _move(call, interaction, query.move_to)


async def _move(call: Call, interaction: str, queue: str) -> None:
    """Move what came free; whoever took it meanwhile keeps it."""
    if call.site.state.interactions[interaction].queue != queue:
        await call.site.submit(c.Move(interaction, queue, call.actor))


@endpoints.post("/agents/{id}/presence", "agent.act", "Declare, or force, what an agent is")
async def set_presence(call: Call, id: str, body: PresenceChange) -> AgentView:
    """Set the presence. An agent without a socket is kept connected by a lease, which his calls renew.

    A reason that is no code stays in the audit log.
    """
    call.agent(id, "agent.act")
    span = _lease(body.lease)
    by_himself = call.principal.agent == id or call.principal.role == "integration"
    if body.presence == "offline":
        call.context.leases.drop(id)
    elif body.lease is not None or (by_himself and not call.context.sockets.has_desk(id)):
        await call.context.leases.take(id, span)
    reason = body.reason if is_code(body.reason) else OTHER
    words = [] if reason == body.reason else [Put(audit_line(call, "presence", id, reason=body.reason))]
    command = c.SetPresence(id, body.presence, call.actor, reason, body.after_current, body.media)
    await call.submit(command, *words)
    return await _view(call, id)


def _lease(text: str | None) -> int:
    span = LEASE if text is None else span_at("lease", text)
    if not 0 < span <= _LEASE_MAX:
        raise invalid("lease", "A lease lasts from 1 ms to 24 h.")
    return span


@endpoints.get("/agents/{id}/explain", "agent.act", "Why an agent gets nothing")
async def explain(call: Call, id: str, query: ExplainQuery) -> dict[str, Any]:
    """Answer, for each kind of work that waits, the first condition that he fails; `text` says the same in words."""
    call.agent(id, "agent.act")
    answer = explain_agent(call.site.state, id, call.site.now())
    if answer is None:
        raise Problem("not_found", f"There is no agent {id!r}.", reason="unknown_agent")
    return await worded(call, answer, language_of(call, query))
