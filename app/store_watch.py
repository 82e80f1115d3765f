"""Looks after the store while the site runs: is the file still ours, does it take what is written, is there room?

A file that was moved away is noticed although nobody writes; a disk that is full again has room is noticed although
whoever was refused has gone.
"""

import os
import shutil
from pathlib import Path

import structlog

from app.engine import Clock, Engine
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND
from vocabulary.records import Put, SettingRow

log = structlog.get_logger()

EVERY = SECOND
SPACE_WARNING = 200_000_000
"""Bytes free below which somebody should make room."""
PROBE = "store_probe"
"""The row that is written to find out whether writing works again."""
PROBE_BYTES = 65_536
"""A disk with room for a few bytes is still full."""

Identity = tuple[int, int]


class StoreWatch:
    """Watches a store, and its `file` if it is embedded."""

    def __init__(self, *, file: Path | None, engine: Engine, clock: Clock) -> None:
        self._file = file
        self._engine = engine
        self._clock = clock
        self._identity = _identity(file) if file is not None else None
        self._told: str | None = None
        self._narrow = False

    @property
    def trouble(self) -> str | None:
        """Return why nothing can be taken in now, None if all is well."""
        return self._misplaced() or self._engine.trouble

    async def run(self) -> None:
        """Look every second; cancel to stop."""
        while True:
            await self._look()
            await self._clock.sleep(EVERY)

    async def _look(self) -> None:
        trouble = self.trouble
        if trouble != self._told:
            if trouble is not None:
                log.error("store_unavailable", reason=trouble)
            else:
                log.info("store_available_again")
            self._told = trouble
        if trouble is not None and self._misplaced() is None:
            await self._probe()
        self._look_at_space()

    def _misplaced(self) -> str | None:
        """Return what is wrong with the file's place: who writes on would write into nowhere."""
        if self._file is None or (found := _identity(self._file)) == self._identity:
            return None
        what = "is gone" if found is None else "was replaced by another file"
        return f"{self._file} {what}: put it back, or restart with the file that shall count from now on"

    async def _probe(self) -> None:
        """Try whether writing works again; the engine notes it."""
        try:
            await self._engine.write(Put(SettingRow(id=PROBE, body=bytes(PROBE_BYTES))))
        except (TemporaryFailure, PermanentFailure):
            return

    def _look_at_space(self) -> None:
        if self._file is None:
            return
        try:
            free = shutil.disk_usage(self._file.parent).free
        except OSError:
            return
        narrow = free < SPACE_WARNING
        if narrow and not self._narrow:
            log.warning("disk_nearly_full", folder=str(self._file.parent), megabytes_free=free // 1_000_000)
        self._narrow = narrow


def _identity(path: Path) -> Identity | None:
    try:
        status = os.stat(path)  # noqa: PTH116  # it is asked each second
    except OSError:
        return None
    return status.st_dev, status.st_ino
