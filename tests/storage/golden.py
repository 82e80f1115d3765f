"""The golden journal: one line for every version of every event that Centrala ever wrote.

`python -m tests.storage.golden` prints a line for each event that has none yet; add it to golden.jsonl. A line that
is there is never changed: it stands for a journal that somebody has.
"""

import types
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from storage.codec import TYPES
from vocabulary.records import Entry

GOLDEN = Path(__file__).with_name("golden.jsonl")


class Line(msgspec.Struct):
    """An entry as people can read it."""

    type: str
    v: int
    body: msgspec.Raw

    def entry(self, seq: int) -> Entry:
        return Entry(seq, 0, self.type, self.v, bytes(self.body))


def lines() -> list[Line]:
    """Return the golden journal."""
    return [msgspec.json.decode(line, type=Line) for line in GOLDEN.read_bytes().splitlines()]


def missing() -> list[Line]:
    """Return a line, every field filled, for each event that the golden journal lacks."""
    known = {(line.type, line.v) for line in lines()} if GOLDEN.exists() else set()
    return [_line(kind) for name, kind in TYPES.items() if (name, kind.v) not in known]


def _line(kind: Any) -> Line:
    event = kind(**{field.name: _example(field.name, field.type) for field in msgspec.structs.fields(kind)})
    return Line(kind.__name__, kind.v, msgspec.Raw(msgspec.json.encode(event)))


def _example(name: str, of: Any) -> Any:
    """Return a value of type `of` that is no field's default."""
    simple: dict[Any, Any] = {str: f"{name}-1", int: 7, float: 0.75, bool: True}
    if of in simple:
        return simple[of]
    origin, parts = get_origin(of), get_args(of)
    if origin is Literal:
        return parts[-1]
    if origin in (types.UnionType, tuple):
        made = [_example(name, part) for part in parts if part not in (Ellipsis, type(None))]
        return made[0] if origin is types.UnionType else tuple(made)
    if origin is dict:
        return {f"{name}-1": _example(name, parts[1])}
    return of(**{field.name: _example(field.name, field.type) for field in msgspec.structs.fields(of)})


if __name__ == "__main__":
    for line in missing():
        print(msgspec.json.encode(line).decode())  # noqa: T201 (what it is for)
