"""Text that is safe to show: no control characters, no hidden direction changes, no halves of characters."""

import re

TEXT_MAX = 1_000_000
"""Characters of one text that we keep for reading; the raw bytes keep all of it."""

# C0 but for tab and line feed, DEL, C1, the bidi embeddings, overrides and isolates (they reorder what a reader sees),
# the byte order mark, and surrogates, which no encoder of JSON or UTF-8 takes.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_OVERRIDES = re.compile("[\u202d\u202e]")
_BREAKS = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_WHITE = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """Return `text` with line feeds for all line breaks and without what could deceive or break a reader."""
    return _UNSAFE.sub("", _BREAKS.sub("\n", text))


def has_overrides(text: str) -> bool:
    """Tell whether `text` turns its reading direction around: "exe.gpj" that shows as "jpg.exe"."""
    return _OVERRIDES.search(text) is not None


def clean_line(text: str, *, limit: int = 2_000) -> str:
    """Return `text` as one safe line of at most `limit` characters."""
    return _WHITE.sub(" ", clean_text(text)).strip()[:limit]
