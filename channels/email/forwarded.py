"""Mails that pass on somebody else's: below a line that says so, below his headers, or as a file of their own."""

import re
from collections.abc import Sequence

import msgspec

from channels.email.addresses import read_addresses
from channels.email.encoded_words import decode_words
from channels.email.headers import read_block
from channels.email.mime import Part
from channels.email.reply import forward_line, header_line
from channels.email.transfer import transferred
from channels.message import Address

_MAILS = ("message/rfc822", "message/global")
_LINES_MAX = 2_000
_BLOCK_LINES = 16
_HEAD_MAX = 64 * 1024
_AUTHORS = frozenset("from od nuo siuntėjas feladó küldő от від von de da sender nadawca".split())
# What programs put before the subject of what they pass on; answers to such a mail begin with their own mark.
_SUBJECT = re.compile(
    r"\s*(?:fwd?|fw|pd|wg|i|tr|rv|tov(?:ábbítva|ábbítás)?|vb|pers(?:iųsta|iųsti|\.)?|persiųstas"
    r"|пересл(?:ано)?|fwd от)\s*:",
    re.IGNORECASE,
)
# "2.03.2026, 10:00, "Anna" <anna@customer.example>:" in place of headers.
_INTRODUCED = re.compile(r"([^\d,;<>]{0,100})<([^<>\s@]{1,64}@[^<>\s@]{1,253})>\s*:$")
_MAILTO = re.compile(r"\[mailto:([^\]\s]{1,320})\]", re.IGNORECASE)


class Forward(msgspec.Struct, frozen=True):
    """That a mail passes on another one, and who wrote that, None where it doesn't say.

    `in_text`: it stands in the text, which is then all of it what the sender wants to say.
    """

    sender: Address | None
    in_text: bool


def forward_of(raw: bytes, root: Part, text: str) -> Forward | None:
    """Return what the mail passes on, None if it passes nothing on; `text` is its readable text."""
    lines = text.split("\n", _LINES_MAX)[:_LINES_MAX]
    at = forward_line(lines)
    if at is not None:
        return Forward(_author(lines[at + 1 : at + 1 + _BLOCK_LINES]), in_text=True)
    if is_forward(root.headers.get("subject")):
        for start, line in enumerate(lines):
            name = header_line(line)
            if name in _AUTHORS and _is_block(lines[start : start + _BLOCK_LINES]):
                return Forward(_author(lines[start : start + _BLOCK_LINES]), in_text=True)
    return _attached(raw, root)


def is_forward(subject: str | None) -> bool:
    """Tell whether a subject, still encoded, says that the mail passes on another one."""
    return _SUBJECT.match(decode_words(subject or "")) is not None


def _is_block(lines: Sequence[str]) -> bool:
    names = [header_line(line) for line in lines if line.strip()]
    return sum(name is not None for name in names[:4]) >= 3


def _author(block: Sequence[str]) -> Address | None:
    """Return who is named as the author in a block of headers; a long one may go on in the next line."""
    for at, line in enumerate(block):
        if header_line(line) not in _AUTHORS:
            continue
        value = line.partition(":")[2]
        if at + 1 < len(block) and "@" not in value and header_line(block[at + 1]) is None:
            value = f"{value} {block[at + 1]}"
        value = _MAILTO.sub(r"<\1>", value).strip(" *_\t")
        found = read_addresses([value])[0]
        if found:
            return found[0] if found[0].address == "" or "@" in found[0].address else Address(found[0].address, "")
    first = next((line.strip() for line in block if line.strip()), "")
    introduced = _INTRODUCED.search(first[:400])
    return Address(introduced[1].strip(' "'), introduced[2]) if introduced else None


def _attached(raw: bytes, root: Part) -> Forward | None:
    """Return the mail that came as a file; a report or a digest of a list passes nothing on."""
    if root.content_type.value not in ("multipart/mixed", *_MAILS):
        return None
    for part in root.parts or (root,):
        if part.content_type.value in _MAILS:
            head, _ = transferred(
                raw[part.body_at : min(part.body_end, part.body_at + _HEAD_MAX)],
                part.headers.get("content-transfer-encoding") or "",
            )
            senders = read_addresses(read_block(head, 0, len(head)).headers.all("from"))[0]
            return Forward(next(iter(senders), None), in_text=False)
    return None
