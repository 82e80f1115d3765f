"""The simulated disk itself: it forgets what was not synced, and nothing else."""

import sqlite3
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed
from typing import Any

import pytest

from tests.simulation.disk import Disk


def opened(disk: Disk, synchronous: str) -> Any:
    connection = disk.connect(disk.folder / "some.db", read_only=False)
    for pragma in ("journal_mode = WAL", f"synchronous = {synchronous}", "wal_autocheckpoint = 20"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def rows_after(folder: Path, synchronous: str, seed: int, *, power_lost: bool) -> int:
    """Return how many of 30 committed rows the next boot finds."""
    disk = Disk(folder / "before", Random(seed))  # noqa: S311  # no secret
    connection = opened(disk, synchronous)
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)")
    for number in range(30):
        connection.execute("INSERT INTO t VALUES (?, ?)", (number, bytes(3000)))
    disk.die()
    heir = disk.successor(folder / "after", power_lost=power_lost)
    found = heir.connect(heir.folder / "some.db", read_only=False)
    try:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (count,) = found.execute("SELECT count(*) FROM t").fetchone()
    except sqlite3.Error:
        return 0
    finally:
        heir.release()
    return int(count)


@pytest.mark.parametrize("seed", range(12))
def test_what_was_synced_survives_every_power_cut(tmp_path: Path, seed: int) -> None:
    assert rows_after(tmp_path, "FULL", seed, power_lost=True) == 30


def test_a_kill_loses_nothing_even_without_sync(tmp_path: Path) -> None:
    assert rows_after(tmp_path, "OFF", 1, power_lost=False) == 30


def test_without_sync_a_power_cut_loses_commits(tmp_path: Path) -> None:
    found = [rows_after(tmp_path / str(seed), "OFF", seed, power_lost=True) for seed in range(12)]
    assert min(found) < 30


def test_a_dead_machine_writes_nothing_more(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "it", Random(1))  # noqa: S311  # no secret
    connection = opened(disk, "FULL")
    connection.execute("CREATE TABLE t (n)")
    disk.die()
    with pytest.raises(sqlite3.OperationalError, match="the power is off"):
        connection.execute("INSERT INTO t VALUES (1)")
    disk.release()


def test_a_full_disk_and_a_failing_sync_say_so(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "it", Random(1))  # noqa: S311  # no secret
    connection = opened(disk, "FULL")
    connection.execute("CREATE TABLE t (n)")
    disk.full = True
    with pytest.raises(sqlite3.OperationalError, match="full"):
        connection.execute("INSERT INTO t VALUES (1)")
    disk.full, disk.fails_to_sync = False, 1
    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        connection.execute("INSERT INTO t VALUES (1)")
    disk.release()
