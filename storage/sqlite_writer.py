"""How the embedded store commits: over one connection, which is replaced after a failure and then checked."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from storage.chain import EMPTY, Head
from storage.group_commit import BATCH_MAX, GroupWriter, Job, because
from storage.sqlite_file import Connect, open_writer
from storage.statements import SQLITE, Statements
from vocabulary.errors import TemporaryFailure


class Writer(GroupWriter):
    """The one writer of a SQLite file."""

    statements = Statements(SQLITE)
    refused = (
        sqlite3.IntegrityError,
        sqlite3.DataError,
        sqlite3.InterfaceError,
        sqlite3.ProgrammingError,
        ValueError,
        TypeError,
        OverflowError,
    )

    def __init__(
        self,
        path: Path,
        connect: Connect,
        connection: sqlite3.Connection,
        batch_max: int = BATCH_MAX,
        *,
        inline: bool = False,
    ) -> None:
        """Begin; `connection` is the writer's own from now on. The rest is as for every GroupWriter."""
        self._path = path
        self._connect = connect
        self._connection: sqlite3.Connection | None = connection
        self._file = _identity(path)
        super().__init__(str(path), _head(connection), batch_max, inline=inline)

    def _commit(self, jobs: Sequence[Job]) -> list[Exception | None]:
        connection = self._connected()
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [self._attempt(connection, job) for job in jobs]
        connection.commit()
        if any(job.work is scrub for job in jobs):
            self._durable = self._head
            failure = self._scrubbed(connection)
            return [failure if job.work is scrub else outcome for job, outcome in zip(jobs, outcomes, strict=True)]
        return outcomes

    def _scrubbed(self, connection: sqlite3.Connection) -> Exception | None:
        """Write the file anew; what was committed with it is durable whether that works or not."""
        try:
            _empty_log(connection)
        except sqlite3.OperationalError as error:
            self._disconnect()
            return because(TemporaryFailure(f"{self._path} could not be written anew: {error}"), error)
        return None

    def _connected(self) -> sqlite3.Connection:
        """Return the connection, a new one after a failure, if the file is still the one that was opened."""
        if _identity(self._path) != self._file:
            raise OSError("the file was moved or replaced while in use; put it back or restart")
        if self._connection is None:
            self._connection = open_writer(self._path, self._connect)
            self._head = _head(self._connection)
            kept = self._connection.execute("SELECT digest FROM journal WHERE seq = ?", (self._durable.seq,))
            self._require_kept(kept.fetchone())
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                # A disk that failed may fail at closing too; the reason was told already.
                return


def scrub(connection: sqlite3.Connection) -> None:
    """Rewrite the full-text index without the words of texts that are gone.

    The writer then writes all pages anew and empties its log.
    """
    connection.execute("INSERT INTO message_search(message_search) VALUES ('optimize')")


def _empty_log(connection: sqlite3.Connection) -> None:
    # Cells that moved when a page was split leave a copy in the old page that `secure_delete` doesn't know of; only
    # pages that are written anew hold nothing but what is there.
    connection.execute("VACUUM")
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("somebody reads: the log still holds what was erased; try again")


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT seq, digest FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*row) if row else EMPTY


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
