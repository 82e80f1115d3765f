"""aioimaplib behind our own door: bounded, with deadlines, and never silent about a lost connection.

This is the only module that knows the library (GPL-3.0-only): another client can take its place here.
What the stock library does otherwise: it waits for ever on a lost connection, recurses once a line, buffers whatever
size a server announces, and sets its timers anew with every byte.
"""

import asyncio
import re
import ssl
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from aioimaplib import aioimaplib

from channels.email.imap_answers import Listed, bodies_of, listed_in, modified_utf7, uid_set, uids_in, uidvalidity_in
from vocabulary.errors import TemporaryFailure

T = TypeVar("T")

_LINE_MAX = 4 * 1024 * 1024  # a SEARCH result of half a million UIDs
_NEWS = re.compile(rb"\* \d+ (?:EXISTS|RECENT)")
_LITERAL = re.compile(rb"\{(\d{1,19})\+?\}$")


class ConnectionLost(TemporaryFailure):
    """The connection is gone, or the server sent what no server should: begin anew."""


class Refused(TemporaryFailure):
    """The server answered NO or BAD; the message holds its code in brackets, such as AUTHENTICATIONFAILED."""


class LoginRefused(Refused):
    """Name or password are wrong: trying again soon may lock the account."""


class LiteralTooLong(ConnectionLost):
    """A server announced more bytes than we take."""


class _Silent(ConnectionLost):
    """Nothing came in time."""


