"""The API's documentation as one page, without a script and without anything from elsewhere."""

from importlib.resources import files
from typing import Any

import jinja2

from web.problems import TITLES

STYLE = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
_TEMPLATE = files(__package__).joinpath("page.html").read_text(encoding="utf-8")


def render(description: dict[str, Any]) -> str:
    """Return the page that shows an OpenAPI `description`."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["type_of"] = type_of
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return environment.from_string(_TEMPLATE).render(
        api=description, by_tag=by_tag, problems=TITLES, schemas=description["components"]["schemas"]
    )


def type_of(schema: dict[str, Any]) -> str:
    """Return what a reader calls the type that `schema` describes."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(type_of(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {type_of(schema.get('items') or {})}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind
