"""The schema as values: what a key may hold, in words. Reader and reference page agree because both ask here."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import inspect

from config.faults import choices
from config.kinds import Kind, Shorthand


class Shape(NamedTuple):
    """What a place in the file may hold: its type without wrapping, how it is written, what the schema says of it."""

    type: inspect.Type
    kind: Kind | None
    shorthand: Shorthand | None
    one: bool
    """A single value stands for a list of one."""
    meaning: str
    examples: tuple[object, ...]


def shape_of(wrapped: inspect.Type) -> Shape:
    """Return the shape of a type that msgspec describes; that a value may be left out (None) is no part of it."""
    extra: dict[str, object] = {}
    said: dict[str, object] = {}
    while True:
        if isinstance(wrapped, inspect.Metadata):
            extra = {**(wrapped.extra or {}), **extra}
            said = {**(wrapped.extra_json_schema or {}), **said}
            wrapped = wrapped.type
        elif isinstance(wrapped, inspect.UnionType) and wrapped.includes_none:
            (wrapped,) = (member for member in wrapped.types if not isinstance(member, inspect.NoneType))
        else:
            break
    kind, shorthand, examples = extra.get("kind"), extra.get("shorthand"), said.get("examples")
    return Shape(
        wrapped,
        kind if isinstance(kind, Kind) else None,
        shorthand if isinstance(shorthand, Shorthand) else None,
        bool(extra.get("one")),
        str(said.get("description", "")),
        tuple(examples) if isinstance(examples, list) else (),
    )


@functools.cache
def table_of(struct: type[msgspec.Struct]) -> inspect.StructType:
    """Return msgspec's description of a table of the schema."""
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    return described


def tables_by_tag(union: inspect.UnionType) -> tuple[str, Mapping[str, inspect.StructType]]:
    """Return the key that chooses among the tables of `union`, and the tables by its values."""
    tables = [member for member in union.types if isinstance(member, inspect.StructType)]
    assert len(tables) == len(union.types), "only tables of one tag are joined by `|` in the schema"
    return str(tables[0].tag_field), {str(table.tag): table for table in tables}


def expected_text(shape: Shape) -> str:
    """Return in words what belongs there: `a whole number from 1 to 65535`."""
    described = shape.type
    if shape.shorthand:
        return shape.shorthand.expected
    if shape.kind and not isinstance(described, inspect.IntType):
        return shape.kind.expected
    match described:
        case inspect.IntType(ge=ge, le=le):
            show = shape.kind.show if shape.kind else str
            bounds = f" from {show(ge)} to {show(le)}" if ge is not None else f" up to {show(le)}"
            comma = "," if shape.kind else ""
            return (shape.kind.expected if shape.kind else "a whole number") + (
                f"{comma}{bounds}" if le is not None else ""
            )
        case inspect.FloatType(ge=ge, le=le):
            return f"a number from {ge:g} to {le:g}" if ge is not None and le is not None else "a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return choices(map(str, values))
        case inspect.VarTupleType(item_type=item, min_length=length):
            words = expected_text(shape_of(item))
            filled = " that is not empty" if length else ""
            return f"{words}, or a list of these" if shape.one else f"a list{filled}; each item: {words}"
        case inspect.DictType(value_type=value):
            return f"a table; each value: {expected_text(shape_of(value))}"
        case inspect.UnionType():
            return "a table with " + choices([tables_by_tag(described)[0]])
        case inspect.StructType():
            return "a table"
        case _:
            return "text"