class _Protocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # the library has no types
    """The library's protocol, read in a loop instead of a recursion, within limits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, literal_max: int) -> None:
        super().__init__(loop)
        self.news = asyncio.Event()
        self.lost: asyncio.Future[ConnectionLost] = loop.create_future()
        self._literal_max = literal_max
        self._buffer = bytearray()
        self._searched = 0
        self._literal_of: Any = None

    def data_received(self, d: bytes) -> None:
        self._buffer += d
        try:
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
        literal = _LITERAL.search(line)
        if literal:
            size = int(literal[1])
            if size > self._literal_max:
                raise LiteralTooLong(f"the server announced {size} bytes, more than {self._literal_max}")
            command = command or aioimaplib.Command("NIL", "unused")
            command.begin_literal_data(size)
            self._literal_of = command
        else:
            self._literal_of = command if command is not None and command.wait_data() else None

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


class _Client(aioimaplib.IMAP4):  # type: ignore[misc]  # the library has no types
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
        self.protocol = _Protocol(running, self._literal_max)
        self.connecting = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )
        self._client_task = self.connecting  # where the library waits for it


class ImapConnection:
    """One connection to one folder. Every call ends: with its answer, a TemporaryFailure or within its deadline."""

    def __init__(self, *, host: str, port: int, ssl_context: ssl.SSLContext | None, literal_max: int) -> None:
        """Begin to connect; must be called on the running loop, and `close` must follow."""
        self._client = _Client(host, port, ssl_context, literal_max)
        self._protocol: _Protocol = self._client.protocol

    async def open(self, username: str, password: str, folder: str, *, seconds: float) -> int:
        """Log in, select `folder` and return its UIDVALIDITY.

        Raises:
            LoginRefused: name or password are wrong.
            Refused: the folder isn't there, the server is busy.
        """
        await self._call(self._client.wait_hello_from_server(), seconds)
        quoted_name = aioimaplib.quoted(username)  # the library quotes the password only
        _checked(await self._call(self._protocol.login(quoted_name, password), seconds), "login")
        answer = await self._call(self._protocol.select(aioimaplib.quoted(modified_utf7(folder))), seconds)
        _checked(answer, f"folder {folder!r}")
        uidvalidity = uidvalidity_in(answer.lines)
        if uidvalidity is None:
            raise Refused("the server names no UIDVALIDITY, so its UIDs mean nothing")
        return uidvalidity

    async def search(self, criteria: Sequence[str], *, seconds: float) -> list[int]:
        """Return the UIDs that fulfil `criteria`, ascending."""
        self._protocol.news.clear()
        answer = await self._call(self._protocol.search(*criteria, charset=None, by_uid=True), seconds)
        _checked(answer, "search")
        return uids_in(answer.lines[:-1])

    async def sizes(self, uids: Sequence[int], *, seconds: float) -> dict[int, int]:
        """Return the size of each mail that is still there."""
        listed = await self._fetch(uids, "(UID RFC822.SIZE)", seconds)
        return {item.uid: item.size for item in listed if item.size is not None}

    async def bodies(self, uids: Sequence[int], *, seconds: float) -> dict[int, bytes]:
        """Return the bytes of each mail that is still there; none is marked as read by that."""
        return bodies_of(await self._fetch(uids, "(UID BODY.PEEK[])", seconds))

    async def header(self, uid: int, *, size_max: int, seconds: float) -> bytes:
        """Return the header block of a mail, at most `size_max` bytes of it, b"" if it is gone."""
        listed = await self._fetch([uid], f"(UID BODY.PEEK[HEADER]<0.{size_max}>)", seconds)
        return bodies_of(listed).get(uid, b"")

    async def mark_seen(self, uids: Sequence[int], *, seconds: float) -> None:
        """Mark mails as read."""
        call = self._protocol.store(uid_set(uids), "+FLAGS.SILENT", r"(\Seen)", by_uid=True)
        _checked(await self._call(call, seconds), "store")

    async def noop(self, *, seconds: float) -> None:
        """Ask the server whether it is there."""
        _checked(await self._call(self._protocol.simple_command("NOOP"), seconds), "noop")

    @property
    def can_idle(self) -> bool:
        """Tell whether the server offers IDLE (RFC 2177)."""
        return "IDLE" in {str(name).upper() for name in self._protocol.capabilities}

    async def idle(self, *, wait_s: float, seconds: float) -> None:
        """Wait until the server tells of a mail that the last search didn't find, or until `wait_s` have passed.

        The library's own IDLE hangs if the server goes while it begins, and takes a lost connection for a quiet one.
        """
        if self._protocol.news.is_set():
            return
        idle = asyncio.ensure_future(self._protocol.idle())
        try:
            await self._call(self._protocol.wait_for_idle_response(), seconds, beside=idle)
            with suppress(_Silent):
                await self._call(self._protocol.news.wait(), wait_s, beside=idle)
            self._client.idle_done()
            _checked(await self._call(idle, seconds), "idle")
        finally:
            idle.cancel()

    async def close(self) -> None:
        """End the connection at once and wait for what the library left running."""
        left = [self._client.connecting, *self._client.tasks, *self._protocol.tasks]
        for task in left:
            task.cancel()
        if self._protocol.transport is not None:
            self._protocol.transport.abort()
        await asyncio.gather(*left, return_exceptions=True)

    async def _fetch(self, uids: Sequence[int], what: str, seconds: float) -> list[Listed]:
        answer = await self._call(self._protocol.fetch(uid_set(uids), what, by_uid=True), seconds)
        _checked(answer, "fetch")
        return listed_in(answer.lines[:-1])

    async def _call(
        self,
        call: Coroutine[Any, Any, T] | asyncio.Future[T],
        seconds: float | None,
        *,
        beside: asyncio.Future[Any] | None = None,
    ) -> T:
        """Return what `call` returns, or fail once the connection is lost, `beside` has ended or time is over."""
        task = asyncio.ensure_future(call)
        others = {self._protocol.lost} | ({beside} if beside is not None else set())
        try:
            await asyncio.wait({task, *others}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return _outcome(task)
            if self._protocol.lost.done():
                raise self._protocol.lost.result()
            if beside is not None and beside.done():
                _checked(_outcome(beside), "the command")
                raise ConnectionLost("the server ended a command that it had not begun")
            raise _Silent(f"the server was silent for {seconds} s")
        finally:
            task.cancel()


def _outcome(task: asyncio.Future[T]) -> T:
    try:
        return task.result()
    except (aioimaplib.AioImapException, OSError, ValueError, UnicodeError, IndexError) as error:
        raise ConnectionLost(f"IMAP: {str(error) or type(error).__name__}") from error


def _checked(answer: Any, what: str) -> None:
    if answer.result == "OK":
        return
    said = bytes(answer.lines[-1]).decode("utf-8", "replace")[:200] if answer.lines else ""
    kind = LoginRefused if what == "login" and _is_final(said) else Refused
    raise kind(f"{what}: the server answered {answer.result} {said}")


def _is_final(said: str) -> bool:
    """Tell whether a refused login is about its name and password, and not about a busy server (RFC 5530)."""
    return not re.search(r"\[(?:UNAVAILABLE|THROTTLED|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]", said, re.IGNORECASE)
