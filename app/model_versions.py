"""The versions of the site's model: which one classifies, on every node at once, and how another takes its place.

The records hold the versions and a setting that names the live one; each node follows that setting and keeps a copy of
the live one beside its configuration. A new model is loaded before the old one is let go, so no message waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

from app.crowd import Copy
from app.engine import Engine
from app.understanding import Understanding
from classifiers import artifact
from classifiers.embedding import Embedding
from classifiers.model import Model
from router.decision import Refusal
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import derived_id, model_id
from vocabulary.instants import SECOND, Span
from vocabulary.records import AuditRow, Change, ModelRow, Put, PutNew, Remove, SettingRow
from vocabulary.stores import Store
from web.learning import Judged, State, Version

log = structlog.get_logger()

POINTER = "model"
"""Id of the setting that says which version is live."""
OF_FILE = "model-file:"
"""Begins the id of the setting that says which file a node has made or taken over."""
OF_SHADOW = "shadow:"
"""Begins the id of the setting in which a node counts how a candidate compares."""
OF_BASELINE = "model-baseline:"
"""Begins the id of the setting that keeps what a version did on its first messages (app/model_watch.py)."""
LOOK: Span = 2 * SECOND
VERSIONS_MAX = 10
FORMER_MAX = 10
BY_SITE = "centrala"

Starter = Callable[[Path], Awaitable[dict[str, Any]]]
"""Trains a first model into a file and returns its report."""


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """Which version is live, which runs beside it, and which were live before, the latest first."""

    live: str
    shadow: str | None = None
    former: tuple[str, ...] = ()


class ModelVersions:
    """Keeps versions, and lets the live one classify here."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        understanding: Understanding,
        file: Path,
        node: str,
        starter: Starter,
        embedding: Embedding | None = None,
    ) -> None:
        """Work for one node.

        Args:
            engine: writes.
            store: has the versions.
            understanding: what classifies here.
            file: this node's copy of the live version; another model that is put there is taken over at the start.
            node: tells this node from the others, over restarts.
            starter: trains the first model.
            embedding: what versions that were trained with one ask for vectors.
        """
        self._engine = engine
        self._store = store
        self._understanding = understanding
        self._file = file
        self._node = node
        self._starter = starter
        self._embedding = embedding
        self.pointer: Pointer | None = None
        self.shadow: tuple[str, Model] | None = None
        self._turn = asyncio.Lock()

    # -- start, and following what other nodes do

    async def open(self) -> None:
        """Have the live version classify from the first text on, if this node has it; `prepare` sees to all else."""
        with suppress(PermanentFailure, TemporaryFailure):
            pointer, content = await self.pointed(), await asyncio.to_thread(_content, self._file)
            here = await asyncio.to_thread(model_id, content) if content is not None else None
            if pointer is not None and pointer.live == here:
                await self.look()

    async def prepare(self) -> None:
        """Have the live version classify; train a first one if there is none. Until then, rules decide."""
        try:
            await self._take_over_file()
            if await self.pointed() is None:
                await self._begin()
            try:
                await self.look()
            except artifact.OtherSchema as failure:
                await self._replace(str(failure))
        except (PermanentFailure, TemporaryFailure) as failure:
            log.error("model_not_ready", reason=str(failure))  # noqa: TRY400  # the reason says it all
            raise

    async def follow(self) -> None:
        """Take up what becomes live, here or on another node; cancel to stop."""
        while True:
            await self._engine.clock.sleep(LOOK)
            try:
                await self.look()
            except (TemporaryFailure, PermanentFailure) as failure:
                log.warning("model_not_followed", reason=str(failure))

    async def look(self) -> None:
        """Bring this node up to what the setting says."""
        async with self._turn:
            await self._look()

    async def _look(self) -> None:
        pointer = await self.pointed()
        if pointer is None or pointer == self.pointer:
            return
        if self.pointer is None or pointer.live != self.pointer.live:
            model = await self._loaded(pointer.live, keep=True)
            self._understanding.model = model
            # A site's own function is called here, by a thread; no other process has it.
            self._understanding.copy = Copy(self._file, pointer.live) if model.features.embedding is None else None
            log.info("model_live", version=pointer.live, labels=len(model.labels))
        if pointer.shadow is None:
            self.shadow = None
        elif self.shadow is None or self.shadow[0] != pointer.shadow:
            self.shadow = await self._beside(pointer.shadow)
        self.pointer = pointer

    async def _beside(self, id: str) -> tuple[str, Model] | None:
        try:
            return id, await self._loaded(id, keep=False)
        except PermanentFailure as failure:
            log.warning("shadow_refused", version=id, reason=str(failure))
            return None

    async def pointed(self) -> Pointer | None:
        """Return which version is live by the records, whether or not it can be loaded here."""
        row = await self._store.setting(POINTER)
        return None if row is None else msgspec.json.decode(row.body, type=Pointer)

    async def _loaded(self, id: str, *, keep: bool) -> Model:
        """Return the model of version `id`, from this node's file if it is that one."""
        if keep:
            content = await asyncio.to_thread(_content, self._file)
            if content is not None and await asyncio.to_thread(model_id, content) == id:
                return await asyncio.to_thread(artifact.from_bytes, content, self._embedding)
        row = await self._store.model(id)
        if row is None:
            raise PermanentFailure(f"version {id} of the model is gone: use another one")
        model = await asyncio.to_thread(artifact.from_bytes, row.content, self._embedding)
        if keep:
            await asyncio.to_thread(_write, self._file, row.content)
            await self._engine.write(self._mine(id))
        return model

    def _mine(self, id: str) -> Put:
        return Put(SettingRow(id=OF_FILE + self._node, body=id.encode()))

    async def _take_over_file(self) -> None:
        """Let a model be live that somebody has put beside the configuration, unless this node has put it there."""
        content = await asyncio.to_thread(_content, self._file)
        if content is None:
            return
        id = await asyncio.to_thread(model_id, content)
        mine = await self._store.setting(OF_FILE + self._node)
        if mine is not None and mine.body.decode() == id:
            return
        try:
            model = await asyncio.to_thread(artifact.from_bytes, content, self._embedding)
        except PermanentFailure as failure:
            log.error("model_refused", path=self._file.name, reason=str(failure))  # noqa: TRY400  # as above
            return
        pointer = await self.pointed()
        lines: list[Change] = []
        if await self._version(id) is None:
            report = {"fingerprint": model.fingerprint, "rows": {"trained": model.rows}, "from_file": True}
            await self._engine.write(PutNew(self._row(id, BY_SITE, content, report)))
            detail = {"before": pointer.live if pointer else None, "from_file": self._file.name}
            lines = [Put(self._line("model_use", id, BY_SITE, detail))]
            pointer = _moved(pointer, id)
        await self._engine.write(Put(_setting(pointer or Pointer(live=id))), self._mine(id), *lines)

    async def _begin(self) -> None:
        """Train the first one. Several nodes that do so at once come to the same."""
        log.info("model_training")
        report = await self._starter(self._file)
        content = await asyncio.to_thread(self._file.read_bytes)
        id = await asyncio.to_thread(model_id, content)
        await self._engine.write(
            PutNew(self._row(id, BY_SITE, content, report)), PutNew(_setting(Pointer(live=id))), self._mine(id)
        )

    async def _replace(self, reason: str) -> None:
        """Train anew in place of a live version that another version of Centrala has made.

        A model that somebody has brought as a file was made of rows that aren't here: that stays, and rules decide.
        """
        pointer = await self.pointed()
        row = await self._version(pointer.live) if pointer is not None else None
        if row is None or row.report.get("from_file"):
            raise PermanentFailure(f"{reason}: train it anew with `model train`, from the rows that it was made of")
        log.warning("model_outdated", version=row.id, reason=reason)
        report = await self._starter(self._file)
        content = await asyncio.to_thread(self._file.read_bytes)
        id = await self.add(content, report, BY_SITE)
        await self._engine.write(self._mine(id))
        if await self.pointed() == pointer:  # else another node has done so meanwhile
            detail = {"before": row.id, "outdated": reason}
            await self._point(_moved(pointer, id), "model_use", id, BY_SITE, detail)
        await self.look()

    def _row(self, id: str, by: str, content: bytes, report: dict[str, Any]) -> ModelRow:
        return ModelRow(
            id=id,
            at=self._engine.clock.now(),
            by=by,
            fingerprint=str(report.get("fingerprint", "")),
            rows=int(report.get("rows", {}).get("trained", 0)),
            size=len(content),
            content=content,
            report=report,
        )

    # -- what people and schedules do

    async def add(self, content: bytes, report: dict[str, Any], by: str) -> str:
        """Keep a new version, which classifies nothing yet; return its id. The oldest unused ones go."""
        id = await asyncio.to_thread(model_id, content)
        await self._engine.write(Put(self._row(id, by, content, report)), *await self._too_many(id))
        return id

    async def _too_many(self, new: str) -> list[Change]:
        pointer = await self.pointed()
        used = {new} | ({pointer.live, pointer.shadow, *pointer.former[:1]} if pointer is not None else set())
        rows = [row for row in await self._store.models() if row.id not in used]
        gone = {row.id for row in rows[VERSIONS_MAX - len(used) :]}
        counted = [row.id for row in await self._store.settings(OF_SHADOW) if _counted_for(row.id) in gone]
        counted += [OF_BASELINE + id for id in sorted(gone)]
        return [*(Remove(ModelRow, id) for id in sorted(gone)), *(Remove(SettingRow, id) for id in counted)]

    async def all(self) -> Sequence[Version]:
        """Return the versions, newest first, each with what it is now."""
        pointer = await self.pointed()
        return [_version(row, pointer) for row in await self._store.models()]

    async def _version(self, id: str) -> ModelRow | None:
        """Return a version without its bytes, which are tens of megabytes."""
        return next((row for row in await self._store.models() if row.id == id), None)

    async def use(self, id: str, by: str, *, yes: bool) -> Refusal | None:
        """Let version `id` be the live one; what the gate refuses only with `yes`. The audit log keeps the decision."""
        row = await self._version(id)
        if row is None:
            return Refusal("not_found", "unknown_model", f"There is no version {id!r} of the model.")
        gate = row.report.get("gate", {})
        pointer = await self.pointed()
        if pointer is not None and pointer.live == id:
            return None
        if _judged(row, pointer) == "against_another" and not yes:
            return Refusal("conflict", "model_not_compared", _not_compared(row, pointer))
        if not gate.get("passes", True) and not yes:
            return Refusal("conflict", "model_is_worse", _worse(id, gate))
        if (refusal := await self._unusable(id)) is not None:
            return refusal
        against = row.report.get("against")
        detail = {"before": pointer.live if pointer else None, "yes": yes, "against": against, "gate": _short(gate)}
        await self._point(_moved(pointer, id), "model_use", id, by, detail)
        return None

    async def roll_back(self, by: str) -> Refusal | None:
        """Let the version that was live before be it again."""
        pointer = await self.pointed()
        there = {row.id for row in await self._store.models()}
        former = [id for id in (pointer.former if pointer is not None else ()) if id in there]
        while former and await self._unusable(former[0]) is not None:
            del former[0]
        if pointer is None or not former:
            return Refusal("conflict", "no_former_model", "No other version of the model was live before.")
        after = Pointer(live=former[0], shadow=_unless(pointer.shadow, former[0]), former=tuple(former[1:]))
        await self._point(after, "model_rollback", former[0], by, {"before": pointer.live})
        return None

    async def run_beside(self, id: str | None, by: str) -> Refusal | None:
        """Let version `id` run beside the live one, or none."""
        pointer = await self.pointed()
        if pointer is None or (id is not None and await self._version(id) is None):
            return Refusal("not_found", "unknown_model", f"There is no version {id!r} of the model.")
        if id == pointer.live:
            return Refusal("conflict", "model_is_live", f"Version {id} is the live one itself.")
        if id is not None and (refusal := await self._unusable(id)) is not None:
            return refusal
        after = msgspec.structs.replace(pointer, shadow=id)
        await self._point(after, "model_shadow", id or pointer.shadow or "", by, {"on": id is not None})
        return None

    async def _unusable(self, id: str) -> Refusal | None:
        """Return why version `id` can't classify here, None if it can."""
        try:
            await self._loaded(id, keep=False)
        except PermanentFailure as failure:
            return Refusal("conflict", "model_unusable", f"Version {id} can't work here: {failure}. Train a new one.")
        return None

    async def _point(
        self, pointer: Pointer, action: Literal["model_use", "model_rollback", "model_shadow"], id: str, by: str,
        detail: dict[str, Any],
    ) -> None:  # fmt: skip
        await self._engine.write(Put(_setting(pointer)), Put(self._line(action, id, by, detail)))
        log.info(action, version=id, by=by)
        await self.look()

    def _line(self, action: str, id: str, by: str, detail: dict[str, Any]) -> AuditRow:
        now = self._engine.clock.now()
        key = derived_id("audit", action, id, str(now))
        return AuditRow(id=key, at=now, who=by, action=action, target=id, detail=detail)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PermanentFailure(f"{path}: the model can't be read ({error})") from error


