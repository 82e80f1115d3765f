"""A candidate beside the live model: it classifies what comes in too, decides nothing, and its differences are kept."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from app.engine import Engine
from app.model_versions import OF_SHADOW, ModelVersions
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification, decided
from classifiers.comparison import PAIRS_MAX, answer, heads_apart
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
    heads: dict[str, int] = {}
    pairs: list[tuple[str, str, int]] = []
    examples: list[dict[str, Any]] = []


class ShadowRun:
    """Runs the candidate on what this node takes in."""

    def __init__(self, *, engine: Engine, store: Store, versions: ModelVersions, node: str) -> None:
        self._engine = engine
        self._store = store
        self._versions = versions
        self._node = node
        self._inbox: asyncio.Queue[tuple[str, str, Classification, Background]] = asyncio.Queue(WAITING_MAX)
        self._id: str | None = None
        self._kept: _Kept | None = None
        self._changed = False
        self._kept_at = 0

    def see(self, interaction: str, text: str, was: Classification, known: Background = NOTHING) -> None:
        """Have a message looked at again later, if a candidate runs and there is room; `was`: what was decided."""
        if self._versions.shadow is not None and not was.failed and not self._inbox.full():
            self._inbox.put_nowait((interaction, text, was, known))

    async def run(self) -> None:
        """Look at what was seen; cancel to stop."""
        while True:
            try:
                async with asyncio.timeout(KEEP_EVERY / SECOND):
                    interaction, text, was, known = await self._inbox.get()
            except TimeoutError:
                await self._keep()
                continue
            await self.look(interaction, text, was, known)
            # Where something comes all the time, nothing is kept by waiting for a pause.
            if self._engine.clock.now() - self._kept_at >= KEEP_EVERY:
                await self._keep()

    async def look(self, interaction: str, text: str, was: Classification, known: Background = NOTHING) -> None:
        """Compare what was decided of one message with what the candidate would have led to."""
        shadow = self._versions.shadow
        if shadow is None:
            return
        await self._count_for(shadow[0])
        now = await asyncio.to_thread(decided, text, was.language, model=shadow[1], known=known)
        kept = self._kept
        assert kept is not None, "it is counted for that version"
        self._changed = True
        heads = Counter(kept.heads)
        heads.update(heads_apart(was, now))
        kept.heads = dict(heads)
        before, after = answer(was.prediction), answer(now.prediction)
        if before == after:
            kept.agreed += 1
            return
        kept.differed += 1
        pairs = Counter({(one, other): count for one, other, count in kept.pairs})
        pairs[before, after] += 1
        kept.pairs = [(one, other, count) for (one, other), count in pairs.most_common()]
        example = {
            "interaction": interaction,
            "from": before,
            "to": after,
            "confidence": round(now.prediction.confidence, 4),
        }
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


def _together(id: str, kept: Sequence[_Kept], now: int) -> ShadowFigures:
    pairs: Counter[tuple[str, str]] = Counter()
    heads: Counter[str] = Counter()
    for each in kept:
        heads.update(each.heads)
        pairs.update({(one, other): count for one, other, count in each.pairs})
    return ShadowFigures(
        version=id,
        since=min((each.since for each in kept), default=now),
        agreed=sum(each.agreed for each in kept),
        differed=sum(each.differed for each in kept),
        heads=dict(heads.most_common()),
        pairs=[(one, other, count) for (one, other), count in pairs.most_common(PAIRS_MAX)],
        examples=[example for each in kept for example in each.examples][:EXAMPLES_MAX],
    )
