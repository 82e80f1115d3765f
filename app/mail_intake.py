"""Mail in: raw bytes are kept first, then understood. What a crash interrupts, the next start takes up."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import msgspec
import structlog

from app.engine import Engine
from app.intake import Intake
from app.parsing import ParsingFailed, ReadMail, TooCostly, read_in_thread
from app.poison import TRIES_MAX, error_text, kept_input
from app.sender_checks import SenderChecks
from app.supervise import group
from app.wishes import Wishes
from channels.email.dates import arrived_at
from channels.email.guard import LOOPS
from channels.email.imap import Fetched
from channels.email.listener import Delivery
from channels.email.message_ids import own_id_in
from channels.email.thread import interaction_of, thread_keys
from channels.message import Automatic, InboundMessage
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import received_id
from vocabulary.instants import SECOND
from vocabulary.records import BookmarkRow, Change, FetchedRow, Put, PutNew, ReceivedRow, Set
from vocabulary.stores import Store
from web.site import RELEASED, ImportedMail, NotTaken

log = structlog.get_logger()

WORKERS = 128
"""So many mails are in work at once: most of it is waiting for the disk, which they then share."""
WAITING_MAX = 500
TAKEN_UP = 100
HELD_BYTES = 64 * 1024 * 1024
"""With so much in memory, mailboxes are not read on, and what servers deliver waits on the disk."""
TURN_S = 1.0
"""How long a mail waits for those before it that it does not answer: one that is hard to read must not hold them up."""
UNDERSTOOD_S = 20
"""How long somebody who brings a mail waits for what becomes of it."""
_BREAK = re.compile(rb"\r?\n")
GOES_ROUND = "it goes round between servers: it came through too many of them, or was delivered here before"
DIED = "the process died each time it was worked on"


class _Order:
    """Mails are read side by side and go on in the order in which they came, an answer always behind what it answers.

    One that is hard to read holds up others for a moment only.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, _Turn] = {}
        """Those under way, by their Message-IDs."""
        self._count = 0
        self._last: asyncio.Future[None] | None = None

    def turn(self, own_id: str | None = None) -> "_Turn":
        """Return the turn of the mail that comes next."""
        self._count += 1
        turn = _Turn(self, self._count, own_id, self._last)
        self._last = turn.passed
        if own_id is not None:
            self.by_id.setdefault(own_id, turn)
        return turn


