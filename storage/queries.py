"""What is read from the journal and the records, as SQLAlchemy Core selects that every database understands.

Those that every message needs are put together once and take their values as parameters: putting one together takes as
long as carrying it out.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, or_, select

from storage import tables
from storage.tables import TABLES, Kind, key_of
from vocabulary.instants import Instant

ENTRY_COLUMNS = ("seq", "at", "type", "v", "body", "interaction", "agent", "queue")

Query = Select[Any]


@cache
def by_key(kind: Kind) -> Query:
    """Select the row of `kind` whose key is given as parameters: `key_` and the column's name."""
    table = TABLES[kind]
    return select(table).where(*(table.c[name] == _given(f"key_{name}") for name in key_of(kind)))


def _given(name: str) -> BindParameter[Any]:
    return bindparam(name)


def key(kind: Kind, *parts: str) -> dict[str, str]:
    """Return the parameters of `by_key`."""
    return {f"key_{name}": part for name, part in zip(key_of(kind), parts, strict=True)}


def everything(kind: Kind) -> Query:
    """Select all rows of `kind`, by key."""
    table = TABLES[kind]
    return select(table).order_by(*(table.c[name] for name in key_of(kind)))


def fetched_uids(channel: str, folder: str, uidvalidity: int, from_uid: int) -> Query:
    """Select the UIDs of what is kept of a mailbox."""
    table = tables.fetched
    mailbox = (table.c.channel == channel, table.c.folder == folder, table.c.uidvalidity == uidvalidity)
    return select(table.c.uid).where(*mailbox, table.c.uid >= from_uid).order_by(table.c.uid)


def journal_end() -> Query:
    """Select the journal's last number and digest."""
    journal = tables.journal
    return select(journal.c.seq, journal.c.digest).order_by(journal.c.seq.desc()).limit(1)


def last_before(at: Instant) -> Query:
    """Select the number of the last entry that is older than `at`."""
    journal = tables.journal
    return select(journal.c.seq).where(journal.c.at < at).order_by(journal.c.at.desc(), journal.c.seq.desc()).limit(1)


def entries(after: int, limit: int, interaction: str | None = None, *, digests: bool = False) -> Query:
    """Select `limit` entries behind `after`, of `interaction` only if given."""
    journal = tables.journal
    columns = (*ENTRY_COLUMNS, "digest") if digests else ENTRY_COLUMNS
    query = select(*(journal.c[name] for name in columns)).where(journal.c.seq > after)
    if interaction is not None:
        query = query.where(journal.c.interaction == interaction)
    return query.order_by(journal.c.seq).limit(limit)


def entries_of(interactions: Sequence[str], types: Sequence[str], since: Instant) -> Query:
    """Select the entries of these types about these interactions from `since` on, in their order."""
    columns = tables.journal.c
    query = select(*(columns[name] for name in ENTRY_COLUMNS)).where(columns.interaction.in_(interactions))
    return query.where(columns.type.in_(types), columns.at >= since).order_by(columns.seq)


def interactions_of(ids: Sequence[str]) -> Query:
    """Select the interactions with these ids."""
    return select(tables.interactions).where(tables.interactions.c.id.in_(ids))


def newest_checkpoint() -> Query:
    """Select the newest checkpoint's number and body."""
    checkpoints = tables.checkpoints
    return select(checkpoints.c.seq, checkpoints.c.body).order_by(checkpoints.c.seq.desc()).limit(1)


def interactions(
    *,
    state: Sequence[str],
    queue: str | None,
    agent: str | None,
    customer: str | Sequence[str] | None,
    medium: str | None,
    before: int | None,
    limit: int,
    found: Select[Any] | None,
) -> Query:
    """Select interactions, newest first. `found` selects ids of those in which the text occurs."""
    columns = tables.interactions.c
    query = select(tables.interactions).order_by(columns.number.desc()).limit(limit)
    if state:
        query = query.where(columns.state.in_(state))
    if customer is not None and not isinstance(customer, str):
        query, customer = query.where(columns.customer.in_(customer)), None
    narrowed = ((columns.queue, queue), (columns.agent, agent), (columns.customer, customer), (columns.medium, medium))
    for column, wanted in narrowed:
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(columns.number < before)
    return query if found is None else query.where(columns.id.in_(found))


@cache
def messages() -> Query:
    """Select `most` of the conversation `whole` behind message number `after`; without a number it is no part of it."""
    columns = tables.messages.c
    query = select(tables.messages).where(columns.interaction == _given("whole"), columns.number > _given("after"))
    return query.order_by(columns.number, columns.position).limit(_given("most"))


@cache
def known_message() -> Query:
    """Select the message that channel `where` knows by `external`, or that has the id `own`."""
    columns = tables.messages.c
    by_channel = and_(columns.channel == _given("where"), columns.external_id == _given("external"))
    return select(tables.messages).where(or_(by_channel, columns.id == _given("own")))


