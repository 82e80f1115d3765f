"""The schema, the example and the reference page say the same."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from msgspec import NODEFAULT, inspect

from config.faults import KeyPath
from config.lines import locate
from config.loader import read
from config.reference import page, shown
from config.schema import Settings
from config.secrets import create_secret
from config.shape import shape_of, table_of, tables_by_tag
from tests.channels.email.keys import rsa_pem, written
from tests.config.files import faults, shipped

COMMENTED = re.compile(r"^# (?P<key>[a-z_]+) = (?P<value>.*)$")
EXAMPLE = shipped("example.toml")
COMMENTED_LINES = [number for number, line in enumerate(EXAMPLE.split("\n")) if COMMENTED.match(line)]


def keys(wrapped: inspect.Type, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], inspect.Field]]:
    """Yield every key of the schema with the names of the tables around it; "*" stands for names of the file's own."""
    shape = shape_of(wrapped)
    match shape.type:
        case inspect.StructType(fields=fields) if shape.kind is None:
            for field in fields:
                yield (*names, field.encode_name), field
                yield from keys(field.type, (*names, field.encode_name))
        case inspect.UnionType():
            for table in tables_by_tag(shape.type)[1].values():
                yield from keys(table, names)
        case inspect.DictType(value_type=value):
            yield from keys(value, (*names, "*"))
        case inspect.VarTupleType(item_type=item):
            yield from keys(item, names)
        case _:
            pass


def switched_on(number: int) -> str:
    """Return the example with one commented line made a setting, in place of the one it would repeat."""
    lines = EXAMPLE.split("\n")
    lines[number] = lines[number].removeprefix("# ")
    repeated = locate("\n".join(lines)).repeated()
    if repeated is not None:
        lines[next(line for line in repeated[1:] if line != number + 1) - 1] = ""
    return "\n".join(lines)


def starred(path: KeyPath) -> tuple[str, ...]:
    named = tuple(step for step in path if isinstance(step, str))
    if named[0] in {"channels", "queues", "hours", "sla", "letters", "segments"}:
        named = (named[0], "*", *named[2:])
    tables = {("agents", "queues"), ("agents", "media"), ("avalanche", "labels"), ("identification", "numbers")}
    return (*named[:2], "*", *named[3:]) if named[:2] in tables else named


def test_the_reference_page_is_what_the_schema_says() -> None:
    committed = Path(__file__).parents[2] / "docs/reference/configuration.md"
    assert committed.read_text("utf-8") == page(), "run: python -m config.reference > docs/reference/configuration.md"


def test_every_key_is_on_the_reference_page_with_a_meaning() -> None:
    text = page()
    for path, field in keys(table_of(Settings)):
        if len(path) == 1:
            assert f"[{path[0]}" in text
        else:
            meaning = shape_of(field.type).meaning
            assert meaning, path
            assert any(line.startswith(f"| `{path[-1]}` |") and meaning in line for line in text.split("\n")), path


def test_every_key_is_in_the_example_set_or_as_a_comment() -> None:
    there = {starred(path) for number in COMMENTED_LINES for path, _ in locate(switched_on(number)) if path}
    missing = {path for path, _ in keys(table_of(Settings)) if not any(each[: len(path)] == path for each in there)}
    assert missing == set()


@pytest.mark.parametrize("name", ["example.toml", "demo.toml"])
def test_shipped_files_are_in_order_without_a_warning(name: str) -> None:
    assert faults(shipped(name)) == ()


@pytest.mark.parametrize("number", COMMENTED_LINES)
def test_every_commented_line_of_the_example_works_when_it_is_switched_on(
    number: int, tmp_path: Path, importable: Path
) -> None:
    (importable / "our_vectors.py").write_text("def vectors_of(texts):\n    return [[1.0] for _ in texts]\n", "utf-8")
    (tmp_path / "knowledge").mkdir()
    for language in ("en", "pl", "lt", "hu", "ru"):
        (tmp_path / f"price-list.{language}.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "letters").mkdir()
    (tmp_path / "labels.csv").write_text("text,label\n", "utf-8")
    create_secret(tmp_path / "mail.password")
    create_secret(tmp_path / "operator.password")
    issued = trustme.CA().issue_cert("mail.example.org")
    issued.private_key_pem.write_to_path(tmp_path / "mail.key")
    (tmp_path / "mail.key").chmod(0o600)
    issued.cert_chain_pems[0].write_to_path(tmp_path / "mail.pem")
    written(rsa_pem(), tmp_path)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "mail-ca.pem"))
    file = tmp_path / "centrala.toml"
    file.write_text(switched_on(number), "utf-8")
    found = read(file, {"MAIL_PASSWORD": "x", "OPERATOR_PASSWORD": "x"})
    assert found.faults == ()


def test_commented_lines_show_the_default_where_there_is_one() -> None:
    by_key: dict[str, list[object]] = {}
    for path, field in keys(table_of(Settings)):
        default = field.default if field.default is not NODEFAULT else None
        by_key.setdefault(path[-1], []).append(shown(shape_of(field.type), default))
    for number in COMMENTED_LINES:
        match = COMMENTED.match(EXAMPLE.split("\n")[number])
        assert match is not None
        value = tomllib.loads(f"value = {match['value']}")["value"]
        defaults = by_key[match["key"]]
        if match["key"] not in {"receive", "send"} and not any(each in (None, [], "") for each in defaults):
            assert value in defaults, match[0]
