"""What a start looks at before it trusts a file: as much as fits into a second or so.

All of the structure, and of the contents what the start itself builds on: the newest checkpoint, the end of the journal
and the newest raw mails. `centrala db check` and every backup read the rest.
"""

import sqlite3
import struct

from storage.chain import Head, digest_of
from storage.queries import ENTRY_COLUMNS
from storage.seal import unsealed
from vocabulary.ids import is_received_id, received_id
from vocabulary.records import Entry

ENTRIES, MAILS = 10_000, 1_000
"""So many of the newest are read."""

_COLUMNS = ", ".join(ENTRY_COLUMNS)


def damage(connection: sqlite3.Connection) -> str | None:
    """Return the first thing that is wrong with an open database, None if nothing is."""
    try:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            return str(found)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journal'").fetchone():
            return None
        return next(filter(None, (look(connection) for look in (_checkpoint, _journal, _mails))), None)
    except sqlite3.Error as error:
        # What follows may be somebody's words.
        return str(error).partition(" with text ")[0]


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


def _mails(connection: sqlite3.Connection) -> str | None:
    query = "SELECT id, channel, raw FROM received ORDER BY rowid DESC LIMIT ?"
    for id, channel, raw in connection.execute(query, (MAILS,)):
        if raw and is_received_id(id) and (not isinstance(raw, bytes) or received_id(channel, raw) != id):
            return f"received: the bytes of {id} were changed after they came in"
    return None
