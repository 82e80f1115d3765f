"""One machine that runs a site, from power-on to its death, and the disk that outlives it."""

import asyncio
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed
from typing import Any, NamedTuple

from aiohttp import web

from app.compose import Application
from app.doors import web_application
from app.machine import Machine
from app.seeds import seed_people
from app.serve import open_web
from config.loader import load
from config.schema import Settings
from config.secrets import create_secret
from storage.sqlite import SqliteStore
from tests.simulation.disk import Disk
from tests.simulation.network import InMemory
from tests.simulation.universe import Loop, Universe
from vocabulary.instants import Instant, Span
from vocabulary.records import Put, TokenRow, Transaction
from web.sessions import hash_of

START: Instant = 1_772_000_000_000
ORIGIN = "http://127.0.0.1:8080"
DATABASE = "centrala.db"
ENVIRONMENT = {"BOX": "secret"}
UNDO_S = 2
"""So long a reply in one of the queues can be taken back; in the other as long as is usual."""
AGENTS = ("anna", "boris", "celina")
TOKENS = {"anna": "operator", "boris": "operator", "celina": "operator", "vera": "supervisor", "shop": "integration"}

_AGENT = """
[[agents]]
id = "{id}"
name = "{id}"
queues = {{ billing = 1, support = 1 }}
"""


class Ports(NamedTuple):
    """Where the site and the servers around it listen."""

    web: int
    smtp_in: int
    smtp_out: int
    imap: int


class Pace(NamedTuple):
    """How long things take, s."""

    ring_s: int = 8
    gone_s: int = 20
    wrap_up_s: int = 5


def configuration(ports: Ports, pace: Pace = Pace()) -> str:  # noqa: B008  # a frozen value
    """Return the file of the site."""
    return _configured(ports, pace) + "".join(_AGENT.format(id=id) for id in AGENTS)


def _configured(ports: Ports, pace: Pace) -> str:
    return f"""
[site]
name = "Simulated"
domain = "sim.example"
languages = ["en", "pl"]

[storage]
url = "sqlite:///{DATABASE}"

[web]
port = {ports.web}
public_url = "http://127.0.0.1:{ports.web}"
chat_connects = 100000
form_requests = 100000

[channels.mail]
medium = "email"
address = "support@sim.example"
receive = {{ protocol = "smtp", port = {ports.smtp_in} }}
send = {{ host = "127.0.0.1", port = {ports.smtp_out} }}

[channels.box]
medium = "email"
address = "box@sim.example"
send = {{ host = "127.0.0.1", port = {ports.smtp_out} }}
[channels.box.receive]
protocol = "imap"
host = "127.0.0.1"
port = {ports.imap}
tls = "none"
username = "box"
password_env = "BOX"

[channels.web]
medium = "chat"
customer_grace = "{pace.gone_s}s"

[queues.billing]
target = "2m"
offer = {{ chat = "{pace.ring_s}s", email = "{pace.ring_s}s", api = "{pace.ring_s}s" }}
wrap_up = "timed"
wrap_up_after = "{pace.wrap_up_s}s"
undo = "{UNDO_S}s"
disconnect_grace = "2s"

[queues.support]
target = "20s"
offer = {{ chat = "{pace.ring_s}s", email = "{pace.ring_s}s", api = "{pace.ring_s}s" }}
wrap_up = "timed_forced"
wrap_up_after = "{pace.wrap_up_s}s"
disconnect_grace = "2s"
on_disconnect = {{ chat = "requeue", email = "requeue" }}

[[rules]]
name = "money"
when = {{ words = ["invoice*"] }}
then = {{ queue = "billing", autoresponse = "papers" }}

[[rules]]
name = "everything else"
then = {{ queue = "support", autoresponse = "received" }}

[[autoresponses]]
name = "received"
kind = "acknowledge"

[[autoresponses]]
name = "papers"
kind = "document"
after = "3s"
text = {{ en = "Here are the papers that explain an invoice.", pl = "Oto dokumenty, które objaśniają fakturę." }}
"""


def write_site(folder: Path, ports: Ports, pace: Pace = Pace()) -> None:  # noqa: B008  # a frozen value
    """Write the configuration and its secret, the same in every run."""
    (folder / "centrala.toml").write_text(configuration(ports, pace), "utf-8")
    create_secret(folder / "centrala.secret")
    (folder / "centrala.secret").write_text(f"{'5' * 64}\n", "utf-8")


@cache
def settings() -> Settings:
    """Return the configuration of the simulated site."""
    folder = Path(tempfile.mkdtemp(prefix="centrala-simulation-"))
    write_site(folder, PORTS)
    return load(folder / "centrala.toml", ENVIRONMENT)


