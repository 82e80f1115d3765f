"""A mail's bytes to what the house reads: `parse` never raises, never takes long, and says what was wrong."""

import hashlib
from collections.abc import Callable, Collection, Sequence

import msgspec

from channels.email.addresses import comparable, read_addresses
from channels.email.body import Content, read_content
from channels.email.bounce import Bounce, bounce_of
from channels.email.encoded_words import decode_words
from channels.email.forwarded import Forward, forward_of
from channels.email.guard import automatic
from channels.email.headers import Headers, read_block
from channels.email.marks import FORWARDED, INVITATION, MARKS, OVERRIDES, REMOTE_IMAGES, seals, sender_marks
from channels.email.message_ids import message_ids
from channels.email.mime import Part, begin_of, read_parts
from channels.email.parameters import Parameters
from channels.email.reply import reply_text
from channels.email.report import report_of
from channels.message import Address, InboundMessage
from vocabulary.instants import Instant
from vocabulary.media import EMAIL

SIZE_MAX = 25 * 1024 * 1024
REFERENCES_MAX = 100
ALSO_TO_MAX = 20
"""As many as a mail of ours takes copies."""
_ONCE = ("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it was read: its root part, its contents and everything that was wrong with it."""

    root: Part
    content: Content
    marks: tuple[str, ...]
    senders: tuple[Address, ...]
    forwarded: Forward | None
    bounce: Bounce | None
    defects: tuple[str, ...]

    @property
    def headers(self) -> Headers:
        """Return the mail's own headers."""
        return self.root.headers

    @property
    def reply_text(self) -> str:
        """Return what its sender wrote himself; who passes a mail on says all of it."""
        text = self.content.text
        return text.strip() if self.forwarded is not None and self.forwarded.in_text else reply_text(text)

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the mailboxes in all headers `name`."""
        return read_addresses(self.headers.all(name))[0]

    def message_ids(self, name: str) -> tuple[str, ...]:
        """Return the message ids in all headers `name`, in their order, each in angle brackets."""
        return message_ids(" ".join(self.headers.all(name)))


def read_mail(raw: bytes, *, remote_images: bool = False) -> Mail:
    """Return what `raw` holds. Beyond `SIZE_MAX` only the headers are read.

    With `remote_images` the HTML loads its pictures from wherever its sender wants.
    """
    if len(raw) > SIZE_MAX:
        block = read_block(raw, begin_of(raw), len(raw))
        root = Part(block.headers, Parameters("text/plain"), body_at=block.body_at, body_end=block.body_at)
        content, defects = Content(), (*block.defects, "too-large")
    else:
        root, found = read_parts(raw)
        content = read_content(raw, root, remote_images=remote_images)
        defects = (*found, *content.defects, *_header_defects(root.headers))
    bounce = bounce_of(raw, root, content.text)
    # A report brings the mail that it is about; it passes nothing on.
    forwarded = forward_of(raw, root, content.text) if bounce is None else None
    marks = _marks(raw, root, content, forwarded)
    senders = read_addresses(root.headers.all("from"))[0]
    return Mail(
        root=root,
        content=content,
        marks=tuple(mark for mark in MARKS if mark in marks),
        senders=senders if len(senders) > 1 else (),
        forwarded=forwarded,
        bounce=bounce,
        defects=tuple(dict.fromkeys(defects)),
    )


def _marks(raw: bytes, root: Part, content: Content, forwarded: Forward | None) -> set[str]:
    told = {
        OVERRIDES: content.overrides,
        FORWARDED: forwarded is not None,
        INVITATION: bool(content.invitations),
        REMOTE_IMAGES: content.remote_images,
    }
    found = {mark for mark, is_so in told.items() if is_so}
    return found.union(sender_marks(root.headers), seals(raw, root, content.text))


def parse(
    raw: bytes,
    *,
    channel: str,
    received_at: Instant,
    own_addresses: frozenset[str] = frozenset(),
    envelope_sender: str | None = None,
    is_own_message_id: Callable[[str], bool] | None = None,
    remote_images: bool = False,
) -> InboundMessage:
    """Return the message that `raw` is, whatever its bytes are.

    Args:
        raw: the mail as it arrived.
        channel: the mailbox's name in our configuration.
        received_at: when we got it; a mail's own Date is the sender's claim.
        own_addresses: mailboxes, aliases and outgoing identities of ours.
        envelope_sender: what SMTP said; "" is the null sender, None is not known.
        is_own_message_id: tells whether a Message-ID is one that we made (`thread.interaction_of`).
        remote_images: whether the HTML may load pictures from elsewhere; only a reader may want that.
    """
    mail = read_mail(raw, remote_images=remote_images)
    ids = mail.message_ids("message-id")
    written_by = automatic(
        mail.headers.fields,
        own_addresses=own_addresses,
        envelope_sender=envelope_sender,
        part_types=part_types(mail.root),
        is_own_message_id=is_own_message_id,
    )
    sender = next(iter(mail.addresses("from")), None) or next(iter(mail.addresses("sender")), None)
    recipients = mail.addresses("to") + mail.addresses("cc")
    return InboundMessage(
        channel=channel,
        medium=EMAIL,
        external_id=external_id(raw, mail.root.body_at, ids),
        received_at=received_at,
        text=mail.content.text,
        reply_text=mail.reply_text,
        subject=subject_of(mail.headers),
        sender=sender,
        recipients=recipients,
        reply_to=mail.addresses("reply-to"),
        message_id=next(iter(ids), None),
        in_reply_to=next(iter(mail.message_ids("in-reply-to")), None),
        references=mail.message_ids("references")[-REFERENCES_MAX:],
        html=mail.content.html,
        attachments=mail.content.attachments,
        automatic=written_by,
        report=report_of(raw, mail.root, mail.content.text, bounce=mail.bounce, automatic=written_by, now=received_at),
        marks=mail.marks,
        senders=mail.senders,
        forwarded_from=mail.forwarded.sender if mail.forwarded else None,
        also_to=_others(recipients, {comparable(address) for address in own_addresses}, sender),
        invitations=mail.content.invitations,
        defects=mail.defects,
        raw=raw,
    )


def _others(recipients: Sequence[Address], own: Collection[str], sender: Address | None) -> tuple[Address, ...]:
    """Return those of `recipients` whom an answer to all would go to beside the sender, once each."""
    known = {*own, comparable(sender.address if sender is not None else "")}
    found: dict[str, Address] = {}
    for each in recipients:
        address = comparable(each.address)
        if "@" in each.address and address not in known:
            found.setdefault(address, each)
    return tuple(found.values())[:ALSO_TO_MAX]


def part_types(root: Part) -> frozenset[str]:
    """Return the content types of the mail's parts; forwarded mails count as one part each."""
    return frozenset(part.content_type.value for part in root.walk())


def subject_of(headers: Headers) -> str:
    """Return the subject as people read it."""
    return decode_words(headers.get("subject") or "")


def external_id(raw: bytes, body_at: int, ids: Sequence[str]) -> str:
    """Return what identifies this mail, however often it is delivered.

    A Message-ID is a claim, so the body's hash stands beside it: nobody can shadow another's mail by using its id.
    Line breaks don't count, for servers change them on the way.
    """
    if not ids:
        return f"raw-{hashlib.sha256(raw).hexdigest()}"
    body = hashlib.sha256(raw[body_at:].replace(b"\r\n", b"\n").rstrip()).hexdigest()
    return f"mail-{hashlib.sha256(f'{ids[0]} {body}'.encode()).hexdigest()}"


def _header_defects(headers: Headers) -> list[str]:
    found = [f"several-{name}" for name in _ONCE if len(headers.all(name)) > 1]
    if not headers.all("message-id"):
        found.append("no-message-id")
    if not headers.all("from"):
        found.append("no-from")
    if read_addresses(headers.all("to") + headers.all("cc"))[1]:
        found.append("too-many-addresses")
    return found
