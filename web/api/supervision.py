"""Assign, take over, join, take back, mark as spam: supervisors, and agents who pull or invite."""

from customers.blocking import blocked, is_blocked, unblocked
from queues.interaction import Interaction
from router import commands as c
from router.supervision import SPAM
from vocabulary.records import Change, Put, attributes_changed
from web.access import Tie, tie_to_interaction
from web.answers import InteractionView, Room
from web.api.handling import audit_line, now
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import AssignTo, JoinRoom, RoomQuery, SpamMark
from web.problems import Problem, invalid
from web.views import members

endpoints = Endpoints("supervision")


@endpoints.post("/interactions/{id}/assign", "interaction.assign", "Pull it, or give it to an agent, at once")
async def assign(call: Call, id: str, body: AssignTo = AssignTo()) -> InteractionView:  # noqa: B008  (frozen)
    """Let what waits or rings be an agent's. Agents pull for themselves what waits in their queues."""
    await call.interaction(id, "interaction.assign")
    agent = _agent(call, body.agent)
    if _is_operator(call):
        _only_himself(call, agent, beyond=body.beyond_capacity)
        await call.context.leases.renew(agent)
        await call.submit(c.Assign(id, agent, agent))
    else:
        line = audit_line(call, "assign", id, agent=agent, beyond_capacity=body.beyond_capacity)
        await call.submit(c.Assign(id, agent, call.principal.id, body.beyond_capacity), Put(line))
    return await now(call, id)


def _is_operator(call: Call) -> bool:
    return call.principal.role == "operator"


def _agent(call: Call, named: str | None) -> str:
    """Return the agent who is named, else the caller himself.

    Raises:
        Problem: the caller is no agent and names nobody (422).
    """
    agent = named or call.principal.agent
    if agent is None:
        raise invalid("agent", "Name the agent; you are none yourself.")
    return agent


def _only_himself(call: Call, agent: str, *, beyond: bool) -> None:
    if agent != call.principal.agent or beyond:
        detail = "Agents take work for themselves, as far as they have room; ask a supervisor."
        raise Problem("forbidden", detail, reason="not_yours")


@endpoints.post("/interactions/{id}/takeover", "interaction.takeover", "Become the owner of what another works on")
async def take_over(call: Call, id: str, body: AssignTo = AssignTo()) -> InteractionView:  # noqa: B008  (frozen)
    """Take an active interaction from its owner, for oneself or for the agent who is named."""
    await call.interaction(id, "interaction.takeover")
    agent = _agent(call, body.agent)
    line = audit_line(call, "takeover", id, agent=agent, beyond_capacity=body.beyond_capacity)
    await call.submit(c.TakeOver(id, agent, call.actor, body.beyond_capacity), Put(line))
    return await now(call, id)


# -- rooms


@endpoints.get("/interactions/{id}/room", "interaction.read", "Who is in it beside its owner")
async def get_room(call: Call, id: str) -> Room:
    """Answer who has joined; agents don't see who monitors."""
    return _room(call, await call.interaction(id, "interaction.read"))


def _room(call: Call, found: Interaction) -> Room:
    return Room(owner=found.agent, items=members(found, monitors=not _is_operator(call)))


@endpoints.post("/interactions/{id}/room", "interaction.room", "Join it, or invite an agent")
async def join(call: Call, id: str, body: JoinRoom = JoinRoom()) -> Room:  # noqa: B008  (frozen)
    """Join as participant, monitor, whisper or barge. Owners invite participants; the rest is for supervisors."""
    found = await call.interaction(id, "interaction.room")
    agent = _agent(call, body.agent)
    changes: list[Change] = []
    if _is_operator(call):
        _only_invites(call, found, body)
    else:
        changes.append(Put(audit_line(call, "room", id, agent=agent, mode=body.mode)))
    await call.submit(c.JoinRoom(id, agent, body.mode, call.actor, body.beyond_capacity), *changes)
    return _room(call, await _found(call, id))


def _only_invites(call: Call, found: Interaction, body: JoinRoom) -> None:
    owns = Tie.OWNS in tie_to_interaction(call.principal, found, call.site.state)
    if not owns or body.mode != "participant" or body.beyond_capacity:
        detail = "Its owner may invite participants; the rest is for supervisors."
        raise Problem("forbidden", detail, reason="not_yours")


@endpoints.delete("/interactions/{id}/room", "interaction.room", "Leave it, or send somebody out")
async def leave(call: Call, id: str, query: RoomQuery) -> Room:
    """Leave the room. Owners and supervisors may send out others too."""
    found = await call.interaction(id, "interaction.room")
    agent = _agent(call, query.agent)
    if _is_operator(call) and agent != call.principal.agent:
        if Tie.OWNS not in tie_to_interaction(call.principal, found, call.site.state):
            raise Problem("forbidden", "Only its owner or a supervisor sends others out.", reason="not_yours")
        if found.participants.get(agent) == "monitor":
            # To its owner, who monitors isn't there.
            return _room(call, found)
    await call.submit(c.LeaveRoom(id, agent))
    return _room(call, await _found(call, id))


async def _found(call: Call, id: str) -> Interaction:
    found = await call.views.find(id)
    assert found is not None, "an interaction that was changed is there"
    return found


# -- taking back, spam


@endpoints.post("/interactions/{id}/undo", "interaction.steer", "Take back a move, priority or close, for 10 s")
async def undo(call: Call, id: str) -> InteractionView:
    """Let it be as it was before; 409 with the reason if it is too late. Spam that is none unblocks its sender."""
    found = await call.interaction(id, "interaction.steer")
    changes: list[Change] = [Put(audit_line(call, "undo", id))]
    customer = await call.site.store.customer(found.customer) if found.disposition == SPAM else None
    if customer is not None and is_blocked(customer.attributes):
        changes += attributes_changed(customer, unblocked(customer.attributes))
    await call.submit(c.UndoAct(id, call.actor), *changes)
    return await now(call, id)


@endpoints.post("/interactions/{id}/spam", "interaction.close", "Mark it as spam and block its sender")
async def spam(call: Call, id: str, body: SpamMark = SpamMark()) -> InteractionView:  # noqa: B008  (frozen)
    """Close it as spam. Unless `block` is false, nothing that its sender sends from now on reaches an agent."""
    found = await call.interaction(id, "interaction.close")
    line = audit_line(call, "spam", id, block=body.block, reason=body.reason)
    customer = await call.site.store.customer(found.customer) if body.block else None
    changes: list[Change] = [Put(line)]
    if customer is not None:
        changes += attributes_changed(customer, blocked(customer.attributes, call.site.now(), call.actor))
    await call.submit(c.MarkSpam(id, call.actor, line.id), *changes)
    return await now(call, id)
