"""The tree of a mail's parts as slices of its bytes: nothing is copied and nothing grows beyond its limits.

The standard library's parser keeps every line as an object: 25 MB of line feeds cost it tens of seconds and more than
a gigabyte, before any limit of ours can look. Finding boundaries in the bytes costs what reading them costs.
"""

import re
from collections.abc import Iterator

import msgspec

from channels.email.charset import Guesses
from channels.email.headers import BLOCK_MAX, Headers, begins_field, read_block
from channels.email.parameters import Parameters, read_parameters

DEPTH_MAX = 50
PARTS_MAX = 1_000
_CANDIDATES_MAX = 20_000
_HEADERS_MAX = 2 * 1024 * 1024  # bytes of the headers of all parts
_BOUNDARY_MAX = 200

_TAIL = re.compile(rb"(--)?[ \t]*(?=[\r\n]|\Z)")
_BLANK = re.compile(rb"(?:[ \t]{0,998}\r?\n){1,20}")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Part(msgspec.Struct, frozen=True):
    """One part: its headers, where its body lies in the raw bytes, and the parts in it."""

    headers: Headers
    content_type: Parameters
    body_at: int
    body_end: int
    parts: tuple["Part", ...] = ()

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all parts in it, in their order."""
        yield self
        for part in self.parts:
            yield from part.walk()


class _Reading(msgspec.Struct):
    """What one reading may still spend, and what it found wrong."""

    raw: bytes
    parts_left: int = PARTS_MAX
    candidates_left: int = _CANDIDATES_MAX
    headers_left: int = _HEADERS_MAX
    guesses: Guesses = msgspec.field(default_factory=Guesses)
    defects: list[str] = []


def read_parts(raw: bytes) -> tuple[Part, tuple[str, ...]]:
    """Return the root part of the mail `raw` and its defects. Never raises."""
    reading = _Reading(raw, defects=[])
    root = _part(reading, begin_of(raw), len(raw), depth=0, default="text/plain")
    return root, tuple(dict.fromkeys(reading.defects))


def begin_of(raw: bytes) -> int:
    """Return where the mail's headers begin: some program may have put blank lines before them."""
    blank = _BLANK.match(raw)
    at = blank.end() if blank is not None else 0
    return at if at and begins_field(raw, at) else 0


def _part(reading: _Reading, start: int, end: int, *, depth: int, default: str) -> Part:
    block_max = min(BLOCK_MAX, reading.headers_left)
    block = read_block(reading.raw, start, end, block_max=block_max, guesses=reading.guesses)
    reading.headers_left = max(0, reading.headers_left - (block.body_at - start))
    reading.defects += block.defects
    kind = read_parameters(block.headers.get("content-type"))
    if kind.too_many:
        reading.defects.append("too-many-parameters")
    if not re.fullmatch(r"[^\s/]+/[^\s/]+", kind.value):
        kind = msgspec.structs.replace(kind, value=default)
    part = Part(block.headers, kind, block.body_at, end)
    if not kind.value.startswith("multipart/"):
        return part
    children = _children(reading, part, depth)
    if not children:
        # It says that it has parts and has none to show: read it as the text that it is.
        reading.defects.append("no-parts")
        return msgspec.structs.replace(part, content_type=msgspec.structs.replace(kind, value="text/plain"))
    return msgspec.structs.replace(part, parts=children)


def _children(reading: _Reading, part: Part, depth: int) -> tuple[Part, ...]:
    boundary = part.content_type.named.get("boundary", "").encode("utf-8", "replace").rstrip()
    if not boundary or len(boundary) > _BOUNDARY_MAX:
        return ()
    if depth >= DEPTH_MAX:
        reading.defects.append("too-deep")
        return ()
    default = "message/rfc822" if part.content_type.value == "multipart/digest" else "text/plain"
    found: list[Part] = []
    for start, end in _slices(reading, part.body_at, part.body_end, boundary):
        if reading.parts_left <= 0:
            reading.defects.append("too-many-parts")
            break
        reading.parts_left -= 1
        found.append(_part(reading, start, end, depth=depth + 1, default=default))
    return tuple(found)


def _slices(reading: _Reading, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the parts between the delimiters of `boundary` begin and end (RFC 2046 5.1.1)."""
    opened: int | None = None
    for line_at, line_end, is_last in _delimiters(reading, start, end, boundary):
        if opened is not None:
            yield opened, max(opened, _before_break(reading.raw, line_at, opened))
        opened = None if is_last else line_end
        if is_last:
            return
    if opened is not None:
        reading.defects.append("no-last-boundary")
        yield opened, end


def _delimiters(reading: _Reading, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    mark = b"--" + boundary
    raw = reading.raw
    at = raw.find(mark, start, end)
    while at >= 0:
        if reading.candidates_left <= 0:
            reading.defects.append("too-many-boundaries")
            return
        reading.candidates_left -= 1
        tail = _TAIL.match(raw, at + len(mark), end)
        if tail and (at == start or raw[at - 1 : at] in (b"\n", b"\r")):
            line_break = _LINE_END.match(raw, tail.end(), end)
            yield at, line_break.end() if line_break else tail.end(), tail[1] is not None
        at = raw.find(mark, at + len(mark), end)


def _before_break(raw: bytes, at: int, start: int) -> int:
    """Return `at` less the line break before it: that one belongs to the delimiter."""
    if raw[max(start, at - 2) : at] == b"\r\n":
        return at - 2
    return at - 1 if at > start and raw[at - 1 : at] in (b"\n", b"\r") else at
