"""A candidate beside the live model: it classifies what comes in too, decides nothing, and its differences are kept."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from app.engine import Engine
from app.model_versions import OF_SHADOW, ModelVersions
from app.understanding import Understanding
from classifiers.background import NOTHING, Background
from classifiers.comparison import PAIRS_MAX, answer
from classifiers.features import whole_text
from classifiers.model import Model
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import SECOND, Span
from vocabulary.records import Put, SettingRow
from vocabulary.stores import Store
from web.learning import ShadowFigures

log = structlog.get_logger()

WAITING_MAX = 500
"""So many messages wait to be looked at again; more are not: a candidate must cost nobody anything."""
EXAMPLES_MAX = 50
KEEP_EVERY: Span = 5 * SECOND


class _Kept(msgspec.Struct, kw_only=True):
    """What one node has counted."""

    since: int
    agreed: int = 0
    differed: int = 0
    pairs: list[tuple[str, str, int]] = []
    examples: list[dict[str, Any]] = []


class ShadowRun:
    """Runs the candidate on what this node takes in."""

    def __init__(
        self, *, engine: Engine, store: Store, understanding: Understanding, versions: ModelVersions, node: str
    ) -> None:
        self._engine = engine
        self._store = store
        self._understanding = understanding
        self._versions = versions
        self._node = node
        self._inbox: asyncio.Queue[tuple[str, str, Background]] = asyncio.Queue(WAITING_MAX)
        self._id: str | None = None
        self._kept: _Kept | None = None
        self._changed = False
        self._kept_at = 0

    def see(self, interaction: str, subject: str, text: str, known: Background = NOTHING) -> None:
        """Have a message looked at again later, if a candidate runs and there is room."""
        if self._versions.shadow is not None and not self._inbox.full():
            self._inbox.put_nowait((interaction, whole_text(subject, text), known))

    async def run(self) -> None:
        """Look at what was seen; cancel to stop."""
        while True:
            try:
                async with asyncio.timeout(KEEP_EVERY / SECOND):
                    interaction, text, known = await self._inbox.get()
            except TimeoutError:
                await self._keep()
                continue
            await self.look(interaction, text, known)
            # Where something comes all the time, nothing is kept by waiting for a pause.
            if self._engine.clock.now() - self._kept_at >= KEEP_EVERY:
                await self._keep()

    async def look(self, interaction: str, text: str, known: Background = NOTHING) -> None:
        """Compare both models on one message."""
        shadow, live = self._versions.shadow, self._understanding.model
        if shadow is None or live is None:
            return
        await self._count_for(shadow[0])
        was, now, sure = await asyncio.to_thread(_both, live, shadow[1], text, known)
        kept = self._kept
        assert kept is not None, "it is counted for that version"
        self._changed = True
        if was == now:
            kept.agreed += 1
            return
        kept.differed += 1
        pairs = Counter({(one, other): count for one, other, count in kept.pairs})
        pairs[was, now] += 1
        kept.pairs = [(one, other, count) for (one, other), count in pairs.most_common()]
        example = {"interaction": interaction, "from": was, "to": now, "confidence": round(sure, 4)}
        kept.examples = [example, *kept.examples][:EXAMPLES_MAX]

    async def _count_for(self, id: str) -> None:
        if self._id == id:
            return
        await self._keep()
        row = await self._store.setting(self._setting(id))
        self._kept = _Kept(since=self._engine.clock.now()) if row is None else msgspec.json.decode(row.body, type=_Kept)
        self._id = id

    def _setting(self, id: str) -> str:
        return f"{OF_SHADOW}{id}:{self._node}"

    async def _keep(self) -> None:
        self._kept_at = self._engine.clock.now()
        if not self._changed or self._id is None or self._kept is None:
            return
        try:
            body = msgspec.json.encode(self._kept)
            await self._engine.write(Put(SettingRow(id=self._setting(self._id), body=body)))
            self._changed = False
        except TemporaryFailure as failure:
            log.warning("shadow_not_kept", reason=str(failure))

    async def figures(self) -> ShadowFigures | None:
        """Return what all nodes have counted of the candidate that runs; None: none does."""
        pointer = self._versions.pointer
        if pointer is None or pointer.shadow is None:
            return None
        await self._keep()
        rows = await self._store.settings(f"{OF_SHADOW}{pointer.shadow}:")
        kept = [msgspec.json.decode(row.body, type=_Kept) for row in rows]
        return _together(pointer.shadow, kept, self._engine.clock.now())


def _both(live: Model, shadow: Model, text: str, known: Background) -> tuple[str, str, float]:
    said = shadow.predict(text, known)
    return answer(live.predict(text, known)), answer(said), said.confidence


def _together(id: str, kept: Sequence[_Kept], now: int) -> ShadowFigures:
    pairs: Counter[tuple[str, str]] = Counter()
    for each in kept:
        pairs.update({(one, other): count for one, other, count in each.pairs})
    return ShadowFigures(
        version=id,
        since=min((each.since for each in kept), default=now),
        agreed=sum(each.agreed for each in kept),
        differed=sum(each.differed for each in kept),
        pairs=[(one, other, count) for (one, other), count in pairs.most_common(PAIRS_MAX)],
        examples=[example for each in kept for example in each.examples][:EXAMPLES_MAX],
    )
