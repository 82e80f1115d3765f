"""The bus between parts of one process. With several nodes Redis does the same (storage/redis_bus.py)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.instants import Instant, Span

Order = TypeVar("Order")
Answer = TypeVar("Answer")

Handle = Callable[[Order, bool], Awaitable[Answer]]
"""Carries out a forwarded order. True: an earlier writer may have carried it out already."""


class Subscription:
    """What is published on one topic from now on, for one reader.

    Iterating raises `Lagged` once if the reader was too slow; then read the journal from where you are, and go on
    iterating: what follows was published after the gap.
    """

    def __init__(self, maxsize: int) -> None:
        assert maxsize >= 1
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(maxsize)
        self._missed = 0
        self._lost = False

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Any:
        self._tell_what_is_missed()
        item = await self._waiting.get()
        if item is _WOKEN:
            self._tell_what_is_missed()
        return item

    def _tell_what_is_missed(self) -> None:
        missed, self._missed = self._missed, 0
        lost, self._lost = self._lost, False
        if lost:
            raise Lagged("items were lost on the way: resync from the journal")
        if missed:
            raise Lagged(f"{missed} items were dropped because the reader was too slow: resync from the journal")

    def take(self, item: Any) -> None:
        """Keep `item` for the reader; if he has no room, drop all that waits for him, for he must resync anyway."""
        if self._waiting.full():
            self._drop_all()
        self._waiting.put_nowait(item)

    def lose(self) -> None:
        """Tell the reader that something never came; what waits for him came before that and is no use any more."""
        self._drop_all()
        self._lost = True
        self._waiting.put_nowait(_WOKEN)

    def _drop_all(self) -> None:
        while not self._waiting.empty():
            self._missed += self._waiting.get_nowait() is not _WOKEN


_WOKEN = object()
"""Wakes a reader who waits, so that he hears what he lost."""


class LocalBus(Generic[Order, Answer]):
    """Everything happens in this process, so nothing is lost but what a slow reader has no room for."""

    def __init__(self, handle: Callable[[Order], Awaitable[Answer]] | None = None) -> None:
        """`handle` carries out a forwarded command: here the writer is always this process."""
        self._handle: Handle[Order, Answer] | None = None if handle is None else lambda order, _: handle(order)
        self._topics: dict[str, dict[Subscription, None]] = {}
        self._leases: dict[str, tuple[str, Instant]] = {}

    async def publish(self, topic: str, item: Any) -> None:
        """Hand `item` to all who read `topic` now; never waits for any of them."""
        for subscription in self._topics.get(topic, ()):
            subscription.take(item)

    def lose(self, topic: str) -> None:
        """Tell all who read `topic` that something never came."""
        for subscription in self._topics.get(topic, ()):
            subscription.lose()

    @asynccontextmanager
    async def subscribe(self, topic: str, maxsize: int) -> AsyncIterator[Subscription]:
        """Read `topic` while the context lasts, with room for `maxsize` items that wait."""
        subscription = Subscription(maxsize)
        self._topics.setdefault(topic, {})[subscription] = None
        try:
            yield subscription
        finally:
            self._topics[topic].pop(subscription, None)
            if not self._topics[topic]:
                del self._topics[topic]

    async def lease(self, name: str, holder: str, span: Span, now: Instant) -> bool:
        """Tell whether `holder` has the lease `name` until `now + span`: it was free, over, or his already."""
        current, until = self._leases.get(name, (holder, now))
        if current != holder and until > now:
            return False
        self._leases[name] = (holder, now + span)
        return True

    async def release(self, name: str, holder: str) -> None:
        """Give the lease up, if it is `holder`'s."""
        if self._leases.get(name, ("", 0))[0] == holder:
            del self._leases[name]

    async def forward(self, command: Order) -> Answer:
        """Return what the writer answers to `command`.

        Raises:
            TemporaryFailure: nobody writes.
        """
        if self._handle is None:
            raise TemporaryFailure("nobody takes commands just now; try again in a moment")
        return await self._handle(command, False)

    async def serve(self, handle: Handle[Order, Answer]) -> None:
        """Carry out what is forwarded from now on; cancel to stop."""
        before, self._handle = self._handle, handle
        try:
            await asyncio.Event().wait()
        finally:
            if self._handle is handle:
                self._handle = before
