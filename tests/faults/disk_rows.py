"""Disks that are full, slow or broken, and files that others hold, move or damage (reliability.md 6.2)."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from itertools import count
from pathlib import Path

from tests.acceptance.admitting import WITHIN_S, admitted, all_of, arrive, events_of, fill, ready, told
from tests.acceptance.client import Api
from tests.acceptance.site import pause
from tests.faults.bench import (
    Bench,
    Missing,
    Watch,
    make_read_only,
    meddled,
    require,
    shop,
    small_disk,
    started,
    supervisor,
    when,
)
from tests.faults.kills import Site, percentile
from tests.faults.table import Figures, row
from tests.simulation.node import ENVIRONMENT
from tests.storage.faulty import damage

TAKEN = (200, 201)
SYNCS = ("fsync", "fdatasync")


class Doors:
    """Whether a site takes things in: what it acknowledged is written down, and asked for again at the end."""

    def __init__(self, site: Site, api: Api) -> None:
        self._site, self._api = site, api
        self._numbers = count()
        self.acknowledged: list[str] = []
        self.refused: list[str] = []

    async def admit(self, text: str = "Where is it?") -> int:
        id = f"order-{next(self._numbers)}"
        status = await admitted(self._api, id, text)
        (self.acknowledged if status in TAKEN else self.refused).append(id)
        return status

    async def until(self, taken: bool, *, seconds: float, text: str = "Where is it?") -> float:
        """Return after how many seconds an admission is taken, or refused."""

        async def as_wished() -> bool:
            return (await self.admit(text) in TAKEN) is taken

        return await when(as_wished, seconds, "admissions are taken again" if taken else "admissions are refused")

    async def is_ready(self) -> bool:
        return (await ready(self._site))[0] == 200

    async def is_not_ready(self) -> bool:
        return not await self.is_ready()

    async def nothing_is_lost(self) -> None:
        """What was acknowledged is there; what was refused may be sent again, and all of it is there once."""
        again = [await admitted(self._api, id) for id in self.acknowledged]
        lost = [id for id, status in zip(self.acknowledged, again, strict=True) if status != 200]
        require(not lost, f"acknowledged and lost: {lost[:5]}", lost=len(lost))
        for id in self.refused:
            require(await admitted(self._api, id) in TAKEN, f"{id} can't be sent again")
        async with supervisor(self._site) as house:
            kept = len(await all_of(house))
        expected = len(self.acknowledged) + len(self.refused)
        require(kept == expected, f"{kept} interactions are kept, {expected} were sent")


async def _refuses_and_recovers(
    site: Site,
    breaks: Callable[[], Awaitable[object]],
    mends: Callable[[], Awaitable[object]],
    *,
    text: str = "Where is it?",
) -> Figures:
    """Break the store, see that nothing is taken and reading goes on, mend it, see that it is taken again."""
    async with shop(site) as api, supervisor(site) as house:
        doors = Doors(site, api)
        for _ in range(20):
            await doors.admit()
        await breaks()
        refused_after = await doors.until(False, seconds=WITHIN_S, text=text)
        not_ready_after = await when(doors.is_not_ready, WITHIN_S, "it says that it is not ready")
        require(len(await all_of(house)) >= 20, "what is there can't be read meanwhile")
        await told(site, "store_unavailable")
        await mends()
        taken_after = await doors.until(True, seconds=WITHIN_S)
        ready_after = await when(doors.is_ready, WITHIN_S, "it says that it is ready again")
        await doors.nothing_is_lost()
        return {
            "refused_after_s": refused_after,
            "not_ready_after_s": round(refused_after + not_ready_after, 3),
            "taken_after_s": taken_after,
            "ready_after_s": round(taken_after + ready_after, 3),
            "acknowledged": len(doors.acknowledged),
            "refused": len(doors.refused),
            "lost": 0,
        }


@row(
    "F-23",
    "the disk is full (tmpfs)",
    "503, reading goes on; taken again within 5 s of space",
    quick=True,
    needs=("root",),
)
async def full_disk(bench: Bench) -> Figures:
    """The log would have to share the disk, so it is a link to a place outside."""
    folder = bench.new_folder()
    with small_disk(folder / "disk") as place:
        (place / "log.jsonl").symlink_to(folder / "log.jsonl")
        site = await bench.serving(place)
        ballast: list[Path] = []

        async def breaks() -> None:
            ballast.append(await asyncio.to_thread(fill, place))

        async def mends() -> None:
            ballast.pop().unlink()

        figures = await _refuses_and_recovers(site, breaks, mends, text="x" * 20_000)
        await bench.clear()
        return figures


@row(
    "F-25",
    "fsync fails (EIO)",
    "nothing acknowledged that was not synced; alarm within 1 s; reopened",
    quick=True,
    needs=("strace",),
)
async def failing_sync(bench: Bench) -> Figures:
    site = await bench.serving()
    async with shop(site) as api:
        doors = Doors(site, api)
        for _ in range(20):
            await doors.admit()
        assert site.process is not None
        watch = Watch()
        before = len(doors.acknowledged)
        async with meddled(site.process, SYNCS, "error=EIO"):
            watch = Watch()
            for _ in range(10):
                status = await doors.admit()
                require(status == 503, f"answered {status} though its sync failed")
            refused_s = watch.seconds

            async def alarmed() -> bool:
                return bool(site.logged("commit_failed") or site.logged("store_unavailable"))

            alarm_s = await when(alarmed, 1, "the alarm")
            require(len(doors.acknowledged) == before, "something was acknowledged")
        taken_after = await doors.until(True, seconds=WITHIN_S)
        # Once more, with a single sync that fails: the one behind it must not make good what the first one lost.
        single = 0
        for _ in range(bench.times(20, 5)):
            async with meddled(site.process, SYNCS, "error=EIO:when=1"):
                single += await doors.admit() == 503
                await doors.until(True, seconds=WITHIN_S)
        require(single, "no single failure was noticed")
        await doors.nothing_is_lost()
        site.kill()
        await site.ended(5)
        await started(site)
        await doors.nothing_is_lost()
        return {
            "refused_while_it_fails": 10,
            "refused_within_s": refused_s,
            "alarm_after_s": alarm_s,
            "taken_after_s": taken_after,
            "single_failures_noticed": single,
            "acknowledged": len(doors.acknowledged),
            "lost": 0,
        }


@row("F-26", "fsync takes 2 s", "all acknowledged, none refused; more share a commit", needs=("strace",))
async def slow_sync(bench: Bench) -> Figures:
    return await _slow(bench, seconds=2.0, callers=100, lasting_s=20)


async def _slow(bench: Bench, *, seconds: float, callers: int, lasting_s: float) -> Figures:
    site = await bench.serving()
    waits: list[float] = []
    statuses: dict[int, int] = {}
    async with shop(site) as api, supervisor(site) as house:

        async def calls(name: int) -> None:
            watch = Watch()
            for number in count():
                if watch.seconds > lasting_s:
                    return
                one = Watch()
                status = await admitted(api, f"{name}-{number}")
                waits.append(one.seconds)
                statuses[status] = statuses.get(status, 0) + 1

        assert site.process is not None
        async with meddled(site.process, SYNCS, f"delay_enter={round(seconds * 1e6)}"):
            await asyncio.gather(*map(calls, range(callers)))
        taken = statuses.get(201, 0)
        figures: Figures = {
            "callers": callers,
            "sync_s": seconds,
            "acknowledged": taken,
            "ack_p50_s": percentile(waits, 0.5),
            "ack_p99_s": percentile(waits, 0.99),
            "acknowledged_a_sync": round(taken / max(1, lasting_s / seconds), 1),
        }
        require(set(statuses) == {201}, f"answers: {statuses}", **figures)
        require(taken > 2 * lasting_s / seconds, "one by one", **figures)
        require(len(await all_of(house)) == taken, "not all of them are kept", **figures)
        return figures


@row("F-27", "another program locks the file", "503 with Retry-After within 5 s; goes on by itself", quick=True)
async def locked_file(bench: Bench) -> Figures:
    site = await bench.serving()
    held_s = 2.0 if bench.quick else 30.0
    longest = 0.0
    async with shop(site) as api:
        doors = Doors(site, api)
        await doors.admit()
        with closing(sqlite3.connect(site.database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            held = Watch()
            while held.seconds < held_s:
                one = Watch()
                statuses = await asyncio.gather(*(doors.admit() for _ in range(5)))
                longest = max(longest, one.seconds)
                require(set(statuses) == {503}, f"answered {statuses} though the file is locked")
                await pause(0.2)
            require(longest <= WITHIN_S, f"an answer took {longest:.1f} s", longest_wait_s=longest)
            other.execute("ROLLBACK")
        taken_after = await doors.until(True, seconds=WITHIN_S)
        await doors.nothing_is_lost()
        return {
            "held_s": held_s,
            "longest_wait_s": longest,
            "taken_after_s": taken_after,
            "refused": len(doors.refused),
            "lost": 0,
        }


_UPGRADES = re.compile(r"\.execute\(\s*[\"']BEGIN(?! IMMEDIATE)", re.IGNORECASE)


@row(
    "F-28",
    "somebody reads an old snapshot while the site writes",
    "no SQLITE_BUSY_SNAPSHOT: every write begins as one",
    quick=True,
)
async def old_snapshots(bench: Bench) -> Figures:
    """The only BEGIN without IMMEDIATE is one that reads."""
    root = Path(__file__).parents[2]
    storage = [path for folder in ("app", "storage") for path in (root / folder).rglob("*.py")]
    deferred = [path.name for path in storage if _UPGRADES.search(path.read_text("utf-8"))]
    require(set(deferred) <= {"snapshot.py"}, f"transactions that may have to be upgraded: {deferred}")
    site = await bench.serving()
    times = bench.times(500, 50)
    async with shop(site) as api:
        doors = Doors(site, api)
        await doors.admit()
        with closing(site.records()) as reader:
            reader.isolation_level = None
            for number in range(times):
                if number % 10 == 0:
                    if number:
                        reader.execute("COMMIT")
                    reader.execute("BEGIN")
                    reader.execute("SELECT count(*) FROM journal").fetchone()
                require(await doors.admit() == 201, "a write was refused because of a reader")
        await doors.nothing_is_lost()
    require("SNAPSHOT" not in site.log and not site.logged("commit_failed"), "a commit failed")
    return {"files_searched": len(storage), "writes_over_old_snapshots": times, "refused": 0}


async def _serve(config: Path) -> subprocess.CompletedProcess[str]:
    """Return how `centrala serve` ended by itself."""

    def serve() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "serve", "--config", str(config)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, **ENVIRONMENT},
        )

    return await asyncio.to_thread(serve)


@row("F-29", "20 x 64 random bytes in the file", "refused at start, exit code 1, with a way out", quick=True)
async def damaged_pages(bench: Bench) -> Figures:
    site = await bench.serving()
    async with shop(site) as api:
        await asyncio.gather(*(admitted(api, f"order-{number}", "Where is it? " * 50) for number in range(300)))
    site.kill(signal.SIGTERM)
    await site.ended(10)
    sound = site.folder / "sound"
    shutil.copyfile(site.database, sound)
    times = bench.times(40, 2)
    longest = 0.0
    for number in range(times):
        shutil.copyfile(sound, site.database)
        damage(site.database, bench.seed + number)
        watch = Watch()
        done = await _serve(site.config)
        longest = max(longest, watch.seconds)
        told = done.returncode == 1 and "is damaged" in done.stderr and "centrala restore FILE" in done.stderr
        require(told, f"seed {bench.seed + number}: exit code {done.returncode}: {done.stderr[-300:]}")
    shutil.copyfile(sound, site.database)
    await started(site)
    return {"damaged": times, "refused": times, "longest_s": longest}


@row(
    "F-31",
    "the file is moved away or replaced",
    "noticed within 5 s, nothing is taken; goes on once it is back",
    quick=True,
)
async def moved_file(bench: Bench) -> Figures:
    site = await bench.serving()
    elsewhere = site.folder / "elsewhere.db"

    async def away() -> None:
        site.database.rename(elsewhere)

    async def back() -> None:
        elsewhere.rename(site.database)

    async def replaced() -> None:
        site.database.rename(elsewhere)
        site.database.write_bytes(b"")

    moved = await _refuses_and_recovers(site, away, back)
    other = await bench.serving()
    site, elsewhere = other, other.folder / "elsewhere.db"
    found = await _refuses_and_recovers(other, replaced, back)
    return {"moved": moved, "replaced": found}


@row(
    "F-32",
    "the file system becomes read-only (EROFS); a start on one",
    "as F-23; a start says what to look at",
    quick=True,
    needs=("root", "strace"),
)
async def read_only(bench: Bench) -> Figures:
    """A mount with open files can't be made read-only, so a running site gets the kernel's answer by injection."""
    site = await bench.serving()
    assert site.process is not None
    entered = meddled(site.process, ("pwrite64",), "error=EROFS")
    figures = await _refuses_and_recovers(site, entered.__aenter__, lambda: entered.__aexit__(None, None, None))
    folder = bench.new_folder()
    with small_disk(folder / "disk") as place:
        there = bench.new_site(place)
        make_read_only(place)
        done = await _serve(there.config)
        require(
            done.returncode == 1 and "permissions" in done.stderr and "Traceback" not in done.stderr,
            f"exit code {done.returncode}: {done.stderr[-300:]}",
        )
        return {**figures, "start_refused_with": done.stderr.strip().replace(str(place), "FOLDER")[-200:]}


@row("F-34", "the attachments' folder is missing", "the ticket is kept", quick=True)
async def attachments(bench: Bench) -> Figures:
    raise Missing("attachments are in the database, there is no folder that could be missing; F-23 to F-32 cover them")


@row("F-35", "a backup under load is restored elsewhere", "the site as it was at that instant, sound", quick=True)
async def restored_backup(bench: Bench) -> Figures:
    async with bench.process() as (here, _), bench.process() as (there, _):
        token, backup = await asyncio.to_thread(here.token, "admin"), there.folder / "monday.backup"
        acknowledged: list[str] = []
        least = 100 if bench.quick else 2_000
        await here.start()
        async with Api(here.base, token) as api:
            arriving = [asyncio.create_task(arrive(api, acknowledged))]

            async def enough() -> bool:
                require(not arriving[0].done(), "an admission was refused")
                return len(acknowledged) >= least

            await when(enough, 600, "there is traffic")
            before, watch = len(acknowledged), Watch()
            kept = await asyncio.to_thread(here.command, "backup", str(backup), "--with-secret")
            backup_s, after = watch.seconds, len(acknowledged)
            arriving[0].cancel()
            await asyncio.gather(*arriving, return_exceptions=True)
            of_here = await events_of(api, kept["seq"])
        await here.kill()
        watch = Watch()
        restored = await asyncio.to_thread(there.run, "restore", str(backup))
        restore_s = watch.seconds
        require(restored.returncode == 0, restored.stderr[-300:])
        require((await asyncio.to_thread(there.command, "db", "check"))["sound"], "what was restored is not sound")
        await there.start()
        async with Api(there.base, token) as api:
            require(await events_of(api, kept["seq"]) == of_here, "the restored log is another one")
            again = [await admitted(api, id) for id in acknowledged[:before]]
        require(set(again) == {200}, "something that was acknowledged before the backup is not in it")
        return {
            "interactions": kept["interactions"],
            "events": kept["seq"],
            "megabytes": round(kept["bytes"] / 1e6, 1),
            "backup_s": backup_s,
            "restore_s": restore_s,
            "admitted_meanwhile": after - before,
            "lost": 0,
        }


@row("F-35 kill", "backup.copy: a backup is killed", "no file under its name, and the next one works", quick=True)
async def killed_backup(bench: Bench) -> Figures:
    async with bench.process() as (site, _):
        await site.start()
        times = bench.times(20, 2)
        backup = site.folder / "monday.backup"
        for _ in range(times):
            killed = await asyncio.to_thread(site.run, "backup", str(backup), CENTRALA_CRASH_AT="backup.copy")
            require(killed.returncode == -9 and not backup.exists(), f"it ended with {killed.returncode}")
        done = await asyncio.to_thread(site.run, "backup", str(backup))
        require(done.returncode == 0 and backup.exists(), done.stderr[-300:])
        return {"kills": times, "files_left": 0}
