"""What travels through a browser and must come back as it was: the token in a form, the receipt in an address."""

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

import msgspec

from channels.callback.receipt import Receipt
from vocabulary.instants import DAY, Instant, Span

Keys = Mapping[str, bytes]
"""Signing keys by their ids. The first one signs, all are accepted."""

FORM_AGE_MAX: Span = DAY
_BITS_MIN = 128
_RECEIPT = msgspec.json.Decoder(Receipt)


def form_token(bits: bytes, now: Instant, keys: Keys) -> str:
    """Return the token of a form that is shown at `now`. `bits` are random, at least 128: they tell the form apart."""
    assert len(bits) * 8 >= _BITS_MIN, f"a form needs {_BITS_MIN} random bits, not {len(bits) * 8}"
    return _sealed("form", f"{now}-{b32encode(bits).decode().rstrip('=').lower()}".encode(), keys)


def form_of(token: str, now: Instant, keys: Keys) -> str | None:
    """Return which form `token` came with, or None if it is not ours or older than a day."""
    content = _opened("form", token, keys)
    if content is None:
        return None
    shown_at, _, form = content.decode().partition("-")
    return form if now - int(shown_at) <= FORM_AGE_MAX else None


def sealed_receipt(receipt: Receipt, keys: Keys) -> str:
    """Return `receipt` for an address, signed: nobody can make a page of ours confirm what is not so."""
    return _sealed("receipt", msgspec.json.encode(receipt), keys)


def receipt_of(text: str, keys: Keys) -> Receipt | None:
    """Return the receipt in `text`, or None if it is not ours."""
    content = _opened("receipt", text, keys)
    return None if content is None else _RECEIPT.decode(content)


def link_token(interaction: str, keys: Keys) -> str:
    """Return the token in the address at which a customer changes or cancels callback `interaction`."""
    return _sealed("link", interaction.encode(), keys)


def interaction_of_link(token: str, keys: Keys) -> str | None:
    """Return the callback that `token` opens, or None if it is not ours. It lasts as long as the callback."""
    content = _opened("link", token, keys)
    return None if content is None else content.decode()


def unsubscribing_token(customer: str, keys: Keys) -> str:
    """Return the token in the address at which `customer` unsubscribes from offers and reminders."""
    return _sealed("unsubscribe", customer.encode(), keys)


def customer_of_unsubscribing(token: str, keys: Keys) -> str | None:
    """Return the customer whom `token` unsubscribes, or None if it is not ours."""
    content = _opened("unsubscribe", token, keys)
    return None if content is None else content.decode()


def helped_token(interaction: str, keys: Keys) -> str:
    """Return the token in the address at which a customer says whether an automatic answer helped."""
    return _sealed("helped", interaction.encode(), keys)


def interaction_of_helped(token: str, keys: Keys) -> str | None:
    """Return the interaction whose answer `token` is about, or None if it is not ours."""
    content = _opened("helped", token, keys)
    return None if content is None else content.decode()


def _sealed(kind: str, content: bytes, keys: Keys) -> str:
    key_id = next(iter(keys))
    return f"{key_id}.{urlsafe_b64encode(content).decode()}.{_signature(keys[key_id], kind, content)}"


def _opened(kind: str, text: str, keys: Keys) -> bytes | None:
    key_id, _, rest = text.partition(".")
    coded, _, signature = rest.partition(".")
    key = keys.get(key_id)
    if key is None:
        return None
    try:
        content = urlsafe_b64decode(coded)
    except ValueError:
        return None
    is_ours = hmac.compare_digest(signature.encode(errors="replace"), _signature(key, kind, content).encode())
    return content if is_ours else None


def _signature(key: bytes, kind: str, content: bytes) -> str:
    # The kind is signed too: a receipt is no form.
    return hmac.digest(key, f"callback {kind}\x1f".encode() + content, hashlib.sha256).hex()
