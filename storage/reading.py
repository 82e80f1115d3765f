"""Reading the journal and the records: one piece of code for every database, a few threads that carry it out."""

import asyncio
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, Select
from sqlalchemy.exc import DBAPIError

from storage import checks, queries
from storage.gathering import Readers
from storage.learning import LearningReads
from storage.mapping import maker_of
from storage.prepared import prepared
from storage.reads import portions
from storage.subjects import SubjectReads
from storage.worth import WorthReads
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import Instant
from vocabulary.records import (
    AgentRow,
    AttachmentRow,
    BookmarkRow,
    BulkMemberRow,
    BulkRow,
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
    UserRow,
)

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+")


class Reading(SubjectReads, LearningReads, WorthReads):
    """The half of vocabulary.stores.Store that reads. A read sees everything whose commit has returned."""

    def __init__(self, engine: Engine, readers: int, *, patience_s: float = 0.0) -> None:
        """Read over `engine`, whose pool has a connection for each of so many threads (`Readers`)."""
        self._engine = engine
        self._readers: Readers[Callable[[Connection], object]] = Readers(self._read_all, readers, patience_s=patience_s)

    async def _stop_reading(self) -> None:
        """Finish what is being read and let the connections go."""
        await asyncio.to_thread(self._readers.stop)
        self._engine.dispose()

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
        customer: str | Sequence[str] | None = None,
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
            found=None if q is None else self._found(_WORD.findall(q)),
        )
        return await self._rows(InteractionRow, query)

    async def messages(self, interaction: str, *, after: int = 0, limit: int = 500) -> Sequence[MessageRow]:
        return await self._rows(MessageRow, queries.messages(), whole=interaction, after=after, most=limit)

    async def message(self, id: str) -> MessageRow | None:
        return await self._one(MessageRow, id)

    async def known_message(self, id: str, channel: str, external_id: str) -> MessageRow | None:
        return await self._row(MessageRow, queries.known_message(), own=id, where=channel, external=external_id)

    async def messages_by_message_id(self, message_ids: Iterable[str]) -> Sequence[MessageRow]:
        ids = sorted(set(message_ids))
        if not ids:
            return []
        query, values = queries.messages_by_message_id(ids)
        return await self._rows(MessageRow, query, **values)

    async def attachments(self, message: str) -> Sequence[AttachmentRow]:
        return await self._rows(AttachmentRow, queries.attachments(), whole=message)

    async def attachment(self, id: str) -> AttachmentRow | None:
        return await self._one(AttachmentRow, id)

    async def received(self, *, state: str = "received", limit: int = 100) -> Sequence[ReceivedRow]:
        return await self._rows(ReceivedRow, queries.received(state, limit))

    async def customer(self, id: str) -> CustomerRow | None:
        return await self._one(CustomerRow, id)

    async def customer_by_identity(self, kind: str, value: str) -> CustomerRow | None:
        return await self._row(CustomerRow, queries.customer_by_identity(), sort=kind, what=value)

    async def identities(self, customer: str) -> Sequence[IdentityRow]:
        return await self._rows(IdentityRow, queries.identities(), whole=customer)

    async def identity(self, kind: str, value: str) -> IdentityRow | None:
        return await self._one(IdentityRow, kind, value)

    async def outbox(
        self, *, states: Sequence[str], due_before: Instant | None = None, limit: int = 100
    ) -> Sequence[OutboxRow]:
        return await self._rows(OutboxRow, queries.outbox(states, due_before, limit))

    async def outbox_row(self, id: str) -> OutboxRow | None:
        return await self._one(OutboxRow, id)

    async def bookmark(self, channel: str, folder: str) -> BookmarkRow | None:
        return await self._one(BookmarkRow, channel, folder)

    async def fetched_uids(self, channel: str, folder: str, uidvalidity: int, *, from_uid: int = 0) -> Sequence[int]:
        query = queries.fetched_uids(channel, folder, uidvalidity, from_uid)
        return await self._all(query, lambda row: int(row["uid"]))

    async def bulk_answer(self, id: str) -> BulkRow | None:
        return await self._one(BulkRow, id)

    async def bulk_answers(self, *, limit: int = 50) -> Sequence[BulkRow]:
        return await self._rows(BulkRow, queries.bulk_answers(limit))

    async def bulk_members(self, bulk: str) -> Sequence[BulkMemberRow]:
        return await self._rows(BulkMemberRow, queries.bulk_members(), whole=bulk)

    async def interactions_of(self, ids: Sequence[str]) -> Sequence[InteractionRow]:
        """Return those of these interactions that there are, in no order."""
        return [
            row for some in portions(ids) for row in await self._rows(InteractionRow, queries.interactions_of(some))
        ]

    async def entries_of(self, interactions: Sequence[str], types: Sequence[str], since: Instant) -> Sequence[Entry]:
        """Return the entries of these types from `since` on, those about the same interaction in their order."""
        return [
            entry
            for some in portions(interactions)
            for entry in await self._all(queries.entries_of(some, types, since), _entry)
        ]

    async def agents(self) -> Sequence[AgentRow]:
        return await self._rows(AgentRow, queries.everything(AgentRow))

    async def settings(self, begins: str) -> Sequence[SettingRow]:
        """Return the settings whose ids begin so, by id."""
        return await self._rows(SettingRow, queries.settings(), first=begins, behind=f"{begins}\U0010ffff")

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
        return await self._reading(lambda c: self._structure_problems(c) + checks.journal_problems(c))

    # ------------------------------------------------------------ what a database does in its own way

    @abstractmethod
    def _found(self, words: Sequence[str]) -> Select[Any]:
        """Select the interactions with a message in which a word begins with each of `words`."""

    def _is_unaskable(self, error: Exception) -> bool:
        """Tell whether `error` says that the database can't even be asked for such a text: then it hasn't got it."""
        return isinstance(error, UnicodeEncodeError)

    @abstractmethod
    def _structure_problems(self, connection: Connection) -> list[str]:
        """Return what the database itself finds wrong."""

    # ------------------------------------------------------------ how reading is done

    async def _one(self, kind: type[R], *key: str) -> R | None:
        return await self._row(kind, queries.by_key(kind), **queries.key(kind, *key))

    async def _row(self, kind: type[R], query: Select[Any], **values: Any) -> R | None:
        rows = await self._rows(kind, query, **values)
        return rows[0] if rows else None

    async def _rows(self, kind: type[R], query: Select[Any], **values: Any) -> Sequence[R]:
        """Return what `query` selects; with `values`, its parameters, it is one that was put together before."""
        if not values:
            return await self._all(query, maker_of(kind))
        return await self._reading(lambda c: self._prepared_rows(c, query, kind, values))

    def _prepared_rows(
        self, connection: Connection, query: Select[Any], kind: type[R], values: Mapping[str, Any]
    ) -> list[R]:
        found = prepared(query, kind, self._engine.dialect)
        try:
            if found is not None:
                return found.rows(connection, values)
        except Exception:  # noqa: BLE001, S110 (whatever the driver said, SQLAlchemy knows what it means)
            pass
        return self._rows_of(connection, query, maker_of(kind), values)

    async def _first(self, query: Select[Any], make: Callable[[RowMapping], T]) -> T | None:
        rows = await self._all(query, make)
        return rows[0] if rows else None

    async def _all(self, query: Select[Any], make: Callable[[RowMapping], T], **values: Any) -> list[T]:
        return await self._reading(lambda c: self._rows_of(c, query, make, values))

    def _rows_of(
        self,
        connection: Connection,
        query: Select[Any],
        make: Callable[[RowMapping], T],
        values: Mapping[str, Any],
    ) -> list[T]:
        try:
            return [make(row) for row in connection.execute(query, values).mappings()]
        except (DBAPIError, UnicodeEncodeError) as error:
            if self._is_unaskable(error):
                return []
            raise

    async def _reading(self, read: Callable[[Connection], T]) -> T:
        return cast(T, await self._readers.ask(read))

    def _read_all(self, reads: Sequence[Callable[[Connection], object]]) -> Sequence[object]:
        """Return what each of `reads` returns, or the exception that it raises."""
        found: list[object] = []
        # Each that is left behind a fault is tried by itself, and tells its own.
        with suppress(Exception), self._engine.connect() as connection:
            for read in reads:
                found.append(self._read_on(connection, read))
        return [*found, *map(self._outcome, reads[len(found) :])]

    def _outcome(self, read: Callable[[Connection], object]) -> object:
        try:
            return self._read(read)
        except Exception as error:  # noqa: BLE001 (the asker hears of it, whatever it is)
            return error

    def _read(self, read: Callable[[Connection], T]) -> T:
        try:
            return self._read_once(read)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise _unreadable(error) from error.orig
        try:
            # The server was restarted, say, while the connection slept. Reading twice harms nobody.
            return self._read_once(read)
        except DBAPIError as error:
            raise _unreadable(error) from error.orig

    def _read_once(self, read: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return self._read_on(connection, read)

    def _read_on(self, connection: Connection, read: Callable[[Connection], T]) -> T:
        try:
            return read(connection)
        except DBAPIError:
            # A connection that has seen a fault is not used again.
            connection.invalidate()
            raise


def _unreadable(error: DBAPIError) -> TemporaryFailure:
    # Only the driver's own words: the statement's parameters are people's names and addresses.
    return TemporaryFailure(f"the database could not be read: {error.orig}")


def _entry(row: RowMapping) -> Entry:
    return Entry(*row.values())


def _counted(connection: Connection) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    for name, query in queries.counts().items():
        rows = connection.execute(query).all()
        by_state = len(query.selected_columns) == 2
        counted[name] = {row.state: row.rows for row in rows} if by_state else rows[0].rows
    return counted
