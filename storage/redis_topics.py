"""Publishing by Redis: one bounded stream a topic, whose items are numbered, so that a reader knows what he missed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog

from storage.bus import Subscription
from storage.redis_link import Entries, Link
from storage.redis_scripts import POSITION, PUBLISH
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import Span

log = structlog.get_logger()

KEPT_MAX = 10_000
"""Items that a topic keeps for readers who are behind."""
WAITING_MAX = 8_192
BATCH = 256
READ_MAX = 500
BLOCK: Span = 500
PAUSE: Span = 50


class _Outgoing(msgspec.Struct, eq=False):
    """Items of one topic that are not sent yet; `gap`: so many before them never will be."""

    items: deque[bytes]
    gap: int = 0


class _Reading(msgspec.Struct, eq=False):
    """Where the one reader of a topic stands, and whom it serves: each from some number on."""

    subscriptions: dict[Subscription, int]
    task: asyncio.Task[None] | None = None
    after: bytes = b"0-0"
    epoch: bytes = b""
    n: int = 0
    sure: bool = False


class Topics:
    """What one node publishes and reads."""

    def __init__(
        self, link: Link, prefix: str, epoch: str, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
    ) -> None:
        """`epoch`: begins the numbering where Redis has none; no two processes may use the same."""
        self._link = link
        self._prefix = prefix
        self._epoch = epoch
        self._sends = 0
        self._sending = False
        self._encode = encode
        self._decode = decode
        self._publish = link.script(PUBLISH)
        self._position = link.script(POSITION)
        self._outgoing: dict[str, _Outgoing] = {}
        self._readings: dict[str, _Reading] = {}
        self._woken = asyncio.Event()
        self._sent = asyncio.Condition()

    def _keys(self, topic: str) -> list[str]:
        return [f"{self._prefix}:topic:{topic}", f"{self._prefix}:count:{topic}"]

    # -- publishing

    def put(self, topic: str, item: Any) -> None:
        """Send `item` soon; never waits. What there is no room for is dropped, and readers are told."""
        outgoing = self._outgoing.setdefault(topic, _Outgoing(deque()))
        if len(outgoing.items) >= WAITING_MAX:
            outgoing.gap += len(outgoing.items)
            outgoing.items.clear()
        outgoing.items.append(self._encode(item))
        self._woken.set()

    async def run(self) -> None:
        """Send what is published; cancel to stop."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            self._sending = True
            for topic, outgoing in list(self._outgoing.items()):
                while outgoing.items:
                    await self._send(topic, outgoing)
            self._sending = False
            async with self._sent:
                self._sent.notify_all()

    async def _send(self, topic: str, outgoing: _Outgoing) -> None:
        batch = [outgoing.items.popleft() for _ in range(min(BATCH, len(outgoing.items)))]
        gap, outgoing.gap = outgoing.gap, 0
        self._sends += 1
        epoch = f"{self._epoch}-{self._sends}"
        try:
            await self._link.run(self._publish, self._keys(topic), [epoch, gap, KEPT_MAX, *batch])
        except TemporaryFailure:
            # It may be there or not: readers look into the journal rather than hear it twice.
            outgoing.gap += gap + len(batch)
            await self._link.pause(PAUSE)

    async def flushed(self) -> None:
        """Return when what was published before has been sent, or dropped."""
        async with self._sent:
            await self._sent.wait_for(self._is_idle)

    def _is_idle(self) -> bool:
        return not self._sending and not any(each.items for each in self._outgoing.values())

    # -- reading

    @asynccontextmanager
    async def subscribe(self, topic: str, maxsize: int) -> AsyncIterator[Subscription]:
        """Read `topic` while the context lasts. Redis may be away: then the reader hears `Lagged` once it is back."""
        await self.flushed()
        subscription = Subscription(maxsize)
        reading = self._readings.setdefault(topic, _Reading({}))
        try:
            after, epoch, n = await self._where(topic)
        except TemporaryFailure:
            subscription.lose()
            reading.subscriptions[subscription] = 0
        else:
            reading.subscriptions[subscription] = n if epoch else 0
            if reading.task is None:
                reading.after, reading.epoch, reading.n, reading.sure = after, epoch, n, True
        if reading.task is None:
            reading.task = asyncio.create_task(self._read(topic, reading), name=f"bus:{topic}")
        try:
            yield subscription
        finally:
            del reading.subscriptions[subscription]
            if not reading.subscriptions and reading.task is not None:
                reading.task.cancel()
                if self._readings.get(topic) is reading:
                    del self._readings[topic]

    async def _where(self, topic: str) -> tuple[bytes, bytes, int]:
        after, epoch, n = await self._link.run(self._position, self._keys(topic), [])
        return after, epoch, int(n)

    async def _read(self, topic: str, reading: _Reading) -> None:
        stream = self._keys(topic)[0]
        while True:
            try:
                if not reading.sure:
                    reading.after, reading.epoch, reading.n = await self._where(topic)
                    reading.sure = True
                    self._lost(reading)
                entries = await self._link.read(stream, reading.after, count=READ_MAX, block=BLOCK)
                self._take(reading, entries)
                reading.sure = bool(entries) or await self._still_there(topic, reading)
            except TemporaryFailure:
                reading.sure = False
                await self._link.pause(PAUSE)

    async def _still_there(self, topic: str, reading: _Reading) -> bool:
        """Tell whether what comes next will be seen: Redis may have begun anew, and be behind where we stand."""
        after, epoch, n = await self._where(topic)
        return (epoch, n) == (reading.epoch, reading.n) or (
            epoch == (reading.epoch or epoch) and n > reading.n and _place(after) > _place(reading.after)
        )

    def _take(self, reading: _Reading, entries: Entries) -> None:
        for id, fields in entries:
            epoch, n = fields[b"e"], int(fields[b"n"])
            if (epoch, n) != (reading.epoch or epoch, reading.n + 1):
                self._lost(reading)
            reading.after, reading.epoch, reading.n = id, epoch, n
            try:
                item = self._decode(fields[b"b"])
            except PermanentFailure as failure:
                # Another version's: whoever needs it finds it in the journal.
                log.warning("published_unreadable", reason=str(failure))
                self._lost(reading)
                continue
            for subscription, after in reading.subscriptions.items():
                if n > after:
                    subscription.take(item)

    def _lost(self, reading: _Reading) -> None:
        for subscription in reading.subscriptions:
            subscription.lose()
            reading.subscriptions[subscription] = 0


def _place(id: bytes) -> tuple[int, int]:
    """Return the id of a stream's entry as it is compared."""
    at, _, number = id.partition(b"-")
    return int(at), int(number)
