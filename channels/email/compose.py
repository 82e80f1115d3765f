"""An answer of ours as bytes: correct MIME, strict addresses, and no header that we did not mean."""

import binascii
import hashlib
import re
from base64 import encodebytes
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime
from urllib.parse import quote

from channels.email.addresses import is_addr_spec
from channels.email.header_lines import checked, line, phrase, unstructured
from channels.email.headers import read_block
from channels.message import Address, Attachment, OutboundMail
from vocabulary.errors import PermanentFailure

REFERENCES_MAX = 20
_SUBJECT_MAX = 500
_NAME_MAX = 200
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,250}>")
_TYPE = re.compile(r"(?:application|audio|font|image|model|text|video)/[A-Za-z0-9!#$&^_.+-]{1,100}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}")
_LINK = re.compile(r"https?://[!#-;=?-Z_a-z~]{1,800}")
_FROM_LINE = re.compile(rb"^From ", re.MULTILINE)
_Pairs = Sequence[tuple[str, str]]


def compose(mail: OutboundMail, *, message_id: str, domain: str, reply_to: str | None = None) -> bytes:
    """Return `mail` as RFC 5322 bytes with CRLF, ready for SMTP; the same arguments always give the same bytes.

    Args:
        mail: what to send.
        message_id: ours, from `thread.message_id`.
        domain: names this instance in `X-Loop` of automatic mail.
        reply_to: the address that takes the answer, from `thread.reply_address`.

    Raises:
        PermanentFailure: an address, a name, the subject or a Message-ID is nothing that we may send.
    """
    pairs = [
        *_addressing(mail, reply_to),
        *_threading(mail, message_id),
        *_automatic(mail, domain),
        *_unsubscribing(mail),
    ]
    content = _content(mail, _boundary(mail.id))
    kinds = [("MIME-Version", "1.0"), *content[0]]
    raw = b"".join(line(name, value) for name, value in [*pairs, *kinds]) + b"\r\n" + content[1]
    _verify(raw, [*pairs, *kinds])
    return raw


