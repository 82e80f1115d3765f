"""Making customers one person, and taking it back: one row for each two, and a line in the audit log."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from app.engine import Engine
from app.keyed_lock import KeyedLock
from app.purchasing import worth_changed
from customers.evidence import Evidence
from customers.merging import merge_id
from customers.standing import alone_again
from router.decision import Refusal
from vocabulary.ids import CustomerId, derived_id
from vocabulary.instants import Instant
from vocabulary.records import AuditRow, Change, MergeRow, MergeState, Put, Remove, is_erased
from vocabulary.stores import Store

log = structlog.get_logger()

AUTOMATIC = "automatic"
"""Who did it where no person decided."""


class Merging:
    """Merges and parts the customers of one site."""

    def __init__(self, *, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._lock = KeyedLock()

    async def merge(self, id: CustomerId, into: CustomerId, by: str) -> Refusal | None:
        """Read the person of `id` as part of the person of `into` from now on, or say why not.

        What was known of the two when it was suggested stays with the merge.
        """
        async with self._lock.holding("merge"):
            one, other = await self._head(id), await self._head(into)
            if one is None or other is None:
                return _unknown(id if one is None else into)
            if one == other:
                return Refusal("conflict", "same_person", "These two are one person already.")
            found = await self._store.merge(merge_id(one, other))
            row = self._row(one, other, "merged", by)
            if found is not None:
                row = msgspec.structs.replace(
                    row, probability=found.probability, interaction=found.interaction, evidence=found.evidence
                )
            await self._write(row, "merge")
            return None

    async def unmerge(self, id: CustomerId, other: CustomerId | None, by: str) -> Refusal | None:
        """Part the two again: both are as if they had never been merged. Where they aren't, they are never to be.

        Without `other`: what `id` became part of; else who became part of it last.
        """
        async with self._lock.holding("merge"):
            if await self._head(id) is None:
                return _unknown(id)
            if other is not None and await self._head(other) is None:
                return _unknown(other)
            found = await self._between(id, other) if other is not None else await self._latest(id)
            if found is not None:
                undone = self._changed(found, "undone", by)
                await self._write(undone, "unmerge", *await self._worth_apart(id, found, undone.at))
            elif other is not None:
                await self._dismiss(id, other, by)
            else:
                return Refusal("conflict", "not_merged", "He was not merged with anybody.")
            return None

    async def _worth_apart(self, id: CustomerId, merge: MergeRow, now: Instant) -> list[Change]:
        """Return what takes from a person's first row what was calculated of all of him; it is calculated anew soon."""
        rows = await self._store.person(id)
        head, kept = rows[0], {row.id: row for row in await self._store.standings([row.id for row in rows])}
        own = kept.get(head.id)
        changes = [] if own is None else alone_again(head, own, calculated_together=own.at >= merge.at, now=now)
        if kept:
            changes.append(worth_changed(now))
        return changes

    # -- the rows

    async def _head(self, id: CustomerId) -> CustomerId | None:
        """Return the id that the person of `id` goes by; None if there is nobody, or he was erased."""
        row = await self._store.customer(id)
        return None if row is None or is_erased(row) else (await self._store.group(id))[0]

    async def _between(self, id: CustomerId, other: CustomerId) -> MergeRow | None:
        """Return the merge that keeps the two together; where others join them, the one nearest to `id`."""
        mine, theirs = await self._store.group(id), await self._store.group(other)
        if mine[0] != theirs[0]:
            return None
        held = [row for row in await self._store.merges([id, other]) if row.state == "merged"]
        direct = [row for row in held if {row.customer, row.into} == {id, other}]
        own = [row for row in held if row.customer in (id, other)]
        return next(iter([*direct, *own, *held]), None)

    async def _latest(self, id: CustomerId) -> MergeRow | None:
        held = [row for row in await self._store.merges([id]) if row.state == "merged"]
        return next((row for row in held if row.customer == id), held[-1] if held else None)

    async def _dismiss(self, id: CustomerId, other: CustomerId, by: str) -> None:
        one, two = (await self._store.group(id)), (await self._store.group(other))
        known = [
            row
            for row in await self._store.merges(one)
            if row.state == "suggested" and {row.customer, row.into} <= {*one, *two}
        ]
        rows = [self._changed(row, "dismissed", by) for row in known] or [self._row(id, other, "dismissed", by)]
        for row in rows:
            await self._write(row, "not_the_same")

    def _row(self, id: CustomerId, into: CustomerId, state: MergeState, by: str) -> MergeRow:
        now = self._engine.clock.now()
        return MergeRow(id=merge_id(id, into), customer=id, into=into, state=state, at=now, by=by)

    def _changed(self, row: MergeRow, state: MergeState, by: str) -> MergeRow:
        return msgspec.structs.replace(row, state=state, at=self._engine.clock.now(), by=by)

    async def _write(self, row: MergeRow, action: str, *more: Change) -> None:
        line = AuditRow(
            id=derived_id("audit", action, row.id, str(row.at)),
            at=row.at,
            who=row.by,
            action=action,
            target=row.customer,
            detail={"with": row.into, "probability": row.probability},
        )
        await self._engine.write(Put(row), Put(line), *more)
        log.info("customers_merged" if row.state == "merged" else "customers_parted", merge=row.id, state=row.state)


def plain(evidence: Sequence[Evidence]) -> tuple[dict[str, Any], ...]:
    """Return evidence as rows keep it."""
    return tuple(msgspec.to_builtins(each) for each in evidence)


def of_erased(ids: Sequence[CustomerId], rows: Sequence[MergeRow]) -> list[Change]:
    """Return what takes away all that is known of erased customers being others too."""
    return [Remove(MergeRow, row.id) for row in rows if row.customer in ids or row.into in ids]


def _unknown(id: CustomerId) -> Refusal:
    return Refusal("not_found", "unknown_customer", f"There is no customer {id!r}.")
