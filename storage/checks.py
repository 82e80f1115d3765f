"""What can be wrong with a store that opens all the same."""

import struct
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from storage import queries
from storage.chain import EMPTY, Head, digest_of
from storage.seal import unsealed
from storage.tables import checkpoints, interactions, received
from vocabulary.ids import is_received_id, received_id
from vocabulary.records import Entry

_PAGE = 1_000
# Enough to see what is wrong; a journal cut in the middle would name every entry behind the cut.
_FOUND_MAX = 20


def journal_problems(connection: Connection) -> list[str]:
    """Return which entries are missing or were changed after they were written (hash chain), in order."""
    problems: list[str] = []
    head = EMPTY
    while len(problems) < _FOUND_MAX:
        page = connection.execute(queries.entries(head.seq, _PAGE, digests=True)).all()
        if not page:
            break
        for row in page:
            *columns, digest = tuple(row)
            entry = Entry(*columns)
            if entry.seq != head.seq + 1:
                problems.append(f"journal: entries {head.seq + 1} to {entry.seq - 1} are missing")
            elif not _is_as_written(entry, head.digest, digest):
                problems.append(f"journal: entry {entry.seq} was changed after it was written")
            head = Head(entry.seq, digest)
    return problems + _ahead(connection, head.seq) if len(problems) < _FOUND_MAX else problems


def _is_as_written(entry: Entry, previous: bytes, digest: bytes) -> bool:
    try:
        body = msgspec.json.decode(entry.body, type=dict[str, Any])
        return digest == digest_of(previous, entry) and (entry.type, entry.interaction, entry.agent, entry.queue) == (
            body["type"],
            body.get("interaction"),
            body.get("agent"),
            body.get("queue"),
        )
    except (TypeError, KeyError, struct.error, msgspec.MsgspecError):
        # SQLite lets a column hold another type than the schema says.
        return False


def _ahead(connection: Connection, last: int) -> list[str]:
    """Return what claims to know more than the journal: its end was cut off."""
    problems = []
    for name, column in (("checkpoint", checkpoints.c.seq), ("interaction", interactions.c.changed_seq)):
        seq = connection.execute(select(func.max(column))).scalar()
        if seq is not None and seq > last:
            problems.append(f"journal: it ends at {last}, but a {name} knows entry {seq}")
    return problems


def content_problems(connection: Connection) -> list[str]:
    """Return which checkpoints and raw mails are not as they were written.

    SQLite vouches for the structure of its file, not for bytes inside a value.
    """
    problems = []
    for seq, body in connection.execute(select(checkpoints.c.seq, checkpoints.c.body)):
        try:
            unsealed(body)
        except (ValueError, TypeError, AttributeError):
            problems.append(f"checkpoint {seq} was changed after it was written")
    mails = select(received.c.id, received.c.channel, received.c.raw)
    for id, channel, raw in connection.execute(mails.execution_options(yield_per=_PAGE)):
        if not _is_raw_as_received(id, channel, raw):
            problems.append(f"received: the bytes of {id} were changed after they came in")
        if len(problems) >= _FOUND_MAX:
            break
    return problems


def _is_raw_as_received(id: Any, channel: Any, raw: Any) -> bool:
    """Tell whether raw bytes fit their id; erased ones are empty. SQLite lets columns hold other types than theirs."""
    if not raw or not is_received_id(id):
        return True
    return isinstance(raw, bytes) and isinstance(channel, str) and received_id(channel, raw) == id


def sqlite_problems(connection: Connection) -> list[str]:
    """Return what SQLite itself finds wrong with the file's structure."""
    found = [row[0] for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_FOUND_MAX})")]
    problems = [f"database: {line}" for line in found if line != "ok"]
    broken = sorted((row[0], row[2]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    for (table, parent), rows in groupby(broken, itemgetter(0, 1)):
        problems.append(f"{table}: {len(list(rows))} rows belong to {parent} that are gone")
    return problems
