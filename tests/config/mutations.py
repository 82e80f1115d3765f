"""Files with one mistake each, drawn from a seed: the mistakes people make, each with the line that is to blame."""

import random  # noqa: TID251 -- mistakes are drawn from a seed
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec import inspect

from config.schema import Settings
from config.shape import Shape, shape_of, table_of, tables_by_tag

_PAIR = re.compile(r"^(?P<key>[a-z_]+) = (?P<value>[^#]*?)(?P<rest>\s*(?:#.*)?)$")
_INNER = re.compile(r'(?<=[{,] )(?P<key>[a-z_]+)(?= = )|(?P<value>"(?:[^"\\]|\\.)*"|\b\d+\b)')
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Mutation(NamedTuple):
    """A mistake: `lines` may be blamed, one of them must be. `meant` is what a typo stands for."""

    kind: str
    text: str
    lines: frozenset[int]
    key: str
    meant: str | None = None


def mutations(text: str, count: int, seed: int) -> Iterator[Mutation]:
    """Yield `count` mutations of `text`, all kinds in turn."""
    draw = random.Random(seed)  # noqa: S311 -- mistakes, not secrets
    makers = (_typo, _typo_inside, _wrong_type, _out_of_range, _deleted, _twice, _reference, _cut)
    made = 0
    while made < count:
        mutation = makers[made % len(makers)](text.split("\n"), draw)
        if mutation is not None:
            made += 1
            yield mutation


def slip(word: str, draw: random.Random) -> str:
    """Return `word` with one letter left out, doubled, changed or swapped with the next."""
    place = draw.randrange(len(word))
    match draw.randrange(4):
        case 0 if len(word) > 2:
            wrong = word[:place] + word[place + 1 :]
        case 1:
            wrong = word[:place] + word[place] + word[place:]
        case 2:
            wrong = word[:place] + draw.choice(LETTERS) + word[place + 1 :]
        case _:
            wrong = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    return wrong if wrong != word else slip(word, draw)


def _pairs(lines: list[str]) -> list[tuple[int, str, re.Match[str]]]:
    """Return every `key = value` line with its table's header (nothing for names that the file invents)."""
    header, found = "", []
    for number, line in enumerate(lines):
        if line.startswith("["):
            header = line.partition("#")[0].strip()
        match = _PAIR.match(line)
        if match and header != "[skills]":
            found.append((number, header, match))
    return found


def _with(lines: list[str], number: int, line: str) -> str:
    return "\n".join([*lines[:number], line, *lines[number + 1 :]])


def _typo(lines: list[str], draw: random.Random) -> Mutation:
    number, _, match = draw.choice(_pairs(lines))
    wrong = slip(match["key"], draw)
    line = lines[number].replace(match["key"], wrong, 1)
    return Mutation("typo", _with(lines, number, line), frozenset({number + 1}), wrong, match["key"])


def _typo_inside(lines: list[str], draw: random.Random) -> Mutation | None:
    """A typo in a key of an inline table that the schema names."""
    known = {"channel", "medium", "label", "confidence", "queue", "priority", "requirements", "language_skill",
             "autoresponse", "protocol", "host", "port", "delay", "words", "automatic", "skill", "level"}  # fmt: skip
    places = [(n, found) for n, _, match in _pairs(lines) for found in _INNER.finditer(lines[n], match.start("value"))
              if found["key"] in known]  # fmt: skip
    number, found = draw.choice(places)
    wrong = slip(found["key"], draw)
    line = lines[number][: found.start()] + wrong + lines[number][found.end() :]
    return Mutation("typo inside", _with(lines, number, line), frozenset({number + 1}), wrong, found["key"])


def _shape(header: str, key: str) -> Shape | None:
    """Return what `key` of the table under `header` may hold; None if that depends on the medium and differs."""
    top = header.strip("[]").partition(".")[0]
    field = next(field for field in table_of(Settings).fields if field.encode_name == top)
    inner: inspect.Type = shape_of(field.type).type
    if isinstance(inner, inspect.DictType):
        inner = shape_of(inner.value_type).type
    elif isinstance(inner, inspect.VarTupleType):
        inner = shape_of(inner.item_type).type
    tables = tables_by_tag(inner)[1].values() if isinstance(inner, inspect.UnionType) else [inner]
    fields = [field for table in tables if isinstance(table, inspect.StructType) for field in table.fields]
    found = [shape_of(field.type) for field in fields if field.encode_name == key]
    return found[0] if found else None


