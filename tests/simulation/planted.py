"""Faults that are planted into the site on purpose: a checker that doesn't find them is blind.

Each takes the place of one function or value of the real code for as long as it is planted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import msgspec

from app import engine as engine_module
from app import intake as intake_module
from app import mailroom as mailroom_module
from app.conversations import ChatConversations
from app.engine import Engine
from app.kept_state import packed
from app.mail_intake import MailIntake
from app.mailroom import Mailroom
from app.replies import Replies
from app.sender_checks import SenderChecks
from channels.chat.connection import Connection as ChatSocket
from channels.email import imap_progress
from channels.email.imap import ImapMailbox
from channels.email.imap_progress import Progress
from channels.email.smtp import Outcome
from channels.email.thread import message_id
from router import decide as decide_module
from router import offers as offers_module
from router.commands import AcceptOffer, BeginDelivery, TakeBack
from router.events import OfferAccepted
from router.state import next_deadline
from storage import sqlite_file
from storage.sqlite import SqliteStore
from tests.simulation.schedule import run
from vocabulary.ids import derived_id
from vocabulary.records import BookmarkRow, OutboxRow, Put, Set, Transaction
from web.call import Call
from web.idempotency import Idempotency

Fault = tuple[tuple[Any, Any, Any], ...]
"""Where, what is looked up there, and what stands in for it; in several places if it takes several."""

_numbers = count()
_background: set[asyncio.Task[None]] = set()


def _later(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(_quietly(work))
    _background.add(task)
    task.add_done_callback(_background.discard)


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:  # noqa: BLE001  # what fails in the background is the fault's own matter
        return


async def _nothing(*_: Any, **__: Any) -> None:
    return


def _bookmark_first(real: Callable[..., Awaitable[None]]) -> Any:
    async def fetched(self: MailIntake, channel: str, folder: str, mails: Any) -> None:
        mark = mails[-1].bookmark
        row = BookmarkRow(channel=channel, folder=folder, uidvalidity=mark.uidvalidity, uid=mark.uid)
        await self._engine.write(Put(row))
        await real(self, channel, folder, mails)

    return fetched


def _not_awaited(real: Callable[..., Awaitable[None]]) -> Any:
    async def keep(self: Any, *arguments: Any) -> None:
        _later(real(self, *arguments))

    return keep


def _swallowing(real: Callable[..., Awaitable[None]]) -> Any:
    async def commit(self: Engine, batch: Any) -> None:
        await _quietly(real(self, batch))
        # The engine looks twice whether it may acknowledge: here, and before it answers.
        self._broken = False

    return commit


def _in_two(real: Callable[..., Awaitable[None]]) -> Any:
    async def commit(self: Engine, batch: Any) -> None:
        whole = batch.transaction
        if whole.entries and whole.changes:
            await self._store.commit(Transaction(entries=whole.entries, after=whole.after))
            await self._store.commit(Transaction(changes=whole.changes))
        else:
            await real(self, batch)

    return commit


def _rows_left_out(real: Callable[..., Any]) -> Any:
    def decide(self: Engine, submissions: Any) -> Any:
        batch = real(self, submissions)
        entries, after = batch.transaction.entries, batch.transaction.after
        kept = [each for each in batch.transaction.changes if next(_numbers) % 40]
        return type(batch)(
            batch.submissions, batch.logged, Transaction(entries=entries, after=after, changes=tuple(kept))
        )

    return decide


async def _keep_the_state(self: Engine) -> None:
    self._broken = False


async def _checkpoint_ahead(self: Engine) -> None:
    if self.seq - self._checkpointed >= engine_module.CHECKPOINT_EVERY:
        self._checkpointed = self.seq
        await self._store.save_checkpoint(self.seq + 1, self.clock.now(), packed(self.state, self.stats))


def _forgetful(real: Callable[..., Awaitable[None]]) -> Any:
    async def start(self: Engine) -> None:
        await real(self)
        for id in list(self.state.interactions)[-1:]:
            if self.state.interactions[id].state == "waiting":
                self.state.interactions.pop(id)

    return start


def _late_alarm(real: Callable[..., Any]) -> Any:
    def late(state: Any) -> Any:
        due = real(state)
        return None if due is None else due + 4_000

    return late


def _never_due(_state: Any) -> None:
    return None


def _fenceless(real: Callable[..., Any]) -> Any:
    def accept(draft: Any, command: Any) -> Any:
        offer = draft.state.offers.get(command.offer)
        if offer is not None and offer.state != "pending" and offer.agent == command.agent:
            held = draft.state.interactions.get(offer.interaction)
            if held is not None and held.state == "waiting":
                draft.emit(OfferAccepted(at=draft.now, offer=offer.id, interaction=held.id, agent=offer.agent))
                return None
        return real(draft, command)

    return accept


def _refusals_ignored(real: Callable[..., Awaitable[Any]]) -> Any:
    async def submit(self: Call, command: Any, *changes: Any) -> Any:
        if type(command).__name__ == "AcceptOffer":
            return await self.site.submit(command, changes)
        return await real(self, command, *changes)

    return submit


async def _pending_again(self: Mailroom) -> None:
    for row in await self._store.outbox(states=("sending",), limit=10_000):
        await self._engine.write(Set(OutboxRow, row.id, {"state": "pending"}))


async def _start_all(self: Mailroom, performing: Any) -> None:
    now = self._engine.clock.now()
    for row in await self._store.outbox(states=("pending", "deferred"), due_before=now, limit=500):
        performing.create_task(self._perform(row))


async def _start_pending_only(self: Mailroom, performing: Any) -> None:
    now = self._engine.clock.now()
    for row in await self._store.outbox(states=("sending",), due_before=now, limit=500):
        performing.create_task(self._perform(row))


def _uncertain_again(real: Callable[..., Awaitable[None]]) -> Any:
    async def settle(self: Mailroom, row: Any, result: Any, effect: Any = None) -> None:
        if result.outcome is Outcome.UNCERTAIN:
            now = self._engine.clock.now()
            again = {"state": "deferred", "due_at": now, "attempts": row.attempts + 1}
            await self._engine.write(Set(OutboxRow, row.id, again))
        else:
            await real(self, row, result, effect)

    return settle


async def _row_as_it_was(self: Replies, interaction: str, message: str, agent: str) -> Any:
    return await self._engine.submit(TakeBack(interaction, message, agent))


def _begun_anyway(real: Callable[..., Awaitable[bool]]) -> Any:
    async def begun(self: Mailroom, *arguments: Any) -> bool:
        await real(self, *arguments)
        return True

    return begun


def _nothing_begins(_draft: Any, _command: Any) -> None:
    return None


def _new_message_id(real: Callable[..., str]) -> Any:
    def another(row: str, *arguments: Any, **named: Any) -> str:
        return real(f"{row}x{next(_numbers)}", *arguments, **named)

    return another


def _without_external_id(real: Callable[..., Any]) -> Any:
    def row(*arguments: Any) -> Any:
        made = real(*arguments)
        return msgspec.structs.replace(made, id=f"{made.id}{next(_numbers)}", external_id=None)

    return row


def _any_id(*_: Any) -> str:
    return derived_id("i", str(next(_numbers)))


async def _each_time(_self: Idempotency, _id: str, _fingerprint: str, run: Callable[[], Awaitable[Any]]) -> Any:
    return await run(), False


def _one_too_far(real: Callable[..., Awaitable[Any]]) -> Any:
    async def messages(self: Any, conversation: str, after: int) -> Any:
        return await real(self, conversation, after + 1 if after else 0)

    return messages


def _all_shown(*_: Any) -> bool:
    return True


def _guessed_taken(real: Callable[..., Awaitable[bool]]) -> Any:
    async def delivered(self: ImapMailbox, mails: Any) -> bool:
        try:
            return await real(self, mails)
        except Exception:  # noqa: BLE001  # the fault: whatever happened, they count as taken
            self._progress.taken(mail.uid for mail in mails)
            return True

    return delivered


def _same_numbers(self: Progress, uidvalidity: int) -> None:
    self._bookmark = type(self._bookmark)(uidvalidity, self._bookmark.uid)


def _machines_answered(real: Callable[..., Any]) -> Any:
    def guarded(self: SenderChecks, message: Any, row: Any) -> Any:
        found = real(self, message, row)
        return type(found)(
            **{name: getattr(found, name) for name in found.__struct_fields__ if name != "automatic"},
            automatic=type(found.automatic)(is_automatic=False, signals=()),
        )

    return guarded


def _acked_first(real: Callable[..., Awaitable[None]]) -> Any:
    async def say(self: ChatSocket, client_id: str, text: str) -> None:
        from channels.chat import frames

        self._outgoing.put(frames.encoded(frames.Ack(seq=1, client_id=client_id)), is_fleeting=False)
        await real(self, client_id, text)

    return say


_UNSYNCED = tuple(each.replace("synchronous = FULL", "synchronous = OFF") for each in sqlite_file._WRITER)

_ONE: dict[str, tuple[Any, Any, Any]] = {
    "a mail gets its 250 before it is kept": (MailIntake, "_keep", _not_awaited(MailIntake._keep)),
    "what was kept is not taken up at start": (MailIntake, "recover", _nothing),
    "commits are not synced": (sqlite_file, "_WRITER", _UNSYNCED),
    "effects get out before they are durable": (Engine, "_commit", _not_awaited(Engine._commit)),
    "a failed commit counts as done": (Engine, "_commit", _swallowing(Engine._commit)),
    "records and events in two transactions": (Engine, "_commit", _in_two(Engine._commit)),
    "a row is left out now and then": (Engine, "_decide", _rows_left_out(Engine._decide)),
    "the state stays behind a failed commit": (Engine, "_rebuild", _keep_the_state),
    "a checkpoint claims one event more": (Engine, "_save_checkpoint", _checkpoint_ahead),
    "a start forgets what waits last": (Engine, "start", _forgetful(Engine.start)),
    "nobody wakes for deadlines": (engine_module, "next_deadline", _never_due),
    "the alarm comes four seconds late": (engine_module, "next_deadline", _late_alarm(next_deadline)),
    "an offer is accepted behind its end": (decide_module._DECIDERS, AcceptOffer, _fenceless(offers_module.accept)),
    "a refused accept is answered as taken": (Call, "submit", _refusals_ignored(Call.submit)),
    "an interrupted automatic reply is sent again": (Mailroom, "recover", _pending_again),
    "an uncertain mail is sent again at once": (Mailroom, "_settle", _uncertain_again(Mailroom._settle)),
    "a mail of the outbox is performed twice": (Mailroom, "_start_due", _start_all),
    "the outbox is looked at in the wrong state": (Mailroom, "_start_due", _start_pending_only),
    "what has gone can be taken back": (decide_module._DECIDERS, BeginDelivery, _nothing_begins),
    "each try has a Message-ID of its own": (
        mailroom_module,
        "message_id",
        _new_message_id(message_id),
    ),
    "idempotency keys are forgotten": (Idempotency, "once", _each_time),
    "a resumed chat begins one message too far": (
        ChatConversations,
        "messages",
        _one_too_far(ChatConversations.messages),
    ),
    "customers see notes": (ChatConversations, "_is_shown", _all_shown),
    "a chat message gets its ack first": (ChatSocket, "_say", _acked_first(ChatSocket._say)),
    "machines are answered": (SenderChecks, "guarded", _machines_answered(SenderChecks.guarded)),
}


def _never(*_: Any) -> bool:
    return False


# A second look at what lies below the bookmark, and at all that the server has, would heal what the reader leaves out.
_UNHEALED = ((imap_progress, "OVERLAP", -1), (ImapMailbox, "_is_to_reconcile", _never))

FAULTS: dict[str, Fault] = {
    **{name: (fault,) for name, fault in _ONE.items()},
    "a mail that could not be taken counts as taken": (
        (ImapMailbox, "_delivered", _guessed_taken(ImapMailbox._delivered)),
        *_UNHEALED,
    ),
    "a new UIDVALIDITY keeps the old numbers": ((Progress, "begin", _same_numbers), *_UNHEALED),
    "the bookmark moves before the mail is kept": (
        (MailIntake, "fetched", _bookmark_first(MailIntake.fetched)),
        *_UNHEALED,
    ),
    # Its row says so, and the writer too: each alone keeps it here.
    "a reply that was taken back is sent": (
        (Replies, "take_back", _row_as_it_was),
        (Mailroom, "_begun", _begun_anyway(Mailroom._begun)),
    ),
    "what comes twice is another one": (
        (intake_module, "_new_id", _any_id),
        (SqliteStore, "known_message", _nothing),
        (intake_module, "_message_row", _without_external_id(intake_module._message_row)),
    ),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Plant fault `name` for as long as the context lasts."""
    before: list[tuple[Any, Any, Any]] = []
    for where, what, instead in FAULTS[name]:
        before.append((where, what, where[what] if isinstance(where, dict) else getattr(where, what)))
        _put(where, what, instead)
    try:
        yield
    finally:
        for each in before:
            _put(*each)


def _put(where: Any, what: Any, value: Any) -> None:
    if isinstance(where, dict):
        where[what] = value
    else:
        setattr(where, what, value)


def found_after(name: str, schedules: int, seed: int) -> int | None:
    """Return after how many days fault `name` was found; None if not within `schedules`."""
    with planted(name):
        for number in range(schedules):
            if run(seed + number).violations:
                return number + 1
    return None
