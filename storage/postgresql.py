"""The store of a cluster: journal and records in a PostgreSQL database that several nodes of one site share.

One thread of each node writes (storage/postgresql_writer.py), a few read (storage/reading.py).
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import psycopg
from sqlalchemy import Connection, Engine, Select
from sqlalchemy.exc import DBAPIError

from storage import checks, tables
from storage import postgresql_search as search
from storage.group_commit import BATCH_MAX
from storage.postgresql_server import PATIENCE, Connect, Server, discreet
from storage.postgresql_writer import Writer
from storage.reading import Reading
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import Instant, Span
from vocabulary.records import Transaction

# The journal and its checkpoints hold ids and codes, and nothing of them is ever taken away from within.
_RECORDS = [name for name in tables.metadata.tables if name not in ("journal", "checkpoints")]
_VACUUM = f"VACUUM {', '.join(['message_search', *_RECORDS])}".encode()

READERS = 4
"""With the writer's, a node has one connection more than this; while it starts or clears up, two."""


class PostgresqlStore(Reading):
    """Implements vocabulary.stores.Store. Made by `open`."""

    def __init__(self, server: Server, writer: Writer, engine: Engine, warnings: Sequence[str]) -> None:
        super().__init__(engine, READERS)
        self.name = server.name
        self._server = server
        self._writer = writer
        self.warnings = warnings
        """What the server's operator ought to know, in words."""

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        password: str | None = None,
        connect: Connect = psycopg.connect,
        batch_max: int = BATCH_MAX,
        patience: Span = PATIENCE,
    ) -> Self:
        """Open the database at `url`, checked and brought to today's schema.

        Args:
            url: an address as libpq reads it, "postgresql://user@host:port/database?sslmode=verify-full".
            password: of the user; left out, libpq looks where it always does.
            connect: opens connections.
            batch_max: how many transactions may share one commit.
            patience: how long a transaction waits for another; a writer who stands still for longer is ended.

        Raises:
            PermanentFailure: the server doesn't keep what it promises (fsync is off, say), or a newer Centrala made
                the schema; the message says what to do.
            TemporaryFailure: it can't be reached.
        """
        server = Server(url, password, connect, patience)
        warnings = await asyncio.to_thread(server.prepare)
        try:
            writer = Writer(server, await asyncio.to_thread(server.writer), batch_max)
        except psycopg.Error as error:
            raise TemporaryFailure(f"{server.name} can't be reached: {discreet(error)}") from error
        return cls(server, writer, server.readers(READERS), warnings)

    async def close(self) -> None:
        """Finish what waits and let the connections go. Harmless to repeat."""
        await self._writer.close()
        await self._stop_reading()

    async def commit(self, transaction: Transaction) -> None:
        """Make `transaction` durable; concurrent calls share one commit. A cancelled caller doesn't take it back.

        Raises:
            OutOfOrder: `transaction.after` is not the journal's last number; nothing was written.
            PermanentFailure: the database refuses it (a unique value stands already, say); nothing was written.
            TemporaryFailure: the server or the way to it failed; it is unknown whether anything was written.
        """
        await self._writer.submit(transaction)

    async def save_checkpoint(self, seq: int, at: Instant, body: bytes) -> None:
        """Keep `body` as the state after entry `seq`; the newest two are kept."""
        await self._writer.submit(partial(self._writer.statements.save_checkpoint, seq=seq, at=at, body=body))

    async def scrub(self) -> None:
        """Let the server reuse the space of what was removed or overwritten. After an erasure.

        Bytes stay until they are overwritten, and in the write-ahead log and its archives: what the operator does about
        it is in docs/how-to/use-postgresql.md.

        Raises:
            TemporaryFailure: the server failed; try again.
        """
        await asyncio.to_thread(self._vacuum)

    def _vacuum(self) -> None:
        try:
            with self._server.keeper() as connection:
                connection.execute(_VACUUM)
        except psycopg.Error as error:
            raise TemporaryFailure(f"{self._server.name} could not be cleared up: {discreet(error)}") from error

    def _found(self, words: Sequence[str]) -> Select[Any]:
        return search.found(words)

    def _is_unaskable(self, error: Exception) -> bool:
        # psycopg itself refuses NUL characters; what the server refuses has a code.
        cause = error.orig if isinstance(error, DBAPIError) else error
        return super()._is_unaskable(error) or (isinstance(cause, psycopg.DataError) and cause.sqlstate is None)

    def _structure_problems(self, connection: Connection) -> list[str]:
        return checks.postgresql_problems(connection)
