"""Decisions on forwarded commands, kept in the transaction that carries them out.

A writer may die between commit and answer. Then the command is sent again, and the next writer finds here what became
of it. Each node has a ring of slots, so that this takes no more room than what may be under way.
"""

from collections.abc import Sequence

import msgspec

from router.commands import Connect, CustomerBack, CustomerGone, Disconnect, Reconcile
from router.decision import Decision
from storage.wire import Decided, Forwarded, decode_decided, encode_decided
from vocabulary.instants import Instant
from vocabulary.records import Change, IdempotencyRow, Put

SLOTS = 4_096
_PREFIX = "order:"
_REPEATABLE = (Connect, Disconnect, CustomerGone, CustomerBack, Reconcile)
"""Commands that change nothing the second time, so that no decision is kept for them."""


def slot(node: str, number: int) -> str:
    """Return where the decision on the `number`th command of a node is kept."""
    return f"{_PREFIX}{node}:{number % SLOTS}"


def with_room(order: Forwarded, now: Instant) -> Sequence[Change]:
    """Return the changes of `order`, with room for the decision behind them."""
    if isinstance(order.command, _REPEATABLE):
        return order.changes
    return (*order.changes, Put(IdempotencyRow(id=order.slot, fingerprint=order.id, status=0, body=b"", at=now)))


def filled(changes: Sequence[Change], decision: Decision) -> Sequence[Change]:
    """Return `changes` with `decision` in the room that `with_room` left for it, if it did."""
    last = changes[-1] if changes else None
    if isinstance(last, Put) and isinstance(last.row, IdempotencyRow) and last.row.id.startswith(_PREFIX):
        row = msgspec.structs.replace(last.row, body=encode_decided(Decided(decision, 0)))
        return (*changes[:-1], Put(row))
    return changes


def kept(row: IdempotencyRow | None, order: Forwarded) -> Decision | None:
    """Return the decision on `order` if `row`, of its slot, has it."""
    return decode_decided(row.body).decision if row is not None and row.fingerprint == order.id else None
