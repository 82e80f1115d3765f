"""Mails of strangers are read in processes of their own (channels/email/parsing_child.py), never in this one."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from channels.email.parse import parse
from channels.email.parsing_child import (
    ANSWER,
    CPU_S,
    FRAME,
    MEMORY_MAX,
    OUT_OF_MEMORY,
    Answer,
    Failed,
    Inspect,
    Inspected,
    Parse,
    Parsed,
    Request,
)
from channels.message import Automatic, InboundMessage
from vocabulary.instants import Instant

CHILDREN = 4
"""So many mails are read at once: one that takes long leaves room for the others."""
CHILD = "channels.email.parsing_child"
WALL_S = 10.0
MAILS_MAX = 1_000
"""So many mails a process reads: whatever a library leaves behind goes with it."""

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
        """


async def read_in_thread(raw: bytes, **arguments: Any) -> InboundMessage:
    """Read a mail in this process: for a simulation, and for tests of what comes behind."""
    return await asyncio.to_thread(parse, raw, **arguments)


class ParsingChildren:
    """Processes that read mails. They start when they are needed and end with this one."""

    def __init__(self, *, children: int = CHILDREN, module: str = CHILD, wall_s: float = WALL_S) -> None:
        """Take at most so many processes, which run `module`; one that is silent for `wall_s` is killed."""
        self._module = module
        self._wall_s = wall_s
        self._free: list[_Child] = []
        self._room = asyncio.Semaphore(children)

    async def warm(self) -> None:
        """Have one process ready, so that the first mail doesn't wait for it."""
        async with self._room:
            if not self._free:
                self._free.append(await _Child.started(self._module))

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
            child = self._free.pop() if self._free else await _Child.started(self._module)
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
    async def started(cls, module: str) -> "_Child":
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", module),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                limit=_CHUNK,
                env=environment,
            )
        )

    async def answer(self, request: Request, raw: bytes) -> Answer:
        self.mails += 1
        asked = msgspec.msgpack.encode(request)
        self._stdin.write(FRAME.pack(len(asked), len(raw)) + asked)
        # In pieces: the transport keeps a copy of what the pipe doesn't take at once.
        for at in range(0, len(raw), _CHUNK):
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
                return await self._process.wait()
        except TimeoutError:
            return await self.ended()

    async def ended(self) -> int:
        """End the process, if it hasn't; return its code."""
        if self._process.returncode is None:
            self._process.kill()
        return await self._process.wait()
