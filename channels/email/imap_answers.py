"""What an IMAP server's answer lines say, and how a question names mails and folders."""

import base64
import re
from collections.abc import Sequence

import msgspec

_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b")
_FETCH = re.compile(rb"\d+ FETCH \(")
# A mail without any line break (an empty one) may come quoted instead of as a literal.
_SHORT_BODY = re.compile(rb'BODY\[[A-Z]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d{1,10})\]")


class Listed(msgspec.Struct, frozen=True):
    """One mail of a FETCH answer: its UID, its size, and its bytes if they were asked for and came."""

    uid: int
    size: int | None = None
    raw: bytes | None = None


def uidvalidity_in(lines: Sequence[bytes | bytearray]) -> int | None:
    """Return the UIDVALIDITY in the answer to SELECT, None if there is none."""
    match = next((found for line in lines if (found := _UIDVALIDITY.search(line))), None)
    return int(match[1]) if match else None


def uids_in(lines: Sequence[bytes | bytearray]) -> list[int]:
    """Return the UIDs in the answer to SEARCH, ascending."""
    words = [word for line in lines for word in bytes(line).removeprefix(b"SEARCH").split()]
    return sorted({int(word) for word in words if word.isdigit()})


def bodies_of(listed: Sequence[Listed]) -> dict[int, bytes]:
    """Return the bytes of each mail of which there are any."""
    return {item.uid: item.raw for item in listed if item.raw is not None}


def listed_in(lines: Sequence[bytes | bytearray]) -> list[Listed]:
    """Return the mails in the lines of a FETCH answer: the library gives text as bytes, literals as bytearrays."""
    groups: list[list[bytes | bytearray]] = []
    for line in lines:
        if isinstance(line, bytes) and _FETCH.match(line):
            groups.append([])
        if groups:
            groups[-1].append(line)
    return [item for group in groups if (item := _one(group)) is not None]


def _one(group: Sequence[bytes | bytearray]) -> Listed | None:
    text = b" ".join(piece for piece in group if isinstance(piece, bytes))
    uid, size, short = _UID.search(text), _SIZE.search(text), _SHORT_BODY.search(text)
    if uid is None:
        return None  # flags that changed elsewhere
    literal = next((bytes(piece) for piece in group if isinstance(piece, bytearray)), None)
    if literal is None and short is not None:
        literal = re.sub(rb"\\(.)", rb"\1", short[1])
    return Listed(int(uid[1]), int(size[1]) if size else None, literal)


def uid_set(uids: Sequence[int]) -> str:
    """Return `uids` (ascending) as IMAP writes a set: "1:3,7"."""
    spans: list[list[int]] = []
    for uid in uids:
        if spans and uid == spans[-1][1] + 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return ",".join(f"{first}:{last}" if last > first else f"{first}" for first, last in spans)


def modified_utf7(folder: str) -> str:
    """Return `folder` as IMAP writes names with foreign letters (RFC 3501 5.1.3)."""
    pieces = re.split(r"([^\x20-\x7e]+)", folder)
    return "".join(_shifted(text) if index % 2 else text.replace("&", "&-") for index, text in enumerate(pieces))


def _shifted(text: str) -> str:
    letters = base64.b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
    return f"&{letters}-"
