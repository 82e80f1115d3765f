"""What classifies the site's texts; which model does, app/model_versions.py says."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from app.crowd import Copy, Crowd, NotHere
from app.supervise import ended
from classifiers.background import NOTHING, Background
from classifiers.cascade import WARMING, Classification, Why, classify, why
from classifiers.examples import LANGUAGES
from classifiers.model import UNKNOWN, Model

CLASSIFY_S = 2.0


class Understanding:
    """Classifies texts: by rules until there is a model, by the model from then on; it may be replaced at any time."""

    def __init__(self, crowd: Crowd | None = None, languages: Sequence[str] = LANGUAGES) -> None:
        """Begin without a model; `crowd` is asked while many wait. `languages`: those of the site."""
        self.model: Model | None = None
        self.copy: Copy | None = None
        """Where that model lies as a file, if it does."""
        self._crowd = crowd
        self._languages = tuple(languages)
        self._waiting = 0
        self._load: Callable[[], Awaitable[None]] | None = None
        self._opening: asyncio.Task[None] | None = None
        # One thread: more would only fight for the interpreter, and load the language model once each.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="classifier")

    async def classify(
        self, subject: str, text: str, usual: str | None = None, known: Background = NOTHING
    ) -> Classification:
        """Return what `subject` and `text` are about; never raises. Who is too slow has no say: mail must not wait.

        It waits only until it is opened.

        `usual`: the language that the customer writes otherwise. `known`: what else is known of the message.
        """
        await self.opened()
        self._waiting += 1
        try:
            async with asyncio.timeout(CLASSIFY_S):
                return await self._said(subject, text, usual, known)
        except TimeoutError:
            reason = f"the classifier took more than {CLASSIFY_S:g} s"
            return Classification(((UNKNOWN, 0.0),), None, "none", reason, failed=True)
        finally:
            self._waiting -= 1

    async def _said(self, subject: str, text: str, usual: str | None, known: Background) -> Classification:
        if self._crowd is not None and self._crowd.takes(self.copy, self._waiting):
            with suppress(NotHere):
                return await self._crowd.classify((subject, text, usual, known))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._classify, subject, text, usual, known)

    async def explained(
        self, subject: str, text: str, usual: str | None = None, known: Background = NOTHING
    ) -> tuple[Classification, Why]:
        """Return the same with the words that decided: some milliseconds more, for whoever asks."""
        said = await self.classify(subject, text, usual, known)
        loop = asyncio.get_running_loop()
        return said, await loop.run_in_executor(self._thread, self._why, subject, text, said.language, known)

    def _why(self, subject: str, text: str, language: str | None, known: Background) -> Why:
        return why(subject, text, model=self.model, language=language, known=known)

    def _classify(self, subject: str, text: str, usual: str | None, known: Background) -> Classification:
        return classify(subject, text, model=self.model, usual=usual, known=known, languages=self._languages)

    async def close(self) -> None:
        """Let the thread go, and the other process."""
        if self._opening is not None:
            await ended(self._opening)
        if self._crowd is not None:
            await self._crowd.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def opens_with(self, load: Callable[[], Awaitable[None]]) -> None:
        """Have the first text wait for languages, and for what `load` loads."""
        self._load = load

    async def opened(self) -> None:
        """Return once these are loaded; whoever comes first begins it."""
        if self._load is None:
            return
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(self._load), name="languages")
        if not self._opening.done():
            await asyncio.wait([self._opening])

    async def _open(self, load: Callable[[], Awaitable[None]]) -> None:
        await self.warm()
        await load()

    async def warm(self) -> None:
        """Load what the first text needs, however long that takes: what tells languages apart, about a second."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._classify, "", WARMING, None, NOTHING)
