"""The hash chain of the journal: each entry's digest covers the entry and the digest before it."""

import hashlib
import struct
from typing import NamedTuple

from vocabulary.records import Entry

_NUMBERS = struct.Struct(">qqi")


class Head(NamedTuple):
    """Where the journal ends: its last number and that entry's digest."""

    seq: int
    digest: bytes


EMPTY = Head(0, bytes(32))


def digest_of(previous: bytes, entry: Entry) -> bytes:
    """Return the 32 bytes that stand for `entry` and all entries before it, whose digest is `previous`.

    The columns `type`, `interaction`, `agent` and `queue` repeat what the body says: its bytes vouch for them.
    """
    numbers = _NUMBERS.pack(entry.seq, entry.at, entry.v)
    return hashlib.blake2b(b"".join((previous, numbers, entry.body)), digest_size=32).digest()


def grown(head: Head, entries: tuple[Entry, ...]) -> tuple[Head, list[bytes]]:
    """Return the head behind `entries` and the digest of each.

    Raises:
        ValueError: they don't follow `head` without a gap.
    """
    digests = []
    for entry in entries:
        if entry.seq != head.seq + 1:
            raise ValueError(f"entry {entry.seq} doesn't follow {head.seq}")
        head = Head(entry.seq, digest_of(head.digest, entry))
        digests.append(head.digest)
    return head, digests
