"""How PostgreSQL commits: whole batches in pipeline mode behind a fence that all nodes of a site pass one by one.

The fence is a lock that the database holds for the transaction. Who has it sees where the journal ends, whoever wrote
there, and nobody else gets in between. The journal's key is the second barrier.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg import errors

from storage import postgresql_search as search
from storage.chain import EMPTY, Head
from storage.group_commit import BATCH_MAX, GroupWriter, Job, refusal
from storage.postgresql_server import Connection, Server, discreet
from storage.queries import ENTRY_COLUMNS
from storage.statements import POSTGRESQL, Statements, Target
from vocabulary.records import Change, Entry, Transaction

Cursor = psycopg.Cursor[Any]

# Two locks of our own by schema: the fence has one holder; whoever else writes only shows that he does.
_FENCE, _WRITING = 1_130_720_884, 1_130_720_885
_LOCK_FENCE = f"SELECT pg_advisory_xact_lock({_FENCE}, hashtext(current_schema()))"
_SHOW_WRITING = f"SELECT pg_advisory_xact_lock_shared({_WRITING}, hashtext(current_schema()))"
# A process that was paused in the middle of a transaction would keep all others out as long as it sleeps.
_END_STUCK = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND database = datid AND datname = current_database()
    AND classid IN (%s, %s) AND objid::bigint = hashtext(current_schema())::bigint & 4294967295
    AND granted AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - %s * interval '1 millisecond'
"""
_HEAD = "SELECT seq, digest FROM journal ORDER BY seq DESC LIMIT 1"
# With the snapshot of the whole transaction, the head would be older than the fence.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_COPY = f"COPY journal ({', '.join(ENTRY_COLUMNS)}, digest) FROM STDIN".encode()
_MANY = 40
"""So many entries are worth an exchange of their own."""


class Writer(GroupWriter):
    """The one writer of this process; other processes have theirs."""

    statements = Statements(POSTGRESQL)
    refused = (
        psycopg.IntegrityError,
        psycopg.DataError,
        psycopg.ProgrammingError,
        psycopg.NotSupportedError,
        errors.ProgramLimitExceeded,
        ValueError,
        TypeError,
        OverflowError,
    )

    def __init__(self, server: Server, connection: Connection, batch_max: int = BATCH_MAX) -> None:
        """Begin; `connection` is the writer's own from now on. The rest is as for every GroupWriter."""
        self._server = server
        self._connection: Connection | None = connection
        super().__init__(server.name, _head(connection.cursor()), batch_max)

    def _commit(self, jobs: Sequence[Job]) -> list[Exception | None]:
        connection = self._connected()
        try:
            try:
                return self._together(connection, jobs)
            except self.refused:
                # One of them is to blame; which, only trying them one by one tells.
                connection.rollback()
            return self._one_by_one(connection, jobs)
        except errors.LockNotAvailable:
            # Rows, too, may be held by somebody who stands still.
            connection.rollback()
            self._end_who_stands_still(connection)
            raise

    def _discreet(self, error: Exception) -> Exception:
        return discreet(error)

    def _connected(self) -> Connection:
        """Return the connection, a new one after a failure, if the server still has what it promised."""
        if self._connection is None:
            self._connection = self._server.writer()
            cursor = self._connection.cursor()
            self._head = _head(cursor)
            cursor.execute("SELECT digest FROM journal WHERE seq = %s", (self._durable.seq,))
            self._require_kept(cursor.fetchone())
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # ------------------------------------------------------------ the fence

    def _begin(self, connection: Connection, cursor: Cursor, jobs: Sequence[Job]) -> None:
        try:
            self._enter(connection, cursor, jobs)
        except errors.LockNotAvailable:
            connection.rollback()
            self._end_who_stands_still(connection)
            self._enter(connection, cursor, jobs)

    def _end_who_stands_still(self, connection: Connection) -> None:
        connection.execute(_END_STUCK.encode(), (_FENCE, _WRITING, self._server.patience))

    def _enter(self, connection: Connection, cursor: Cursor, jobs: Sequence[Job]) -> None:
        """Begin a transaction; where `jobs` build on the journal's end, alone, and knowing where that is."""
        is_fenced = any(job.end is not None for job in jobs)
        with connection.pipeline():
            cursor.execute(_BEGIN)
            cursor.execute(_LOCK_FENCE if is_fenced else _SHOW_WRITING)
            if is_fenced:
                self._head = _head(cursor)
        if is_fenced and self._head.seq < self._durable.seq:
            self._require_kept(None)

    # ------------------------------------------------------------ the usual case: nothing is refused

    def _together(self, connection: Connection, jobs: Sequence[Job]) -> list[Exception | None]:
        """Commit all of `jobs`; whatever is refused by the database leaves none of them written."""
        with connection.cursor() as cursor:
            self._begin(connection, cursor, jobs)
            plan = self._plan(jobs)
            if len(plan.entries) >= _MANY:
                _copy(cursor, plan)
            with connection.pipeline():
                if 0 < len(plan.entries) < _MANY:
                    self.statements.append(cursor, plan.entries, plan.digests)
                self._change(cursor, plan.changes)
                for work in plan.others:
                    work(cursor)
                cursor.execute("COMMIT")
            _require_committed(cursor)
        return plan.outcomes

    def _plan(self, jobs: Sequence[Job]) -> "_Plan":
        """Put together what `jobs` write, but for those that the fence keeps out."""
        plan = _Plan([], [], [], [], [])
        for job in jobs:
            failure = self._overtaken(job)
            if not isinstance(job.work, Transaction):
                plan.others.append(job.work)
            elif failure is None:
                try:
                    plan.digests.extend(self._grow(job.work))
                except ValueError as error:
                    failure = refusal(error)
                else:
                    plan.entries.extend(job.work.entries)
                    plan.changes.extend(job.work.changes)
            job.failed = failure is not None
            plan.outcomes.append(failure)
        return plan

    def _change(self, target: Target, changes: Sequence[Change]) -> None:
        super()._change(target, changes)
        search.index(target, changes)

    # ------------------------------------------------------------ one of them was refused

    def _one_by_one(self, connection: Connection, jobs: Sequence[Job]) -> list[Exception | None]:
        with connection.cursor() as cursor:
            self._begin(connection, cursor, jobs)
            outcomes = [self._attempt(cursor, job) for job in jobs]
            cursor.execute("COMMIT")
            _require_committed(cursor)
        return outcomes


class _Plan(NamedTuple):
    """One batch: what becomes of each job, and what is written. `others` depend on nothing else of it."""

    outcomes: list[Exception | None]
    entries: list[Entry]
    digests: list[bytes]
    changes: list[Change]
    others: list[Callable[[Any], None]]


def _copy(cursor: Cursor, plan: _Plan) -> None:
    """Write the entries of a plan: in one exchange more than with statements, but a quarter of the time for each."""
    with cursor.copy(_COPY) as copy:
        for entry, digest in zip(plan.entries, plan.digests, strict=True):
            copy.write_row((*msgspec.structs.astuple(entry), digest))


def _head(cursor: Cursor) -> Head:
    row = cursor.execute(_HEAD).fetchone()
    return Head(*row) if row else EMPTY


def _require_committed(cursor: Cursor) -> None:
    """Believe in a commit only if the server says so: it answers ROLLBACK where the transaction had failed before."""
    if cursor.statusmessage != "COMMIT":
        raise psycopg.OperationalError(f"the server answered {cursor.statusmessage} to COMMIT")
