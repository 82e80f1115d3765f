"""For whoever runs it: is it alive, may it serve, what are its figures."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from vocabulary.errors import TemporaryFailure
from web.context import CONTEXT

_WITHIN_S = 2.0


async def healthz(request: web.Request) -> web.Response:
    """Answer 200: the process runs and its event loop turns."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """Answer 200 if work can be taken in now, else 503 with the reason."""
    context = request.app[CONTEXT]
    if not context.feed.started.is_set():
        return _not_ready("the event log is not followed yet")
    if context.site.trouble is not None:
        return _not_ready(context.site.trouble)
    try:
        async with asyncio.timeout(_WITHIN_S):
            await context.site.store.last_seq()
    except (TimeoutError, TemporaryFailure) as failure:
        return _not_ready(str(failure) or f"the store did not answer within {_WITHIN_S:.0f} s")
    return web.json_response({"status": "ready", "seq": context.site.seq})


def _not_ready(reason: str) -> web.Response:
    return web.json_response({"status": "not ready", "reason": reason}, status=503, headers={"Retry-After": "1"})


async def metrics(request: web.Request) -> web.Response:
    """Answer the figures as Prometheus reads them."""
    text = await request.app[CONTEXT].metrics.text()
    return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def routes() -> Sequence[web.RouteDef]:
    """Return the routes for operations."""
    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