def _write(path: Path, content: bytes) -> None:
    half = path.with_name(f"{path.name}.part")
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError as error:
        raise PermanentFailure(f"{path}: the model can't be written ({error})") from error


def _counted_for(setting: str) -> str:
    """Return the version that a setting with figures (app/shadow.py) is of."""
    return setting.removeprefix(OF_SHADOW).partition(":")[0]


def _setting(pointer: Pointer) -> SettingRow:
    return SettingRow(id=POINTER, body=msgspec.json.encode(pointer))


def _moved(pointer: Pointer | None, live: str) -> Pointer:
    if pointer is None:
        return Pointer(live=live)
    former = (pointer.live, *(id for id in pointer.former if id not in (live, pointer.live)))
    return Pointer(live=live, shadow=_unless(pointer.shadow, live), former=former[:FORMER_MAX])


def _unless(shadow: str | None, live: str) -> str | None:
    return None if shadow == live else shadow


def _version(row: ModelRow, pointer: Pointer | None) -> Version:
    judged = _judged(row, pointer)
    return Version(
        id=row.id,
        at=row.at,
        by=row.by,
        state=_state(row.id, pointer),
        judged=judged,
        passes=judged != "against_another" and bool(row.report.get("gate", {}).get("passes", True)),
        fingerprint=row.fingerprint,
        rows=row.rows,
        size=row.size,
        report=row.report,
    )


