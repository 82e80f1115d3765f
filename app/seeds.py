"""Agents and log-ins that the configuration file names: created once; later changes belong to people."""

from collections.abc import Mapping, Sequence

import msgspec

from agents.agent import Profile
from app.engine import Engine
from config.policy import profile_of
from config.schema import Agent
from config.secrets import password_of
from router.commands import DefineAgent, RemoveAgent
from vocabulary.records import AgentRow, PutNew, UserRow
from vocabulary.stores import Store
from web.passwords import hash_password


async def seed_agents(agents: Sequence[Agent], environment: Mapping[str, str], store: Store, engine: Engine) -> None:
    """Create the agents of the file that aren't there yet, and tell the core about every agent that it doesn't know."""
    known = {row.id for row in await store.users()}
    for agent in agents:
        if agent.id not in known:
            await _create(agent, password_of(agent, environment), engine)
    for row in await store.agents():
        if row.disabled and row.id in engine.state.agents:
            await engine.submit(RemoveAgent(row.id, move=True))
        elif not row.disabled and row.id not in engine.state.agents:
            profile = msgspec.json.decode(row.profile, type=Profile)
            await engine.submit(DefineAgent(row.id, profile))


async def _create(agent: Agent, password: str | None, engine: Engine) -> None:
    user = UserRow(
        id=agent.id,
        login=agent.id,
        name=agent.name,
        role=agent.role,
        # Nobody can log in with an empty hash: `centrala user reset` sets a password.
        password=hash_password(password) if password else "",
        agent=agent.id if agent.queues else None,
    )
    if not agent.queues:
        # Who serves no queue handles nothing: a log-in is all he needs.
        await engine.write(PutNew(user))
        return
    profile = profile_of(agent)
    row = AgentRow(id=agent.id, name=agent.name, profile=msgspec.json.encode(profile), email=agent.email or "")
    await engine.submit(DefineAgent(agent.id, profile), (PutNew(row), PutNew(user)))
