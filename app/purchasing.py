"""Purchases that come from elsewhere: whose they are, what is new of them, and keeping that."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

import msgspec
import structlog

from app.engine import Engine
from customers.identity import Identity, identities
from customers.purchases import Fault, Purchase, purchase_of
from vocabulary.ids import CustomerId, derived_id, keyed_hash
from vocabulary.instants import Instant
from vocabulary.records import Change, CustomerRow, IdentityRow, PurchaseRow, Put, PutNew, Remove, Set, SettingRow
from vocabulary.stores import Store
from web.site import PurchaseFault, PurchasesTaken

log = structlog.get_logger()

PhoneOf = Callable[[str], str | None]


CHANGED = "purchases_changed"
"""The row that says when purchases came last, whichever node took them."""


class Purchases:
    """Takes purchases in."""

    def __init__(self, *, engine: Engine, store: Store, phone_of: PhoneOf, key: bytes, zone: tzinfo) -> None:
        """Take what it works with; `zone` is where days without a time are, `key` is a secret of the site."""
        self._engine = engine
        self._store = store
        self._phone_of = phone_of
        self._key = key
        self._zone = zone

    async def take(self, rows: Sequence[Mapping[str, str]], *, dry_run: bool = False) -> PurchasesTaken:
        """Keep the purchases of `rows` that are in order; once it returns, they are on disk.

        An order number that is known with other contents is corrected. With `dry_run` nothing is written.

        Raises:
            TemporaryFailure: nothing of it was kept; try again.
        """
        taken = PurchasesTaken()
        read = [self._read(place, row, taken.faults) for place, row in enumerate(rows)]
        # Of rows with one order number the last counts, as if each had come by itself.
        sound = {one.order_id: (one, who) for one, who in filter(None, read)}
        holders = await self._store.identified(list({each for _, who in sound.values() for each in who}))
        known = {row.id: row for row in await self._store.purchases_named(list(sound))}
        people: dict[Identity, CustomerId] = {
            each: holders[each] for _, who in sound.values() for each in who if each in holders
        }
        new: dict[CustomerId, _Stranger] = {}
        changes: list[Change] = []
        for one, who in sound.values():
            changes += self._of(one, who, people, new)
            row = _row(one, next(people[each] for each in who if each in people))
            before = known.get(row.id)
            if before == row:
                taken.known += 1
                continue
            taken.new, taken.changed = taken.new + (before is None), taken.changed + (before is not None)
            changes.append(Put(row))
        taken.customers_new = len(new)
        if changes and not dry_run:
            came = (*(PutNew(each.row) for each in new.values()), *changes, worth_changed(self._engine.clock.now()))
            await self._engine.write(*came)
            await self._give_back(new)
            log.info("purchases_taken", new=taken.new, changed=taken.changed, customers_new=taken.customers_new)
        return taken

    def _read(
        self, place: int, row: Mapping[str, str], faults: list[PurchaseFault]
    ) -> tuple[Purchase, tuple[Identity, ...]] | None:
        found = purchase_of(dict(row), self._engine.clock.now(), self._zone)
        if isinstance(found, Purchase):
            phone = self._phone_of(found.phone) if found.phone else None
            if phone is not None or not found.phone:
                return found, identities(email=found.email, phone=phone, external=found.external_id)
            found = Fault("phone", "is no number that can be called; write it as +48 601 000 000")
        faults.append(PurchaseFault(item=place, field=found.field, message=found.message))
        return None

    def _of(
        self,
        one: Purchase,
        who: tuple[Identity, ...],
        people: dict[Identity, CustomerId],
        new: dict[CustomerId, "_Stranger"],
    ) -> list[Change]:
        """Return what is learnt of whoever bought it: what else he is known by. A stranger is put among the `new`."""
        holder = next((people[each] for each in who if each in people), None)
        if holder is None:
            # As of strangers who write: whoever knows his address must not be able to work out his id.
            hashed = keyed_hash(self._key, "\x1f".join(who[0]))
            holder = derived_id("c", hashed, "purchase", one.order_id)
            row = CustomerRow(id=holder, created_at=one.at, name=one.name, language=one.language or None)
            new[holder] = _Stranger(row, who)
        learnt = [each for each in who if each not in people]
        people.update(dict.fromkeys(learnt, holder))
        return [PutNew(IdentityRow(kind=kind, value=value, customer=holder)) for kind, value in learnt]

    async def _give_back(self, new: Mapping[CustomerId, "_Stranger"]) -> None:
        """Give what strangers bought to those who wrote to us in this very moment and so got an id of their own."""
        holders = await self._store.identified(list({each for one in new.values() for each in one.who}))
        for id, stranger in new.items():
            holder = next((holders[each] for each in stranger.who if each in holders), id)
            if holder == id:
                continue
            moved = await self._store.purchases(id, limit=len(new) + 1_000)
            changes = [Set(PurchaseRow, row.id, {"customer": holder}) for row in moved]
            await self._engine.write(*changes, Remove(CustomerRow, id))
            log.warning("customer_came_meanwhile", customer=holder, purchases=len(moved))


def worth_changed(now: Instant) -> Change:
    """Return what has everybody's worth calculated anew soon."""
    return Put(SettingRow(id=CHANGED, body=msgspec.json.encode(now)))


class _Stranger(msgspec.Struct, frozen=True):
    """A customer who is known by a purchase first."""

    row: CustomerRow
    who: tuple[Identity, ...]


def _row(one: Purchase, customer: CustomerId) -> PurchaseRow:
    return PurchaseRow(
        id=one.order_id,
        customer=customer,
        at=one.at,
        amount=one.amount,
        currency=one.currency,
        product=one.product,
        contract_end=one.contract_end,
    )
