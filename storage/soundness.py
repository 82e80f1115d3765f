"""What a start looks at before it trusts a file: as much as fits into a second or so.

All of the structure, and of the contents what the start itself builds on: the newest checkpoint, the end of the journal
and the newest raw mails, attachments and models. `centrala db check` and every backup read the rest.
"""

import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing

from storage.chain import Head, digest_of
from storage.queries import ENTRY_COLUMNS
from storage.seal import unsealed
from vocabulary.ids import is_as_written, is_model_as_written
from vocabulary.records import Entry

ENTRIES = 10_000
"""So many of the newest are read."""
FILE_BYTES, ROW_BYTES = 100_000_000, 20_000
"""So many bytes of the newest mails, attachments and models are read; a small one costs as much as one of 20 kB."""

DAMAGE = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file raises: the driver can't even say what SQLite says if that names something in random bytes."""

_PLACE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL}
)
"""Primary codes of errors by which a disk, a folder or another program keeps us out."""

_COLUMNS = ", ".join(ENTRY_COLUMNS)


def concerns_the_place(error: Exception) -> bool:
    """Tell whether the file may be sound, but could not be opened or written where it is."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _PLACE


def told(error: Exception) -> str:
    """Return what one of DAMAGE says, without the words of customers that may follow."""
    if isinstance(error, UnicodeDecodeError):
        return "names in its schema are no text"
    return str(error).partition(" with text ")[0]


def damage(connection: sqlite3.Connection) -> str | None:
    """Return the first thing that is wrong with an open database, None if nothing is.

    Raises:
        sqlite3.Error: it can't be looked at, for a reason that says nothing of its soundness.
    """
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            return " ".join(str(found).split())  # it may be several lines
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
            return None
        return next(filter(None, (look(connection) for look in (_checkpoint, _journal, _files, _models))), None)
    except DAMAGE as error:
        if concerns_the_place(error):
            raise
        return told(error)


def _checkpoint(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT seq, body FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return None
    try:
        unsealed(row[1])
    except (ValueError, TypeError, AttributeError):
        return f"checkpoint {row[0]} was changed after it was written"
    return None


def _journal(connection: sqlite3.Connection) -> str | None:
    """Follow the hash chain through the newest entries, from the one before them."""
    head: Head | None = None
    query = f"SELECT {_COLUMNS}, digest FROM (SELECT * FROM journal ORDER BY seq DESC LIMIT ?) ORDER BY seq"  # noqa: S608  # our own names
    for *columns, digest in connection.execute(query, (ENTRIES,)):
        entry = Entry(*columns)
        if head is not None:
            if entry.seq != head.seq + 1:
                return f"journal: entries {head.seq + 1} to {entry.seq - 1} are missing"
            if not _is_next(head.digest, entry, digest):
                return f"journal: entry {entry.seq} was changed after it was written"
        head = Head(entry.seq, digest)
    return None


def _is_next(before: bytes, entry: Entry, digest: bytes) -> bool:
    try:
        return digest_of(before, entry) == digest
    except (TypeError, struct.error):
        # SQLite lets a column hold another type than the schema says.
        return False


def _files(connection: sqlite3.Connection) -> str | None:
    """Look at the newest raw mails and attachments, each up to a bound of bytes."""
    for table, of, content in (("received", "channel", "raw"), ("attachments", "message", "content")):
        query = f"SELECT id, {of}, {content} FROM {table} ORDER BY rowid DESC"  # noqa: S608  # our own names
        changed = _changed(connection, query, is_as_written)
        if changed is not None:
            return f"{table}: the bytes of {changed} were changed after they came in"
    return None


def _models(connection: sqlite3.Connection) -> str | None:
    """Look at the newest versions of the model, which may be the greater part of a young file."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'models'").fetchone():
        return None
    changed = _changed(connection, "SELECT id, content FROM models ORDER BY rowid DESC", is_model_as_written)
    return None if changed is None else f"models: the bytes of {changed} were changed after they were written"


def _changed(connection: sqlite3.Connection, query: str, is_sound: Callable[..., bool]) -> str | None:
    """Return the first id whose bytes, the last column, are not as they were; rows are read up to `FILE_BYTES`."""
    left = FILE_BYTES
    with closing(connection.execute(query)) as rows:
        for row in rows:
            if not is_sound(*row):
                return str(row[0])
            left -= len(row[-1] or b"") + ROW_BYTES
            if left < 0:
                break
    return None
