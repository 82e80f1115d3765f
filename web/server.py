"""Puts the web side of one site together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from vocabulary.instants import HOUR, MINUTE, Span
from web import around, docs_page, health
from web.api import (
    account,
    agents,
    answers,
    article_import,
    articles,
    auto_replies,
    avalanches,
    callbacks,
    classify,
    emergency,
    events,
    handling,
    interactions,
    letters,
    mailboxes,
    messages,
    offers,
    quarantine,
    queues,
    records,
    sendings,
    supervision,
    understanding,
    worth,
)
from web.context import CONTEXT, Context
from web.desk import AgentTyping
from web.desks import Desks
from web.endpoint import Endpoint, route_of
from web.feed import Feed
from web.headers import Headers
from web.idempotency import Idempotency
from web.limits import Window
from web.metrics import Metrics
from web.openapi import describe
from web.origins import Origins, Proxies, origin_of
from web.pages import HERE, PAGES, Pages
from web.passwords import Passwords
from web.presence import Leases, OpenSockets
from web.sessions import SessionLimits, Sessions
from web.site import Site
from web.staff_views import Live, StaffViews
from web.tickets import OwnTickets, SharedTickets
from web.views import Views
from web.wallboard import Wallboard

BODY_BYTES_MAX = 1024 * 1024
LOGINS_MAX, LOGINS_WITHIN = 5, 15 * MINUTE

DESKS = web.AppKey("DESKS", Desks)
_log = structlog.get_logger(__name__)


def endpoints() -> list[Endpoint]:
    """Return every endpoint of the API."""
    parts = (
        account,
        interactions,
        messages,
        handling,
        sendings,
        supervision,
        understanding,
        classify,
        callbacks,
        offers,
        agents,
        queues,
        emergency,
        auto_replies,
        avalanches,
        article_import,
        articles,
        answers,
        quarantine,
        mailboxes,
        worth,
        records,
        letters,
        events,
    )
    return [endpoint for part in parts for endpoint in part.endpoints]


def build(
    site: Site,
    *,
    live: Live,
    public_url: str,
    allowed_origins: Sequence[str] = (),
    cookie_secure: bool = True,
    trusted_proxies: Sequence[str] = (),
    session_idle_ms: Span = 30 * MINUTE,
    session_absolute_ms: Span = 12 * HOUR,
    company: str = "Centrala",
    demo: bool = False,
    demo_logins: Sequence[Mapping[str, str]] = (),
    chat_frame_ancestors: Sequence[str] = (),
    on_agent_typing: AgentTyping | None = None,
    shared: bool = False,
    extra: Sequence[web.RouteDef] = (),
) -> web.Application:
    """Return the application that serves `site`: pages, API, sockets.

    Args:
        site: the running site.
        live: returns a queue's figures of this moment.
        public_url: where browsers reach us; its origin may open sockets and make unsafe calls.
        allowed_origins: further origins that may.
        cookie_secure: whether cookies need HTTPS; off for a demo on loopback only.
        trusted_proxies: addresses or networks whose X-Forwarded-For is believed.
        session_idle_ms: a log-in ends so long after its last call.
        session_absolute_ms: a log-in ends at the latest after this.
        company: the name that customers see.
        demo: whether pages show what a visitor of the demo needs.
        demo_logins: `role`, `login` and `password` of each log-in that the start page of the demo shows.
        chat_frame_ancestors: origins whose pages may frame the chat page; nobody by default.
        on_agent_typing: called when an agent types to a customer.
        shared: whether other processes serve the site too.
        extra: routes that the application adds: chat socket, callback form, demo mail. Their handlers find
            `Pages.render` under `request.app[PAGES]`.
    """
    app = web.Application(middlewares=[around.tell, around.problems], client_max_size=BODY_BYTES_MAX)
    limits = SessionLimits(idle_ms=session_idle_ms, absolute_ms=session_absolute_ms)
    context = _context(
        site,
        live,
        origins=Origins([public_url, *allowed_origins]),
        proxies=Proxies(trusted_proxies),
        sessions=Sessions(site, limits),
        cookie_secure=cookie_secure,
        shared=shared,
    )
    app[CONTEXT] = context
    app[PAGES] = Pages(company=company, demo=demo, demo_logins=demo_logins)
    app[DESKS] = Desks(context, on_agent_typing)
    wallboard = Wallboard(context)
    headers = Headers(frame_chat=chat_frame_ancestors, sockets=_socket_origin(public_url), secure=cookie_secure)
    app.on_response_prepare.append(headers.prepare)
    app.router.add_routes(_routes(app, wallboard, extra))
    app.router.add_static("/static", HERE / "static", append_version=False)
    app.cleanup_ctx.append(_tasks(context, wallboard))
    app.on_shutdown.append(_say_goodbye)
    return app


def _context(
    site: Site, live: Live, *, origins: Origins, proxies: Proxies, sessions: Sessions, cookie_secure: bool, shared: bool
) -> Context:
    staff = StaffViews(site, live)
    return Context(
        site=site,
        views=Views(site, staff),
        staff=staff,
        sessions=sessions,
        passwords=Passwords(),
        tickets=SharedTickets(site) if shared else OwnTickets(),
        origins=origins,
        proxies=proxies,
        feed=Feed(site),
        idempotency=Idempotency(site),
        leases=Leases(site),
        sockets=OpenSockets(sessions),
        metrics=Metrics(site),
        logins=Window(LOGINS_MAX, LOGINS_WITHIN),
        cookie_secure=cookie_secure,
    )


def _routes(app: web.Application, wallboard: Wallboard, extra: Sequence[web.RouteDef]) -> list[web.RouteDef]:
    async def openapi(request: web.Request) -> web.Response:
        return web.json_response(_description())

    async def docs(request: web.Request) -> web.Response:
        return web.Response(text=_docs(), content_type="text/html")

    async def style(request: web.Request) -> web.Response:
        return web.Response(text=docs_page.STYLE, content_type="text/css")

    return [
        *(route_of(endpoint) for endpoint in endpoints()),
        web.get("/api/v1/openapi.json", openapi),
        web.get("/api/docs", docs),
        web.get("/api/docs/style.css", style),
        web.get("/ws/desk", app[DESKS].serve),
        web.get("/ws/wallboard", wallboard.serve),
        *app[PAGES].routes(),
        *health.routes(),
        *extra,
    ]


@cache
def _description() -> dict[str, Any]:
    """Return the API's description: made when somebody asks, since a start has more urgent things to do."""
    return describe(endpoints(), _version())


@cache
def _docs() -> str:
    return docs_page.render(_description())


def _version() -> str:
    try:
        return version("centrala")
    except PackageNotFoundError:
        return "0"


def _socket_origin(public_url: str) -> str:
    origin = urlsplit(origin_of(public_url))
    return f"{'wss' if origin.scheme == 'https' else 'ws'}://{origin.netloc}"


def _tasks(context: Context, wallboard: Wallboard) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what keeps the feed, the watch over rights and the wallboard running while the application does."""

    async def run(app: web.Application) -> AsyncIterator[None]:
        works = {"feed": context.feed.run, "rights": context.sockets.watch, "wallboard": wallboard.run}
        tasks = [asyncio.create_task(_kept_running(name, work), name=name) for name, work in works.items()]
        await context.feed.started.wait()
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        context.passwords.close()

    return run


async def _kept_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` to its end; if it fails, say so and begin again after a second."""
    while True:
        try:
            await work()
            return
        except Exception:  # noqa: BLE001  (a supervisor of tasks)
            _log.exception("web_task_failed", task=name)
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.Event().wait()


async def _say_goodbye(app: web.Application) -> None:
    """End streams, long polls and sockets, so that stopping waits for nobody."""
    app[CONTEXT].feed.end()
