"""What channels bring in and take out. The rest of the house sees these values, never bytes of a protocol."""

from typing import Literal

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


Verdict = Literal["proven", "unproven", "failed", "temperror", "unchecked"]


class Trust(msgspec.Struct, frozen=True):
    """Whether the sender is who From says (reliability.md section 4.3); the results of SPF, DKIM and DMARC beside it.

    `proven`: something vouches for the domain of From. `unproven`: it was looked for and nothing does. `failed`: the
    domain itself says that such mail is not its own. `temperror`: it couldn't be found out. `unchecked`: nobody looked.
    `why` is a code. `domain`: that of From, "" if there is no single one.
    """

    verdict: Verdict = "unchecked"
    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"
    domain: str = ""
    why: str = "no_results"


ReportKind = Literal["bounced", "delayed", "delivered", "read", "complained", "away", "automatic"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a program says about a mail of ours. `about`: message ids that it names, which anybody may have written.

    `status` (RFC 3463) and `recipient` of a delivery report; `until`: when whoever is `away` is back, if he says so.
    """

    kind: ReportKind
    status: str = ""
    recipient: str = ""
    about: tuple[str, ...] = ()
    until: Instant | None = None


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message from a customer.

    `external_id` identifies it within its channel: whatever is delivered twice has the same one.
    `reply_text` is `text` without quotes and signature. `raw` is what arrived, byte for byte, where there are bytes.
    `senders`: all whom a mail names as its authors, where that is more than one. `forwarded_from`: who wrote what it
    passes on. `also_to`: whom else it names in To and Cc, beside its sender and our own mailboxes. `marks`: what a
    reader should know before he trusts it (channels/email/marks.py).
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
    also_to: tuple[Address, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    trust: Trust = Trust()
    report: Report | None = None
    defects: tuple[str, ...] = ()
    raw: bytes = b""


class OutboundMail(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail to send. Addresses are plain (`anna@example.org`); the composer refuses anything else.

    `copies` are named in it; each of them gets it under an envelope of its own. `list_unsubscribe`: the address of a
    page that ends such mail with one call (RFC 8058).
    """

    id: str
    interaction: str
    sender: Address
    recipient: Address
    copies: tuple[Address, ...] = ()
    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    automatic: bool = False
    list_unsubscribe: str | None = None
    date: Instant
