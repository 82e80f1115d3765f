"""A site that learns, put together as app/compose.py does, from a small set of rows so that training is quick."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.engine import Engine
from app.learning import SiteLearning
from app.lessons import Lessons
from app.model_versions import ModelVersions
from app.model_watch import ModelWatch
from app.retraining import Retraining, Schedule
from app.shadow import ShadowRun
from app.understanding import Understanding
from vocabulary.stores import Store

WAYS = (
    "please {} as soon as you can", "hello, {}, thank you", "good morning, I would like to ask: {}",
    "{}, is that right",
    "yesterday I noticed that {}", "{} and nobody answers the phone", "my neighbour says {}", "could you help me, {}",
    "{} since last week", "I have written twice already that {}", "dear support, {}", "{}; my number is on file",
)  # fmt: skip
ABOUT: Mapping[str, tuple[str, ...]] = {
    "invoice": (
        "the invoice shows the wrong amount", "I was charged twice on my bill", "send me a copy of the invoice",
        "the amount on the bill is too high",
    ),
    "delivery": (
        "where is my parcel", "the courier did not come with the package", "my delivery is late",
        "the parcel has not arrived",
    ),
    "outage": (
        "the internet does not work", "there is no signal at home", "the connection drops all the time",
        "the network is down in our street",
    ),
}  # fmt: skip
"""Labels, and what people say about them; each in all `WAYS`."""


def rows() -> list[tuple[str, str]]:
    """Return texts with their labels."""
    return [(way.format(said), label) for label, all_said in ABOUT.items() for said in all_said for way in WAYS]


def starter(folder: Path) -> Path:
    """Return a CSV file with `rows`."""
    path = folder / "starter.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows()])
    return path


class Learning:
    """The parts of it, for tests that look behind the API."""

    def __init__(self, engine: Engine, store: Store, folder: Path, schedule: Schedule, **lessons: Any) -> None:
        folder.mkdir(exist_ok=True)
        parts: dict[str, Any] = {"engine": engine, "store": store}
        self.understanding = Understanding()
        self.lessons = Lessons(store, **lessons)
        self.versions = ModelVersions(
            **parts,
            understanding=self.understanding,
            file=folder / "model.npz",
            node=folder.name,
            starter=lambda out: self.retraining.first(out),  # noqa: PLW0108  # it is made below
        )
        self.retraining = Retraining(
            **parts,
            lessons=self.lessons,
            versions=self.versions,
            node=folder.name,
            starter=starter(folder),
            schedule=schedule,
        )
        beside: dict[str, Any] = {**parts, "versions": self.versions}
        self.shadows = ShadowRun(**beside, node=folder.name)
        self.watch = ModelWatch(**beside)
        self.site = SiteLearning(
            **beside,
            understanding=self.understanding,
            lessons=self.lessons,
            retraining=self.retraining,
            shadows=self.shadows,
            watch=self.watch,
            labels=("warranty",),
        )

    async def close(self) -> None:
        """Let go of what it holds."""
        await self.retraining.close()
        await self.understanding.close()
