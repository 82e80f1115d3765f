"""Mail in: raw bytes are kept first, then understood. What a crash interrupts, the next start takes up."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import structlog

from app.engine import Engine
from app.intake import Intake
from app.parsing import ParsingFailed, ReadMail, TooCostly, read_in_thread
from app.poison import TRIES_MAX, error_text, kept_input
from app.sender_checks import SenderChecks
from channels.email.guard import LOOPS
from channels.email.imap import Fetched
from channels.email.listener import Delivery
from channels.email.thread import interaction_of
from channels.message import InboundMessage
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import received_id
from vocabulary.instants import SECOND
from vocabulary.records import BookmarkRow, Change, Put, PutNew, ReceivedRow, Set
from vocabulary.stores import Store
from web.site import NotTaken

log = structlog.get_logger()

WORKERS = 4
WAITING_MAX = 500
GOES_ROUND = "it goes round between servers: it came through too many of them, or was delivered here before"
RELEASED = "released"
"""Of the envelope: a supervisor looked at the mail and wants it to be taken in."""
DIED = "the process died each time it was worked on"


class MailIntake:
    """Keeps what arrives and drives it through intake."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        intake: Intake,
        own_addresses: frozenset[str],
        channel_of: Callable[[str], str | None],
        senders: SenderChecks,
        keys: Sequence[bytes],
        domain: str,
        read: ReadMail = read_in_thread,
    ) -> None:
        self._engine = engine
        self._store = store
        self._intake = intake
        self._own_addresses = own_addresses
        self._channel_of = channel_of
        self._senders = senders
        self._keys = keys
        self._domain = domain
        self._read = read
        self._waiting: asyncio.Queue[ReceivedRow] = asyncio.Queue(WAITING_MAX)
        self._in_hand: Counter[str] = Counter()
        """Ids of what waits in memory or is being understood."""
        self._behind = False
        self._keeping: set[asyncio.Future[None]] = set()
        self._from_disk: set[str] = set()
        """What is taken up from the disk: perhaps the process died of it, so a try is counted before it begins."""

    # -- ways in

    async def delivered(self, delivery: Delivery) -> None:
        """Keep a mail that a server hands over; when this returns it is on disk and may be answered with 250."""
        channels = dict.fromkeys(filter(None, map(self._channel_of, delivery.recipients)))
        if not channels:
            raise PermanentFailure("no recipient is a mailbox of ours")
        envelope: dict[str, object] = {"sender": delivery.envelope_sender, "recipients": list(delivery.recipients)}
        if delivery.peer:
            envelope |= {"peer": delivery.peer, "greeting": delivery.greeting}
        for channel in channels:
            await self._keep(channel, delivery.raw, envelope)

    async def fetched(self, channel: str, folder: str, mail: Fetched) -> None:
        """Keep a mail of a mailbox and how far it has been read, in one transaction."""
        mark = mail.bookmark
        bookmark = Put(BookmarkRow(channel=channel, folder=folder, uidvalidity=mark.uidvalidity, uid=mark.uid))
        if mail.oversized:
            await self._set_aside(channel, mail, bookmark)
        else:
            await self._keep(channel, mail.raw, {"uid": mail.uid, "uidvalidity": mail.uidvalidity}, bookmark)

    async def _keep(self, channel: str, raw: bytes, envelope: dict[str, object], *more: Change) -> None:
        """Keep a mail. A caller who leaves meanwhile doesn't stop that: what gets onto the disk is taken up, too."""
        keeping = asyncio.ensure_future(self._kept(self._received(channel, raw, envelope), *more))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        await asyncio.shield(keeping)

    async def _kept(self, row: ReceivedRow, *more: Change) -> None:
        known = await self._store.received_state(row.id)
        crashpoint("ingest.before_commit")
        await self._engine.write(PutNew(row), *more)
        crashpoint("ingest.after_commit")
        # The same bytes once more: whatever has become of them, admitted, kept aside or erased, that holds. What is
        # still to be understood may be in nobody's hands: its first write failed, as far as anybody here could tell.
        if known in (None, "received") and row.id not in self._in_hand:
            self._enqueue(row)

    def _enqueue(self, row: ReceivedRow) -> None:
        """Let it wait in memory, if there is room; else it waits on the disk, where it is anyway."""
        try:
            self._waiting.put_nowait(row)
            self._in_hand[row.id] += 1
        except asyncio.QueueFull:
            self._behind = True

    async def _set_aside(self, channel: str, mail: Fetched, bookmark: Change) -> None:
        reason = f"the mail has {mail.size} bytes, more than this mailbox takes; only its headers were kept"
        row = self._received(channel, mail.raw, {"uid": mail.uid, "size": mail.size})
        await self._engine.write(PutNew(msgspec.structs.replace(row, state="quarantined", error=reason)), bookmark)
        log.error("mail_quarantined", received=row.id, channel=channel, reason="oversized")

    def _received(self, channel: str, raw: bytes, envelope: dict[str, object]) -> ReceivedRow:
        id = received_id(channel, raw)
        return ReceivedRow(id=id, channel=channel, at=self._engine.clock.now(), raw=raw, envelope=envelope)

    # -- understanding

    async def recover(self) -> None:
        """Take up what was kept on the disk but not understood yet.

        What was tried before comes first and alone: if the process dies, it died of that, and innocents beside it
        are not counted.
        """
        for row in await self._store.received_tried(limit=WAITING_MAX):
            await self._alone(row)
        await self._take_up()

    async def _take_up(self) -> None:
        rows = await self._store.received(state="received", limit=WAITING_MAX)
        self._behind = len(rows) == WAITING_MAX
        for row in rows:
            if row.id not in self._in_hand:
                self._from_disk.add(row.id)
                self._enqueue(row)

    async def _alone(self, row: ReceivedRow) -> None:
        if row.attempts < TRIES_MAX:
            await self._tried(row, counted=True)
            return
        log.error("mail_quarantined", received=row.id, error="process_died")
        await self._engine.write(Set(ReceivedRow, row.id, {"state": "quarantined", "error": DIED}))

    def replayed(self, row: ReceivedRow) -> None:
        """Take up what a supervisor wants to be tried again; its row says `received` already."""
        envelope = {**row.envelope, RELEASED: True}
        self._enqueue(msgspec.structs.replace(row, state="received", attempts=0, error="", envelope=envelope))

    async def run(self) -> None:
        """Drive what waits through intake; cancel to stop."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            if self._behind and self._waiting.empty():
                await self._take_up()
            row = await self._waiting.get()
            counted = row.id in self._from_disk
            self._from_disk.discard(row.id)
            try:
                await self._tried(row, counted=counted)
            except BaseException:
                # Whoever takes this one's place goes on with it; on the disk it is as it was.
                self._enqueue(row)
                raise
            finally:
                self._let_go(row)

    def _let_go(self, row: ReceivedRow) -> None:
        self._in_hand[row.id] -= 1
        if not self._in_hand[row.id]:
            del self._in_hand[row.id]

    async def _tried(self, row: ReceivedRow, *, counted: bool) -> None:
        """Try once; with `counted` the try is on the disk before it begins, and the process may die of it."""
        attempts = row.attempts + 1
        try:
            if counted:
                await self._engine.write(Set(ReceivedRow, row.id, {"attempts": attempts}))
            await self._understand(row)
        except TemporaryFailure as failure:
            # Not the mail's fault: it waits and doesn't count.
            log.warning("mail_waits", received=row.id, reason=str(failure))
            await self._engine.clock.sleep(SECOND)
            self._enqueue(row)
        except Exception as error:  # noqa: BLE001  # one bad mail must not stop the others; it is tried again, then kept aside
            await self._failed(row, error, attempts)

    async def _understand(self, row: ReceivedRow) -> None:
        what = kept_input(row)
        if what is not None:
            admission = await self._intake.receive(
                what.message, received=row.id, continues=what.continues, wishes=what.wishes
            )
            log.info("input_taken", received=row.id, channel=row.channel, interaction=admission.interaction)
            return
        message = await self._message(row)
        crashpoint("imap.parsed")
        if not set(LOOPS).isdisjoint(message.automatic.signals) and not row.envelope.get(RELEASED):
            await self._stop_loop(row)
            return
        message = msgspec.structs.replace(message, trust=await self._senders.trust_of(row))
        admission = await self._intake.receive(self._senders.guarded(message, row), received=row.id)
        log.info(
            "mail_taken",
            received=row.id,
            channel=row.channel,
            interaction=admission.interaction,
            known=admission.known,
            automatic=message.automatic.is_automatic,
            bytes=len(row.raw),
        )

    async def _message(self, row: ReceivedRow, *, remote_images: bool = False) -> InboundMessage:
        sender = row.envelope.get("sender")
        return await self._read(
            row.raw,
            channel=row.channel,
            received_at=row.at,
            own_addresses=self._own_addresses,
            envelope_sender=sender if isinstance(sender, str) else None,
            is_own_message_id=self._is_ours,
            remote_images=remote_images,
        )

    async def html_with_images(self, row: ReceivedRow) -> str | None:
        """Return the HTML of a mail that was taken in, with the pictures that its sender keeps elsewhere."""
        try:
            return (await self._message(row, remote_images=True)).html
        except (ParsingFailed, TemporaryFailure) as failure:
            log.warning("mail_not_read_again", received=row.id, reason=type(failure).__name__)
            return None

    async def _stop_loop(self, row: ReceivedRow) -> None:
        """Keep a mail aside that goes round: taken in each time, it would grow for ever."""
        log.error("mail_quarantined", received=row.id, channel=row.channel, error="loop")
        await self._engine.write(Set(ReceivedRow, row.id, {"state": "quarantined", "error": GOES_ROUND}))

    def _is_ours(self, message_id: str) -> bool:
        return interaction_of(message_id, keys=self._keys, domain=self._domain) is not None

    async def _failed(self, row: ReceivedRow, error: Exception, attempts: int) -> None:
        # What rules refuse they refuse again, and what was too costly once would be so again; anything else may be the
        # fault of what was decided beside it.
        final = attempts >= TRIES_MAX or isinstance(error, (NotTaken, TooCostly))
        values = {
            "attempts": attempts,
            "error": error_text(error),
            "state": "quarantined" if final else "received",
        }
        log.error("mail_quarantined" if final else "mail_failed", received=row.id, error=type(error).__name__)
        try:
            await self._engine.write(Set(ReceivedRow, row.id, values))
        except TemporaryFailure:
            final = False
        if not final:
            await self._engine.clock.sleep(SECOND)
            self._enqueue(msgspec.structs.replace(row, attempts=attempts))
