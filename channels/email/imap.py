"""One mailbox read over IMAP, for ever: every mail is handed over at least once, and none stops the others."""

import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Literal

import msgspec
import structlog

from channels.email.account import Account
from channels.email.imap_client import ImapConnection
from channels.email.imap_progress import Bookmark, Progress
from channels.email.imap_protocol import (
    ConnectionLost,
    FolderRefused,
    LoginRefused,
    Refused,
    Silent,
)
from channels.email.oauth import TokenRefused
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND, Instant

_SIZES_AT_ONCE = 500
_HEADER_MAX = 256 * 1024
_BYTES_PER_S = 16 * 1024
_log = structlog.get_logger(__name__)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A mail from the mailbox. `bookmark` is to be stored with it and those handed over with it, in one transaction.

    `oversized`: it is too large or the server could not give it whole; `raw` holds its headers, or nothing.
    """

    uidvalidity: int
    uid: int
    raw: bytes
    bookmark: Bookmark
    size: int
    oversized: bool = False


class Trouble(msgspec.Struct, frozen=True):
    """What keeps a mailbox from being read: `code` for pages in any language, `told` as the server said it.

    Codes: login, token, folder, busy, silent, certificate, connection, store, mail.
    """

    code: str
    told: str
    since: Instant


class ImapHealth(msgspec.Struct):
    """How a mailbox is doing.

    `lag`: mails that were seen and are not taken yet. `server_count` and `stored_count`: how many the server has, and
    how many of these are kept, as far as both were compared at `reconciled_at`. `next_try_at`: when it goes on, while
    it pauses.
    """

    last_fetch_at: Instant | None = None
    last_contact_at: Instant | None = None
    lag: int = 0
    server_count: int = 0
    stored_count: int = 0
    reconciled_at: Instant | None = None
    next_try_at: Instant | None = None
    trouble: Trouble | None = None

    @property
    def error(self) -> str | None:
        """Return what is wrong, None if nothing is."""
        return self.trouble.told if self.trouble is not None else None


class ImapTimings(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds.

    A network may forget a connection in IDLE without a word. New mail is seen within five and a half minutes even so:
    `idle_s`, `alive_s` and `backoff_first_s` come to less.
    """

    command_s: float = 60
    alive_s: float = 15
    idle_s: float = 295
    reconcile_s: float = 3_600
    backoff_first_s: float = 1
    backoff_last_s: float = 60


