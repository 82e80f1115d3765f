"""The writer: takes commands in turn, decides, makes durable, and only then lets effects out.

Commands are decided in batches on the state that is ahead of the disk: while one batch is being made durable, the next
is decided. If the store fails, nothing of it is acknowledged, and the state is rebuilt from the journal.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import groupby
from typing import Protocol

import msgspec
import structlog

from app.kept_state import packed, unpacked
from queues.lifecycle import OPEN
from reports.live import Day, Stats, utc_day
from router.commands import (
    AcceptOffer,
    Command,
    Connect,
    CustomerGone,
    Disconnect,
    Reconcile,
    SetPresence,
    Tick,
    Together,
)
from router.decide import StateDamaged, advance
from router.decision import Decision
from router.events import AnyEvent, Closed, MessageAdded, OfferAccepted, Offered
from router.evolve import evolve
from router.policy import Policy
from router.state import State, next_deadline
from storage.codec import decode, encode
from storage.errors import OutOfOrder
from vocabulary.crashpoints import crashpoint, is_armed
from vocabulary.errors import OwnFault, PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND, Instant, Span
from vocabulary.media import CHAT
from vocabulary.records import Change, MessageRow, Put, PutNew, Set, Transaction
from vocabulary.stores import Store
from web.site import Logged

log = structlog.get_logger()

BATCH_MAX = 256
QUEUE_MAX = 4096
CHECKPOINT_EVERY, CHECKPOINT_SHARE = 5_000, 4
"""Events between two checkpoints, what a start has to replay at most; or one for so many open interactions."""
_NOT_ACKNOWLEDGED = "an earlier write failed; nothing of this was acknowledged, try again"
FOLLOWER_MAX = 2048
EVENTS = "events"
"""The topic on which durable events are published."""


class Clock(Protocol):
    """Where the shell gets its instants from."""

    def now(self) -> Instant: ...
    def not_before(self, at: Instant) -> None:
        """Go on from `at`, if that is later than now."""

    async def sleep(self, span: Span) -> None:
        """Let `span` ms pass."""


class Bus(Protocol):
    """How parts of the house hear of each other."""

    async def publish(self, topic: str, item: Logged) -> None: ...
    def subscribe(self, topic: str, maxsize: int) -> AbstractAsyncContextManager[AsyncIterator[Logged]]: ...


class Submission(msgspec.Struct, eq=False):
    """A command that waits for its decision to be durable."""

    command: Command
    changes: Sequence[Change]
    done: "asyncio.Future[Decision]"


class Batch(msgspec.Struct, eq=False):
    """What is made durable together."""

    submissions: list[tuple[Submission, Decision]]
    logged: list[Logged]
    transaction: Transaction


RowsOf = Callable[[State, Sequence[AnyEvent], int], Sequence[Change]]
"""Gives the rows that mirror what events changed, as the state is behind them; the number is the last event's."""

OutboxOf = Callable[[AnyEvent, State, Instant], Sequence[Change]]
"""Gives the rows that an event's effects need, for the same transaction."""


