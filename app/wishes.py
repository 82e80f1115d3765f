"""What staff or an integration wants of an interaction that comes in."""

from typing import Any

import msgspec

from vocabulary.ids import CustomerId
from vocabulary.instants import Instant
from vocabulary.skills import Preference, Requirement


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What staff or an integration wants of an interaction; it wins over rules."""

    queue: str | None = None
    priority: int | None = None
    class_: int | None = None
    requirements: tuple[Requirement, ...] | None = None
    preferences: tuple[Preference, ...] | None = None
    preferred_agent: str | None = None
    customer: CustomerId | None = None
    language: str | None = None
    page_language: str | None = None
    """The language of the page it was written on: counts where the text itself doesn't tell."""
    tags: tuple[str, ...] = ()
    slot: Instant | None = None
    """The start of the window in which the customer wants to be called."""
    time_zone: str | None = None
    """The customer's; times are told in it."""
    archived: bool = False
    """Whether it is history: kept and closed, no work for anybody."""
    attributes: dict[str, Any] = {}
    """What an integration wants to be seen with the interaction."""
