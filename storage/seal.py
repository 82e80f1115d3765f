"""Checkpoints carry a digest of themselves: one that the disk has changed would be a wrong state that looks right."""

import hashlib

_MARK = b"\x01"
_SIZE = 32


def sealed(body: bytes) -> bytes:
    """Return `body` with its digest in front."""
    return _MARK + _digest(body) + body


def unsealed(kept: bytes) -> bytes:
    """Return what `sealed` was given; what was kept without a digest, as it is.

    Raises:
        ValueError: it is not as it was written.
    """
    if not kept.startswith(_MARK):
        return kept
    body = kept[1 + _SIZE :]
    if kept[1 : 1 + _SIZE] != _digest(body):
        raise ValueError("its digest is that of something else")
    return body


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_SIZE).digest()