def _wrong_type(lines: list[str], draw: random.Random) -> Mutation | None:
    """Text for a number, a number for text, a list for a table, and so on."""
    number, header, match = draw.choice(_pairs(lines))
    shape = _shape(header, match["key"])
    if shape is None and match["key"] != "medium":
        return None
    text = shape is not None and not isinstance(shape.type, inspect.BoolType | inspect.IntType)
    wrong = draw.choice(["17", "true", "1979-05-27"]) if text or shape is None else draw.choice(['"17"', "[1]", "1.5"])
    if shape is not None and isinstance(shape.type, inspect.FloatType):
        wrong = '"much"'
    line = f"{match['key']} = {wrong}{match['rest']}"
    return Mutation("wrong type", _with(lines, number, line), frozenset({number + 1}), match["key"])


_RANGES: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
    (r"(?<=port = )\d+", lambda draw: str(draw.choice([0, -1, 65536, 99999]))),
    (r"(?<=priority = )-?\d+", lambda draw: str(draw.choice([-101, 101, 1000]))),
    (r"(?<=class = )\d+", lambda draw: str(draw.choice([-11, 11]))),
    (r'"\d+[smhd]"', lambda draw: draw.choice(['"20 sec"', '"-5s"', '"9999d"', '"5 fortnights"', '""'])),
    (r'">=0\.\d"', lambda draw: draw.choice(['">=1.2"', '"=0.5"', '">= high"', "1.5"])),
    (r"(?<=>=)[1-9](?=\")", lambda draw: draw.choice(["0", "11", "99"])),
    (r"(?<=level = )\d+", lambda draw: draw.choice(["0", "11"])),
    (r"(?<=support = )\d(?=[,\s])", lambda draw: draw.choice(["0", "100", "-1"])),
    (r'"\d+MB"', lambda draw: draw.choice(['"25 MiB"', '"25M"', '"9999GB"', '"0B"'])),
    (r'(?<=")[a-z]+@demo.example', lambda draw: draw.choice(["support", "@demo.example", "a b@demo.example"])),
    (r'(?<=")Europe/Warsaw', lambda draw: draw.choice(["Europe/Warsow", "Warsaw", "CEST+1"])),
)


def _out_of_range(lines: list[str], draw: random.Random) -> Mutation | None:
    pattern, wrong = draw.choice(_RANGES)
    places = [(n, found) for n, _, _ in _pairs(lines) for found in re.finditer(pattern, lines[n].partition("#")[0])]
    if not places:
        return None
    number, found = draw.choice(places)
    line = lines[number][: found.start()] + wrong(draw) + lines[number][found.end() :]
    return Mutation("out of range", _with(lines, number, line), frozenset({number + 1}), "")


def _deleted(lines: list[str], draw: random.Random) -> Mutation:
    """A key that must be set is gone: the table around it is to blame."""
    needed = {"[[agents]]": {"id", "name"}, "[[rules]]": {"then"}, "[[autoresponses]]": {"name", "kind"},
              "[channels.support-mail]": {"medium", "address"}, "[channels.demo]": {"medium"}}  # fmt: skip
    places = [(n, match) for n, header, match in _pairs(lines) if match["key"] in needed.get(header, set())]
    number, match = draw.choice(places)
    header = max(n for n, line in enumerate(lines[:number]) if line.startswith("["))
    return Mutation("deleted", _with(lines, number, ""), frozenset({header + 1}), match["key"])


def _twice(lines: list[str], draw: random.Random) -> Mutation | None:
    """A key or a table a second time."""
    if draw.random() < 0.7:
        number, _, match = draw.choice(_pairs(lines))
        text = _with(lines, number, f"{lines[number]}\n{lines[number]}")
        return Mutation("twice", text, frozenset({number + 2}), match["key"])
    tables = [line.partition("#")[0].strip() for line in lines if line.startswith("[") and not line.startswith("[[")]
    table = draw.choice(tables)
    return Mutation("twice", "\n".join([*lines, table]), frozenset({len(lines) + 1}), table.strip("[]"))


def _reference(lines: list[str], draw: random.Random) -> Mutation | None:
    """A typo in a value that must be one of a few, or name something in the file."""
    pattern = r'(?:queue|autoresponse|otherwise|kind|role|medium|channel|wrap_up|strategy|protocol) = "([\w-]+)"'
    places = [(n, found) for n, _, _ in _pairs(lines) for found in re.finditer(pattern, lines[n].partition("#")[0])]
    number, found = draw.choice(places)
    wrong = slip(found[1], draw)
    line = lines[number][: found.start(1)] + wrong + lines[number][found.end(1) :]
    return Mutation("reference", _with(lines, number, line), frozenset({number + 1}), "", found[1])


def _cut(lines: list[str], draw: random.Random) -> Mutation | None:
    """A quote or a bracket is missing."""
    number, _, match = draw.choice(_pairs(lines))
    value = match["value"]
    if value[-1:] not in {'"', "]", "}"}:
        return None
    line = f"{match['key']} = {value[:-1]}{match['rest']}"
    return Mutation("cut", _with(lines, number, line), frozenset({number + 1}), match["key"])
