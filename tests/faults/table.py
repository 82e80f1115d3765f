"""The table of faults: what is injected, what must come of it, and what did."""

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time  # noqa: TID251  # it measures
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.faults.bench import Bench, Missed, Missing

Figures = dict[str, Any]
Try = Callable[[Bench], Awaitable[Figures]]


class Row(NamedTuple):
    """One fault."""

    id: str
    fault: str
    expected: str
    attempt: Try
    quick: bool
    needs: tuple[str, ...]
    """Programs, or "root"."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a row. `passed`: None if it was skipped, for the reason that `detail` gives."""

    id: str
    fault: str
    expected: str
    passed: bool | None
    detail: str
    figures: Figures
    seconds: float


ROWS: dict[str, Row] = {}


def row(
    id: str, fault: str, expected: str, *, quick: bool = False, needs: tuple[str, ...] = ()
) -> Callable[[Try], Try]:
    """Enter a function as the row `id`. `quick`: it is tried in every test run too, on a smaller scale."""

    def enter(attempt: Try) -> Try:
        assert id not in ROWS, id
        ROWS[id] = Row(id, fault, expected, attempt, quick, needs)
        return attempt

    return enter


async def tried(row: Row, bench: Bench) -> Result:
    """Return what came of a row."""
    began = time.monotonic()
    passed: bool | None = None
    figures: Figures = {}
    try:
        _require_means(row.needs)
        async with asyncio.timeout(bench.patience_s):
            figures = await row.attempt(bench)
        passed, detail = True, ""
    except Missing as missing:
        detail, figures = f"skipped: {missing}", missing.figures
    except Missed as missed:
        passed, detail, figures = False, str(missed), missed.figures
    except Exception as error:  # noqa: BLE001  # a row that breaks has failed, and the others go on
        passed, detail = False, f"{type(error).__name__}: {error}"
    finally:
        await bench.clear()
    seconds = round(time.monotonic() - began, 1)
    return Result(
        id=row.id,
        fault=row.fault,
        expected=row.expected,
        passed=passed,
        detail=detail,
        figures=figures,
        seconds=seconds,
    )


def _require_means(needs: Sequence[str]) -> None:
    for name in needs:
        if name == "root":
            if os.geteuid():
                raise Missing("needs root, to mount a small disk")
        elif shutil.which(name) is None:
            raise Missing(f"needs {name} (Debian: apt-get install {name})")


async def tried_all(
    rows: Sequence[Row], *, quick: bool, seed: int, told: Callable[[Result], None], times_max: int | None = None
) -> list[Result]:
    """Try rows one after the other; `told` hears of each."""
    results = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        async with Bench.opened(Path(folder), quick=quick, seed=seed, times_max=times_max) as bench:
            for each in rows:
                results.append(await tried(each, bench))
                told(results[-1])
    return results


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "load_average": round(os.getloadavg()[0], 1),
    }
