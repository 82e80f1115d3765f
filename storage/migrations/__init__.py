"""The schema's steps, and the two things to do with them: bring a database up to date, or say what is missing.

A new step: change storage/tables.py, write versions/rNNNN_what.py after the last one (script.py.mako is its form). A
step that touches every row of a table names it in REWRITES, so that people can be told how long it will take. A test
compares what the steps make with what the tables say.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from vocabulary.errors import PermanentFailure

# Released with the transaction. SQLite's upgrade begins with the lock of the whole file.
_ALONE = "SELECT pg_advisory_xact_lock(1130720886, hashtext(current_schema()))"

Versions = tuple[Path, ...]
"""Folders of steps."""

VERSIONS: Versions = (Path(__file__).parent / "versions",)


class Step(msgspec.Struct, frozen=True):
    """One change of the schema. `rewrites`: the tables whose rows it touches (the module's REWRITES)."""

    revision: str
    what: str
    rewrites: tuple[str, ...]


def upgrade(url: str | URL, connect: Callable[[], Any] | None = None, *, versions: Versions = VERSIONS) -> None:
    """Bring the database at `url` to today's schema, each step in a transaction of its own.

    A killed upgrade goes on with the step in which it stopped. Of several nodes that start at once, one takes a step
    and the others wait.

    Args:
        url: of the database.
        connect: opens a connection of its driver, if the driver's own way won't do.
        versions: where the steps are.

    Raises:
        PermanentFailure: a newer Centrala made its schema.
    """
    engine = _engine(url, connect)
    try:
        while _go_on(engine, versions):
            continue
    finally:
        engine.dispose()


def _go_on(engine: Engine, versions: Versions) -> bool:
    """Take the next step, and tell whether there was one."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(_ALONE)
        steps = pending(connection, versions)
        if steps:
            config = _config(versions)
            config.attributes["connection"] = connection
            command.upgrade(config, steps[0].revision)
        return bool(steps)


def pending_at(
    url: str | URL, connect: Callable[[], Any] | None = None, *, versions: Versions = VERSIONS
) -> tuple[str | None, list[Step]]:
    """Return the schema of the database at `url`, and the steps that it lacks, oldest first; changes nothing.

    Raises:
        PermanentFailure: a newer Centrala made its schema.
    """
    engine = _engine(url, connect)
    try:
        with engine.connect() as connection:
            return schema_of(connection), pending(connection, versions)
    finally:
        engine.dispose()


def pending(connection: Connection, versions: Versions = VERSIONS) -> list[Step]:
    """Return the steps that the database lacks, oldest first; raises as `pending_at` does."""
    steps = _steps(versions)
    done = schema_of(connection)
    if done is None:
        missing = steps
    elif done in (numbers := [step.revision for step in steps]):
        missing = steps[: numbers.index(done)]
    else:
        raise PermanentFailure(
            f"the database has schema {done}, this Centrala knows schemas up to {steps[0].revision} only: "
            "start the newer Centrala, or restore a backup that was made before the update"
        )
    return [Step(step.revision, step.doc, tuple(getattr(step.module, "REWRITES", ()))) for step in reversed(missing)]


def schema_of(connection: Connection) -> str | None:
    """Return the number of the last step that the database has had, None if it has had none."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _steps(versions: Versions) -> list[Script]:
    """Return all steps, newest first."""
    return list(ScriptDirectory.from_config(_config(versions)).walk_revisions())


def _config(versions: Versions) -> Config:
    config = Config()
    # Alembic's configuration treats % as the beginning of a variable.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("version_locations", "\n".join(map(str, versions)).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _engine(url: str | URL, connect: Callable[[], Any] | None = None) -> Engine:
    engine = create_engine(url, poolclass=NullPool, **({} if connect is None else {"creator": connect}))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # The driver would commit before each CREATE TABLE.
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
