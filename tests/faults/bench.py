"""What the rows of the table work with: sites, clients, and the means to break things."""

import asyncio
import re
import signal
import subprocess
import tempfile
import time  # noqa: TID251  # it measures
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import SiteProcess, pause
from tests.faults.kills import PACE, Forge, Kills, Session, Site, When, opened_forge
from tests.faults.kills import run as run_kills
from tests.servers.ports import free_port
from tests.simulation.node import Pace, Ports, token_of
from tests.trained import trained

REACHED_LEAST = 0.8
"""The share of kills meant for a place that must happen there: otherwise nothing was tried."""


class Missing(Exception):
    """The machine lacks what a row needs, or the product the part that it concerns; `figures`: as for Missed."""

    def __init__(self, what: str, figures: dict[str, Any] | None = None) -> None:
        super().__init__(what)
        self.figures = figures or {}


class Missed(Exception):
    """What must hold does not; `figures`: what was measured nevertheless."""

    def __init__(self, what: str, figures: dict[str, Any] | None = None) -> None:
        super().__init__(what)
        self.figures = figures or {}


def require(holds: object, what: str, **figures: Any) -> None:
    """Fail the row unless `holds`."""
    if not holds:
        raise Missed(what, figures)


class Bench:
    """Where rows are tried."""

    def __init__(self, forge: Forge, folder: Path, *, quick: bool, seed: int, times_max: int | None) -> None:
        self.forge = forge
        self.folder = folder
        self.quick = quick
        self.seed = seed
        self.times_max = times_max
        self.patience_s = 120 if quick else 1800
        self._up: list[Site] = []

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path, *, quick: bool, seed: int, times_max: int | None) -> AsyncIterator["Bench"]:
        """Have a bench while the block lasts."""
        async with opened_forge() as forge:
            yield cls(forge, folder, quick=quick, seed=seed, times_max=times_max)

    async def clear(self) -> None:
        """Nothing of a row goes on behind its end."""
        for site in self._up:
            site.kill(signal.SIGCONT)
            site.kill()
            await site.ended(10)
            site.forget()
        self._up.clear()

    def times(self, full: int, quick: int) -> int:
        """Return how often something is tried."""
        return quick if self.quick else min(full, self.times_max or full)

    def new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder))

    def new_site(self, folder: Path | None = None, forge: Forge | None = None, pace: Pace = PACE) -> Site:
        """Return a site that is not started yet; it ends with the row."""
        ports = Ports(*(free_port() for _ in range(4)))
        site = Site(forge or self.forge, folder or self.new_folder(), ports, pace)
        self._up.append(site)
        return site

    async def serving(self, folder: Path | None = None, forge: Forge | None = None, **start: str) -> Site:
        """Return a new site that serves."""
        site = self.new_site(folder, forge)
        await started(site, **start)
        return site

    @asynccontextmanager
    async def process(self, **settings: Any) -> AsyncIterator[tuple[SiteProcess, Sink]]:
        """Have a site that is started as an administrator starts it (not yet), and the server that it mails to."""
        sink = Sink()
        await sink.listener.start()
        site = await asyncio.to_thread(self._process, sink, settings)
        try:
            yield site, sink
        finally:
            await site.kill()
            await sink.listener.stop()

    def _process(self, sink: Sink, settings: dict[str, Any]) -> SiteProcess:
        model = self.folder / "model.npz"
        model.write_bytes(trained().content)
        return SiteProcess(self.new_folder(), sink_port=sink.listener.port, **{"model": model, **settings})

    async def killed(self, full: int, quick: int, when: When) -> Kills:
        """Kill sites so often under traffic; nothing may be violated, and the places must be reached."""
        times = self.times(full, quick)
        result = await run_kills(
            times, self.seed, each=max(4, min(100, times // 2)), folder=self.folder, when=when, forge=self.forge
        )
        require(not result.violations, "; ".join(result.violations[:3]), violations=len(result.violations))
        share = result.reached / result.meant if result.meant else 1
        require(share >= REACHED_LEAST, f"only {share:.0%} of the kills happened at their place", **result.places)
        return result

    def session(self, when: When | None = None) -> Session:
        return Session(self.forge, self.new_folder(), self.seed, *([when] if when is not None else []))


async def started(site: Site, **start: str) -> float:
    """Start a site, and return after how many seconds it serves."""
    await site.start(**start)
    seconds = await site.ready()
    require(seconds is not None, f"it did not start: {site.log[-500:]}")
    assert seconds is not None
    return seconds


def shop(site: Site) -> Api:
    """Return a program that admits things."""
    return Api(site.base, token_of("shop"))


def supervisor(site: Site) -> Api:
    return Api(site.base, token_of("vera"))


def agent(site: Site, name: str) -> Api:
    return Api(site.base, token_of(name))


@contextmanager
def small_disk(place: Path, megabytes: int = 256) -> Iterator[Path]:
    """Have a disk of its own at `place` while the block lasts."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise Missing(f"needs to mount a tmpfs, which root may: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def make_read_only(disk: Path) -> None:
    """Let nothing be written to a small disk any more; no file on it may be open."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


@asynccontextmanager
async def meddled(process: int, calls: Sequence[str], how: str) -> AsyncIterator[None]:
    """Have the system calls `calls` of a running process go wrong as `how` says (strace(1), --inject)."""
    names = ",".join(calls)
    strace = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-p", str(process), "-o", "/dev/null", "-e", f"trace={names}", "-e", f"inject={names}:{how}"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert strace.stderr is not None
    try:
        async with asyncio.timeout(10):
            line = (await strace.stderr.readline()).decode()
        if "attached" not in line:
            raise Missing(f"strace may not look into processes here: {line.strip()}")
        # All threads of it, not only the first.
        await eventually(_all_are_traced(process), seconds=10)
        yield
    finally:
        if strace.returncode is None:
            strace.terminate()
        await strace.wait()


def _all_are_traced(process: int) -> Callable[[], Awaitable[bool | None]]:
    async def looked() -> bool | None:
        return await asyncio.to_thread(_are_traced, process) or None

    return looked


def _are_traced(process: int) -> bool:
    tracers = [
        re.search(r"TracerPid:\t(\d+)", (task / "status").read_text("utf-8"))
        for task in Path(f"/proc/{process}/task").iterdir()
    ]
    return all(found is not None and found[1] != "0" for found in tracers)


class Watch:
    """A stopwatch."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)


async def when(look: Callable[[], Awaitable[object]], seconds: float, what: str) -> float:
    """Return after how many seconds `look` gives something that is true; fail the row if that takes too long."""
    watch = Watch()
    while not await look():
        require(watch.seconds <= seconds, f"{what}: not within {seconds:g} s")
        await pause(0.02)
    return watch.seconds
