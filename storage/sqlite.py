"""The embedded store: journal and records in one SQLite file.

One thread writes (storage/sqlite_writer.py), a few read; a read sees everything whose commit has returned.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, Select, column, create_engine, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from storage import checks, queries, tables
from storage import sqlite_statements as statements
from storage.mapping import maker_of
from storage.sqlite_file import Connect, FileLock, connect, open_reader, prepare
from storage.sqlite_writer import BATCH_MAX, Writer, scrub
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import Instant
from vocabulary.records import (
    AgentRow,
    AttachmentRow,
    BookmarkRow,
    CustomerRow,
    Entry,
    IdempotencyRow,
    IdentityRow,
    InteractionRow,
    MessageRow,
    OutboxRow,
    ReceivedRow,
    SessionRow,
    SettingRow,
    TokenRow,
    Transaction,
    UserRow,
)

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

_READERS = 2
_WORD = re.compile(r"[^\W_]+")
_search = table("message_search", column("rowid"))


class SqliteStore:
    """Implements vocabulary.stores.Store. Made by `open`."""

    def __init__(self, lock: FileLock, writer: Writer, engine: Engine, readers: ThreadPoolExecutor) -> None:
        self._lock = lock
        self._writer = writer
        self._engine = engine
        self._readers = readers

    @classmethod
    async def open(
        cls, path: Path, *, connect: Connect = connect, batch_max: int = BATCH_MAX, inline: bool = False
    ) -> Self:
        """Open the file at `path`, made if it isn't there, checked and brought to today's schema.

        Args:
            path: in a folder that is there, on a disk of this machine.
            connect: opens connections.
            batch_max: how many transactions may share one disk commit.
            inline: write without a thread (storage/sqlite_writer.py).

        Raises:
            PermanentFailure: it is in use, damaged, or made by a newer Centrala; the message says what to do.
        """
        lock = FileLock(path)
        try:
            connection = await asyncio.to_thread(prepare, path, connect)
            writer = Writer(path, connect, connection, batch_max, inline=inline)
        except BaseException:
            lock.release()
            raise
        engine = create_engine(
            "sqlite://",
            creator=lambda: open_reader(path, connect),
            poolclass=QueuePool,
            pool_size=_READERS,
            max_overflow=0,
        )
        return cls(lock, writer, engine, ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader"))

    async def close(self) -> None:
        """Finish what waits and let the file go. Harmless to repeat."""
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        self._engine.dispose()
        self._lock.release()

    # ------------------------------------------------------------ writing

    async def commit(self, transaction: Transaction) -> None:
        """Make `transaction` durable; concurrent calls share one commit. A cancelled caller doesn't take it back.

        Raises:
            OutOfOrder: `transaction.after` is not the journal's last number; nothing was written.
            PermanentFailure: the database refuses it (a unique value stands already, say); nothing was written.
            TemporaryFailure: the disk failed; it is unknown whether anything was written.
        """
        await self._writer.submit(transaction)

    async def save_checkpoint(self, seq: int, at: Instant, body: bytes) -> None:
        """Keep `body` as the state after entry `seq`; the newest two are kept."""
        await self._writer.submit(partial(statements.save_checkpoint, seq=seq, at=at, body=body))

    async def scrub(self) -> None:
        """Make what was removed or overwritten unreadable in the files: index, free pages and log. After an erasure.

        Raises:
            TemporaryFailure: a reader holds the log; try again.
        """
        await self._writer.submit(scrub)

    # ------------------------------------------------------------ journal

    async def last_seq(self) -> int:
        """Return the journal's last number, 0 if it is empty."""
        return await self._first(queries.journal_end(), lambda row: int(row["seq"])) or 0

    async def seq_before(self, at: Instant) -> int:
        """Return the number of the last entry before instant `at`, 0 if there is none."""
        return await self._first(queries.last_before(at), lambda row: int(row["seq"])) or 0

    async def read(self, after: int, limit: int = 1000) -> AsyncIterator[Entry]:
        """Iterate over all entries behind `after`, in order, `limit` a page."""
        while page := await self.entries(after, limit):
            for entry in page:
                yield entry
            after = page[-1].seq

    async def entries(self, after: int, limit: int, *, interaction: str | None = None) -> Sequence[Entry]:
        """Return up to `limit` entries behind `after`."""
        return await self._all(queries.entries(after, limit, interaction), _entry)

    async def load_checkpoint(self) -> tuple[int, bytes] | None:
        """Return the newest checkpoint's number and body."""
        return await self._first(queries.newest_checkpoint(), lambda row: (row["seq"], row["body"]))

    # ------------------------------------------------------------ records

    async def interaction(self, id: str) -> InteractionRow | None:
        return await self._one(InteractionRow, id)

    async def interactions(
        self,
        *,
        state: Sequence[str] = (),
        queue: str | None = None,
        agent: str | None = None,
        customer: str | None = None,
        medium: str | None = None,
        q: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[InteractionRow]:
        """Newest first. `q`: all of its words begin words of one message or its subject, accents left aside."""
        query = queries.interactions(
            state=state,
            queue=queue,
            agent=agent,
            customer=customer,
            medium=medium,
            before=before,
            limit=limit,
            found=None if q is None else _found(q),
        )
        return await self._rows(InteractionRow, query)

    async def messages(self, interaction: str, *, after: int = 0, limit: int = 500) -> Sequence[MessageRow]:
        return await self._rows(MessageRow, queries.messages(interaction, after, limit))

    async def message(self, id: str) -> MessageRow | None:
        return await self._one(MessageRow, id)

    async def message_by_external_id(self, channel: str, external_id: str) -> MessageRow | None:
        return await self._row(MessageRow, queries.message_by_external_id(channel, external_id))

    async def messages_by_message_id(self, message_ids: Iterable[str]) -> Sequence[MessageRow]:
        return await self._rows(MessageRow, queries.messages_by_message_id(message_ids))

    async def attachments(self, message: str) -> Sequence[AttachmentRow]:
        return await self._rows(AttachmentRow, queries.attachments(message))

    async def attachment(self, id: str) -> AttachmentRow | None:
        return await self._one(AttachmentRow, id)

    async def received(self, *, state: str = "received", limit: int = 100) -> Sequence[ReceivedRow]:
        return await self._rows(ReceivedRow, queries.received(state, limit))

    async def customer(self, id: str) -> CustomerRow | None:
        return await self._one(CustomerRow, id)

    async def customer_by_identity(self, kind: str, value: str) -> CustomerRow | None:
        return await self._row(CustomerRow, queries.customer_by_identity(kind, value))

    async def identities(self, customer: str) -> Sequence[IdentityRow]:
        return await self._rows(IdentityRow, queries.identities(customer))

    async def outbox(
        self, *, states: Sequence[str], due_before: Instant | None = None, limit: int = 100
    ) -> Sequence[OutboxRow]:
        return await self._rows(OutboxRow, queries.outbox(states, due_before, limit))

    async def outbox_row(self, id: str) -> OutboxRow | None:
        return await self._one(OutboxRow, id)

    async def bookmark(self, channel: str, folder: str) -> BookmarkRow | None:
        return await self._one(BookmarkRow, channel, folder)

    async def agents(self) -> Sequence[AgentRow]:
        return await self._rows(AgentRow, queries.everything(AgentRow))

    async def settings(self) -> Sequence[SettingRow]:
        return await self._rows(SettingRow, queries.everything(SettingRow))

    async def user(self, id: str) -> UserRow | None:
        return await self._one(UserRow, id)

    async def user_by_login(self, login: str) -> UserRow | None:
        return await self._row(UserRow, queries.user_by_login(login))

    async def users(self) -> Sequence[UserRow]:
        return await self._rows(UserRow, queries.everything(UserRow))

    async def session(self, id: str) -> SessionRow | None:
        return await self._one(SessionRow, id)

    async def token(self, id: str) -> TokenRow | None:
        return await self._one(TokenRow, id)

    async def idempotent_answer(self, id: str) -> IdempotencyRow | None:
        return await self._one(IdempotencyRow, id)

    async def counts(self) -> dict[str, Any]:
        """Return rows by table; where rows have a state, rows by state."""
        return await self._reading(_counted)

    async def check(self) -> Sequence[str]:
        """Return what is wrong: structure, references, gaps in the journal, entries changed behind our back."""
        return await self._reading(lambda c: checks.sqlite_problems(c) + checks.journal_problems(c))

    # ------------------------------------------------------------ how reading is done

    async def _one(self, kind: type[R], *key: str) -> R | None:
        return await self._row(kind, queries.by_key(kind, *key))

    async def _row(self, kind: type[R], query: Select[Any]) -> R | None:
        return await self._first(query, maker_of(kind))

    async def _rows(self, kind: type[R], query: Select[Any]) -> Sequence[R]:
        return await self._all(query, maker_of(kind))

    async def _first(self, query: Select[Any], make: Callable[[RowMapping], T]) -> T | None:
        rows = await self._all(query, make)
        return rows[0] if rows else None

    async def _all(self, query: Select[Any], make: Callable[[RowMapping], T]) -> list[T]:
        return await self._reading(lambda c: [make(row) for row in c.execute(query).mappings()])

    async def _reading(self, read: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, read)

    def _read(self, read: Callable[[Connection], T]) -> T:
        try:
            with self._engine.connect() as connection:
                return _read_once(connection, read)
        except DBAPIError as error:
            # Only the driver's own words: the statement's parameters are people's names and addresses.
            raise TemporaryFailure(f"the database could not be read: {error.orig}") from error.orig


def _read_once(connection: Connection, read: Callable[[Connection], T]) -> T:
    try:
        return read(connection)
    except DBAPIError:
        # A connection that has seen a fault is not used again.
        connection.invalidate()
        raise


def _found(q: str) -> Select[Any]:
    """Select the interactions with a message in which a word begins with each word of `q`."""
    words = " ".join(f'"{word}"*' for word in _WORD.findall(q))
    matching = text("message_search MATCH :words").bindparams(words=words or '""')
    joined = tables.messages.join(_search, _search.c.rowid == tables.messages.c.position)
    return select(tables.messages.c.interaction).select_from(joined).where(matching)


def _entry(row: RowMapping) -> Entry:
    return Entry(*row.values())


def _counted(connection: Connection) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    for name, query in queries.counts().items():
        rows = connection.execute(query).all()
        by_state = len(query.selected_columns) == 2
        counted[name] = {row.state: row.rows for row in rows} if by_state else rows[0].rows
    return counted
