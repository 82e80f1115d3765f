"""Mails for tests: valid unless told otherwise."""

from channels.email.parse import parse
from channels.message import Address, InboundMessage, OutboundMail
from vocabulary.ids import derived_id
from vocabulary.instants import Instant

NOW: Instant = 1_772_357_400_000
OWN = frozenset({"support@desk.example.org"})
INTERACTION = derived_id("i", "support", "first")


def a_mail(
    body: bytes = b"Hello,\r\nwhere is my order?\r\n",
    *,
    remove: tuple[str, ...] = (),
    extra: tuple[tuple[str, str], ...] = (),
    **headers: str,
) -> bytes:
    """Return a mail from Anna to support; `headers` replace its own ("content_type"), `extra` are added at the end."""
    fields = {
        "from": "Anna Example <anna@customer.example>",
        "to": "support@desk.example.org",
        "subject": "My order",
        "date": "Sun, 1 Mar 2026 09:30:00 +0100",
        "message-id": "<one@customer.example>",
        "mime-version": "1.0",
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name.title()}: {value}" for name, value in fields.items() if name not in remove]
    lines += [f"{name}: {value}" for name, value in extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def parsed(raw: bytes, *, own: frozenset[str] = OWN, envelope_sender: str | None = None) -> InboundMessage:
    """Return the message of `raw` in the support mailbox."""
    return parse(raw, channel="support", received_at=NOW, own_addresses=own, envelope_sender=envelope_sender)


def an_answer(**changes: object) -> OutboundMail:
    """Return an answer of ours to Anna."""
    fields: dict[str, object] = {
        "id": derived_id("o", "first"),
        "interaction": INTERACTION,
        "sender": Address("Support", "support@desk.example.org"),
        "recipient": Address("Anna Example", "anna@customer.example"),
        "subject": "Re: My order",
        "text": "Hello Anna,\nit is on its way.\n",
        "in_reply_to": "<one@customer.example>",
        "date": NOW,
    }
    return OutboundMail(**{**fields, **changes})  # type: ignore[arg-type]  # what a test changes is its own to type
