"""Queries that are carried out for every message, as text for the driver.

More than half of what SQLAlchemy takes for reading one row is finding out anew what the query says. It is asked once:
the text, the parameters, and how columns become fields stay its word.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Compiled, Connection, Dialect, Select

from storage.mapping import tuple_columns
from storage.tables import Kind

_Convert = Callable[[Any], Any]
_Plan = Sequence[tuple[str, int, _Convert | None]]
"""A field, the place of its column, and what makes the one of the other."""


class Prepared:
    """A query for rows of one kind."""

    def __init__(self, query: Select[Any], compiled: Compiled, kind: Kind, dialect: Dialect) -> None:
        self._text = str(compiled)
        self._names: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self._given = {name: value for name, value in compiled.params.items() if value is not None}
        self._kind = kind
        self._columns = [(column.name, column.type.dialect_impl(dialect)) for column in query.selected_columns]
        self._dialect = dialect
        self._plan: _Plan | None = None

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Return what the query selects with these parameters. Raises what the driver raises."""
        named = {**self._given, **values}
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, named if self._names is None else [named[name] for name in self._names])
            if self._plan is None:
                self._plan = self._planned([described[1] for described in cursor.description])
            return [self._made(row, self._plan) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def _made(self, row: Sequence[Any], plan: _Plan) -> Any:
        fields = {name: row[at] if convert is None else convert(row[at]) for name, at, convert in plan}
        return self._kind(**fields)

    def _planned(self, codes: Sequence[Any]) -> _Plan:
        """Return how the columns become fields; `codes`: what the driver calls their types."""
        converts = {
            name: (at, type_.result_processor(self._dialect, code))
            for at, ((name, type_), code) in enumerate(zip(self._columns, codes, strict=True))
        }
        tuples = tuple_columns(self._kind)
        plan = []
        for name in self._kind.__struct_fields__:
            at, convert = converts[name]
            plan.append((name, at, _to_tuple(convert) if name in tuples else convert))
        return plan


_PREPARED: WeakKeyDictionary[Select[Any], dict[tuple[Kind, str], Prepared | None]] = WeakKeyDictionary()


def prepared(query: Select[Any], kind: Kind, dialect: Dialect) -> Prepared | None:
    """Return `query` for rows of `kind` and this kind of database; None if its text depends on what is asked for."""
    known = _PREPARED.setdefault(query, {})
    key = (kind, dialect.name)
    if key not in known:
        compiled = query.compile(dialect=dialect)
        has_list = "[POSTCOMPILE_" in str(compiled)
        known[key] = None if has_list else Prepared(query, compiled, kind, dialect)
    return known[key]


def _to_tuple(convert: _Convert | None) -> _Convert:
    return tuple if convert is None else lambda value: tuple(convert(value))
