"""What customers are worth, calculated over all of them: read, worked out in a process of its own, written down."""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import structlog

from app.children import BrokeOff, done_by_child
from app.engine import Engine
from app.purchasing import CHANGED
from customers.churn import FEATURES, Examples, Labels, add_customer
from customers.merging import as_one, heads
from customers.purchases import digits_of
from customers.standing import Definition, Worth, alone_again, facts, segments_of
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import CustomerId
from vocabulary.instants import DAY, MINUTE, SECOND, Instant, Span
from vocabulary.records import (
    Bought,
    Change,
    Contact,
    CustomerRow,
    PurchaseRow,
    Put,
    PutNew,
    Set,
    SettingRow,
    StandingRow,
    is_erased,
)
from vocabulary.stores import Store

log = structlog.get_logger()

REPORT = "segment_report"
"""The row in which the last report is kept."""
PAGE = 1_000
"""Customers at once: what is admitted meanwhile waits for no longer than these take."""
CALCULATING_S = 1_800
AFTER_IMPORT: Span = 2 * MINUTE
"""So long after the last purchase came: an import goes on for a while, and is not calculated for each of its parts."""
AHEAD: Span = 90 * DAY
"""The time that is held out to see how good the estimates are."""
REMEMBERED: Span = 5 * 365 * DAY


Heads = Mapping[CustomerId, CustomerId]
"""Of everybody who was merged, the id that the person goes by."""


class Counting(msgspec.Struct, frozen=True, kw_only=True):
    """How purchases are counted: `rates` of other currencies, spans in ms, `discount` a year."""

    currency: str = "EUR"
    rates: Mapping[str, float] = {}
    within: Span = 365 * DAY
    horizon: Span = 365 * DAY
    discount: float = 0.1
    every: Span = DAY
    labels: Labels = Labels()


class Buyers(msgspec.Struct):
    """All who ever bought, by id: what they bought, a row each."""

    ids: list[CustomerId] = []
    rows: list[tuple[float, ...]] = []
    spans: dict[CustomerId, tuple[Instant, Instant]] = {}
    unrated: set[str] = set()
    columns: tuple[str, ...] = (
        "repeats", "last", "age", "repeats_before", "last_before", "age_before", "mean", "spent", "orders",
    )  # fmt: skip


