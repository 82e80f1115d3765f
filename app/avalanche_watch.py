"""Watches what arrives by label, tells the core when an avalanche begins and ends, and keeps what was learnt."""

from collections.abc import Sequence
from datetime import tzinfo

import msgspec
import structlog

from app.engine import Engine
from app.supervise import group
from reports.avalanche import SEEN, Found, Learnt, Over, Terms, Watch
from router.commands import EndAvalanche, ReportAvalanche
from storage.codec import decode
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.instants import DAY, MINUTE, SECOND, Instant, Span
from vocabulary.records import Put, SettingRow
from vocabulary.stores import Store
from web.site import Logged

log = structlog.get_logger()

ROW = "avalanche_forecast"
LOOK_BACK: Span = 28 * DAY
"""How much of the log is read where nothing has been learnt yet."""
LOOK_EVERY: Span = 30 * SECOND
SAVE_EVERY: Span = 60 * MINUTE
"""What a start has to read of the log again, at most."""
_SEEN = frozenset(kind.__name__ for kind in SEEN)
_PAGE = 200
_FRESH: Span = MINUTE
"""What began longer ago is no news after a start: it is over, or is found again at the next arrival."""


class AvalancheWatch:
    """The one that watches is the writer's; `run` does it all."""

    def __init__(self, *, engine: Engine, store: Store, terms: Terms, zone: tzinfo) -> None:
        self._engine = engine
        self._store = store
        self._terms = terms
        self._zone = zone
        self._seq = 0
        self._saved_slot: Instant = 0
        self.watch = Watch(terms, zone)

    async def run(self) -> None:
        """Watch; cancel to stop."""
        await self.load()
        async with group() as begin:
            begin(self._look_for_ever())
            while True:
                async with self._engine.subscribe() as events:
                    try:
                        await self._catch_up()
                        async for logged in events:
                            await self.see(logged)
                    except (Lagged, TemporaryFailure):
                        await self._engine.clock.sleep(SECOND)

    async def load(self) -> None:
        """Take up what was learnt before, and what the log says since."""
        kept = await self._store.setting(ROW)
        learnt = Learnt(seq=await self._store.seq_before(self._engine.clock.now() - LOOK_BACK))
        if kept is not None:
            try:
                learnt = msgspec.json.decode(kept.body, type=Learnt)
            except msgspec.ValidationError as error:
                log.warning("avalanche_forecast_skipped", reason=str(error))
        self.watch, self._seq, self._saved_slot = Watch(self._terms, self._zone, learnt), learnt.seq, learnt.slot
        for avalanche in self._engine.state.avalanches.values():
            self.watch.goes_on(avalanche.label, avalanche.queue, avalanche.since)
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Read what the log has behind what was seen; what is seen twice is passed over."""
        async for entry in self._store.read(self._seq, _PAGE):
            if entry.type in _SEEN:
                await self._tell(self.watch.observe(decode(entry)), entry.at)
            self._seq = entry.seq

    async def see(self, logged: Logged) -> None:
        """Count an event that has just become durable."""
        if logged.seq > self._seq:
            self._seq = logged.seq
            await self._tell(self.watch.observe(logged.event), logged.event.at)

    async def _tell(self, found: Sequence[Found], at: Instant) -> None:
        for each in found:
            if self._engine.clock.now() - at > _FRESH:
                self.watch.forget(each.label, each.queue)
                continue
            command = ReportAvalanche(each.label, each.queue, each.arrivals, round(each.expected, 2), each.window)
            await self._engine.submit(command)
            log.warning(
                "avalanche_began",
                label=each.label,
                queue=each.queue,
                arrivals=each.arrivals,
                expected=round(each.expected, 2),
                window_ms=each.window,
                chance=each.chance,
            )

    async def _look_for_ever(self) -> None:
        while True:
            await self._engine.clock.sleep(LOOK_EVERY)
            try:
                await self.look()
            except TemporaryFailure as failure:
                log.warning("avalanche_watch_waits", reason=str(failure))

    async def look(self) -> None:
        """End what is over, and keep what was learnt once a slot is."""
        for over in self.watch.tick(self._engine.clock.now()):
            await self._end(over)
        learnt = self.watch.learnt(self._seq)
        if learnt.slot - self._saved_slot >= SAVE_EVERY:
            self._saved_slot = learnt.slot
            await self._engine.write(Put(SettingRow(id=ROW, body=msgspec.json.encode(learnt))))

    async def _end(self, over: Over) -> None:
        decision = await self._engine.submit(EndAvalanche(over.label, over.queue, "router"))
        if decision.refusal is not None:
            self.watch.forget(over.label, over.queue)
        else:
            log.info("avalanche_over", label=over.label, queue=over.queue)
