"""Message ids of headers, read as they are meant."""

import re

from channels.email.display import clean_line
from channels.email.encoded_words import decode_words

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
_LINE_MAX = 998  # bytes (RFC 5322, 2.1.1); letters beyond ASCII take several
_BARE_ID = re.compile(r"\s*([^<>\s,;]{1,450}@[^<>\s,;]{1,450})\s*")


def message_ids(value: str) -> tuple[str, ...]:
    """Return the message ids in a header's value, normalised: in angle brackets, the domain in lower case."""
    if "=?" in value:
        # Some programs encode an id that is longer than a line, as ours are.
        value = decode_words(value)
    found = [match[1] for match in _MESSAGE_ID.finditer(value)]
    bare = None if found else _BARE_ID.fullmatch(value)  # some programs forget the brackets
    cleaned = [f"<{clean_line(_normalised(text))}>" for text in ([bare[1]] if bare else found)]
    return tuple(id for id in cleaned if len(id.encode()) <= _LINE_MAX)


def _normalised(message_id: str) -> str:
    local, at, domain = message_id.rpartition("@")
    return f"{local}{at}{domain.lower()}"
