"""Real `kill -9` at every named place, under traffic over real sockets onto a real disk; then everything is compared.

People, truths and comparison are those of the simulator. What only this tries: the kernel, the sockets, SQLite's own
library and the process as it is shipped.
"""

import asyncio
import json
import os
import select
import shutil
import signal
import sqlite3
import sys
import tempfile
import time  # noqa: TID251  # it measures
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed
from typing import Any

import aiohttp
import msgspec

from config.loader import load
from config.policy import policy_of
from tests.acceptance.site import pause
from tests.servers.ports import free_port
from tests.simulation.checker import Follower, Records, Violation, unread, violations_at_the_end
from tests.simulation.node import DATABASE, ENVIRONMENT, Pace, Ports, new_database, write_site
from tests.simulation.people import BoxWriter, Way, everybody
from tests.simulation.schedule import POINTS, RUNNING
from tests.simulation.servers import Mailbox, Outside
from tests.simulation.truth import Truth
from tests.trained import trained

PACE = Pace(ring_s=2, gone_s=3, wrap_up_s=1)
REACHED_WITHIN_S = 6.0
READY_WITHIN_S = 15.0
REST_S = 60.0
HASTE = 8.0


def prepare() -> None:
    """Make what all sites share; takes seconds, and a loop of its own."""
    new_database()
    trained()


class Kills(msgspec.Struct):
    """What came of some kills."""

    kills: int = 0
    meant: int = 0
    """Kills that were meant for a place, and those of them that reached it."""
    reached: int = 0
    places: dict[str, int] = msgspec.field(default_factory=dict)
    missed: dict[str, int] = msgspec.field(default_factory=dict)
    """Places that were waited for in vain: the site was killed at any time instead."""
    lives_s: float = 0.0
    rests_s: float = 0.0
    """How long sites were killed, and how long they then took to come to rest, session by session."""
    violations: list[str] = msgspec.field(default_factory=list)
    starts_s: list[float] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When a site is killed."""

    places: Sequence[str] = tuple(POINTS)
    """At one of these places."""
    at_any_time: float = 0.25
    """The share of the kills that are for no place."""
    within_s: float = REACHED_WITHIN_S
    """So long a place is waited for, from when the site is ready."""
    writing: bool = False
    """Rather within 50 ms from when its write-ahead log grows, which a transaction is written to."""


AT_ANY_PLACE = When()
ONLY_ONCE = frozenset({"out.connected"})
"""Places that a site may pass but once in its life: its connection to a mail server is kept."""


class Forge:
    """The process that starts sites."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """`environment`: what its sites have beside ours, from the very start of the interpreter."""
        self._environment = {**os.environ, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.forge",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
        )

    async def start(self, config: Path, crash_at: str = "", planted: str = "", failing: str = "") -> int:
        """Return the process id of a new site."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "config": str(config),
            "crash_at": crash_at,
            "environment": ENVIRONMENT,
            "planted": planted,
            "failing": failing,
        }
        async with self._turn:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            return int(await self._process.stdout.readline())

    async def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def opened_forge(environment: Mapping[str, str] | None = None) -> AsyncIterator[Forge]:
    """Have a forge while the block lasts."""
    await asyncio.to_thread(prepare)
    forge = Forge(environment)
    await forge.open()
    try:
        yield forge
    finally:
        await forge.close()


