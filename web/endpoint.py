"""Endpoints: a handler's annotations are its contract.

    endpoints = Endpoints("interactions")

    @endpoints.post("/interactions/{id}/move", "interaction.steer", "Move what waits to another queue")
    async def move(call: Call, id: str, body: MoveTo) -> InteractionView: ...

Whoever may not is refused before the body is read; bodies, queries and answers are checked and documented
(web/openapi.py) by the same annotations.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

from vocabulary.errors import TemporaryFailure
from web.access import Action, Principal, authorise
from web.auth import check_csrf, principal_of
from web.call import Call
from web.context import CONTEXT, Context
from web.idempotency import Outcome, answer_id, checked_key, fingerprint_of
from web.payloads import Body
from web.problems import Problem, invalid, of_validation, unavailable

PREFIX = "/api/v1"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Handler = Callable[..., Awaitable[Any]]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one address.

    `action` None: everybody may, logged in or not. `answer` None: no body (204). `repeats`: an Idempotency-Key makes
    its answer kept, so it must hold no secret. `streams`: the handler reads the body itself, whatever it is.
    """

    method: str
    path: str
    handler: Handler
    action: Action | None
    summary: str
    tag: str
    status: int
    parameters: tuple[str, ...]
    query: type[Body] | None
    body: type[Body] | None
    body_needed: bool
    answer: Any
    content: str
    repeats: bool
    streams: bool

    @property
    def raw(self) -> bool:
        """Whether the handler answers with a response of its own, not with a view."""
        return isinstance(self.answer, type) and issubclass(self.answer, web.StreamResponse)