class Segmenting:
    """Calculates the segments of one site. `run` does so in the background."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        definitions: Sequence[Definition],
        counting: Counting,
        inline: bool = False,
    ) -> None:
        """`inline`: within this process, where there may be no other."""
        self._engine = engine
        self._store = store
        self._definitions = definitions
        self._counting = counting
        self._inline = inline
        self._turn = asyncio.Lock()
        self._money = {
            code: rate / 10 ** digits_of(code) for code, rate in {**counting.rates, counting.currency: 1.0}.items()
        }

    async def run(self) -> None:
        """Calculate as often as is configured, and after imports; cancel to stop."""
        while True:
            await self._engine.clock.sleep(AFTER_IMPORT)
            try:
                await self.calculate_if_due()
            except (TemporaryFailure, PermanentFailure) as failure:
                log.warning("segments_wait", reason=str(failure))

    async def calculate_if_due(self) -> bool:
        """Calculate if an import is over, or the last calculation is as old as is configured; tell whether it was."""
        due = await self._is_due()
        if due:
            await self.calculate()
        return due

    async def _is_due(self) -> bool:
        report, changed = await self.report(), await self._store.setting(CHANGED)
        now = self._engine.clock.now()
        last = report["at"] if report is not None else None
        came = msgspec.json.decode(changed.body) if changed is not None else None
        if came is not None and (last is None or came > last) and now - came >= AFTER_IMPORT:
            return True
        return bool(self._definitions) and (last is None or now - last >= self._counting.every)

    async def report(self) -> dict[str, Any] | None:
        """Return the report of the last calculation, None if there was none."""
        row = await self._store.setting(REPORT)
        return msgspec.json.decode(row.body) if row is not None else None

    async def calculate(self) -> dict[str, Any] | None:
        """Calculate everybody's segments and return the report; None if that is going on already.

        Raises:
            TemporaryFailure: the store failed; what was written stays, and the next calculation goes on.
            PermanentFailure: it can't be worked out; the message says why.
        """
        if self._turn.locked():
            return None
        async with self._turn:
            began = now = self._engine.clock.now()
            one = heads(await self._store.merged())
            buyers, examples = await self._buyers(now, one), await self._examples(now, one)
            results, report = await self._worked_out(_given(buyers, examples, self._counting))
            worth = _worths(buyers, examples, results)
            counts = await self._write(worth, one, now)
            seconds = (self._engine.clock.now() - began) / SECOND
            told = {"at": now, "seconds": seconds, "buyers": len(buyers.ids), **counts, **report}
            told["unrated"] = sorted(buyers.unrated)
            await self._engine.write(Put(SettingRow(id=REPORT, body=msgspec.json.encode(told))))
            log.info("segments_calculated", seconds=seconds, buyers=len(buyers.ids), changed=counts["changed"])
            return told

    # -- what is known

    async def _buyers(self, now: Instant, one: Heads) -> Buyers:
        """Return all who bought; who was merged is one buyer."""
        found, after = Buyers(), ""
        joined: dict[CustomerId, list[Bought]] = {}
        since, cut = now - self._counting.within, now - AHEAD
        while rows := await self._store.bought(after=after, since=since, cut=cut, customers=PAGE):
            for his in _by_customer(rows):
                head = one.get(his[0].customer)
                if head is None:
                    self._add(found, his, now, cut)
                else:
                    joined.setdefault(head, []).extend(his)
            after = rows[-1].customer
        for head, his in joined.items():
            self._add(found, [msgspec.structs.replace(row, customer=head) for row in his], now, cut)
        return found

    def _add(self, buyers: Buyers, all_of_his: Sequence[Bought], now: Instant, cut: Instant) -> None:
        """Put a customer's purchases into `buyers`; those without a rate don't count, nor money that only went back."""
        buyers.unrated.update(row.currency for row in all_of_his if row.currency not in self._money)
        rated = [row for row in all_of_his if row.currency in self._money]
        paid = [row for row in rated if row.first_at is not None and row.last_at is not None]
        if not paid:
            return
        first = min(row.first_at for row in paid if row.first_at is not None)
        last = max(row.last_at for row in paid if row.last_at is not None)
        days, early = sum(row.days for row in paid), sum(row.days_before for row in paid)
        before = max((row.last_before for row in paid if row.last_before is not None), default=first)
        amount = sum(row.amount * self._money[row.currency] for row in rated)
        customer = paid[0].customer
        buyers.ids.append(customer)
        buyers.spans[customer] = (first, last)
        buyers.rows.append(
            (
                *_history(days, first, last, now),
                *_history(early, first, before, cut),
                amount / days,
                sum(row.amount_since * self._money[row.currency] for row in rated),
                sum(row.orders_since for row in rated),
            )
        )

    async def _examples(self, now: Instant, one: Heads) -> Examples:
        """Return what contracts teach, and what is asked of those that run."""
        found, after = Examples(), ""
        joined: dict[CustomerId, tuple[list[PurchaseRow], list[Contact]]] = {}
        while rows := await self._store.contracts(after=after, limit=PAGE):
            people = list(dict.fromkeys(row.customer for row in rows))
            contacts: dict[str, list[Contact]] = {}
            for contact in await self._store.contacts(people, now - REMEMBERED):
                contacts.setdefault(contact.customer, []).append(contact)
            his: dict[str, list[PurchaseRow]] = {}
            for row in rows:
                his.setdefault(row.customer, []).append(row)
            for customer, contracts in his.items():
                about, head = contacts.get(customer, []), one.get(customer)
                if head is None:
                    add_customer(found, contracts, about, self._counting.labels, self._money, now)
                else:
                    held = joined.setdefault(head, ([], []))
                    held[0].extend(msgspec.structs.replace(row, customer=head) for row in contracts)
                    held[1].extend(about)
            after = rows[-1].customer
        for contracts, about in joined.values():
            contracts.sort(key=lambda row: (row.contract_end or 0, row.id))
            about.sort(key=lambda contact: contact.at)
            add_customer(found, contracts, about, self._counting.labels, self._money, now)
        return found

    async def _worked_out(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        if self._inline:
            from classifiers.worth import worked_out

            return worked_out(given)
        with tempfile.TemporaryDirectory(prefix="centrala-worth-") as folder:
            source, target = Path(folder) / "given.npz", Path(folder) / "found.npz"
            await asyncio.to_thread(lambda: np.savez(source, **given))
            try:
                await done_by_child("classifiers.worth", str(source), str(target), seconds=CALCULATING_S)
            except BrokeOff as failure:
                # The same numbers would break it again.
                raise PermanentFailure(f"the calculation failed: {failure.told}") from failure
            return await asyncio.to_thread(_read, target)

    # -- what follows

    async def _write(self, worth: Mapping[CustomerId, Worth], one: Heads, now: Instant) -> dict[str, Any]:
        """Write down what has changed, and return how many customers are what. A person's stands with his first row."""
        counts: dict[str, Any] = {"customers": 0, "changed": 0, "own": 0, "segments": {}}
        after: str | None = None
        while rows := await self._store.customers(after=after, limit=PAGE):
            kept = {row.id: row for row in await self._store.standings([row.id for row in rows])}
            changes: list[Change] = []
            for row in rows:
                if is_erased(row):
                    continue
                head = one.get(row.id, row.id)
                if head != row.id:
                    # What was calculated of him before he was merged counts with the person now.
                    if row.id in kept:
                        changes += alone_again(row, kept[row.id], calculated_together=True, now=now)
                    continue
                whole, own = row, kept[row.id].own if row.id in kept else row.segment
                if row.id in one:
                    whole, own = await self._person(row.id, own)
                changes += self._changes(row, whole.attributes, own, kept.get(row.id), worth.get(row.id), now, counts)
            if changes:
                await self._engine.write(*changes)
            after = rows[-1].id
        return counts

    async def _person(self, head: CustomerId, own: str | None) -> tuple[CustomerRow, str | None]:
        """Return a person of several rows as one, and the segment that staff have set for one of them."""
        rows = await self._store.person(head)
        others = await self._store.standings([row.id for row in rows[1:]])
        return as_one(rows), own or next((each.own for each in others if each.own is not None), None)

    def _changes(
        self,
        row: CustomerRow,
        attributes: Mapping[str, Any],
        own: str | None,
        kept: StandingRow | None,
        worth: Worth | None,
        now: Instant,
        counts: dict[str, Any],
    ) -> Iterator[Change]:
        found = segments_of(worth or Worth(), attributes, self._definitions, self._counting.within, now)
        names = tuple(one.segment for one in found)
        told = facts(worth, found, self._counting.currency) if worth is not None else _only_reasons(found)
        effective = own or next(iter(names), None)
        counts["customers"] += 1
        counts["own"] += own is not None
        for name in {*names, *((own,) if own else ())}:
            counts["segments"][name] = counts["segments"].get(name, 0) + 1
        if kept is None or (kept.segments, kept.facts) != (names, told):
            if kept is None and not told and own is None:
                return
            counts["changed"] += kept is None or kept.segments != names
            if kept is None:
                yield PutNew(StandingRow(id=row.id, at=now, own=row.segment))
            yield Set(StandingRow, row.id, {"at": now, "segments": names, "facts": told})
        if effective != row.segment:
            # What staff say meanwhile stands.
            yield Set(CustomerRow, row.id, {"segment": effective}, {"segment": row.segment})


