"""Durable commits a second of the store on PostgreSQL, beside bare ones of the driver on the same server.

The bare ones write the same entries without chain, fence, records and search: one transaction after another over one
connection, as pgbench would, and 500 entries to a commit.
"""

import contextlib
from collections.abc import Iterator
from itertools import count
from time import perf_counter
from typing import Any
from urllib.parse import quote

import msgspec
import psycopg

from benchmarks.journal import CALLERS, admission, command, rate_of, single
from storage.group_commit import BATCH_MAX
from storage.postgresql import PostgresqlStore
from vocabulary.records import Entry

_GROUP = 500
_schemas = count(1)


async def figures(url: str, scale: int) -> dict[str, int]:
    """Return every rate in commits a second, "bare" ones in entries a second, measured in schemas of the database."""
    found: dict[str, int] = {
        "postgresql_bare_1": round(_bare(url, 1, 2_000 // scale)),
        f"postgresql_bare_{_GROUP}": round(_bare(url, _GROUP, 100_000 // scale)),
    }
    for make in (single, command, admission):
        for callers in CALLERS:
            grouped = (1_000 if callers == 1 else 20_000 if make is not admission else 10_000) // scale
            for way, batch_max, commits in (("grouped", BATCH_MAX, grouped), ("naive", 1, 1_000 // scale)):
                with _schema(url) as place:
                    store = await PostgresqlStore.open(place, batch_max=batch_max)
                    found[f"postgresql_{make.__name__}_{way}_{callers}"] = round(
                        await rate_of(store, make, callers, commits)
                    )
    return found


def goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured: half of the raw limit, entries against entries."""
    ours, bare = found["postgresql_single_grouped_500"], found[f"postgresql_bare_{_GROUP}"]
    name = "PostgreSQL: durable entries, 500 callers, against bare commits of 500"
    return [{"name": name, "value": round(ours / bare, 2), "goal": 0.5, "unit": "times", "holds": ours >= bare / 2}]


def _bare(url: str, group: int, entries: int) -> float:
    """Return entries a second, `group` of them to a commit."""
    with _schema(url) as place, psycopg.connect(place) as connection:
        connection.execute("CREATE TABLE journal (seq bigint PRIMARY KEY, at bigint, type text, v int, body bytea)")
        connection.commit()
        made = [_bare_row(single(number, number - 1).entries[0]) for number in range(1, entries + 1)]
        began = perf_counter()
        for first in range(0, entries, group):
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(b"INSERT INTO journal VALUES (%s, %s, %s, %s, %s)", made[first : first + group])
        return entries / (perf_counter() - began)


def _bare_row(entry: Entry) -> tuple[Any, ...]:
    return msgspec.structs.astuple(entry)[:5]


@contextlib.contextmanager
def _schema(url: str) -> Iterator[str]:
    """Make an empty schema for the block, and return an address that leads into it."""
    name = f"centrala_bench_{next(_schemas)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
        try:
            yield f"{url}{'&' if '?' in url else '?'}options={quote(f'-csearch_path={name}', safe='')}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
