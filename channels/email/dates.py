"""When a mail was sent or arrived, as far as its headers tell."""

import re
from email.utils import mktime_tz, parsedate_tz

from channels.email.headers import BLOCK_MAX, read_block
from vocabulary.instants import DAY, Instant

_OLDEST: Instant = 631_152_000_000
"""1990: no mail of a business is older, a clock that shows less is wrong."""
_DATE_MAX = 100


def arrived_at(raw: bytes, now: Instant) -> Instant:
    """Return when the mail reached its last server, else when it says that it was written, else `now`.

    A date before 1990 or in the future is none.
    """
    headers = read_block(raw, 0, min(len(raw), BLOCK_MAX)).headers
    received = (headers.get("received") or "").rpartition(";")[2]
    dates = (_instant(text) for text in (received, headers.get("date") or ""))
    return next((min(at, now) for at in dates if at is not None and _OLDEST <= at <= now + DAY), now)


def _instant(text: str) -> Instant | None:
    try:
        parts = parsedate_tz(re.sub(r"\([^()]*\)", "", text[:_DATE_MAX]).strip())
        return None if parts is None else mktime_tz(parts) * 1000
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
