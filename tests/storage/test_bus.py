import asyncio

import pytest

from storage.bus import LocalBus
from vocabulary.errors import Lagged


async def doubled(command: int) -> int:
    return command * 2


@pytest.fixture
def bus() -> LocalBus[int, int]:
    return LocalBus(doubled)


async def test_readers_get_what_is_published_on_their_topic(bus: LocalBus[int, int]) -> None:
    async with bus.subscribe("a", 10) as first, bus.subscribe("a", 10) as second, bus.subscribe("b", 10) as other:
        for topic, item in (("a", 1), ("b", 2), ("a", 3), ("nobody", 4)):
            await bus.publish(topic, item)
        assert [await anext(first), await anext(first)] == [1, 3]
        assert [await anext(second), await anext(second)] == [1, 3]
        assert await anext(other) == 2


async def test_a_reader_may_wait_before_anything_is_published(bus: LocalBus[int, int]) -> None:
    async with bus.subscribe("a", 1) as reader:
        waiting = asyncio.ensure_future(anext(reader))
        await bus.publish("a", 1)
        assert await waiting == 1


async def test_a_slow_reader_is_told_once_and_then_gets_what_came_after_the_gap(bus: LocalBus[int, int]) -> None:
    async with bus.subscribe("a", 2) as slow, bus.subscribe("a", 10) as quick:
        for item in range(6):
            await bus.publish("a", item)
        with pytest.raises(Lagged, match="4 items"):
            await anext(slow)
        assert [await anext(slow), await anext(slow)] == [4, 5]
        assert [await anext(quick) for _ in range(6)] == [0, 1, 2, 3, 4, 5]


async def test_who_has_left_gets_nothing(bus: LocalBus[int, int]) -> None:
    async with bus.subscribe("a", 1) as left:
        await bus.publish("a", 1)
    await bus.publish("a", 2)
    assert await anext(left) == 1
    assert bus._topics == {}


async def test_a_lease_has_one_holder_until_it_is_over_or_released(bus: LocalBus[int, int]) -> None:
    assert await bus.lease("writer", "n-1", span=100, now=0)
    assert not await bus.lease("writer", "n-2", span=100, now=99)
    assert await bus.lease("writer", "n-1", span=100, now=99)
    assert await bus.lease("writer", "n-2", span=100, now=199)
    await bus.release("writer", "n-1")
    assert not await bus.lease("writer", "n-1", span=100, now=200)
    await bus.release("writer", "n-2")
    assert await bus.lease("writer", "n-1", span=100, now=200)


async def test_commands_reach_the_writer(bus: LocalBus[int, int]) -> None:
    assert await bus.forward(21) == 42
