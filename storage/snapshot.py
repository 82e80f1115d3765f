"""One instant of an embedded store, read only: what it holds, and whether all of it is as it was written."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from queues.lifecycle import OPEN
from storage import checks, migrations, queries
from storage.migrations import VERSIONS, Versions
from storage.soundness import DAMAGE, told
from storage.tables import interactions, journal
from vocabulary.errors import PermanentFailure
from vocabulary.instants import Instant


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds: its schema, where its journal ends, and how many interactions it knows.

    `digest` stands for the whole journal (storage/chain.py), "" if that is empty. `last_at`: of its last entry.
    """

    schema: str
    seq: int
    digest: str
    last_at: Instant | None
    interactions: int
    open: int


@contextmanager
def snapshot(path: Path, *, finished: bool = False) -> Iterator[Connection]:
    """Give a connection to the store at `path` that sees one instant of it, whoever writes meanwhile.

    Args:
        path: of the database.
        finished: nobody writes it, and no log lies beside it (a backup): nothing is locked, no file is made.

    Raises:
        PermanentFailure: it can't be opened, or what is asked of it meets damage.
    """
    connection = _opened(path, finished=finished)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    try:
        with engine.connect() as reading:
            # Only now: SQLAlchemy's first look at a driver ends with a rollback. It only ever reads, so it never has to
            # become a writer, which is what IMMEDIATE would be for.
            reading.exec_driver_sql("BEGIN")
            reading.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            yield reading
    except (DBAPIError, UnicodeDecodeError) as error:
        cause = error.orig if isinstance(error, DBAPIError) and isinstance(error.orig, Exception) else error
        raise PermanentFailure(f"{path} is damaged or no store of Centrala: {told(cause)}") from cause
    finally:
        engine.dispose()
        connection.close()


def _opened(path: Path, *, finished: bool) -> sqlite3.Connection:
    # SQLite needs its log to read a store in use, and tidies it up if it is the last to leave: hence rw.
    mode = "mode=ro&immutable=1" if finished else "mode=rw"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise PermanentFailure(f"{path} can't be opened: {error}") from error
    try:
        connection.execute("PRAGMA busy_timeout = 5000").close()
        connection.execute("PRAGMA query_only = ON").close()
        connection.execute("PRAGMA cache_size = -65536").close()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except DAMAGE as error:
        connection.close()
        raise PermanentFailure(f"{path} is damaged or no database: {told(error)}") from error
    return connection


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection, which can copy itself."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def contents(connection: Connection) -> Contents:
    """Return what a store holds.

    Raises:
        PermanentFailure: it is no store of Centrala.
    """
    schema = migrations.schema_of(connection)
    if schema is None:
        raise PermanentFailure("it is no store of Centrala: it has no schema of ours")
    end = connection.execute(queries.journal_end()).first()
    last_at = None
    if end is not None:
        last_at = connection.execute(select(journal.c.at).where(journal.c.seq == end.seq)).scalar()
    by_state = connection.execute(select(interactions.c.state, func.count()).group_by(interactions.c.state)).all()
    return Contents(
        schema=schema,
        seq=end.seq if end is not None else 0,
        digest=end.digest.hex() if end is not None else "",
        last_at=last_at,
        interactions=sum(rows for _, rows in by_state),
        open=sum(rows for state, rows in by_state if state in OPEN),
    )


def verified(path: Path, *, finished: bool = True, versions: Versions = VERSIONS) -> Contents:
    """Return what the store at `path` holds, having read all of it and found it sound.

    `versions`: the steps of the schema that are known.

    Raises:
        PermanentFailure: it is damaged, no store, or made by a newer Centrala.
    """
    with snapshot(path, finished=finished) as connection:
        found = contents(connection)
        migrations.pending(connection, versions)
        for look in _LOOKS:
            problems = look(connection)
            if problems:
                more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
                raise PermanentFailure(f"{path} is damaged: {problems[0]}{more}")
        return found


_LOOKS: tuple[Callable[[Connection], list[str]], ...] = (
    checks.sqlite_problems,
    checks.journal_problems,
    checks.content_problems,
)
