"""Idempotency-Key: a repeated call answers what the first one did and does nothing again.

Kept are answers of calls that changed something (2xx). A refused call changed nothing, so its repetition may run: a
reply that a page sent too early works when it is sent again. A process that dies between the effect and the note of its
answer is covered by the ids: what a call writes gets ids that derive from its key (`Call.derived`), and the core and
the records know them the second time.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import msgspec

from vocabulary.instants import Instant
from vocabulary.records import IdempotencyRow, PutNew
from web.problems import Problem
from web.site import Site

KEY_MAX = 255


class Outcome(msgspec.Struct, frozen=True):
    """What a call answered: status and body."""

    status: int
    body: bytes


def checked_key(key: str) -> str:
    """Return `key` if it is one.

    Raises:
        Problem: it is empty, too long, or not printable ASCII.
    """
    if not key or len(key) > KEY_MAX or not key.isascii() or not key.isprintable():
        raise Problem("bad_request", f"Idempotency-Key must be 1 to {KEY_MAX} printable ASCII characters.")
    return key


def fingerprint_of(method: str, path: str, body: bytes) -> str:
    """Return what tells one request from another."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def answer_id(principal: str, key: str) -> str:
    """Return the id under which the answer is kept: keys of different principals never meet."""
    return hashlib.sha256(f"{principal}\n{key}".encode()).hexdigest()


class Idempotency:
    """Runs each call once for each key, also when its repetition arrives while it still runs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._running: dict[str, asyncio.Event] = {}

    async def once(self, id: str, fingerprint: str, run: Callable[[], Awaitable[Outcome]]) -> tuple[Outcome, bool]:
        """Return what `run` answers, or answered the first time; the second value tells that it was a repetition.

        Raises:
            Problem: the key stands for another request (422).
        """
        while (first := self._running.get(id)) is not None:
            await first.wait()
        done = self._running[id] = asyncio.Event()
        try:
            known = await self._site.store.idempotent_answer(id)
            if known is not None:
                return _repeated(known, fingerprint), True
            outcome = await run()
            if 200 <= outcome.status < 300:
                await self._site.write(PutNew(_row(id, fingerprint, outcome, self._site.now())))
            return outcome, False
        finally:
            del self._running[id]
            done.set()


def _row(id: str, fingerprint: str, outcome: Outcome, at: Instant) -> IdempotencyRow:
    return IdempotencyRow(id=id, fingerprint=fingerprint, status=outcome.status, body=outcome.body, at=at)


def _repeated(known: IdempotencyRow, fingerprint: str) -> Outcome:
    if known.fingerprint != fingerprint:
        raise Problem("key_reused", "This Idempotency-Key was used for another request; choose a new one.")
    return Outcome(known.status, known.body)
