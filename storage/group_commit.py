"""The one writer of a store: a thread that commits all transactions that wait as one (group commit).

While the disk works on one commit the next transactions gather, so the slower the disk, the more share its fsync. What
a commit is, a database's own writer says: storage/sqlite_writer.py, storage/postgresql_writer.py.
"""

import asyncio
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from storage.chain import Head, grown
from storage.errors import OutOfOrder
from storage.statements import Statements, Target
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.records import Change, Transaction

Work = Transaction | Callable[[Any], None]
"""What becomes durable together, or not at all."""

WAITING_MAX = 5_000
BATCH_MAX = 1_000


class Job:
    """Work that waits. `parent`: whose entries it was decided on, before anybody knew whether these became durable."""

    __slots__ = ("done", "failed", "parent", "work")

    def __init__(self, work: Work, done: asyncio.Future[None], parent: "Job | None") -> None:
        self.work = work
        self.done = done
        self.parent = parent
        self.failed = False

    @property
    def end(self) -> int | None:
        """Where the journal ends behind it; None if it doesn't say."""
        if not isinstance(self.work, Transaction) or self.work.after is None:
            return None
        return self.work.after + len(self.work.entries)


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
        self._newest: Job | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
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
        job = self._job(work)
        self._put(job)
        try:
            await job.done
        except Exception:
            # From here on the caller knows, and what he brings is decided on the journal again.
            self._newest = None
            raise

    def _job(self, work: Work) -> Job:
        """Return `work` with what it builds on. Numbers alone don't tell: another node may write as many entries."""
        job = Job(work, self._loop.create_future(), None)
        if isinstance(work, Transaction) and work.after is not None:
            if self._newest is not None and self._newest.end == work.after:
                job.parent = self._newest
            self._newest = job
        return job

    def _put(self, job: Job | None) -> None:
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
    def _commit(self, jobs: Sequence[Job]) -> list[Exception | None]:
        """Make `jobs` durable in one commit; return for each why it was refused, None if it wasn't.

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

    def _next_batch(self) -> list[Job]:
        """Return all that waits, at least one; nothing if it is time to stop."""
        batch: list[Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == self._batch_max or self._jobs.empty():
                return batch
            job = self._jobs.get()
        if batch:
            self._jobs.put(None)
        return batch

    def _outcomes(self, batch: list[Job]) -> list[Exception | None]:
        """Return for each job what went wrong with it."""
        try:
            outcomes = self._commit(batch)
        except PermanentFailure as failure:
            self._disconnect()
            return _failed(batch, partial(PermanentFailure, *failure.args))
        except Exception as error:  # noqa: BLE001 (this supervises the thread: callers must hear of whatever it was)
            # After a failed fsync nobody knows what the disk holds, and a second one would say "fine" about pages that
            # the kernel has dropped. So nothing is tried again on this connection.
            self._disconnect()
            cause = self._discreet(error)
            told = f"{self.name} could not be written: {cause}"
            return _failed(batch, lambda: because(TemporaryFailure(told), cause))
        self._durable = self._head
        for job in batch:
            job.parent = None
        return outcomes

    def _attempt(self, target: Target, job: Job) -> Exception | None:
        """Do a job inside the open transaction; what can't be done leaves no trace and comes back as the reason."""
        head = self._head
        failure = self._overtaken(job)
        job.failed = failure is not None
        if job.failed:
            return failure
        target.execute("SAVEPOINT one")
        try:
            self._apply(target, job.work)
        except self.refused as error:
            self._head, job.failed = head, True
            target.execute("ROLLBACK TO one")
            failure = refusal(self._discreet(error))
        target.execute("RELEASE one")
        return failure

    def _overtaken(self, job: Job) -> Exception | None:
        """Return why a job may not follow the journal's head, None if it may."""
        work = job.work
        if not isinstance(work, Transaction) or work.after is None:
            return None
        if work.after != self._head.seq:
            return OutOfOrder(f"the journal ends at {self._head.seq}, the transaction follows {work.after}")
        if job.parent is not None and job.parent.failed:
            return OutOfOrder(f"the journal ends at {work.after}, but with other entries than the transaction follows")
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

    def _settle(self, batch: list[Job], outcomes: list[Exception | None]) -> None:
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


def _failed(batch: Sequence[Job], failure: Callable[[], Exception]) -> list[Exception | None]:
    """Mark all jobs of a batch as failed; return for each a failure of its own."""
    for job in batch:
        job.failed, job.parent = True, None
    return [failure() for _ in batch]


def refusal(error: Exception) -> Exception:
    """Return what the caller of a transaction hears that the database refuses with `error`."""
    return because(PermanentFailure(f"the store refuses this transaction: {error}"), error)


def because(failure: Exception, cause: Exception) -> Exception:
    """Return `failure` with its cause."""
    failure.__cause__ = cause
    return failure
