"""`python -m channels.email.parsing_child`: reads mails in a process of its own, so that none of them harms another.

Standard input brings frames: two lengths, a request, the mail. Standard output takes one answer a frame. What costs too
much ends this process and nothing else: the kernel counts processor seconds (afresh for each mail) and memory.
"""

import ctypes
import math
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from channels.email.inspect import inspect
from channels.email.parse import parse
from channels.message import InboundMessage
from vocabulary.instants import Instant

CPU_S = 5
"""Processor seconds for one mail."""
MEMORY_MAX = 512 * 1024 * 1024
"""Bytes of address space of the process."""
OUT_OF_MEMORY = 12
"""How the process ends when a mail needs more than that."""
FRAME = struct.Struct("!II")
"""The lengths of a request and of its mail."""
ANSWER = struct.Struct("!I")
"""The length of an answer."""
READY = b"\x01"
"""Written once, before the first answer: from here on it is a mail's fault if something breaks."""

_PR_SET_PDEATHSIG = 1
_WARMING = b"Content-Type: text/html\r\n\r\n<p>Gr\xfc\xdfe</p>"


class Parse(msgspec.Struct, frozen=True, tag="parse"):
    """Asks for the message that a mail is; answered with `Parsed`."""

    channel: str
    received_at: Instant
    own_addresses: frozenset[str]
    envelope_sender: str | None
    remote_images: bool


class Inspect(msgspec.Struct, frozen=True, tag="inspect"):
    """Asks for everything that was read of a mail; answered with `Inspected`.

    `ids`: names of the mail servers whose `Authentication-Results` count.
    """

    ids: tuple[str, ...] = ()


class Parsed(msgspec.Struct, frozen=True, tag="parsed"):
    """The message without its raw bytes, which the other side has; `asked`: ids that may be ours, it has the keys."""

    message: InboundMessage
    asked: tuple[str, ...]


class Inspected(msgspec.Struct, frozen=True, tag="inspected"):
    """What `inspect` returned, as JSON, for no file."""

    found: bytes


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The mail could not be read; that is a fault of ours."""

    error: str


Request = Parse | Inspect
Answer = Parsed | Inspected | Failed
Read = Callable[[Request, bytes], Answer]


def answered(request: Request, raw: bytes) -> Answer:
    """Return what `request` asks of the mail `raw`."""
    if isinstance(request, Inspect):
        return Inspected(msgspec.json.encode(inspect(raw, file="", ids=request.ids)))
    asked: list[str] = []

    def is_own_message_id(id: str) -> bool:
        asked.append(id)
        return False

    message = parse(
        raw,
        channel=request.channel,
        received_at=request.received_at,
        own_addresses=request.own_addresses,
        envelope_sender=request.envelope_sender,
        is_own_message_id=is_own_message_id,
        remote_images=request.remote_images,
    )
    return Parsed(msgspec.structs.replace(message, raw=b""), tuple(asked))


def main(read: Read = answered, *, cpu_s: int = CPU_S) -> None:
    """Answer frames until standard input ends; `read` may take `cpu_s` for each."""
    _die_with_the_parent()
    parse(_WARMING, channel="", received_at=0)  # loads what is loaded late
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, MEMORY_MAX)  # elsewhere the kernel knows no such limit
    _limit(resource.RLIMIT_CORE, 0)  # what people wrote must not land in a file of the system's
    decoder = msgspec.msgpack.Decoder(Request)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sink.write(READY)
    sink.flush()
    try:
        while header := source.read(FRAME.size):
            _allow_cpu(cpu_s)
            request_size, mail_size = FRAME.unpack(header)
            request = decoder.decode(_taken(source, request_size))
            answer = _answer(read, request, _taken(source, mail_size))
            sink.write(ANSWER.pack(len(answer)) + answer)  # one write: the other side wakes once
            sink.flush()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _answer(read: Read, request: Request, raw: bytes) -> bytes:
    try:
        return msgspec.msgpack.encode(read(request, raw))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the next mail has nothing to do with it
        return msgspec.msgpack.encode(Failed(f"{type(error).__name__}: {error}"))


def _taken(source: BinaryIO, size: int) -> bytes:
    content = source.read(size)
    if len(content) < size:
        sys.exit()  # the other side died while it wrote
    return content


def _allow_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)


def _limit(what: int, value: int) -> None:
    """Set a limit, unless an administrator's is lower."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _die_with_the_parent() -> None:
    """Let the kernel end this process with its parent; elsewhere than on Linux it ends when it has read its mail."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
