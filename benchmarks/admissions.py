"""Durable admissions through the whole writer, beside the machine's bare limit: SQLite's group commit of the same rows.

Four ways in the same run, on the same disk, each with 500 callers of whom each waits for its own acknowledgement:

- `bare`: one thread, sqlite3 of the standard library, the rows of an admission, one statement for each table;
- `store`: the store alone, transactions made beforehand;
- `engine`: commands decided by the core, their rows and events made durable;
- `intake`: everything that an API call does behind HTTP: duplicates, customer, classification, decision, durable.

Then arrivals at 500 a second, whether or not the site keeps up, and how long each waits for its acknowledgement: by the
engine, and by intake.
"""

import argparse
import asyncio
import gc
import json
import queue
import tempfile
import threading
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import structlog

from app.compose import Application
from benchmarks.journal import CALLERS, NOW, admission, rate
from channels.message import Address, InboundMessage
from config.loader import load
from config.secrets import create_secret
from router.commands import Admit
from storage.group_commit import BATCH_MAX
from storage.sqlite_file import connect, open_writer

MOST = max(CALLERS)
RATE = 500
TEXT = "I was charged twice for order 1185 and would like the second payment back. " * 5

CONFIGURATION = """
[site]
name = "Benchmark"
domain = "bench.example"
languages = ["en"]

[channels.box]
medium = "chat"

[queues.support]
target = "20s"

[[rules]]
name = "everything"
then = { queue = "support" }
"""

_TABLES = (
    "CREATE TABLE journal (seq INTEGER PRIMARY KEY, body BLOB, digest BLOB)",
    "CREATE TABLE customers (id TEXT PRIMARY KEY, body BLOB)",
    "CREATE TABLE messages (id TEXT PRIMARY KEY, body BLOB)",
    "CREATE TABLE interactions (id TEXT PRIMARY KEY, body BLOB)",
)


async def closed_loop(call: Callable[[int], Awaitable[object]], total: int) -> float:
    """Return calls a second, of callers who each wait for their own before the next."""
    numbers = count()

    async def caller() -> None:
        while (number := next(numbers)) < total:
            await call(number)

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(MOST):
            group.create_task(caller())
    return total / (perf_counter() - began)


async def open_loop(call: Callable[[int], Awaitable[object]], seconds: float) -> dict[str, float]:
    """Return the milliseconds that arrivals at `RATE` a second wait, p50, p99 and the longest."""
    loop, draw = asyncio.get_running_loop(), Random(1)
    waits: list[float] = []

    async def arrival(number: int, due: float) -> None:
        await call(number)
        waits.append((loop.time() - due) * 1000)

    at = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(int(RATE * seconds)):
            at += draw.expovariate(RATE)
            if at > loop.time():
                await asyncio.sleep(at - loop.time())
            group.create_task(arrival(number, at))
    waits.sort()
    return {
        name: round(waits[min(len(waits) - 1, int(share * len(waits)))], 2)
        for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1.0))
    }


