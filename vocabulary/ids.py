"""Ids: opaque strings. They come into the core, or derive from what came in; nothing here draws lots."""

import hashlib
from base64 import b32encode

InteractionId = str
AgentId = str
OfferId = str
CustomerId = str
MessageId = str
QueueName = str
ChannelName = str


def derived_id(prefix: str, *parts: str) -> str:
    """Return the id that `parts` always give: `prefix`, a dash and 26 letters and digits (128 bits of BLAKE2b).

    Whatever is delivered twice gets the same id, and the core refuses the second.
    """
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()
    return f"{prefix}-{b32encode(digest).decode().rstrip('=').lower()}"


def received_id(channel: ChannelName, raw: bytes) -> str:
    """Return the id of raw bytes that came in by `channel`: it vouches for them."""
    return derived_id("r", channel, hashlib.sha256(raw).hexdigest())


def is_received_id(id: object) -> bool:
    """Tell whether `id` has the form that `received_id` gives; others vouch for nothing."""
    return isinstance(id, str) and len(id) == len(received_id("", b""))


def keyed_hash(key: bytes, text: str) -> str:
    """Return what stands for `text` (an address, a phone number, an external id) in the journal: 16 hex digits.

    The journal holds no personal data; without `key` the hash tells nobody whose it is.
    """
    return hashlib.blake2b(text.encode(), key=key[:64], digest_size=8).hexdigest()


def reference(number: int) -> str:
    """Return what customers are told of the interaction with that admission number; it opens nothing."""
    return f"C-{number}"
