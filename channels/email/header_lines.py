"""Header lines as we send them: checked, encoded (RFC 2047) and folded (RFC 5322 2.2.3)."""

import re
from base64 import b64encode

from channels.email.encoded_words import encoded_content
from vocabulary.errors import PermanentFailure

_LINE = 76
_WORD_BYTES = 42  # in base64 56 characters: with "=?utf-8?b?" and "?=" below the 75 of RFC 2047 section 2
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BREAKING = re.compile("[\x00\r\n]")
_WORD = re.compile(r"=\?[^?]*\?([bBqQ])\?([^?]*)\?=")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


def checked(name: str, value: str) -> str:
    """Return `value`, tabs as spaces, if nothing in it ends a header line, neither as it is nor once it is decoded.

    Raises:
        PermanentFailure: it holds a line break, a NUL or another control character.
    """
    plain = value.replace("\t", " ")
    if _CONTROL.search(plain) or any(_BREAKING.search(hidden) for hidden in _hidden(plain)):
        raise PermanentFailure(f"{name}: the value holds a line break or a control character, a mail cannot carry it")
    return plain


def _hidden(value: str) -> list[str]:
    """Return what each encoded word in `value` holds, its bytes as characters of their numbers."""
    return [encoded_content(kind, text).decode("latin-1") for kind, text in _WORD.findall(value)]


def phrase(text: str) -> str:
    """Return a display name as a header carries it: plain, quoted or in encoded words."""
    if "=?" in text or not text.isascii():
        return encoded(text)
    if _PLAIN_NAME.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unstructured(text: str) -> str:
    """Return `text` as a subject carries it; what looks like an encoded word is encoded, so that it shows as typed."""
    is_plain = text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) < _LINE
    return text if is_plain and text == text.strip() else encoded(text)


def encoded(text: str) -> str:
    """Return `text` in encoded words, no character cut in two."""
    words: list[str] = []
    piece = b""
    for character in text:
        octets = character.encode("utf-8")
        if len(piece) + len(octets) > _WORD_BYTES:
            words.append(_word(piece))
            piece = b""
        piece += octets
    return " ".join([*words, _word(piece)] if piece else words)


def _word(octets: bytes) -> str:
    return f"=?utf-8?b?{b64encode(octets).decode('ascii')}?="


def line(name: str, value: str) -> bytes:
    """Return the header line, folded at its spaces, with its line break; unfolding gives `value` back.

    Raises:
        PermanentFailure: it would not survive: not ASCII, a break in it, or a word beyond 998 characters.
    """
    words = checked(name, value).split(" ")
    if not value.isascii() or max(map(len, words)) > 900:
        raise PermanentFailure(f"{name}: the value is not ASCII or has a word of more than 900 characters")
    lines = [f"{name}:"]
    for word in words:
        # A fold needs a character on its line: some readers drop lines of spaces alone.
        if word and len(lines[-1]) + 1 + len(word) > _LINE and lines[-1].strip() and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("ascii") + b"\r\n"
