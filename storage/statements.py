"""How a transaction becomes SQL. Statements are compiled once; rows of a kind go together."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain, groupby
from typing import Any, NamedTuple, Protocol

import msgspec
from sqlalchemy import Dialect, Select, String, bindparam, cast, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from storage.mapping import json_columns
from storage.queries import ENTRY_COLUMNS
from storage.tables import TABLES, Kind, checkpoints, journal, key_of, metadata
from vocabulary.instants import Instant
from vocabulary.records import (
    ERASED,
    ArticleFileRow,
    AttachmentRow,
    Change,
    Entry,
    ModelRow,
    Put,
    PutNew,
    ReceivedRow,
    Remove,
    Row,
    Set,
    SetAttributes,
    UploadRow,
)


class Target(Protocol):
    """Where SQL goes: a connection of sqlite3, a cursor of psycopg."""

    def execute(self, sql: Any, parameters: Any = ..., /) -> Any: ...
    def executemany(self, sql: Any, rows: Any, /) -> Any: ...


class Sql(NamedTuple):
    """How one database spells what both have."""

    dialect: Dialect
    insert: Callable[..., Any]
    rows_max: int
    """So many rows at most go into one INSERT: a power of two."""


# Around each step of a statement Python lets its interpreter go, and waits until it has it again: with several threads
# at work, that takes longer than the step.
SQLITE = Sql(sqlite.dialect(paramstyle="qmark"), sqlite.insert, 16)
# It doesn't put a row twice by one statement; and the driver sends all that wait at once anyway.
POSTGRESQL = Sql(postgresql.psycopg.dialect(paramstyle="format"), postgresql.insert, 1)  # type: ignore[no-untyped-call]  # SQLAlchemy's

_FILES = frozenset((ReceivedRow, AttachmentRow, UploadRow, ModelRow, ArticleFileRow))
_ORDER = {table.name: place for place, table in enumerate(metadata.sorted_tables)}


class Statements:
    """What is written, in one database's SQL."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def append(self, target: Target, entries: Sequence[Entry], digests: Sequence[bytes]) -> None:
        """Write `entries` with their digests into the journal."""
        rows = [(*msgspec.structs.astuple(entry), digest) for entry, digest in zip(entries, digests, strict=True)]
        self._insert(target, _append(self._sql), rows)

    def save_checkpoint(self, target: Target, seq: int, at: Instant, body: bytes) -> None:
        """Keep `body` as the state after entry `seq`, and of the others only the newest."""
        target.execute(_checkpoint(self._sql), (seq, at, body))
        target.execute(
            "DELETE FROM checkpoints WHERE seq NOT IN (SELECT seq FROM checkpoints ORDER BY seq DESC LIMIT 2)"
        )

    def apply(self, target: Target, changes: Sequence[Change]) -> None:
        """Carry out `changes` as if in their order.

        Raises:
            ValueError: a change names a column or a key that its kind of row doesn't have, or holds a NUL character.
            Exception: the driver's own; a row stands in the way, say.
        """
        for (operation, kind, names), alike in groupby(_by_table(changes), _sort_of):
            if operation is Put or operation is PutNew:
                rows = [_parameters(change.row) for change in alike if isinstance(change, Put | PutNew)]
                self._insert(target, _insert(self._sql, kind, new=operation is PutNew), rows, are_files=kind in _FILES)
            elif operation is Set:
                if names[0]:
                    sets = [_set_parameters(change) for change in alike if isinstance(change, Set)]
                    target.executemany(_update(self._sql, kind, *names), sets)
            else:
                for change in alike:
                    self._apply_to_one(target, change)

    def _insert(self, target: Target, text: str, rows: list[tuple[Any, ...]], *, are_files: bool = False) -> None:
        """Insert `rows` by `text`, which inserts one. Whole files go one by one: the driver copies what it is given."""
        at, together = 0, 1 if are_files else self._sql.rows_max
        while together > 1:
            for _ in range((len(rows) - at) // together):
                target.execute(_of_several(text, together), [*chain.from_iterable(rows[at : at + together])])
                at += together
            together //= 2
        if at < len(rows):
            target.executemany(text, rows[at:])

    def _apply_to_one(self, target: Target, change: Change) -> None:
        if isinstance(change, Remove):
            target.execute(_delete(self._sql, change.kind), _key(change.kind, change.id))
        elif isinstance(change, SetAttributes):
            self._set_attributes(target, change)

    def _set_attributes(self, target: Target, change: SetAttributes) -> None:
        # Read and written here and not by SQL: neither database keeps every JSON value as it is while it puts two
        # objects together. Who writes last has read what the others wrote.
        key = _key(change.kind, change.id)
        row = target.execute(_attributes(self._sql, change.kind), key).fetchone()
        if row is None:
            return
        before = msgspec.json.decode(row[0])
        after = _json({name: value for name, value in before.items() if name not in change.gone} | change.values)
        # Compared as text: to Python, 1 is True.
        if ERASED not in before and after != _json(before):
            target.execute(_update(self._sql, change.kind, ("attributes",), ()), (after, *key))


def _by_table(changes: Sequence[Change]) -> Sequence[Change]:
    """Return `changes` with those of one table together, as far as that changes nothing but the speed.

    Rows of different tables meet only where a part needs its whole, and the whole's table comes first. A removal takes
    parts with it, so then all stay in their order.
    """
    if any(isinstance(change, Remove) for change in changes):
        return changes
    return sorted(changes, key=lambda change: _ORDER[TABLES[_kind(change)].name])


def _kind(change: Change) -> Kind:
    return type(change.row) if isinstance(change, Put | PutNew) else change.kind


def _sort_of(change: Change) -> tuple[type[Change], Kind, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return what changes have in common that one statement carries out."""
    names = (tuple(change.values), tuple(change.given)) if isinstance(change, Set) else ((), ())
    return type(change), _kind(change), names


def _key(kind: Kind, id: str) -> list[str]:
    """Return the key's parts; where there are two, `id` holds them with a colon in between."""
    columns = key_of(kind)
    parts = id.split(":", len(columns) - 1)
    if len(parts) != len(columns):
        raise ValueError(f"the key of {kind.__name__} is {':'.join(columns)}")
    return parts


def _parameters(row: Row) -> tuple[Any, ...]:
    values = msgspec.structs.astuple(row)
    _refuse_nul(values)
    places = _json_places(type(row))
    if not places:
        return values
    changed = list(values)
    for place in places:
        changed[place] = _json(values[place])
    return tuple(changed)


def _set_parameters(change: Set) -> tuple[Any, ...]:
    as_json = json_columns(change.kind)
    values = [_json(value) if name in as_json else value for name, value in change.values.items()]
    _refuse_nul(values)
    return (*values, *_key(change.kind, change.id), *change.given.values())


def _refuse_nul(values: Iterable[Any]) -> None:
    """Refuse on every database what one of them can't hold: what one store takes, another must be able to take over."""
    for value in values:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a text with a NUL character; leave it out")


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@cache
def _json_places(kind: Kind) -> tuple[int, ...]:
    return tuple(kind.__struct_fields__.index(name) for name in json_columns(kind))


@cache
def _of_several(text: str, rows: int) -> str:
    """Return the text that inserts so many rows, from the one that inserts one."""
    before, values, one, after = re.split(r"( VALUES )(\([^()]*\))", text, maxsplit=1)
    return f"{before}{values}{', '.join([one] * rows)}{after}"


@cache
def _append(sql: Sql) -> str:
    columns = (*ENTRY_COLUMNS, "digest")
    return _text(sql, sql.insert(journal), columns, columns)


@cache
def _checkpoint(sql: Sql) -> str:
    statement = sql.insert(checkpoints)
    replaced = {name: statement.excluded[name] for name in ("at", "body")}
    columns = ("seq", "at", "body")
    return _text(sql, statement.on_conflict_do_update(index_elements=["seq"], set_=replaced), columns, columns)


@cache
def _insert(sql: Sql, kind: Kind, *, new: bool) -> str:
    fields, key = kind.__struct_fields__, key_of(kind)
    # The key of a message that nobody gave one is not asked back: rows go many at a time.
    statement = sql.insert(TABLES[kind]).inline()
    if new:
        statement = statement.on_conflict_do_nothing()
    else:
        rest = {name: statement.excluded[name] for name in fields if name not in key}
        statement = statement.on_conflict_do_update(index_elements=list(key), set_=rest)
    return _text(sql, statement, fields, fields)


@cache
def _update(sql: Sql, kind: Kind, names: tuple[str, ...], given: tuple[str, ...]) -> str:
    _require(kind, *names, *given)
    table, key = TABLES[kind], key_of(kind)
    statement = update(table).where(
        *(table.c[name] == bindparam(f"key_{name}") for name in key),
        *(table.c[name].is_not_distinct_from(bindparam(f"given_{name}", type_=table.c[name].type)) for name in given),
    )
    return _text(
        sql, statement.ordered_values(*((table.c[name], bindparam(f"new_{name}")) for name in names)), None, None
    )


@cache
def _attributes(sql: Sql, kind: Kind) -> str:
    """Return a statement that reads a row's attributes as text, and keeps others from changing them meanwhile."""
    _require(kind, "attributes")
    table = TABLES[kind]
    of_one = (table.c[name] == bindparam(name) for name in key_of(kind))
    return _text(sql, select(cast(table.c.attributes, String)).where(*of_one).with_for_update(), None, None)


def _require(kind: Kind, *names: str) -> None:
    unknown = set(names) - set(kind.__struct_fields__)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")


@cache
def _delete(sql: Sql, kind: Kind) -> str:
    table = TABLES[kind]
    return _text(sql, delete(table).where(*(table.c[name] == bindparam(name) for name in key_of(kind))), None, None)


def _text(
    sql: Sql, statement: UpdateBase | Select[Any], columns: Sequence[str] | None, order: Sequence[str] | None
) -> str:
    """Return the statement's text, with a mark for each parameter, in `order` where that matters."""
    compiled = statement.compile(dialect=sql.dialect, column_keys=list(columns) if columns is not None else None)
    assert isinstance(compiled, SQLCompiler)
    assert order is None or compiled.positiontup == list(order)
    return str(compiled)
