"""Instants inside of what has no view of its own: explanations, the data of events."""

from typing import Any

from vocabulary.instants import rfc3339

_NAMES = ("at", "due", "since", "until")


def dated(value: Any) -> Any:
    """Return `value` with its instants as the API writes them: whole numbers named `..._at`, `until` and the like."""
    if isinstance(value, dict):
        return {name: _field(name, part) for name, part in value.items()}
    return [dated(part) for part in value] if isinstance(value, list | tuple) else value


def _field(name: str, value: Any) -> Any:
    is_instant = isinstance(value, int) and not isinstance(value, bool) and name.rpartition("_")[2] in _NAMES
    return rfc3339(value) if is_instant else dated(value)
