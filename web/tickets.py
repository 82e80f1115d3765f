"""Tickets: one opens one socket, within a minute, where a client sends no Origin."""

import secrets
from typing import Protocol

import msgspec

from vocabulary.instants import MINUTE, Instant, Span
from vocabulary.records import IdempotencyRow, PutNew, Remove
from web.access import Principal
from web.sessions import hash_of
from web.site import Site

LIFETIME: Span = MINUTE
_HELD_MAX = 10_000


class Tickets(Protocol):
    """What gives tickets and takes them."""

    async def give(self, principal: Principal, now: Instant) -> tuple[str, Instant]:
        """Return a new ticket for `principal`, and when it ends."""

    async def use(self, ticket: str, now: Instant) -> Principal | None:
        """Return whose ticket it is and use it up, or None if it is unknown, used or too old."""


class OwnTickets:
    """Tickets that this process gave out. They live a minute, so they are kept nowhere else."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Principal, Instant]] = {}

    async def give(self, principal: Principal, now: Instant) -> tuple[str, Instant]:
        """Return a new ticket for `principal`, and when it ends."""
        self._drop_old(now)
        ticket, until = secrets.token_urlsafe(32), now + LIFETIME
        self._open[hash_of(ticket)] = (principal, until)
        return ticket, until

    async def use(self, ticket: str, now: Instant) -> Principal | None:
        """Return whose ticket it is and use it up, or None if it is unknown, used or too old."""
        principal, until = self._open.pop(hash_of(ticket), (None, 0))
        return principal if now < until else None

    def _drop_old(self, now: Instant) -> None:
        # Given out in the order of their end, so the old ones come first.
        while self._open:
            first = next(iter(self._open))
            if now < self._open[first][1] and len(self._open) < _HELD_MAX:
                return
            del self._open[first]


class SharedTickets:
    """Tickets of all nodes of a site, in its records: each opens one socket, whichever node it comes to."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def give(self, principal: Principal, now: Instant) -> tuple[str, Instant]:
        """Return a new ticket for `principal`, and when it ends."""
        ticket, until = secrets.token_urlsafe(32), now + LIFETIME
        body = msgspec.json.encode(principal)
        row = IdempotencyRow(id=f"ticket:{hash_of(ticket)}", fingerprint="", status=0, body=body, at=until)
        await self._site.write(PutNew(row))
        return ticket, until

    async def use(self, ticket: str, now: Instant) -> Principal | None:
        """Return whose ticket it is and use it up, or None if it is unknown, used or too old."""
        id, mark = f"ticket:{hash_of(ticket)}", secrets.token_hex(16)
        row = await self._site.store.idempotent_answer(id)
        if row is None or now >= row.at:
            return None
        # Of two who use it at the same time, whose mark is written first has it.
        used = IdempotencyRow(id=f"{id}:used", fingerprint=mark, status=0, body=b"", at=now)
        await self._site.write(PutNew(used), Remove(IdempotencyRow, id))
        first = await self._site.store.idempotent_answer(used.id)
        is_first = first is not None and first.fingerprint == mark
        return msgspec.json.decode(row.body, type=Principal) if is_first else None