class Endpoints:
    """The endpoints of one part of the API."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._all: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._all)

    def get(self, path: str, action: Action | None, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        """Register what answers GET."""
        return self._add("GET", path, action, summary, **more)

    def post(self, path: str, action: Action | None, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        """Register what answers POST."""
        return self._add("POST", path, action, summary, **more)

    def put(self, path: str, action: Action | None, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        """Register what answers PUT."""
        return self._add("PUT", path, action, summary, **more)

    def patch(self, path: str, action: Action | None, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        """Register what answers PATCH."""
        return self._add("PATCH", path, action, summary, **more)

    def delete(self, path: str, action: Action | None, summary: str, **more: Any) -> Callable[[Handler], Handler]:
        """Register what answers DELETE."""
        return self._add("DELETE", path, action, summary, **more)

    def _add(
        self,
        method: str,
        path: str,
        action: Action | None,
        summary: str,
        *,
        status: int = 200,
        content: str = "application/json",
        repeats: bool = True,
        streams: bool = False,
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            hints = get_type_hints(handler)
            answer = _view_of(hints["return"])
            body = inspect.signature(handler).parameters.get("body")
            self._all.append(
                Endpoint(
                    method=method,
                    path=PREFIX + path,
                    handler=handler,
                    action=action,
                    summary=summary,
                    tag=self._tag,
                    status=204 if answer is type(None) else status,
                    parameters=tuple(re.findall(r"{(\w+)}", path)),
                    query=hints.get("query"),
                    body=hints.get("body"),
                    body_needed=body is not None and body.default is inspect.Parameter.empty,
                    answer=None if answer is type(None) else answer,
                    content=content,
                    repeats=repeats and not streams and method in UNSAFE and action is not None,
                    streams=streams,
                )
            )
            return handler

        return register


def _view_of(answer: Any) -> Any:
    """Return what a handler answers with, without the stream that it may answer with instead."""
    parts = [part for part in get_args(answer) if part is not web.StreamResponse]
    return parts[0] if get_origin(answer) is UnionType and len(parts) == 1 else answer


def route_of(endpoint: Endpoint) -> web.RouteDef:
    """Return the route that serves `endpoint`."""

    async def serve(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        try:
            return await _answer(endpoint, context, request)
        except TemporaryFailure as failure:
            raise unavailable(str(failure)) from failure

    # HEAD would run a handler for nothing, and a long poll or a stream for long.
    more = {"allow_head": False} if endpoint.method == "GET" else {}
    return web.route(endpoint.method, endpoint.path, serve, **more)


async def _answer(endpoint: Endpoint, context: Context, request: web.Request) -> web.StreamResponse:
    principal = await _allowed(endpoint, context, request)
    arguments: dict[str, Any] = {name: request.match_info[name] for name in endpoint.parameters}
    if endpoint.query is not None:
        arguments["query"] = read_query(endpoint.query, request)
    raw = await request.read() if endpoint.method in UNSAFE and not endpoint.streams else b""
    if endpoint.body is not None and (raw or endpoint.body_needed):
        arguments["body"] = read_body(endpoint.body, request.content_type, raw)
    key = request.headers.get("Idempotency-Key")
    if key is None or principal is None or not endpoint.repeats:
        return await _run(endpoint, Call(context, request, principal, endpoint.status, None), arguments)
    call = Call(context, request, principal, endpoint.status, checked_key(key))
    return await _run_once(endpoint, call, arguments, answer_id(principal.id, key), raw)


async def _allowed(endpoint: Endpoint, context: Context, request: web.Request) -> Principal | None:
    """Return who asks, if he may use this endpoint at all."""
    if endpoint.action is None:
        return None
    principal = await principal_of(context, request)
    if endpoint.method in UNSAFE:
        check_csrf(context, request, principal)
    authorise(principal, endpoint.action)
    if principal.token is not None:
        await context.leases.renew(principal.agent)
    return principal


async def _run(endpoint: Endpoint, call: Call, arguments: dict[str, Any]) -> web.StreamResponse:
    value = await endpoint.handler(call, **arguments)
    return value if isinstance(value, web.StreamResponse) else _response(call, _outcome(call, value))


async def _run_once(
    endpoint: Endpoint, call: Call, arguments: dict[str, Any], id: str, raw: bytes
) -> web.StreamResponse:
    async def run() -> Outcome:
        return _outcome(call, await endpoint.handler(call, **arguments))

    fingerprint = fingerprint_of(call.request.method, call.request.path_qs, raw)
    outcome, repeated = await call.context.idempotency.once(id, fingerprint, run)
    response = _response(call, outcome)
    if repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _outcome(call: Call, value: Any) -> Outcome:
    return Outcome(call.status, b"" if value is None else msgspec.json.encode(value))


def _response(call: Call, outcome: Outcome) -> web.Response:
    response = web.Response(status=outcome.status)
    if outcome.body:
        response.body = outcome.body
        response.content_type = "application/json"
    if call.finish is not None:
        call.finish(response)
    return response


def read_query(kind: type[Body], request: web.Request) -> Body:
    """Return the query of `request` as a `kind`.

    Raises:
        Problem: it does not fit (422).
    """
    given: dict[str, str] = {}
    for name, value in request.query.items():
        given[name] = f"{given[name]},{value}" if name in given else value
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise of_validation(error) from error


def read_body(kind: type[Body], content_type: str, raw: bytes) -> Body:
    """Return the JSON `raw` as a `kind`. A whole number may be written 5.0, as some JSON writers do.

    NUL characters are refused: no store has to take them (storage/statements.py).

    Raises:
        Problem: it is no JSON (400, 415), or does not fit (422).
    """
    if content_type != "application/json":
        raise Problem("unsupported_media_type", f"Send application/json, not {content_type}.")
    try:
        return msgspec.convert(_whole(msgspec.json.decode(raw or b"{}")), kind)
    except msgspec.ValidationError as error:
        raise of_validation(error) from error
    except RecursionError as error:
        raise invalid("", "The body is nested too deeply.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem("bad_request", f"The body is no JSON: {error}.") from error


def _whole(value: Any) -> Any:
    """Return `value` with every 5.0 as 5; where a float is expected, the integer fits too. Refuses NUL characters."""
    if isinstance(value, str) and "\0" in value:
        raise invalid("", "A text holds a NUL character.")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(part) for part in value]
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    return value
