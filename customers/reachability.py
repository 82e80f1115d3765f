"""What mail to a customer has shown: an address that doesn't take any, a complaint, that he is away.

The marks are attributes of the customer, as that of the blocked is; who changes his attributes doesn't wipe them out.
"""

from collections.abc import Collection, Mapping
from typing import Any

from vocabulary.instants import Instant, rfc3339

UNDELIVERABLE = "undeliverable"
"""Addresses that mail came back from for good, each with when and the server's code."""
COMPLAINED = "no_automatic_mail"
"""When he reported a mail as unwanted: nothing automatic goes to him."""
AWAY = "away"
"""Since when his program says that he is away, and until when."""
MARKS = (UNDELIVERABLE, COMPLAINED, AWAY)

Attributes = Mapping[str, Any]


def undeliverable(attributes: Attributes, address: str, status: str, at: Instant) -> dict[str, Any]:
    """Return `attributes` with the mark of an address that takes no mail."""
    known = attributes.get(UNDELIVERABLE, {})
    return {**attributes, UNDELIVERABLE: {**known, address: {"at": rfc3339(at), "status": status}}}


def complained(attributes: Attributes, at: Instant) -> dict[str, Any]:
    """Return `attributes` with the mark of a complaint; the first one stays."""
    return {COMPLAINED: {"at": rfc3339(at)}, **attributes}


def away(attributes: Attributes, at: Instant, until: Instant | None) -> dict[str, Any]:
    """Return `attributes` with the mark of one who is away."""
    return {**attributes, AWAY: {"at": rfc3339(at), "until": None if until is None else rfc3339(until)}}


def cleared(attributes: Attributes, marks: Collection[str]) -> dict[str, Any]:
    """Return `attributes` without `marks`."""
    return {name: value for name, value in attributes.items() if name not in marks}


def heard_from(attributes: Attributes, address: str) -> dict[str, Any]:
    """Return `attributes` as they are once he writes himself from `address`: he is there, and so is his mailbox."""
    left = cleared(attributes, (AWAY,))
    if address in left.get(UNDELIVERABLE, {}):
        others = {each: found for each, found in left[UNDELIVERABLE].items() if each != address}
        left = cleared(left, (UNDELIVERABLE,)) | ({UNDELIVERABLE: others} if others else {})
    return left


def marks_of(attributes: Attributes) -> dict[str, Any]:
    """Return the marks alone."""
    return {name: value for name, value in attributes.items() if name in MARKS}


def signals(attributes: Attributes, address: str) -> tuple[str, ...]:
    """Return why nothing automatic goes to the customer at `address`."""
    found = []
    if COMPLAINED in attributes:
        found.append("complained")
    if address in attributes.get(UNDELIVERABLE, {}):
        found.append("undeliverable")
    return tuple(found)
