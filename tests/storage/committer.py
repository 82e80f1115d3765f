"""A process that commits as fast as it can and tells what was made durable, until somebody kills it."""

import asyncio
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from storage.errors import OutOfOrder
from storage.postgresql import PostgresqlStore
from storage.sqlite import SqliteStore
from tests.storage.builders import a_customer, a_message, entry
from vocabulary.errors import TemporaryFailure
from vocabulary.records import Put, Transaction

CALLERS = 8

OVERTAKEN = 0
"""What is told in the place of a number, at last, by a committer who was refused: somebody else writes."""

Place = Path | str
"""A file of SQLite, or the address of a PostgreSQL database."""


async def opened(place: Place) -> SqliteStore | PostgresqlStore:
    """Return the store at `place`."""
    return await (SqliteStore.open(place) if isinstance(place, Path) else PostgresqlStore.open(place, patience=200))


def transaction(number: int) -> Transaction:
    """Return transaction `number`, from 1: two entries and two rows that belong together."""
    entries = (entry(2 * number - 1), entry(2 * number))
    changes = (Put(a_customer(f"c-{number}")), Put(a_message(f"m-{number}", text="x" * 500)))
    return Transaction(entries=entries, after=2 * number - 2, changes=changes)


def run(place: Place, acknowledged: Connection) -> None:
    """Go on where the store ends; send the number of each transaction once it is durable."""
    asyncio.run(_commit_for_ever(place, acknowledged))


async def _commit_for_ever(place: Place, acknowledged: Connection) -> None:
    store = await opened(place)
    numbers = count(await store.last_seq() // 2 + 1)

    async def call() -> None:
        for number in numbers:
            await store.commit(transaction(number))
            acknowledged.send(number)

    try:
        async with asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(call())
    except* (OutOfOrder, TemporaryFailure):
        acknowledged.send(OVERTAKEN)
