"""The one writer of a store: a thread that commits all transactions that wait as one (group commit).

While the disk works on one commit the next transactions gather, so the slower the disk, the more share its fsync. What
a commit is, a database's own writer says: storage/sqlite_writer.py, storage/postgresql_writer.py.
"""

import asyncio
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from storage.chain import Head, grown
from storage.errors import OutOfOrder
from storage.statements import Statements, Target
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.records import Change, Transaction

Work = Transaction | Callable[[Any], None]
"""What becomes durable together, or not at all."""

WAITING_MAX = 5_000
BATCH_MAX = 1_000


class _Job(NamedTuple):
    work: Work
    done: asyncio.Future[None]


class GroupWriter(ABC):
    """Takes work from one event loop and answers there."""

    statements: Statements
    refused: tuple[type[Exception], ...]
    """What a transaction itself is to blame for; anything else is the disk's fault, or the server's."""

    def __init__(self, name: str, head: Head, batch_max: int = BATCH_MAX, *, inline: bool = False) -> None:
        """Start the thread. The journal ends at `head`; at most `batch_max` transactions share a commit.

        `name`: of the store, in what is told about failures. With `inline` there is no thread: the loop itself commits
        what gathered while it was busy. Every wait for the disk is then the whole process's, so it is for simulations,
        which must run the same way each time.
        """
        self.name = name
        self._head = self._durable = head
        self._batch_max = batch_max
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(WAITING_MAX)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread: threading.Thread | None = None
        if not inline:
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            self._thread.start()

    async def submit(self, work: Work) -> None:
        """Return when `work` is durable. A caller who is cancelled doesn't take it back.

        Raises:
            OutOfOrder: see Store.commit.
            PermanentFailure: the database refuses this work whenever it comes.
            TemporaryFailure: the disk or the server failed, or the store is closed.
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

    # ------------------------------------------------------------ what a database does in its own way

    @abstractmethod
    def _commit(self, works: Sequence[Work]) -> list[Exception | None]:
        """Make `works` durable in one commit; return for each why it was refused, None if it wasn't.

        Raises:
            PermanentFailure: the database is not to be written again.
            Exception: anything else means that nobody knows whether they were written.
        """

    @abstractmethod
    def _disconnect(self) -> None:
        """Let the connection go, whatever state it is in; never raises what only says that it is broken."""

    def _discreet(self, error: Exception) -> Exception:
        """Return `error` without what it quotes of rows: these are people's names and addresses."""
        return error

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
            outcomes = self._commit([job.work for job in batch])
        except PermanentFailure as failure:
            self._disconnect()
            return [PermanentFailure(*failure.args) for _ in batch]
        except Exception as error:  # noqa: BLE001 (this supervises the thread: callers must hear of whatever it was)
            # After a failed fsync nobody knows what the disk holds, and a second one would say "fine" about pages that
            # the kernel has dropped. So nothing is tried again on this connection.
            self._disconnect()
            cause = self._discreet(error)
            return [because(TemporaryFailure(f"{self.name} could not be written: {cause}"), cause) for _ in batch]
        self._durable = self._head
        return outcomes

    def _attempt(self, target: Target, work: Work) -> Exception | None:
        """Do `work` inside the open transaction; what can't be done leaves no trace and comes back as the reason."""
        head = self._head
        if failure := self._overtaken(work):
            return failure
        target.execute("SAVEPOINT one")
        try:
            self._apply(target, work)
        except self.refused as error:
            self._head = head
            target.execute("ROLLBACK TO one")
            failure = refusal(self._discreet(error))
        target.execute("RELEASE one")
        return failure

    def _overtaken(self, work: Work) -> Exception | None:
        """Return why `work` may not follow the journal's head, None if it may."""
        if isinstance(work, Transaction) and work.after is not None and work.after != self._head.seq:
            return OutOfOrder(f"the journal ends at {self._head.seq}, the transaction follows {work.after}")
        return None

    def _apply(self, target: Target, work: Work) -> None:
        if not isinstance(work, Transaction):
            work(target)
            return
        if work.entries:
            self.statements.append(target, work.entries, self._grow(work))
        self._change(target, work.changes)

    def _change(self, target: Target, changes: Sequence[Change]) -> None:
        self.statements.apply(target, changes)

    def _grow(self, transaction: Transaction) -> list[bytes]:
        """Move the head behind the transaction's entries; return their digests."""
        if transaction.entries and transaction.after is None:
            raise ValueError("entries without `after`")
        self._head, digests = grown(self._head, transaction.entries)
        return digests

    def _require_kept(self, found: tuple[bytes] | None) -> None:
        """Refuse to go on if what was promised before a failure is lost: `found` is the digest kept at that place."""
        if self._durable.seq and (found is None or found[0] != self._durable.digest):
            raise PermanentFailure(
                f"{self.name} lost journal entries that were durable (up to {self._durable.seq}): its disk is not "
                "to be trusted. Restore the last backup: centrala restore FILE"
            )

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
                # Seen: whoever waited may have left at this very moment, and that is no fault.
                job.done.exception()


def refusal(error: Exception) -> Exception:
    """Return what the caller of a transaction hears that the database refuses with `error`."""
    return because(PermanentFailure(f"the store refuses this transaction: {error}"), error)


def because(failure: Exception, cause: Exception) -> Exception:
    """Return `failure` with its cause."""
    failure.__cause__ = cause
    return failure
