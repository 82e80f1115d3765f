import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random  # noqa: TID251 (with its seed)

import pytest

from storage.sqlite import SqliteStore
from tests.storage import committer
from tests.storage.committer import OVERTAKEN, Place, opened, transaction
from vocabulary.errors import PermanentFailure, TemporaryFailure

KILLS = 20
PAUSES = 5


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_server("postgresql"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return tmp_path / "centrala.db"
    database: str = request.getfixturevalue("database")
    return database


@pytest.fixture
def draw() -> Random:
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"SEED={seed} repeats it")  # noqa: T201 (pytest shows it with a failure)
    return Random(seed)  # noqa: S311 (no secret)


async def test_what_was_acknowledged_survives_kill_9_and_nothing_is_half_there(place: Place, draw: Random) -> None:
    promised = 0
    for _ in range(KILLS):
        promised = max(promised, *acknowledged_before_kill(place, after=draw.randrange(1, 60)))
        promised = await verified(place, promised)
    assert promised >= KILLS


async def test_another_process_is_kept_out_until_the_first_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    with started(path) as (process, acknowledged):
        acknowledged.recv()
        with pytest.raises(PermanentFailure, match=f"in use by process {process.pid}"):
            await SqliteStore.open(path)
    store = await SqliteStore.open(path)
    await store.close()


@pytest.mark.needs_server("postgresql")
async def test_a_writer_who_was_paused_and_wakes_late_is_refused(database: str, draw: Random) -> None:
    promised = 0
    for _ in range(PAUSES):
        with started(database) as (process, acknowledged):
            numbers = [acknowledged.recv() for _ in range(draw.randrange(1, 60))]
            assert process.pid is not None
            os.kill(process.pid, signal.SIGSTOP)
            taken_over = await take_over(database)
            os.kill(process.pid, signal.SIGCONT)
            # He may have been told of a commit before he fell asleep; nothing of his comes behind what we wrote.
            numbers += list(the_rest(acknowledged))
        assert numbers.pop() == OVERTAKEN
        assert max(numbers) < taken_over
        promised = await verified(database, max(taken_over, promised))
    assert promised >= 2 * PAUSES


async def take_over(database: str) -> int:
    """Commit where the journal ends, as another node would, and return the number of what was committed."""
    store = await opened(database)
    try:
        while True:
            number = await store.last_seq() // 2 + 1
            try:
                await store.commit(transaction(number))
            except TemporaryFailure:
                # The sleeper's transaction was being ended, so that ours could not be begun.
                continue
            return number
    finally:
        await store.close()


@contextmanager
def started(place: Place) -> Iterator[tuple[BaseProcess, Connection]]:
    """Run a committer that is killed in the end, whatever happens."""
    # A server that has imported everything already forks quickly and has no threads that a fork would break.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.committer"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=committer.run, args=(place, theirs))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def acknowledged_before_kill(place: Place, after: int) -> list[int]:
    """Return what a committer acknowledged that was killed once it had done so `after` times."""
    with started(place) as (process, acknowledged):
        numbers = [acknowledged.recv() for _ in range(after)]
        process.kill()
        return numbers + list(the_rest(acknowledged))


def the_rest(acknowledged: Connection) -> Iterator[int]:
    try:
        while True:
            yield acknowledged.recv()
    except (EOFError, OSError):
        return


async def verified(place: Place, promised: int) -> int:
    """Return how many transactions the store holds, having made sure that they are whole and include all promised."""
    store = await opened(place)
    seq, counts = await store.last_seq(), await store.counts()
    assert seq >= 2 * promised
    assert (seq % 2, counts["journal"]) == (0, seq)
    assert counts["customers"] == counts["messages"] == seq // 2
    assert await store.customer(f"c-{seq // 2}") is not None
    assert await store.check() == []
    await store.close()
    return seq // 2
