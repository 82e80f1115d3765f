"""What must hold for any bytes that come in as a mail."""

import re

import msgspec

from channels.email.addresses import read_addresses
from channels.email.display import TEXT_MAX
from channels.email.encoded_words import decode_words
from channels.email.guard import automatic
from channels.email.inspect import inspect
from channels.email.marks import MARKS, seals, sender_marks
from channels.email.message_ids import message_ids
from channels.email.mime import read_parts
from channels.email.parameters import read_parameters
from channels.email.parse import parse, part_types
from channels.email.parsing_child import Inspect, Inspected, Parse, Parsed, answered
from channels.message import InboundMessage

OWN = frozenset({"support@desk.example"})
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TAG = re.compile(r"<[^<>]*>")
_RUNS = re.compile(
    r"\son\w+\s*=|javascript:|<\s*/?\s*(?:script|style|iframe|object|embed|form|link|meta|base|svg|math)\b",
    re.IGNORECASE,
)
_LOADS = re.compile(r"\ssrc=\"(?!cid:)|url\(", re.IGNORECASE)


def read(raw: bytes, *, thorough: bool = True) -> InboundMessage:
    """Read `raw`, in every way there is if `thorough`, and return what it says; an assertion tells what fails."""
    message = parse(raw, channel="mail", received_at=0, own_addresses=OWN)
    assert message.raw == raw
    assert len(message.text) <= TEXT_MAX
    assert bool(message.reply_text) == bool(message.text.strip())
    assert message.marks == tuple(mark for mark in MARKS if mark in message.marks)
    _safe(message)
    if thorough:
        _sent(raw, message)
    return message


def read_head(raw: bytes) -> None:
    """Read what is read before contents: parts, headers, addresses, parameters, ids, signals of machines."""
    root, _ = read_parts(raw)
    for part in root.walk():
        assert 0 <= part.body_at <= part.body_end <= len(raw)
        for name in ("content-type", "content-disposition", "content-id"):
            read_parameters(part.headers.get(name))
    for name, value in root.headers.fields:
        assert name == name.lower()
        read_addresses([value])
        decode_words(value)
        message_ids(value)
    automatic(root.headers.fields, own_addresses=OWN, part_types=part_types(root))
    marks = set(sender_marks(root.headers)).union(seals(raw, root, ""))
    assert marks.issubset(MARKS)


def _sent(raw: bytes, message: InboundMessage) -> None:
    """Assert that a process for itself answers the same, and that it can be inspected."""
    answer = answered(Parse("mail", 0, OWN, None, remote_images=False), raw)
    assert isinstance(answer, Parsed)
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=Parsed)
    assert msgspec.structs.replace(sent.message, raw=raw) == message
    found = answered(Inspect(), raw)
    assert isinstance(found, Inspected)
    assert msgspec.json.decode(found.found) == inspect(raw, file="")


def _safe(message: InboundMessage) -> None:
    """Assert that nothing which is shown deceives or runs."""
    lines = [message.subject, *(file.filename for file in message.attachments)]
    lines += [f"{one.name} {one.address}" for one in (*message.recipients, *message.reply_to, *message.senders)]
    assert not any(_CONTROL.search(line) or "\n" in line for line in lines)
    assert not any(_CONTROL.search(text) for text in (message.text, message.reply_text, message.html or ""))
    assert not any("/" in file.filename or "\\" in file.filename for file in message.attachments)
    tags = _TAG.findall(message.html or "")
    assert not any(_RUNS.search(tag) or _LOADS.search(tag) for tag in tags)
