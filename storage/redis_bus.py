"""The bus between the processes of one site, on Redis. Nothing in it is the only copy of anything.

If Redis is away, commands can't be forwarded, what is published is lost, and leases can't be had; readers hear
`Lagged` once it is back. Every key of a site has the hash tag `{site}`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic

import msgspec
import structlog

from storage.bus import Answer, Handle, Order, Subscription
from storage.redis_link import DEADLINE, Link, Pause
from storage.redis_orders import Sender
from storage.redis_scripts import LEASE, RELEASE
from storage.redis_server import Server
from storage.redis_topics import Topics
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND, Instant, Span

log = structlog.get_logger()

PATIENCE: Span = 10 * SECOND
"""How long a forwarded command waits for its answer; a writer that dies is replaced long before."""
PAUSE: Span = 100


class Wire(msgspec.Struct, frozen=True):
    """How orders, answers and published items cross as bytes."""

    encode_order: Callable[[Any], bytes]
    decode_order: Callable[[bytes], Any]
    encode_answer: Callable[[Any], bytes]
    decode_answer: Callable[[bytes], Any]
    encode_item: Callable[[Any], bytes]
    decode_item: Callable[[bytes], Any]


class RedisBus(Generic[Order, Answer]):
    """Implements the bus's protocol over one Redis server."""

    def __init__(
        self,
        url: str,
        *,
        site: str,
        process: str,
        wire: Wire,
        pause: Pause,
        password: str | None = None,
        patience: Span = PATIENCE,
        deadline: Span = DEADLINE,
    ) -> None:
        """`process` is a name that no other process has or had; spans are ms."""
        self._link = Link(url, pause=pause, password=password, deadline=deadline)
        self._prefix = f"centrala:{{{site}}}"
        orders = f"{self._prefix}:orders"
        self._topics = Topics(self._link, self._prefix, process, wire.encode_item, wire.decode_item)
        self._sender: Sender[Order, Answer] = Sender(
            self._link,
            orders=orders,
            answers=f"{self._prefix}:answers:{process}",
            name=process,
            patience=patience,
            encode=wire.encode_order,
            decode=wire.decode_answer,
        )
        self._server: Server[Order, Answer] = Server(
            self._link, orders=orders, decode=wire.decode_order, encode=wire.encode_answer
        )
        self._deadline = deadline
        self._ahead: float | None = None
        """How many ms the server's clock is ahead of the loop's."""
        self._lease = self._link.script(LEASE)
        self._release = self._link.script(RELEASE)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_up(self) -> bool:
        """Tell whether Redis answered last time."""
        return self._link.is_up

    async def start(self) -> None:
        """Look at the server and begin. A server that is away is waited for in the background.

        Raises:
            PermanentFailure: the server is set up so that it would lose commands.
        """
        try:
            await self._link.check()
        except TemporaryFailure as failure:
            self._tasks.append(asyncio.create_task(self._check_later(str(failure)), name="bus:check"))
        for name, work in {"topics": self._topics.run, "orders": self._sender.run}.items():
            self._tasks.append(asyncio.create_task(self._kept_running(name, work), name=f"bus:{name}"))

    async def _kept_running(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` for ever; a fault of ours in it is logged, and it begins again."""
        while True:
            try:
                await work()
            except Exception:  # the one place that may: it logs and restarts
                log.exception("bus_task_failed", task=name)
            await self._link.pause(PAUSE)

    async def _check_later(self, reason: str) -> None:
        log.error("bus_down", reason=reason)
        unsafe = ""
        while reason:
            await self._link.pause(PAUSE)
            try:
                reason = unsafe = ""
                await self._link.check()
            except TemporaryFailure as failure:
                reason = str(failure)
            except PermanentFailure as refused:
                unsafe = str(refused)
        if unsafe:
            log.error("bus_unsafe", reason=unsafe)

    async def close(self) -> None:
        """End; what was published is sent first if Redis takes it at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()

    async def publish(self, topic: str, item: Any) -> None:
        """Let `item` reach all who read `topic`; never waits for Redis or for any of them."""
        self._topics.put(topic, item)

    def subscribe(self, topic: str, maxsize: int) -> AbstractAsyncContextManager[Subscription]:
        """Read `topic` while the context lasts, with room for `maxsize` items that wait."""
        return self._topics.subscribe(topic, maxsize)

    async def forward(self, command: Order) -> Answer:
        """Return what the writer answers to `command`. It is carried out once at most, however often it is sent.

        Raises:
            TemporaryFailure: too much waits, or no answer came in time.
            PermanentFailure: the writer can't carry it out.
        """
        return await self._sender.forward(command)

    async def serve(self, handle: Handle[Order, Answer]) -> None:
        """Carry out what was and is forwarded; cancel to stop."""
        await self._server.serve(handle)

    async def lease(self, name: str, holder: str, span: Span, now: Instant) -> bool:
        """Tell whether `holder` has the lease `name` for `span` ms: it was free, over, or his already.

        Redis measures the span from when it hears of this, so measure it here from before the call.

        Raises:
            TemporaryFailure: Redis did not answer; whether he has it is unknown.
        """
        clock = asyncio.get_running_loop().time
        given_up = 0 if self._ahead is None else round(clock() * 1000 + self._ahead + self._deadline)
        key = f"{self._prefix}:lease:{name}"
        taken, there = await self._link.run(self._lease, [key], [holder, span, given_up])
        self._ahead = int(there) - clock() * 1000
        if taken < 0:
            raise TemporaryFailure("Redis heard of it too late, or its clock was set")
        return bool(taken)

    async def release(self, name: str, holder: str) -> None:
        """Give the lease up, if it is `holder`'s.

        Raises:
            TemporaryFailure: Redis did not answer; the lease ends by itself.
        """
        await self._link.run(self._release, [f"{self._prefix}:lease:{name}"], [holder])
