"""aioimaplib behind our own door: its protocol, bounded and never silent about a lost connection.

This is the only module that knows the library (GPL-3.0-only): another client can take its place here and in
`imap_client`. What the stock library does otherwise: it waits for ever on a lost connection, recurses once a line,
buffers whatever size a server announces, and sets its timers anew with every byte.
"""

import asyncio
import re
import ssl
from base64 import b64encode
from typing import Any

from aioimaplib import aioimaplib

from vocabulary.errors import TemporaryFailure

LibraryFault = aioimaplib.AioImapException
"""What the library raises by itself."""
_LINE_MAX = 4 * 1024 * 1024  # a SEARCH result of half a million UIDs
_NEWS = re.compile(rb"\* \d+ (?:EXISTS|RECENT)")
_LITERAL = re.compile(rb"\{(\d{1,19})\+?\}$")


def quoted(text: str) -> str:
    """Return `text` as an IMAP quoted string."""
    return str(aioimaplib.quoted(text))


class ConnectionLost(TemporaryFailure):
    """The connection is gone, or the server sent what no server should: begin anew."""


class Refused(TemporaryFailure):
    """The server answered NO or BAD; the message holds its code in brackets, such as AUTHENTICATIONFAILED."""


class LoginRefused(Refused):
    """Name, password or token are wrong: trying again soon may lock the account."""


class FolderRefused(Refused):
    """The folder isn't there, or not ours to read."""


class LiteralTooLong(ConnectionLost):
    """A server announced more bytes than we take."""


class Silent(ConnectionLost):
    """Nothing came in time, or so little that it would never end."""


class Protocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # the library has no types
    """The library's protocol, read in a loop instead of a recursion, within limits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, literal_max: int) -> None:
        super().__init__(loop)
        self.news = asyncio.Event()
        self.lost: asyncio.Future[ConnectionLost] = loop.create_future()
        self.challenge = b""
        """What the server said of a log-in that it is about to refuse."""
        self._literal_max = literal_max
        self._allowance = literal_max + _LINE_MAX
        self.came = 0
        """So many bytes came so far."""
        self._buffer = bytearray()
        self._searched = 0
        self._literal_of: Any = None
        self._unclosed = 0
        """Parentheses of the answer that is being taken."""

    def allow(self) -> None:
        """Let the server send as much again as one answer may hold."""
        self._allowance = self._literal_max + _LINE_MAX

    def data_received(self, d: bytes) -> None:
        self._buffer += d
        self.came += len(d)
        self._allowance -= len(d)
        try:
            if self._allowance < 0:
                raise LiteralTooLong("the server sent more than an answer may hold")
            while self._take():
                pass
            if self.pending_sync_command is not None:
                self.pending_sync_command.flush()
            while not self.idle_queue.empty():
                self.idle_queue.get_nowait()  # `news` has told already, and nothing else empties it
        except ConnectionLost as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001 - whatever the library trips over, this connection is beyond repair
            self.fail(ConnectionLost(f"the server sent what cannot be read: {type(error).__name__}"))

    def _take(self) -> bool:
        """Take one line or piece of a literal from the buffer, and tell whether to look for another."""
        if not self._buffer:
            return False
        command = self._literal_of
        if command is not None and command.wait_literal_data():
            rest = command.append_literal_data(bytes(self._buffer))
            self._buffer = bytearray(rest)
            return not command.wait_literal_data()
        end = self._buffer.find(b"\r\n", max(0, self._searched - 1))
        if end < 0:
            self._searched = len(self._buffer)
            if len(self._buffer) > _LINE_MAX:
                raise LiteralTooLong(f"the server sent a line of more than {_LINE_MAX} bytes")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._searched = 0
        self._line(line)
        return True

    def _line(self, line: bytes) -> None:
        if _NEWS.match(line):
            self.news.set()  # also between commands: who looks at IDLE's answers only misses it for minutes
        elif line.startswith(b"* BYE") and self._literal_of is None:
            raise ConnectionLost(f"the server said {line[2:200].decode('utf-8', 'replace')}")
        command = self._handle_line(line, self._literal_of)
        before = self._unclosed if self._literal_of is not None else 0
        self._unclosed = before + line.count(b"(") - line.count(b")")
        literal = _LITERAL.search(line)
        if literal:
            size = int(literal[1])
            if size > self._literal_max:
                raise LiteralTooLong(f"the server announced {size} bytes, more than {self._literal_max}")
            command = command or aioimaplib.Command("NIL", "unused")
            command.begin_literal_data(size)
            self._literal_of = command
        else:
            self._literal_of = command if command is not None and self._goes_on(command) else None

    def _goes_on(self, command: Any) -> bool:
        """Tell whether the next line belongs to `command`'s answer whatever it says.

        The library looks through all messages that it has fetched so far, at each line of them.
        """
        if isinstance(command, aioimaplib.FetchCommand):
            return self._unclosed != 0
        return bool(command.wait_data())

    def _continuation(self, line: bytes) -> None:
        command = self.pending_sync_command
        if command is not None and command.name == "AUTHENTICATE":
            # What is wrong with a token comes as base64; the refusal itself waits for an empty answer to it.
            self.challenge = line
            self.transport.write(b"\r\n")
            return
        super()._continuation(line)

    async def authenticate(self, mechanism: str, response: bytes) -> Any:
        """Log in by `mechanism` with its initial `response` (RFC 4959)."""
        said = b64encode(response).decode("ascii")
        command = aioimaplib.Command("AUTHENTICATE", self.new_tag(), mechanism, said, loop=self.loop)
        answer = await self.execute(command, scrub=said)
        if answer.result == "OK":
            self.state = aioimaplib.AUTH
        return answer

    async def welcome(self, command: bytes) -> None:
        try:
            await super().welcome(command)
        except Exception as error:  # noqa: BLE001 - it runs in a task of the library's that nobody awaits
            self.fail(ConnectionLost(f"the server's greeting: {str(error) or type(error).__name__}"))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._settle(ConnectionLost(f"the connection was lost: {exc}" if exc else "the server closed the connection"))

    def fail(self, error: ConnectionLost) -> None:
        """End the connection for `error`."""
        self._settle(error)
        if self.transport is not None:
            self.transport.abort()

    def _settle(self, error: ConnectionLost) -> None:
        if not self.lost.done():
            self.lost.set_result(error)


class Client(aioimaplib.IMAP4):  # type: ignore[misc]  # the library has no types
    """The library's client on our protocol."""

    def __init__(self, host: str, port: int, ssl_context: ssl.SSLContext | None, literal_max: int) -> None:
        self._literal_max = literal_max
        super().__init__(host, port, timeout=None, ssl_context=ssl_context)

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: object = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        running = asyncio.get_running_loop()
        self.protocol = Protocol(running, self._literal_max)
        self.connecting = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )
        self._client_task = self.connecting  # where the library waits for it
