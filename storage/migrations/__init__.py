"""The schema's steps, and the two things to do with them: bring a database up to date, or say what is missing.

A new step: change storage/tables.py, write versions/rNNNN_what.py after the last one (script.py.mako is its form). A
test compares what the steps make with what the tables say.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from vocabulary.errors import PermanentFailure

# Released with the transaction. SQLite's upgrade begins with the lock of the whole file.
_ALONE = "SELECT pg_advisory_xact_lock(1130720886, hashtext(current_schema()))"


def upgrade(url: str | URL, connect: Callable[[], Any] | None = None) -> None:
    """Bring the database at `url` to today's schema; a killed upgrade goes on where it stopped.

    `connect` opens a connection of its driver, if the driver's own way won't do. Of several nodes that start at once,
    one does it and the others wait.

    Raises:
        PermanentFailure: a newer Centrala made its schema.
    """
    engine = _engine(url, connect)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(_ALONE)
            if pending(connection):
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    finally:
        engine.dispose()


def pending_at(url: str | URL, connect: Callable[[], Any] | None = None) -> list[str]:
    """Return the steps that the database at `url` lacks, oldest first, as "0001: what it does"; changes nothing.

    Raises:
        PermanentFailure: a newer Centrala made its schema.
    """
    engine = _engine(url, connect)
    try:
        with engine.connect() as connection:
            return pending(connection)
    finally:
        engine.dispose()


def pending(connection: Connection) -> list[str]:
    """Return the steps that the database lacks, as `pending_at` does."""
    steps = _steps()
    done = MigrationContext.configure(connection).get_current_revision()
    if done is None:
        missing = steps
    elif done in (numbers := [step.revision for step in steps]):
        missing = steps[: numbers.index(done)]
    else:
        raise PermanentFailure(
            f"the database has schema {done}, this Centrala knows schemas up to {steps[0].revision} only: "
            "start the newer Centrala, or restore a backup that was made before the update"
        )
    return [f"{step.revision}: {step.doc}" for step in reversed(missing)]


@cache
def _steps() -> list[Script]:
    """Return all steps, newest first."""
    return list(ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    # Alembic's configuration treats % as the beginning of a variable.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
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