class Bare:
    """Group commit with nothing around it: a thread that commits whatever waits."""

    def __init__(self, path: Path) -> None:
        self._connection = open_writer(path, connect)
        for table in _TABLES:
            self._connection.execute(table)
        self._jobs: queue.SimpleQueue[tuple[int, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    async def admit(self, number: int) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put((number, done))
        await done

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        body = TEXT.encode()
        while (job := self._jobs.get()) is not None:
            batch = [job]
            while len(batch) < BATCH_MAX and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    return
                batch.append(job)
            self._commit([number for number, _ in batch], body)
            self._loop.call_soon_threadsafe(_settle, [done for _, done in batch])

    def _commit(self, numbers: list[int], body: bytes) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        digest = bytes(32)
        entries = [(2 * number + each, body[:300], digest) for number in numbers for each in (0, 1)]
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?)", entries)
        for table in ("customers", "messages", "interactions"):
            rows = [(f"{table}-{number}", body) for number in numbers]
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608  # our own words
        connection.execute("COMMIT")


def _settle(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def site_in(folder: Path) -> Application:
    """Return a running site without doors."""
    (folder / "centrala.toml").write_text(CONFIGURATION, "utf-8")
    create_secret(folder / "centrala.secret")
    application = Application(load(folder / "centrala.toml", {}), folder=folder, environment={})
    await application.start()
    await application.understanding.classify("", TEXT)  # loads what the first text needs
    return application


def _admit(number: int) -> Admit:
    at: dict[str, Any] = {"channel": "box", "medium": "chat", "customer": f"c-{number}", "message": f"m-{number}"}
    return Admit(id=f"i-{number}", subject="Charged twice", text=TEXT, **at)


def _message(number: int) -> InboundMessage:
    return InboundMessage(
        channel="box",
        medium="chat",
        external_id=f"x-{number}",
        received_at=NOW,
        text=f"{number}: {TEXT}",
        reply_text=f"{number}: {TEXT}",
        subject="Charged twice",
        sender=Address(f"Customer {number}", f"customer{number}@example.org"),
    )


async def measured(folder: Path | None, scale: int) -> dict[str, Any]:
    """Return admissions a second each way, and the waits at `RATE`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=folder) as place:
        bare = Bare(Path(place) / "bare.db")
        figures["bare"] = round(await closed_loop(bare.admit, 40_000 // scale))
        bare.close()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        figures["store"] = round(await rate(Path(place), admission, MOST, 10_000 // scale, BATCH_MAX))
    for name in ("engine", "intake", "engine_arrivals", "intake_arrivals"):
        gc.collect()
        with tempfile.TemporaryDirectory(dir=folder) as place:
            application = await site_in(Path(place))
            figures[name] = await _through(name, application, scale)
            await application.stop()
    figures["us_per_admission"] = _where_time_goes(figures)
    return figures


async def _through(name: str, application: Application, scale: int) -> Any:
    """Return what one way measures on a fresh site."""

    async def decide(number: int) -> None:
        await application.engine.submit(_admit(number))

    async def receive(number: int) -> None:
        await application.intake.receive(_message(number))

    call = decide if name.startswith("engine") else receive
    if name.endswith("arrivals"):
        return await open_loop(call, 20 / scale)
    return round(await closed_loop(call, 10_000 // scale))


def _where_time_goes(figures: dict[str, Any]) -> dict[str, float]:
    """Return the microseconds of an admission that each layer adds to the one below."""
    spans = {name: 1e6 / figures[name] for name in ("bare", "store", "engine", "intake")}
    return {
        "bare rows and fsync": round(spans["bare"], 1),
        "all columns, indexes, search, hash chain": round(spans["store"] - spans["bare"], 1),
        "deciding, beyond what the store takes": round(spans["engine"] - spans["store"], 1),
        "duplicates, customer, classification": round(spans["intake"] - spans["engine"], 1),
    }


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    late = {name: figures[f"{name}_arrivals"]["p99_ms"] for name in ("engine", "intake")}
    half = round(figures["intake"] / figures["bare"], 2)
    return [
        _goal("durable admissions through the engine", figures["engine"], 2_000, "1/s", figures["engine"] >= 2_000),
        _goal("durable admissions through intake", figures["intake"], 2_000, "1/s", figures["intake"] >= 2_000),
        *(
            _goal(f"acknowledgement p99 at {RATE}/s, {name}", value, 50, "ms", value <= 50)
            for name, value in late.items()
        ),
        _goal("share of the bare limit, or see us_per_admission", half, 0.5, "share", half >= 0.5),
    ]


def _goal(name: str, value: float, goal: float, unit: str, holds: bool) -> dict[str, Any]:
    return {"name": name, "value": value, "goal": goal, "unit": unit, "holds": holds}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.admissions", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the admissions")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the system's temporary folder)")
    options = parser.parse_args()
    figures = asyncio.run(measured(options.folder, 10 if options.quick else 1))
    result = {"benchmark": "admissions", "unit": "admissions/s", "figures": figures, "goals": goals(figures)}
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
