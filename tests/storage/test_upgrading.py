"""Upgrades of a store that holds something, by steps that this test brings along."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.migrations import VERSIONS
from storage.schema import newest
from storage.snapshot import verified
from storage.sqlite import SqliteStore
from storage.sqlite_file import connect
from storage.upgrading import planned, upgrade
from tests.storage.builders import a_message, appending, putting
from tests.storage.faulty import files_beside, make_with_schema, read, rewrite
from vocabulary import crashpoints
from vocabulary.errors import PermanentFailure

STEPS = (*VERSIONS, Path(__file__).parent / "steps")
BACKUP = f"centrala.db.schema-{newest()}-event-3.backup"


class Killed(BaseException):
    """As a kill ends a process: nobody catches it."""


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A store of the schema before the steps, with three entries and two messages."""
    path = tmp_path / "centrala.db"
    store = await SqliteStore.open(path)
    await store.commit(appending(1, 2, 3, after=0))
    await store.commit(putting(a_message("m-1"), a_message("m-2", text="")))
    await store.close()
    return path


@pytest.fixture
def killed_at_step() -> Iterator[list[int]]:
    """Kill the upgrade in the step whose number stands in the list, counted from 1."""
    where: list[int] = []
    passed = 0

    def pass_(place: str) -> None:
        nonlocal passed
        if place == "migrate.step":
            passed += 1
            if passed in where:
                raise Killed

    crashpoints.arm(pass_)
    yield where
    crashpoints.arm(None)


def schema(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def notes(path: Path) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id, note FROM messages ORDER BY id").fetchall()


def test_a_plan_names_steps_rows_and_backup_and_changes_nothing(path: Path) -> None:
    before = read(path)
    plan = planned(path, versions=STEPS)
    assert plan.schema == newest()
    assert [(step.revision, step.what) for step in plan.steps] == [
        ("9001", "A note for each message."),
        ("9002", "No notes without text."),
    ]
    assert plan.rows == {"9001": 2, "9002": 0}
    assert plan.backup == path.with_name(BACKUP)
    assert plan.seconds >= 1
    assert read(path) == before


def test_an_upgrade_keeps_a_copy_that_the_older_centrala_can_go_on_with(path: Path) -> None:
    plan = upgrade(path, connect, versions=STEPS)
    assert plan is not None
    assert (schema(path), notes(path)) == ("9002", [("m-1", "of m-1"), ("m-2", None)])
    assert verified(path.with_name(BACKUP)).seq == 3
    assert schema(path.with_name(BACKUP)) == newest()
    assert upgrade(path, connect, versions=STEPS) is None


async def test_an_older_centrala_refuses_the_upgraded_file(path: Path) -> None:
    upgrade(path, connect, versions=STEPS)
    before = read(path)
    with pytest.raises(PermanentFailure, match=r"has schema 9002, this Centrala knows schemas up to \d{4} only"):
        await SqliteStore.open(path)
    assert read(path) == before


@pytest.mark.parametrize(("step", "left_at"), [(1, newest()), (2, "9001")])
def test_a_killed_upgrade_goes_on_with_the_step_in_which_it_stopped(
    path: Path, killed_at_step: list[int], step: int, left_at: str
) -> None:
    killed_at_step.append(step)
    with pytest.raises(Killed):
        upgrade(path, connect, versions=STEPS)
    assert schema(path) == left_at
    killed_at_step.clear()
    upgrade(path, connect, versions=STEPS)
    assert (schema(path), notes(path)) == ("9002", [("m-1", "of m-1"), ("m-2", None)])
    assert schema(path.with_name(BACKUP)) == newest()
    assert verified(path.with_name(BACKUP)).seq == 3


@pytest.mark.parametrize("schema_then", [f"{number:04}" for number in range(1, int(newest()))])
def test_a_store_of_any_older_schema_is_kept_upgraded_and_sound(tmp_path: Path, schema_then: str) -> None:
    path = tmp_path / "centrala.db"
    make_with_schema(path, schema_then)
    plan = upgrade(path, connect)
    assert plan is not None
    assert plan.backup is not None
    assert (schema(plan.backup), verified(plan.backup).schema) == (schema_then, schema_then)
    assert verified(path).schema == newest()


def test_a_new_file_is_made_without_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "centrala.db"
    upgrade(path, connect, versions=STEPS)
    assert [file.name for file in files_beside(path)] == ["centrala.db"]


def test_a_damaged_store_is_not_upgraded(path: Path) -> None:
    rewrite(path, "UPDATE journal SET at = at + 1 WHERE seq = 2")
    before = read(path)
    with pytest.raises(PermanentFailure, match=r"copy that is made first could not be: .*entry 2 was changed"):
        upgrade(path, connect, versions=STEPS)
    assert (read(path), [file.name for file in files_beside(path)]) == (before, ["centrala.db", "centrala.db.lock"])
