"""A site that learns from work: rows, versions, training, a candidate beside the live model, and the watch over it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from app.engine import Engine
from app.lessons import Lessons, first_message, objects
from app.model_versions import ModelVersions
from app.model_watch import ModelWatch
from app.retraining import BACK, Retraining, arrived
from app.shadow import ShadowRun
from app.understanding import Understanding
from classifiers.model import UNKNOWN
from classifiers.unsure import Unsure, doubt_of, most_telling
from queues.interaction import Interaction
from router.decision import Refusal
from vocabulary.records import BY_A_PERSON, Change, CustomerRow, Source
from vocabulary.stores import Store
from web.learning import ShadowFigures, ToLabel, Training, Version, Watched

if TYPE_CHECKING:
    from vocabulary.records import InteractionRow

LOOKED_AT, READ_MAX = 1_000, 200
"""So many interactions of late are looked at for what to ask, and so many of their texts are read."""
TEXT_SHOWN = 600


class SiteLearning:
    """Implements `web.learning.Learning`."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        understanding: Understanding,
        lessons: Lessons,
        versions: ModelVersions,
        retraining: Retraining,
        shadows: ShadowRun,
        watch: ModelWatch,
        labels: Sequence[str] = (),
    ) -> None:
        """`labels`: those that the configuration names beside what the model knows."""
        self._engine = engine
        self._store = store
        self._understanding = understanding
        self._lessons = lessons
        self._versions = versions
        self._retraining = retraining
        self._shadows = shadows
        self._watch = watch
        self._labels = labels

    @property
    def live(self) -> str | None:
        pointer = self._versions.pointer
        return pointer.live if pointer is not None and self._understanding.model is not None else None

    @property
    def watched(self) -> Watched | None:
        return self._watch.latest

    async def labels(self) -> Sequence[str]:
        model = self._understanding.model
        taught = {label for _, label in await self._store.training_counts()}
        known = {*self._labels, *self._lessons.named, *taught, *(model.labels if model is not None else ())}
        return [*sorted(known - {UNKNOWN}), UNKNOWN]

    async def said(self, found: Interaction, label: str, source: Source, by: str) -> Sequence[Change]:
        return await self._lessons.said(found, label, source, by, self._engine.clock.now())

    async def taken_back(self, found: Interaction) -> Sequence[Change]:
        return await self._lessons.taken_back(found)

    async def handed_over(self, found: Interaction, queue: str, by: str, *, warm: bool) -> Sequence[Change]:
        return await self._lessons.handed_over(found, queue, by, self._engine.clock.now(), warm=warm)

    async def objected(self, before: CustomerRow, attributes: Mapping[str, Any]) -> Sequence[Change]:
        after = msgspec.structs.replace(before, attributes=dict(attributes))
        return await self._lessons.objected(before.id) if objects([after]) and not objects([before]) else ()

    async def ended(self, found: Interaction, disposition: str, by: str) -> Sequence[Change]:
        return await self._lessons.ended(found, disposition, by, self._engine.clock.now())

    async def rows(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for (source, _), count in (await self._store.training_counts()).items():
            found[source] += count
        return dict(found)

    # -- what to ask

    async def to_label(self, limit: int) -> Sequence[ToLabel]:
        rows = {row.id: row async for row in arrived(self._store, self._engine.clock.now() - BACK, LOOKED_AT)}
        open_questions = [
            found for found in map(_interaction, rows.values()) if found.corrected is None and found.labels
        ]
        open_questions.sort(key=lambda found: (-doubt_of(_pairs(found)), -found.number))
        asked: dict[str, tuple[Interaction, str, str]] = {}
        for found in open_questions[:READ_MAX]:
            message = await first_message(self._store, found.id)
            if message is not None and not await self._is_known(found.id):
                asked[found.id] = (found, message.subject, message.text)
        unsure = [Unsure(id, f"{subject}\n{text}", _pairs(found)) for id, (found, subject, text) in asked.items()]
        return [self._shown(*asked[each.id], doubt) for each, doubt in most_telling(unsure, limit)]

    async def _is_known(self, interaction: str) -> bool:
        return any(row.source in BY_A_PERSON for row in await self._store.training_of(interaction))

    def _shown(self, found: Interaction, subject: str, text: str, doubt: float) -> ToLabel:
        return ToLabel(
            interaction=found.id,
            number=found.number,
            subject=subject,
            text=text[:TEXT_SHOWN],
            language=found.language,
            labels=list(_pairs(found)),
            doubt=round(doubt, 4),
            arrived_at=found.created_at,
        )

    # -- versions

    async def versions(self) -> Sequence[Version]:
        return await self._versions.all()

    async def version(self, id: str) -> Version | None:
        return next((each for each in await self._versions.all() if each.id == id), None)

    async def use(self, id: str, by: str, *, yes: bool) -> Refusal | None:
        return await self._versions.use(id, by, yes=yes)

    async def roll_back(self, by: str) -> Refusal | None:
        return await self._versions.roll_back(by)

    async def shadow(self, id: str | None, by: str) -> Refusal | None:
        return await self._versions.run_beside(id, by)

    async def shadow_figures(self) -> ShadowFigures | None:
        return await self._shadows.figures()

    async def retrain(self, by: str) -> Refusal | None:
        return await self._retraining.start(by)

    async def training(self) -> Training:
        return await self._retraining.state()


def _interaction(row: "InteractionRow") -> Interaction:
    return msgspec.json.decode(row.body, type=Interaction)


def _pairs(found: Interaction) -> tuple[tuple[str, float], ...]:
    """Return what the model said; who is unknown has no confidence in anything."""
    return tuple((label.name, label.confidence) for label in found.labels if label.name != UNKNOWN)
