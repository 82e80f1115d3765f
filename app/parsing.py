"""Mails of strangers are read in processes of their own (channels/email/parsing_child.py), never in this one."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import msgspec
import structlog

from channels.email.parse import parse
from channels.email.parsing_child import (
    ANSWER,
    CPU_S,
    FRAME,
    MEMORY_MAX,
    OUT_OF_MEMORY,
    READY,
    Answer,
    Failed,
    Inspect,
    Inspected,
    Parse,
    Parsed,
    Request,
)
from channels.message import Automatic, InboundMessage
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import Instant

log = structlog.get_logger()

CHILDREN = 4
"""So many mails are read at once: one that takes long leaves room for the others."""
CHILD = "channels.email.parsing_child"
WALL_S = 10.0
MAILS_MAX = 1_000
"""So many mails a process reads: whatever a library leaves behind goes with it."""

_STARTING_S = 60.0
_DYING_S = 5.0
_CHUNK = 256 * 1024
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL")
"""Of the environment: passwords are of no use to what reads strangers' bytes."""

_decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


class ParsingFailed(Exception):
    """A mail could not be read. Perhaps it will be the next time: what was killed may have been killed by chance."""


class TooCostly(ParsingFailed):
    """A mail takes more processor time than any may; the same bytes would take it again."""


class ReadMail(Protocol):
    """Returns the message that `raw` is (`channels.email.parse.parse`)."""

    async def __call__(
        self,
        raw: bytes,
        *,
        channel: str,
        received_at: Instant,
        own_addresses: frozenset[str],
        envelope_sender: str | None,
        is_own_message_id: Callable[[str], bool],
        remote_images: bool = False,
    ) -> InboundMessage:
        """Return the message; see there for the arguments.

        Raises:
            ParsingFailed: the bytes are too much for it; only processes of their own can tell.
            TemporaryFailure: it can't be read just now, whatever it is.
        """


async def read_in_thread(raw: bytes, **arguments: Any) -> InboundMessage:
    """Read a mail in this process: for a simulation, and for tests of what comes behind."""
    return await asyncio.to_thread(parse, raw, **arguments)


class ParsingChildren:
    """Processes that read mails. They start when they are needed and end with this one."""

    def __init__(
        self,
        *,
        children: int = CHILDREN,
        module: str = CHILD,
        wall_s: float = WALL_S,
        python: str = sys.executable,
    ) -> None:
        """Take at most so many processes, in which `python` runs `module`; one silent for `wall_s` is killed."""
        self._command = (python, "-m", module)
        self._wall_s = wall_s
        self._free: list[_Child] = []
        self._room = asyncio.Semaphore(children)

    async def warm(self) -> None:
        """Have one process ready, so that the first mail doesn't wait for it."""
        async with self._room:
            if not self._free:
                try:
                    self._free.append(await _Child.started(self._command))
                except TemporaryFailure as failure:
                    log.warning("mail_reader_not_started", reason=str(failure))

    async def read(
        self,
        raw: bytes,
        *,
        channel: str,
        received_at: Instant,
        own_addresses: frozenset[str],
        envelope_sender: str | None,
        is_own_message_id: Callable[[str], bool],
        remote_images: bool = False,
    ) -> InboundMessage:
        """Return the message that `raw` is (`ReadMail`)."""
        answer = await self._answer(Parse(channel, received_at, own_addresses, envelope_sender, remote_images), raw)
        assert isinstance(answer, Parsed)
        message = msgspec.structs.replace(answer.message, raw=raw)
        if any(map(is_own_message_id, answer.asked)):
            signals = ("own-message-id", *message.automatic.signals)
            message = msgspec.structs.replace(message, automatic=Automatic(is_automatic=True, signals=signals))
        return message

    async def inspected(self, raw: bytes, ids: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return everything that was read of `raw` (`channels.email.inspect.inspect`), for no file.

        Raises:
            ParsingFailed: the bytes are too much for it.
            TemporaryFailure: it can't be read just now.
        """
        answer = await self._answer(Inspect(ids), raw)
        assert isinstance(answer, Inspected)
        found: dict[str, Any] = msgspec.json.decode(answer.found)
        return found

    async def close(self) -> None:
        """End the processes."""
        while self._free:
            await self._free.pop().ended()

    async def _answer(self, request: Request, raw: bytes) -> Answer:
        async with self._room:
            child = self._free.pop() if self._free else await _Child.started(self._command)
            try:
                async with asyncio.timeout(self._wall_s):
                    answer = await child.answer(request, raw)
            except TimeoutError:
                await child.ended()
                raise ParsingFailed(f"reading the mail took more than {self._wall_s:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise _reason(await child.dead()) from error
            except BaseException:
                # It goes on with a mail that nobody waits for any more.
                await child.ended()
                raise
            if child.mails < MAILS_MAX:
                self._free.append(child)
            else:
                await child.ended()
        if isinstance(answer, Failed):
            raise ParsingFailed(answer.error)
        return answer


def _reason(code: int) -> ParsingFailed:
    """Return why a process ended with `code` while it read a mail."""
    if code == -signal.SIGXCPU:
        return TooCostly(f"reading the mail takes more than {CPU_S} s of processor time")
    if code == OUT_OF_MEMORY:
        return ParsingFailed(f"reading the mail takes more than {MEMORY_MAX // 1024 // 1024} MB of memory")
    return ParsingFailed(f"the process that read the mail ended with {code}")


class _Child:
    """One process."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self.mails = 0

    @classmethod
    async def started(cls, command: Sequence[str]) -> "_Child":
        """Return a process that is ready to read.

        Raises:
            TemporaryFailure: the machine has no room for one, or it can't run; no mail is to blame.
        """
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_CHUNK, env=environment
            )
        except OSError as error:
            raise TemporaryFailure(f"no process to read mails could be started: {error.strerror}") from error
        child = cls(process)
        try:
            async with asyncio.timeout(_STARTING_S):
                await child._stdout.readexactly(len(READY))
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await child.ended()
            raise TemporaryFailure("a process that reads mails ended before it was ready") from error
        except BaseException:
            await child.ended()
            raise
        return child

    async def answer(self, request: Request, raw: bytes) -> Answer:
        self.mails += 1
        asked = msgspec.msgpack.encode(request)
        # Most mails go over in one write: between two of them another thread takes the interpreter.
        self._stdin.write(b"".join((FRAME.pack(len(asked), len(raw)), asked, raw[:_CHUNK])))
        # The rest in pieces: the transport keeps a copy of what the pipe doesn't take at once.
        for at in range(_CHUNK, len(raw), _CHUNK):
            await self._stdin.drain()
            self._stdin.write(raw[at : at + _CHUNK])
        await self._stdin.drain()
        (size,) = ANSWER.unpack(await self._stdout.readexactly(ANSWER.size))
        return _decoder.decode(await self._stdout.readexactly(size))

    async def dead(self) -> int:
        """Return the code of a process that closed its end of the pipe: it dies, and why is known only when it has.

        `kill` before that would ask after the process, too, and whoever asks second hears 255.
        """
        try:
            async with asyncio.timeout(_DYING_S):
                await self._process.wait()
        except TimeoutError:
            pass
        return await self.ended()

    async def ended(self) -> int:
        """End the process, if it hasn't; return its code."""
        if self._process.returncode is None:
            self._process.kill()
        self._stdin.close()
        code = await self._process.wait()
        # Its pipes end a moment later, and only then has nothing of it been left open.
        with suppress(ConnectionError):
            await self._stdout.read()
        with suppress(ConnectionError):
            await self._stdin.wait_closed()
        return code