def _addressing(mail: OutboundMail, reply_to: str | None) -> _Pairs:
    date = format_datetime(datetime.fromtimestamp(mail.date // 1000, UTC))
    pairs = [
        ("From", _mailbox("From", mail.sender)),
        ("To", _mailbox("To", mail.recipient)),
        *([("Cc", ", ".join(_mailbox("Cc", each) for each in mail.copies))] if mail.copies else []),
        ("Subject", unstructured(checked("Subject", mail.subject)[:_SUBJECT_MAX].strip())),
        ("Date", date),
    ]
    return [*pairs, ("Reply-To", _mailbox("Reply-To", Address("", reply_to)))] if reply_to else pairs


def _mailbox(header: str, address: Address) -> str:
    """Return `address` for `header`; an international domain goes out in its ASCII form."""
    plain = wire_address(address.address)
    if not is_addr_spec(plain):
        raise PermanentFailure(f"{header}: {address.address!r} is not a plain address such as anna@example.org")
    name = phrase(checked(header, address.name)[:_NAME_MAX].strip())
    return f"{name} <{plain}>" if name else plain


def wire_address(address: str) -> str:
    """Return `address` as servers know it: an international domain in its ASCII form."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain[:253].encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _threading(mail: OutboundMail, message_id: str) -> _Pairs:
    """Return the headers that tie this mail to the earlier ones: the oldest reference and the latest ones stay."""
    pairs = [("Message-ID", _own_id(message_id))]
    if mail.in_reply_to and _MESSAGE_ID.fullmatch(mail.in_reply_to):
        pairs.append(("In-Reply-To", mail.in_reply_to))
    known = [*mail.references, mail.in_reply_to or ""]
    usable = [reference for reference in dict.fromkeys(known) if _MESSAGE_ID.fullmatch(reference)]
    kept = usable if len(usable) <= REFERENCES_MAX else [usable[0], *usable[1 - REFERENCES_MAX :]]
    return [*pairs, ("References", " ".join(kept))] if kept else pairs


def _own_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise PermanentFailure(f"Message-ID: {message_id!r} is not of the form <id@domain>")
    return message_id


def _automatic(mail: OutboundMail, domain: str) -> _Pairs:
    """Return what tells other machines not to answer (RFC 3834 section 5, MS-OXCMAIL 2.1.3.2.20)."""
    if not mail.automatic:
        return []
    return [
        ("Auto-Submitted", "auto-replied"),
        ("X-Auto-Response-Suppress", "All"),
        ("Precedence", "auto_reply"),
        ("X-Loop", checked("X-Loop", domain)),
    ]


def _unsubscribing(mail: OutboundMail) -> _Pairs:
    """Return what lets mail readers end such mail with one press (RFC 8058 section 3.1)."""
    if mail.list_unsubscribe is None:
        return []
    if not _LINK.fullmatch(mail.list_unsubscribe):
        raise PermanentFailure(f"List-Unsubscribe: {mail.list_unsubscribe!r} is no address that begins with https://")
    return [
        ("List-Unsubscribe", f"<{mail.list_unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


_Content = tuple[_Pairs, bytes]


def _boundary(mail_id: str) -> str:
    # "=_" occurs in no base64 and no quoted-printable text, so no content can hold the boundary (RFC 2045 6.7).
    return f"=_{hashlib.sha256(mail_id.encode(errors='replace')).hexdigest()[:24]}"


def _content(mail: OutboundMail, boundary: str) -> _Content:
    """Return the headers and the body of the mail's root part."""
    inline = [item for item in mail.attachments if item.inline and item.content_id and mail.html is not None]
    files = [item for item in mail.attachments if item not in inline]
    body = _text("plain", mail.text)
    if mail.html is not None:
        markup = _text("html", mail.html)
        shown = _multipart("related", f"{boundary}r", [markup, *map(_file, inline)]) if inline else markup
        body = _multipart("alternative", f"{boundary}a", [body, shown])
    return _multipart("mixed", f"{boundary}m", [body, *map(_file, files)]) if files else body


def _multipart(subtype: str, boundary: str, parts: Iterable[_Content]) -> _Content:
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), _part(part)) for part in parts)
    return [("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')], body + b"--%s--\r\n" % boundary.encode()


def _part(content: _Content) -> bytes:
    return b"".join(line(name, value) for name, value in content[0]) + b"\r\n" + content[1]


def _text(subtype: str, text: str) -> _Content:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    octets = plain.encode("utf-8", "replace")
    pairs = [("Content-Type", f"text/{subtype}; charset=utf-8")]
    # Mostly foreign letters are shorter in base64; mostly Latin ones stay legible in quoted-printable.
    if sum(byte > 127 for byte in octets) * 3 > len(octets):
        return [*pairs, ("Content-Transfer-Encoding", "base64")], _base64(octets)
    return [*pairs, ("Content-Transfer-Encoding", "quoted-printable")], _quoted_printable(octets)


def _quoted_printable(octets: bytes) -> bytes:
    soft = binascii.b2a_qp(octets, quotetabs=False, istext=True)
    # An mbox on the way would change "From " at the beginning of a line.
    return _FROM_LINE.sub(b"=46rom ", soft).replace(b"\n", b"\r\n")


def _base64(octets: bytes) -> bytes:
    return encodebytes(octets).replace(b"\n", b"\r\n")


def _file(item: Attachment) -> _Content:
    kind = item.content_type if _TYPE.fullmatch(item.content_type) else "application/octet-stream"
    disposition = "inline" if item.inline and item.content_id else "attachment"
    pairs = [
        ("Content-Type", kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{disposition}; {_filename(item.filename)}"),
    ]
    if item.content_id and _CONTENT_ID.fullmatch(item.content_id):
        pairs.append(("Content-ID", f"<{item.content_id}>"))
    return pairs, _base64(item.content)


def _filename(name: str) -> str:
    """Return the parameter that carries a file's name (RFC 2231, RFC 6266's twin for old readers)."""
    safe = checked("attachment", name)[-_NAME_MAX:] or "file"
    if re.fullmatch(r"[A-Za-z0-9_.()+-][A-Za-z0-9 _.()+-]*", safe) and not safe.endswith(" "):
        return f'filename="{safe}"'
    # One section, not several: readers that know RFC 2231 at all know this form, and it stays below 998 characters.
    return f"filename*=utf-8''{quote(safe[-60:], safe='')}"


def _verify(raw: bytes, meant: _Pairs) -> None:
    """Compare the headers in `raw` with those we meant, as two different readers see them.

    Raises:
        PermanentFailure: they differ. The standard library's own generator let an encoded line break through
            (CPython 3.11 and 3.12), so no generator is trusted here, not even this one.
    """
    expected = [(name.lower(), value.strip()) for name, value in meant]
    ours = [(name, value.strip()) for name, value in read_block(raw, 0, len(raw)).headers.fields]
    parsed = BytesHeaderParser(policy=compat32).parsebytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    theirs = [(name.lower(), re.sub(r"\r?\n", "", str(value)).strip()) for name, value in parsed.items()]
    if ours != expected or theirs != expected:
        raise PermanentFailure("the mail's headers would not arrive as they were meant")
    if max(map(len, raw.split(b"\r\n"))) > 998 or re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", raw):
        raise PermanentFailure("the mail has a line of more than 998 characters or a bare line break")
