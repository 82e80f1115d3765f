"""Which interaction a mail continues: our own signed Message-IDs and reply addresses, and the ids that a mail names.

A bare number in a subject never matches, and a valid token proves only that its bearer saw a mail of ours: who may
write into the interaction is decided elsewhere.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterator, Sequence

from channels.email.addresses import comparable
from channels.message import InboundMessage
from vocabulary.instants import DAY, Instant

KEYS_MAX = 100
TOKEN_DAYS = 180
_LOCAL_PART_MAX = 64
_PREFIX = "i-"
_ID = re.compile(r"[a-z]{1,8}-[a-z2-7]{26}")
_OURS = re.compile(r"<?([A-Za-z0-9_-]{1,80})\.([a-z]{1,8}-[a-z2-7]{26})\.([a-z2-7]{24})@([A-Za-z0-9.-]{1,253})>?")
_OUTBOX_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_TOKEN = re.compile(r"([a-z2-7]{26})([a-z2-7]{3})([a-z2-7]{16})")
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"


def message_id(outbox_id: str, interaction: str, *, key: bytes, domain: str) -> str:
    """Return the Message-ID of the mail `outbox_id`, always the same; `interaction_of` finds the interaction in it.

    Raises:
        ValueError: an id has not the form of our ids.
    """
    if not _OUTBOX_ID.fullmatch(outbox_id) or not _ID.fullmatch(interaction):
        raise ValueError(f"{outbox_id!r} and {interaction!r} must be ids like 'o-...' and 'i-' with 26 letters")
    mac = _mac(key, 24, "message-id", outbox_id, interaction)
    return f"<{outbox_id}.{interaction}.{mac}@{domain}>"


def interaction_of(message_id_text: str, *, keys: Sequence[bytes], domain: str) -> str | None:
    """Return the interaction that a Message-ID of ours belongs to, None if none of `keys` signed it."""
    found = sent_of(message_id_text, keys=keys, domain=domain)
    return found[1] if found is not None else None


def sent_of(message_id_text: str, *, keys: Sequence[bytes], domain: str) -> tuple[str, str] | None:
    """Return the outbox id and the interaction of a Message-ID of ours, None if none of `keys` signed it."""
    match = _OURS.fullmatch(message_id_text.strip())
    if match is None or match[4].lower() != domain.lower():
        return None
    return (match[1], match[2]) if _is_signed(match[3], keys, "message-id", match[1], match[2]) else None


def reply_address(base_address: str, interaction: str, addressee: str, key: bytes, *, issued_at: Instant) -> str:
    """Return `base_address` with a token (RFC 5233 detail) that ties an answer of `addressee` to `interaction`.

    It holds for 180 days. An address without room for the 46 characters of a token is returned as it is.
    """
    local, _, domain = base_address.rpartition("@")
    if not _ID.fullmatch(interaction) or not interaction.startswith(_PREFIX) or len(local) + 46 > _LOCAL_PART_MAX:
        return base_address
    day = _day_digits(issued_at)
    mac = _mac(key, 16, "reply-address", interaction, comparable(addressee), day)
    return f"{local}+{interaction.removeprefix(_PREFIX)}{day}{mac}@{domain}"


def named_in_address(address: str) -> str | None:
    """Return the interaction that an address with a token names; whether the token is ours, this doesn't tell."""
    match = _TOKEN.fullmatch(_detail(address))
    return f"{_PREFIX}{match[1]}" if match is not None else None


def interaction_of_address(address: str, *, addressee: str, keys: Sequence[bytes], now: Instant) -> str | None:
    """Return the interaction that the token in `address` names, if it is ours, `addressee`'s and not too old."""
    match = _TOKEN.fullmatch(_detail(address))
    if match is None:
        return None
    interaction = f"{_PREFIX}{match[1]}"
    age = now // DAY - _day_of(match[2])
    is_signed = _is_signed(match[3], keys, "reply-address", interaction, comparable(addressee), match[2])
    return interaction if is_signed and 0 <= age + 1 <= TOKEN_DAYS + 1 else None


def _detail(address: str) -> str:
    return address.rpartition("@")[0].rpartition("+")[2].lower()


def thread_keys(message: InboundMessage) -> tuple[str, ...]:
    """Return the message ids that `message` answers, the nearest first: In-Reply-To, then References from the right."""
    return tuple(dict.fromkeys(_named(message)))[:KEYS_MAX]


def _named(message: InboundMessage) -> Iterator[str]:
    if message.in_reply_to:
        yield message.in_reply_to
    yield from reversed(message.references)


def _mac(key: bytes, letters: int, *parts: str) -> str:
    digest = hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).digest()
    return b32encode(digest).decode("ascii").lower()[:letters]


def _is_signed(mac: str, keys: Sequence[bytes], *parts: str) -> bool:
    # Every key is tried and every comparison takes its full time: neither tells which one nearly fitted.
    fits = [hmac.compare_digest(mac, _mac(key, len(mac), *parts)) for key in keys]
    return any(fits)


def _day_digits(instant: Instant) -> str:
    day = instant // DAY
    return "".join(_DIGITS[day >> shift & 31] for shift in (10, 5, 0))


def _day_of(digits: str) -> int:
    return sum(_DIGITS.index(digit) << shift for digit, shift in zip(digits, (10, 5, 0), strict=True))
