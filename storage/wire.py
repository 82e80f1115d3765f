"""What crosses the bus, as bytes: commands with their changes, decisions, items of topics. MessagePack, typed, no code.

A command or a row says its type by name. Fields that are missing get their defaults, unknown ones are left out, so two
versions that run side by side during an update understand each other as far as they can.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec
from msgspec import msgpack

from router.commands import Command, Together
from router.decision import Decision
from vocabulary.errors import PermanentFailure
from vocabulary.ids import AgentId, CustomerId, InteractionId
from vocabulary.records import Change, CustomerRow, Entry, MessageRow, Put, PutNew, Remove, Row, Set, SetAttributes

VERSION = 1
"""Raised when an older process could misread what a newer one sends."""


class Forwarded(msgspec.Struct, frozen=True):
    """A command on its way to the writer. `id` is its own; `slot` is where its answer is kept for a repetition."""

    id: str
    slot: str
    command: Command
    changes: tuple[Change, ...] = ()


class Decided(msgspec.Struct, frozen=True):
    """The writer's decision, and the last event that was durable then: whoever has come so far sees what it changed."""

    decision: Decision
    seq: int


class Told(msgspec.Struct, frozen=True, tag=True):
    """A durable event."""

    entry: Entry


class Present(msgspec.Struct, frozen=True, tag=True):
    """Who is connected to a node now: agents, and customers by chat. `leaves`: the node stops, and says so."""

    node: str
    agents: tuple[AgentId, ...] = ()
    customers: tuple[CustomerId, ...] = ()
    leaves: bool = False


class Typed(msgspec.Struct, frozen=True, tag=True):
    """Somebody types: the customer of an interaction or, if named, its agent."""

    node: str
    interaction: InteractionId
    agent: AgentId | None = None


Item = Told | Present | Typed

_COMMANDS: Mapping[str, msgpack.Decoder[Any]] = {
    kind.__name__: msgpack.Decoder(kind) for kind in get_args(Command) if kind is not Together
}
_ROWS: Mapping[str, type[Row]] = {kind.__name__: kind for kind in get_args(Row)}
_ROW_DECODERS: Mapping[str, msgpack.Decoder[Any]] = {name: msgpack.Decoder(kind) for name, kind in _ROWS.items()}
_COLUMNS: Mapping[type[Row], Mapping[str, Any]] = {
    kind: {field.name: field.type for field in msgspec.structs.fields(kind)} for kind in get_args(Row)
}
_WITH_ATTRIBUTES: Mapping[str, type[CustomerRow | MessageRow]] = {
    kind.__name__: kind for kind in (CustomerRow, MessageRow)
}
_WHOLE = {Put: "put", PutNew: "put_new"}

_Named = tuple[str, msgspec.Raw]
_Change = tuple[str, str, msgspec.Raw, msgspec.Raw]

_encode = msgpack.Encoder().encode
_order = msgpack.Decoder(tuple[int, str, str, _Named, list[_Change]])
_decided = msgpack.Decoder(Decided)
_item = msgpack.Decoder(Item)
_text = msgpack.Decoder(str)
_values = msgpack.Decoder(dict[str, Any])
_with_given = msgpack.Decoder(tuple[str, dict[str, Any]])
_with_gone = msgpack.Decoder(tuple[str, tuple[str, ...]])
_several = msgpack.Decoder(list[_Named])


def encode_order(order: Forwarded) -> bytes:
    """Return `order` as bytes."""
    changes = [_change(change) for change in order.changes]
    return _encode((VERSION, order.id, order.slot, _named(order.command), changes))


def decode_order(body: bytes) -> Forwarded:
    """Return the order that `body` holds.

    Raises:
        PermanentFailure: a newer version wrote it, or it is damaged.
    """
    try:
        version, id, slot, command, changes = _order.decode(body)
        if version > VERSION:
            raise PermanentFailure("a newer version of Centrala sent it: update this node")
        return Forwarded(id, slot, _command(command), tuple(_changed(change) for change in changes))
    except (msgspec.MsgspecError, KeyError) as error:
        raise PermanentFailure(f"what was forwarded can't be read: {error}") from error


def encode_decided(decided: Decided) -> bytes:
    """Return `decided` as bytes."""
    return _encode(decided)


def decode_decided(body: bytes) -> Decided:
    """Return the decision that `body` holds.

    Raises:
        PermanentFailure: it is damaged or another version's.
    """
    try:
        return _decided.decode(body)
    except msgspec.MsgspecError as error:
        raise PermanentFailure(f"the writer's answer can't be read: {error}; are all nodes of one version?") from error


def encode_item(item: Item) -> bytes:
    """Return an item of a topic as bytes."""
    return _encode(item)


def decode_item(body: bytes) -> Item:
    """Return the item that `body` holds.

    Raises:
        PermanentFailure: it is damaged or another version's.
    """
    try:
        item: Item = _item.decode(body)
    except msgspec.MsgspecError as error:
        raise PermanentFailure(f"what another node published can't be read: {error}") from error
    return item


def _named(command: Command) -> tuple[str, object]:
    inner = [_named(each) for each in command.commands] if isinstance(command, Together) else command
    return type(command).__name__, inner


def _command(named: _Named) -> Command:
    name, body = named
    if name == Together.__name__:
        several: Sequence[Any] = [_command(each) for each in _several.decode(body)]
        return Together(tuple(several))
    if name not in _COMMANDS:
        raise PermanentFailure(f"there is no command {name!r} in this version of Centrala")
    command: Command = _COMMANDS[name].decode(body)
    return command


def _change(change: Change) -> tuple[str, str, object, object]:
    match change:
        case Put() | PutNew():
            return _WHOLE[type(change)], type(change.row).__name__, change.row, None
        case Set() if not change.given:
            return "set", change.kind.__name__, change.id, change.values
        case Set():
            return "set_given", change.kind.__name__, (change.id, change.given), change.values
        case SetAttributes():
            return "set_attributes", change.kind.__name__, (change.id, change.gone), change.values
        case Remove():
            return "remove", change.kind.__name__, change.id, None


def _changed(change: _Change) -> Change:
    how, name, first, second = change
    match how:
        case "put":
            return Put(_ROW_DECODERS[name].decode(first))
        case "put_new":
            return PutNew(_ROW_DECODERS[name].decode(first))
        case "set":
            return Set(_ROWS[name], _text.decode(first), _typed(_ROWS[name], _values.decode(second)))
        case "set_given":
            kind, (id, given) = _ROWS[name], _with_given.decode(first)
            return Set(kind, id, _typed(kind, _values.decode(second)), _typed(kind, given))
        case "set_attributes":
            id, gone = _with_gone.decode(first)
            return SetAttributes(_WITH_ATTRIBUTES[name], id, _values.decode(second), gone)
        case "remove":
            return Remove(_ROWS[name], _text.decode(first))
        case _:
            raise PermanentFailure(f"there is no change {how!r} in this version of Centrala")


def _typed(kind: type[Row], values: dict[str, Any]) -> dict[str, Any]:
    """Return columns as their rows have them: a tuple crosses as a list."""
    columns = _COLUMNS[kind]
    return {name: msgspec.convert(value, columns[name]) for name, value in values.items()}
