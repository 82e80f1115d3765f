import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random  # noqa: TID251 (with its seed)

import pytest

from storage.sqlite import SqliteStore
from tests.storage import committer
from vocabulary.errors import PermanentFailure

KILLS = 20


async def test_what_was_acknowledged_survives_kill_9_and_nothing_is_half_there(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"SEED={seed} repeats it")  # noqa: T201 (pytest shows it with a failure)
    draw = Random(seed)  # noqa: S311 (no secret)
    path = tmp_path / "centrala.db"
    promised = 0
    for _ in range(KILLS):
        promised = max(promised, *acknowledged_before_kill(path, after=draw.randrange(1, 60)))
        promised = await verified(path, promised)
    assert promised >= KILLS


async def test_another_process_is_kept_out_until_the_first_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    with started(path) as (process, acknowledged):
        acknowledged.recv()
        with pytest.raises(PermanentFailure, match=f"in use by process {process.pid}"):
            await SqliteStore.open(path)
    store = await SqliteStore.open(path)
    await store.close()


@contextmanager
def started(path: Path) -> Iterator[tuple[BaseProcess, Connection]]:
    """Run a committer that is killed in the end, whatever happens."""
    # A server that has imported everything already forks quickly and has no threads that a fork would break.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.committer"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=committer.run, args=(path, theirs))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def acknowledged_before_kill(path: Path, after: int) -> list[int]:
    """Return what a committer acknowledged that was killed once it had done so `after` times."""
    with started(path) as (process, acknowledged):
        numbers = [acknowledged.recv() for _ in range(after)]
        process.kill()
        return numbers + list(the_rest(acknowledged))


def the_rest(acknowledged: Connection) -> Iterator[int]:
    try:
        while True:
            yield acknowledged.recv()
    except (EOFError, OSError):
        return


async def verified(path: Path, promised: int) -> int:
    """Return how many transactions the file holds, having made sure that they are whole and include all promised."""
    store = await SqliteStore.open(path)
    seq, counts = await store.last_seq(), await store.counts()
    assert seq >= 2 * promised
    assert (seq % 2, counts["journal"]) == (0, seq)
    assert counts["customers"] == counts["messages"] == seq // 2
    assert await store.customer(f"c-{seq // 2}") is not None
    assert await store.check() == []
    await store.close()
    return seq // 2
