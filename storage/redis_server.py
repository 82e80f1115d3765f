"""The writer's side of forwarding by Redis (storage/redis_orders.py): reads orders, answers each once for all."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic

import msgspec
import structlog

from storage.bus import Answer, Handle, Order
from storage.errors import NotTheWriter
from storage.redis_link import Link
from storage.redis_replies import answered, failed
from storage.redis_scripts import ANSWER
from vocabulary.errors import OwnFault, PermanentFailure, TemporaryFailure
from vocabulary.instants import MINUTE, Span

log = structlog.get_logger()

ANSWERS_KEPT = 2_000
ANSWERS_LIVE: Span = 5 * MINUTE
REMEMBERED = 8_192
"""Answers that the writer remembers for repetitions."""
UNDER_WAY_MAX = 1_024
BATCH = 100
BLOCK: Span = 500
PAUSE: Span = 50


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
            return failed(PermanentFailure(f"the writer can't read this command: {error}"))
        try:
            answer = answered(self._encode(await handle(order, repeated)))
        except NotTheWriter:
            raise
        except TemporaryFailure as failure:
            return failed(failure)
        except PermanentFailure as failure:
            answer = failed(failure)
        except Exception as error:  # our fault: it concerns this order alone and must be seen
            log.exception("forwarded_failed", order=id.decode())
            answer = failed(OwnFault(f"this could not be carried out: {type(error).__name__}"))
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