def _only_reasons(found: Sequence[Any]) -> dict[str, Any]:
    """Return the facts of somebody who never bought."""
    reasons = [{"segment": one.segment, "reasons": list(one.reasons)} for one in found]
    return {"reasons": reasons} if reasons else {}


def _by_customer(rows: Sequence[Bought]) -> Iterator[list[Bought]]:
    some: list[Bought] = []
    for row in rows:
        if some and some[-1].customer != row.customer:
            yield some
            some = []
        some.append(row)
    yield some


def _history(days: int, first: Instant, last: Instant, now: Instant) -> tuple[float, float, float]:
    """Return repeats, and last and age in days; age is below 0 for who came later than `now`."""
    if not days or first >= now:
        return 0.0, 0.0, -1.0
    repeats = days - 1
    # Purchases of one day are one: then nothing lies between the first and the last.
    return float(repeats), max(0.0, (last - first) / DAY) if repeats else 0.0, (now - first) / DAY


def _given(buyers: Buyers, examples: Examples, counting: Counting) -> dict[str, Any]:
    """Return the arrays that are worked on."""
    table = np.array(buyers.rows, dtype=np.float64).reshape(-1, len(buyers.columns))
    width = len(FEATURES)
    return {
        **{name: table[:, place].copy() for place, name in enumerate(buyers.columns)},
        "ahead_before": np.array(AHEAD / DAY),
        "horizon": np.array(counting.horizon / DAY),
        "discount": np.array(counting.discount),
        "known": np.array(examples.known, dtype=np.float64).reshape(-1, width),
        "left": np.array(examples.left, dtype=np.int64),
        "whose": np.array(examples.whose, dtype=np.int64),
        "asked": np.array(examples.asked, dtype=np.float64).reshape(-1, width),
    }


def _worths(buyers: Buyers, examples: Examples, results: Mapping[str, Any]) -> dict[CustomerId, Worth]:
    """Return what each buyer is worth."""
    columns = {name: results[name].tolist() for name in results}
    spent = [row[buyers.columns.index("spent")] for row in buyers.rows]
    orders = [row[buyers.columns.index("orders")] for row in buyers.rows]
    contract = dict(zip(examples.about, columns["churn"], strict=False)) | dict.fromkeys(examples.gone, 1.0)
    known_alive, known_value = bool(columns["alive"]), bool(columns["value"])
    found = {}
    for place, customer in enumerate(buyers.ids):
        runs = customer in contract or customer in examples.ends
        first, last = buyers.spans[customer]
        churn = contract.get(customer) if runs else (1 - columns["alive"][place] if known_alive else None)
        found[customer] = Worth(
            orders=int(orders[place]),
            spent=spent[place],
            place=columns["spent_place"][place],
            before=columns["spent_before"][place],
            of=len(buyers.ids),
            value=columns["value"][place] if known_value else None,
            value_place=columns["value_place"][place] if known_value else 0,
            value_before=columns["value_before"][place] if known_value else 1.0,
            churn=churn,
            contract=runs,
            contract_end=examples.ends.get(customer),
            first_at=first,
            last_at=last,
            recency=columns["recency"][place],
            frequency=columns["frequency"][place],
            monetary=columns["monetary"][place],
        )
    return found


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with np.load(path, allow_pickle=False) as file:
        results = {name: file[name] for name in file.files}
    return results, json.loads(str(results.pop("report")))
