"""What is kept for a while only: answers for repeated calls, log-ins that are over, files that nobody has sent."""

import structlog

from app.engine import Engine
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import DAY, HOUR, Span
from vocabulary.records import IdempotencyRow, Remove, SessionRow, TrainingRow, UploadRow
from vocabulary.stores import Store

log = structlog.get_logger()

ANSWERS_KEPT: Span = 7 * DAY
"""Whoever repeats a call does so within minutes; a machine that was off over a long week-end still finds its answer."""
UPLOADS_KEPT: Span = 2 * DAY
"""A file that was brought for a message which is still being written."""
EVERY: Span = HOUR
_AT_ONCE = 500
"""Rows in one transaction: what is admitted meanwhile waits for no longer than that takes."""


class Retention:
    """Removes what is older than it needs to be."""

    def __init__(
        self, *, engine: Engine, store: Store, session_absolute_ms: Span, training_ms: Span = 730 * DAY
    ) -> None:
        """`session_absolute_ms`: no log-in lasts longer; `training_ms`: so long is learnt from a row."""
        self._engine = engine
        self._store = store
        self._kept: dict[type[IdempotencyRow | SessionRow | UploadRow | TrainingRow], Span] = {
            IdempotencyRow: ANSWERS_KEPT,
            SessionRow: session_absolute_ms,
            UploadRow: UPLOADS_KEPT,
            TrainingRow: training_ms,
        }

    async def run(self) -> None:
        """Sweep each hour; cancel to stop."""
        while True:
            await self._engine.clock.sleep(EVERY)
            try:
                await self.sweep()
            except TemporaryFailure as failure:
                log.warning("retention_waits", reason=str(failure))

    async def sweep(self) -> None:
        """Remove what is too old now."""
        for kind, span in self._kept.items():
            before = self._engine.clock.now() - span
            while ids := await self._store.older_than(kind, before, limit=_AT_ONCE):
                await self._engine.write(*(Remove(kind, id) for id in ids))
                log.info("rows_removed", kind=kind.__name__, rows=len(ids))
