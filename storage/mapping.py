"""Rows as column values and back."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

import msgspec
from sqlalchemy import JSON, RowMapping

from storage.tables import TABLES, Kind

R = TypeVar("R", bound=msgspec.Struct)


@cache
def json_columns(kind: Kind) -> tuple[str, ...]:
    """Return the fields of `kind` that are kept as JSON."""
    return tuple(column.name for column in TABLES[kind].c if isinstance(column.type, JSON))


@cache
def tuple_columns(kind: Kind) -> tuple[str, ...]:
    """Return the fields of `kind` that are tuples; JSON knows lists only."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.default == ())


@cache
def maker_of(kind: type[R]) -> Callable[[RowMapping], R]:
    """Return a function from a table's row (JSON decoded) to the struct."""
    fields = kind.__struct_fields__
    tuples = tuple_columns(kind)

    def make(columns: RowMapping) -> R:
        values = {name: columns[name] for name in fields}
        for name in tuples:
            values[name] = tuple(values[name])
        return kind(**values)

    return make
