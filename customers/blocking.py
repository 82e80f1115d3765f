"""Blocked senders: whoever staff have blocked reaches no agent. The mark is one of the customer's attributes."""

from collections.abc import Mapping
from typing import Any

from vocabulary.instants import Instant, rfc3339

BLOCKED = "blocked"
"""The attribute that says since when, and by whom, a customer is blocked."""


def is_blocked(attributes: Mapping[str, Any]) -> bool:
    """Tell whether the customer with these attributes is blocked."""
    return BLOCKED in attributes


def blocked(attributes: Mapping[str, Any], at: Instant, by: str) -> dict[str, Any]:
    """Return `attributes` with the mark; the first one stays."""
    return {BLOCKED: {"at": rfc3339(at), "by": by}, **attributes}


def unblocked(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `attributes` without the mark."""
    return {name: value for name, value in attributes.items() if name != BLOCKED}