class Engine:
    """The one writer of a site."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        policy: Policy,
        clock: Clock,
        outbox_of: OutboxOf,
        rows_of: RowsOf,
        day: Day = utc_day,
    ) -> None:
        self._store = store
        self._bus = bus
        self.policy = policy
        self.clock = clock
        self._outbox_of = outbox_of
        self._rows_of = rows_of
        self.state = State()
        self._day = day
        self.stats = Stats(0, day)
        self.seq = 0
        self._decided = 0
        self._checkpointed = 0
        self._inbox: asyncio.Queue[Submission] = asyncio.Queue(QUEUE_MAX)
        self._alone: deque[Submission] = deque()
        self._changed = asyncio.Event()
        self._broken = False
        self.trouble: str | None = None
        """Why the last write failed, None if it didn't."""

    # -- start

    async def start(self) -> None:
        """Rebuild the state from the newest checkpoint and the journal behind it.

        Until it is whole, whoever looks sees the one before: half a conversation would be told from its beginning.
        """
        await self._set_clock()
        now = self.clock.now()
        saved = await self._store.load_checkpoint()
        state, after = State(), 0
        stats, counted = Stats(now, self._day), False
        if saved is not None:
            try:
                state, figures = unpacked(saved[1])
                after = saved[0]
                counted = figures is not None and stats.go_on(figures)
            except ValueError as error:
                # Another version wrote it; the journal says the same, only longer.
                log.warning("checkpoint_skipped", seq=saved[0], reason=str(error))
        self._checkpointed = after
        targets = self.targets
        async for entry in self._store.read(after):
            event = decode(entry)
            evolve(state, event)
            if counted:
                stats.observe(event, targets)
            after = entry.seq
        if not counted:
            await self._recount(stats)
        self.state, self.stats = state, stats
        self.seq = self._decided = after
        self._broken = False
        open_now = len(self.state.interactions)
        log.info("state_rebuilt", seq=after, from_checkpoint=self._checkpointed, interactions=open_now)

    async def _set_clock(self) -> None:
        """Never decide before what was decided: the machine's clock may have been set back while nothing ran."""
        last = await self._store.last_seq()
        if last:
            (entry,) = await self._store.entries(last - 1, 1)
            behind = entry.at - self.clock.now()
            if behind > 0:
                log.warning("clock_was_set_back", by_ms=behind)
            self.clock.not_before(entry.at)

    async def _recount(self, stats: Stats) -> None:
        """Build the figures of the day anew from the log."""
        targets = self.targets
        async for entry in self._store.read(await self._store.seq_before(stats.since)):
            stats.observe(decode(entry), targets)

    @property
    def targets(self) -> dict[str, int]:
        """Return the service-level target of each queue, ms."""
        return {name: queue.target for name, queue in self.policy.queues.items()}

    async def resume(self) -> None:
        """Do what a restart calls for: nobody is connected yet, time has passed, the policy may be new."""
        # A connection is never trusted over a restart; the grace runs from now.
        gone: list[Command] = [Disconnect(agent.id) for agent in self.state.agents.values() if agent.connected]
        chats = (found for found in self.state.interactions.values() if found.medium == CHAT and found.state in OPEN)
        gone += [CustomerGone(chat.id) for chat in chats]
        for start in range(0, len(gone), BATCH_MAX):
            await asyncio.gather(*map(self.submit, gone[start : start + BATCH_MAX]))
        await self.submit(Reconcile())

    # -- commands

    async def submit(self, command: Command, changes: Sequence[Change] = ()) -> Decision:
        """Return the decision once it is durable together with `changes`; a refusal writes nothing.

        Raises:
            TemporaryFailure: too much is waiting already, or the store failed. Nothing was acknowledged; try again.
        """
        if isinstance(command, AcceptOffer):
            crashpoint("accept.received")
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        try:
            self._inbox.put_nowait(Submission(command, changes, done))
        except asyncio.QueueFull as full:
            raise TemporaryFailure(f"{QUEUE_MAX} commands are waiting; try again in a moment") from full
        return await done

    async def drain(self, seconds: float) -> None:
        """Return when everything that was submitted is durable, after `seconds` at the latest."""
        try:
            async with asyncio.timeout(seconds):
                while self._inbox.qsize() or self._decided != self.seq:
                    await self.clock.sleep(10)
        except TimeoutError:
            log.warning("drain_timed_out", waiting=self._inbox.qsize())

    async def write(self, *changes: Change) -> None:
        """Make changes of the records durable that no decision depends on."""
        try:
            await self._store.commit(Transaction(changes=changes))
        except TemporaryFailure as failure:
            self.trouble = str(failure)
            raise
        self.trouble = None

    async def run(self) -> None:
        """Write for ever; cancel to stop. What was taken in before is finished first."""
        finishing: asyncio.Task[None] | None = None
        try:
            while True:
                batch = self._decided_batch(await self._take())
                commit = asyncio.create_task(self._commit(batch)) if batch is not None else None
                if finishing is not None:
                    await finishing
                finishing = None
                if batch is not None and commit is not None:
                    finishing = asyncio.create_task(self._finish(batch, commit))
                    if self._broken or self._inbox.empty():
                        await finishing
                if self._broken:
                    await self._rebuild()
                    finishing = None
        finally:
            if finishing is not None:
                await asyncio.wait([finishing])

    async def _take(self) -> list[Submission]:
        if self._alone:
            return [self._alone.popleft()]
        batch = [await self._inbox.get()]
        while len(batch) < BATCH_MAX and not self._inbox.empty():
            batch.append(self._inbox.get_nowait())
        return batch

    def _decided_batch(self, submissions: list[Submission]) -> Batch | None:
        """Decide; None if the state itself may be damaged, since an event could not be written into it.

        Which of several commands did it is found by deciding each of them alone, so the others don't suffer for it.
        """
        try:
            return self._decide(submissions)
        except Exception as error:  # our fault: nothing of it is acknowledged, and the state is read again
            log.exception("state_damaged", commands=len(submissions))
            self._broken = True
            reason = f"the state had to be read again: {type(error).__name__}; the log has the details"
            self._refused([each for each in submissions if not each.done.done()], OwnFault(reason))
            return None

    def _decide(self, submissions: list[Submission]) -> Batch:
        """Decide each command on the state that those before it leave; collect what becomes durable."""
        after = self._decided
        now = self.clock.now()
        decided: list[tuple[Submission, Decision]] = []
        logged: list[Logged] = []
        changes: list[Change] = []
        for submission, decision in self._decisions(submissions, now):
            decided.append((submission, decision))
            if decision.refusal is not None:
                continue
            changes += _numbered(submission.changes, decision.events)
            for event in decision.events:
                self._decided += 1
                logged.append(Logged(self._decided, event))
                changes += self._outbox_of(event, self.state, now)
        changes += self._rows_of(self.state, [each.event for each in logged], self._decided)
        entries = tuple(encode(each.event, each.seq) for each in logged)
        transaction = Transaction(entries=entries, after=after if entries else None, changes=tuple(changes))
        return Batch(decided, logged, transaction)

    def _decisions(self, submissions: list[Submission], now: Instant) -> Iterator[tuple[Submission, Decision]]:
        """Decide each; agents who come in one batch choose together where a queue looks ahead."""
        ahead = any(queue.strategy == "optimal" for queue in self.policy.queues.values())
        for alike, group in groupby(submissions, key=_comes):
            several = list(group)
            decision = self._decide_together(several, now) if ahead and alike and len(several) > 1 else None
            if decision is not None:
                # The events of all are told once.
                yield several[0], decision
                yield from ((each, Decision()) for each in several[1:])
                continue
            for submission in several:
                found = self._decide_one(submission, now)
                if found is not None:
                    yield submission, found

    def _decide_together(self, submissions: list[Submission], now: Instant) -> Decision | None:
        """Return the decision on all of them, written into the state; None if they must be decided one by one."""
        commands = tuple(each.command for each in submissions if isinstance(each.command, Connect | SetPresence))
        try:
            decision = advance(Together(commands), self.state, self.policy, now)
        except StateDamaged:
            raise
        except Exception:  # our fault: one by one it concerns a single command
            log.exception("decision_failed", command="Together")
            return None
        return decision if decision.refusal is None else None

    def _decide_one(self, submission: Submission, now: Instant) -> Decision | None:
        """Return the decision, written into the state; None if our own fault made it impossible.

        `advance` puts the state back as it was when it fails, so the other commands go on, unless it can't.
        """
        try:
            return advance(submission.command, self.state, self.policy, now)
        except StateDamaged:
            raise
        except Exception as error:  # our fault: it concerns this command alone and must be seen
            log.exception("decision_failed", command=type(submission.command).__name__)
            failure = OwnFault(f"this could not be decided: {type(error).__name__}; the log has the details")
            if not submission.done.done():
                submission.done.set_exception(failure)
            return None

    async def _commit(self, batch: Batch) -> None:
        _pass(batch, _DECIDED)
        if self._broken:
            # It was decided on what an earlier write has not made durable.
            raise TemporaryFailure(_NOT_ACKNOWLEDGED)
        if batch.transaction.entries or batch.transaction.changes:
            try:
                await self._store.commit(batch.transaction)
            except (TemporaryFailure, PermanentFailure, OutOfOrder):
                self._broken = True
                raise
        _pass(batch, _DURABLE)

    async def _finish(self, batch: Batch, commit: "asyncio.Task[None]") -> None:
        """Once the batch is durable: count it, tell the followers, answer. If it failed, acknowledge nothing."""
        try:
            await commit
            if self._broken:
                raise TemporaryFailure(_NOT_ACKNOWLEDGED)
        except (TemporaryFailure, PermanentFailure, OutOfOrder) as failure:
            self._broken = True
            if isinstance(failure, TemporaryFailure):
                self.trouble = str(failure)
            log.exception("commit_failed", commands=len(batch.submissions))
            self._refused([submission for submission, _ in batch.submissions], failure)
            return
        if batch.transaction.entries:
            self.trouble = None
        targets = self.targets
        for each in batch.logged:
            self.seq = each.seq
            self.stats.observe(each.event, targets)
            await self._bus.publish(EVENTS, each)
        _pass(batch, _TOLD)
        for submission, decision in batch.submissions:
            if not submission.done.done():
                submission.done.set_result(decision)
        _pass(batch, _ANSWERED)
        self._changed.set()
        await self._save_checkpoint()

    def _refused(self, submissions: list[Submission], failure: Exception) -> None:
        """The store took nothing of a batch. What it will never take is found by trying each command alone."""
        if not isinstance(failure, PermanentFailure):
            self._fail(submissions, TemporaryFailure(str(failure)))
        elif len(submissions) == 1:
            self._fail(submissions, failure)
        else:
            self._alone.extend(submissions)

    def _fail(self, submissions: Sequence[Submission], failure: Exception) -> None:
        for submission in submissions:
            if not submission.done.done():
                submission.done.set_exception(failure)
                # Seen: whoever waited may have left at this very moment, and that is no fault.
                submission.done.exception()

    async def _rebuild(self) -> None:
        """Drop the state and read it again, until the store answers."""
        pause = 100
        while self._broken:
            try:
                await self.start()
            except TemporaryFailure as failure:
                log.exception("store_unavailable", error=str(failure), retry_ms=pause)
                await self.clock.sleep(pause)
                pause = min(pause * 2, 5 * SECOND)

    async def _save_checkpoint(self) -> None:
        # Writing down a large state takes a while, in which nothing is decided: the larger, the more seldom.
        every = max(CHECKPOINT_EVERY, len(self.state.interactions) // CHECKPOINT_SHARE)
        if self.seq - self._checkpointed < every or self.seq != self._decided:
            return
        self._checkpointed = self.seq
        try:
            await self._store.save_checkpoint(self.seq, self.clock.now(), packed(self.state, self.stats))
        except TemporaryFailure as failure:
            log.warning("checkpoint_failed", reason=str(failure))

    # -- followers

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[Logged]]:
        """Follow durable events from now on; the iterator raises Lagged if its reader is too slow."""
        async with self._bus.subscribe(EVENTS, FOLLOWER_MAX) as events:
            yield events

    # -- time

    async def alarm(self) -> None:
        """Submit a `Tick` whenever time alone changes something; cancel to stop."""
        while True:
            self._changed.clear()
            due = next_deadline(self.state)
            wait = None if due is None else max(0, due - self.clock.now()) / 1000
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                await self._tick()

    async def _tick(self) -> None:
        crashpoint("sched.tick")
        try:
            await self.submit(Tick())
        except TemporaryFailure as failure:
            log.warning("tick_failed", error=str(failure))
            await self.clock.sleep(100)


