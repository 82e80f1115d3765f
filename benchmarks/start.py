"""How long a site takes from its command to readiness, with 100,000 open interactions in its store.

The store is built by the real writer: raw mails, customers, messages, interactions, events, and the checkpoints that it
takes by itself. Then `centrala serve` starts as an administrator starts it, several times: after an orderly stop, and
after `kill -9`. Beside it in the same run: a start without any work in the store, which is what the interpreter and the
libraries take. Times are wall-clock, from the start of the process to the first 200 of /readyz.
"""

import argparse
import asyncio
import hashlib
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from app.clock import SystemClock
from app.engine import BATCH_MAX, Engine
from app.rows import outbox_of, rows_of
from app.stores import store_path
from config.loader import load
from config.policy import policy_of
from config.secrets import create_secret
from router.commands import Admit
from storage.bus import LocalBus
from storage.sqlite import SqliteStore
from vocabulary.ids import derived_id
from vocabulary.records import Change, CustomerRow, IdentityRow, MessageRow, PutNew, ReceivedRow

CONFIGURATION = """
[site]
domain = "bench.example"
[web]
port = {port}
public_url = "http://127.0.0.1:{port}"
[channels.mail]
medium = "email"
address = "support@bench.example"
receive = {{ protocol = "smtp", port = {mail_port} }}
[channels.chat]
medium = "chat"
[queues.billing]
target = "2m"
[queues.support]
[[rules]]
then = {{ queue = "support" }}
[logging]
level = "warning"
format = "json"
"""
QUEUES = ("billing", "support")
CHATS = 50
"""One in so many is a chat, whose customer counts as gone at start."""
TEXT = "I was charged twice for order {number} and would like the second payment back. Thank you for your help. " * 6
GOAL_S = 3.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def site(folder: Path) -> Path:
    """Return the configuration of a new site in `folder`."""
    folder.mkdir()
    path = folder / "centrala.toml"
    path.write_text(CONFIGURATION.format(port=free_port(), mail_port=free_port()), "utf-8")
    create_secret(folder / "centrala.secret")
    return path


def arrival(number: int, now: int) -> tuple[Admit, list[Change]]:
    """Return interaction `number` with all that intake keeps of it."""
    medium, channel = ("chat", "chat") if number % CHATS == 0 else ("email", "mail")
    interaction, message, customer = f"i-{number}", f"m-{number}", f"c-{number}"
    address, text = f"customer{number}@example.org", TEXT.format(number=number)
    raw = f"From: {address}\r\nTo: support@bench.example\r\nSubject: Order {number}\r\n\r\n{text}\r\n".encode()
    received = derived_id("r", channel, hashlib.sha256(raw).hexdigest())
    admit = Admit(
        id=interaction, channel=channel, medium=medium, customer=customer, message=message, queue=QUEUES[number % 2]
    )
    changes: list[Change] = [
        PutNew(CustomerRow(id=customer, created_at=now)),
        PutNew(IdentityRow(kind="email", value=address, customer=customer)),
        PutNew(
            MessageRow(
                id=message,
                interaction=interaction,
                channel=channel,
                author="customer",
                at=now,
                text=text,
                external_id=f"<{number}@example.org>",
                subject=f"Order {number}",
                sender_address=address,
                message_id=f"<{number}@example.org>",
                received=received if medium == "email" else None,
            )
        ),
    ]
    if medium == "email":
        row = ReceivedRow(id=received, channel=channel, at=now, raw=raw, state="admitted", interaction=interaction)
        changes.append(PutNew(row))
    return admit, changes


async def fill(config: Path, count: int) -> None:
    """Admit `count` interactions through the writer; all of them wait, since nobody works."""
    settings = load(config)
    store = await SqliteStore.open(store_path(settings, config.parent))
    bus: LocalBus[Any, Any] = LocalBus(_nobody)
    clock = SystemClock()
    engine = Engine(store=store, bus=bus, policy=policy_of(settings), clock=clock, outbox_of=outbox_of, rows_of=rows_of)
    await engine.start()
    writer = asyncio.create_task(engine.run())
    for first in range(0, count, BATCH_MAX):
        batch = (arrival(number, clock.now()) for number in range(first, min(count, first + BATCH_MAX)))
        await asyncio.gather(*(engine.submit(admit, changes) for admit, changes in batch))
    await engine.drain(60)
    assert len(engine.state.interactions) == count
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    await store.close()


async def _nobody(order: Any) -> Any:
    raise AssertionError("nothing is forwarded here")


def started(config: Path, how_it_ends: signal.Signals) -> tuple[float, float]:
    """Return the seconds from the start of the process until it is ready; then end it by `how_it_ends`.

    The second figure is the CPU time that it took in all, on every core, as a machine that does other things sees it.
    """
    before = os.times()
    seconds = _until_ready(config, how_it_ends)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, spent


def _until_ready(config: Path, how_it_ends: signal.Signals) -> float:
    url = f"{load(config).web.public_url}/readyz"
    with (config.parent / "log").open("ab") as log:
        began = perf_counter()
        process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "app.cli", "serve", "--config", str(config)], stdout=log, stderr=log
        )
        try:
            while not _is_ready(url):
                if process.poll() is not None:
                    raise RuntimeError(f"the site ended at once: {(config.parent / 'log').read_text('utf-8')[-2000:]}")
                sleep(0.01)
            return perf_counter() - began
        finally:
            process.send_signal(how_it_ends)
            process.wait(30)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def measured(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Return the times of starts, in seconds, and what the store holds."""
    empty, full = site(folder / "empty"), site(folder / "full")
    started(empty, signal.SIGTERM)
    asyncio.run(fill(full, count))
    after_stop = [started(full, signal.SIGTERM)[0] for _ in range(rounds)]
    started(full, signal.SIGKILL)
    killed = [started(full, signal.SIGKILL) for _ in range(rounds)]
    after_kill = [seconds for seconds, _ in killed]
    nothing = [started(empty, signal.SIGTERM)[0] for _ in range(rounds)]
    database = full.parent / "centrala.db"
    with closing(sqlite3.connect(database)) as connection:
        ((events,),) = connection.execute("SELECT max(seq) FROM journal").fetchall()
    return {
        "interactions": count,
        "events": events,
        "megabytes": round(database.stat().st_size / 1e6),
        "ready_after_stop_s": round(statistics.median(after_stop), 2),
        "ready_after_kill_s": round(statistics.median(after_kill), 2),
        "ready_after_kill_cpu_s": round(statistics.median(cpu for _, cpu in killed), 2),
        "load_average": round(os.getloadavg()[0], 1),
        "ready_slowest_s": round(max(*after_stop, *after_kill), 2),
        "ready_without_work_s": round(statistics.median(nothing), 2),
    }


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    named = (("after an orderly stop", "ready_after_stop_s"), ("after kill -9", "ready_after_kill_s"))
    return [
        {
            "name": f"ready with 100,000 open interactions, {name}",
            "value": figures[key],
            "goal": GOAL_S,
            "unit": "s",
            "holds": figures[key] <= GOAL_S,
        }
        for name, key in named
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the interactions, one start of each kind")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the system's temporary folder)")
    options = parser.parse_args()
    count, rounds = (10_000, 1) if options.quick else (100_000, 3)
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        figures = measured(Path(place), count, rounds)
    result = {
        "benchmark": "start",
        "unit": "s",
        "figures": figures,
        "goals": [] if options.quick else goals(figures),
    }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
