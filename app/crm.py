"""Another system that knows the customers, asked over HTTP who somebody is (docs/how-to/know-who-writes.md).

It is never waited for longer than its time limit, an answer is remembered for a while, and a system that fails again
and again is left alone for a while. Whatever happens, work goes on without it.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Any

import aiohttp
import msgspec
import structlog
from msgspec import Meta

from vocabulary.instants import SECOND, Instant, Span

log = structlog.get_logger()

ANSWER_MAX = 64 * 1024
REMEMBERED_MAX = 10_000
FAILED, PAUSED = "crm_failed", "crm_paused"
"""Warnings of an interaction that went on without it."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as the other system has him. `by`: the kinds of evidence that it knew him by; left out: all."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Annotated[str, Meta(max_length=200)] = ""
    language: Annotated[str, Meta(pattern="^[a-z]{2}$")] | None = None
    segment: Annotated[str, Meta(max_length=100)] | None = None
    preferred_agent: Annotated[str, Meta(max_length=63)] | None = None
    birth_date: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    postcode: Annotated[str, Meta(max_length=20)] | None = None
    attributes: dict[str, Any] = {}
    by: list[str] | None = None


class _Answer(msgspec.Struct, frozen=True):
    customer: Known | None = None


class Token(msgspec.Struct, frozen=True):
    """Something that he is known by, to ask with. `proven`: nobody else could have written it."""

    kind: str
    value: str
    proven: bool


class Reply(msgspec.Struct, frozen=True):
    """What was heard: whom it knows, nobody, or a warning why it could not be asked."""

    customer: Known | None = None
    warning: str | None = None


class HttpCrm:
    """Asks one address. `close` ends its connections."""

    def __init__(
        self,
        *,
        url: str,
        secret: str | None = None,
        timeout: Span = SECOND,
        cache: Span = 600 * SECOND,
        failures_max: int = 5,
        pause: Span = 30 * SECOND,
    ) -> None:
        """Take where to ask, how long to wait, how long to remember, and when to leave it alone."""
        self._url = url
        self._headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self._timeout = timeout
        self._cache_for = cache
        self._failures_max = failures_max
        self._pause = pause
        self._failures = 0
        self._paused_until: Instant = 0
        self._known: OrderedDict[bytes, tuple[Instant, Known | None]] = OrderedDict()
        self._session: aiohttp.ClientSession | None = None

    async def who(
        self, tokens: Sequence[Token], *, name: str, language: str | None, channel: str, now: Instant
    ) -> Reply:
        """Return whom the system knows by `tokens`; never raises."""
        if not tokens:
            return Reply()
        body = msgspec.json.encode(
            {"version": 1, "evidence": tokens, "name": name, "language": language, "channel": channel}
        )
        key = hashlib.blake2b(msgspec.json.encode(tokens), digest_size=16).digest()
        at, known = self._known.get(key, (None, None))
        if at is not None and now < at + self._cache_for:
            return Reply(known)
        if now < self._paused_until:
            return Reply(warning=PAUSED)
        try:
            async with asyncio.timeout(self._timeout / SECOND):
                answer = await self._ask(body)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            self._failed(now, type(error).__name__)
            return Reply(warning=FAILED)
        self._failures = 0
        self._remember(key, now, answer)
        return Reply(answer)

    async def _ask(self, body: bytes) -> Known | None:
        """Return what it answers; 404 and null both mean that it knows nobody."""
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
            if response.status == 404:
                return None
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            told = bytearray()
            async for chunk in response.content.iter_any():
                told += chunk
                if len(told) > ANSWER_MAX:
                    raise ValueError("an answer that is too long")
        return msgspec.json.decode(bytes(told), type=_Answer).customer

    def _failed(self, now: Instant, error: str) -> None:
        self._failures += 1
        if self._failures >= self._failures_max:
            self._paused_until, self._failures = now + self._pause, 0
        log.warning("crm_failed", error=error, paused=now < self._paused_until)

    def _remember(self, key: bytes, now: Instant, known: Known | None) -> None:
        self._known[key] = (now, known)
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Forget all answers: somebody was erased."""
        self._known.clear()

    async def close(self) -> None:
        """End its connections."""
        if self._session is not None:
            await self._session.close()
