"""Who asks: the token or the session of a request; and whether a page of ours sent it."""

import hmac

from aiohttp import web

from web.access import Principal
from web.context import Context
from web.problems import Problem

ASKER = web.RequestKey("ASKER", Principal)
"""Who sent the request, once that is known; for the log."""


async def find_principal(context: Context, request: web.Request) -> Principal | None:
    """Return who sent `request`, or None. A token counts before a cookie, and a bad token is never forgiven."""
    principal = await _found(context, request)
    if principal is not None:
        request[ASKER] = principal
    return principal


async def _found(context: Context, request: web.Request) -> Principal | None:
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return await context.sessions.program(token.strip()) if scheme.lower() == "bearer" else None
    cookie = request.cookies.get(context.cookie)
    return await context.sessions.find(cookie) if cookie else None


async def principal_of(context: Context, request: web.Request) -> Principal:
    """Return who sent `request`.

    Raises:
        Problem: nobody whom we know (401).
    """
    principal = await find_principal(context, request)
    if principal is None:
        raise Problem(
            "unauthenticated",
            "Send `Authorization: Bearer TOKEN`, or log in; a session may also have ended.",
            headers={"WWW-Authenticate": 'Bearer realm="centrala"'},
        )
    return principal


def check_csrf(context: Context, request: web.Request, principal: Principal) -> None:
    """Return if a page of ours sent this unsafe call. Programs with a token carry no cookie that could be misused.

    Raises:
        Problem: another site may have (403).
    """
    if principal.session is None:
        return
    check_origin(context, request)
    sent = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(sent.encode(), principal.csrf.encode()):
        raise Problem("cross_site", "Send the csrf value of your log-in as X-CSRF-Token.", reason="csrf")


def check_origin(context: Context, request: web.Request) -> None:
    """Return if Origin and Sec-Fetch-Site name no foreign site.

    Raises:
        Problem: they do (403).
    """
    if not context.origins.is_own(request):
        origin = request.headers.get("Origin", "another site")
        raise Problem("cross_site", f"Requests from {origin} are not taken; see web.allowed_origins.", reason="origin")
