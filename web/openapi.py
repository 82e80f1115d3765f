"""The API's description, OpenAPI 3.1, made from the endpoints' annotations."""

from collections.abc import Iterable
from typing import Any

import msgspec

from web.access import RIGHTS
from web.endpoint import UNSAFE, Endpoint
from web.problems import CONTENT_TYPE, TITLES, ProblemBody

_REFERENCE = "#/components/schemas/{name}"
_DESCRIPTION = (
    "Times are RFC 3339 in UTC with milliseconds, ids are opaque strings. Lists have `items` and `next`. Errors are "
    "problem+json (RFC 9457). Every unsafe call accepts `Idempotency-Key`: a repetition within seven days answers what "
    "the first call answered and does nothing again."
)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Chosen by you, new for each intended effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def describe(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the description of `endpoints`."""
    endpoints = list(endpoints)
    kinds = [kind for one in endpoints for kind in (one.body, one.query, _json_answer(one)) if kind is not None]
    schemas, components = msgspec.json.schema_components([*kinds, ProblemBody], ref_template=_REFERENCE)
    of_kind = dict(zip(map(repr, [*kinds, ProblemBody]), schemas, strict=True))
    queries = {one.query.__name__ for one in endpoints if one.query is not None}
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, of_kind, components)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Centrala", "version": version, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in endpoints)],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in components.items() if name not in queries},
            "responses": {"problem": _problem(of_kind)},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-centrala"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


def _json_answer(one: Endpoint) -> Any:
    return None if one.raw else one.answer


def _operation(one: Endpoint, of_kind: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{one.tag}_{one.handler.__name__}",
        "summary": one.summary,
        "description": (one.handler.__doc__ or "").strip(),
        "tags": [one.tag],
        "parameters": _parameters(one, components),
        "responses": _responses(one, of_kind),
        "security": _security(one),
    }
    if one.action is not None:
        operation["x-roles"] = list(RIGHTS[one.action])
    if one.body is not None:
        operation["requestBody"] = {
            "required": one.body_needed,
            "content": {"application/json": {"schema": of_kind[repr(one.body)]}},
        }
    if one.streams:
        bytes_ = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": bytes_}}
    return operation


def _security(one: Endpoint) -> list[dict[str, list[str]]]:
    if one.action is None:
        return []
    session: dict[str, list[str]] = {"session": [], "csrf": []} if one.method in UNSAFE else {"session": []}
    return [{"token": []}, session]


def _parameters(one: Endpoint, components: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in one.parameters
    ]
    if one.query is not None:
        for name, schema in components[one.query.__name__]["properties"].items():
            found.append({"name": name, "in": "query", "required": False, "schema": schema})
    return [*found, _KEY] if one.repeats else found


def _responses(one: Endpoint, of_kind: dict[str, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done"}
    if one.raw:
        done["content"] = {one.content: {"schema": {"type": "string", "format": "binary"}}}
    elif one.answer is not None:
        done["content"] = {"application/json": {"schema": of_kind[repr(one.answer)]}}
    found = {str(one.status): done}
    if one.status == 201:
        found["200"] = {**done, "description": "It was there already"}
    for status in _failures(one):
        found[str(status)] = {"$ref": "#/components/responses/problem"}
    return found


def _failures(one: Endpoint) -> list[int]:
    """Return the statuses of the problems that an endpoint may answer with."""
    failures = {400, 401, 503}
    if one.action is not None:
        failures.add(403)
    if one.parameters:
        failures |= {404, 409} if one.method in UNSAFE else {404}
    if one.query is not None or one.method in UNSAFE:
        failures.add(422)
    if one.body is not None:
        failures |= {413, 415}
    if one.action is None:
        failures |= {403, 429}
    return sorted(failures)


def _problem(of_kind: dict[str, Any]) -> dict[str, Any]:
    titles = ", ".join(f"{kind} ({status})" for kind, (status, _) in TITLES.items())
    return {
        "description": f"What was wrong. Kinds: {titles}.",
        "content": {CONTENT_TYPE: {"schema": of_kind[repr(ProblemBody)]}},
    }
