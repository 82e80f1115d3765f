"""All that is known of one customer, as one JSON document (docs/how-to/export-and-erase.md has its fields).

It is made in pieces, one interaction after another, so that a long history needs no memory.
"""

import base64
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from app.poison import senders_of
from vocabulary.ids import CustomerId
from vocabulary.instants import Instant, rfc3339
from vocabulary.records import CustomerRow, Entry, InteractionRow, MessageRow, PurchaseRow
from vocabulary.stores import Store

FORMAT = "centrala-customer"
VERSION = 1
PAGE = 100
_INSTANTS = ("at", "created_at", "arrived_at", "enqueued_at", "due_at", "closed_at", "contract_end")

Plain = dict[str, Any]


async def interactions_of(store: Store, customer: CustomerId | Sequence[CustomerId]) -> AsyncIterator[InteractionRow]:
    """Iterate over all interactions of `customer`, or of several, newest first, `PAGE` at a time."""
    before: int | None = None
    while rows := await store.interactions(customer=customer, before=before, limit=PAGE):
        for row in rows:
            yield row
        before = rows[-1].number


class Exporter:
    """Writes exports of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def document(self, id: CustomerId, now: Instant) -> AsyncIterator[bytes] | None:
        """Return the document about the person of customer `id` in pieces; None if nobody has that id."""
        rows = await self._store.person(id)
        return self._pieces(rows, now) if rows else None

    async def _pieces(self, rows: Sequence[CustomerRow], now: Instant) -> AsyncIterator[bytes]:
        row, *others = rows
        ids = [each.id for each in rows]
        known = await self._store.person_identities(row.id)
        addresses = [each.value for each in known if each.kind == "email"]
        claims = {f"{each.kind}:{each.value}" for each in known}
        targets, own = set(ids), set()
        head = {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": rfc3339(now),
            "customer": _plain(row),
            "merged": [_plain(each) for each in others],
            "merges": [_plain(each) for each in await self._store.merges(ids)],
            "identities": [
                {"kind": each.kind, "value": each.value, "verified": each.verified, "customer": each.customer}
                for each in known
            ],
        }
        yield msgspec.json.encode(head)[:-1] + b',"interactions":['
        comma = b""
        async for interaction in interactions_of(self._store, ids):
            told = await self._interaction(interaction)
            own.add(interaction.id)
            targets |= {interaction.id, *(each["id"] for each in (*told["messages"], *told["received"]))}
            yield comma + msgspec.json.encode(told)
            comma = b","
        yield b'],"purchases":['
        comma = b""
        async for purchase in self._purchases_of(ids):
            yield comma + msgspec.json.encode(_plain(purchase))
            comma = b","
        standings = await self._store.standings(ids)
        yield b'],"standings":' + msgspec.json.encode([_plain(standing) for standing in standings])
        yield b',"elsewhere":['
        comma = b""
        for message in await self._store.messages_from(addresses):
            if message.interaction not in own:
                targets.add(message.id)
                yield comma + msgspec.json.encode(await self._message(message))
                comma = b","
        yield b'],"unprocessed":['
        comma = b""
        async for id in self._unprocessed(claims):
            targets.add(id)
            yield comma + msgspec.json.encode(await self._received(id))
            comma = b","
        lines = await self._store.audit_of(sorted(targets))
        yield b'],"audit":' + msgspec.json.encode([_plain(line) for line in lines]) + b"}\n"

    async def _interaction(self, row: InteractionRow) -> Plain:
        return {
            **_plain(row),
            "details": msgspec.json.decode(row.body),
            "events": [_event(entry) async for entry in self._events(row.id)],
            "messages": [await self._message(message) for message in await self._store.all_messages(row.id)],
            "received": [await self._received(head.row.id) for head in await self._store.received_of(row.id)],
            "training": [_plain(each) for each in await self._store.training_of(row.id)],
            "outbox": [_outbox(each) for each in await self._store.outbox_of(row.id)],
        }

    async def _purchases_of(self, customers: Sequence[CustomerId]) -> AsyncIterator[PurchaseRow]:
        for customer in customers:
            async for purchase in self._purchases(customer):
                yield purchase

    async def _purchases(self, customer: CustomerId) -> AsyncIterator[PurchaseRow]:
        before: tuple[Instant, str] | None = None
        while rows := await self._store.purchases(customer, before=before, limit=PAGE):
            for row in rows:
                yield row
            before = (rows[-1].at, rows[-1].id)

    async def _received(self, id: str) -> Plain:
        row = await self._store.received_row(id)
        assert row is not None, "what came in is never removed"
        return _with_bytes(_plain(row), "raw", row.raw)

    async def _events(self, interaction: str) -> AsyncIterator[Entry]:
        after = 0
        while entries := await self._store.entries(after, PAGE, interaction=interaction):
            for entry in entries:
                yield entry
            after = entries[-1].seq

    async def _message(self, row: MessageRow) -> Plain:
        files = await self._store.attachments(row.id)
        return {**_plain(row), "attachments": [_with_bytes(_plain(file), "content", file.content) for file in files]}

    async def _unprocessed(self, claims: set[str]) -> AsyncIterator[str]:
        """Yield the ids of what claims to be from him and is part of no interaction."""
        before = None
        states = ("received", "quarantined", "discarded")
        while heads := await self._store.received_page(states=states, before=before):
            for head in heads:
                if claims & await senders_of(head, self._store):
                    yield head.row.id
            before = (heads[-1].row.at, heads[-1].row.id)


def _plain(row: msgspec.Struct) -> Plain:
    """Return the fields of `row`, instants as people read them, without what only machines want."""
    fields = msgspec.structs.asdict(row)
    return {name: _value(name, value) for name, value in fields.items() if name not in ("body", "raw", "content")}


def _value(name: str, value: Any) -> Any:
    return rfc3339(value) if name in _INSTANTS and isinstance(value, int) else value


def _with_bytes(plain: Plain, name: str, content: bytes) -> Plain:
    return {**plain, "size": len(content), f"{name}_base64": base64.b64encode(content).decode()}


def _outbox(row: msgspec.Struct) -> Plain:
    plain = _plain(row)
    return {**plain, "payload": msgspec.json.decode(plain["payload"])}


def _event(entry: Entry) -> Plain:
    return {
        "seq": entry.seq,
        "at": rfc3339(entry.at),
        "type": entry.type,
        "v": entry.v,
        "data": msgspec.json.decode(entry.body),
    }
