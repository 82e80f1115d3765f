"""Training in a process of its own, so that this one never imports scikit-learn and goes on answering."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from classifiers.orders import Order
from vocabulary.errors import PermanentFailure, TemporaryFailure

TRAINING_S = 900
LINE_MAX = 8 * 1024 * 1024

Told = Callable[[str, float], Awaitable[None]]


async def _nobody(step: str, share: float) -> None:
    """Nobody wants to know."""


async def trained(order: Order, out: Path, told: Told = _nobody) -> dict[str, Any]:
    """Train a model as ordered, write it to `out` and return the report; `told` hears of each step.

    Raises:
        PermanentFailure: there is too little to learn from.
        TemporaryFailure: the child broke, or took too long.
    """
    # A file without a name: what customers wrote is gone with the descriptor, however this ends.
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(_written, file.fileno(), msgspec.json.encode(order))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "app.child", "classifiers.retraining", "--order", str(file.fileno()), "--out", str(out)),
            # A pipe that nobody writes to: by its end the child knows that we are gone (app/child.py).
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(file.fileno(),),
            limit=LINE_MAX,
        )
        try:
            async with asyncio.timeout(TRAINING_S):
                report = await _heard(process, told)
                await process.wait()
        except TimeoutError as error:
            raise TemporaryFailure(f"training took more than {TRAINING_S} s") from error
        finally:
            if process.returncode is None:
                process.kill()
    if report is None:
        raise TemporaryFailure(f"training broke off (exit code {process.returncode})")
    return report


async def _heard(process: asyncio.subprocess.Process, told: Told) -> dict[str, Any] | None:
    """Return the report that the child ends with, None if it ends without."""
    assert process.stdout is not None
    async for line in process.stdout:
        said: dict[str, Any] = msgspec.json.decode(line)
        if "failed" in said:
            raise PermanentFailure(said["failed"])
        if "report" in said:
            found: dict[str, Any] = said["report"]
            return found
        await told(said["step"], said["share"])
    return None


def _written(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
