"""One mailbox read over IMAP, for ever: every mail is handed over at least once, and none stops the others."""

import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Literal

import msgspec
import structlog

from channels.email.imap_client import ImapConnection
from channels.email.imap_progress import Bookmark, Progress
from channels.email.imap_protocol import ConnectionLost, LiteralTooLong, LoginRefused
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import Instant

_SIZES_AT_ONCE = 500
_HEADER_MAX = 256 * 1024
_BYTES_PER_S = 64 * 1024
_log = structlog.get_logger(__name__)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A mail from the mailbox. `bookmark` is to be stored with it, in the same transaction.

    `oversized`: it is too large or the server could not give it whole; `raw` holds its headers, or nothing.
    """

    uidvalidity: int
    uid: int
    raw: bytes
    bookmark: Bookmark
    size: int
    oversized: bool = False


class ImapHealth(msgspec.Struct):
    """How a mailbox is doing: when a mail was last taken, how many wait for it, and what is wrong or None."""

    last_fetch_at: Instant | None = None
    last_contact_at: Instant | None = None
    lag: int = 0
    error: str | None = None


class ImapTimings(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds."""

    command_s: float = 60
    idle_s: float = 540
    overlap_s: float = 300
    backoff_first_s: float = 1
    backoff_last_s: float = 60
    login_refused_s: float = 300


class ImapMailbox:
    """Reads one folder of one account."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        bookmark: Bookmark | None,
        deliver: Callable[[Fetched], Awaitable[None]],
        now: Callable[[], Instant],
        pause: Callable[[float], Awaitable[None]],
        known: Callable[[int, Sequence[int]], Awaitable[Collection[int]]] | None = None,
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
            username: of the account.
            password: of the account.
            bookmark: how far an earlier run came, None to read the whole folder.
            deliver: returns when the mail and `Fetched.bookmark` are durable. TemporaryFailure stops the reading for a
                while; any other exception sets this mail aside, to be tried again, and the others go on.
            now: the wall clock, for `health`.
            pause: waits so many seconds before the next connection.
            known: tells which UIDs under a UIDVALIDITY are stored already; without it, mails are handed over again
                after a restart and whoever takes them must know them by their external id.
            folder: its name as people write it.
            tls: `none` only for a server on the same machine.
            tls_context: the certificates to trust; None for those of the system.
            size_max: bytes of a mail that is taken whole.
            timings: the ordinary ones unless given.
        """
        self._address = (host, port)
        self._login = (username, password)
        self._folder = folder
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
                await self._session()
            except LoginRefused as error:
                # Three tries in a quarter of an hour lock accounts in some places.
                self._failed(error)
                await self._pause(self._timings.login_refused_s)
                continue
            except (TemporaryFailure, OSError, TimeoutError) as error:
                self._failed(error)
            if self._had_contact:
                wait_s = self._timings.backoff_first_s
            await self._pause(wait_s)
            wait_s = min(2 * wait_s, self._timings.backoff_last_s)

    def _failed(self, error: Exception) -> None:
        self.health.error = str(error) or type(error).__name__
        _log.warning("imap_interrupted", folder=self._folder, error=type(error).__name__)

    async def _session(self) -> None:
        """Use one connection until it fails."""
        host, port = self._address
        connection = ImapConnection(
            host=host, port=port, ssl_context=self._tls_context, literal_max=self._size_max + _HEADER_MAX
        )
        try:
            uidvalidity = await connection.open(*self._login, self._folder, seconds=self._timings.command_s)
            self._progress.begin(uidvalidity)
            while True:
                await self._take_new(connection)
                self.health.last_contact_at = self._now()
                self._had_contact = True
                await self._wait_for_news(connection)
        finally:
            await connection.close()

    async def _wait_for_news(self, connection: ImapConnection) -> None:
        """Wait for new mail; at the latest with the next overlap scan. A NOOP proves that the line is alive."""
        timings = self._timings
        wait_s = min(timings.idle_s, timings.overlap_s)
        if connection.can_idle:
            await connection.idle(wait_s=wait_s, seconds=timings.command_s)
        else:
            await self._pause(min(wait_s, timings.backoff_last_s))
        await connection.noop(seconds=timings.command_s)

    async def _take_new(self, connection: ImapConnection) -> None:
        """Take every mail that isn't stored, also those whose UIDs appeared late, below the bookmark."""
        found = await connection.search(self._progress.criteria(), seconds=self._timings.command_s)
        fresh = self._progress.fresh(found)
        if fresh and self._known is not None:
            self._progress.taken(await self._known(self._progress.uidvalidity, fresh))
            fresh = self._progress.fresh(found)
        self.health.lag = len(fresh)
        for at in range(0, len(fresh), _SIZES_AT_ONCE):
            await self._take(connection, fresh[at : at + _SIZES_AT_ONCE])
        if not self.health.lag:
            self.health.error = None

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
            bodies = await connection.bodies(batch, seconds=self._timings.command_s + total / _BYTES_PER_S)
        except ConnectionLost as error:
            self._progress.failed(batch, for_good=isinstance(error, LiteralTooLong))
            raise
        taken = [uid for uid in batch if uid in bodies and await self._hand_over(uid, bodies[uid], oversized=False)]
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
            _log.info("imap_uid_gone", folder=self._folder, uid=missing[0])
            self._progress.taken(missing)
            self.health.lag = max(0, self.health.lag - 1)

    async def _take_header(self, connection: ImapConnection, uid: int, size: int) -> None:
        """Hand over what can be had of a mail that is too large or that breaks the connection: it must not vanish."""
        raw = b""
        if not self._progress.is_hopeless(uid, also_headers=True):
            try:
                raw = await connection.header(uid, size_max=_HEADER_MAX, seconds=self._timings.command_s)
            except ConnectionLost as error:
                self._progress.failed([uid], for_good=isinstance(error, LiteralTooLong))
                raise
        if await self._hand_over(uid, raw, oversized=True, size=size):
            await self._mark_seen(connection, [uid])

    async def _hand_over(self, uid: int, raw: bytes, *, oversized: bool, size: int | None = None) -> bool:
        """Deliver one mail, and tell whether it was taken.

        Raises:
            TemporaryFailure: nothing can be taken now.
        """
        bookmark = self._progress.bookmark_with(uid)
        mail = Fetched(
            uidvalidity=bookmark.uidvalidity,
            uid=uid,
            raw=raw,
            bookmark=bookmark,
            size=len(raw) if size is None else size,
            oversized=oversized,
        )
        crashpoint("imap.fetched")
        try:
            await self._deliver(mail)
        except TemporaryFailure:
            raise
        except Exception as error:  # noqa: BLE001 - one bad mail must not keep the others waiting; it is tried again
            self.health.error = f"UID {uid} was not taken: {type(error).__name__}"
            _log.error("imap_mail_not_taken", folder=self._folder, uid=uid, error=type(error).__name__)
            return False
        self._progress.taken([uid])
        self.health.last_fetch_at = self._now()
        self.health.lag = max(0, self.health.lag - 1)
        return True

    async def _mark_seen(self, connection: ImapConnection, uids: Sequence[int]) -> None:
        """Mark mails as read, for the eyes of people; the bookmark is what counts."""
        if uids:
            try:
                await connection.mark_seen(uids, seconds=self._timings.command_s)
            except ConnectionLost:
                raise
            except TemporaryFailure as error:
                _log.info("imap_not_marked_seen", folder=self._folder, error=str(error))
