"""Tasks that are told to end do, also where the first word of it gets lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.clock import SystemClock
from app.supervise import ended, group, supervised, whole

CLOCK = SystemClock()


class Deaf:
    """Waits for ever, and loses what it is told the first time, as `asyncio.wait_for` may."""

    def __init__(self, then: Callable[[], Awaitable[object]]) -> None:
        self.waits = asyncio.Event()
        self.heard = asyncio.Event()
        self.told = 0
        self._then = then

    async def run(self) -> None:
        self.waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.told += 1
            self.heard.set()
        try:
            await self._then()
        finally:
            self.told += 1


async def nothing() -> None:
    """Be done at once."""


async def test_who_does_not_hear_it_is_told_again() -> None:
    deaf = Deaf(asyncio.Event().wait)
    task = asyncio.create_task(deaf.run())
    await deaf.waits.wait()
    await ended(task, again_s=0.01)
    assert task.done()
    assert deaf.told == 2


async def test_who_waits_for_the_end_may_be_cancelled_and_they_end_all_the_same() -> None:
    deaf = Deaf(asyncio.Event().wait)
    task = asyncio.create_task(deaf.run())
    await deaf.waits.wait()
    ending = asyncio.create_task(ended(task))  # would tell it again in some seconds
    await deaf.heard.wait()
    ending.cancel()
    await asyncio.wait([ending])
    assert task.done()
    assert ending.cancelled()


async def test_work_that_lost_a_cancellation_and_returns_is_not_begun_again() -> None:
    async def fails() -> None:
        raise ValueError("what it waited for is gone")

    for then in (nothing, fails):
        deaf = Deaf(then)
        task = asyncio.create_task(supervised("deaf", deaf.run, CLOCK))
        await deaf.waits.wait()
        task.cancel()
        await asyncio.wait([task], timeout=10)
        assert task.cancelled()


async def test_a_group_tells_its_tasks_again_and_ends_with_its_block() -> None:
    deaf = Deaf(asyncio.Event().wait)

    async def run() -> None:
        async with group() as begin:
            begin(deaf.run())
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await deaf.waits.wait()
    await ended(task, again_s=0.01)
    assert task.cancelled()
    assert deaf.told == 2


async def test_a_fault_in_a_task_of_a_group_ends_all_of_it() -> None:
    other = Deaf(nothing)

    async def fails() -> None:
        await other.waits.wait()
        raise ValueError("broken")

    async def run() -> None:
        async with group() as begin:
            begin(fails())
            begin(other.run())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as failed:
        await run()
    assert [str(each) for each in failed.value.exceptions] == ["broken"]
    assert other.told == 2


async def test_what_must_be_whole_is_carried_out_however_often_who_waits_is_cancelled() -> None:
    may_end, done = asyncio.Event(), []

    async def work() -> None:
        await may_end.wait()
        done.append("whole")

    task = asyncio.create_task(whole(work()))
    for _ in range(3):
        await asyncio.wait([task], timeout=0.01)
        task.cancel()
    assert not task.done()
    may_end.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert done == ["whole"]
