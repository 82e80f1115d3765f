import asyncio

import pytest

from channels.chat.outgoing import BYTES_MAX, FRAMES_MAX, OutgoingQueue, Overfull


async def test_frames_leave_in_their_order() -> None:
    queue = OutgoingQueue()
    queue.put(b"1")
    queue.put(b"2")
    assert [await queue.next(), await queue.next(), len(queue)] == [b"1", b"2", 0]


async def test_more_frames_than_it_holds_are_refused() -> None:
    queue = OutgoingQueue()
    for _ in range(FRAMES_MAX):
        queue.put(b"x")
    with pytest.raises(Overfull):
        queue.put(b"x")


async def test_more_bytes_than_it_holds_are_refused() -> None:
    queue = OutgoingQueue()
    queue.put(bytes(BYTES_MAX))
    with pytest.raises(Overfull):
        queue.put(b"x")
    await queue.next()
    queue.put(bytes(BYTES_MAX))


async def test_typing_is_left_out_for_a_client_who_lags() -> None:
    queue = OutgoingQueue()
    for _ in range(FRAMES_MAX):
        queue.put(b"typing", is_fleeting=True)
    assert len(queue) == 16


async def test_a_history_waits_until_there_is_room_again() -> None:
    queue = OutgoingQueue()
    while True:
        try:
            async with asyncio.timeout(0):
                await queue.room()
        except TimeoutError:
            break
        queue.put(b"x")
    assert len(queue) == FRAMES_MAX // 2
    waiting = asyncio.create_task(queue.room())
    await queue.next()
    await waiting
