"""One IMAP connection whose every call ends: with its answer, a failure, or at its deadline."""

import asyncio
import re
import ssl
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from channels.email.account import Account
from channels.email.imap_answers import Listed, bodies_of, listed_in, modified_utf7, uid_set, uids_in, uidvalidity_in
from channels.email.imap_protocol import (
    Client,
    ConnectionLost,
    FolderRefused,
    LibraryFault,
    LoginRefused,
    Protocol,
    Refused,
    Silent,
    quoted,
)
from channels.email.oauth import xoauth2

T = TypeVar("T")

_PACE_BYTES = 16 * 1024


class ImapConnection:
    """One connection to one folder. Every call ends: with its answer, a TemporaryFailure or within its deadline."""

    def __init__(self, *, host: str, port: int, ssl_context: ssl.SSLContext | None, literal_max: int) -> None:
        """Begin to connect; must be called on the running loop, and `close` must follow."""
        self._client = Client(host, port, ssl_context, literal_max)
        self._protocol: Protocol = self._client.protocol

    async def log_in(self, account: Account, *, seconds: float) -> None:
        """Wait for the server's greeting and log in.

        Raises:
            LoginRefused: name, password or token are wrong.
            Refused: the server is busy, or knows no tokens.
        """
        await self._call(self._client.wait_hello_from_server(), seconds)
        if account.tokens is None:
            # The library quotes the password only.
            call = self._protocol.login(quoted(account.username), account.password)
        elif not self._can("AUTH=XOAUTH2"):
            raise Refused("login: the server offers no XOAUTH2, so it takes no token")
        else:
            said = xoauth2(account.username, await account.tokens.token())
            call = self._protocol.authenticate("XOAUTH2", said)
        try:
            _checked(await self._call(call, seconds), "login")
        except LoginRefused:
            if account.tokens is not None:
                account.tokens.forget()
            raise

    async def select(self, folder: str, *, seconds: float) -> int:
        """Open `folder` and return its UIDVALIDITY.

        Raises:
            FolderRefused: it isn't there, or not ours to read.
        """
        answer = await self._call(self._protocol.select(quoted(modified_utf7(folder))), seconds)
        _checked(answer, f"folder {folder!r}", FolderRefused)
        uidvalidity = uidvalidity_in(answer.lines)
        if uidvalidity is None:
            raise FolderRefused("the server names no UIDVALIDITY, so its UIDs mean nothing")
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

    async def bodies(self, uids: Sequence[int], *, seconds: float, pace_s: float) -> dict[int, bytes]:
        """Return the bytes of each mail that is still there; none is marked as read by that.

        All of it may take `seconds`, but a server that sends byte by byte for `pace_s` is not waited for so long.
        """
        return bodies_of(await self._fetch(uids, "(UID BODY.PEEK[])", seconds, pace_s))

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
        return self._can("IDLE")

    @property
    def has_news(self) -> bool:
        """Tell whether the server spoke of mail since the last search."""
        return self._protocol.news.is_set()

    def _can(self, name: str) -> bool:
        return name in {str(offered).upper() for offered in self._protocol.capabilities}

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

    async def _fetch(self, uids: Sequence[int], what: str, seconds: float, pace_s: float | None = None) -> list[Listed]:
        answer = await self._call(self._protocol.fetch(uid_set(uids), what, by_uid=True), seconds, pace_s=pace_s)
        _checked(answer, "fetch")
        return listed_in(answer.lines[:-1])

    async def _call(
        self,
        call: Coroutine[Any, Any, T] | asyncio.Future[T],
        seconds: float,
        *,
        beside: asyncio.Future[Any] | None = None,
        pace_s: float | None = None,
    ) -> T:
        """Return what `call` returns, or fail once the connection is lost, `beside` has ended or time is over.

        With `pace_s`, so long a time must bring at least some KB.
        """
        self._protocol.allow()
        task = asyncio.ensure_future(call)
        others = {self._protocol.lost} | ({beside} if beside is not None else set())
        try:
            await self._first_of({task, *others}, seconds, pace_s or seconds)
            if task.done():
                return _outcome(task)
            if self._protocol.lost.done():
                raise self._protocol.lost.result()
            if beside is not None and beside.done():
                _checked(_outcome(beside), "the command")
                raise ConnectionLost("the server ended a command that it had not begun")
            raise Silent(f"the server was silent for {seconds:g} s")
        finally:
            task.cancel()

    async def _first_of(self, futures: set[asyncio.Future[Any]], seconds: float, pace_s: float) -> None:
        """Wait until one of `futures` is done, `seconds` have passed, or next to nothing came for `pace_s`."""
        left = seconds
        while left > 0:
            before = self._protocol.came
            waited = min(left, pace_s)
            done, _ = await asyncio.wait(futures, timeout=waited, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
            left -= waited
            came = self._protocol.came - before
            if left > 0 and came < _PACE_BYTES:
                raise Silent(f"the server was as good as silent: {came} bytes in {waited:g} s")


def _outcome(task: asyncio.Future[T]) -> T:
    try:
        return task.result()
    except (LibraryFault, OSError, ValueError, UnicodeError, IndexError) as error:
        raise ConnectionLost(f"IMAP: {str(error) or type(error).__name__}") from error


def _checked(answer: Any, what: str, kind: type[Refused] = Refused) -> None:
    if answer.result == "OK":
        return
    said = bytes(answer.lines[-1]).decode("utf-8", "replace")[:200] if answer.lines else ""
    if not _is_final(said):
        kind = Refused
    elif what == "login":
        kind = LoginRefused
    raise kind(f"{what}: the server answered {answer.result} {said}")


def _is_final(said: str) -> bool:
    """Tell whether a refusal is about what was asked for, and not about a busy server (RFC 5530 and Gmail's own)."""
    return not re.search(r"\[(?:UNAVAILABLE|THROTTLED|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\b", said, re.IGNORECASE)
