"""A header block of bytes to names and values. It reads what people send, within limits, and never raises."""

import re
from collections.abc import Sequence

import msgspec

from channels.email.charset import Guesses

BLOCK_MAX = 256 * 1024
VALUE_MAX = 64 * 1024
HEADERS_MAX = 1_000

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_MBOX = re.compile(rb">?From ")
_FOLD = re.compile(rb"[\r\n]+")


class Headers(msgspec.Struct, frozen=True):
    """Fields in their order: lower-case name and unfolded value, still encoded as RFC 2047 has it."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the first value under `name` (lower case), or None."""
        return next((value for found, value in self.fields if found == name), None)

    def all(self, name: str) -> list[str]:
        """Return every value under `name` (lower case)."""
        return [value for found, value in self.fields if found == name]


class Block(msgspec.Struct, frozen=True):
    """A header block that was read: its fields, where the body begins, and what was wrong."""

    headers: Headers
    body_at: int
    defects: tuple[str, ...] = ()


def read_block(
    raw: bytes, start: int, end: int, *, block_max: int = BLOCK_MAX, guesses: Guesses | None = None
) -> Block:
    """Return the header block that begins at `start` of `raw` and ends before `end`.

    Of more than `block_max` bytes only the first are read. `guesses`: what a mail may spend on undeclared letters.
    """
    guesses = guesses or Guesses(1)
    limit = min(end, start + block_max)
    fields: list[list[bytes]] = []
    defects: list[str] = []
    at = start
    while at < limit:
        line = _line(raw, at, limit)
        if at + len(line) == limit < end:
            break
        if not line.strip(b"\r\n"):
            return _block(fields, at + len(line), defects, guesses)
        if line[:1] in b" \t" and fields:
            fields[-1].append(line)
        elif _FIELD.match(line):
            fields.append([line])
        elif at != start or not _MBOX.match(line):
            # RFC 5322 2.1 wants an empty line here; readers agree that the body begins where fields end.
            return _block(fields, at, [*defects, "no-header-end"], guesses)
        at += len(line)
    if limit < end:
        return _block(fields, _body_after(raw, at, end), [*defects, "headers-too-long"], guesses)
    return _block(fields, at, defects, guesses)


def begins_field(raw: bytes, at: int) -> bool:
    """Tell whether a header begins at `at`."""
    return _FIELD.match(raw, at) is not None


def _line(raw: bytes, at: int, limit: int) -> bytes:
    match = _LINE.match(raw, at, limit)
    return match[0] if match else b""


def _body_after(raw: bytes, at: int, end: int) -> int:
    ends = [found + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (found := raw.find(mark, at, end)) >= 0]
    return min(ends, default=end)


def _block(fields: Sequence[Sequence[bytes]], body_at: int, defects: Sequence[str], guesses: Guesses) -> Block:
    found = list(defects)
    if len(fields) > HEADERS_MAX:
        found.append("too-many-headers")
    values = [_value(b"".join(lines), found) for lines in fields[:HEADERS_MAX]]
    undeclared = [value for _, value in values if not _is_utf_8(value)]
    codec = "utf-8"
    if undeclared:
        # Together they tell more than each alone, and are guessed once.
        codec = guesses.codec(b" ".join(undeclared))
        found.append("header-charset-guessed")
    pairs = [(name, value.decode("utf-8" if _is_utf_8(value) else codec, "replace")) for name, value in values]
    return Block(Headers(tuple(pairs)), body_at, tuple(dict.fromkeys(found)))


def _value(field: bytes, defects: list[str]) -> tuple[str, bytes]:
    name, _, value = field.partition(b":")
    if len(value) > VALUE_MAX:
        defects.append("header-too-long")
        value = value[:VALUE_MAX]
    return name.strip().decode("ascii").lower(), _FOLD.sub(b"", value).strip(b" \t")


def _is_utf_8(value: bytes) -> bool:
    if value.isascii():
        return True
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