class ImapMailbox:
    """Reads one folder of one account."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        account: Account,
        bookmark: Bookmark | None,
        deliver: Callable[[Sequence[Fetched]], Awaitable[None]],
        known: Callable[[int, int], Awaitable[Collection[int]]],
        now: Callable[[], Instant],
        pause: Callable[[float], Awaitable[None]],
        folder: str = "INBOX",
        tls: Literal["implicit", "none"] = "implicit",
        tls_context: ssl.SSLContext | None = None,
        size_max: int = 25 * 1024 * 1024,
        timings: ImapTimings | None = None,
    ) -> None:
        """Take where the mail is and who takes it; nothing is connected before `run`.

        Args:
            host: the server's name; its certificate must be for this name.
            port: 993 for `implicit`; the library knows no STARTTLS.
            account: whose mail it is; readers of other folders share it.
            bookmark: how far an earlier run came, None to read the whole folder.
            deliver: returns when the mails and the last one's `bookmark` are durable. TemporaryFailure stops the
                reading for a while; after any other exception each is handed over alone, what fails is set aside, to
                be tried again, and the others go on.
            known: tells which UIDs, from one on, are stored already under a UIDVALIDITY.
            now: the wall clock, for `health`.
            pause: waits so many seconds before the next connection.
            folder: its name as people write it.
            tls: `none` only for a server on the same machine.
            tls_context: the certificates to trust; None for those of the system.
            size_max: bytes of a mail that is taken whole.
            timings: the ordinary ones unless given.
        """
        self._address = (host, port)
        self._account = account
        self.folder = folder
        self._deliver, self._known = deliver, known
        self._now, self._pause = now, pause
        self._tls_context = (tls_context or ssl.create_default_context()) if tls == "implicit" else None
        self._size_max = size_max
        self._timings = timings or ImapTimings()
        self._progress = Progress(bookmark)
        self._had_contact = False
        self.health = ImapHealth()

    async def run(self) -> None:
        """Read the mailbox until cancelled; a lost connection or a failing server only costs time."""
        wait_s = self._timings.backoff_first_s
        while True:
            self._had_contact = False
            try:
                connection = await self._logged_in()
                if connection is None:
                    continue
                try:
                    await self._session(connection)
                finally:
                    await connection.close()
            except (TemporaryFailure, OSError, TimeoutError) as error:
                self._failed(error)
            if self._had_contact:
                wait_s = self._timings.backoff_first_s
            await self._wait(wait_s)
            wait_s = min(2 * wait_s, self._timings.backoff_last_s)

    async def _wait(self, seconds: float) -> None:
        self.health.next_try_at = self._now() + round(seconds * SECOND)
        await self._pause(seconds)
        self.health.next_try_at = None

    def _failed(self, error: Exception, code: str | None = None) -> None:
        """Note what is wrong, and since when: as long as it is the same."""
        code, told = code or _code_of(error), str(error) or type(error).__name__
        before = self.health.trouble
        since = before.since if before is not None and before.code == code else self._now()
        self.health.trouble = Trouble(code, told, since)
        _log.warning("imap_interrupted", folder=self.folder, error=type(error).__name__, code=code)

    async def _logged_in(self) -> ImapConnection | None:
        """Return a connection that is logged in; None if that was refused, after a long pause.

        Whoever shares the account waits too: each of them trying would lock it.
        """
        account = self._account
        if account.refusal is not None:
            self._failed(account.refusal)
        async with account.turn:
            host, port = self._address
            connection = ImapConnection(
                host=host, port=port, ssl_context=self._tls_context, literal_max=self._size_max + _HEADER_MAX
            )
            try:
                await connection.log_in(account, seconds=self._timings.command_s)
            except (LoginRefused, TokenRefused) as error:
                await connection.close()
                self._failed(error)
                await self._wait(account.refused(error))
                return None
            except BaseException:
                await connection.close()
                raise
            account.accepted()
            return connection

    async def _session(self, connection: ImapConnection) -> None:
        """Use one connection until it fails."""
        uidvalidity = await connection.select(self.folder, seconds=self._timings.command_s)
        if uidvalidity != self._progress.uidvalidity:
            self.health.server_count = self.health.stored_count = 0
            self.health.reconciled_at = None
        self._progress.begin(uidvalidity)
        while True:
            await self._take_new(connection)
            if self._is_to_reconcile():
                await self._reconcile(connection)
            self.health.last_contact_at = self._now()
            self._had_contact = True
            await self._wait_for_news(connection)

    async def _wait_for_news(self, connection: ImapConnection) -> None:
        """Wait for new mail; not for ever, since some UIDs appear late. A NOOP proves that the line is alive."""
        timings = self._timings
        if connection.can_idle:
            await connection.idle(wait_s=timings.idle_s, seconds=timings.alive_s)
        else:
            await self._pause(min(timings.idle_s, timings.backoff_last_s))
        await connection.noop(seconds=timings.alive_s)

    async def _take_new(self, connection: ImapConnection) -> None:
        """Take every mail that isn't stored, also those whose UIDs appeared late, below the bookmark."""
        found = await connection.search(self._progress.criteria(), seconds=self._timings.command_s)
        fresh = self._progress.fresh(found)
        stored = await self._known(self._progress.uidvalidity, fresh[0]) if fresh else ()
        self._progress.taken(uid for uid in fresh if uid in stored)
        await self._take_all(connection, self._progress.missing(fresh, stored))

    async def _take_all(self, connection: ImapConnection, uids: Sequence[int]) -> None:
        health = self.health
        health.lag = len(uids)
        health.server_count = max(health.server_count, health.stored_count + health.lag)
        for at in range(0, len(uids), _SIZES_AT_ONCE):
            await self._take(connection, uids[at : at + _SIZES_AT_ONCE])
            if connection.has_news and at + _SIZES_AT_ONCE < len(uids):
                await self._take_newest(connection)
        if not health.lag:
            health.trouble = None

    async def _take_newest(self, connection: ImapConnection) -> None:
        """Take what came while a long back-fill goes on: it must not wait for all that is older."""
        highest = self._progress.highest
        found = await connection.search(("UID", f"{highest + 1}:*"), seconds=self._timings.command_s)
        newest = self._progress.also([uid for uid in found if uid > highest])
        self.health.lag += len(newest)
        self.health.server_count += len(newest)
        for at in range(0, len(newest), _SIZES_AT_ONCE):
            await self._take(connection, newest[at : at + _SIZES_AT_ONCE])

    def _is_to_reconcile(self) -> bool:
        last = self.health.reconciled_at
        return last is None or self._now() - last >= self._timings.reconcile_s * SECOND

    async def _reconcile(self, connection: ImapConnection) -> None:
        """Compare all that the server has with what is stored, and take what is missing, however old it is."""
        reached = self._progress.reached
        found = await connection.search(("ALL",), seconds=self._timings.command_s)
        stored = await self._known(self._progress.uidvalidity, 0)
        self._progress.taken(uid for uid in self._progress.fresh(found) if uid in stored)
        missing = self._progress.missing(found, stored)
        health = self.health
        health.server_count, health.stored_count = len(found), len(found) - len(missing)
        health.reconciled_at = self._now()
        old = sum(uid <= reached for uid in missing)
        if old:
            _log.warning("imap_mails_missing", folder=self.folder, missing=old, server=len(found))
        if missing:
            await self._take_all(connection, missing)

    async def _take(self, connection: ImapConnection, uids: Sequence[int]) -> None:
        sizes = await connection.sizes(uids, seconds=self._timings.command_s)
        for batch in self._progress.batches(uids, sizes, self._size_max):
            await self._take_batch(connection, batch, sizes)

    async def _take_batch(self, connection: ImapConnection, batch: Sequence[int], sizes: dict[int, int]) -> None:
        total = sum(sizes.get(uid, 0) for uid in batch)
        if len(batch) == 1 and (total > self._size_max or self._progress.is_hopeless(batch[0])):
            await self._take_header(connection, batch[0], total)
            return
        try:
            seconds = self._timings.command_s + total / _BYTES_PER_S
            bodies = await connection.bodies(batch, seconds=seconds, pace_s=self._timings.command_s)
        except ConnectionLost:
            self._progress.failed(batch)
            raise
        taken = await self._hand_over({uid: bodies[uid] for uid in batch if uid in bodies})
        await self._missing(connection, [uid for uid in batch if uid not in bodies], len(batch), sizes)
        await self._mark_seen(connection, taken)

    async def _missing(
        self, connection: ImapConnection, missing: Sequence[int], asked: int, sizes: dict[int, int]
    ) -> None:
        """Ask for each of the `missing` alone: what still isn't there was expunged, and that is no error."""
        if asked > 1:
            for uid in missing:
                await self._take_batch(connection, [uid], sizes)
        elif missing:
            _log.info("imap_uid_gone", folder=self.folder, uid=missing[0])
            self._progress.taken(missing)
            self.health.lag = max(0, self.health.lag - 1)

    async def _take_header(self, connection: ImapConnection, uid: int, size: int) -> None:
        """Hand over what can be had of a mail that is too large or that breaks the connection: it must not vanish."""
        raw = b""
        if not self._progress.is_hopeless(uid, also_headers=True):
            try:
                raw = await connection.header(uid, size_max=_HEADER_MAX, seconds=self._timings.command_s)
            except ConnectionLost:
                self._progress.failed([uid])
                raise
        if await self._taken_alone(uid, raw, oversized_from=size):
            await self._mark_seen(connection, [uid])

    async def _hand_over(self, bodies: Mapping[int, bytes]) -> list[int]:
        """Deliver these together, or if that fails each alone; return the UIDs of what was taken.

        Raises:
            TemporaryFailure: nothing can be taken now.
        """
        uids = list(bodies)
        if len(uids) > 1:
            bookmark = self._progress.bookmark_with(bodies.keys())
            if await self._delivered([_fetched(bookmark, uid, raw) for uid, raw in bodies.items()]):
                return uids
        return [uid for uid in uids if await self._taken_alone(uid, bodies[uid])]

    async def _taken_alone(self, uid: int, raw: bytes, *, oversized_from: int | None = None) -> bool:
        mail = _fetched(self._progress.bookmark_with((uid,)), uid, raw)
        if oversized_from is not None:
            mail = msgspec.structs.replace(mail, oversized=True, size=oversized_from)
        return await self._delivered([mail])

    async def _delivered(self, mails: Sequence[Fetched]) -> bool:
        """Deliver them in one go, and tell whether they were taken."""
        crashpoint("imap.fetched")
        try:
            await self._deliver(mails)
        except TemporaryFailure:
            raise
        except Exception as error:  # noqa: BLE001 - one bad mail must not keep the others waiting; it is tried again
            if len(mails) == 1:
                uid = mails[0].uid
                told = PermanentFailure(f"UID {uid} was not taken: {type(error).__name__}")
                self._failed(told, "mail")
                _log.error("imap_mail_not_taken", folder=self.folder, uid=uid, error=type(error).__name__)
            return False
        self._progress.taken(mail.uid for mail in mails)
        health = self.health
        health.last_fetch_at = self._now()
        health.lag = max(0, health.lag - len(mails))
        health.stored_count += len(mails)
        health.server_count = max(health.server_count, health.stored_count)
        return True

    async def _mark_seen(self, connection: ImapConnection, uids: Sequence[int]) -> None:
        """Mark mails as read, for the eyes of people; the bookmark is what counts."""
        if uids:
            try:
                await connection.mark_seen(uids, seconds=self._timings.command_s)
            except ConnectionLost:
                raise
            except TemporaryFailure as error:
                _log.info("imap_not_marked_seen", folder=self.folder, error=str(error))


def _fetched(bookmark: Bookmark, uid: int, raw: bytes) -> Fetched:
    return Fetched(uidvalidity=bookmark.uidvalidity, uid=uid, raw=raw, bookmark=bookmark, size=len(raw))


def _code_of(error: Exception) -> str:
    """Return what pages call it."""
    codes: tuple[tuple[type[Exception], str], ...] = (
        (TokenRefused, "token"),
        (LoginRefused, "login"),
        (FolderRefused, "folder"),
        (Refused, "busy"),
        (Silent, "silent"),
        (ssl.SSLCertVerificationError, "certificate"),
        (ConnectionLost, "connection"),
        (TemporaryFailure, "store"),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), "connection")
