"""Instants and spans: whole milliseconds in code, words in configuration, RFC 3339 at the edge."""

import re
from datetime import UTC, datetime

Instant = int
"""Whole milliseconds since 1970-01-01T00:00:00Z."""

Span = int
"""Whole milliseconds."""

SECOND: Span = 1_000
MINUTE: Span = 60_000
HOUR: Span = 3_600_000
DAY: Span = 86_400_000

_SPAN_MAX: Span = 365_250 * DAY
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def span_of(text: str) -> Span:
    """Return the span that `text` says: "20s", "5m", "2h", "1.5h", "7d", "0s" or several together ("1h 30m").

    Raises:
        ValueError: `text` is no span.
    """
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise ValueError(f'{text!r} is no time span: write a number and a unit, such as "20s", "5m", "2h" or "7d"')
    span = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if span > _SPAN_MAX:
        raise ValueError("the time span is longer than a thousand years")
    return round(span)


def span_text(span: Span) -> str:
    """Return `span` in the largest unit that says it exactly, the inverse of `span_of`."""
    for unit in ("d", "h", "m", "s"):
        if span and span % _UNITS[unit] == 0:
            return f"{span // _UNITS[unit]}{unit}"
    return f"{span}ms" if span else "0s"


def rfc3339(instant: Instant) -> str:
    """Return `instant` as the API writes it: UTC, milliseconds, "2026-03-01T09:30:00.250Z" (RFC 3339 section 5.6)."""
    whole = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"


def instant_of(text: str) -> Instant:
    """Return the instant that an RFC 3339 `text` names.

    Raises:
        ValueError: `text` is no date and time, or has no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f'{text!r} has no time zone: add "Z" or an offset such as "+02:00"')
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
