"""Log-ins and tokens, from the command line.

One process at a time has the embedded store, so a running site refuses these; a PostgreSQL database takes both.
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from agents.agent import Membership, Profile
from app import logs
from app.clock import SystemClock
from app.seeds import seed_people
from app.stores import AnyStore, ensure_secret, open_store, require_secret
from config.schema import Settings
from config.secrets import secret_of
from vocabulary.errors import PermanentFailure
from vocabulary.records import AgentRow, Change, Put, PutNew, Set, TokenRow, Transaction, UserRow
from web.passwords import hash_password
from web.sessions import hash_of

PASSWORD_MIN = 8


class Place(msgspec.Struct, frozen=True):
    """A site: its settings, and the folder of its configuration."""

    settings: Settings
    folder: Path


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is to log in; with queues, also an agent."""

    login: str
    name: str
    role: str
    password: str
    queues: tuple[str, ...] = ()
    skills: dict[str, int] = {}


async def add(place: Place, person: Person) -> None:
    """Let `person` log in.

    Raises:
        PermanentFailure: the login is taken, or the password too short.
    """
    _check(person.password)
    async with _opened(place) as store:
        if await store.user_by_login(person.login) is not None:
            raise PermanentFailure(f"{person.login!r} exists already; centrala user reset sets a new password")
        agent = person.login if person.queues else None
        user = UserRow(
            id=person.login,
            login=person.login,
            name=person.name,
            role=person.role,
            password=hash_password(person.password),
            agent=agent,
        )
        changes: list[Change] = [PutNew(user)]
        if agent is not None:
            profile = Profile(person.skills, {queue: Membership() for queue in person.queues})
            changes.append(PutNew(AgentRow(id=agent, name=person.name, profile=msgspec.json.encode(profile))))
        await store.commit(Transaction(changes=tuple(changes)))


async def listed(place: Place) -> list[dict[str, Any]]:
    """Return who can log in."""
    async with _opened(place) as store:
        return [
            {"login": row.login, "name": row.name, "role": row.role, "agent": row.agent, "disabled": row.disabled}
            for row in await store.users()
        ]


async def reset(place: Place, login: str, password: str) -> None:
    """Set a new password; sessions that began with the old one are over."""
    _check(password)
    async with _opened(place) as store:
        user = await _user(store, login)
        now = SystemClock().now()
        changed = msgspec.structs.replace(user, password=hash_password(password), disabled=False, sessions_from=now)
        await store.commit(Transaction(changes=(Put(changed),)))


async def disable(place: Place, login: str) -> None:
    """Keep `login` from logging in; as an agent he gets no work any more."""
    async with _opened(place) as store:
        user = await _user(store, login)
        changes: list[Change] = [Put(msgspec.structs.replace(user, disabled=True))]
        if user.agent is not None:
            changes.append(Set(AgentRow, user.agent, {"disabled": True}))
        await store.commit(Transaction(changes=tuple(changes)))


async def create_token(place: Place, *, role: str, agent: str | None, name: str) -> str:
    """Return a new API token; only its hash is kept."""
    async with _opened(place) as store:
        if agent is not None and agent not in {row.id for row in await store.agents()}:
            raise PermanentFailure(f"there is no agent {agent!r}")
        token, row = new_token(role=role, agent=agent, name=name, now=SystemClock().now())
        await store.commit(Transaction(changes=(PutNew(row),)))
        return token


def new_token(*, role: str, agent: str | None, name: str, now: int) -> tuple[str, TokenRow]:
    """Return a token of 256 random bits and the row that remembers it."""
    token = f"ct_{secrets.token_urlsafe(32)}"
    return token, TokenRow(id=hash_of(token), role=role, agent=agent, name=name, created_at=now)


async def _user(store: AnyStore, login: str) -> UserRow:
    user = await store.user_by_login(login)
    if user is None:
        raise PermanentFailure(f"there is no user {login!r}; centrala user list shows who there is")
    return user


def _check(password: str) -> None:
    if len(password) < PASSWORD_MIN:
        raise PermanentFailure(f"the password needs at least {PASSWORD_MIN} characters")


@asynccontextmanager
async def _opened(place: Place) -> AsyncIterator[AnyStore]:
    """Open the store as a start of the site would: with its secret, and with the people of the file in it."""
    # What opening it logs is not what the command answers.
    logs.set_up("warning", "text")
    await ensure_secret(place.settings, place.folder, os.environ)
    store = await open_store(place.settings, place.folder, os.environ)
    try:
        await require_secret(store, secret_of(place.settings.site.secret_file))
        await seed_people(place.settings.agents, os.environ, store)
        yield store
    finally:
        await store.close()
