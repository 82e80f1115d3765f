"""Whether the live model still fits what comes in: mix of labels, share it can't place, confidence, corrections."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log as ln
from typing import Any

import msgspec
import structlog

from app.engine import Engine
from app.model_versions import OF_BASELINE, ModelVersions
from app.retraining import BACK, MESSAGES_MAX, arrived
from classifiers.model import OUT_OF_SCOPE, UNKNOWN
from queues.interaction import Interaction, Label
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import DAY, MINUTE, SECOND, Instant, Span
from vocabulary.records import PutNew, SettingRow
from vocabulary.stores import Store
from web.learning import Version, Watched

log = structlog.get_logger()

LOOK: Span = 5 * MINUTE
SOON: Span = 20 * SECOND
ENOUGH, CHECKED_ENOUGH = 200, 50
"""Messages, and labelled ones, below which nothing is called a problem."""
SHIFT_MAX = 0.25
"""A population stability index above this is a large change (Siddiqi 2006, Credit Risk Scorecards, ch. 10)."""
UNKNOWN_MORE, CONFIDENCE_LESS, CORRECTED_MAX, OVERCONFIDENT = 0.1, 0.1, 0.15, 0.15
USED = ("model_use", "model_rollback")
"""What the audit log calls it when a version becomes the live one."""
CHECKED_BACK: Span = 90 * DAY
_LITTLE = 0.001


class ModelWatch:
    """Looks at what came in of late."""

    def __init__(self, *, engine: Engine, store: Store, versions: ModelVersions) -> None:
        self._engine = engine
        self._store = store
        self._versions = versions
        self.latest: Watched | None = None

    async def run(self) -> None:
        """Look from time to time; cancel to stop."""
        await self._engine.clock.sleep(SOON)
        while True:
            try:
                await self.look()
            except TemporaryFailure as failure:
                log.warning("model_watch_waits", reason=str(failure))
            await self._engine.clock.sleep(LOOK)

    async def look(self) -> Watched:
        """Return how the live model does now; `latest` is it from then on."""
        live, used = await self._live()
        # What another version has said, or rules while there was none, tells nothing of this one.
        since = max(self._engine.clock.now() - BACK, used)
        labels: list[Label] = []
        corrected = 0
        async for row in arrived(self._store, since, MESSAGES_MAX):
            found = msgspec.json.decode(row.body, type=Interaction)
            said = found.labels if found.corrected is None else found.corrected.before
            if said:
                labels.append(said[0])
                corrected += found.corrected is not None and found.label != said[0].name
        self.latest = _problems(
            Watched(
                since=since,
                messages=len(labels),
                corrections=corrected,
                corrected=corrected / len(labels) if labels else None,
                **_now(labels),
                **(await self._then(live, labels) if live is not None else {}),
                **await self._checked(),
            )
        )
        return self.latest

    async def _live(self) -> tuple[Version | None, Instant]:
        """Return the live version and since when it is that; 0: always."""
        pointer = self._versions.pointer
        live = next((each for each in await self._versions.all() if pointer and each.id == pointer.live), None)
        if live is None:
            return None, 0
        used = [line.at for line in await self._store.audit_of([live.id]) if line.action in USED]
        return live, max([live.at, *used])

    async def _then(self, live: Version, said: Sequence[Label]) -> dict[str, Any]:
        """Return what the live model did on the week before it was made, else on its first messages, as far as known.

        `said`: what it has said of late, the newest first. Of neither, there is the mix that it was trained on.
        """
        week = live.report.get("week") or {}
        if week.get("messages", 0) < ENOUGH:
            return await self._at_first(live, said) or {"mix_then": _shares(live.report.get("mix") or {})}
        return {
            "mix_then": _shares(week["mix"]),
            "unknown_then": week["unknown"]["after"],
            "confidence_then": week["confidence"]["after"],
        }

    async def _at_first(self, live: Version, said: Sequence[Label]) -> dict[str, Any]:
        """Return what the live model did on its first messages since it was used; who sees them first keeps it."""
        id = f"{OF_BASELINE}{live.id}"
        row = await self._store.setting(id)
        if row is None:
            if len(said) < ENOUGH:
                return {}
            row = SettingRow(id=id, body=msgspec.json.encode(_now(said[-ENOUGH:])))
            await self._engine.write(PutNew(row))
        told: dict[str, Any] = msgspec.json.decode(row.body)
        return {f"{name}_then": value for name, value in told.items()}

    async def _checked(self) -> dict[str, Any]:
        """Return how sure the model was of what was labelled when asked, and how often it was right."""
        since = self._engine.clock.now() - CHECKED_BACK
        found = await self._store.training_checked("labelled", since=since, but=UNKNOWN)
        if found is None:
            return {}
        return {"checked": found.n, "checked_confidence": found.confidence, "checked_right": found.right}


def _now(labels: Sequence[Label]) -> dict[str, Any]:
    if not labels:
        return {}
    known = [label for label in labels if label.name != UNKNOWN]
    return {
        "mix": _shares(Counter(label.name for label in labels)),
        "unknown": 1 - len(known) / len(labels),
        "confidence": sum(label.confidence for label in known) / len(known) if known else None,
    }


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the share of each label; what belongs to none counts as unknown, as it is called in work."""
    renamed: Counter[str] = Counter()
    for name, count in counts.items():
        renamed[UNKNOWN if name == OUT_OF_SCOPE else name] += count
    total = sum(renamed.values())
    return {name: round(count / total, 4) for name, count in renamed.most_common()} if total else {}


def shift(then: Mapping[str, float], now: Mapping[str, float]) -> float:
    """Return the population stability index of two mixes of labels: 0 where they are the same."""
    names = {*then, *now}
    pairs = [(max(then.get(name, 0), _LITTLE), max(now.get(name, 0), _LITTLE)) for name in names]
    return round(sum((after - before) * ln(after / before) for before, after in pairs), 4)


def _problems(seen: Watched) -> Watched:
    """Return it with what is a problem. The mix is one only beside that of a real week: examples are even by design."""
    moved = shift(seen.mix_then, seen.mix) if seen.mix and seen.mix_then else None
    found: list[str] = []
    if seen.messages >= ENOUGH:
        if moved is not None and moved > SHIFT_MAX and seen.unknown_then is not None:
            found.append("mix_shifted")
        if _more(seen.unknown, seen.unknown_then, UNKNOWN_MORE):
            found.append("more_unknown")
        if _more(seen.confidence_then, seen.confidence, CONFIDENCE_LESS):
            found.append("less_sure")
        if (seen.corrected or 0) > CORRECTED_MAX:
            found.append("often_corrected")
    if seen.checked >= CHECKED_ENOUGH and _more(seen.checked_confidence, seen.checked_right, OVERCONFIDENT):
        found.append("too_sure")
    return msgspec.structs.replace(seen, shift=moved, problems=tuple(found))


def _more(one: float | None, other: float | None, by: float) -> bool:
    return one is not None and other is not None and one - other > by
