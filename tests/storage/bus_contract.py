"""What every bus must do. A subclass gives the fixture `house`: two processes of one site on one bus."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest

from storage.bus import Handle, Subscription
from vocabulary.errors import Lagged, OwnFault, PermanentFailure, TemporaryFailure
from vocabulary.instants import Instant, Span


class AnyBus(Protocol):
    """The protocol."""

    async def publish(self, topic: str, item: Any) -> None: ...
    def subscribe(self, topic: str, maxsize: int) -> Any: ...
    async def forward(self, command: Any) -> Any: ...
    async def serve(self, handle: Handle[Any, Any]) -> None: ...
    async def lease(self, name: str, holder: str, span: Span, now: Instant) -> bool: ...
    async def release(self, name: str, holder: str) -> None: ...


class BusHouse(Protocol):
    """Two ends of the bus, which may be the same, and time."""

    @property
    def near(self) -> AnyBus: ...
    @property
    def far(self) -> AnyBus: ...
    def now(self) -> Instant: ...
    async def pass_time(self, span: Span) -> None: ...


async def doubled(order: int, again: bool) -> int:
    return order * 2


@asynccontextmanager
async def serving(bus: AnyBus, handle: Callable[[int, bool], Awaitable[int]]) -> AsyncIterator[None]:
    """Let `bus` be the writer's while the block lasts."""
    task = asyncio.create_task(bus.serve(handle))
    await asyncio.wait([task], timeout=0)  # it has begun
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def items(reader: Subscription, count: int) -> list[Any]:
    async with asyncio.timeout(20):
        return [await anext(reader) for _ in range(count)]


class BusContract:
    """The protocol's promises."""

    async def test_readers_get_what_is_published_on_their_topic(self, house: BusHouse) -> None:
        near, far = house.near, house.far
        async with near.subscribe("a", 10) as first, far.subscribe("a", 10) as second, far.subscribe("b", 10) as other:
            for topic, item in (("a", 1), ("b", 2), ("a", 3), ("nobody", 4)):
                await near.publish(topic, item)
            assert await items(first, 2) == [1, 3]
            assert await items(second, 2) == [1, 3]
            assert await items(other, 1) == [2]

    async def test_a_reader_gets_nothing_of_what_was_published_before(self, house: BusHouse) -> None:
        async with house.near.subscribe("a", 10) as early:
            for item in range(3):
                await house.near.publish("a", item)
            async with house.near.subscribe("a", 10) as late:
                await house.near.publish("a", 3)
                assert await items(late, 1) == [3]
            assert await items(early, 4) == [0, 1, 2, 3]

    async def test_a_reader_may_wait_before_anything_is_published(self, house: BusHouse) -> None:
        async with house.far.subscribe("a", 1) as reader:
            waiting = asyncio.ensure_future(items(reader, 1))
            await house.near.publish("a", 1)
            assert await waiting == [1]

    async def test_items_of_several_come_all_and_each_ones_in_order(self, house: BusHouse) -> None:
        async with house.far.subscribe("a", 5000) as reader:
            for item in range(1000):
                await house.near.publish("a", item)
                await house.far.publish("a", 1000 + item)
            found = await items(reader, 2000)
        assert [item for item in found if item < 1000] == list(range(1000))
        assert [item for item in found if item >= 1000] == list(range(1000, 2000))

    async def test_a_slow_reader_is_told_once_and_then_gets_what_came_after_the_gap(self, house: BusHouse) -> None:
        async with house.far.subscribe("a", 2) as slow, house.far.subscribe("a", 10) as quick:
            for item in range(6):
                await house.near.publish("a", item)
            assert await items(quick, 6) == [0, 1, 2, 3, 4, 5]
            with pytest.raises(Lagged, match="4 items"):
                await anext(slow)
            assert await items(slow, 2) == [4, 5]

    async def test_who_has_left_gets_nothing(self, house: BusHouse) -> None:
        async with house.near.subscribe("a", 2) as left, house.near.subscribe("a", 10) as stays:
            await house.near.publish("a", 1)
            assert await items(stays, 1) == [1]
        async with house.near.subscribe("a", 10) as stays:
            await house.near.publish("a", 2)
            assert await items(stays, 1) == [2]
        assert await items(left, 1) == [1]
        assert left._waiting.empty()

    async def test_a_lease_has_one_holder_until_it_is_over_or_released(self, house: BusHouse) -> None:
        assert await house.near.lease("writer", "n-1", span=400, now=house.now())
        assert not await house.far.lease("writer", "n-2", span=400, now=house.now())
        await house.pass_time(200)
        assert await house.near.lease("writer", "n-1", span=400, now=house.now())
        await house.pass_time(250)
        assert not await house.far.lease("writer", "n-2", span=400, now=house.now())
        await house.pass_time(250)
        assert await house.far.lease("writer", "n-2", span=60_000, now=house.now())
        await house.near.release("writer", "n-1")
        assert not await house.near.lease("writer", "n-1", span=400, now=house.now())
        assert await house.near.lease("another", "n-1", span=400, now=house.now())
        await house.far.release("writer", "n-2")
        assert await house.near.lease("writer", "n-1", span=400, now=house.now())

    async def test_commands_reach_the_writer(self, house: BusHouse) -> None:
        async with serving(house.far, doubled):
            assert await house.near.forward(21) == 42
            assert await house.far.forward(4) == 8
            answers = await asyncio.gather(*(house.near.forward(number) for number in range(1000)))
        assert answers == [number * 2 for number in range(1000)]

    async def test_each_command_is_carried_out_once(self, house: BusHouse) -> None:
        seen: list[int] = []

        async def noted(order: int, again: bool) -> int:
            seen.append(order)
            await house.pass_time(1)
            return order

        async with serving(house.near, noted):
            await asyncio.gather(*(house.far.forward(number) for number in range(200)))
        assert sorted(seen) == list(range(200))

    async def test_failures_of_the_writer_come_back_as_they_are(self, house: BusHouse) -> None:
        async def failing(order: int, again: bool) -> int:
            raise (TemporaryFailure("full"), PermanentFailure("never"), OwnFault("a bug"))[order]

        async with serving(house.far, failing):
            with pytest.raises(TemporaryFailure, match="full"):
                await house.near.forward(0)
            with pytest.raises(PermanentFailure, match="never") as never:
                await house.near.forward(1)
            assert not isinstance(never.value, OwnFault)
            with pytest.raises(OwnFault, match="a bug"):
                await house.near.forward(2)

    async def test_without_a_writer_a_command_fails_and_may_be_tried_again(self, house: BusHouse) -> None:
        with pytest.raises(TemporaryFailure):
            await house.near.forward(1)
        async with serving(house.far, doubled):
            assert await house.near.forward(2) == 4

    async def test_who_stops_serving_is_replaced_by_who_begins(self, house: BusHouse) -> None:
        async def tripled(order: int, again: bool) -> int:
            return order * 3

        async with serving(house.near, doubled):
            assert await house.far.forward(1) == 2
        async with serving(house.far, tripled):
            assert await house.near.forward(1) == 3
