"""A whole site in this process, with its real API and a real mail server to send to, on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from app.compose import Application
from app.doors import web_application
from app.machine import Machine
from config.loader import load
from config.secrets import create_secret
from router.commands import Tick
from router.state import next_deadline
from tests.acceptance.client import Api, Sink, eventually
from tests.servers.ports import free_port
from vocabulary.instants import Instant, Span, instant_of
from vocabulary.records import Put, TokenRow
from web.sessions import hash_of

NOW = instant_of("2026-10-21T13:30:00Z")
"""A Wednesday, 15:30 in Warsaw, four days before its clocks are changed."""
CONFIGURATION = """
[site]
name = "Test Telecom"
domain = "test.example"
languages = ["en", "pl"]
time_zone = "Europe/Warsaw"

[web]
port = {port}
public_url = "http://127.0.0.1:{port}"

[channels.mail]
medium = "email"
address = "support@test.example"
receive = {{ protocol = "smtp", port = {mail_port} }}
send = {{ port = {sink_port} }}

[channels.web-chat]
medium = "chat"

[queues.support]
message_channel = "mail"

[queues.mute]

[queues.sales]

[hours.office]
week = {{ mon-fri = ["08:00-17:00"] }}

[[rules]]
name = "prices"
when = {{ words = ["price*", "cennik*"] }}
then = {{ queue = "support", autoresponse = "prices" }}

[[rules]]
name = "rest"
then = {{ queue = "support" }}

[[autoresponses]]
name = "prices"
kind = "document"
subject = {{ en = "Our prices, {{{{ number }}}}", pl = "Nasze ceny, {{{{ number }}}}" }}
text = {{ en = "Here are our prices.", pl = "Oto nasze ceny." }}
attachments = ["price-list.{{language}}.pdf"]
at = "08:00"
within = "office"
unsubscribe = true
escalate = {{ after = "7d", at = "10:00", callback = "sales" }}

[[autoresponses.steps]]
after = "3d"
at = "09:00"
text = {{ en = "Have you seen our prices?", pl = "Czy widzieli Państwo ceny?" }}

[[agents]]
id = "anna"
name = "Anna Test"
queues = {{ support = 1, sales = 1 }}
"""


class MovedClock:
    """A clock that stands until the test moves it; who sleeps wakes when it has come so far."""

    def __init__(self, now: Instant) -> None:
        self._now = now
        self._sleeping: list[tuple[Instant, asyncio.Event]] = []

    def now(self) -> Instant:
        return self._now

    def not_before(self, at: Instant) -> None:
        self._now = max(self._now, at)

    def move(self, to: Instant) -> None:
        self._now = max(self._now, to)
        for at, woken in self._sleeping:
            if at <= self._now:
                woken.set()

    async def sleep(self, span: Span) -> None:
        woken = asyncio.Event()
        entry = (self._now + span, woken)
        self._sleeping.append(entry)
        try:
            await woken.wait()
        finally:
            self._sleeping.remove(entry)


class Later:
    """A running site."""

    def __init__(self, application: Application, clock: MovedClock, base: str) -> None:
        self.application = application
        self.clock = clock
        self.base = base
        self._apis: list[Api] = []

    async def api(self, role: str, agent: str | None = None) -> Api:
        """Return the API as somebody with a token uses it."""
        token = f"token-of-{role}-{agent}"
        await self.application.engine.write(Put(TokenRow(id=hash_of(token), role=role, created_at=NOW, agent=agent)))
        api = Api(self.base, token)
        self._apis.append(api)
        return api

    async def until(self, when: str | Instant) -> None:
        """Let time pass, stopping wherever something is due on the way."""
        until = instant_of(when) if isinstance(when, str) else when
        while (due := next_deadline(self.application.engine.state)) is not None and due <= until:
            self.clock.move(due)
            await self.application.engine.submit(Tick())
            await self.settled()
        self.clock.move(until)
        await self.settled()

    async def settled(self) -> None:
        """Return once all that can be sent now is sent."""

        async def quiet() -> bool | None:
            rows = await self.application.store.outbox(states=("pending", "sending"), limit=100)
            return None if rows else True

        await eventually(quiet)

    async def close(self) -> None:
        for api in self._apis:
            await api.__aexit__(None, None, None)


def write_site(folder: Path, sink: Sink) -> None:
    """Write a configuration with its files."""
    ports = {"port": free_port(), "mail_port": free_port(), "sink_port": sink.listener.port}
    (folder / "centrala.toml").write_text(CONFIGURATION.format(**ports), "utf-8")
    for language in ("en", "pl"):
        (folder / f"price-list.{language}.pdf").write_bytes(f"%PDF-1.7 {language}".encode())
    create_secret(folder / "centrala.secret")


@asynccontextmanager
async def later(folder: Path, now: Instant = NOW) -> AsyncIterator[Later]:
    """Run the site of `folder`, from `now` on."""
    settings = load(folder / "centrala.toml", {})
    clock = MovedClock(now)
    application = Application(settings, folder=folder, environment={}, machine=Machine(clock=clock))
    runner: web.AppRunner | None = None
    try:
        await application.start()
        runner = web.AppRunner(web_application(application, public_url=settings.web.public_url), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", settings.web.port).start()
        site = Later(application, clock, settings.web.public_url)
        yield site
        await site.close()
    finally:
        if runner is not None:
            await runner.cleanup()
        await application.stop()


def customer(**values: Any) -> dict[str, Any]:
    """Return somebody who writes."""
    return {"email": "ola@example.org", "name": "Ola", "language": "pl", **values}
