"""Views of events: the log as the API and the streams show it."""

from typing import Any

import msgspec

from vocabulary.instants import rfc3339
from vocabulary.records import Entry
from web.answers import EventView
from web.dated import dated
from web.site import Logged

_APART = ("type", "at", "interaction", "agent", "queue")


def logged_event(logged: Logged) -> EventView:
    """Return the view of an event that just became durable."""
    return _event(logged.seq, type(logged.event).__name__, logged.event.v, msgspec.to_builtins(logged.event))


def entry_event(entry: Entry) -> EventView:
    """Return the view of an event of the journal."""
    return _event(entry.seq, entry.type, entry.v, msgspec.json.decode(entry.body))


def tells_who_monitors(entry: Entry) -> bool:
    """Tell whether an event shows that somebody monitors: agents don't see that."""
    return entry.type in ("RoomJoined", "RoomLeft") and msgspec.json.decode(entry.body)["mode"] == "monitor"


def _event(seq: int, kind: str, version: int, body: dict[str, Any]) -> EventView:
    return EventView(
        seq=seq,
        at=rfc3339(body["at"]),
        type=kind,
        v=version,
        interaction=body.get("interaction"),
        agent=body.get("agent"),
        queue=body.get("queue"),
        data=dated({name: value for name, value in body.items() if name not in _APART}),
    )