@cache
def new_database() -> bytes:
    """Return the file of a site on its first day: its people and their tokens are there, nothing else is."""

    async def made(path: Path) -> None:
        store = await SqliteStore.open(path)
        await seed_people(settings().agents, {}, store)
        rows = [
            TokenRow(id=hash_of(token_of(who)), role=role, created_at=START, agent=who if who in AGENTS else None)
            for who, role in TOKENS.items()
        ]
        await store.commit(Transaction(changes=tuple(map(Put, rows))))
        await store.close()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE
        asyncio.run(made(path))
        return path.read_bytes()


def token_of(who: str) -> str:
    return f"ct_token-of-{who}"


PORTS = Ports(web=8080, smtp_in=2525, smtp_out=1025, imap=1143)


class Crashed(BaseException):
    """Raised where the process stops, to unwind; whatever code still runs on the way has no effect."""


class Clock:
    """Virtual time; what its wall clock shows may be off."""

    def __init__(self, loop: Loop, skew: Span) -> None:
        self._loop = loop
        self._skew = skew

    def now(self) -> Instant:
        return START + self._skew + int(self._loop.time() * 1000)

    def not_before(self, at: Instant) -> None:
        self._skew += max(0, at - self.now())

    async def sleep(self, span: Span) -> None:
        done = self._loop.create_future()
        handle = self._loop.call_later(span / 1000, _wake, done)
        try:
            await done
        finally:
            handle.cancel()


def _wake(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)


class Node:
    """A machine. `boot` starts the site on its disk, `crash` ends it between two instructions."""

    def __init__(self, universe: Universe, network: InMemory, folder: Path, draw: Random) -> None:
        self.universe = universe
        self.network = network
        self.draw = draw
        self._folder = folder
        self._boots = 0
        self.disk = Disk(folder / "0", draw)
        (self.disk.folder / DATABASE).write_bytes(new_database())
        self.loop: Loop | None = None
        self.application: Application | None = None
        self.ready = False
        self.crashing: str | None = None
        """Why it dies, between the instant of death and the clearing away."""
        self.power_lost = False
        self.skew: Span = 0
        self.crashes: list[str] = []
        self.power_losses = 0
        self.complaints: list[str] = []
        self._main: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    @property
    def is_up(self) -> bool:
        return self.loop is not None

    def boot(self) -> None:
        """Begin to start the site."""
        self._boots += 1
        self.loop = self.universe.loop(f"node{self._boots}")
        self.ready = False
        self._main = self.loop.create_task(self._serve(self.loop))

    async def _serve(self, loop: Loop) -> None:
        draw = Random(f"chance {self.draw.random()}")  # noqa: S311  # no secret
        machine = Machine(
            clock=Clock(loop, self.skew),
            token_bytes=draw.randbytes,
            connect=self.disk.connect,
            inline=True,
        )
        application = Application(settings(), folder=self.disk.folder, environment=ENVIRONMENT, machine=machine)
        self.application = application
        await application.start()
        self._runner = await open_web(web_application(application, public_url=ORIGIN), "127.0.0.1", PORTS.web)
        self.ready = True

    def failed_to_start(self) -> BaseException | None:
        """Return why the start ended early, if it did."""
        task = self._main
        return task.exception() if task is not None and task.done() and not task.cancelled() else None

    def stop_here(self, why: str, *, power_lost: bool) -> None:
        """Die at this very instruction. Only from inside the process: raises `Crashed`."""
        self.mark_dead(why, power_lost=power_lost)
        raise Crashed(why)

    def mark_dead(self, why: str, *, power_lost: bool) -> None:
        """From here on nothing of the process reaches the disk or the network."""
        assert self.loop is not None
        if self.crashing is None:
            self.crashing, self.power_lost = why, power_lost
            self.power_losses += power_lost
            self.disk.die()
            self.loop.dead = True
            self.network.process_died(self.loop, silent=power_lost)

    def clear_away(self) -> None:
        """Behind a death: the next boot finds the disk as the power left it."""
        assert self.loop is not None
        assert self.crashing is not None
        self.complaints += self.loop.complaints
        self.universe.end(self.loop)
        self.crashes.append(self.crashing)
        self.loop = self.application = self._main = self._runner = None
        self.crashing, self.ready = None, False
        self.disk = self.disk.successor(self._folder / str(self._boots), power_lost=self.power_lost)

    async def shut_down(self) -> None:
        """Stop in order, as at SIGTERM."""
        assert self._runner is not None
        assert self.application is not None
        await self._runner.cleanup()
        await self.application.stop()

    def discard(self) -> None:
        """The simulation is over."""
        if self.loop is not None:
            self.complaints += self.loop.complaints
            self.loop.dead = True
            self.universe.end(self.loop)
        self.disk.release()
        self.loop = self.application = self._main = self._runner = None


def state_of(node: Node) -> Any:
    """Return the state of the running site, or None while it starts."""
    return node.application.engine.state if node.application is not None and node.ready else None
