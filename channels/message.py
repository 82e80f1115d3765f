"""What channels bring in and take out. The rest of the house sees these values, never bytes of a protocol."""

import msgspec

from vocabulary.instants import Instant


class Attachment(msgspec.Struct, frozen=True):
    """A file that came with a message. `filename` is for showing only, never a path."""

    filename: str
    content_type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False


class Address(msgspec.Struct, frozen=True):
    """A mailbox as a header names it; `name` is what the sender claims and may be empty."""

    name: str
    address: str


class Automatic(msgspec.Struct, frozen=True):
    """Whether a machine wrote it, and every signal that says so (reliability.md section 4.2)."""

    is_automatic: bool = False
    signals: tuple[str, ...] = ()


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a calendar that came with a mail, as its sender states it.

    `method`: request, cancel, reply, publish ... (RFC 5546), "" where it names none. `start` and `end` read
    `2026-03-02T10:00:00` in `time_zone` ("": the reader's own), or `2026-03-02` for whole days; "" is not known.
    """

    method: str = ""
    uid: str = ""
    summary: str = ""
    start: str = ""
    end: str = ""
    time_zone: str = ""
    location: str = ""
    organizer: Address | None = None
    description: str = ""
    repeats: bool = False


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message from a customer.

    `external_id` identifies it within its channel: whatever is delivered twice has the same one.
    `reply_text` is `text` without quotes and signature. `raw` is what arrived, byte for byte, where there are bytes.
    `senders`: all whom a mail names as its authors, where that is more than one. `forwarded_from`: who wrote what it
    passes on. `marks`: what a reader should know before he trusts it (channels/email/marks.py).
    """

    channel: str
    medium: str
    external_id: str
    received_at: Instant
    text: str
    reply_text: str
    subject: str = ""
    sender: Address | None = None
    phone: str | None = None
    visitor: str | None = None
    recipients: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    automatic: Automatic = Automatic()
    marks: tuple[str, ...] = ()
    senders: tuple[Address, ...] = ()
    forwarded_from: Address | None = None
    invitations: tuple[Invitation, ...] = ()
    defects: tuple[str, ...] = ()
    raw: bytes = b""


class OutboundMail(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail to send. Addresses are plain (`anna@example.org`); the composer refuses anything else."""

    id: str
    interaction: str
    sender: Address
    recipient: Address
    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    automatic: bool = False
    date: Instant
