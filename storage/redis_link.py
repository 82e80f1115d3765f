"""The connection to Redis: every command has one total deadline, is never repeated and never cut by its caller.

A command whose reply was lost may have been carried out. So nothing here tries again: who calls gives each change an id
or makes it harmless to repeat.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND, Span

log = structlog.get_logger()

DEADLINE: Span = SECOND
"""For a command and its reply, connecting included."""
KEEPS_ALL = "noeviction"

Pause = Callable[[Span], Awaitable[None]]
"""Lets some ms pass."""

Entries = Sequence[tuple[bytes, dict[bytes, bytes]]]
"""Entries of a stream: id and fields."""


class Link:
    """Commands to one Redis server."""

    def __init__(self, url: str, *, pause: Pause, password: str | None = None, deadline: Span = DEADLINE) -> None:
        """`url` as redis-py takes it: redis://, rediss:// or unix://; the deadline is in ms."""
        place = urlsplit(url)
        self.place = f"{place.hostname or place.path}:{place.port or 6379}" if place.hostname else place.path
        self.pause = pause
        self._deadline = deadline
        self._commands = _client(url, password, deadline / 1000)
        # A read that blocks for longer than the timeout of a socket would be cut by it.
        self._reads = _client(url, password, None)
        self._under_way: set[asyncio.Task[Any]] = set()
        self.is_up = False

    def script(self, text: str) -> AsyncScript:
        """Return a Lua script, for `run`."""
        return self._commands.register_script(text)

    async def run(self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[str | int | bytes]) -> Any:
        """Return what `script` answers.

        Raises:
            TemporaryFailure: no answer within the deadline; it may have run all the same.
        """
        return await self._whole(script(keys=list(keys), args=list(arguments)))

    async def read(self, stream: str, after: bytes, *, count: int, block: Span) -> Entries:
        """Return up to `count` entries behind `after`, or none after `block` ms.

        Raises:
            TemporaryFailure: no answer within the deadline, which begins when `block` is over.
        """
        reading = self._reads.xread({stream: after}, count=count, block=block)
        found = await self._bounded(reading, block + self._deadline)
        pairs = found.items() if isinstance(found, Mapping) else found or ()
        return [entry for _, entries in pairs for entry in _flat(entries)]

    async def check(self) -> None:
        """Look at the server before anything is trusted to it.

        Raises:
            PermanentFailure: it would throw keys away when its memory is full.
            TemporaryFailure: it can't be reached.
        """
        memory = await self._whole(self._commands.info("memory"))
        policy = str(memory.get("maxmemory_policy", KEEPS_ALL))
        if policy != KEEPS_ALL:
            raise PermanentFailure(
                f"bus.url: Redis at {self.place} has maxmemory-policy {policy}, so it would throw away commands that "
                f"wait when its memory is full; set maxmemory-policy {KEEPS_ALL} in its configuration"
            )

    async def close(self) -> None:
        """Let commands that are under way end, then close the connections."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._commands.aclose()
        await self._reads.aclose()

    async def _whole(self, command: Awaitable[Any]) -> Any:
        """Carry `command` out to its end even if the caller is cancelled: its reply must not be left to the next."""
        task = asyncio.ensure_future(self._bounded(command, self._deadline))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # a caller who has left doesn't ask for it any more

    async def _bounded(self, command: Awaitable[Any], span: Span) -> Any:
        try:
            async with asyncio.timeout(span / 1000):
                answer = await command
        except (RedisError, OSError, TimeoutError) as error:
            raise self._down(error) from error
        if not self.is_up:
            log.info("bus_up", redis=self.place)
        self.is_up = True
        return answer

    def _down(self, error: Exception) -> TemporaryFailure:
        reason = f"{type(error).__name__}: {error}"
        if self.is_up:
            log.error("bus_down", redis=self.place, reason=reason)
        self.is_up = False
        return TemporaryFailure(f"Redis at {self.place}: {reason}")


def _client(url: str, password: str | None, timeout: float | None) -> Redis:
    given: dict[str, Any] = {} if password is None else {"password": password}
    return Redis.from_url(
        url,
        **given,
        socket_timeout=timeout,
        socket_connect_timeout=DEADLINE / 1000,
        # redis-py would repeat a command whose reply was lost, and so carry it out twice.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def _flat(entries: Any) -> Entries:
    """Return the entries; the newer protocol nests them once more, and trimmed ones have no fields."""
    return [(id, fields) for id, fields in entries if fields]