class Site:
    """One folder, and the process that serves it for the moment."""

    def __init__(self, forge: Forge, folder: Path, ports: Ports, pace: Pace = PACE) -> None:
        self.folder = folder
        self.ports = ports
        self.database = folder / DATABASE
        self.process: int | None = None
        self._forge = forge
        self._ended: int | None = None
        write_site(folder, ports, pace)
        self.database.write_bytes(new_database())
        (folder / "model.npz").write_bytes(trained().content)

    @property
    def config(self) -> Path:
        return self.folder / "centrala.toml"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.ports.web}"

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the log lines of `event`."""
        lines = (json.loads(line) for line in self.log.splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("event") == event]

    @property
    def log(self) -> str:
        return (self.folder / "log.jsonl").read_text("utf-8")

    async def start(self, crash_at: str = "", planted: str = "", failing: str = "") -> None:
        self.process = await self._forge.start(self.config, crash_at, planted, failing)
        with suppress(ProcessLookupError):
            self._ended = os.pidfd_open(self.process)

    def is_up(self) -> bool:
        """Tell whether the process lives."""
        if self.process is None or self._ended is None:
            return False
        return not select.select([self._ended], [], [], 0)[0]

    async def ended(self, seconds: float) -> bool:
        """Wait until the process has ended, `seconds` at most."""
        until = time.monotonic() + seconds
        while self.is_up() and time.monotonic() < until:
            await pause(0.01)
        return not self.is_up()

    async def ready(self, seconds: float = READY_WITHIN_S) -> float | None:
        """Return after how many seconds it serves; None if it ended or took longer."""
        began = time.monotonic()
        async with aiohttp.ClientSession() as http:
            while self.is_up() and time.monotonic() - began < seconds:
                with suppress(aiohttp.ClientError, OSError):
                    async with http.get(f"{self.base}/readyz") as answer:
                        if answer.status == 200:
                            return time.monotonic() - began
                await pause(0.01)
        return None

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process, how)

    def forget(self) -> None:
        """The process is gone."""
        if self._ended is not None:
            os.close(self._ended)
        self.process = self._ended = None

    def records(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True)


class Session:
    """One site that is killed again and again, and the people around it."""

    def __init__(self, forge: Forge, folder: Path, seed: int, when: When = AT_ANY_PLACE) -> None:
        self.draw = Random(f"kills {seed}")  # noqa: S311  # no secret
        self.when = when
        self.truth = Truth()
        self.follower = Follower()
        self.states: dict[str, int] = {}
        """What became of the outbox: state -> rows."""
        self.result = Kills()
        self.site = Site(forge, folder, Ports(*(free_port() for _ in range(4))))
        self.policy = policy_of(load(self.site.config, ENVIRONMENT))
        self.mailbox = Mailbox(self.draw)
        self.outside_server = Outside(self.draw, self.truth)
        base = self.site.base
        self.way = Way(aiohttp.TCPConnector, base, base, self.site.ports.smtp_in, ring_s=PACE.ring_s, haste=HASTE)
        self.people = everybody(self.truth, self.draw, self.way, self.mailbox)
        self.downtimes: list[tuple[float, float]] = []
        """When it died, and when it was ready again, in seconds of the wall clock."""
        self._died_at: float | None = None

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """Have the mail servers and the people around it while the block lasts."""
        servers = [
            await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 20)
            for serve, port in (
                (self.mailbox.serve, self.site.ports.imap),
                (self.outside_server.serve, self.site.ports.smtp_out),
            )
        ]
        tasks = [asyncio.create_task(person.run()) for person in self.people]
        try:
            yield
        finally:
            self.site.kill()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for server in servers:
                server.close()
            self.mailbox.hang_up()
            self.outside_server.hang_up()

    async def run(self, kills: int, planted: str = "") -> Kills:
        """Kill it so many times, then let it come to rest and compare."""
        async with self.outside():
            try:
                began = time.monotonic()
                for _ in range(kills):
                    await self._one_life(planted)
                calm = time.monotonic()
                await self._last_life(planted)
                self.result.lives_s, self.result.rests_s = calm - began, time.monotonic() - calm
            except Violation as violation:
                self._found(str(violation))
        for complaint in self.truth.complaints:
            self._found(f"promise: {complaint}")
        self.result.counts = {
            "events": self.follower.head.seq,
            "chats": len(self.truth.chats),
            "mails": len(self.truth.mails) + len(self.truth.boxed),
            "calls": len(self.truth.calls),
            "replies": len(self.truth.replies),
            "accepted": len(self.follower.accepted),
            "sent": len(self.truth.sent),
            "automatic": sum(mail.automatic for mail in self.truth.sent),
            "uncertain": self.states.get("uncertain", 0),
        }
        return self.result

    def _found(self, what: str) -> None:
        self.result.violations.append(what)

    async def _one_life(self, planted: str) -> None:
        """Start it, let it run until it dies at a place of its own, or kill it at any time."""
        draw, site, when = self.draw, self.site, self.when
        name = "" if when.writing or draw.random() < when.at_any_time else draw.choice(when.places)
        times = 1 if name in ONLY_ONCE else draw.choice((1, 1, 1, 2))
        await site.start(f"{name}:{times}" if name else "", planted)
        if name:
            self._coax(name, times)
        # A start, too, is a time to be killed at.
        started = None if not (name or when.writing) and draw.random() < 0.3 else await site.ready()
        if started is not None:
            self.result.starts_s.append(started)
            self._is_up_again()
        if when.writing:
            await self._writes()
        patience = when.within_s if name else draw.uniform(0, 0.05 if when.writing else 0.6)
        died = await site.ended(patience)
        if not died:
            site.kill()
            await site.ended(10)
        self._died_at = self._died_at or time.time()
        place = name if died and name else "while it writes" if when.writing else "at any time"
        self.result.places[place] = self.result.places.get(place, 0) + 1
        self.result.meant += bool(name)
        self.result.reached += bool(name) and died
        if name and not died:
            self.result.missed[name] = self.result.missed.get(name, 0) + 1
        self.result.kills += 1
        site.forget()
        self._look()

    def _coax(self, name: str, times: int) -> None:
        """See to it that there is something to do at the place `name` soon."""
        if name.startswith(("imap", "ingest", "router", "out")):
            for person in self.people:
                if isinstance(person, BoxWriter):
                    for _ in range(times):
                        # Those who write often get no automatic reply any more.
                        person.write(stranger=True)

    async def _writes(self) -> None:
        """Return when the log grows."""
        log = self.site.database.with_name(f"{self.site.database.name}-wal")
        size = _size(log)
        until = time.monotonic() + REACHED_WITHIN_S
        while self.site.is_up() and _size(log) == size and time.monotonic() < until:
            await pause(0.001)

    def _is_up_again(self) -> None:
        if self._died_at is not None:
            self.downtimes.append((self._died_at, time.time()))
            self._died_at = None

    def _look(self) -> None:
        """Look at what the dead process left on the disk."""
        connection = sqlite3.connect(self.site.database)
        try:
            self.follower.require_kept(connection)
            self.follower.read(connection, self.policy)
        finally:
            connection.close()

    async def _last_life(self, planted: str) -> None:
        for person in self.people:
            person.calm = True
        await self.site.start(planted=planted)
        if await self.site.ready() is None:
            raise Violation("start", "it doesn't start any more")
        self._is_up_again()
        unrest = await self._rest()
        self.site.kill(signal.SIGTERM)
        if not await self.site.ended(10):
            self._found("F-16 stop: it took more than 10 s")
        self.site.forget()
        if unrest:
            self._found(f"I-7 liveness: after {REST_S:.0f} s of calm: {unrest}")
        self._look()
        for found in self.compared():
            self._found(found)

    def compared(self) -> list[str]:
        """Compare what is on the disk with what people were told."""
        connection = self.site.records()
        now = time.time_ns() // 1_000_000
        records = Records(connection)
        found = [": ".join(each) for each in violations_at_the_end(records, self.follower, self.truth, now)]
        self.states = dict(records.rows("SELECT state, count(*) FROM outbox GROUP BY state"))
        connection.close()
        return found

    async def _rest(self) -> str:
        """Wait until nothing is left to do; return what is, if it takes too long."""
        until = time.monotonic() + REST_S
        unrest = "nothing was looked at"
        while time.monotonic() < until:
            await pause(0.5)
            unrest = await asyncio.to_thread(self._unrest)
            if not unrest:
                break
        return unrest

    def _unrest(self) -> str:
        connection = self.site.records()
        states = ", ".join(f"'{state}'" for state in sorted(RUNNING))
        queries = (
            f"SELECT id, state FROM interactions WHERE state IN ({states})",  # noqa: S608  # our own words
            "SELECT id, state FROM received WHERE state = 'received'",
            "SELECT id, state FROM outbox WHERE state IN ('pending', 'sending')",
        )
        try:
            found = [f"{id} is {state}" for query in queries for id, state in connection.execute(query)]
            return ", ".join([*found, *unread(Records(connection), self.truth)])
        finally:
            connection.close()


async def run(
    kills: int,
    seed: int,
    *,
    each: int = 100,
    abreast: int = 2,
    folder: Path | None = None,
    planted: str = "",
    when: When = AT_ANY_PLACE,
    forge: Forge | None = None,
    told: Callable[[Kills], None] = lambda _total: None,
) -> Kills:
    """Kill sites so many times, `each` times a site at most, `abreast` of them at once; `told` hears how far it is."""
    if forge is None:
        async with opened_forge() as own:
            return await run(
                kills, seed, each=each, abreast=abreast, folder=folder, planted=planted, when=when, forge=own, told=told
            )
    total = Kills()
    shares = [min(each, kills - first) for first in range(0, kills, each)]
    free = asyncio.Semaphore(abreast)

    async def one(number: int, share: int) -> None:
        async with free:
            if planted and total.violations:
                return
            place = Path(tempfile.mkdtemp(prefix="kills-", dir=folder))
            session = Session(forge, place, seed + number, when)
            _add(total, await session.run(share, planted))
            shutil.rmtree(place, ignore_errors=True)
            told(total)

    async with asyncio.TaskGroup() as sessions:
        for number, share in enumerate(shares):
            sessions.create_task(one(number, share))
    return total


def _add(total: Kills, more: Kills) -> None:
    total.kills += more.kills
    total.meant += more.meant
    total.reached += more.reached
    total.lives_s += more.lives_s
    total.rests_s += more.rests_s
    total.violations += more.violations
    total.starts_s += more.starts_s
    for sums, counts in ((total.places, more.places), (total.missed, more.missed), (total.counts, more.counts)):
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def percentile(values: list[float], share: float) -> float | None:
    """Return the value that `share` of `values` don't exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else None


def summary(result: Kills) -> dict[str, Any]:
    """Return what to print."""
    starts = [percentile(result.starts_s, share) for share in (0.5, 0.99)]
    return {
        "kills": result.kills,
        "reached": round(result.reached / result.meant, 3) if result.meant else None,
        "places": dict(sorted(result.places.items())),
        "missed": dict(sorted(result.missed.items())),
        "lives_s": round(result.lives_s, 1),
        "rests_s": round(result.rests_s, 1),
        "violations": result.violations,
        "counts": result.counts,
        "start_s": {"p50": starts[0], "p99": starts[1]},
    }
