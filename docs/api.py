"""The reference page of the HTTP API, from the endpoints that the server has."""

from collections.abc import Iterable
from itertools import groupby

import msgspec

from web.access import RIGHTS, Tie
from web.endpoint import PREFIX, Endpoint
from web.payloads import Body
from web.server import endpoints

INTRODUCTION = """\
# HTTP API

Made from the server's endpoints by `python -m docs.generate`. A running site shows the same calls at `/api/docs`, with
every field, type and limit, and for programs at `/api/v1/openapi.json` (OpenAPI 3.1). How to use it, step by step:
[Drive Centrala by the API](../how-to/use-the-api.md).

- All addresses below begin with `/api/v1`. Bodies and answers are JSON; an unknown field is refused.
- `Authorization: Bearer TOKEN`, with a token from `centrala token create`; or the session cookie of a log-in. Then
  unsafe calls need the `X-CSRF-Token` that the log-in answered.
- Times are RFC 3339 in UTC with milliseconds; ids are opaque strings. Lists have `items` and `next`; pass `next` on as
  `cursor` (interactions) or `after` (messages, events).
- Unsafe calls accept `Idempotency-Key`: a repetition within seven days answers what the first call answered and does
  nothing again.
- Errors are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `errors` with path and message,
  and a `reason` code. 409 means that it was possible once, or will be; with 429 and 503, `Retry-After` says when to
  come back.
- Roles: `operator`, `supervisor`, `admin`, `integration`. An operator with a star may use the call for what is his: an
  interaction that he holds or held, that rings at him or is in a queue he serves, an offer or agent that is himself.
  Supervisors and admins with a star may use it only for what they hold themselves.

`?` marks what may be left out.
"""


def page() -> str:
    """Return the reference page, Markdown."""
    parts = [_part(tag, list(calls)) for tag, calls in groupby(endpoints(), key=lambda one: one.tag)]
    return "\n".join([INTRODUCTION, *parts, OTHERS])


def _part(tag: str, calls: Iterable[Endpoint]) -> str:
    rows = [f"| {' | '.join((_call(one), one.summary, _takes(one), _who(one)))} |" for one in calls]
    return "\n".join([f"## {tag.capitalize()}", "", "| call | does | takes | who |", "|---|---|---|---|", *rows, ""])


def _call(one: Endpoint) -> str:
    return f"`{one.method} {one.path.removeprefix(PREFIX)}`"


def _takes(one: Endpoint) -> str:
    fields = [*_fields(one.query, "?"), *_fields(one.body, "")]
    return " ".join(f"`{field}`" for field in fields)


def _fields(kind: type[Body] | None, before: str) -> list[str]:
    """Return the names of a body's or a query's fields; those of a query begin with a question mark."""
    if kind is None:
        return []
    found = msgspec.structs.fields(kind)
    return [f"{before}{field.encode_name}{'' if field.required or before else '?'}" for field in found]


def _who(one: Endpoint) -> str:
    if one.action is None:
        return "everybody"
    return ", ".join(f"{role}{'' if tie & Tie.ANYBODY else '*'}" for role, tie in RIGHTS[one.action].items())


OTHERS = """\
## Beside the API

| address | answers |
|---|---|
| `GET /healthz` | 200 while the process runs |
| `GET /readyz` | 200 if work can be taken in now, else 503 with the reason |
| `GET /metrics` | figures for Prometheus ([metrics](metrics.md)) |
| `/ws/desk`, `/ws/wallboard`, `/ws/chat/{channel}` | [sockets](sockets.md) |
| `/`, `/login`, `/desk`, `/supervisor`, `/chat/{channel}`, `/callback/{channel}` | pages |
"""
