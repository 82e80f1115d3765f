"""What is read from the records about one person, about what could not be processed, and in pages about everybody."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, bindparam, func, or_, select

from customers.merging import group
from storage import queries, tables
from storage.knowledge_reads import KnowledgeReads
from storage.mapping import maker_of
from storage.reads import bare, portions
from vocabulary.instants import Instant
from vocabulary.records import (
    AuditRow,
    CustomerRow,
    ErasureRow,
    IdempotencyRow,
    IdentityRow,
    InteractionRow,
    MergeRow,
    MessageRow,
    OutboxRow,
    ReceivedHead,
    ReceivedRow,
    SessionRow,
    TrainingRow,
    UploadRow,
)

HEAD_MAX = 256 * 1024
"""So much of the beginning of something that came in tells whom it is from, and about what."""


class SubjectReads(KnowledgeReads):
    """Part of a store: what exports, erasures and the quarantine read. Every call may raise TemporaryFailure."""

    # ------------------------------------------------------------ what came in

    async def received_row(self, id: str) -> ReceivedRow | None:
        """Return the raw bytes with that id."""
        return await self._one(ReceivedRow, id)

    async def received_tried(self, *, limit: int = 100) -> Sequence[ReceivedRow]:
        """Return what is still to be processed though it was tried before, oldest first."""
        columns = tables.received.c
        query = select(tables.received).where(columns.state == "received", columns.attempts > 0)
        return await self._made(ReceivedRow, query.order_by(columns.at, columns.id).limit(limit))

    async def received_states(self, ids: Sequence[str]) -> dict[str, str]:
        """Return what has become of the raw bytes with these ids; one that is left out never came in."""
        return dict(await self._all(_states(), lambda row: (str(row["id"]), str(row["state"])), named=list(ids)))

    async def received_page(
        self, *, states: Sequence[str], before: tuple[Instant, str] | None = None, limit: int = 50
    ) -> Sequence[ReceivedHead]:
        """Return what is in one of `states`, newest first; `before`: behind the row of that instant and id."""
        columns = tables.received.c
        query = _heads().where(columns.state.in_(states))
        if before is not None:
            at, id = before
            query = query.where(or_(columns.at < at, (columns.at == at) & (columns.id < id)))
        return await self._all(query.order_by(columns.at.desc(), columns.id.desc()).limit(limit), _head)

    async def received_of(self, interaction: str) -> Sequence[ReceivedHead]:
        """Return what became part of `interaction`, oldest first."""
        columns = tables.received.c
        query = _heads().where(columns.interaction == interaction)
        return await self._all(query.order_by(columns.at, columns.id), _head)

    async def received_count(self, state: str) -> int:
        """Return how much that came in is in `state`."""
        query = select(func.count().label("rows")).where(tables.received.c.state == state)
        return (await self._all(query, lambda row: int(row["rows"])))[0]

    async def received_counts(self) -> dict[str, int]:
        """Return how much came in, by state."""
        columns = tables.received.c
        query = select(columns.state, func.count().label("rows")).group_by(columns.state)
        return dict(await self._all(query, lambda row: (str(row["state"]), int(row["rows"]))))

    # ------------------------------------------------------------ people

    async def customers(
        self, *, q: str | None = None, after: str | None = None, limit: int = 50
    ) -> Sequence[CustomerRow]:
        """Return customers by id, those behind `after`. `q`: it occurs in the name, or is an identity of his."""
        columns, known = tables.customers.c, tables.identities.c
        query = select(tables.customers).order_by(columns.id).limit(limit)
        if q is not None:
            folded = q.strip().casefold()
            named = func.lower(columns.name).contains(folded, autoescape=True)
            identified = columns.id.in_(select(known.customer).where(known.value.in_({q.strip(), folded})))
            query = query.where(or_(named, identified))
        if after is not None:
            query = query.where(columns.id > after)
        return await self._made(CustomerRow, query)

    async def customers_by_traits(
        self, *, birth_dates: Sequence[str] = (), postcodes: Sequence[str] = (), limit: int = 200
    ) -> Sequence[CustomerRow]:
        """Return customers with one of these dates of birth, or one of these postcodes."""
        columns = tables.customers.c
        either = or_(columns.birth_date.in_(birth_dates), columns.postcode.in_(postcodes))
        return await self._made(CustomerRow, select(tables.customers).where(either).order_by(columns.id).limit(limit))

    # ------------------------------------------------------------ who is one person

    async def merges(self, customers: Sequence[str]) -> Sequence[MergeRow]:
        """Return what is known of any of `customers` being somebody else too, whatever became of it."""
        return [row for some in portions(customers) for row in await self._rows(MergeRow, queries.merges(), named=some)]

    async def _merges_around(self, found: list[MergeRow], looked: set[str]) -> list[MergeRow]:
        """Return `found`, what is known of `looked`, and the same of all whom that reaches."""
        while beside := {each for row in found if row.state == "merged" for each in (row.customer, row.into)} - looked:
            found = [*found, *await self.merges(sorted(beside))]
            looked = looked | beside
        return found

    async def merge(self, id: str) -> MergeRow | None:
        """Return what is known of two customers being one."""
        return await self._one(MergeRow, id)

    async def group(self, customer: str) -> tuple[str, ...]:
        """Return the ids of all who are one person with `customer`, first the one that they go by."""
        own = await self._rows(MergeRow, queries.merges_of(), who=customer)
        return group(customer, await self._merges_around([*own], {customer}))

    async def person(self, customer: str) -> Sequence[CustomerRow]:
        """Return the rows of that group, in its order; nothing if there is no such customer."""
        ids = await self.group(customer)
        if len(ids) == 1:
            row = await self._one(CustomerRow, customer)
            return [row] if row is not None else []
        columns = tables.customers.c
        rows = await self._made(CustomerRow, select(tables.customers).where(columns.id.in_(ids)))
        return sorted(rows, key=lambda row: ids.index(row.id))

    async def people(self, customers: Sequence[str]) -> dict[str, Sequence[CustomerRow]]:
        """Return the same for each of `customers`, in a few reads for all of them; who isn't there is left out."""
        merges = await self._merges_around([*await self.merges(sorted(set(customers)))], set(customers))
        groups = {id: group(id, merges) for id in customers}
        columns, rows = tables.customers.c, dict[str, CustomerRow]()
        for some in portions(sorted({id for ids in groups.values() for id in ids})):
            found = await self._made(CustomerRow, select(tables.customers).where(columns.id.in_(some)))
            rows.update((row.id, row) for row in found)
        return {id: [rows[each] for each in ids if each in rows] for id, ids in groups.items() if id in rows}

    async def identities_of(self, customers: Sequence[str]) -> Sequence[IdentityRow]:
        """Return what each of `customers` is known by."""
        columns, found = tables.identities.c, list[IdentityRow]()
        for some in portions(customers):
            query = select(tables.identities).where(columns.customer.in_(some)).order_by(columns.kind, columns.value)
            found += await self._made(IdentityRow, query)
        return found

    async def latest_interactions(self, customers: Sequence[str]) -> Sequence[InteractionRow]:
        """Return the newest interaction of each of `customers` that has any, in no order."""
        return [
            row
            for some in portions(customers)
            for row in await self._made(InteractionRow, queries.latest_interactions(some))
        ]

    async def first_messages(self, interactions: Sequence[str]) -> Sequence[MessageRow]:
        """Return the first message of each of `interactions` that has any, in no order."""
        return [
            row for some in portions(interactions) for row in await self._made(MessageRow, queries.first_messages(some))
        ]

    async def person_identities(self, customer: str) -> Sequence[IdentityRow]:
        """Return what the person is known by: first what `customer` himself is."""
        ids = await self.group(customer)
        if len(ids) == 1:
            return await self._rows(IdentityRow, queries.identities(), whole=customer)
        return sorted(await self.identities_of(ids), key=lambda row: row.customer != customer)

    async def identities_among(self, kind: str, values: Sequence[str]) -> Sequence[IdentityRow]:
        """Return the identities of that kind with one of `values`."""
        columns = tables.identities.c
        found: list[IdentityRow] = []
        for some in portions(values):
            query = select(tables.identities).where(columns.kind == kind, columns.value.in_(some))
            found += await self._made(IdentityRow, query.order_by(columns.value))
        return found

    async def customer_count(self) -> int:
        """Return how many customers there are."""
        query = select(func.count().label("rows")).select_from(tables.customers)
        return (await self._all(query, lambda row: int(row["rows"])))[0]

    async def all_messages(self, interaction: str) -> Sequence[MessageRow]:
        """Return every message and note of `interaction`, those without a number too."""
        columns = tables.messages.c
        query = select(tables.messages).where(columns.interaction == interaction)
        return await self._made(MessageRow, query.order_by(columns.position))

    async def attachment_ids(self, message: str) -> Sequence[str]:
        """Return the ids of the message's files."""
        columns = tables.attachments.c
        query = select(columns.id).where(columns.message == message).order_by(columns.id)
        return await self._all(query, lambda row: str(row["id"]))

    async def messages_from(self, addresses: Sequence[str]) -> Sequence[MessageRow]:
        """Return the messages that came from one of `addresses` (in lower case), whatever interaction they are in."""
        columns = tables.messages.c
        found: list[MessageRow] = []
        for some in portions(addresses):
            query = select(tables.messages).where(func.lower(columns.sender_address).in_(some))
            found += await self._made(MessageRow, query.order_by(columns.position))
        return found

    async def upload(self, id: str) -> UploadRow | None:
        """Return a file that waits for its message."""
        return await self._one(UploadRow, id)

    async def uploads(self, *, interaction: str | None = None, by: str | None = None) -> Sequence[UploadRow]:
        """Return the files that wait for a message, oldest first, each without its bytes."""
        columns = tables.uploads.c
        query = bare(tables.uploads, tables.uploads.c.content)
        if interaction is not None:
            query = query.where(columns.interaction == interaction)
        if by is not None:
            query = query.where(columns.by == by)
        return await self._made(UploadRow, query.order_by(columns.at, columns.id))

    async def outbox_of(self, interaction: str) -> Sequence[OutboxRow]:
        """Return what was to be done outside for `interaction`."""
        columns = tables.outbox.c
        query = select(tables.outbox).where(columns.interaction == interaction)
        return await self._made(OutboxRow, query.order_by(columns.created_at, columns.id))

    async def audit_of(self, targets: Sequence[str]) -> Sequence[AuditRow]:
        """Return the lines of the audit log about one of `targets`."""
        columns = tables.audit.c
        found: list[AuditRow] = []
        for some in portions(targets):
            query = select(tables.audit).where(columns.target.in_(some))
            found += await self._made(AuditRow, query.order_by(columns.at, columns.id))
        return found

    async def idempotent_answers(self, *, after: str = "", limit: int = 500) -> Sequence[IdempotencyRow]:
        """Return the answers that are kept for repetitions, by id, those behind `after`."""
        columns = tables.idempotency.c
        query = select(tables.idempotency).where(columns.id > after)
        return await self._made(IdempotencyRow, query.order_by(columns.id).limit(limit))

    async def older_than(
        self, kind: type[IdempotencyRow | SessionRow | UploadRow | TrainingRow], before: Instant, *, limit: int = 500
    ) -> Sequence[str]:
        """Return the ids of up to `limit` rows from before that instant, the oldest first."""
        columns = tables.TABLES[kind].c
        made = columns.created_at if kind is SessionRow else columns.at
        query = select(columns.id).where(made < before).order_by(made, columns.id).limit(limit)
        return await self._all(query, lambda row: str(row["id"]))

    # ------------------------------------------------------------ erasures

    async def erasure(self, customer: str) -> ErasureRow | None:
        """Return what is known of the erasure of `customer`."""
        found = await self._erasures(tables.erasures.c.id == customer)
        return found[0] if found else None

    async def erasures(self, *, state: str) -> Sequence[ErasureRow]:
        """Return the erasures in `state`, oldest first."""
        return await self._erasures(tables.erasures.c.state == state)

    async def _erasures(self, which: ColumnElement[bool]) -> Sequence[ErasureRow]:
        columns = tables.erasures.c
        return await self._made(ErasureRow, select(tables.erasures).where(which).order_by(columns.at, columns.id))


def _heads() -> Select[Any]:
    """Select the beginnings of what came in: whole mails by the dozen would fill the memory."""
    raw = tables.received.c.raw
    rest = [column for column in tables.received.c if column is not raw]
    return select(*rest, func.substr(raw, 1, HEAD_MAX, type_=raw.type).label("raw"), func.length(raw).label("size"))


_received: Callable[[Any], ReceivedRow] = maker_of(ReceivedRow)


def _head(columns: RowMapping) -> ReceivedHead:
    # To SQLite, a part of nothing is NULL.
    whole = {**columns, "raw": columns["raw"] or b""}
    return ReceivedHead(_received(whole), int(columns["size"]))


@cache
def _states() -> Select[Any]:
    columns = tables.received.c
    return select(columns.id, columns.state).where(columns.id.in_(bindparam("named", expanding=True)))
