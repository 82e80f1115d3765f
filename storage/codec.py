"""Events as journal entries and back; what older versions of Centrala wrote is upgraded on reading.

An event's JSON carries its type; the entry carries the version of that type's schema. To change an event in a way that
its old JSON doesn't fit: raise its `v` and add a step to `UPGRADES` from the version before. The golden journal in
tests/storage/ must keep decoding.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec

from router.events import AnyEvent, Event
from vocabulary.errors import PermanentFailure
from vocabulary.records import Entry

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""From an event's JSON object to that of the next version. To rename an event, change its "type"."""

UPGRADES: Mapping[tuple[str, int], Upgrade] = {}
"""(type, version it was written in) -> step to the next version."""

TYPES: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(AnyEvent)}

_encoder = msgspec.json.Encoder()
_decoders: Mapping[tuple[str, int], msgspec.json.Decoder[Any]] = {
    (name, kind.v): msgspec.json.Decoder(kind) for name, kind in TYPES.items()
}


def encode(event: AnyEvent, seq: int) -> Entry:
    """Return `event` as the journal's entry number `seq`."""
    return Entry(
        seq=seq,
        at=event.at,
        type=type(event).__name__,
        v=event.v,
        body=_encoder.encode(event),
        interaction=getattr(event, "interaction", None),
        agent=getattr(event, "agent", None),
        queue=getattr(event, "queue", None),
    )


def decode(entry: Entry, upgrades: Mapping[tuple[str, int], Upgrade] = UPGRADES) -> AnyEvent:
    """Return the event that `entry` holds, in today's schema.

    Raises:
        PermanentFailure: a newer Centrala wrote it, a step is missing from `upgrades`, or it is damaged.
    """
    decoder = _decoders.get((entry.type, entry.v))
    try:
        event: AnyEvent = (
            msgspec.convert(_upgraded(entry, upgrades), AnyEvent) if decoder is None else decoder.decode(entry.body)
        )
    except msgspec.MsgspecError as error:
        raise PermanentFailure(f"journal entry {entry.seq} ({entry.type} v{entry.v}) is damaged: {error}") from error
    return event


def _upgraded(entry: Entry, upgrades: Mapping[tuple[str, int], Upgrade]) -> dict[str, Any]:
    """Return the entry's JSON object after every step that its type and version still lack."""
    body = msgspec.json.decode(entry.body, type=dict[str, Any])
    name, version = entry.type, entry.v
    while name not in TYPES or version != TYPES[name].v:
        step = upgrades.get((name, version))
        if step is None:
            raise PermanentFailure(
                f"journal entry {entry.seq} ({entry.type} v{entry.v}) can't be read by this Centrala: "
                "a newer one wrote it; start that one"
            )
        body = step(body)
        name, version = body["type"], version + 1
    return body
