"""The one writer of a SQLite file: a thread that commits all transactions that wait as one (group commit).

While the disk works on one commit the next transactions gather, so the slower the disk, the more share its fsync.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from storage import sqlite_statements as statements
from storage.chain import EMPTY, Head, grown
from storage.errors import OutOfOrder
from storage.sqlite_file import Connect, open_writer
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.records import Transaction

Work = Transaction | Callable[[sqlite3.Connection], None]
"""What becomes durable together, or not at all."""

WAITING_MAX = 5_000
BATCH_MAX = 1_000

# What a transaction itself is to blame for; anything else from the database is the disk's fault.
_REFUSED = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    ValueError,
    TypeError,
    OverflowError,
)


class _Job(NamedTuple):
    work: Work
    done: asyncio.Future[None]


class Writer:
    """Takes work from one event loop and answers there."""

    def __init__(
        self,
        path: Path,
        connect: Connect,
        connection: sqlite3.Connection,
        batch_max: int = BATCH_MAX,
        *,
        inline: bool = False,
    ) -> None:
        """Start the thread; `connection` is its own from now on. At most `batch_max` transactions share a commit.

        With `inline` there is no thread: the loop itself commits what gathered while it was busy. Every wait for the
        disk is then the whole process's, so it is for simulations, which must run the same way each time.
        """
        self._path = path
        self._connect = connect
        self._batch_max = batch_max
        self._connection: sqlite3.Connection | None = connection
        self._file = _identity(path)
        self._head = self._durable = _head(connection)
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(WAITING_MAX)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread: threading.Thread | None = None
        if not inline:
            self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
            self._thread.start()

    async def submit(self, work: Work) -> None:
        """Return when `work` is durable. A caller who is cancelled doesn't take it back.

        Raises:
            OutOfOrder: see Store.commit.
            PermanentFailure: the database refuses this work whenever it comes.
            TemporaryFailure: the disk failed, or the store is closed.
        """
        await self._room.acquire()
        if self._closed:
            self._room.release()
            raise TemporaryFailure("the store is closed")
        done: asyncio.Future[None] = self._loop.create_future()
        self._put(_Job(work, done))
        await done

    def _put(self, job: _Job | None) -> None:
        if self._thread is None and self._jobs.empty():
            self._loop.call_soon(self._run_inline)
        self._jobs.put(job)

    def _run_inline(self) -> None:
        """Commit what waits, as the thread would; there is something, or this would not have been called."""
        while not self._jobs.empty():
            batch = self._next_batch()
            if not batch:
                self._disconnect()
                return
            self._settle(batch, self._outcomes(batch))

    async def close(self) -> None:
        """Finish what waits, then stop."""
        if not self._closed:
            self._closed = True
            self._put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        while batch := self._next_batch():
            outcomes = self._outcomes(batch)
            self._loop.call_soon_threadsafe(self._settle, batch, outcomes)
        self._disconnect()

    def _next_batch(self) -> list[_Job]:
        """Return all that waits, at least one; nothing if it is time to stop."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == self._batch_max or self._jobs.empty():
                return batch
            job = self._jobs.get()
        if batch:
            self._jobs.put(None)
        return batch

    def _outcomes(self, batch: list[_Job]) -> list[Exception | None]:
        """Return for each job what went wrong with it."""
        try:
            return self._commit(batch)
        except PermanentFailure as failure:
            self._disconnect()
            return [PermanentFailure(*failure.args) for _ in batch]
        except Exception as error:  # noqa: BLE001 (this supervises the thread: callers must hear of whatever it was)
            # After a failed fsync nobody knows what the disk holds, and a second one would say "fine" about pages that
            # the kernel has dropped. So nothing is tried again on this connection.
            self._disconnect()
            return [_because(TemporaryFailure(f"{self._path} could not be written: {error}"), error) for _ in batch]

    def _commit(self, batch: list[_Job]) -> list[Exception | None]:
        connection = self._connected()
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [self._attempt(connection, job.work) for job in batch]
        connection.commit()
        self._durable = self._head
        if any(job.work is scrub for job in batch):
            _empty_log(connection)
        return outcomes

    def _attempt(self, connection: sqlite3.Connection, work: Work) -> Exception | None:
        """Do `work` inside the open transaction; what can't be done leaves no trace and comes back as the reason."""
        head = self._head
        if isinstance(work, Transaction) and work.after is not None and work.after != head.seq:
            return OutOfOrder(f"the journal ends at {head.seq}, the transaction follows {work.after}")
        connection.execute("SAVEPOINT one")
        failure: Exception | None = None
        try:
            self._apply(connection, work)
        except _REFUSED as error:
            self._head = head
            connection.execute("ROLLBACK TO one")
            failure = _because(PermanentFailure(f"the store refuses this transaction: {error}"), error)
        connection.execute("RELEASE one")
        return failure

    def _apply(self, connection: sqlite3.Connection, work: Work) -> None:
        if not isinstance(work, Transaction):
            work(connection)
            return
        if work.entries:
            if work.after is None:
                raise ValueError("entries without `after`")
            self._head, digests = grown(self._head, work.entries)
            statements.append(connection, work.entries, digests)
        statements.apply(connection, work.changes)

    def _connected(self) -> sqlite3.Connection:
        """Return the connection, a new one after a failure, if the file is still the one that was opened."""
        if _identity(self._path) != self._file:
            raise OSError("the file was moved or replaced while in use; put it back or restart")
        if self._connection is None:
            self._connection = open_writer(self._path, self._connect)
            self._head = _head(self._connection)
            self._require_kept(self._connection)
        return self._connection

    def _require_kept(self, connection: sqlite3.Connection) -> None:
        """Refuse to go on if the disk lost what was promised before the failure."""
        found = connection.execute("SELECT digest FROM journal WHERE seq = ?", (self._durable.seq,)).fetchone()
        if self._durable.seq and (found is None or found[0] != self._durable.digest):
            raise PermanentFailure(
                f"{self._path} lost journal entries that were durable (up to {self._durable.seq}): the disk is not "
                "to be trusted. Restore the last backup: centrala restore FILE"
            )

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                # A disk that failed may fail at closing too; the reason was told already.
                return

    # ------------------------------------------------------------ in the loop again

    def _settle(self, batch: list[_Job], outcomes: list[Exception | None]) -> None:
        for job, failure in zip(batch, outcomes, strict=True):
            self._room.release()
            if job.done.done():
                continue
            if failure is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(failure)


def scrub(connection: sqlite3.Connection) -> None:
    """Rewrite the full-text index without the words of texts that are gone; the writer then empties its log."""
    connection.execute("INSERT INTO message_search(message_search) VALUES ('optimize')")


def _empty_log(connection: sqlite3.Connection) -> None:
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("somebody reads: the log still holds what was erased; try again")


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT seq, digest FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*row) if row else EMPTY


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _because(failure: Exception, cause: Exception) -> Exception:
    failure.__cause__ = cause
    return failure