def latest_interactions(customers: Sequence[str]) -> Query:
    """Select the newest interaction of each of `customers` that has any."""
    columns = tables.interactions.c
    newest = select(columns.customer, func.max(columns.number).label("number")).where(columns.customer.in_(customers))
    latest = newest.group_by(columns.customer).subquery()
    both = and_(columns.customer == latest.c.customer, columns.number == latest.c.number)
    return select(tables.interactions).join(latest, both)


def first_messages(interactions: Sequence[str]) -> Query:
    """Select the first message of each conversation of `interactions` that has any."""
    columns = tables.messages.c
    lowest = select(columns.interaction, func.min(columns.number).label("number"))
    first = lowest.where(columns.interaction.in_(interactions)).group_by(columns.interaction).subquery()
    both = and_(columns.interaction == first.c.interaction, columns.number == first.c.number)
    return select(tables.messages).join(first, both)


def messages_by_message_id(ids: Sequence[str]) -> tuple[Query, dict[str, str]]:
    """Select the messages with one of at least one `ids`, oldest first; return that with its parameters.

    The query is the same for nearly as many, so that its text is known: what is too much asks for the last one again.
    """
    places = 1 << (len(ids) - 1).bit_length()
    return _messages_with(places), {f"named_{place}": ids[min(place, len(ids) - 1)] for place in range(places)}


@cache
def _messages_with(places: int) -> Query:
    columns = tables.messages.c
    named = [_given(f"named_{place}") for place in range(places)]
    return select(tables.messages).where(columns.message_id.in_(named)).order_by(columns.at, columns.position)


@cache
def attachments() -> Query:
    """Select the attachments of message `whole`."""
    columns = tables.attachments.c
    return select(tables.attachments).where(columns.message == _given("whole")).order_by(columns.id)


def received(state: str, limit: int) -> Query:
    """Select what came in and is in `state`, oldest first."""
    columns = tables.received.c
    return select(tables.received).where(columns.state == state).order_by(columns.at, columns.id).limit(limit)


@cache
def customer_by_identity() -> Query:
    """Select the customer who is known by `what` of kind `sort`."""
    joined = tables.customers.join(tables.identities)
    columns = tables.identities.c
    known = select(tables.customers).select_from(joined)
    return known.where(columns.kind == _given("sort"), columns.value == _given("what"))


@cache
def identities() -> Query:
    """Select what customer `whole` is known by."""
    columns = tables.identities.c
    whose = columns.customer == _given("whole")
    return select(tables.identities).where(whose).order_by(columns.kind, columns.value)


@cache
def settings() -> Query:
    """Select the settings from `first` on, up to `behind`."""
    columns = tables.settings.c
    between = (columns.id >= _given("first"), columns.id < _given("behind"))
    return select(tables.settings).where(*between).order_by(columns.id)


@cache
def merges() -> Query:
    """Select what is known of one of the customers `named` being somebody else too."""
    columns = tables.merges.c
    either = or_(
        columns.customer.in_(bindparam("named", expanding=True)), columns.into.in_(bindparam("named", expanding=True))
    )
    return select(tables.merges).where(either).order_by(columns.at, columns.id)


@cache
def merges_of() -> Query:
    """Select the same of the one customer `who`."""
    columns = tables.merges.c
    either = or_(columns.customer == _given("who"), columns.into == _given("who"))
    return select(tables.merges).where(either).order_by(columns.at, columns.id)


def outbox(states: Sequence[str], due_before: Instant | None, limit: int) -> Query:
    """Select what is to be done outside, first due first; due at `due_before` itself counts."""
    columns = tables.outbox.c
    query = select(tables.outbox).where(columns.state.in_(states))
    if due_before is not None:
        query = query.where(columns.due_at <= due_before)
    return query.order_by(columns.due_at, columns.created_at, columns.id).limit(limit)


def bulk_answers(limit: int) -> Query:
    """Select the latest answers for many, newest first."""
    columns = tables.bulk_answers.c
    return select(tables.bulk_answers).order_by(columns.at.desc(), columns.id.desc()).limit(limit)


@cache
def bulk_members() -> Query:
    """Select who got the answer `whole`, the first first."""
    columns = tables.bulk_members.c
    whole = columns.bulk == _given("whole")
    return select(tables.bulk_members).where(whole).order_by(columns.at, columns.interaction)


def user_by_login(login: str) -> Query:
    """Select the user with this login."""
    return select(tables.users).where(tables.users.c.login == login)


def counts() -> dict[str, Query]:
    """Select, for each table by name, how many rows it has: (rows, state) where it has states, else (rows,)."""
    return {table.name: _count(table.c.get("state"), table.c[0]) for table in tables.metadata.sorted_tables}


def _count(state: ColumnElement[str] | None, key: ColumnElement[Any]) -> Query:
    query: Query = select(func.count(key).label("rows"))
    return query if state is None else query.add_columns(state).group_by(state).order_by(state)
