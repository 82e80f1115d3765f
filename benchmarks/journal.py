"""Durable commits a second of the embedded store, beside the naive way: one disk commit for each transaction.

Both ways run the same store on the same disk in the same run; only the number of transactions that may share a disk
commit differs. Rates are wall-clock. `--postgresql` measures the store on PostgreSQL too
(benchmarks/journal_postgresql.py).
"""

import argparse
import asyncio
import contextlib
import json
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from router.events import Admitted, Enqueued, OfferAccepted, Offered
from storage.codec import encode
from storage.group_commit import BATCH_MAX
from storage.sqlite import SqliteStore
from vocabulary.records import CustomerRow, InteractionRow, MessageRow, OutboxRow, Put, PutNew, Transaction
from vocabulary.stores import Store

NOW = 1_772_000_000_000
CALLERS = (1, 100, 500)
TEXT = "I was charged twice for order 1185 and would like the second payment back. " * 5

Make = Callable[[int, int], Transaction]
"""From the number of the transaction and the journal's last number to the transaction."""


def single(number: int, after: int) -> Transaction:
    """One entry, nothing else."""
    return _transaction(after, [OfferAccepted(at=NOW, offer=f"o-{number}", interaction=f"i-{number}", agent="a-1")])


def command(number: int, after: int) -> Transaction:
    """A router command: two entries and the new state of one of 1,000 interactions."""
    interaction = f"i-{number % 1000}"
    events = [
        OfferAccepted(at=NOW, offer=f"o-{number}", interaction=interaction, agent="a-1"),
        Offered(at=NOW, offer=f"p-{number}", interaction=interaction, agent="a-2", cost=20, expires_at=NOW),
    ]
    return _transaction(after, events, Put(_interaction(interaction, number)))


def admission(number: int, after: int) -> Transaction:
    """A whole admission: customer, message, interaction, an automatic reply to send, and two entries."""
    id = f"i-{number}"
    at: dict[str, Any] = {"at": NOW, "interaction": id, "queue": "billing"}
    events = [
        Admitted(**at, number=number, channel="support", medium="email", customer=f"c-{number}", priority=0, class_=0),
        Enqueued(**at, leg=1, arrived_at=NOW, due_at=NOW, credit=0, cause="admitted"),
    ]
    message = MessageRow(
        id=f"m-{number}",
        interaction=id,
        channel="support",
        author="customer",
        at=NOW,
        text=TEXT,
        number=1,
        external_id=f"<{number}@example.org>",
        subject="Charged twice",
        message_id=f"<{number}@example.org>",
    )
    reply = OutboxRow(id=f"o-{number}", kind="mail", interaction=id, payload=b"{}", created_at=NOW)
    customer = CustomerRow(id=f"c-{number}", created_at=NOW)
    return _transaction(after, events, *(PutNew(row) for row in (customer, message, _interaction(id, number), reply)))


def _transaction(after: int, events: list[Any], *changes: Put | PutNew) -> Transaction:
    entries = tuple(encode(event, seq) for seq, event in enumerate(events, after + 1))
    return Transaction(entries=entries, after=after, changes=changes)


def _interaction(id: str, number: int) -> InteractionRow:
    return InteractionRow(
        id=id,
        number=number,
        channel="support",
        medium="email",
        customer="c-1",
        state="waiting",
        queue="billing",
        agent=None,
        label="refund",
        language="en",
        created_at=NOW,
        arrived_at=NOW,
        enqueued_at=NOW,
        due_at=NOW,
        closed_at=None,
        changed_seq=number,
        body=b'{"id":"i-1","number":1,"channel":"support","state":"waiting","queue":"billing","messages":1}' * 4,
    )


async def rate(folder: Path, make: Make, callers: int, commits: int, batch_max: int) -> float:
    """Return durable commits a second, with `callers` of whom each waits for its own commit before the next."""
    return await rate_of(await SqliteStore.open(folder / "journal.db", batch_max=batch_max), make, callers, commits)


async def rate_of(store: Store, make: Make, callers: int, commits: int) -> float:
    """Return durable commits a second to `store`, which is checked and closed then."""
    numbers, after = count(1), 0

    async def call() -> None:
        nonlocal after
        while (number := next(numbers)) <= commits:
            transaction = make(number, after)
            after += len(transaction.entries)
            await store.commit(transaction)

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(call())
    seconds = perf_counter() - began
    problems = await store.check()
    await store.close()
    assert not problems, problems
    return commits / seconds


async def measured(folder: Path | None, scale: int) -> dict[str, Any]:
    """Return every rate in commits a second."""
    figures: dict[str, Any] = {}
    for make in (single, command, admission):
        for callers in CALLERS:
            grouped = (1_000 if callers == 1 else 40_000 if make is not admission else 10_000) // scale
            for way, batch_max, commits in (("grouped", BATCH_MAX, grouped), ("naive", 1, 2_000 // scale)):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    value = await rate(Path(place), make, callers, commits, batch_max)
                figures[f"{make.__name__}_{way}_{callers}"] = round(value)
    return figures


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    wanted = [
        ("durable single-entry commits, 500 callers", figures["single_grouped_500"], 20_000, "1/s"),
        ("durable router commands, 500 callers", figures["command_grouped_500"], 10_000, "1/s"),
        ("durable whole admissions, 500 callers", figures["admission_grouped_500"], 2_000, "1/s"),
        (
            "router commands: shared against own disk commits, 500 callers",
            round(figures["command_grouped_500"] / figures["command_naive_500"], 1),
            3,
            "times",
        ),
    ]
    return [
        {"name": name, "value": value, "goal": goal, "unit": unit, "holds": value >= goal}
        for name, value, goal, unit in wanted
    ]


def _on_postgresql(url: str, scale: int) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Return rates and goals of the store on PostgreSQL."""
    from benchmarks import journal_postgresql as postgresql
    from tests.servers.postgresql import running_postgresql

    with contextlib.ExitStack() as stack:
        found = asyncio.run(postgresql.figures(url or stack.enter_context(running_postgresql()).database(), scale))
    return found, postgresql.goals(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the commits")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the system's temporary folder)")
    parser.add_argument(
        "--postgresql",
        nargs="?",
        const="",
        metavar="URL",
        help="measure PostgreSQL too, in schemas of this database; without URL on a server started for it",
    )
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    figures = asyncio.run(measured(options.folder, scale))
    reached = goals(figures)
    if options.postgresql is not None:
        found, wanted = _on_postgresql(options.postgresql, scale)
        figures |= found
        reached += wanted
    result = {"benchmark": "journal", "unit": "durable commits/s", "figures": figures, "goals": reached}
    if options.json:
        print(json.dumps(result))
        return
    for name, value in figures.items():
        print(f"{name:34}{value:>10,} /s")


if __name__ == "__main__":
    main()
