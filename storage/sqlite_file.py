"""The database file: who may open it, how a connection to it behaves, and whether it is sound."""

import fcntl
import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

from storage.schema import newest, schema_of
from storage.soundness import DAMAGE, concerns_the_place, damage, told
from vocabulary.errors import PermanentFailure

_WRITER = (
    # Several batches may have to find out one after the other that somebody holds the file: within 5 s in all.
    "PRAGMA busy_timeout = 1000",
    "PRAGMA journal_mode = WAL",
    # NORMAL loses acknowledged commits at a power cut; FULL none (reliability: R3).
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is erased is overwritten, not only let go.
    "PRAGMA secure_delete = ON",
    # A long read lets the log grow; afterwards it is cut back to this.
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA cache_size = -65536",
)
_HINT = "Keep a copy of it and of the -wal file beside it, and restore the last backup: centrala restore FILE"
_READER = ("PRAGMA busy_timeout = 5000", "PRAGMA query_only = ON")


class Connect(Protocol):
    """Opens a connection that any thread may use (`check_same_thread=False`)."""

    def __call__(self, path: Path, *, read_only: bool) -> sqlite3.Connection: ...


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Return a connection to the file at `path`, made if it isn't there and may be written."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    return sqlite3.connect(uri, uri=True, check_same_thread=False, cached_statements=256)


def open_writer(path: Path, connect: Connect) -> sqlite3.Connection:
    """Return a connection that writes durably; its transactions are begun and ended by us alone."""
    return _prepared(connect(path, read_only=False), _WRITER)


def open_reader(path: Path, connect: Connect) -> sqlite3.Connection:
    """Return a connection that only reads."""
    return _prepared(connect(path, read_only=True), _READER)


def _prepared(connection: sqlite3.Connection, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    try:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma).close()
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path, connect: Connect, *, check: bool = True) -> sqlite3.Connection:
    """Return a writing connection to the file at `path`, found sound (if `check`) and brought to today's schema.

    Raises:
        PermanentFailure: the file is damaged, is no database, can't be opened, or a newer Centrala made its schema.
    """
    try:
        # Ours alone: it holds what customers wrote. SQLite gives its log the same permissions.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = open_writer(path, connect)
    except (OSError, *DAMAGE) as error:
        raise _unusable(path, error) from error
    try:
        if check:
            _require_sound(path, connection)
        if schema_of(connection) != newest():
            from storage.upgrading import upgrade

            upgrade(path, connect, first=None if check else partial(_require_sound, path, connection))
    except BaseException:
        connection.close()
        raise
    return connection


def upgraded(path: Path) -> None:
    """Bring the store at `path`, found sound, to today's schema, as opening it would.

    Raises:
        PermanentFailure: as `prepare`, or somebody uses it.
    """
    lock = FileLock(path)
    try:
        prepare(path, connect).close()
    finally:
        lock.release()


def require_sound(path: Path, connect: Connect) -> None:
    """Look for damage in the file at `path`, which others may use meanwhile; one that isn't there is sound.

    Raises:
        PermanentFailure: it is damaged or can't be opened; the message says what to do.
    """
    if not path.exists():
        return
    try:
        # After a kill its log must be read anew first, and that writes beside it.
        with closing(connect(path, read_only=False)) as connection:
            for pragma in _READER:
                connection.execute(pragma).close()
            _require_sound(path, connection)
    except DAMAGE as error:
        raise _unusable(path, error) from error


def _require_sound(path: Path, connection: sqlite3.Connection) -> None:
    try:
        found = damage(connection)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    if found is not None:
        raise PermanentFailure(f"{path} is damaged: {found}. {_HINT}")


def _unusable(path: Path, error: Exception) -> PermanentFailure:
    """Return what to tell of a file that could not be opened: a backup helps only if it is the file that is broken."""
    if isinstance(error, OSError) or concerns_the_place(error):
        return PermanentFailure(f"{path} can't be opened: {error}. Check the folder and its permissions")
    return PermanentFailure(f"{path} is damaged: {told(error)}. {_HINT}")


class FileLock:
    """Keeps a second process from the file; released by `release`, or by the system if the process dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside `path`.

        Raises:
            PermanentFailure: another process, or another store of this one, has it.
        """
        lock = path.with_name(f"{path.name}.lock")
        try:
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise PermanentFailure(f"{lock} can't be written: {error}. Check the folder and its permissions") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise PermanentFailure(
                f"{path} is in use by process {holder}. Stop that Centrala first, or give this one another data folder"
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others open the file. Harmless to repeat."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
