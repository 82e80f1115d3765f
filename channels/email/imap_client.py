"""One IMAP connection whose every call ends: with its answer, a failure, or at its deadline."""

import asyncio
import re
import ssl
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from channels.email.imap_answers import Listed, bodies_of, listed_in, modified_utf7, uid_set, uids_in, uidvalidity_in
from channels.email.imap_protocol import (
    Client,
    ConnectionLost,
    LibraryFault,
    LoginRefused,
    Protocol,
    Refused,
    Silent,
    quoted,
)

T = TypeVar("T")


class ImapConnection:
    """One connection to one folder. Every call ends: with its answer, a TemporaryFailure or within its deadline."""

    def __init__(self, *, host: str, port: int, ssl_context: ssl.SSLContext | None, literal_max: int) -> None:
        """Begin to connect; must be called on the running loop, and `close` must follow."""
        self._client = Client(host, port, ssl_context, literal_max)
        self._protocol: Protocol = self._client.protocol

    async def open(self, username: str, password: str, folder: str, *, seconds: float) -> int:
        """Log in, select `folder` and return its UIDVALIDITY.

        Raises:
            LoginRefused: name or password are wrong.
            Refused: the folder isn't there, the server is busy.
        """
        await self._call(self._client.wait_hello_from_server(), seconds)
        quoted_name = quoted(username)  # the library quotes the password only
        _checked(await self._call(self._protocol.login(quoted_name, password), seconds), "login")
        answer = await self._call(self._protocol.select(quoted(modified_utf7(folder))), seconds)
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
            with suppress(Silent):
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
        self._protocol.allow()
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
            raise Silent(f"the server was silent for {seconds} s")
        finally:
            task.cancel()


def _outcome(task: asyncio.Future[T]) -> T:
    try:
        return task.result()
    except (LibraryFault, OSError, ValueError, UnicodeError, IndexError) as error:
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
