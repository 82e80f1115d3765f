"""Background tasks that must not die silently, and that must end when they are told to.

An error is logged, counted, and the task starts again. A task that is cancelled may not hear of it: until Python 3.12,
`asyncio.wait_for` (libraries for SMTP and IMAP use it) loses a cancellation that comes in the very moment when what it
waits for is done, and so does a `TaskGroup` one of whose tasks fails while it ends (cpython issues 86296 and 116720).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from app.engine import Clock
from vocabulary.instants import SECOND

log = structlog.get_logger()

PAUSE_FIRST, PAUSE_LAST = SECOND // 10, 30 * SECOND
FORGIVEN_AFTER = 60 * SECOND
"""A task that ran for so long starts with the shortest pause again."""
CANCEL_AGAIN_S = 5.0
"""Longer than anything that a cancelled task may have to put in order."""

Begin = Callable[[Coroutine[Any, Any, None]], None]
"""Begins a task."""


async def supervised(name: str, work: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run `work` for ever: whenever it fails or returns, it starts again after a pause that doubles."""
    pause = PAUSE_FIRST
    while True:
        started_at = clock.now()
        try:
            await work()
            log.error("task_returned", task=name, restart_in_ms=pause)
        except asyncio.CancelledError:
            raise
        except Exception:  # the one place that may: it logs and restarts
            log.exception("task_failed", task=name, restart_in_ms=pause)
        if _cancellations():
            raise asyncio.CancelledError
        if clock.now() - started_at > FORGIVEN_AFTER:
            pause = PAUSE_FIRST
        await clock.sleep(pause)
        pause = min(2 * pause, PAUSE_LAST)


async def ended(*tasks: "asyncio.Task[None]", again_s: float = CANCEL_AGAIN_S) -> None:
    """Cancel `tasks`, and return once all of them have ended, however they do; who doesn't is cancelled again.

    Args:
        tasks: which ones.
        again_s: so many seconds after the last time.

    Raises:
        asyncio.CancelledError: who waits here was cancelled meanwhile; they have ended all the same.
    """
    told = _cancellations()
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait(pending, timeout=again_s)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen
    if _cancellations() > told:
        raise asyncio.CancelledError


async def whole(work: Coroutine[Any, Any, None]) -> None:
    """Carry `work` out to its end, however often who waits for it is cancelled; he hears of that then."""
    told = _cancellations()
    task = asyncio.create_task(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    task.result()
    if _cancellations() > told:
        raise asyncio.CancelledError


@asynccontextmanager
async def group() -> AsyncIterator[Begin]:
    """Give what begins a task; all end with the block as in a `TaskGroup`, also those who don't hear of it at once."""
    async with asyncio.TaskGroup() as tasks:
        begun: set[asyncio.Task[None]] = set()

        def begin(work: Coroutine[Any, Any, None]) -> None:
            task = tasks.create_task(work)
            begun.add(task)
            task.add_done_callback(begun.discard)

        try:
            yield begin
        except BaseException:
            await ended(*begun)
            raise


def _cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0
