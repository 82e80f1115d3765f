"""A header block of bytes to names and values. It reads what people send, within limits, and never raises."""

import re
from collections.abc import Sequence

import msgspec

from channels.email.charset import decoded

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


def read_block(raw: bytes, start: int, end: int) -> Block:
    """Return the header block that begins at `start` of `raw` and ends before `end`."""
    limit = min(end, start + BLOCK_MAX)
    fields: list[list[bytes]] = []
    defects: list[str] = []
    at = start
    while at < limit:
        line = _line(raw, at, limit)
        if at + len(line) == limit < end:
            break
        if not line.strip(b"\r\n"):
            return _block(fields, at + len(line), defects)
        if line[:1] in b" \t" and fields:
            fields[-1].append(line)
        elif _FIELD.match(line):
            fields.append([line])
        elif at != start or not _MBOX.match(line):
            # RFC 5322 2.1 wants an empty line here; readers agree that the body begins where fields end.
            return _block(fields, at, [*defects, "no-header-end"])
        at += len(line)
    if limit < end:
        return _block(fields, _body_after(raw, at, end), [*defects, "headers-too-long"])
    return _block(fields, at, defects)


def _line(raw: bytes, at: int, limit: int) -> bytes:
    match = _LINE.match(raw, at, limit)
    return match[0] if match else b""


def _body_after(raw: bytes, at: int, end: int) -> int:
    ends = [found + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (found := raw.find(mark, at, end)) >= 0]
    return min(ends, default=end)


def _block(fields: Sequence[Sequence[bytes]], body_at: int, defects: Sequence[str]) -> Block:
    found = list(defects)
    if len(fields) > HEADERS_MAX:
        found.append("too-many-headers")
    pairs = [_pair(b"".join(lines), found) for lines in fields[:HEADERS_MAX]]
    return Block(Headers(tuple(pairs)), body_at, tuple(dict.fromkeys(found)))


def _pair(field: bytes, defects: list[str]) -> tuple[str, str]:
    name, _, value = field.partition(b":")
    if len(value) > VALUE_MAX:
        defects.append("header-too-long")
        value = value[:VALUE_MAX]
    flat = _FOLD.sub(b"", value).strip(b" \t")
    text, defect = decoded(flat, None)
    if defect == "charset-guessed":
        defects.append("header-charset-guessed")
    return name.strip().decode("ascii").lower(), text
