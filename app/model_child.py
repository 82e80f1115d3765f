"""Training in a process of its own, so that this one never imports scikit-learn and goes on answering."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from app.children import done_by_child
from classifiers.orders import Order
from vocabulary.errors import PermanentFailure, TemporaryFailure

TRAINING_S = 900

Told = Callable[[str, float], Awaitable[None]]


async def _nobody(step: str, share: float) -> None:
    """Nobody wants to know."""


async def trained(order: Order, out: Path, told: Told = _nobody) -> dict[str, Any]:
    """Train a model as ordered, write it to `out` and return the report; `told` hears of each step.

    Raises:
        PermanentFailure: there is too little to learn from.
        TemporaryFailure: the child broke (`BrokeOff` says why), or took too long.
    """
    report: dict[str, Any] = {}

    async def heard(line: bytes) -> None:
        said: dict[str, Any] = msgspec.json.decode(line)
        if "failed" in said:
            raise PermanentFailure(said["failed"])
        if "report" in said:
            report.update(said["report"])
        else:
            await told(said["step"], said["share"])

    # A file without a name: what customers wrote is gone with the descriptor, however this ends.
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(_written, file.fileno(), msgspec.json.encode(order))
        await done_by_child(
            "classifiers.retraining",
            *("--order", str(file.fileno()), "--out", str(out)),
            seconds=TRAINING_S,
            heard=heard,
            descriptors=(file.fileno(),),
        )
    if not report:
        raise TemporaryFailure("training ended without a report")
    return report


def _written(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
