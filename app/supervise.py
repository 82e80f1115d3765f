"""Background tasks that must not die silently: an error is logged, counted, and the task starts again."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.engine import Clock
from vocabulary.instants import SECOND

log = structlog.get_logger()

PAUSE_FIRST, PAUSE_LAST = SECOND // 10, 30 * SECOND
FORGIVEN_AFTER = 60 * SECOND
"""A task that ran for so long starts with the shortest pause again."""


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
        if clock.now() - started_at > FORGIVEN_AFTER:
            pause = PAUSE_FIRST
        await clock.sleep(pause)
        pause = min(2 * pause, PAUSE_LAST)