class _Turn:
    def __init__(self, order: _Order, number: int, own_id: str | None, before: asyncio.Future[None] | None) -> None:
        self.passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order = order
        self.number = number
        self._own_id = own_id
        self._before = before

    async def comes(self, answered: Iterable[str]) -> None:
        """Wait for the one before, not for long, and for those with the ids that it answers, however long."""
        if self._before is not None:
            await asyncio.wait([self._before], timeout=TURN_S)
            self._before = None  # nor is what came before that kept in memory
        for id in answered:
            other = self._order.by_id.get(id)
            # Two that name each other would wait for ever: only for what came before.
            if other is not None and other.number < self.number:
                await asyncio.wait([other.passed])

    def pass_on(self) -> None:
        """Let those go on that wait for this one."""
        if self.passed.done():
            return
        self.passed.set_result(None)
        if self._own_id is not None and self._order.by_id.get(self._own_id) is self:
            del self._order.by_id[self._own_id]


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
        self._held_bytes = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._order = _Order()
        self._in_hand: Counter[str] = Counter()
        """Ids of what waits in memory or is being understood."""
        self._understood: dict[str, asyncio.Event] = {}
        """Where somebody waits for what becomes of a mail."""
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
        await self._keep([self._received(channel, delivery.raw, envelope) for channel in channels])

    async def fetched(self, channel: str, folder: str, mails: Sequence[Fetched]) -> None:
        """Keep mails of a mailbox and how far it has been read, in one transaction.

        While much waits to be understood it waits, too: what is in the mailbox is safe there, and what comes new is
        not put behind it.
        """
        await self._has_room.wait()
        mark = mails[-1].bookmark
        changes: list[Change] = [
            Put(BookmarkRow(channel=channel, folder=folder, uidvalidity=mark.uidvalidity, uid=mark.uid))
        ]
        rows = [self._fetched_row(channel, folder, mail) for mail in mails]
        changes += [
            Put(FetchedRow(channel=channel, folder=folder, uidvalidity=mail.uidvalidity, uid=mail.uid, received=row.id))
            for mail, row in zip(mails, rows, strict=True)
        ]
        await self._keep(rows, *changes)

    async def imported(self, channel: str, raw: bytes, *, answer: bool, archived: bool) -> ImportedMail:
        """Keep a mail that is brought from elsewhere, and wait a while until it is understood."""
        # Files end their lines as their system does; the mail that came by a server must be known again.
        raw = _BREAK.sub(b"\r\n", raw)
        now = self._engine.clock.now()
        envelope: dict[str, object] = {"imported_at": now, "answer": answer, "archived": archived}
        row = msgspec.structs.replace(self._received(channel, raw, envelope), at=arrived_at(raw, now))
        known = row.id in await self._store.received_states([row.id])
        if not known:
            understood = self._understood.setdefault(row.id, asyncio.Event())
            try:
                await self._keep([row])
                with suppress(TimeoutError):
                    async with asyncio.timeout(UNDERSTOOD_S):
                        await understood.wait()
            finally:
                self._understood.pop(row.id, None)
        kept = await self._store.received_row(row.id)
        assert kept is not None, f"{row.id} was just kept"
        return ImportedMail(
            id=kept.id,
            state=kept.state,  # type: ignore[arg-type]  # the records' word
            known=known or not await self._is_its_own(kept),
            interaction=kept.interaction,
            error=kept.error,
        )

    async def _is_its_own(self, row: ReceivedRow) -> bool:
        """Tell whether what was understood of `row` is new, and not a mail that had come another way."""
        if row.interaction is None:
            return True
        return any(message.received == row.id for message in await self._store.messages(row.interaction))

    def _fetched_row(self, channel: str, folder: str, mail: Fetched) -> ReceivedRow:
        envelope = {"uid": mail.uid, "uidvalidity": mail.uidvalidity, "folder": folder}
        if not mail.oversized:
            return self._received(channel, mail.raw, envelope)
        log.error("mail_quarantined", channel=channel, uid=mail.uid, reason="oversized")
        reason = (
            f"only the headers of this mail of {mail.size} bytes were kept: it is larger than the mailbox takes, or "
            "its server cannot give it whole"
        )
        row = self._received(channel, mail.raw, {**envelope, "size": mail.size})
        return msgspec.structs.replace(row, state="quarantined", error=reason)

    async def _keep(self, rows: Sequence[ReceivedRow], *more: Change) -> None:
        """Keep mails. A caller who leaves meanwhile doesn't stop that: what gets onto the disk is taken up, too."""
        keeping = asyncio.ensure_future(self._kept(rows, *more))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        await asyncio.shield(keeping)

    async def _kept(self, rows: Sequence[ReceivedRow], *more: Change) -> None:
        known = await self._store.received_states([row.id for row in rows])
        crashpoint("ingest.before_commit")
        await self._engine.write(*map(PutNew, rows), *more)
        crashpoint("ingest.after_commit")
        # The same bytes once more: whatever has become of them, admitted, kept aside or erased, that holds. What is
        # still to be understood may be in nobody's hands: its first write failed, as far as anybody here could tell.
        for row in rows:
            is_open = row.state == "received" and known.get(row.id, "received") == "received"
            if is_open and row.id not in self._in_hand:
                self._enqueue(row)

    def _enqueue(self, row: ReceivedRow) -> None:
        """Let it wait in memory, if there is room; else it waits on the disk, where it is anyway."""
        if self._waiting.full() or (self._held_bytes > HELD_BYTES and self._in_hand):
            self._behind = True
            return
        self._waiting.put_nowait(row)
        self._in_hand[row.id] += 1
        self._held_bytes += len(row.raw)
        self._note_room()

    def _note_room(self) -> None:
        if self._waiting.qsize() < WAITING_MAX // 2 and self._held_bytes < HELD_BYTES:
            self._has_room.set()
        else:
            self._has_room.clear()

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

    def _has_hands_free(self) -> bool:
        """Tell whether most of what would be read from the disk is not in work already."""
        return len(self._in_hand) < TAKEN_UP // 4 and (self._held_bytes < HELD_BYTES // 2 or not self._in_hand)

    async def _take_up(self) -> None:
        self._behind = False
        try:
            rows = await self._store.received(state="received", limit=TAKEN_UP)
        except BaseException:
            self._behind = True
            raise
        # Meanwhile something else may have found no room.
        self._behind = self._behind or len(rows) == TAKEN_UP
        for row in rows:
            if row.id not in self._in_hand:
                self._from_disk.add(row.id)
                self._enqueue(row)

    async def _alone(self, row: ReceivedRow) -> None:
        if row.attempts < TRIES_MAX:
            await self._tried(row, counted=True, turn=_Order().turn())
            return
        log.error("mail_quarantined", received=row.id, error="process_died")
        await self._engine.write(Set(ReceivedRow, row.id, {"state": "quarantined", "error": DIED}))

    def replayed(self, row: ReceivedRow) -> None:
        """Take up what a supervisor wants to be tried again: `row` as it is on the disk by now."""
        self._enqueue(row)

    async def run(self) -> None:
        """Drive what waits through intake; cancel to stop."""
        async with group() as begin:
            for _ in range(WORKERS):
                begin(self._work())

    async def _work(self) -> None:
        while True:
            if self._behind and self._waiting.empty() and self._has_hands_free():
                await self._take_up()
            row = await self._waiting.get()
            self._note_room()
            turn = self._order.turn(own_id_in(row.raw))
            counted = row.id in self._from_disk
            self._from_disk.discard(row.id)
            try:
                await self._tried(row, counted=counted, turn=turn)
            except BaseException:
                # Whoever takes this one's place asks the disk: what was written last may stand there, though nobody
                # here was told.
                self._behind = True
                raise
            finally:
                turn.pass_on()
                self._let_go(row)

    def _let_go(self, row: ReceivedRow) -> None:
        self._held_bytes -= len(row.raw)
        self._note_room()
        self._in_hand[row.id] -= 1
        if not self._in_hand[row.id]:
            del self._in_hand[row.id]
            if row.id in self._understood:
                self._understood[row.id].set()

    async def _tried(self, row: ReceivedRow, *, counted: bool, turn: _Turn) -> None:
        """Try once; with `counted` the try is on the disk before it begins, and the process may die of it."""
        attempts = row.attempts + 1
        try:
            if counted:
                await self._engine.write(Set(ReceivedRow, row.id, {"attempts": attempts}))
            await self._understand(row, turn)
        except TemporaryFailure as failure:
            # Not the mail's fault: it waits and doesn't count.
            log.warning("mail_waits", received=row.id, reason=str(failure))
            await self._engine.clock.sleep(SECOND)
            self._enqueue(row)
        except Exception as error:  # noqa: BLE001  # one bad mail must not stop the others; it is tried again, then kept aside
            await self._failed(row, error, attempts)

    async def _understand(self, row: ReceivedRow, turn: _Turn) -> None:
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
        guarded = await self._senders.checked(message, row)
        if row.envelope.get("answer") is False:
            guarded = _unanswered(guarded, "imported")
        wishes = Wishes(archived=row.envelope.get("archived") is True)
        await turn.comes(thread_keys(message))
        receiving = asyncio.ensure_future(self._intake.receive(guarded, received=row.id, wishes=wishes))
        turn.pass_on()
        admission = await receiving
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


def _unanswered(message: InboundMessage, signal: str) -> InboundMessage:
    """Return the message as one that gets no automatic answer."""
    automatic = Automatic(is_automatic=True, signals=(*message.automatic.signals, signal))
    return msgspec.structs.replace(message, automatic=automatic)
