"""While many texts wait, a process of its own classifies them: this one needs its interpreter for all else.

A message takes about a millisecond to classify; of a back-fill's or an avalanche's, hundreds come in a second. The
other process reads the node's copy of the model and is given texts in batches; it ends when the crowd is over.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from classifiers import artifact
from classifiers.background import NOTHING, Background
from classifiers.cascade import WARMING, Classification, classify
from classifiers.examples import LANGUAGES
from classifiers.model import Model
from classifiers.workers import pool
from vocabulary.errors import PermanentFailure
from vocabulary.ids import model_id

log = structlog.get_logger()

CROWD = 8
"""So many wait at once before the other process is started."""
BATCH_MAX, BATCH_S = 32, 10.0
"""So many at most, and so long: a process that says nothing then is none to ask any more."""
LOOK_S = 30.0
KEPT_MIN = 600
"""Texts in `LOOK_S`, below which the other process is not worth its memory."""

Asked = tuple[str, str, str | None, Background]
"""Subject, text, the language that its writer uses otherwise, what else is known."""


class Copy(NamedTuple):
    """Where a version of the model lies as a file."""

    file: Path
    version: str


class NotHere(Exception):
    """The other process can't answer, whatever it was asked; somebody else must."""


class Crowd:
    """Keeps the other process, as long as there is reason to."""

    def __init__(self, languages: Sequence[str] = LANGUAGES) -> None:
        """Begin without a process; `languages`: those of the site."""
        self._languages = tuple(languages)
        self._asked: deque[tuple[Asked, asyncio.Future[Classification]]] = deque()
        self._come = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._copy: Copy | None = None
        self.ready = asyncio.Event()
        """Set while the other process answers."""
        self._broken: Copy | None = None

    def takes(self, copy: Copy | None, waiting: int) -> bool:
        """Tell whether to ask here: `waiting` texts wait to be classified by the model of which `copy` is one."""
        if copy is None:
            return False
        if self._serving is None and waiting >= CROWD and copy != self._broken:
            self._copy = copy
            self._serving = asyncio.create_task(self._serve(copy), name="crowd")
        return self.ready.is_set() and copy == self._copy

    async def classify(self, asked: Asked) -> Classification:
        """Return what is said of a text.

        Raises:
            NotHere: the other process ended.
        """
        answer: asyncio.Future[Classification] = asyncio.get_running_loop().create_future()
        self._asked.append((asked, answer))
        self._come.set()
        return await answer

    async def close(self) -> None:
        """End the other process."""
        if self._serving is not None:
            self._serving.cancel()
        await self.over()

    async def over(self) -> None:
        """Return when there is no other process."""
        if self._serving is not None:
            await asyncio.wait([self._serving])

    async def _serve(self, copy: Copy) -> None:
        stack = ExitStack()
        child: int | None = None
        try:
            executor = stack.enter_context(pool(1))
            # The first that is handed in starts the process, which takes its time.
            child = await asyncio.wrap_future(await asyncio.to_thread(executor.submit, _take_up, copy, self._languages))
            self.ready.set()
            log.info("crowd_began", version=copy.version)
            while await self._answer_some(executor):
                continue
            log.info("crowd_over")
        except Exception as error:  # noqa: BLE001  # whatever it is, texts are classified here then
            self._broken = copy
            log.warning("crowd_broken", reason=f"{type(error).__name__}: {error}")
        finally:
            self.ready.clear()
            while self._asked:
                _refuse(self._asked.popleft()[1])
            if child is not None:
                # It holds nothing, and one that hangs would be waited for for ever.
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            await asyncio.to_thread(stack.close)
            self._serving = None

    async def _answer_some(self, executor: ProcessPoolExecutor) -> bool:
        """Answer for `LOOK_S`; return whether so many asked that it is worth going on."""
        loop = asyncio.get_running_loop()
        until, done = loop.time() + LOOK_S, 0
        while loop.time() < until:
            try:
                async with asyncio.timeout_at(until):
                    await self._come.wait()
            except TimeoutError:
                break
            batch = self._next()
            done += len(batch)
            try:
                async with asyncio.timeout(BATCH_S):
                    said = await asyncio.wrap_future(executor.submit(_classified, [asked for asked, _ in batch]))
            except BaseException:
                for _, answer in batch:
                    _refuse(answer)
                raise
            for (_, answer), one in zip(batch, said, strict=True):
                if not answer.done():
                    answer.set_result(one)
        return done >= KEPT_MIN

    def _next(self) -> list[tuple[Asked, asyncio.Future[Classification]]]:
        """Take the next texts whose answer somebody still waits for."""
        batch: list[tuple[Asked, asyncio.Future[Classification]]] = []
        while self._asked and len(batch) < BATCH_MAX:
            each = self._asked.popleft()
            if not each[1].done():
                batch.append(each)
        if not self._asked:
            self._come.clear()
        return batch


def _refuse(answer: "asyncio.Future[Classification]") -> None:
    if not answer.done():
        answer.set_exception(NotHere())


_taken_up: list[tuple[Model, tuple[str, ...]]] = []
"""What the other process classifies with: the model, and the site's languages."""


def _take_up(copy: Copy, languages: tuple[str, ...]) -> int:
    """Prepare to classify; return the id of the process."""
    content = copy.file.read_bytes()
    if model_id(content) != copy.version:
        raise PermanentFailure(f"{copy.file.name} holds another model")
    _taken_up[:] = [(artifact.from_bytes(content), languages)]
    # The first text loads what languages are known by.
    _classified([("", WARMING, None, NOTHING)])
    return os.getpid()


def _classified(batch: list[Asked]) -> list[Classification]:
    model, languages = _taken_up[0]
    return [
        classify(subject, text, model=model, usual=usual, known=known, languages=languages)
        for subject, text, usual, known in batch
    ]
