"""What can be wrong with a store that opens all the same."""

import struct
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, func, inspect, select

from storage import queries
from storage.chain import EMPTY, Head, digest_of
from storage.seal import unsealed
from storage.tables import attachments, checkpoints, interactions, models, received
from vocabulary.ids import is_as_written, is_model_as_written
from vocabulary.records import Entry

_PAGE = 1_000
_PAGE_OF_FILES = 20
# Enough to see what is wrong; a journal cut in the middle would name every entry behind the cut.
_FOUND_MAX = 20


def journal_problems(connection: Connection) -> list[str]:
    """Return which entries are missing or were changed after they were written (hash chain), in order."""
    problems: list[str] = []
    # First, for others may be writing: what they know meanwhile, the journal will have when it is read.
    known = _known(connection)
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
    return problems + _ahead(known, head.seq) if len(problems) < _FOUND_MAX else problems


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


def _known(connection: Connection) -> dict[str, int | None]:
    """Return the last entry that something besides the journal knows."""
    columns = {"checkpoint": checkpoints.c.seq, "interaction": interactions.c.changed_seq}
    return {name: connection.execute(select(func.max(column))).scalar() for name, column in columns.items()}


def _ahead(known: dict[str, int | None], last: int) -> list[str]:
    """Return what claims to know more than the journal: its end was cut off."""
    return [
        f"journal: it ends at {last}, but a {name} knows entry {seq}"
        for name, seq in known.items()
        if seq is not None and seq > last
    ]


def content_problems(connection: Connection) -> list[str]:
    """Return which checkpoints, raw mails, attachments and models are not as they were written.

    SQLite vouches for the structure of its file, not for bytes inside a value.
    """
    problems = []
    for seq, body in connection.execute(select(checkpoints.c.seq, checkpoints.c.body)):
        try:
            unsealed(body)
        except (ValueError, TypeError, AttributeError):
            problems.append(f"checkpoint {seq} was changed after it was written")
    for name, query in (
        ("received", select(received.c.id, received.c.channel, received.c.raw)),
        ("attachments", select(attachments.c.id, attachments.c.message, attachments.c.content)),
    ):
        for id, of, content in connection.execute(query.execution_options(yield_per=_PAGE_OF_FILES)):
            if not is_as_written(id, of, content):
                problems.append(f"{name}: the bytes of {id} were changed after they came in")
            if len(problems) >= _FOUND_MAX:
                break
    if not inspect(connection).has_table(models.name):  # an older store, before its upgrade
        return problems
    for id, content in connection.execute(select(models.c.id, models.c.content).execution_options(yield_per=1)):
        if not is_model_as_written(id, content):
            problems.append(f"models: the bytes of {id} were changed after they were written")
    return problems


def sqlite_problems(connection: Connection) -> list[str]:
    """Return what SQLite itself finds wrong with the file's structure."""
    found = [row[0] for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_FOUND_MAX})")]
    problems = [f"database: {line}" for line in found if line != "ok"]
    broken = sorted((row[0], row[2]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    for (table, parent), rows in groupby(broken, itemgetter(0, 1)):
        problems.append(f"{table}: {len(list(rows))} rows belong to {parent} that are gone")
    return problems


def postgresql_problems(connection: Connection) -> list[str]:
    """Return which indexes PostgreSQL doesn't use, and how many messages the search doesn't know."""
    broken = connection.exec_driver_sql(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY 1"
    )
    problems = [f"database: the index {name} is not valid; rebuild it: REINDEX INDEX {name}" for (name,) in broken]
    (unknown,) = connection.exec_driver_sql(
        "SELECT count(*) FROM messages LEFT JOIN message_search USING (position) WHERE message_search.position IS NULL"
    ).one()
    return problems + ([f"message_search: {unknown} messages are missing"] if unknown else [])