def _state(id: str, pointer: Pointer | None) -> State:
    if pointer is None:
        return "candidate"
    former: State = "former" if id in pointer.former else "candidate"
    return "live" if id == pointer.live else "shadow" if id == pointer.shadow else former


def _judged(row: ModelRow, pointer: Pointer | None) -> Judged:
    """Tell what a version's figures are worth now: those of a candidate, nothing beside another live one than then."""
    tried = pointer is None or row.id == pointer.live or row.id in pointer.former
    if pointer is not None and not tried and row.report.get("against") != pointer.live:
        return "against_another"
    return "judged" if "gate" in row.report else "not_here"


def _short(gate: dict[str, Any]) -> dict[str, Any]:
    return {
        name: gate[name] for name in ("passes", "worse", "n", "only_before", "only_after", "confidence") if name in gate
    }


def _not_compared(row: ModelRow, pointer: Pointer | None) -> str:
    against = row.report.get("against")
    compared = f"version {against}" if against else "none"
    live = pointer.live if pointer is not None else "none"
    return (
        f"Version {row.id} was compared with {compared}, and {live} is live now: which is better, nobody has measured. "
        "Train a new version to have it compared, or say yes to use this one all the same."
    )


def _worse(id: str, gate: dict[str, Any]) -> str:
    """Return why version `id` is not used just so, by the first part in which it is worse."""
    part = gate["worse"][0]
    told = gate if part == "all" else gate["parts"][part]
    where = "" if part == "all" else f" of the {part}"
    return (
        f"Version {id} has {told['only_before']} texts wrong that the model then live had right, and only "
        f"{told['only_after']} the other way round, of {told['n']} texts{where} that neither was trained on: worse "
        f"with {told['confidence']:.0%} confidence. Say yes to use it all the same."
    )
