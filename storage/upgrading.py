"""Bringing an embedded store to today's schema: what that will be, a backup first, then step by step."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
import structlog
from sqlalchemy import URL, Connection, func, select, table

from storage import migrations
from storage.backup import back_up
from storage.migrations import VERSIONS, Step, Versions
from storage.snapshot import contents, snapshot
from vocabulary.errors import PermanentFailure

log = structlog.get_logger()

ROWS_PER_S = 50_000
BYTES_PER_S = 40_000_000
"""What a slow disk and one core do; a backup reads what it wrote once more."""


class Connect(Protocol):
    """As storage/sqlite_file.py has it."""

    def __call__(self, path: Path, *, read_only: bool) -> sqlite3.Connection: ...


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an upgrade would do. `schema` None: the file is new, so nothing is lost with it and no backup is made.

    `rows`: how many rows each step touches, by its revision. `seconds`: about how long it all takes, the backup too.
    """

    schema: str | None
    steps: tuple[Step, ...]
    rows: dict[str, int]
    backup: Path | None
    seconds: int


def planned(path: Path, *, versions: Versions = VERSIONS) -> Plan:
    """Return what an upgrade of the store at `path` would do; nothing is changed.

    Raises:
        PermanentFailure: it is damaged, or a newer Centrala made its schema.
    """
    with snapshot(path) as connection:
        steps = tuple(migrations.pending(connection, versions))
        schema = migrations.schema_of(connection)
        if schema is None or not steps:
            return Plan(schema=schema, steps=steps, rows={}, backup=None, seconds=0)
        rows = {step.revision: _rows(connection, step.rewrites) for step in steps}
        held = contents(connection)
    backup = path.with_name(f"{path.name}.schema-{schema}-event-{held.seq}.backup")
    seconds = 1 + sum(rows.values()) // ROWS_PER_S + path.stat().st_size // BYTES_PER_S
    return Plan(schema=schema, steps=steps, rows=rows, backup=backup, seconds=seconds)


def _rows(connection: Connection, names: Sequence[str]) -> int:
    return sum(connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names)


def upgrade(
    path: Path, connect: Connect, *, first: Callable[[], None] | None = None, versions: Versions = VERSIONS
) -> Plan | None:
    """Bring the store at `path`, which nobody else uses, to today's schema; return what was done, None if nothing.

    A file that holds something is copied before, beside itself: an older Centrala can go on with that copy. `first` is
    called before anything else, if there is something to do.

    Raises:
        PermanentFailure: a newer Centrala made its schema, or there is no room for the backup; nothing was changed.
    """
    url, opened = URL.create("sqlite", database=str(path.absolute())), partial(connect, path, read_only=False)
    schema, steps = migrations.pending_at(url, opened, versions=versions)
    if not steps:
        return None
    if first is not None:
        first()
    if schema is None:
        plan = Plan(schema=None, steps=tuple(steps), rows={}, backup=None, seconds=0)
    else:
        plan = planned(path, versions=versions)
        assert plan.backup is not None
        _keep(path, plan.backup, versions)
        log.warning("store_kept_before_upgrade", schema=schema, backup=str(plan.backup), seconds=plan.seconds)
    migrations.upgrade(url, opened, versions=versions)
    if schema is not None:
        log.info("store_upgraded", schema_before=schema, schema=steps[-1].revision)
    return plan


def _keep(path: Path, backup: Path, versions: Versions) -> None:
    if backup.exists():
        # An upgrade was killed after this copy of the same journal had been made and proven.
        return
    try:
        back_up(path, backup, versions=versions)
    except PermanentFailure as failure:
        raise PermanentFailure(
            f"{path} needs an upgrade of its schema, and the copy that is made first could not be: {failure}. "
            "Nothing was changed"
        ) from failure
