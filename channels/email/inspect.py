"""What `centrala mail inspect` prints of a mail (contract.md)."""

import hashlib
from collections.abc import Collection

import msgspec

from channels.email.bounce import Bounce
from channels.email.display import clean_line
from channels.email.guard import automatic
from channels.email.parse import Mail, part_types, read_mail, subject_of
from channels.email.trust import read_trust
from channels.message import Address, Attachment, Invitation


def inspect(raw: bytes, *, file: str, ids: Collection[str] = ()) -> dict[str, object]:
    """Return everything that was read of `raw`, ready for JSON; `language` and what signals
    mean are for others to fill. Never raises.

    `ids`: names of the mail servers whose `Authentication-Results` count.
    """
    mail = read_mail(raw)
    headers = mail.headers
    found = automatic(headers.fields, part_types=part_types(mail.root))
    return {
        "file": file,
        "message_id": next(iter(mail.message_ids("message-id")), None),
        "subject": subject_of(headers),
        "date": clean_line(headers.get("date") or "") or None,
        "from": _sender(mail),
        "reply_to": _listed(mail.addresses("reply-to")),
        "to": _listed(mail.addresses("to")),
        "cc": _listed(mail.addresses("cc")),
        "in_reply_to": next(iter(mail.message_ids("in-reply-to")), None),
        "references": list(mail.message_ids("references")),
        "text": mail.content.text,
        "reply_text": mail.reply_text,
        "html": mail.content.html,
        "language": None,
        "attachments": [_attachment(item) for item in mail.content.attachments],
        "automatic": {"is_automatic": found.is_automatic, "signals": list(found.signals), "reasons": {}},
        "trust": msgspec.structs.asdict(read_trust(headers.fields, ids)),
        "bounce": _bounce(mail.bounce),
        "marks": list(mail.marks),
        "senders": _listed(mail.senders),
        "forwarded_from": _address(mail.forwarded.sender) if mail.forwarded and mail.forwarded.sender else None,
        "invitations": [_invitation(item) for item in mail.content.invitations],
        "defects": list(mail.defects),
    }


def _sender(mail: Mail) -> dict[str, str] | None:
    first = next(iter(mail.addresses("from")), None)
    return _address(first) if first else None


def _listed(addresses: tuple[Address, ...]) -> list[dict[str, str]]:
    return [_address(address) for address in addresses]


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _invitation(item: Invitation) -> dict[str, object]:
    return {**msgspec.structs.asdict(item), "organizer": _address(item.organizer) if item.organizer else None}


def _attachment(item: Attachment) -> dict[str, object]:
    return {
        "filename": item.filename,
        "content_type": item.content_type,
        "size": len(item.content),
        "md5": hashlib.md5(item.content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(item.content).hexdigest(),
        "content_id": item.content_id,
        "inline": item.inline,
    }


def _bounce(bounce: Bounce | None) -> dict[str, object] | None:
    if bounce is None:
        return None
    return {
        "is_bounce": bounce.is_bounce,
        "status": bounce.status or None,
        "action": bounce.action or None,
        "recipient": bounce.recipient or None,
    }
