"""A real server with the callback form, plain pages, and a house that keeps what it was given."""

import html
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.callback.form import CallbackForm
from channels.callback.receipt import ExpectedWait, Receipt, RequestRefused
from channels.callback.times import Free
from channels.message import InboundMessage
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import HOUR, MINUTE, Instant
from web.limits import Window

PAGE = "https://help.example.org"
GOOD = {"name": "Anna Nowak", "phone": "512 345 678", "topic": "", "message": "", "consent": "yes"}


class HandClock:
    def __init__(self) -> None:
        self.at: Instant = 1_700_000_000_000

    def now(self) -> Instant:
        return self.at


class Bits:
    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, n: int) -> bytes:
        self._calls += 1
        return self._calls.to_bytes(n, "big")


class House:
    """Keeps every request once, as the real one does."""

    def __init__(self) -> None:
        self.kept: dict[str, InboundMessage] = {}
        self.languages: list[str] = []
        self.fails = False
        self.refuses: str | None = None
        self.starts: tuple[Instant, ...] = ()
        self.wishes: list[tuple[Instant | None, str | None]] = []
        self.asked: list[tuple[str, str, str]] = []

    def free_windows(self, topic: str, text: str, *, language: str) -> Free:
        self.asked.append((topic, text, language))
        return Free(self.starts, 30 * MINUTE, ZoneInfo("Europe/Warsaw"))

    async def receive(
        self, message: InboundMessage, *, language: str, slot: Instant | None, time_zone: str | None
    ) -> Receipt:
        if self.fails:
            raise TemporaryFailure("the disk is full")
        if self.refuses is not None:
            raise RequestRefused(self.refuses)
        self.wishes.append((slot, time_zone))
        self.kept.setdefault(message.external_id, message)
        self.languages.append(language)
        number = list(self.kept).index(message.external_id) + 1
        if slot is None:
            return Receipt(f"R-{number}", number, ExpectedWait(60, 240))
        zone = time_zone or "Europe/Warsaw"
        return Receipt(f"R-{number}", starts_at=slot, ends_at=slot + 30 * MINUTE, time_zone=zone)


def render(template: str, request: web.Request, context: Mapping[str, Any]) -> web.Response:
    """Return a page that shows its whole context, as a template would have it."""
    shown = {"template": template, **context}
    return web.Response(text=f"<pre>{html.escape(json.dumps(shown))}</pre>", content_type="text/html")


def form_of(house: House, **changes: Any) -> CallbackForm:
    settings: dict[str, Any] = {
        "channel": "call-me",
        "company": "Acme",
        "languages": ("en", "pl"),
        "region": "PL",
        "countries": None,
        "allowed_origins": {PAGE},
        "keys": {"k1": b"a secret of the site"},
        "clock": HandClock(),
        "random_bytes": Bits(),
        "by_address": Window(10_000, MINUTE),
        "by_phone": Window(10_000, HOUR),
        "client_of": lambda request: request.remote or "",
        "language_of": lambda request: request.query.get("lang", "en"),
        "translate": lambda language, key: f"{language}:{key}",
        "day_name": lambda language, day: f"{language}:{day}",
        "render": render,
    }
    return CallbackForm(house.receive, house.free_windows, **(settings | changes))


class Visitor:
    """A browser without JavaScript."""

    def __init__(self, server: TestServer, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._server = server
        self.status = 0
        self.headers: Mapping[str, str] = {}

    async def open(self, path: str = "/callback/call-me") -> dict[str, Any]:
        """Return the context of the page at `path`."""
        async with self._http.get(self._server.make_url(path)) as answer:
            return await self._read(answer)

    async def send(
        self, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None, query: str = ""
    ) -> dict[str, Any]:
        """Send a form as it is, and return the context of the page where that ends."""
        url = self._server.make_url(f"/callback/call-me{query}")
        async with self._http.post(url, data=dict(fields), headers=headers) as answer:
            return await self._read(answer)

    async def fill_in(self, **changes: str) -> dict[str, Any]:
        """Open the form, fill it in well but for `changes`, and send it."""
        page = await self.open()
        return await self.send({**GOOD, "token": page["token"], **changes})

    async def _read(self, answer: aiohttp.ClientResponse) -> dict[str, Any]:
        self.status, self.headers = answer.status, answer.headers
        shown = re.fullmatch(r"<pre>(.*)</pre>", await answer.text(), re.DOTALL)
        context: dict[str, Any] = json.loads(html.unescape(shown[1])) if shown else {}
        return context


@asynccontextmanager
async def visiting(form: CallbackForm) -> AsyncIterator[Visitor]:
    """Run a server with `form`, and visit it."""
    app = web.Application()
    app.router.add_get("/callback/call-me", form.show)
    app.router.add_post("/callback/call-me", form.send)
    server = TestServer(app)
    await server.start_server()
    try:
        async with aiohttp.ClientSession() as http:
            yield Visitor(server, http)
    finally:
        await server.close()
