"""Text that people type."""

import re

# C0 and C1 controls but tab and line feed; NUL would not even fit into PostgreSQL. Bidirectional overrides would let a
# text show other words than it has.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return `text` with plain line ends, without control characters and blank edges."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def bytes_of(text: str) -> int:
    """Return how long `text` is in UTF-8."""
    return len(text.encode())
