"""A process that commits as fast as it can and tells what was made durable, until somebody kills it."""

import asyncio
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from storage.sqlite import SqliteStore
from tests.storage.builders import a_customer, a_message, entry
from vocabulary.records import Put, Transaction

CALLERS = 8


def transaction(number: int) -> Transaction:
    """Return transaction `number`, from 1: two entries and two rows that belong together."""
    entries = (entry(2 * number - 1), entry(2 * number))
    changes = (Put(a_customer(f"c-{number}")), Put(a_message(f"m-{number}", text="x" * 500)))
    return Transaction(entries=entries, after=2 * number - 2, changes=changes)


def run(path: Path, acknowledged: Connection) -> None:
    """Go on where the file ends; send the number of each transaction once it is durable."""
    asyncio.run(_commit_for_ever(path, acknowledged))


async def _commit_for_ever(path: Path, acknowledged: Connection) -> None:
    store = await SqliteStore.open(path)
    numbers = count(await store.last_seq() // 2 + 1)

    async def call() -> None:
        for number in numbers:
            await store.commit(transaction(number))
            acknowledged.send(number)

    async with asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(call())
