"""Tickets: one opens one socket, within a minute, where a client sends no Origin."""

import secrets

from vocabulary.instants import MINUTE, Instant, Span
from web.access import Principal
from web.sessions import hash_of

LIFETIME: Span = MINUTE
_HELD_MAX = 10_000


class Tickets:
    """Tickets that this process gave out. They live a minute, so they are kept nowhere else."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Principal, Instant]] = {}

    def give(self, principal: Principal, now: Instant) -> tuple[str, Instant]:
        """Return a new ticket for `principal`, and when it ends."""
        self._drop_old(now)
        ticket, until = secrets.token_urlsafe(32), now + LIFETIME
        self._open[hash_of(ticket)] = (principal, until)
        return ticket, until

    def use(self, ticket: str, now: Instant) -> Principal | None:
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
