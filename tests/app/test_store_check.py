"""What `centrala db check` finds in a store that a real writer has filled and somebody has changed since."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.kept_state import packed
from app.store_check import checked
from reports.live import Stats
from router.state import State
from tests.app.test_engine import Running, message
from tests.builders import admit
from tests.storage.faulty import rewrite


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A writer that has admitted three interactions."""
    running = Running(tmp_path / "centrala.db")
    await running.start()
    for number in range(3):
        await running.engine.submit(admit(f"i-{number}"), (message(f"i-{number}"),))
    yield running
    await running.stop()


def wrong(running: Running) -> list[str]:
    found = checked(running.path).problems
    assert all(problem.remedy for problem in found)
    return [problem.what for problem in found]


async def test_a_store_in_use_is_found_sound_and_its_checkpoints_are_compared(running: Running) -> None:
    engine = running.engine
    await running.store.save_checkpoint(engine.seq, 0, packed(engine.state, engine.stats))
    found = checked(running.path)
    assert (found.problems, found.checkpoints) == ((), 1)
    assert (found.contents.interactions, found.contents.open) == (3, 3)


async def test_a_checkpoint_of_another_state_is_named(running: Running) -> None:
    seq = running.engine.seq
    await running.store.save_checkpoint(seq, 0, packed(State(), Stats(0)))
    assert wrong(running) == [f"checkpoint {seq}: its state is not the one that the journal gives up to there"]


async def test_a_checkpoint_of_another_version_is_harmless_and_says_so(running: Running) -> None:
    await running.store.save_checkpoint(running.engine.seq, 0, b'{"v": 99}')
    (problem,) = checked(running.path).problems
    assert "another version" in problem.what
    assert "Harmless" in problem.remedy


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE interactions SET queue = 'elsewhere', agent = 'a' WHERE id = 'i-1'",
            "interaction i-1: the records and the journal differ in queue, agent",
        ),
        ("UPDATE messages SET interaction = 'i-9' WHERE id = 'm-i-1'", "message m-i-1: its interaction is not in"),
        (
            "INSERT INTO outbox SELECT 'o', 'mail', 'i-1', x'', 0, 'lost', 0, 0, '', NULL, NULL, ''",
            "outbox: 1 rows are in",
        ),
        ("DELETE FROM interactions WHERE id = 'i-2'", "interaction i-2: the records don't have it"),
        ("UPDATE journal SET at = at + 1 WHERE seq = 2", "journal: entry 2 was changed after it was written"),
    ],
)
async def test_what_does_not_fit_is_named(running: Running, statement: str, expected: str) -> None:
    rewrite(running.path, statement)
    assert wrong(running)[0].startswith(expected)


async def test_many_of_a_kind_are_counted(running: Running) -> None:
    for number in range(3, 30):
        await running.engine.submit(admit(f"i-{number}"))
    rewrite(running.path, "UPDATE interactions SET queue = 'elsewhere'")
    assert wrong(running)[-1] == "interaction: 20 more like these"
