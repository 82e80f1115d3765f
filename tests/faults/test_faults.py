"""The table of faults on a small scale in every test run; whole, with 5,000 kills, in the long one."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.__main__ import MODULES
from tests.faults.bench import Bench
from tests.faults.kills import run
from tests.faults.table import ROWS, Row, tried

SEED = int(os.environ.get("SEED", "1"))
IN_EVERY_RUN = ("F-19", "F-25", "F-28", "F-32", "I-6")
"""What tests/acceptance and tests/storage don't try as well, and what is quick."""
KILLS, KILLS_LONG = 40, 5_000


def _marked(row: Row) -> object:
    """Return a row as a parameter that waits for the programs it needs; root is asked for by the row itself."""
    return pytest.param(row, id=row.id, marks=[pytest.mark.needs_server(name) for name in row.needs if name != "root"])


# One process that starts sites serves all rows, so that these share its loop.


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(folder: Path) -> AsyncIterator[Bench]:
    async with Bench.opened(folder, quick=True, seed=SEED, times_max=None) as bench:
        yield bench


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(folder: Path) -> AsyncIterator[Bench]:
    async with Bench.opened(folder, quick=False, seed=SEED, times_max=None) as bench:
        yield bench


async def _require_passed(row: Row, bench: Bench) -> None:
    result = await tried(row, bench)
    if result.passed is None:
        pytest.skip(result.detail)
    assert result.passed, f"{result.detail}; figures: {result.figures}; SEED={SEED} repeats what depends on chance"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", [_marked(ROWS[name]) for name in IN_EVERY_RUN])
async def test_a_real_fault_on_a_small_scale(row: Row, small: Bench) -> None:
    await _require_passed(row, small)


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", [_marked(row) for row in ROWS.values()])
async def test_a_real_fault(row: Row, whole: Bench) -> None:
    await _require_passed(row, whole)


@pytest.mark.asyncio(loop_scope="module")
async def test_sites_that_are_killed_at_named_places_lose_and_double_nothing(small: Bench) -> None:
    result = await run(KILLS, SEED, each=KILLS // 2, folder=small.folder, forge=small.forge)
    assert result.violations == []
    assert result.reached >= 0.8 * result.meant, result.places


@pytest.mark.slow
async def test_five_thousand_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    result = await run(KILLS_LONG, SEED, folder=tmp_path)
    assert result.violations == []
    assert result.reached >= 0.8 * result.meant, result.places


def test_every_row_belongs_to_a_module_that_the_command_knows() -> None:
    assert {row.attempt.__module__ for row in ROWS.values()} == {module.__name__ for module in MODULES}


@pytest.mark.slow
async def test_a_planted_fault_is_found_by_real_kills(tmp_path: Path) -> None:
    """A comparison that finds nothing here would find nothing anywhere."""
    result = await run(60, SEED, each=30, folder=tmp_path, planted="effects get out before they are durable")
    assert result.violations
