"""Inputs that can't be processed: kept as bytes, so that nothing that came in is lost and nothing else waits for it.

A mail is kept as it arrived. What came by chat, form or API has no bytes of its own: it is kept as JSON, from which it
can be taken in again.
"""

import msgspec

from app.wishes import Wishes
from channels.email.addresses import read_addresses
from channels.email.display import clean_line
from channels.email.encoded_words import decode_words
from channels.email.headers import read_block
from channels.email.mime import begin_of
from channels.message import InboundMessage
from customers.identity import Identity, email_identity, identities
from vocabulary.ids import InteractionId, derived_id
from vocabulary.records import ReceivedHead, ReceivedRow
from vocabulary.stores import Store
from web.site import Origin

TRIES_MAX = 3
"""What fails so often is quarantined with its bytes; the others flow."""

SHOWN_MAX = 200
_KIND = "message"
"""In the envelope of what is kept as JSON."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel brought, and what it said of it."""

    message: InboundMessage
    continues: InteractionId | None = None
    wishes: Wishes = Wishes()


def input_id(channel: str, external_id: str) -> str:
    """Return the id under which an input without bytes of its own is kept: the same for its repetition.

    Ids of mails vouch for their bytes (vocabulary/ids.py); this one can't, since a repetition comes at another instant.
    """
    return derived_id("k", channel, external_id)


def kept(what: Kept, error: Exception, attempts: int) -> ReceivedRow:
    """Return the row that keeps an input which failed with `error`."""
    message = what.message
    return ReceivedRow(
        id=input_id(message.channel, message.external_id),
        channel=message.channel,
        at=message.received_at,
        raw=msgspec.json.format(msgspec.json.encode(what), indent=2),
        envelope={"kind": _KIND},
        state="quarantined",
        attempts=attempts,
        error=error_text(error),
    )


def error_text(error: Exception) -> str:
    """Return what went wrong, for a supervisor. It may hold what people wrote: never for a log."""
    said = clean_line(str(error), limit=400)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def kept_input(row: ReceivedRow) -> Kept | None:
    """Return the input that `row` keeps as JSON; None for a mail.

    Raises:
        msgspec.ValidationError: another version kept it.
    """
    return msgspec.json.decode(row.raw, type=Kept) if row.envelope.get("kind") == _KIND else None


async def senders_of(head: ReceivedHead, store: Store) -> set[str]:
    """Return whom something that came in claims to be from, as `kind:value`. A mail says it in its beginning."""
    row = head.row
    if not head.is_whole and row.envelope.get("kind") == _KIND:
        row = await store.received_row(row.id) or row
    return identities_in(row)


def identities_in(row: ReceivedRow) -> set[str]:
    """Return whom the bytes claim to be from, as `kind:value`; nothing where even that can't be read."""
    try:
        what = kept_input(row)
        if what is not None:
            return {f"{kind}:{value}" for kind, value in claimed_by(what.message, what.wishes.customer)}
        senders, _ = read_addresses(read_block(row.raw, begin_of(row.raw), len(row.raw)).headers.all("from"))
        return {f"{kind}:{value}" for kind, value in (email_identity(each.address) for each in senders)}
    except Exception:  # noqa: BLE001  # as in origin_of
        return set()


def claimed_by(message: InboundMessage, external: str | None = None) -> tuple[Identity, ...]:
    """Return what a message proves or shows of its sender.

    What a chat visitor types about himself proves nothing: taken as an identity, it would show him the conversations
    of whoever has that address. `external`: what an integration knows him by.
    """
    if message.visitor is not None:
        return identities(visitor=message.visitor)
    email = message.sender.address if message.sender and message.sender.address else None
    return identities(email=email, phone=message.phone, external=external)


def origin_of(row: ReceivedRow) -> Origin:
    """Return what the bytes claim of themselves, safe to show; nothing where even that can't be read."""
    try:
        what = kept_input(row)
        return _of_mail(row.raw) if what is None else _of_message(what.message)
    except Exception:  # noqa: BLE001  # these bytes have broken something before; a list of them must not
        return Origin()


def _of_message(message: InboundMessage) -> Origin:
    sender = message.sender
    named = [part for part in (sender.name, sender.address) if part] if sender else []
    claimed = " ".join([*named, *([message.phone] if message.phone else [])])
    return Origin(clean_line(claimed, limit=SHOWN_MAX), clean_line(message.subject, limit=SHOWN_MAX))


def _of_mail(raw: bytes) -> Origin:
    headers = read_block(raw, begin_of(raw), len(raw)).headers
    senders, _ = read_addresses(headers.all("from")[:1])
    claimed = f"{senders[0].name} <{senders[0].address}>".strip() if senders else ""
    subject = decode_words(headers.get("subject") or "")
    return Origin(clean_line(claimed, limit=SHOWN_MAX), subject[:SHOWN_MAX])
