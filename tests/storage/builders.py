"""Rows and entries, valid by default; a test names what matters to it."""

from typing import Any

from router.events import HoldEnded
from storage.codec import encode
from vocabulary.ids import model_id
from vocabulary.records import (
    CustomerRow,
    Entry,
    IdentityRow,
    InteractionRow,
    MessageRow,
    ModelRow,
    OutboxRow,
    Put,
    Row,
    Transaction,
)

NOW = 1_772_000_000_000


def entry(seq: int, *, interaction: str = "i-1") -> Entry:
    return encode(HoldEnded(at=NOW + seq, interaction=interaction), seq)


def appending(*seqs: int, after: int, interaction: str = "i-1") -> Transaction:
    return Transaction(entries=tuple(entry(seq, interaction=interaction) for seq in seqs), after=after)


def putting(*rows: Row) -> Transaction:
    return Transaction(changes=tuple(Put(row) for row in rows))


def an_interaction(number: int = 1, **given: Any) -> InteractionRow:
    fields: dict[str, Any] = {
        "id": f"i-{number}",
        "number": number,
        "channel": "support",
        "medium": "email",
        "customer": "c-1",
        "state": "waiting",
        "queue": "billing",
        "agent": None,
        "label": None,
        "language": None,
        "created_at": NOW,
        "arrived_at": NOW,
        "enqueued_at": NOW,
        "due_at": NOW,
        "closed_at": None,
        "changed_seq": 0,
        "body": b"{}",
    }
    return InteractionRow(**{**fields, **given})


def a_message(id: str = "m-1", **given: Any) -> MessageRow:
    fields: dict[str, Any] = {
        "id": id,
        "interaction": "i-1",
        "channel": "support",
        "author": "customer",
        "at": NOW,
        "text": "Where is my parcel?",
    }
    return MessageRow(**{**fields, **given})


def a_customer(id: str = "c-1", **given: Any) -> CustomerRow:
    return CustomerRow(**{"id": id, "created_at": NOW, **given})


def an_outbox_row(id: str = "o-1", **given: Any) -> OutboxRow:
    fields: dict[str, Any] = {"id": id, "kind": "mail", "interaction": "i-1", "payload": b"{}", "created_at": NOW}
    return OutboxRow(**{**fields, **given})


def a_model(content: bytes) -> ModelRow:
    id, size = model_id(content), len(content)
    return ModelRow(id=id, at=NOW, by="ada", fingerprint="f", rows=3, size=size, content=content, report={})


def an_identity(value: str = "ada@example.org", customer: str = "c-1") -> IdentityRow:
    return IdentityRow(kind="email", value=value, customer=customer)
