"""Forwarding by Redis: orders wait in one stream until they are answered; each node has a stream of answers.

An order has an id. It is sent again while no answer comes, for Redis or the writer may have lost it; the writer
remembers what it answered and answers a repetition alike (storage/redis_server.py). Until it is answered it stands in
the stream, so the next writer finds what the last one left.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic

import msgspec

from storage.bus import Answer, Order
from storage.redis_link import Link
from storage.redis_replies import failed, opened
from storage.redis_scripts import SEND, WITHDRAW
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import SECOND, Span

ORDERS_MAX = 10_000
"""Orders in the stream; more are refused, since none may be dropped."""
BYTES_MAX = 64 * 1024 * 1024
"""Bytes of one node's orders that are not answered yet."""
BATCH = 100
BLOCK: Span = 500
PAUSE: Span = 50
AGAIN_AFTER: Span = SECOND // 2
LOOK_EVERY: Span = SECOND // 5
"""How often to look for what must be sent again."""


class _Waiting(msgspec.Struct, eq=False):
    """An order whose answer has not come."""

    body: bytes
    done: "asyncio.Future[bytes]"
    sent: int = 0
    sent_at: float = 0.0
    entries: list[bytes] = []


class Sender(Generic[Order, Answer]):
    """The side that forwards."""

    def __init__(
        self,
        link: Link,
        *,
        orders: str,
        answers: str,
        name: str,
        patience: Span,
        encode: Callable[[Order], bytes],
        decode: Callable[[bytes], Answer],
    ) -> None:
        """`name` begins the ids of orders and is this process's own; `patience`: how long to wait for an answer, ms."""
        self._link = link
        self._orders = orders
        self._answers = answers
        self._name = name
        self._patience = patience
        self._encode = encode
        self._decode = decode
        self._send = link.script(SEND)
        self._withdraw = link.script(WITHDRAW)
        self._waiting: dict[str, _Waiting] = {}
        self._fresh: deque[str] = deque()
        self._given_up: list[bytes] = []
        self._bytes = 0
        self._count = 0
        self._woken = asyncio.Event()

    async def forward(self, order: Order) -> Answer:
        """Return the writer's answer.

        Raises:
            TemporaryFailure: too much waits already, or no answer came; what became of the order is unknown then.
            PermanentFailure: the writer can't carry it out.
        """
        body = self._encode(order)
        if self._bytes + len(body) > BYTES_MAX and self._waiting:
            raise TemporaryFailure("too much waits for the writer; try again in a moment")
        self._count += 1
        id = f"{self._name}-{self._count}"
        waiting = self._waiting[id] = _Waiting(body, asyncio.get_running_loop().create_future())
        self._bytes += len(body)
        self._fresh.append(id)
        self._woken.set()
        try:
            async with asyncio.timeout(self._patience / 1000):
                answer = await waiting.done
        except TimeoutError:
            self._given_up += waiting.entries
            raise TemporaryFailure("the writer has not answered; it may still carry this out, so try again") from None
        finally:
            del self._waiting[id]
            self._bytes -= len(body)
        return self._decode(opened(answer))

    async def run(self) -> None:
        """Send orders and take answers; cancel to stop."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_sending())
            group.create_task(self._keep_reading())

    async def _keep_sending(self) -> None:
        clock = asyncio.get_running_loop().time
        looked_at = clock()
        while True:
            self._woken.clear()
            if clock() - looked_at >= LOOK_EVERY / 1000:
                looked_at = clock()
                self._fresh.extend(self._late(looked_at))
            if self._given_up:
                await self._take_back()
            if self._fresh:
                batch = [self._fresh.popleft() for _ in range(min(BATCH, len(self._fresh)))]
                await self._send_all([(id, self._waiting[id]) for id in batch if id in self._waiting], clock())
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY / 1000):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _take_back(self) -> None:
        """Take out of the stream what nobody waits for any more: the next writer must not carry it out much later."""
        entries, self._given_up = self._given_up[:BATCH], self._given_up[BATCH:]
        try:
            await self._link.run(self._withdraw, [self._orders], entries)
        except TemporaryFailure:
            await self._link.pause(PAUSE)  # if Redis is gone, so are they

    def _late(self, now: float) -> list[str]:
        """Return what was sent so long ago that it may be lost."""
        late = now - AGAIN_AFTER / 1000
        return [id for id, each in self._waiting.items() if each.sent and each.sent_at <= late]

    async def _send_all(self, due: list[tuple[str, _Waiting]], now: float) -> None:
        arguments: list[str | int | bytes] = [ORDERS_MAX]
        for id, waiting in due:
            arguments += [id, self._answers, waiting.sent, waiting.body]
            waiting.sent, waiting.sent_at = waiting.sent + 1, now
        try:
            taken = await self._link.run(self._send, [self._orders], arguments)
        except TemporaryFailure:
            # Whether they arrived is unknown: they are sent again, with the same ids.
            await self._link.pause(PAUSE)
            self._fresh.extend(id for id, _ in due)
            return
        for (_, waiting), entry in zip(due, taken, strict=False):
            waiting.entries.append(entry)
        for _, waiting in due[len(taken) :]:
            _settle(waiting, failed(TemporaryFailure("too many commands wait for the writer; try again in a moment")))

    async def _keep_reading(self) -> None:
        after = b"0-0"
        while True:
            try:
                entries = await self._link.read(self._answers, after, count=BATCH, block=BLOCK)
            except TemporaryFailure:
                after = b"0-0"  # Redis may have begun anew, and an old answer does no harm
                await self._link.pause(PAUSE)
                continue
            for entry, fields in entries:
                after = entry
                waiting = self._waiting.get(fields[b"id"].decode())
                if waiting is not None:
                    _settle(waiting, fields[b"b"])


def _settle(waiting: _Waiting, answer: bytes) -> None:
    if not waiting.done.done():
        waiting.done.set_result(answer)
