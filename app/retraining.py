"""Training the site's model again: when somebody says so, when it is time, when work has taught enough."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

from app.background import background_of
from app.children import BrokeOff
from app.engine import Engine
from app.lessons import Lessons, first_message
from app.model_child import TRAINING_S, trained
from app.model_versions import BY_SITE, ModelVersions
from app.supervise import ended
from classifiers.examples import LANGUAGES
from classifiers.features import whole_text
from classifiers.orders import Asked, Order
from router.decision import Refusal
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import reference
from vocabulary.instants import DAY, MINUTE, SECOND, Instant, Span
from vocabulary.records import InteractionRow, Put, PutNew, Remove, SettingRow
from vocabulary.stores import Store
from web.learning import Training

log = structlog.get_logger()

STATE = "retraining:"
"""Begins the id of the setting that says how a training goes; its number follows."""
EVERY: Mapping[str, Span] = {"daily": DAY, "weekly": 7 * DAY, "monthly": 30 * DAY}
BACK: Span = 7 * DAY
"""So far back messages are classified again, to tell what would have changed."""
MESSAGES_MAX = 2_000
ROWS_MIN = 10
"""Fewer new rows than this are no reason to train by the clock."""
OVERDUE: Span = (TRAINING_S + 60) * SECOND


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a model is trained by itself: so often, or after so many new rows; and what becomes of it then."""

    every: Literal["never", "daily", "weekly", "monthly"] = "never"
    rows: int = 0
    use: Literal["ask", "better"] = "ask"


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a training: the node that trains, and how it goes."""

    node: str
    told: Training


class Retraining:
    """Trains new versions, one at a time for all nodes."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        lessons: Lessons,
        versions: ModelVersions,
        node: str,
        starter: Path | None = None,
        schedule: Schedule = Schedule(),  # noqa: B008  # a frozen value
        embedding: str | None = None,
        languages: Sequence[str] = LANGUAGES,
    ) -> None:
        """Train from `lessons` and the rows of `starter` (None: those that come with Centrala).

        `node` tells this node from the others; `embedding` names a function whose vectors join the terms
        (classifiers/embedding.py); `languages`: those of the site.
        """
        self._engine = engine
        self._store = store
        self._lessons = lessons
        self._versions = versions
        self._node = node
        self._starter = starter
        self._schedule = schedule
        self._embedding = embedding
        self._languages = tuple(languages)
        self._turn = asyncio.Lock()
        self._begins = False
        self._task: asyncio.Task[None] | None = None

    async def first(self, out: Path) -> dict[str, Any]:
        """Train the first version into `out` and return the report: rows that work has taught count already."""
        lessons = tuple(await self._lessons.all())
        return await trained(Order(lessons=lessons, starter=self._file(), embedding=self._embedding), out)

    def _file(self) -> str | None:
        return None if self._starter is None else str(self._starter)

    async def state(self) -> Training:
        """Return how training goes, or went last; what has not been heard of for long has broken off."""
        return (await self._latest())[1]

    async def _latest(self) -> tuple[int, Training]:
        """Return the number of the last training, 0 if there was none, and how it goes."""
        runs = await self._runs()
        if not runs:
            return 0, Training()
        number = max(runs)
        run = msgspec.json.decode(runs[number], type=_Run)
        overdue = (run.told.started_at or 0) + OVERDUE < self._engine.clock.now()
        # A node knows of itself that it stopped meanwhile; of another one it takes a while.
        if run.told.state == "running" and (overdue or (run.node == self._node and not self._is_at_it)):
            problem = "it broke off: the node that trained has stopped"
            return number, msgspec.structs.replace(run.told, state="failed", problem=problem)
        return number, run.told

    @property
    def _is_at_it(self) -> bool:
        return self._begins or (self._task is not None and not self._task.done())

    async def _runs(self) -> dict[int, bytes]:
        return {int(row.id.removeprefix(STATE)): row.body for row in await self._store.settings(STATE)}

    async def start(self, by: str) -> Refusal | None:
        """Begin in the background, unless it goes on already."""
        refusal = Refusal("conflict", "training", "A model is being trained already; see how it goes.")
        async with self._turn:
            last, told = await self._latest()
            if told.state == "running":
                return refusal
            began = Training(state="running", step="rows", by=by, started_at=self._engine.clock.now())
            self._begins = True
            try:
                if not await self._is_first(last + 1, began):
                    return refusal
                self._task = asyncio.create_task(self._train(last + 1, began), name="retraining")
            finally:
                self._begins = False
        return None

    async def _is_first(self, number: int, began: Training) -> bool:
        """Tell whether it is this node that has the next training: the row of one who came before stays."""
        mine = self._row(number, began)
        older = [Remove(SettingRow, f"{STATE}{each}") for each in await self._runs() if each < number]
        await self._engine.write(PutNew(mine), *older)
        runs = await self._runs()
        return max(runs) == number and runs[number] == mine.body

    def _row(self, number: int, told: Training) -> SettingRow:
        return SettingRow(id=f"{STATE}{number}", body=msgspec.json.encode(_Run(node=self._node, told=told)))

    async def finished(self) -> None:
        """Return once what was begun here is over."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        """Break off; the child ends with us."""
        if self._task is not None:
            await ended(self._task)

    async def _tell(self, number: int, told: Training) -> None:
        await self._engine.write(Put(self._row(number, told)))

    async def _train(self, number: int, began: Training) -> None:
        ended = msgspec.structs.replace(began, state="failed", problem="it was broken off")
        try:
            version = await self._trained(number, began)
            ended = msgspec.structs.replace(began, state="done", step="", share=1.0, version=version)
        except (PermanentFailure, TemporaryFailure) as failure:
            log.warning("model_training_failed", reason=str(failure))
            problem = failure.told if isinstance(failure, BrokeOff) else str(failure)
            ended = msgspec.structs.replace(began, state="failed", problem=problem)
        except Exception as error:  # whatever it is: the page must not show a training that never ends
            log.exception("model_training_failed")
            ended = msgspec.structs.replace(began, state="failed", problem=f"it failed ({type(error).__name__})")
        finally:
            await asyncio.shield(self._tell(number, msgspec.structs.replace(ended, ended_at=self._engine.clock.now())))

    async def _trained(self, number: int, began: Training) -> str:
        async def told(step: str, share: float) -> None:
            await self._tell(number, msgspec.structs.replace(began, step=step, share=share))

        with tempfile.TemporaryDirectory(prefix="centrala-model-") as folder:
            live, pointer = Path(folder) / "live.npz", await self._versions.pointed()
            row = await self._store.model(pointer.live) if pointer is not None else None
            if row is not None:
                await asyncio.to_thread(live.write_bytes, row.content)
            order = Order(
                lessons=tuple(await self._lessons.all()),
                starter=self._file(),
                live=str(live) if row is not None else None,
                week=tuple([each async for each in self._week()]),
                embedding=self._embedding,
                languages=self._languages,
            )
            out = Path(folder) / "new.npz"
            report = await trained(order, out, told)
            content = await asyncio.to_thread(out.read_bytes)
        report["against"] = row.id if row is not None else None
        version = await self._versions.add(content, report, began.by)
        log.info("model_trained", version=version, passes=report["gate"]["passes"])
        return version

    async def _week(self) -> AsyncIterator[Asked]:
        async for row in arrived(self._store, self._engine.clock.now() - BACK, MESSAGES_MAX):
            message = await first_message(self._store, row.id)
            if message is not None:
                text = whole_text(message.subject, message.text)
                yield Asked(row.id, text, background_of(message), row.language, reference(row.number))

    # -- by itself

    async def run(self) -> None:
        """Train when it is time; cancel to stop."""
        while True:
            await self._engine.clock.sleep(10 * MINUTE)
            try:
                await self.once()
            except TemporaryFailure as failure:
                log.warning("retraining_waits", reason=str(failure))

    async def once(self) -> None:
        """Train if it is time now, and use what comes of it if the site says so."""
        if not await self._is_time() or await self.start(BY_SITE) is not None:
            return
        await self.finished()
        told = await self.state()
        if told.version is not None and self._schedule.use == "better":
            refusal = await self._versions.use(told.version, BY_SITE, yes=False)
            if refusal is not None:
                log.warning("model_not_used", version=told.version, reason=refusal.detail)

    async def _is_time(self) -> bool:
        if self._schedule.every == "never" and not self._schedule.rows:
            return False
        last = await self._last()
        new = sum((await self._store.training_counts(since=last)).values())
        if self._schedule.rows and new >= self._schedule.rows:
            return True
        every = EVERY.get(self._schedule.every)
        return every is not None and new >= ROWS_MIN and last + every <= self._engine.clock.now()

    async def _last(self) -> Instant:
        """Return when training began last, whatever came of it; else when the newest version was made."""
        told = await self.state()
        if told.started_at is not None:
            return told.started_at
        return max((each.at for each in await self._versions.all()), default=0)


async def arrived(store: Store, since: Instant, most: int) -> AsyncIterator[InteractionRow]:
    """Yield the interactions that came in from `since` on, newest first, `most` of them."""
    before: int | None = None
    seen = 0
    while seen < most and (rows := await store.interactions(before=before, limit=min(200, most - seen))):
        for row in rows:
            if row.created_at < since:
                return
            yield row
        seen += len(rows)
        before = rows[-1].number
