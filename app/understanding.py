"""The site's model: trained at first start in a process of its own, so that this one never imports scikit-learn."""

import asyncio
import sys
from pathlib import Path

import structlog

from classifiers import artifact
from classifiers.cascade import Classification, classify
from classifiers.model import Model
from vocabulary.errors import PermanentFailure

log = structlog.get_logger()

TRAINING_S = 300


class Understanding:
    """Classifies texts: by rules until the model is there, by the model from then on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.model: Model | None = None

    def classify(self, subject: str, text: str) -> Classification:
        """Return what `subject` and `text` are about; never raises."""
        return classify(subject, text, model=self.model)

    async def prepare(self) -> None:
        """Load the model, and train it first if there is none or it is damaged. Without one, rules go on deciding."""
        try:
            self.model = await asyncio.to_thread(artifact.load, self._path)
        except PermanentFailure as failure:
            if self._path.exists():
                log.error("model_refused", path=self._path.name, reason=str(failure))
            await self._train()

    async def _train(self) -> None:
        """Train from the examples that come with Centrala."""
        log.info("model_training")
        arguments = ("-m", "classifiers.training", "--out", str(self._path))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(TRAINING_S):
                _, errors = await process.communicate()
        except BaseException:
            process.kill()
            raise
        if process.returncode != 0:
            log.error("model_training_failed", reason=errors.decode("utf-8", "replace")[-500:])
            return
        self.model = await asyncio.to_thread(artifact.load, self._path)
        log.info("model_ready", labels=len(self.model.labels))
