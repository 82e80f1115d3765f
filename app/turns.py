"""Whose turn it is to write: takes the site's lease when it is free, writes while it lasts, then follows again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto

import structlog

from app.node import Node, SharedBus
from app.supervise import ended, group, supervised, whole
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import SECOND, Instant, Span

log = structlog.get_logger()

LEASE = "writer"
SPAN: Span = 1_200
"""How long the lease lasts; a writer that dies is replaced a little later."""
RENEWALS = 3
"""Renewals in a span, so one may get lost."""
TRIES = 8
"""How often a follower asks for the lease in a span."""
ALONE: Span = 3 * SECOND
"""How long a writer that can't reach the bus is sure of itself after a look into the journal."""

NO_STORE: Span = 3 * SECOND
"""How long a writer tries to reach the store before another may try whether it can."""

STOPS = "this node stops"

Work = Callable[[], Awaitable[None]]


class Heard(Enum):
    """What came of asking for the lease."""

    MINE = auto()
    TAKEN = auto()
    NOTHING = auto()


class Turns:
    """Makes a node lead and follow."""

    def __init__(
        self,
        node: Node,
        shared: SharedBus,
        *,
        process: str,
        begin: Work,
        works: Callable[[], Mapping[str, Work]],
        span: Span = SPAN,
        settled: asyncio.Event | None = None,
    ) -> None:
        """Take what belongs to writing: `begin` is done at each take-over, `works` run while it lasts.

        `settled` is set once somebody writes.
        """
        self._node = node
        self._shared = shared
        self._process = process
        self._begin = begin
        self._works = works
        self._span = span
        self._settled = settled or asyncio.Event()

    async def run(self) -> None:
        """Follow and lead in turn; cancel to stop. A cancelled writer gives its lease up at once."""
        while True:
            following = asyncio.create_task(self._node.follow(), name="following")
            try:
                sure_until = await self._until_mine()
            finally:
                await ended(following)
            await self._lead(sure_until)

    # -- the lease

    async def _ask(self, name: str = LEASE) -> tuple[Heard, Instant]:
        """Ask for a lease; return what was heard, and until when it is sure."""
        now = self._node.clock.now()
        try:
            is_mine = await self._shared.lease(name, self._process, self._span, now)
        except TemporaryFailure:
            return Heard.NOTHING, now
        return (Heard.MINE if is_mine else Heard.TAKEN), now + self._span

    async def _until_mine(self) -> Instant:
        """Return once the lease is ours, with the instant until which it surely is."""
        clock = self._node.clock
        while True:
            heard, sure_until = await self._ask()
            if heard is Heard.MINE:
                return sure_until
            if heard is Heard.TAKEN:
                self._settled.set()
            else:
                await self._until_back()
            await clock.sleep(self._span // TRIES)

    async def _until_back(self) -> None:
        """Return when the bus has been back for a while: it may have forgotten who writes, and he comes first."""
        clock = self._node.clock
        while (await self._ask(f"{LEASE}:back:{self._process}"))[0] is Heard.NOTHING:
            await clock.sleep(self._span // TRIES)
        await clock.sleep(self._span)

    async def _keep(self, writing: "asyncio.Task[None]") -> str:
        """Renew the lease while we write; return why that is over."""
        node, clock = self._node, self._node.clock
        sound_at = clock.now()
        while not writing.done():
            await self._wait(writing)
            sound_at = sound_at if node.is_broken else clock.now()
            if clock.now() - sound_at > NO_STORE:
                return "the store can't be reached from here"
            had_lapsed = clock.now() >= node.sure_until
            heard, sure_until = await self._ask()
            if heard is Heard.TAKEN:
                return "another node has the lease"
            if heard is Heard.NOTHING or had_lapsed:
                # The bus is away, or somebody else may have had the lease meanwhile: the journal tells who has written.
                try:
                    if await node.is_overtaken():
                        return "another node has written"
                except TemporaryFailure as failure:
                    log.warning("journal_unavailable", reason=str(failure))
            if heard is Heard.NOTHING:
                sure_until = clock.now() + ALONE
            node.sure_until = sure_until
            node.looked.set()
            node.looked = asyncio.Event()
        return "the journal refused an entry"

    async def _wait(self, writing: "asyncio.Task[None]") -> None:
        pause = asyncio.ensure_future(self._node.clock.sleep(self._span // RENEWALS))
        await asyncio.wait([pause, writing], return_when=asyncio.FIRST_COMPLETED)
        pause.cancel()

    # -- the turn

    async def _lead(self, sure_until: Instant) -> None:
        node = self._node
        try:
            writing = await node.lead(sure_until)
        except TemporaryFailure as failure:
            log.warning("take_over_failed", reason=str(failure))
            await self._release()
            await node.clock.sleep(self._span)
            return
        log.info("writer_begins", process=self._process, seq=node.seq)
        reason = STOPS
        tasks = [
            asyncio.create_task(supervised(name, work, node.clock), name=name)
            for name, work in {"serving": self._serve, "telling": node.tell_others, "turn": self._turn}.items()
        ]
        try:
            reason = await self._keep(writing)
        finally:
            await whole(self._end(writing, tasks, reason))

    async def _serve(self) -> None:
        await self._shared.serve(self._node.carry_out)

    async def _turn(self) -> None:
        """Do what a take-over calls for, then what the writer does beside writing."""
        await self._begin()
        log.info("writer_ready", seq=self._node.seq)
        self._settled.set()
        async with group() as begin:
            for name, work in self._works().items():
                begin(supervised(name, work, self._node.clock))

    async def _end(self, writing: "asyncio.Task[None]", tasks: list["asyncio.Task[None]"], reason: str) -> None:
        if reason != STOPS:
            # Somebody else writes: whoever waits to write here goes to him, however long our own work takes to end.
            self._node.turn_away()
        await ended(*tasks)
        await self._node.step_down(writing)
        await self._release()
        log.warning("writer_ends", process=self._process, reason=reason, seq=self._node.seq)

    async def _release(self) -> None:
        try:
            await self._shared.release(LEASE, self._process)
        except TemporaryFailure as failure:
            log.info("lease_not_released", reason=str(failure))
