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
import subprocess
import sys
import tempfile
import time  # noqa: TID251  # it measures
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed
from typing import Any

import aiohttp
import msgspec

from config.loader import load
from config.policy import policy_of
from tests.acceptance.site import free_port, pause
from tests.simulation.checker import Follower, Records, Violation, violations_at_the_end
from tests.simulation.node import DATABASE, ENVIRONMENT, Pace, Ports, new_database, write_site
from tests.simulation.people import Way, everybody
from tests.simulation.schedule import POINTS, RUNNING
from tests.simulation.servers import Mailbox, Outside
from tests.simulation.truth import Truth

PACE = Pace(ring_s=2, gone_s=3, wrap_up_s=1)
REACHED_WITHIN_S = 2.0
READY_WITHIN_S = 15.0
REST_S = 60.0
HASTE = 8.0


@cache
def model() -> bytes:
    """Return a trained model, so that no start trains one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        subprocess.run(
            [sys.executable, "-m", "classifiers.training", "--out", str(path)], check=True, capture_output=True
        )
        return path.read_bytes()


def prepare() -> None:
    """Make what all sites share; takes seconds, and a loop of its own."""
    new_database()
    model()


class Kills(msgspec.Struct):
    """What came of some kills."""

    kills: int = 0
    places: dict[str, int] = msgspec.field(default_factory=dict)
    violations: list[str] = msgspec.field(default_factory=list)
    starts_s: list[float] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)


class Forge:
    """The process that starts sites."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.forge", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )

    async def start(self, config: Path, crash_at: str = "", planted: str = "") -> int:
        """Return the process id of a new site."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"config": str(config), "crash_at": crash_at, "environment": ENVIRONMENT, "planted": planted}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return int(await self._process.stdout.readline())

    async def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()


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
        (folder / "model.npz").write_bytes(model())

    @property
    def config(self) -> Path:
        return self.folder / "centrala.toml"

    async def start(self, crash_at: str = "", planted: str = "") -> None:
        self.process = await self._forge.start(self.config, crash_at, planted)
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
                    async with http.get(f"http://127.0.0.1:{self.ports.web}/readyz") as answer:
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

    def __init__(self, forge: Forge, folder: Path, seed: int) -> None:
        self.draw = Random(f"kills {seed}")  # noqa: S311  # no secret
        self.truth = Truth()
        self.follower = Follower()
        self.result = Kills()
        self.site = Site(forge, folder, Ports(*(free_port() for _ in range(4))))
        self.policy = policy_of(load(self.site.config, ENVIRONMENT))
        self.mailbox = Mailbox(self.draw)
        self.outside = Outside(self.draw, self.truth)
        base = f"http://127.0.0.1:{self.site.ports.web}"
        way = Way(aiohttp.TCPConnector, base, base, self.site.ports.smtp_in, ring_s=PACE.ring_s, haste=HASTE)
        self.people = everybody(self.truth, self.draw, way, self.mailbox)

    async def run(self, kills: int, planted: str = "") -> Kills:
        """Kill it so many times, then let it come to rest and compare."""
        servers = [
            await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 20)
            for serve, port in (
                (self.mailbox.serve, self.site.ports.imap),
                (self.outside.serve, self.site.ports.smtp_out),
            )
        ]
        tasks = [asyncio.create_task(person.run()) for person in self.people]
        try:
            for _ in range(kills):
                await self._one_life(planted)
            await self._last_life(planted)
        except Violation as violation:
            self._found(str(violation))
        finally:
            self.site.kill()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for server in servers:
                server.close()
            self.mailbox.hang_up()
            self.outside.hang_up()
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
        }
        return self.result

    def _found(self, what: str) -> None:
        self.result.violations.append(what)

    async def _one_life(self, planted: str) -> None:
        """Start it, let it run until it dies at a place of its own, or kill it at any time."""
        draw, site = self.draw, self.site
        name = "" if draw.random() < 0.25 else draw.choice(POINTS)
        await site.start(f"{name}:{draw.randrange(1, 4)}" if name else "", planted)
        began = time.monotonic()
        # A start, too, is a time to be killed at.
        started = None if not name and draw.random() < 0.3 else await site.ready()
        if started is not None:
            self.result.starts_s.append(started)
        patience = REACHED_WITHIN_S if name else draw.uniform(0, 0.6)
        died = await site.ended(max(0.05, patience - (time.monotonic() - began) * (not name)))
        if not died:
            site.kill()
            await site.ended(10)
        place = name if died and name else "at any time"
        self.result.places[place] = self.result.places.get(place, 0) + 1
        self.result.kills += 1
        site.forget()
        self._look()

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
        unrest = await self._rest()
        self.site.kill(signal.SIGTERM)
        if not await self.site.ended(10):
            self._found("F-16 stop: it took more than 10 s")
        self.site.forget()
        if unrest:
            self._found(f"I-7 liveness: after {REST_S:.0f} s of calm: {unrest}")
        self._look()
        connection = self.site.records()
        now = time.time_ns() // 1_000_000
        for found in violations_at_the_end(Records(connection), self.follower, self.truth, now):
            self._found(": ".join(found))
        connection.close()

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
            texts = {row[0].strip() for row in connection.execute("SELECT text FROM messages")}
        finally:
            connection.close()
        return ", ".join([*found, *sorted(set(self.truth.boxed) - texts)])


async def run(kills: int, seed: int, *, each: int = 100, folder: Path | None = None, planted: str = "") -> Kills:
    """Kill sites so many times, `each` times a site at most."""
    await asyncio.to_thread(prepare)
    forge = Forge()
    await forge.open()
    total = Kills()
    try:
        while total.kills < kills and not (planted and total.violations):
            place = Path(tempfile.mkdtemp(prefix="kills-", dir=folder))
            session = Session(forge, place, seed + total.kills)
            result = await session.run(min(each, kills - total.kills), planted)
            shutil.rmtree(place, ignore_errors=True)
            _add(total, result)
    finally:
        await forge.close()
    return total


def _add(total: Kills, more: Kills) -> None:
    total.kills += more.kills
    total.violations += more.violations
    total.starts_s += more.starts_s
    for sums, counts in ((total.places, more.places), (total.counts, more.counts)):
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count


def percentile(values: list[float], share: float) -> float | None:
    """Return the value that `share` of `values` don't exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else None


def summary(result: Kills) -> dict[str, Any]:
    """Return what to print."""
    starts = [percentile(result.starts_s, share) for share in (0.5, 0.99)]
    return {
        "kills": result.kills,
        "places": dict(sorted(result.places.items())),
        "violations": result.violations,
        "counts": result.counts,
        "start_s": {"p50": starts[0], "p99": starts[1]},
    }
