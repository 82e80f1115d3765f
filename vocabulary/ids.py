"""Ids: opaque strings. They come into the core, or derive from what came in; nothing here draws lots."""

import hashlib
import re
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


def file_id(message: MessageId, number: int, content: bytes) -> str:
    """Return the id of the `number`-th file of `message`: it vouches for its content."""
    return derived_id(f"f{number}", message, hashlib.sha256(content).hexdigest())


_VOUCHING = re.compile(r"(r|f[0-9]+)-[a-z2-7]{26}")


def is_as_written(id: object, of: object, content: object) -> bool:
    """Tell whether bytes still are those that their id was made of.

    Args:
        id: by `received_id` or `file_id`; others vouch for nothing, and neither does any for what has been erased.
        of: the channel or the message that it was made with.
        content: the bytes. As a database may give back anything, none of the three need be what it should.
    """
    form = _VOUCHING.fullmatch(id) if isinstance(id, str) else None
    if form is None or not content:
        return True
    if not isinstance(content, bytes) or not isinstance(of, str):
        return False
    return derived_id(form[1], of, hashlib.sha256(content).hexdigest()) == id


def share_of(*parts: str) -> float:
    """Return a number from 0 to below 1 that `parts` always give: a draw that every replay repeats."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def is_model_as_written(id: object, content: object) -> bool:
    """Tell the same of a version of the model, whose id always vouches."""
    return isinstance(content, bytes) and model_id(content) == id


def model_id(content: bytes) -> str:
    """Return the id of the version of the model that is this file: the same file is the same version."""
    return f"m-{hashlib.sha256(content).hexdigest()[:12]}"


def keyed_hash(key: bytes, text: str) -> str:
    """Return what stands for `text` (an address, a phone number, an external id) in the journal: 16 hex digits.

    The journal holds no personal data; without `key` the hash tells nobody whose it is.
    """
    return hashlib.blake2b(text.encode(), key=key[:64], digest_size=8).hexdigest()


def reference(number: int) -> str:
    """Return what customers are told of the interaction with that admission number; it opens nothing."""
    return f"C-{number}"
