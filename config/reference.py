"""Prints the reference page of the configuration: `python -m config.reference > docs/reference/configuration.md`."""

import json
from collections.abc import Iterator
from inspect import cleandoc

import msgspec
from msgspec import NODEFAULT, inspect

from config.faults import path_text
from config.schema import Settings
from config.shape import Shape, expected_text, shape_of, table_of, tables_by_tag

INTRODUCTION = """\
# Configuration

Everything that `centrala.toml` may say. This page is made from the schema by `python -m config.reference`.

- Check a file: `centrala config check centrala.toml`. It says what start-up would say: file, line, key, what was found,
  what was expected. A line with `warning:` doesn't keep Centrala from starting.
- Unknown keys and tables are refused. So are names of queues, channels and automatic answers that the file doesn't
  have, and a file whose last rule has conditions.
- Spans are written `"20s"`, `"5m"`, `"2h"`, `"7d"` or `"1h 30m"`; sizes `"500kB"`, `"25MB"`. Relative paths count from
  the folder of the file.
- Passwords never stand in the file: `password_env` names an environment variable, `password_file` a file of mode 0600.
- `centrala init DIR` writes a file with comments to start from.
"""
_RULE_EXAMPLE = """\
```toml
[[rules]]
when = { channel = "support-mail", label = "invoice", confidence = ">=0.7", language = "pl" }
then = { queue = "billing", priority = 10, requirements = ["billing>=3", "lang:pl>=1"], autoresponse = "received" }
```
"""


def page() -> str:
    """Return the reference page, Markdown."""
    sections = [section for field in table_of(Settings).fields for section in _sections(field.encode_name, field)]
    return "\n".join([INTRODUCTION, *sections])


def _sections(path: str, field: inspect.Field) -> Iterator[str]:
    """Yield the sections for what a key holds: none for a single value."""
    shape = shape_of(field.type)
    match shape.type:
        case inspect.DictType(value_type=value) if "." not in path and not _is_table(value):
            holds = f"Each key is a name, each value {expected_text(shape_of(value))}."
            yield f"## `[{path}]`\n\n{shape.meaning}\n\n{holds}\n"
        case inspect.DictType(value_type=value) if _is_table(value):
            yield from _tables(f"{path}.NAME", shape_of(value), listed=False)
        case inspect.VarTupleType(item_type=item) if _is_table(item):
            yield from _tables(path, shape_of(item), listed="." not in path)
        case _ if _is_table(field.type):
            yield from _tables(path, shape, listed=False)


def _is_table(wrapped: inspect.Type) -> bool:
    shape = shape_of(wrapped)
    return isinstance(shape.type, inspect.StructType | inspect.UnionType) and shape.kind is None


def _tables(path: str, shape: Shape, *, listed: bool) -> Iterator[str]:
    heading = f"`[[{path}]]`" if listed else f"`[{path}]`"
    if isinstance(shape.type, inspect.UnionType):
        tag, tables = tables_by_tag(shape.type)
        for value, table in tables.items():
            yield from _table(f'{heading} with `{tag} = "{value}"`', path, table)
    elif isinstance(shape.type, inspect.StructType):
        yield from _table(heading, path, shape.type)


def _table(heading: str, path: str, table: inspect.StructType) -> Iterator[str]:
    depth = "##" if path.count(".") - path.count(".NAME") == 0 else "###"
    rows = [_row(table, field) for field in table.fields]
    example = f"\n{_RULE_EXAMPLE}" if path == "rules" else ""
    yield "\n".join(
        [
            f"{depth} {heading}",
            "",
            cleandoc(table.cls.__doc__ or ""),
            "",
            "| key | holds | default | meaning |",
            "|---|---|---|---|",
            *rows,
            example,
        ]
    )
    for field in table.fields:
        yield from _sections(f"{path}.{field.encode_name}", field)


def _row(table: inspect.StructType, field: inspect.Field) -> str:
    shape = shape_of(field.type)
    holds = expected_text(shape)
    cells = [f"`{field.encode_name}`", holds[0].upper() + holds[1:], _default(table, field, shape), shape.meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(table: inspect.StructType, field: inspect.Field, shape: Shape) -> str:
    """Return the default in TOML, or an example where a key is left out unless needed."""
    if field.required:
        return "must be set"
    default = field.default if field.default is not NODEFAULT else field.default_factory()
    if isinstance(default, msgspec.Struct):
        return "see below"
    if shape.examples and default in (None, (), {}, ""):
        return f"none; e.g. `{toml(shape.examples[0])}`"
    if default is None or default == "":
        return "none"
    return f"`{toml(shown(shape, default))}`"


def shown(shape: Shape, value: object) -> object:
    """Return a value of the settings as the file holds it: 20000 of a span is "20s"."""
    if isinstance(value, tuple) and isinstance(shape.type, inspect.VarTupleType):
        return [shown(shape_of(shape.type.item_type), item) for item in value]
    if value is not None and shape.kind and not isinstance(value, str):
        return shape.kind.show(value)
    return value


def toml(value: object) -> str:
    """Return `value` as an inline value of TOML."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{path_text((key,))} = {toml(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 -- the page is its output
