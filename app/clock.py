"""The one clock. Wall time for what people see, never running backwards within a process."""

import asyncio
import time

from vocabulary.instants import Instant, Span


class SystemClock:
    """Wall time as it was at start, moved on by the monotonic clock: a step of the system's clock expires nothing."""

    def __init__(self) -> None:
        self._started_at = time.time_ns() // 1_000_000
        self._monotonic = time.monotonic_ns()

    def now(self) -> Instant:
        """Return the present instant."""
        return self._started_at + (time.monotonic_ns() - self._monotonic) // 1_000_000

    def not_before(self, at: Instant) -> None:
        """Go on from `at`, if that is later than now.

        A clock that was set back while nothing ran would let everything wait that is due, until it is there again.
        """
        self._started_at += max(0, at - self.now())

    async def sleep(self, span: Span) -> None:
        """Let `span` ms pass."""
        await asyncio.sleep(span / 1000)
