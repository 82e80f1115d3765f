"""Forwarding by Redis: orders wait in one stream until they are answered; each node has a stream of answers.

An order has an id. It is sent again while no answer comes, for Redis or the writer may have lost it; the writer
remembers what it answered and answers a repetition alike. Before an order is answered, it stands in the stream, so the
next writer finds what the last one left.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Generic

import msgspec
import structlog

from storage.bus import Answer, Handle, Order
from storage.errors import NotTheWriter
from storage.redis_link import Link
from storage.redis_scripts import ANSWER, SEND, WITHDRAW
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import MINUTE, SECOND, Span

log = structlog.get_logger()

ORDERS_MAX = 10_000
"""Orders in the stream; more are refused, since none may be dropped."""
ANSWERS_KEPT = 2_000
ANSWERS_LIVE: Span = 5 * MINUTE
REMEMBERED = 8_192
"""Answers that the writer remembers for repetitions."""
UNDER_WAY_MAX = 1_024
BYTES_MAX = 64 * 1024 * 1024
"""Bytes of one node's orders that are not answered yet."""
BATCH = 100
BLOCK: Span = 500
PAUSE: Span = 50
AGAIN_AFTER: Span = SECOND // 2
LOOK_EVERY: Span = SECOND // 5
"""How often to look for what must be sent again."""

_OK, _TEMPORARY, _PERMANENT = b"+", b"?", b"!"


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
        return self._decode(_opened(answer))

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
            _settle(waiting, _TEMPORARY + b"too many commands wait for the writer; try again in a moment")

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


def _opened(answer: bytes) -> bytes:
    kind, body = answer[:1], answer[1:]
    if kind == _TEMPORARY:
        raise TemporaryFailure(body.decode())
    if kind == _PERMANENT:
        raise PermanentFailure(body.decode())
    return body


class _Answered(msgspec.Struct, frozen=True):
    """An answer on its way to a node's stream; `entry` is what it answers."""

    to: str
    id: bytes
    body: bytes
    entry: bytes


class Server(Generic[Order, Answer]):
    """The writer's side."""

    def __init__(
        self,
        link: Link,
        *,
        orders: str,
        decode: Callable[[bytes], Order],
        encode: Callable[[Answer], bytes],
    ) -> None:
        self._link = link
        self._orders = orders
        self._decode = decode
        self._encode = encode
        self._answer = link.script(ANSWER)
        self._remembered: OrderedDict[bytes, bytes] = OrderedDict()
        self._under_way: dict[bytes, set[tuple[str, bytes]]] = {}
        self._answers: asyncio.Queue[_Answered] = asyncio.Queue()
        self._room = asyncio.Semaphore(UNDER_WAY_MAX)
        self._from_the_start = False

    async def serve(self, handle: Handle[Order, Answer]) -> None:
        """Carry out what was and is forwarded; cancel to stop."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_answering())
            await self._keep_reading(handle, group)

    async def _keep_reading(self, handle: Handle[Order, Answer], group: asyncio.TaskGroup) -> None:
        after, fresh = b"0-0", False
        while True:
            if self._from_the_start:
                after, fresh, self._from_the_start = b"0-0", False, False
            try:
                entries = await self._link.read(self._orders, after, count=BATCH, block=BLOCK if fresh else 1)
            except TemporaryFailure:
                self._from_the_start = True  # what was read already is still known to be under way, or is remembered
                await self._link.pause(PAUSE)
                continue
            # What stood there when we began may be an earlier writer's work.
            fresh = fresh or not entries
            for entry, fields in entries:
                after = entry
                await self._take(entry, fields, again=not fresh, handle=handle, group=group)

    async def _take(
        self, entry: bytes, fields: dict[bytes, bytes], *, again: bool, handle: Handle[Order, Answer], group: Any
    ) -> None:
        id, to = fields[b"id"], fields[b"to"].decode()
        if id in self._remembered:
            self._answers.put_nowait(_Answered(to, id, self._remembered[id], entry))
        elif id in self._under_way:
            self._under_way[id].add((to, entry))
        else:
            await self._room.acquire()
            self._under_way[id] = {(to, entry)}
            repeated = again or fields[b"again"] != b"0"
            group.create_task(self._carry_out(id, fields[b"b"], repeated=repeated, handle=handle))

    async def _carry_out(self, id: bytes, body: bytes, *, repeated: bool, handle: Handle[Order, Answer]) -> None:
        try:
            answer = await self._answer_to(id, body, repeated=repeated, handle=handle)
        except NotTheWriter:
            return  # it stays in the stream for who writes now
        finally:
            entries = self._under_way.pop(id)
            self._room.release()
        for to, entry in entries:
            self._answers.put_nowait(_Answered(to, id, answer, entry))

    async def _answer_to(self, id: bytes, body: bytes, *, repeated: bool, handle: Handle[Order, Answer]) -> bytes:
        try:
            order = self._decode(body)
        except Exception as error:  # noqa: BLE001  # another version's order must not stop the others
            return _PERMANENT + f"the writer can't read this command: {error}".encode()
        try:
            answer = _OK + self._encode(await handle(order, repeated))
        except NotTheWriter:
            raise
        except TemporaryFailure as failure:
            return _TEMPORARY + str(failure).encode()
        except PermanentFailure as failure:
            answer = _PERMANENT + str(failure).encode()
        except Exception as error:  # our fault: it concerns this order alone and must be seen
            log.exception("forwarded_failed", order=id.decode())
            answer = _PERMANENT + f"this could not be carried out: {type(error).__name__}".encode()
        self._remembered[id] = answer
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return answer

    async def _keep_answering(self) -> None:
        while True:
            batch = [await self._answers.get()]
            while len(batch) < BATCH and not self._answers.empty():
                batch.append(self._answers.get_nowait())
            for to in dict.fromkeys(each.to for each in batch):
                await self._send(to, [each for each in batch if each.to == to])

    async def _send(self, to: str, answers: list[_Answered]) -> None:
        arguments: list[str | int | bytes] = [ANSWERS_KEPT, ANSWERS_LIVE]
        for each in answers:
            arguments += [each.id, each.body, each.entry]
        try:
            await self._link.run(self._answer, [self._orders, to], arguments)
        except TemporaryFailure:
            # Their orders may still stand there: they are read again, and the answers are remembered.
            self._from_the_start = True
            await self._link.pause(PAUSE)
