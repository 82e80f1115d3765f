"""How a transaction becomes SQL for SQLite. Statements are compiled once; rows of a kind in succession go together."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, update
from sqlalchemy.dialects.sqlite import dialect, insert
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from storage.mapping import json_columns
from storage.queries import ENTRY_COLUMNS
from storage.tables import TABLES, Kind, checkpoints, journal, key_of
from vocabulary.instants import Instant
from vocabulary.records import Change, Entry, Put, PutNew, Remove, Row, Set

_DIALECT = dialect(paramstyle="qmark")
CHECKPOINTS_KEPT = 2


def append(connection: sqlite3.Connection, entries: Sequence[Entry], digests: Sequence[bytes]) -> None:
    """Write `entries` with their digests into the journal."""
    rows = [(*msgspec.structs.astuple(entry), digest) for entry, digest in zip(entries, digests, strict=True)]
    connection.executemany(_append(), rows)


def save_checkpoint(connection: sqlite3.Connection, seq: int, at: Instant, body: bytes) -> None:
    """Keep `body` as the state after entry `seq`, and of the others only the newest."""
    connection.execute(_checkpoint(), (seq, at, body))
    connection.execute(
        "DELETE FROM checkpoints WHERE seq NOT IN (SELECT seq FROM checkpoints ORDER BY seq DESC LIMIT ?)",
        (CHECKPOINTS_KEPT,),
    )


def apply(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Carry out `changes` in their order.

    Raises:
        ValueError: a change names a column or a key that its kind of row doesn't have.
        sqlite3.IntegrityError: a row stands in the way.
    """
    for (operation, kind), alike in groupby(changes, _sort_of):
        if operation is Put or operation is PutNew:
            rows = [_parameters(change.row) for change in alike if isinstance(change, Put | PutNew)]
            connection.executemany(_insert(kind, new=operation is PutNew), rows)
        else:
            for change in alike:
                _apply_to_one(connection, change)


def _sort_of(change: Change) -> tuple[type[Change], Kind]:
    return type(change), type(change.row) if isinstance(change, Put | PutNew) else change.kind


def _apply_to_one(connection: sqlite3.Connection, change: Change) -> None:
    if isinstance(change, Remove):
        connection.execute(_delete(change.kind), _key(change.kind, change.id))
    elif isinstance(change, Set) and change.values:
        as_json = json_columns(change.kind)
        values = [_json(value) if name in as_json else value for name, value in change.values.items()]
        connection.execute(_update(change.kind, tuple(change.values)), (*values, *_key(change.kind, change.id)))


def _key(kind: Kind, id: str) -> list[str]:
    """Return the key's parts; where there are two, `id` holds them with a colon in between."""
    columns = key_of(kind)
    parts = id.split(":", len(columns) - 1)
    if len(parts) != len(columns):
        raise ValueError(f"the key of {kind.__name__} is {':'.join(columns)}")
    return parts


def _parameters(row: Row) -> tuple[Any, ...]:
    values = msgspec.structs.astuple(row)
    places = _json_places(type(row))
    if not places:
        return values
    changed = list(values)
    for place in places:
        changed[place] = _json(values[place])
    return tuple(changed)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@cache
def _json_places(kind: Kind) -> tuple[int, ...]:
    return tuple(kind.__struct_fields__.index(name) for name in json_columns(kind))


@cache
def _append() -> str:
    columns = (*ENTRY_COLUMNS, "digest")
    return _sql(insert(journal), columns, columns)


@cache
def _checkpoint() -> str:
    statement = insert(checkpoints)
    replaced = {name: statement.excluded[name] for name in ("at", "body")}
    columns = ("seq", "at", "body")
    return _sql(statement.on_conflict_do_update(index_elements=["seq"], set_=replaced), columns, columns)


@cache
def _insert(kind: Kind, *, new: bool) -> str:
    fields, key = kind.__struct_fields__, key_of(kind)
    statement = insert(TABLES[kind])
    if new:
        statement = statement.on_conflict_do_nothing()
    else:
        rest = {name: statement.excluded[name] for name in fields if name not in key}
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=rest)
    return _sql(statement, fields, fields)


@cache
def _update(kind: Kind, names: tuple[str, ...]) -> str:
    unknown = set(names) - set(kind.__struct_fields__)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    table, key = TABLES[kind], key_of(kind)
    statement = update(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in key))
    return _sql(statement.ordered_values(*((table.c[name], bindparam(f"new_{name}")) for name in names)), None, None)


@cache
def _delete(kind: Kind) -> str:
    table = TABLES[kind]
    return _sql(delete(table).where(*(table.c[name] == bindparam(name) for name in key_of(kind))), None, None)


def _sql(statement: UpdateBase, columns: Sequence[str] | None, order: Sequence[str] | None) -> str:
    """Return the statement's text, with a question mark for each parameter, in `order` where that matters."""
    compiled = statement.compile(dialect=_DIALECT, column_keys=list(columns) if columns is not None else None)
    assert isinstance(compiled, SQLCompiler)
    assert order is None or compiled.positiontup == list(order)
    return str(compiled)
