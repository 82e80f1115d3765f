"""The PostgreSQL server: how connections to it behave, and whether its settings keep what we promise."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from storage import migrations
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND, Span

Connection = psycopg.Connection[Any]
Connect = Callable[..., Connection]
"""Opens a connection from libpq's parameters as keywords, as psycopg.connect does."""

OLDEST = 14
"""The oldest major version that its makers still mend."""

# A server that is gone without a word is found out within half a minute; the address may say otherwise.
_USUAL = {
    "application_name": "centrala",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
PATIENCE: Span = 5 * SECOND
"""How long a transaction waits for another one."""

_WRITER = (
    "SET client_encoding = 'UTF8'",
    # Whatever waits longer will not come.
    "SET statement_timeout = '30s'",
    # Off, an acknowledged commit is lost when the server dies; anything else keeps what it says.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)
_READER = (
    "SET client_encoding = 'UTF8'",
    "SET statement_timeout = '30s'",
    "SET default_transaction_read_only = on",
)
_SETTINGS = (
    "server_version_num",
    "server_encoding",
    "fsync",
    "full_page_writes",
    "data_checksums",
)

E = TypeVar("E", bound=BaseException)
T = TypeVar("T")


class Server:
    """One database on one server."""

    def __init__(
        self, url: str, password: str | None = None, connect: Connect = psycopg.connect, patience: Span = PATIENCE
    ) -> None:
        """Know the way; `url` is a libpq address, `password` goes before one that the environment gives.

        `patience` is how long a writing transaction waits for another, and how long one may stand still.

        Raises:
            PermanentFailure: `url` can't be read.
        """
        try:
            given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        except psycopg.Error as error:
            raise PermanentFailure(f"storage.url can't be read: {error}".strip()) from None
        self._parameters = {**_USUAL, **given, **({"password": password} if password else {})}
        self._connect = connect
        self.patience = patience
        self.name = name_of(given)

    def writer(self) -> Connection:
        """Return a connection that writes durably; its transactions are begun and ended by us alone."""
        waiting = f"SET lock_timeout = {self.patience}"
        still = f"SET idle_in_transaction_session_timeout = {2 * self.patience}"
        return self._prepared((*_WRITER, waiting, still))

    def reader(self) -> Connection:
        """Return a connection that only reads."""
        return self._prepared(_READER)

    def keeper(self) -> Connection:
        """Return a connection for what may take its time: new tables, clearing up."""
        return self._prepared(("SET client_encoding = 'UTF8'",))

    def _prepared(self, statements: Sequence[str]) -> Connection:
        connection = self._connect(**self._parameters, autocommit=True)
        try:
            for statement in statements:
                connection.execute(statement.encode())
        except BaseException:
            connection.close()
            raise
        return connection

    def readers(self, count: int) -> Engine:
        """Return SQLAlchemy's engine over up to `count` reading connections."""
        return create_engine(
            "postgresql+psycopg://",
            creator=self.reader,
            poolclass=QueuePool,
            pool_size=count,
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
        )

    def prepare(self) -> Sequence[str]:
        """Find the server fit and bring the database to today's schema; return what its operator ought to know.

        Raises:
            PermanentFailure: it would not keep what it promises, or can't be used; the message says what to do.
            TemporaryFailure: it can't be reached.
        """
        try:
            with self.keeper() as connection:
                warnings = self._examine(connection)
        except psycopg.OperationalError as error:
            raise TemporaryFailure(f"{self.name} can't be reached: {discreet(error)}".strip()) from error
        self._migrating(migrations.upgrade)
        return warnings

    def pending(self) -> tuple[str | None, list[migrations.Step]]:
        """Return the schema of the database, and the steps that it lacks; changes nothing. Raises as `prepare` does."""
        return self._migrating(migrations.pending_at)

    def _migrating(self, work: Callable[[str, Callable[[], Any]], T]) -> T:
        try:
            return work("postgresql+psycopg://", self._for_migrations)
        except PermanentFailure as failure:
            raise PermanentFailure(f"{self.name}: {failure}") from failure
        except DBAPIError as error:
            lost = error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)
            kind = TemporaryFailure if lost else PermanentFailure
            told = discreet(error.orig) if error.orig is not None else error
            raise kind(f"{self.name}: its tables can't be made or changed: {told}") from error.orig

    def _for_migrations(self) -> Connection:
        connection = self.keeper()
        connection.autocommit = False
        return connection

    def _examine(self, connection: Connection) -> Sequence[str]:
        columns = ", ".join(f"current_setting('{name}')" for name in _SETTINGS)
        row = connection.execute(f"SELECT {columns}, pg_is_in_recovery(), current_schema()".encode()).fetchone()
        assert row is not None
        found = Found(*row)
        if reasons := found.reasons():
            raise PermanentFailure(f"{self.name} can't keep a site: {'; '.join(reasons)}")
        return found.warnings()


class Found(NamedTuple):
    """What a server says of itself."""

    version: str
    encoding: str
    fsync: str
    full_page_writes: str
    data_checksums: str
    is_standby: bool
    schema: str | None

    def reasons(self) -> list[str]:
        """Return what keeps a site from it, and what to do."""
        reasons = []
        if int(self.version) < OLDEST * 10_000:
            reasons.append(f"it is PostgreSQL {int(self.version) // 10_000}, and {OLDEST} is the oldest; update it")
        if self.encoding != "UTF8":
            reasons.append(
                f"the database's encoding is {self.encoding}; make one with ENCODING 'UTF8' TEMPLATE template0"
            )
        if self.fsync != "on":
            reasons.append("fsync is off, so that a power cut loses what was acknowledged; set fsync = on")
        if self.is_standby:
            reasons.append(
                "it is a standby, which can't be written; name the primary, or all with target_session_attrs=read-write"
            )
        if self.schema is None:
            reasons.append("no schema of the user's search_path is there; create one: CREATE SCHEMA ...")
        return reasons

    def warnings(self) -> list[str]:
        """Return what is risky, but the operator's own choice."""
        warnings = []
        if self.full_page_writes != "on":
            warnings.append("full_page_writes is off: a power cut may damage pages, unless the file system excludes it")
        if self.data_checksums != "on":
            warnings.append("data checksums are off: a disk that changes bytes is not noticed (pg_checksums --enable)")
        return warnings


def name_of(parameters: dict[str, str]) -> str:
    """Return an address for people, without any password."""
    user = f"{parameters['user']}@" if parameters.get("user") else ""
    host = parameters.get("host") or parameters.get("hostaddr") or ""
    port = f":{parameters['port']}" if parameters.get("port") else ""
    return f"postgresql://{user}{host}{port}/{parameters.get('dbname', '')}"


def discreet(error: E) -> E:
    """Return `error` without the lines in which the server quotes rows: they are people's names and addresses."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        error.args = (f"{error.diag.message_primary} ({error.sqlstate})",)
    return error
