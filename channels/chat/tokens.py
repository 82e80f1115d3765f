"""Visitor tokens: whoever holds one is that visitor. Nothing about them is stored."""

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Mapping

Keys = Mapping[str, bytes]
"""Signing keys by their ids. The first one signs, all are accepted: put a new one in front to rotate."""

_BITS_MIN = 128


def new_visitor(bits: bytes) -> str:
    """Return the id of a new visitor made of random `bits`, at least 128 of them. The id alone opens nothing."""
    assert len(bits) * 8 >= _BITS_MIN, f"a visitor's id needs {_BITS_MIN} random bits, not {len(bits) * 8}"
    return "v-" + _letters(bits)


def token_of(visitor: str, keys: Keys) -> str:
    """Return the token that stands for `visitor`, signed with the first key: `key.visitor.signature`."""
    key_id = next(iter(keys))
    assert "." not in key_id + visitor, "the dot separates the parts of a token"
    return f"{key_id}.{visitor}.{_signature(keys[key_id], visitor)}"


def visitor_of(token: str, keys: Keys) -> str | None:
    """Return whom `token` stands for, or None if none of `keys` signed it."""
    key_id, _, rest = token.partition(".")
    visitor, _, signature = rest.partition(".")
    key = keys.get(key_id)
    if key is None or not visitor:
        return None
    is_ours = hmac.compare_digest(signature.encode(errors="replace"), _signature(key, visitor).encode())
    return visitor if is_ours else None


def _signature(key: bytes, visitor: str) -> str:
    # "visitor" keeps a signature that the same key gave to anything else from opening a conversation.
    return _letters(hmac.digest(key, f"visitor\x1f{visitor}".encode(), hashlib.sha256))


def _letters(raw: bytes) -> str:
    return b32encode(raw).decode("ascii").rstrip("=").lower()
