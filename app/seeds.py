"""Agents and log-ins that the configuration file names: created once; later changes belong to people."""

from collections.abc import Mapping, Sequence

import msgspec

from agents.agent import Profile
from app.engine import Engine
from config.policy import profile_of
from config.schema import Agent
from config.secrets import password_of
from router.commands import DefineAgent, RemoveAgent
from vocabulary.records import AgentRow, Change, PutNew, Transaction, UserRow
from vocabulary.stores import Store
from web.passwords import hash_password


async def seed_people(agents: Sequence[Agent], environment: Mapping[str, str], store: Store) -> None:
    """Create the people of the file who aren't there yet; only those with queues are agents."""
    known = {row.id for row in await store.users()}
    for agent in agents:
        if agent.id not in known:
            await store.commit(Transaction(changes=_rows(agent, password_of(agent, environment))))


def _rows(agent: Agent, password: str | None) -> tuple[Change, ...]:
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
        return (PutNew(user),)
    profile = msgspec.json.encode(profile_of(agent))
    return (PutNew(user), PutNew(AgentRow(id=agent.id, name=agent.name, profile=profile, email=agent.email or "")))


async def tell_core(store: Store, engine: Engine) -> None:
    """Tell the core about agents who came or were disabled while it did not run."""
    for row in await store.agents():
        if row.disabled and row.id in engine.state.agents:
            await engine.submit(RemoveAgent(row.id, move=True))
        elif not row.disabled and row.id not in engine.state.agents:
            await engine.submit(DefineAgent(row.id, msgspec.json.decode(row.profile, type=Profile)))
