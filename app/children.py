"""Work in a process of its own: this one goes on answering, and never imports what that takes."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from vocabulary.errors import TemporaryFailure

LINE_MAX = 8 * 1024 * 1024
SAID_LINES, SAID_BYTES = 6, 2_000
"""Of what a process says on standard error, so much of the end tells why it broke."""

_KIND = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")
"""The last line of a traceback: what follows the kind may hold what was worked on."""

Heard = Callable[[bytes], Awaitable[None]]


class BrokeOff(TemporaryFailure):
    """A process ended before its work was done; the message has the kind of error.

    `said` are the last lines of what it said: for those who may see what it worked on, not for a log.
    """

    def __init__(self, code: int, said: str) -> None:
        kind = _KIND.match(said.splitlines()[-1] if said else "")
        super().__init__(f"the process broke off (exit code {code}{f', {kind[1]}' if kind else ''})")
        self.said = said

    @property
    def told(self) -> str:
        """All of it, for people."""
        return f"{self}: {self.said}" if self.said else str(self)


async def _ignored(line: bytes) -> None:
    """Nobody wants to know."""


async def done_by_child(
    module: str, *arguments: str, seconds: float, heard: Heard = _ignored, descriptors: Sequence[int] = ()
) -> None:
    """Run a module in a process that ends with this one.

    Args:
        module: by its full name.
        arguments: what it finds in `sys.argv`.
        seconds: it may take at most.
        heard: gets each line that it prints; what that raises ends the process.
        descriptors: of open files, which it has too.

    Raises:
        BrokeOff: its exit code isn't 0.
        TemporaryFailure: it took too long.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app.child", module, *arguments),
        # A pipe that nobody writes to: by its end the child knows that we are gone (app/child.py).
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=descriptors,
        limit=LINE_MAX,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    end = asyncio.create_task(_end_of(process.stderr))
    try:
        async with asyncio.timeout(seconds):
            async for line in process.stdout:
                await heard(line)
            said = await end
            # `communicate` would close the pipe by which the child knows that we live.
            code = await process.wait()
    except TimeoutError as error:
        raise TemporaryFailure(f"{module} took more than {seconds:g} s") from error
    finally:
        end.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code != 0:
        raise BrokeOff(code, said)


async def _end_of(stream: asyncio.StreamReader) -> str:
    """Return the last lines of `stream`, read to its end: a full pipe would hold the child up."""
    kept = b""
    while part := await stream.read(65_536):
        kept = (kept + part)[-SAID_BYTES:]
    return "\n".join(kept.decode("utf-8", "replace").strip().splitlines()[-SAID_LINES:])
