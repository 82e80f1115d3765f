"""What is read of purchases, and of what customers are worth."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import RowMapping, case, func, or_, select, tuple_

from queues.interaction import Heads
from storage import tables
from storage.reads import Reads, portions
from vocabulary.instants import DAY, Instant
from vocabulary.records import Bought, Contact, MergeRow, PurchaseRow, StandingRow


class WorthReads(Reads):
    """Part of a store. Every call may raise TemporaryFailure."""

    async def standing(self, customer: str) -> StandingRow | None:
        """Return what is known of the customer's worth."""
        return await self._one(StandingRow, customer)

    async def standings(self, customers: Sequence[str]) -> Sequence[StandingRow]:
        """Return what is known of these customers' worth, by id."""
        columns = tables.standings.c
        found: list[StandingRow] = []
        for some in portions(customers):
            query = select(tables.standings).where(columns.id.in_(some)).order_by(columns.id)
            found += await self._made(StandingRow, query)
        return found

    async def purchases(
        self, customer: str, *, before: tuple[Instant, str] | None = None, limit: int = 50
    ) -> Sequence[PurchaseRow]:
        """Return what `customer` bought, the latest first; `before`: behind the row of that instant and id."""
        columns = tables.purchases.c
        query = select(tables.purchases).where(columns.customer == customer)
        if before is not None:
            at, id = before
            query = query.where(or_(columns.at < at, (columns.at == at) & (columns.id < id)))
        query = query.order_by(columns.at.desc(), columns.id.desc()).limit(limit)
        return await self._made(PurchaseRow, query)

    async def purchases_named(self, ids: Sequence[str]) -> Sequence[PurchaseRow]:
        """Return the purchases with these ids."""
        found: list[PurchaseRow] = []
        for some in portions(ids):
            query = select(tables.purchases).where(tables.purchases.c.id.in_(some))
            found += await self._made(PurchaseRow, query)
        return found

    async def identified(self, known: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the customers whom these (kind, value) belong to."""
        columns = tables.identities.c
        found: dict[tuple[str, str], str] = {}
        for some in portions(known):
            query = select(tables.identities).where(tuple_(columns.kind, columns.value).in_(some))
            found.update(await self._all(query, lambda row: ((row["kind"], row["value"]), str(row["customer"]))))
        return found

    async def bought(self, *, after: str, since: Instant, cut: Instant, customers: int) -> Sequence[Bought]:
        """Return what up to so many `customers` bought, by their ids, those behind `after`."""
        columns = tables.purchases.c
        who = select(columns.customer).where(columns.customer > after).distinct()
        ids = await self._all(who.order_by(columns.customer).limit(customers), lambda row: str(row["customer"]))
        if not ids:
            return []
        paid, lately, early = columns.amount > 0, columns.at >= since, columns.at < cut
        query = select(
            columns.customer,
            columns.currency,
            # Two purchases of one day are one occasion; days are UTC's.
            func.count(case((paid, columns.at // DAY)).distinct()).label("days"),
            func.count(case((paid, 1))).label("orders"),
            func.min(case((paid, columns.at))).label("first_at"),
            func.max(case((paid, columns.at))).label("last_at"),
            func.sum(columns.amount).label("amount"),
            func.coalesce(func.sum(case((lately, columns.amount))), 0).label("amount_since"),
            func.count(case((paid & lately, 1))).label("orders_since"),
            func.count(case((paid & early, columns.at // DAY)).distinct()).label("days_before"),
            func.max(case((paid & early, columns.at))).label("last_before"),
        ).where(columns.customer >= ids[0], columns.customer <= ids[-1])
        grouped = query.group_by(columns.customer, columns.currency).order_by(columns.customer, columns.currency)
        return await self._all(grouped, _bought)

    async def contracts(self, *, after: str, limit: int) -> Sequence[PurchaseRow]:
        """Return purchases that run until some day of up to `limit` customers, by customer and end."""
        columns = tables.purchases.c
        runs = columns.contract_end.is_not(None)
        who = select(columns.customer).where(runs, columns.customer > after).distinct()
        ids = await self._all(who.order_by(columns.customer).limit(limit), lambda row: str(row["customer"]))
        if not ids:
            return []
        query = select(tables.purchases).where(runs, columns.customer >= ids[0], columns.customer <= ids[-1])
        ordered = query.order_by(columns.customer, columns.contract_end, columns.id)
        return await self._made(PurchaseRow, ordered)

    async def merged(self) -> Sequence[MergeRow]:
        """Return all merges that hold."""
        query = select(tables.merges).where(tables.merges.c.state == "merged").order_by(tables.merges.c.id)
        return await self._made(MergeRow, query)

    async def contacts(self, customers: Sequence[str], since: Instant) -> Sequence[Contact]:
        """Return when these customers began interactions, and what about."""
        columns = tables.interactions.c
        found: list[Contact] = []
        for some in portions(customers):
            query = select(columns.customer, columns.created_at, columns.label, columns.body)
            query = query.where(columns.customer.in_(some), columns.created_at >= since)
            ordered = query.order_by(columns.customer, columns.created_at)
            found += await self._all(ordered, _contact)
        return found


class _Aside(msgspec.Struct, frozen=True):
    """What stands aside in the body of an interaction, as far as it is asked for here."""

    heads: Heads | None = None


class _Body(msgspec.Struct, frozen=True):
    seldom: _Aside = _Aside()


_body_of = msgspec.json.Decoder(_Body)


def _contact(row: RowMapping) -> Contact:
    heads = _body_of.decode(row["body"]).seldom.heads
    mood = heads.sentiment.name if heads is not None and heads.sentiment is not None else None
    return Contact(row["customer"], int(row["created_at"]), row["label"], mood)


def _bought(row: RowMapping) -> Bought:
    # PostgreSQL sums whole numbers up to a numeric.
    sums = {name: int(row[name]) for name in ("amount", "amount_since")}
    return Bought(**{name: sums.get(name, row[name]) for name in Bought.__struct_fields__})
