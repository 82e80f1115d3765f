"""Encoded words (RFC 2047), read within limits."""

import binascii
import re
from collections.abc import Iterator

import msgspec

from channels.email.charset import decoded
from channels.email.display import clean_line

WORDS_MAX = 1_000

# Spaces inside are against the RFC and common. No "?" can be in the text, so the pattern never looks twice at a byte.
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_PIECES_MAX = 100
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


class _Run(msgspec.Struct):
    """Neighbouring words in one charset: a character may be cut in two by the border between them."""

    charset: str
    content: bytes
    end: int


def decode_words(text: str) -> str:
    """Return the header text `text` as people read it: encoded words decoded once, on one line, safe to show."""
    return clean_line(raw_words(text))


def raw_words(text: str) -> str:
    """Return `text` with its encoded words decoded once, as the sender meant it: not safe to show."""
    return "".join(_pieces(text)) if "=?" in text else text


def _pieces(text: str) -> Iterator[str]:
    run: _Run | None = None
    at = 0
    for count, word in enumerate(_WORD.finditer(text)):
        if count >= WORDS_MAX:
            break
        between = text[at : word.start()]
        charset, content = word[1].lower(), encoded_content(word[2], word[3])
        if run is not None and not between.strip() and run.charset == charset:
            run.content += content
        else:
            if run is not None:
                yield decoded(run.content, run.charset)[0]
            # White space between two encoded words is not shown (RFC 2047 6.2).
            yield between if between.strip() or run is None else ""
            run = _Run(charset, content, word.end())
        at = word.end()
    if run is not None:
        yield decoded(run.content, run.charset)[0]
    yield text[at:]


def encoded_content(encoding: str, text: str) -> bytes:
    """Return the bytes that the text of an encoded word holds; `encoding` is "b" or "q"."""
    octets = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return _HEX.sub(lambda match: bytes([int(match[1], 16)]), octets.replace(b"_", b" "))
    return base64_content(octets)[0]


def base64_content(encoded: bytes) -> tuple[bytes, bool]:
    """Return what base64 holds and whether it was whole; broken or several pieces give what can be had."""
    letters = encoded.translate(None, _NOT_BASE64)
    bare = letters.rstrip(b"=")
    if b"=" not in bare:
        return _base64_piece(bare), len(letters) % 4 == 0
    return b"".join(_base64_piece(piece.replace(b"=", b"")) for piece in bare.split(b"=", _PIECES_MAX)), False


def _base64_piece(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # one letter alone holds no byte
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
