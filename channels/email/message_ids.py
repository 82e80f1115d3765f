"""Message ids of headers, read as they are meant."""

import re

from channels.email.display import clean_line
from channels.email.encoded_words import decode_words

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
_LINE_MAX = 998  # bytes (RFC 5322, 2.1.1); letters beyond ASCII take several
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_HEADERS_MAX = 64 * 1024
_OWN = re.compile(rb"^message-id[ \t]*:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
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


def own_id_in(raw: bytes) -> str | None:
    """Return the Message-ID of a mail that nobody has read yet; None where it is not easily found."""
    match = _OWN.search(_HEADERS_END.split(raw[:_HEADERS_MAX], 1)[0])
    return next(iter(message_ids(match[1].decode("ascii", "replace"))), None) if match is not None else None


def _normalised(message_id: str) -> str:
    local, at, domain = message_id.rpartition("@")
    return f"{local}{at}{domain.lower()}"
