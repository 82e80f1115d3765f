"""Reads a parsed document into the schema's tables and collects everything that is wrong on the way.

`msgspec.convert` stops at the first fault and knows no lines; whoever mends a file wants all of them at once.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import NODEFAULT, inspect

from config.faults import Fault, KeyPath, Severity, choices, closest, found_text, path_text
from config.kinds import Kind
from config.lines import Located
from config.shape import Shape, expected_text, shape_of, tables_by_tag


class _Refused:
    """What stands for a value that could not be read; its fault is noted."""


REFUSED: Final = _Refused()


class Faults:
    """The faults of one file, in the order they were found."""

    def __init__(self, file: str, located: Located) -> None:
        self.all: list[Fault] = []
        self._file = file
        self._located = located
        self._paths: list[KeyPath] = []

    def add(
        self,
        path: KeyPath,
        found: str,
        expected: str,
        did_you_mean: str | None = None,
        *,
        severity: Severity = "fault",
    ) -> None:
        """Note one; its line is that of `path`, or of the table around what is missing."""
        self._paths.append(path)
        self.all.append(
            Fault(
                file=self._file,
                line=self._located.line_of(path),
                path=path_text(path),
                found=found,
                expected=expected,
                did_you_mean=did_you_mean,
                severity=severity,
            )
        )

    def tables(self) -> frozenset[KeyPath]:
        """Return the tables in which something is wrong so far."""
        return frozenset(path[:-1] for path in self._paths)


class Reader:
    """Turns values of the document into what the schema says. `folder` is where relative paths count from."""

    def __init__(self, faults: Faults, folder: Path) -> None:
        self._faults = faults
        self._folder = folder

    def read(self, wrapped: inspect.Type, value: object, path: KeyPath) -> object:
        """Return what `value` means as `wrapped`, or REFUSED with the faults noted."""
        shape = shape_of(wrapped)
        if shape.shorthand and not isinstance(value, dict):
            try:
                value = shape.shorthand.read(value)
            except (ValueError, TypeError):
                return self._refuse(shape, value, path)
        match shape.type:
            case inspect.StructType() as table if shape.kind is None:
                return self._table(table, value, path)
            case inspect.UnionType() as union:
                return self._one_of(union, value, path)
            case inspect.DictType() as names:
                return self._names(names, value, path)
            case inspect.VarTupleType():
                return self._list(shape, value, path)
            case _:
                return self._single(shape, value, path)

    def _refuse(self, shape: Shape, value: object, path: KeyPath, guess: str | None = None) -> _Refused:
        told = shape.kind.told if shape.kind else found_text
        self._faults.add(path, told(value), expected_text(shape), guess)
        return REFUSED

    def _table(self, table: inspect.StructType, value: object, path: KeyPath) -> object:
        if not isinstance(value, dict):
            self._faults.add(path, found_text(value), f"a table with {choices(_keys(table), 'and')}")
            return REFUSED
        known = [*_keys(table), *([str(table.tag_field)] if table.tag_field else [])]
        meant = {self._unknown(key, known, value, path) for key in value if key not in known}
        fields = {}
        for field in table.fields:
            if field.encode_name in value:
                read = self.read(field.type, value[field.encode_name], (*path, field.encode_name))
            else:
                if field.required and field.encode_name not in meant:
                    self._faults.add((*path, field.encode_name), "nothing", expected_text(shape_of(field.type)))
                read = REFUSED
            fields[field.name] = self._default(field, path) if read is REFUSED else read
        return table.cls(**fields)

    def _unknown(self, key: str, known: Iterable[str], value: Mapping[str, object], path: KeyPath) -> str | None:
        """Note a key that the table doesn't have; return the one that was probably meant."""
        guess = closest(key, [name for name in known if name not in value]) or closest(key, known)
        self._faults.add((*path, key), "an unknown key", choices(known), guess)
        return guess

    def _default(self, field: inspect.Field, path: KeyPath) -> object:
        """Return the default; where there is none, a blank that later checks step over (the fault is noted)."""
        shape = shape_of(field.type)
        if field.default_factory is not NODEFAULT:
            return field.default_factory()
        if isinstance(shape.type, inspect.StructType) and field.default is not None:
            blank = Reader(Faults("", Located()), self._folder)
            return blank.read(shape.type, {}, (*path, field.encode_name))
        if field.default is NODEFAULT:
            return ""
        if shape.kind and shape.kind.relative and field.default is not None:
            return shape.kind.read(shape.kind.show(field.default), self._folder)
        return field.default

    def _one_of(self, union: inspect.UnionType, value: object, path: KeyPath) -> object:
        tag, tables = tables_by_tag(union)
        if not isinstance(value, dict):
            self._faults.add(path, found_text(value), f'a table with "{tag}": {choices(tables)}')
            return REFUSED
        if tag not in value:
            keys = {key for table in tables.values() for key in _keys(table)}
            slip = closest(tag, [key for key in value if key not in keys])
            if slip:
                self._faults.add((*path, slip), "an unknown key", f'"{tag}": {choices(tables)}', tag)
            else:
                self._faults.add((*path, tag), "nothing", choices(tables))
            return REFUSED
        named = value[tag]
        if not isinstance(named, str) or named not in tables:
            guess = closest(named, tables) if isinstance(named, str) else None
            self._faults.add((*path, tag), found_text(named), choices(tables), guess)
            return REFUSED
        return self._table(tables[named], value, path)

    def _names(self, names: inspect.DictType, value: object, path: KeyPath) -> object:
        if not isinstance(value, dict):
            return self._refuse(shape_of(names), value, path)
        read = {}
        for key, item in value.items():
            kind = shape_of(names.key_type).kind
            if kind and _taken(kind, key, self._folder) is REFUSED:
                self._faults.add((*path, key), f"the name {found_text(key)}", kind.expected, kind.guess(key))
            read[key] = self.read(names.value_type, item, (*path, key))
        return {key: item for key, item in read.items() if item is not REFUSED}

    def _list(self, shape: Shape, value: object, path: KeyPath) -> object:
        assert isinstance(shape.type, inspect.VarTupleType)
        items = shape.type.item_type
        if shape.one and not isinstance(value, list):
            item = self._single(shape_of(items), value, path)
            return REFUSED if item is REFUSED else (item,)
        low, high = shape.type.min_length or 0, shape.type.max_length
        if not isinstance(value, list) or len(value) < low or (high is not None and len(value) > high):
            return self._refuse(shape, value, path)
        read = [self.read(items, item, (*path, place)) for place, item in enumerate(value)]
        return tuple(item for item in read if item is not REFUSED)

    def _single(self, shape: Shape, value: object, path: KeyPath) -> object:
        read = self._plain(shape, value)
        if read is not REFUSED and not _within(shape.type, read):
            return self._refuse(shape, value, path)
        if read is not REFUSED:
            return read
        guess = shape.kind.guess(value) if shape.kind and not isinstance(value, list | dict) else None
        if isinstance(shape.type, inspect.LiteralType) and isinstance(value, str):
            guess = closest(value, map(str, shape.type.values))
        return self._refuse(shape, value, path, guess)

    def _plain(self, shape: Shape, value: object) -> object:
        """Return what `value` says, its range not looked at."""
        # bool is an int to Python, never to TOML.
        number = isinstance(value, int | float) and not isinstance(value, bool)
        match shape.type:
            case inspect.FloatType() if number:
                return value
            case _ if shape.kind:
                return _taken(shape.kind, value, self._folder)
            case inspect.BoolType() if isinstance(value, bool):
                return value
            case inspect.IntType() if number and isinstance(value, int):
                return value
            case inspect.LiteralType(values=values) if isinstance(value, str) and value in values:
                return value
            case inspect.StrType() if isinstance(value, str):
                return value
            case _:
                return REFUSED


def _keys(table: inspect.StructType) -> list[str]:
    return [field.encode_name for field in table.fields]


def _taken(kind: Kind, value: object, folder: Path) -> object:
    """Return what `kind` makes of `value`, or REFUSED."""
    if not isinstance(value, str):
        return REFUSED
    try:
        return kind.read(value, folder)
    except ValueError:
        return REFUSED


def _within(described: inspect.Type, value: object) -> bool:
    """Tell whether a number is in the range of its type; nan is in none."""
    if not isinstance(described, inspect.IntType | inspect.FloatType):
        return True
    assert isinstance(value, int | float)
    return (described.ge is None or value >= described.ge) and (described.le is None or value <= described.le)
