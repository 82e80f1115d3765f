"""Sessions of people and tokens of programs. The records hold hashes only: who reads them can log in nowhere."""

import hashlib
import secrets

import msgspec

from vocabulary.instants import HOUR, MINUTE, Instant, Span
from vocabulary.records import Put, Remove, SessionRow, Set, UserRow
from web.access import Principal, role_of
from web.site import Site

_TOUCH_EVERY: Span = MINUTE
"""How old the note of the last call may get: one write a minute, not one a call."""


def hash_of(secret: str) -> str:
    """Return what the records hold in the place of a cookie or token. It is random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long a log-in lasts, in ms: without a call, and at most."""

    idle_ms: Span = 30 * MINUTE
    absolute_ms: Span = 12 * HOUR


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, site: Site, limits: SessionLimits) -> None:
        self._site = site
        self._limits = limits

    async def open(self, user: UserRow) -> tuple[str, Principal]:
        """Return a new cookie for `user`, and whom it stands for."""
        cookie, now = secrets.token_urlsafe(32), self._site.now()
        row = SessionRow(id=hash_of(cookie), user=user.id, csrf=secrets.token_urlsafe(32), created_at=now, seen_at=now)
        await self._site.write(Put(row))
        return cookie, _person(user, row)

    async def find(self, cookie: str) -> Principal | None:
        """Return whom `cookie` stands for, or None if it is unknown, expired, or its user was disabled.

        To ask is to use the session: its idle time starts again.
        """
        return await self._read(hash_of(cookie), use=True)

    async def check(self, session: str) -> Principal | None:
        """Return whom the session with this id stands for, as `find` does, without using it."""
        return await self._read(session, use=False)

    async def touch(self, session: str) -> None:
        """Use the session."""
        await self._read(session, use=True)

    async def _read(self, session: str, *, use: bool) -> Principal | None:
        row, now = await self._site.store.session(session), self._site.now()
        if row is None:
            return None
        if self._is_over(row, now):
            await self.end(session)
            return None
        user = await self._site.store.user(row.user)
        if user is None or user.disabled or row.created_at < user.sessions_from:
            return None
        if use and now - row.seen_at >= _TOUCH_EVERY:
            await self._site.write(Set(SessionRow, session, {"seen_at": now}))
        return _person(user, row)

    async def end(self, session: str) -> None:
        """End a session; ending it twice changes nothing."""
        await self._site.write(Remove(SessionRow, session))

    async def program(self, token: str) -> Principal | None:
        """Return whom an API token stands for, or None if it is unknown or revoked."""
        return await self.check_token(hash_of(token))

    async def check_token(self, id: str) -> Principal | None:
        """Return whom the token with this id stands for, as `program` does."""
        row = await self._site.store.token(id)
        if row is None or row.revoked:
            return None
        return Principal(id=f"token:{row.id[:12]}", role=role_of(row.role), name=row.name, agent=row.agent, token=id)

    async def still(self, principal: Principal) -> bool:
        """Tell whether `principal` may still do what he could: same rights, session or token still good."""
        now = None
        if principal.session is not None:
            now = await self.check(principal.session)
        elif principal.token is not None:
            now = await self.check_token(principal.token)
        return now is not None and (now.role, now.agent) == (principal.role, principal.agent)

    def _is_over(self, row: SessionRow, now: Instant) -> bool:
        return now - row.seen_at >= self._limits.idle_ms or now - row.created_at >= self._limits.absolute_ms


def _person(user: UserRow, session: SessionRow) -> Principal:
    return Principal(
        id=user.id,
        role=role_of(user.role),
        name=user.name,
        agent=user.agent,
        language=user.language,
        session=session.id,
        csrf=session.csrf,
    )
