"""The writer's face in a process that is one of several: it writes while it has the site's lease, or else follows.

Who follows forwards commands and brings its state up to what the journal says, by what the writer publishes and, where
that has gaps, by reading the journal. The lease is a hint: two processes may believe to have it, but the journal takes
the next entry from one of them only, and the other steps down (docs/decisions/0015-forward-fence-lease.md).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol

import structlog

from app import kept_answers
from app.engine import EVENTS, FOLLOWER_MAX, Engine, Submission
from app.said_once import SaidOnce
from app.supervise import ended
from router.commands import AddMessage, Command, Reconcile
from router.decision import Decision
from router.evolve import evolve
from storage.bus import LocalBus
from storage.codec import decode, encode
from storage.errors import NotTheWriter, OutOfOrder
from storage.wire import Decided, Forwarded, Told
from vocabulary.errors import Lagged, PermanentFailure, TemporaryFailure
from vocabulary.instants import SECOND, Instant, Span
from vocabulary.records import Change, Entry
from web.site import Logged

log = structlog.get_logger()

POLL: Span = SECOND // 2
"""How long the bus may be silent before a follower looks into the journal itself."""
BEHIND: Span = SECOND // 10
"""How long a follower waits to hear of what it has caused before it looks into the journal."""
CATCH_UP_MAX: Span = 5 * SECOND
FINISH_MAX: Span = 2 * SECOND
"""How long a writer that steps down waits for what is being made durable."""


class SharedBus(Protocol):
    """How the processes of a site reach each other."""

    async def publish(self, topic: str, item: Any) -> None: ...
    def subscribe(self, topic: str, maxsize: int) -> AbstractAsyncContextManager[AsyncIterator[Any]]: ...
    async def forward(self, command: Forwarded) -> Decided: ...
    async def serve(self, handle: Callable[[Forwarded, bool], Awaitable[Decided]]) -> None: ...
    async def lease(self, name: str, holder: str, span: Span, now: Instant) -> bool: ...
    async def release(self, name: str, holder: str) -> None: ...


class Node(Engine):
    """An engine that writes or follows, as `lead` and `step_down` say. It begins as a follower."""

    def __init__(self, *, shared: SharedBus, local: LocalBus[Any, Any], name: str, process: str, **engine: Any) -> None:
        """`name` is the node's over restarts, `process` this process's own; the rest is as for every engine."""
        super().__init__(bus=local, **engine)
        self._shared = shared
        self._local = local
        self._name = name
        self._process = process
        self.leading = False
        self.sure_until: Instant = 0
        """While it leads: until when nobody else can have the lease; then it asks before it decides."""
        self.looked = asyncio.Event()
        self.before_reconcile: Callable[[], Awaitable[object]] = _nothing
        """Brings the policy up to what another node may have set."""
        self._overtaken = False
        self._orders = 0
        self._awaited: list[tuple[int, asyncio.Future[None]]] = []
        self._said = SaidOnce()
        self._in_hand: tuple[list[Submission], list[Submission]] = ([], [])

    # -- commands

    async def submit(self, command: Command, changes: Sequence[Change] = ()) -> Decision:
        """Return the decision, here or from who writes; what it changed is in `state` then."""
        if self.leading:
            try:
                return await self._write(command, changes)
            except NotTheWriter:
                pass  # nothing of it was written here
        return await self._forward(command, changes)

    async def _forward(self, command: Command, changes: Sequence[Change]) -> Decision:
        self._orders += 1
        id = f"{self._process}-{self._orders}"
        slot = kept_answers.slot(self._name, self._orders)
        decided = await self._shared.forward(Forwarded(id, slot, command, tuple(changes)))
        await self._reach(decided.seq)
        return decided.decision

    async def _write(self, command: Command, changes: Sequence[Change]) -> Decision:
        """Decide here.

        Raises:
            NotTheWriter: somebody else writes; nothing of it was written.
        """
        while self.leading and self.clock.now() >= self.sure_until:
            await self.looked.wait()
        if not self.leading:
            raise NotTheWriter("another node writes")
        if isinstance(command, AddMessage):
            return await self._said.add(command.message, partial(super().submit, command, changes))
        return await super().submit(command, changes)

    async def carry_out(self, order: Forwarded, again: bool) -> Decided:
        """Decide what another node forwards; if it may have been decided before, look first.

        Raises:
            NotTheWriter: somebody else writes; nothing of it was written.
        """
        if again:
            decision = kept_answers.kept(await self._store.idempotent_answer(order.slot), order)
            if decision is not None:
                return Decided(decision, self.seq)
        if isinstance(order.command, Reconcile):
            await self.before_reconcile()
        changes = kept_answers.with_room(order, self.clock.now())
        decision = await self._write(order.command, changes)
        return Decided(decision, self.seq)

    def _decisions(self, submissions: list[Submission], now: Instant) -> Iterator[tuple[Submission, Decision]]:
        """Keep the decision on what was forwarded in the transaction that carries it out."""
        for submission, decision in super()._decisions(submissions, now):
            submission.changes = kept_answers.filled(submission.changes, decision)
            yield submission, decision

    # -- following

    async def follow(self) -> None:
        """Bring the state up to what the writer makes durable; cancel to stop. Ends for nothing else."""
        while True:
            try:
                async with self._shared.subscribe(EVENTS, FOLLOWER_MAX) as told:
                    await self.catch_up()
                    while True:
                        await self._follow_on(told)
            except TemporaryFailure as failure:
                log.warning("journal_unavailable", reason=str(failure))
                await self.clock.sleep(POLL)
            except Exception:  # our fault: an event could not be written into the state, so it may be damaged
                log.exception("state_damaged")
                await self.clock.sleep(POLL)
                await self._rebuild_as_follower()

    async def _follow_on(self, told: AsyncIterator[Any]) -> None:
        try:
            async with asyncio.timeout(POLL / 1000):
                item = await anext(told)
        except (Lagged, TimeoutError):
            await self.catch_up()
            return
        if isinstance(item, Told) and item.entry.seq > self.seq + 1:
            await self.catch_up()
        elif isinstance(item, Told):
            await self._take_in(item.entry)

    async def catch_up(self) -> None:
        """Read what the journal has behind the state."""
        async for entry in self._store.read(self.seq):
            await self._take_in(entry)

    async def _take_in(self, entry: Entry) -> None:
        """Write the next event into the state. Who leads has written it before it was durable."""
        if self.leading or entry.seq != self.seq + 1:
            return
        logged = Logged(entry.seq, decode(entry))
        # The writer's clock may be a little ahead; who takes over goes on from there.
        self.clock.not_before(entry.at)
        evolve(self.state, logged.event)
        self.seq = self._decided = entry.seq
        self.stats.observe(logged.event, self.targets)
        await self._local.publish(EVENTS, logged)
        if self._awaited:
            self._wake()

    def _wake(self) -> None:
        for seq, reached in self._awaited:
            if seq <= self.seq and not reached.done():
                reached.set_result(None)

    async def _reach(self, seq: int) -> None:
        """Return once the state has come to event `seq`, so that who caused it sees it."""
        until = self.clock.now() + CATCH_UP_MAX
        while self.seq < seq and self.clock.now() < until:
            waiting = (seq, asyncio.get_running_loop().create_future())
            self._awaited.append(waiting)
            try:
                async with asyncio.timeout(BEHIND / 1000):
                    await waiting[1]
            except TimeoutError:
                await self._look()
            finally:
                self._awaited.remove(waiting)
        if self.seq < seq:
            log.warning("node_is_behind", seq=self.seq, writer=seq)

    async def _look(self) -> None:
        try:
            await self.catch_up()
        except TemporaryFailure as failure:
            log.warning("journal_unavailable", reason=str(failure))

    # -- taking over and stepping down

    async def lead(self, sure_until: Instant) -> "asyncio.Task[None]":
        """Begin to write. Returns the writer's task, which fails once another writer has overtaken it."""
        await self.catch_up()
        self._decided = self.seq
        self._overtaken = self._broken = False
        self.sure_until = sure_until
        # The last turn's end has set the old one: who waits for it would go round and round, and nobody else would run.
        self.looked = asyncio.Event()
        self.leading = True
        return asyncio.create_task(self.run(), name="writer")

    def turn_away(self) -> None:
        """Let what waits, and what comes, go to who writes now; `step_down` must follow."""
        self.leading = False
        self.looked.set()
        self._turn_away()

    async def step_down(self, writing: "asyncio.Task[None]") -> None:
        """Stop writing: what is being made durable is finished, what waits goes to who writes now."""
        self.turn_away()
        until = self.clock.now() + FINISH_MAX
        while not writing.done() and self._decided != self.seq and self.clock.now() < until:
            await self.clock.sleep(5)
            self._turn_away()
        await ended(writing)
        self._fail([each for batch in self._in_hand for each in batch], _unknown())
        self._turn_away()
        if self._overtaken or self._broken or self._decided != self.seq:
            # It is ahead of what is durable, or beside it.
            await self._rebuild_as_follower()
        self._wake()

    def _turn_away(self) -> None:
        waiting = [*self._alone]
        self._alone.clear()
        while not self._inbox.empty():
            waiting.append(self._inbox.get_nowait())
        self._fail(waiting, NotTheWriter("another node writes"))

    async def _rebuild_as_follower(self) -> None:
        self._overtaken, self._broken = False, True
        while self._broken:
            try:
                await super()._rebuild()
            except PermanentFailure as failure:
                # A newer version writes, say: only an update of this node helps.
                log.exception("journal_unreadable", reason=str(failure))
                await self.clock.sleep(5 * SECOND)
        # Readers here have missed what was written meanwhile.
        self._local.lose(EVENTS)

    async def tell_others(self) -> None:
        """Publish what becomes durable here; cancel to stop."""
        while True:
            async with self.subscribe() as events:
                try:
                    async for logged in events:
                        await self._shared.publish(EVENTS, Told(encode(logged.event, logged.seq)))
                except Lagged:
                    continue  # followers see the gap in the numbers

    @property
    def is_broken(self) -> bool:
        """Whether a write failed, and the state could not be read again yet."""
        return self._broken

    async def is_overtaken(self) -> bool:
        """Tell whether the journal has entries that were not decided here."""
        return await self._store.last_seq() > self._decided

    # -- what of the writer is different here

    async def _take(self) -> list[Submission]:
        batch = await super()._take()
        self._in_hand = (self._in_hand[1], batch)
        return batch

    def _refused(self, submissions: list[Submission], failure: Exception) -> None:
        # What was decided behind something refused is not written either.
        self._overtaken = self._overtaken or isinstance(failure, OutOfOrder)
        if self._overtaken:
            self._fail(submissions, NotTheWriter(str(failure)))
        else:
            super()._refused(submissions, failure)

    async def _rebuild(self) -> None:
        if self._overtaken:
            raise NotTheWriter("the journal has grown meanwhile: another node writes")
        await super()._rebuild()


def _unknown() -> TemporaryFailure:
    return TemporaryFailure("another node writes; whether this was carried out is unknown, so try again")


async def _nothing() -> None:
    """There is nothing to bring up."""