# Places to crash at that only events tell apart (vocabulary/crashpoints.py).
_Places = Mapping[type, str]
_DECIDED: _Places = {Offered: "assign.selected"}
_DURABLE: _Places = {Offered: "assign.offer_committed", OfferAccepted: "accept.committed", Closed: "close.committed"}
_TOLD: _Places = {Offered: "assign.offer_published"}
_ANSWERED: _Places = {OfferAccepted: "accept.replied"}


def _pass(batch: Batch, places: _Places) -> None:
    if is_armed():
        for each in batch.logged:
            if type(each.event) in places:
                crashpoint(places[type(each.event)])


def _comes(submission: Submission) -> bool:
    """Tell whether an agent comes by it, and nothing else happens."""
    return isinstance(submission.command, Connect | SetPresence) and not submission.changes


def _numbered(changes: Sequence[Change], events: Sequence[AnyEvent]) -> list[Change]:
    """Return `changes` with the numbers that the core gave to their messages."""
    numbers = {event.message: event.number for event in events if isinstance(event, MessageAdded)}
    return [_with_number(change, numbers) for change in changes]


def _with_number(change: Change, numbers: dict[str, int]) -> Change:
    if isinstance(change, Set) and change.kind is MessageRow and change.id in numbers:
        return msgspec.structs.replace(change, values={**change.values, "number": numbers[change.id]})
    if isinstance(change, Put | PutNew) and isinstance(change.row, MessageRow) and change.row.id in numbers:
        return type(change)(msgspec.structs.replace(change.row, number=numbers[change.row.id]))
    return change
