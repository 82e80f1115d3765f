from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.commands import AcceptOffer, Command, Connect, SetPresence, Together
from router.decision import Decision, Refusal
from storage import wire
from storage.codec import decode
from tests.storage import golden
from tests.storage.builders import entry
from tests.storage.strategies import rows, structs
from vocabulary.errors import PermanentFailure
from vocabulary.records import (
    Change,
    CustomerRow,
    MessageRow,
    OutboxRow,
    Put,
    PutNew,
    Remove,
    Row,
    Set,
    SetAttributes,
)

KINDS = [kind for kind in get_args(Command) if kind is not Together]


def crossed(order: wire.Forwarded) -> wire.Forwarded:
    return wire.decode_order(wire.encode_order(order))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_command_arrives_as_it_went(kind: type[Any], data: st.DataObject) -> None:
    order = wire.Forwarded("n-1", "n-slot", data.draw(structs(kind)))
    assert crossed(order) == order


def test_agents_who_come_together_arrive_together() -> None:
    command = Together((Connect("a-1"), SetPresence("a-2", "available", "a-2", media={"chat": True})))
    assert crossed(wire.Forwarded("n-1", "s", command)).command == command


@pytest.mark.parametrize("kind", get_args(Row), ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_row_arrives_as_it_went(kind: type[Any], data: st.DataObject) -> None:
    row = data.draw(rows(kind))
    every = {field.name: getattr(row, field.name) for field in msgspec.structs.fields(kind)}
    changes: tuple[Change, ...] = (
        Put(row),
        PutNew(row),
        Set(kind, "x", every),
        Set(kind, "x", every, every),
        Remove(kind, "x"),
    )
    assert crossed(wire.Forwarded("n-1", "s", Connect("a-1"), changes)).changes == changes


def test_columns_keep_their_types() -> None:
    changes = (
        Set(MessageRow, "m-1", {"references": ("<a>", "<b>"), "number": 1, "attributes": {"a": [1, None]}}),
        Set(OutboxRow, "o-1", {"payload": b"\x00\xff", "state": "sent"}),
        SetAttributes(MessageRow, "m-1", {"cc": ["a", "b"], "n": None}, ("to",)),
        SetAttributes(CustomerRow, "c-1"),
    )
    assert crossed(wire.Forwarded("n-1", "s", Connect("a-1"), changes)).changes == changes


def test_every_event_arrives_in_a_decision_as_it_went() -> None:
    events = tuple(decode(line.entry(1)) for line in golden.lines())
    decided = wire.Decided(Decision(events), 12)
    assert wire.decode_decided(wire.encode_decided(decided)) == decided
    refused = wire.Decided(Decision(refusal=Refusal("conflict", "offer_expired", "It is over.")), 3)
    assert wire.decode_decided(wire.encode_decided(refused)) == refused


@pytest.mark.parametrize(
    "item",
    [
        wire.Told(entry(5)),
        wire.Present("n-1", ("a-1",), ("c-1", "c-2")),
        wire.Present("n-1", leaves=True),
        wire.Typed("n-1", "i-1"),
        wire.Typed("n-1", "i-1", "a-1"),
    ],
)
def test_every_item_arrives_as_it_went(item: wire.Item) -> None:
    assert wire.decode_item(wire.encode_item(item)) == item


def test_what_is_damaged_or_newer_is_refused_in_words() -> None:
    whole = wire.encode_order(wire.Forwarded("n-1", "s", AcceptOffer("o-1", "a-1")))
    with pytest.raises(PermanentFailure, match="can't be read"):
        wire.decode_order(whole[:-1])
    newer = msgspec.msgpack.encode((wire.VERSION + 1, "n-1", "s", ("Connect", {"agent": "a"}), []))
    with pytest.raises(PermanentFailure, match="newer version"):
        wire.decode_order(newer)
    unknown = msgspec.msgpack.encode((wire.VERSION, "n-1", "s", ("Teleport", {}), []))
    with pytest.raises(PermanentFailure, match="no command 'Teleport'"):
        wire.decode_order(unknown)
    strange = msgspec.msgpack.encode(
        (wire.VERSION, "n-1", "s", ("Connect", {"agent": "a"}), [("put", "Row", {}, None)])
    )
    with pytest.raises(PermanentFailure, match="can't be read"):
        wire.decode_order(strange)
    for read in (wire.decode_decided, wire.decode_item):
        with pytest.raises(PermanentFailure, match="can't be read"):
            read(b"\xc1")
