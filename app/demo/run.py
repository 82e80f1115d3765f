"""`centrala demo`: a whole contact center on this machine, with people in it."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from importlib.resources import as_file, files
from pathlib import Path

import click
import msgspec
from aiohttp import web

from app import logs
from app.clock import SystemClock
from app.compose import Application
from app.demo.agents import DemoAgent
from app.demo.customers import DemoCustomers
from app.demo.sandbox import Sandbox
from app.doors import web_application
from app.people import new_token
from app.serve import open_web, stop_signal
from app.supervise import supervised
from classifiers.examples import LANGUAGES, shipped_rows
from config.channel_schema import EmailChannel
from config.loader import load
from config.schema import Settings
from config.secrets import create_secret
from simulation.traffic import Example, visits
from vocabulary.instants import rfc3339
from vocabulary.records import Put, PutNew, UserRow
from web.pages import PAGES
from web.passwords import hash_password

HOST = "127.0.0.1"
PASSWORD = "demo"
"""Shown on the start page: this listens on loopback only."""
PEOPLE = ("operator", "supervisor")
ARRIVALS_PER_MINUTE = 52.0


async def run_demo(*, port: int, smtp_port: int, seed: int, speed: float, traffic: bool, data: Path | None) -> None:
    """Run the demonstration until Ctrl-C; without `data` its folder goes with it."""
    logs.set_up("warning", "text")
    stopping = stop_signal()
    folder = data or Path(tempfile.mkdtemp(prefix="centrala-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        await _run(folder, port=port, smtp_port=smtp_port, seed=seed, speed=speed, traffic=traffic, stopping=stopping)
    finally:
        if data is None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _run(
    folder: Path, *, port: int, smtp_port: int, seed: int, speed: float, traffic: bool, stopping: asyncio.Event
) -> None:
    clock = SystemClock()
    sandbox = Sandbox(clock.now)
    await sandbox.listener.start()
    settings = demo_settings(folder, smtp_in=smtp_port, smtp_out=sandbox.listener.port)
    application = Application(settings, folder=folder, environment=os.environ, demo=True)
    runner: web.AppRunner | None = None
    people: list[asyncio.Task[None]] = []
    try:
        await application.start()
        await _let_in(application)
        base = f"http://{HOST}:{port}"
        app = web_application(
            application,
            public_url=f"http://localhost:{port}",
            origins=(base,),
            logins=[{"role": login, "login": login, "password": PASSWORD} for login in PEOPLE],
            extra=(web.get("/demo/mail", _mail_page(sandbox)),),
        )
        runner = await open_web(app, HOST, port)
        application.prepare_understanding()
        click.echo(greeting(port, smtp_port, folder, traffic=traffic))
        if traffic:
            people += await _traffic(application, base=base, smtp_port=smtp_port, seed=seed, speed=speed)
        await stopping.wait()
        click.echo("Stopping.")
    finally:
        for task in people:
            task.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        if runner is not None:
            await runner.cleanup()
        await application.stop()
        await sandbox.listener.stop()


def demo_settings(folder: Path, *, smtp_in: int, smtp_out: int) -> Settings:
    """Return the demonstration's settings: its own ports, everything it keeps in `folder`."""
    secret = folder / "centrala.secret"
    if not secret.exists():
        create_secret(secret)
    with as_file(files("config") / "demo.toml") as path:
        settings = load(path)
    replace = msgspec.structs.replace
    box = settings.channels["support-mail"]
    assert isinstance(box, EmailChannel)
    box = replace(box, receive=replace(box.receive, port=smtp_in), send=replace(box.send, port=smtp_out))
    return replace(
        settings,
        site=replace(settings.site, secret_file=secret),
        channels={**settings.channels, "support-mail": box},
    )


async def _let_in(application: Application) -> None:
    """Give the demonstration's people their password, which its start page shows."""
    hashed = await asyncio.to_thread(hash_password, PASSWORD)
    for login in PEOPLE:
        user = await application.store.user_by_login(login)
        assert isinstance(user, UserRow), f"config/demo.toml must seed {login!r}"
        await application.engine.write(Put(msgspec.structs.replace(user, password=hashed)))


async def _traffic(
    application: Application, *, base: str, smtp_port: int, seed: int, speed: float
) -> list[asyncio.Task[None]]:
    """Start agents and customers."""
    clock = application.clock
    customers = _Arrivals(application, base=base, smtp_port=smtp_port, seed=seed, speed=speed)
    works = {"customers": customers.run}
    for id in sorted(application.engine.state.agents):
        if id.startswith("bot-"):
            token, row = new_token(role="operator", agent=id, name="demo", now=clock.now())
            await application.engine.write(PutNew(row))
            queues = tuple(application.policy.queues)
            agent = DemoAgent(id=id, base=base, token=token, queues=queues, clock=clock, seed=seed, speed=speed)
            works[f"agent:{id}"] = agent.run
    return [asyncio.create_task(supervised(name, work, clock), name=name) for name, work in works.items()]


class _Arrivals:
    """Lets customers come when it is their time."""

    def __init__(self, application: Application, *, base: str, smtp_port: int, seed: int, speed: float) -> None:
        self._clock = application.clock
        self._speed = speed
        box = application.settings.channels["support-mail"]
        assert isinstance(box, EmailChannel)
        self._customers = DemoCustomers(
            base=base, smtp_port=smtp_port, address=box.address, clock=application.clock, speed=speed
        )
        examples = [
            Example(text, label, language)
            for language in LANGUAGES
            for text, label in shipped_rows((language,))
            if label != "oos"
        ]
        for language, articles in application.knowledge.articles.items():
            for article in articles.values():
                examples += [Example(question, article.label, language) for question in article.questions]
        self._visits = visits(seed, examples, per_minute=ARRIVALS_PER_MINUTE * speed)
        self._started_at = self._clock.now()

    async def run(self) -> None:
        """Send visit after visit until cancelled."""
        async with asyncio.TaskGroup() as people:
            for visit in self._visits:
                await self._clock.sleep(max(0, self._started_at + visit.at - self._clock.now()))
                people.create_task(self._customers.visit(visit))


def greeting(port: int, smtp_port: int, folder: Path, *, traffic: bool) -> str:
    """Return what the demonstration says of itself."""
    base = f"http://localhost:{port}"
    lines = (
        ("Start page", base),
        ("Desk", f"{base}/desk    log in: operator / {PASSWORD}"),
        ("Wallboard", f"{base}/supervisor    log in: supervisor / {PASSWORD}"),
        ("Customer chat", f"{base}/chat/demo"),
        ("Callback form", f"{base}/callback/demo"),
        ("E-mail in", f"SMTP on {HOST}:{smtp_port}, to support@demo.example"),
        ("Mail that went out", f"{base}/demo/mail"),
        ("API", f"{base}/api/docs"),
        ("Data", str(folder)),
    )
    table = "\n".join(f"  {name:<20}{value}" for name, value in lines)
    people = "with made-up customers and agents" if traffic else "without traffic: the customers and agents are you"
    return f"Centrala is running, {people}. Ctrl-C stops it.\n\n{table}\n"


def _mail_page(sandbox: Sandbox) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def page(request: web.Request) -> web.Response:
        mails = [
            {**msgspec.structs.asdict(mail), "from": mail.sender, "at": rfc3339(mail.at)[11:19]}
            for mail in sandbox.mails
        ]
        return request.app[PAGES].render(request, "demo_mail.html", mails=mails)

    return page
