"""The embedded store: journal and records in one SQLite file.

One thread writes (storage/sqlite_writer.py), a few read (storage/reading.py).
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Select, column, create_engine, select, table, text
from sqlalchemy.pool import QueuePool

from storage import checks, tables
from storage.group_commit import BATCH_MAX
from storage.reading import Reading
from storage.sqlite_file import Connect, FileLock, connect, open_reader, prepare
from storage.sqlite_writer import Writer, scrub
from vocabulary.instants import Instant
from vocabulary.records import Transaction

_READERS, _PATIENCE_S = 2, 0.005
"""What is in memory is read within that time; the second thread is there for what the disk must be asked for."""
_search = table("message_search", column("rowid"))


class SqliteStore(Reading):
    """Implements vocabulary.stores.Store. Made by `open`."""

    def __init__(self, lock: FileLock, writer: Writer, engine: Engine) -> None:
        super().__init__(engine, _READERS, patience_s=_PATIENCE_S)
        self._lock = lock
        self.name = writer.name
        self.warnings: Sequence[str] = ()
        self._writer = writer

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        connect: Connect = connect,
        batch_max: int = BATCH_MAX,
        inline: bool = False,
        check: bool = True,
    ) -> Self:
        """Open the file at `path`, made if it isn't there, checked and brought to today's schema.

        Args:
            path: in a folder that is there, on a disk of this machine.
            connect: opens connections.
            batch_max: how many transactions may share one disk commit.
            inline: write without a thread (storage/group_commit.py).
            check: look for damage first; without it, `require_sound` (storage/sqlite_file.py) must have returned
                before anything is written.

        Raises:
            PermanentFailure: it is in use, damaged, or made by a newer Centrala; the message says what to do.
        """
        lock = FileLock(path)
        try:
            connection = await asyncio.to_thread(prepare, path, connect, check=check)
            writer = Writer(path, connect, connection, batch_max, inline=inline)
        except BaseException:
            lock.release()
            raise
        engine = create_engine(
            "sqlite://",
            creator=lambda: open_reader(path, connect),
            poolclass=QueuePool,
            pool_size=_READERS,
            max_overflow=0,
        )
        return cls(lock, writer, engine)

    async def close(self) -> None:
        """Finish what waits and let the file go. Harmless to repeat."""
        await self._stop_reading()
        # Last: only who may write brings the log into the file when he leaves, so that it is whole by itself.
        await self._writer.close()
        self._lock.release()

    async def commit(self, transaction: Transaction) -> None:
        """Make `transaction` durable; concurrent calls share one commit. A cancelled caller doesn't take it back.

        Raises:
            OutOfOrder: `transaction.after` is not the journal's last number; nothing was written.
            PermanentFailure: the database refuses it (a unique value stands already, say); nothing was written.
            TemporaryFailure: the disk failed; it is unknown whether anything was written.
        """
        await self._writer.submit(transaction)

    async def save_checkpoint(self, seq: int, at: Instant, body: bytes) -> None:
        """Keep `body` as the state after entry `seq`; the newest two are kept."""
        await self._writer.submit(partial(self._writer.statements.save_checkpoint, seq=seq, at=at, body=body))

    async def scrub(self) -> None:
        """Make what was removed or overwritten unreadable in the files: index, free pages and log. After an erasure.

        Raises:
            TemporaryFailure: a reader holds the log; try again.
        """
        await self._writer.submit(scrub)

    def _found(self, words: Sequence[str]) -> Select[Any]:
        beginnings = " ".join(f'"{word}"*' for word in words)
        matching = text("message_search MATCH :words").bindparams(words=beginnings or '""')
        joined = tables.messages.join(_search, _search.c.rowid == tables.messages.c.position)
        return select(tables.messages.c.interaction).select_from(joined).where(matching)

    def _structure_problems(self, connection: Connection) -> list[str]:
        return checks.sqlite_problems(connection)
