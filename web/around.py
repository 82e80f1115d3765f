"""Around every request: an id, one log line, figures, and problems in the place of tracebacks."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from vocabulary.errors import OwnFault, PermanentFailure, Quarantined, TemporaryFailure
from web.auth import ASKER
from web.context import CONTEXT
from web.headers import NONCE, new_nonce
from web.pages import PAGES
from web.problems import Problem, unavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger(__name__)
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")
_FOR_PROGRAMS = ("/api/v1/", "/ws/", "/static/", "/healthz", "/readyz", "/metrics")
_KINDS = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}

_OWN_FAULT = "The request could not be finished; the log of the server says why."


@web.middleware
async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, log it in one line, count it. Neither bodies nor names are logged."""
    given = request.headers.get("X-Request-ID", "")
    id = given if _ID.fullmatch(given) else secrets.token_hex(8)
    request[NONCE] = new_nonce()
    loop = asyncio.get_running_loop()
    before = loop.time()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        if not response.prepared:
            response.headers["X-Request-ID"] = id
        return response
    except web.HTTPException as answer:
        status = answer.status
        raise
    finally:
        _note(request, id, status, loop.time() - before)


def _note(request: web.Request, id: str, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = "(unknown)" if resource is None else resource.canonical
    metrics = request.app[CONTEXT].metrics
    # Anybody may invent methods, and each would be a time series.
    method = request.method if request.method in _METHODS else "OTHER"
    metrics.requests.labels(method, route, str(status)).inc()
    if not route.startswith("/ws/"):
        metrics.request_seconds.labels(method, route).observe(seconds)
    asker = request.get(ASKER)
    log = _log.debug if route.startswith(_QUIET) else _log.info
    log(
        "http_request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        principal=None if asker is None else asker.id,
        request=id,
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what went wrong as problem+json; what is our own fault is logged and tells nothing."""
    try:
        return await handler(request)
    except Problem as problem:
        return _answer(request, problem)
    except TemporaryFailure as failure:
        return _answer(request, unavailable(str(failure)))
    except Quarantined as kept:
        return _answer(request, Problem("quarantined", str(kept), reason="quarantined"))
    except OwnFault:
        # What failed has logged it already.
        return _answer(request, Problem("internal", _OWN_FAULT))
    except PermanentFailure as failure:
        return _answer(request, Problem("invalid", str(failure)))
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        return _answer(request, _of_http(answer))
    except Exception:  # noqa: BLE001  (the last stop before aiohttp's own page; everybody else catches what he expects)
        _log.exception("http_failed")
        return Problem("internal", _OWN_FAULT).response()


def _answer(request: web.Request, problem: Problem) -> web.Response:
    """Return a page for a browser that asked for one, problem+json for everybody else."""
    wants_page = "text/html" in request.headers.get("Accept", "") and not request.path.startswith(_FOR_PROGRAMS)
    return request.app[PAGES].failure(request, problem) if wants_page else problem.response()


def _of_http(answer: web.HTTPException) -> Problem:
    kind = _KINDS.get(answer.status, "bad_request")
    headers = {name: value for name, value in answer.headers.items() if name == "Allow"}
    detail = "This address is not known." if kind == "not_found" else answer.reason
    return Problem(kind, detail, headers=headers)
