"""What the classifier is told of a message beside its text; kept with it, so that it is learnt from as it was."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifiers.background import FORMER_MAX, Background
from classifiers.model import UNKNOWN
from vocabulary.ids import CustomerId
from vocabulary.records import MessageRow
from vocabulary.stores import Store

BACKGROUND = "background"
"""The attribute of an interaction's first message: segment and earlier labels of its customer, as they were then.

It goes when the message is erased; channel and subject stand in the row itself.
"""


async def former_labels(store: Store, customers: Sequence[CustomerId]) -> tuple[str, ...]:
    """Return the labels of the latest interactions of a person who is known as these `customers`, newest first."""
    rows = await store.interactions(customer=customers, limit=FORMER_MAX) if customers else ()
    return tuple(row.label for row in rows if row.label not in (None, UNKNOWN))


def kept(known: Background) -> dict[str, Any]:
    """Return the attributes that keep what the row of the message does not hold itself."""
    held = {"segment": known.segment, "former": list(known.former)}
    told = {name: value for name, value in held.items() if value}
    return {BACKGROUND: told} if told else {}


def background_of(message: MessageRow) -> Background:
    """Return what was known when `message` came in."""
    return background_from(message.subject, message.channel, message.attributes)


def background_from(subject: str, channel: str, attributes: Mapping[str, Any]) -> Background:
    """Return the same from the parts of a message's row."""
    told = attributes.get(BACKGROUND, {})
    return Background(subject, channel, told.get("segment", ""), tuple(told.get("former", ())))
