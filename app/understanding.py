"""The site's model: trained at first start in a process of its own, so that this one never imports scikit-learn."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from classifiers import artifact
from classifiers.cascade import Classification, classify
from classifiers.model import UNKNOWN, Model
from vocabulary.errors import PermanentFailure

log = structlog.get_logger()

TRAINING_S = 300
CLASSIFY_S = 2.0


class Understanding:
    """Classifies texts: by rules until the model is there, by the model from then on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.model: Model | None = None
        # One thread: more would only fight for the interpreter, and load the language model once each.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="classifier")

    async def classify(self, subject: str, text: str, usual: str | None = None) -> Classification:
        """Return what `subject` and `text` are about; never raises. Who is too slow has no say: mail must not wait.

        `usual`: the language that the customer writes otherwise.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CLASSIFY_S):
                return await loop.run_in_executor(self._thread, self._classify, subject, text, usual)
        except TimeoutError:
            reason = f"the classifier took more than {CLASSIFY_S:g} s"
            return Classification(((UNKNOWN, 0.0),), None, "none", reason, failed=True)

    def _classify(self, subject: str, text: str, usual: str | None) -> Classification:
        return classify(subject, text, model=self.model, usual=usual)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def prepare(self) -> None:
        """Load the model, and train it first if there is none or it is damaged. Without one, rules go on deciding."""
        # The language model takes half a second to unpack: not while the first customer waits.
        await self.classify("", "Good morning, where is my parcel?")
        try:
            self.model = await asyncio.to_thread(artifact.load, self._path)
        except PermanentFailure as failure:
            if self._path.exists():
                log.exception("model_refused", path=self._path.name, reason=str(failure))
            await self._train()

    async def _train(self) -> None:
        """Train from the examples that come with Centrala."""
        log.info("model_training")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "app.child", "classifiers.training", "--out", str(self._path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(TRAINING_S):
                # `communicate` may close the pipe by which the child knows that we live.
                errors = await process.stderr.read()
                await process.wait()
        except BaseException:
            process.kill()
            raise
        if process.returncode != 0:
            log.error("model_training_failed", reason=errors.decode("utf-8", "replace")[-500:])
            return
        self.model = await asyncio.to_thread(artifact.load, self._path)
        log.info("model_ready", labels=len(self.model.labels))
