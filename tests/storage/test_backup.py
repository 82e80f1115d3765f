"""Copies of a store that a site is writing to, and stores put back from them."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest

from storage.backup import back_up
from storage.restore import Restored, restore
from storage.seal import sealed
from storage.snapshot import Contents, verified
from storage.sqlite import SqliteStore
from tests.storage.builders import NOW, a_customer, a_message, a_model, an_interaction, appending, entry, putting
from tests.storage.faulty import damage, files_beside, move, read, rewrite, write
from vocabulary import crashpoints
from vocabulary.errors import PermanentFailure
from vocabulary.ids import file_id, received_id
from vocabulary.records import AttachmentRow, Put, ReceivedRow, Transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "centrala.db"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "monday.backup"


@pytest.fixture
async def store(path: Path, backup: Path) -> AsyncIterator[SqliteStore]:
    backup.parent.mkdir()
    store = await SqliteStore.open(path)
    yield store
    await store.close()


async def filled(store: SqliteStore, *, commits: int = 300) -> None:
    """Let the store have more pages than are copied at once."""
    for seq in range(1, commits + 1):
        changes = (Put(an_interaction(seq)), Put(a_message(f"m-{seq}", text="word " * 4_000)))
        await store.commit(Transaction(entries=(entry(seq),), after=seq - 1, changes=changes))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return [file.name for file in files_beside(folder / "any")]


async def test_a_backup_holds_what_the_store_held_and_is_its_owners_alone(store: SqliteStore, backup: Path) -> None:
    await store.commit(appending(*range(1, 8), after=0))
    closed = an_interaction(2, state="closed", closed_at=NOW)
    await store.commit(putting(an_interaction(1), closed, an_interaction(3), a_customer()))
    held = back_up(store_file(store), backup)
    assert held == Contents(schema=held.schema, seq=7, digest=held.digest, last_at=NOW + 7, interactions=3, open=2)
    assert len(held.digest) == 64
    assert names(backup.parent) == ["monday.backup"]
    assert mode(backup) == 0o600
    assert verified(backup) == held
    assert names(backup.parent) == ["monday.backup"]


def store_file(store: SqliteStore) -> Path:
    return store._writer._path


async def test_a_backup_under_load_is_one_instant_and_stops_nobody(
    store: SqliteStore, path: Path, backup: Path
) -> None:
    await filled(store)
    copying, seqs = asyncio.Event(), count(301)
    loop = asyncio.get_running_loop()

    async def write() -> None:
        for seq in seqs:
            changes = (Put(an_interaction(seq)), Put(a_message(f"m-{seq}", text="later")))
            await store.commit(Transaction(entries=(entry(seq),), after=seq - 1, changes=changes))
            if seq == 320:
                loop.call_soon(copying.set)

    writing = asyncio.create_task(write())
    await copying.wait()
    before = await store.last_seq()
    held = await asyncio.to_thread(back_up, path, backup)
    after = await store.last_seq()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert before <= held.seq <= after
    assert after > before
    # Each transaction of one entry brought one interaction: none is torn apart.
    assert held.interactions == held.seq


async def test_what_stands_under_the_name_is_never_overwritten(store: SqliteStore, path: Path, backup: Path) -> None:
    write(backup, b"last week's")
    with pytest.raises(PermanentFailure, match=r"monday\.backup exists already"):
        back_up(path, backup)
    assert (read(backup), names(backup.parent)) == (b"last week's", ["monday.backup"])


async def test_of_a_killed_backup_only_an_unfinished_file_is_left_which_the_next_one_replaces(
    store: SqliteStore, path: Path, backup: Path
) -> None:
    await filled(store)

    class Killed(BaseException):
        pass

    def kill(place: str) -> None:
        assert place == "backup.copy"
        assert names(backup.parent) == ["monday.backup.part"]
        raise Killed

    crashpoints.arm(kill)
    try:
        with pytest.raises(Killed):
            back_up(path, backup)
    finally:
        crashpoints.arm(None)
    write(backup.with_name("monday.backup.part"), b"half of it")
    assert back_up(path, backup).seq == 300
    assert names(backup.parent) == ["monday.backup"]


async def test_a_store_that_is_damaged_gives_no_backup(store: SqliteStore, path: Path, backup: Path) -> None:
    await store.commit(appending(*range(1, 11), after=0))
    await store.close()
    rewrite(path, "UPDATE journal SET at = at + 1 WHERE seq = 3")
    with pytest.raises(PermanentFailure, match="entry 3 was changed"):
        back_up(path, backup)
    assert names(backup.parent) == []


async def test_a_folder_that_is_not_there_is_named(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match=r"nowhere/monday\.backup can't be written: No such file"):
        back_up(path, tmp_path / "nowhere" / "monday.backup")
    with pytest.raises(PermanentFailure, match="there is no store to back up"):
        back_up(tmp_path / "other.db", tmp_path / "monday.backup")


async def test_a_restored_store_is_the_one_that_was_backed_up_and_the_newer_one_is_kept(
    store: SqliteStore, path: Path, backup: Path
) -> None:
    await filled(store, commits=20)
    held = back_up(path, backup)
    await store.commit(appending(21, 22, after=20))
    await store.close()
    restored = restore(backup, path, stamp="2026-11-28")
    assert restored.contents == held
    assert restored.kept == path.with_name("centrala.db.before-restore-2026-11-28")
    again = await SqliteStore.open(path)
    assert (await again.last_seq(), await again.check()) == (20, [])
    await again.commit(appending(21, after=20))
    await again.close()
    assert verified(restored.kept).seq == 22
    assert verified(backup) == held


async def test_a_log_that_was_left_by_a_kill_is_kept_with_the_old_store_and_not_taken_for_the_new_ones(
    store: SqliteStore, path: Path, backup: Path, tmp_path: Path
) -> None:
    await filled(store, commits=20)
    back_up(path, backup)
    await store.commit(appending(21, after=20))
    # As a kill leaves it: the log still holds the last commit.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for tail in ("", "-wal", "-shm"):
        write(elsewhere / f"centrala.db{tail}", read(path.with_name(f"centrala.db{tail}")))
    assert restore(backup, elsewhere / "centrala.db", stamp="x").contents.seq == 20
    kept = elsewhere / "centrala.db.before-restore-x"
    assert verified(kept).seq == 21
    assert [name for name in names(elsewhere) if name.endswith(("-wal", "-shm"))] == []


async def test_a_damaged_store_is_replaced_and_kept_as_it_is(store: SqliteStore, path: Path, backup: Path) -> None:
    await filled(store, commits=20)
    back_up(path, backup)
    await store.close()
    damage(path, seed=1)
    damaged = read(path)
    restored = restore(backup, path, stamp="x")
    assert restored.kept is not None
    assert read(restored.kept) == damaged
    again = await SqliteStore.open(path)
    assert await again.last_seq() == 20
    await again.close()


async def test_a_store_may_be_restored_where_none_is(
    store: SqliteStore, path: Path, backup: Path, tmp_path: Path
) -> None:
    await filled(store, commits=3)
    held = back_up(path, backup)
    assert restore(backup, tmp_path / "other.db", stamp="x") == Restored(contents=held, kept=None)
    assert mode(tmp_path / "other.db") == 0o600


async def test_a_store_in_use_is_not_replaced(store: SqliteStore, path: Path, backup: Path) -> None:
    back_up(path, backup)
    with pytest.raises(PermanentFailure, match="in use by process"):
        restore(backup, path, stamp="x")
    await store.commit(putting(a_customer()))


def _cut(backup: Path) -> None:
    write(backup, read(backup)[:-10_000])


def _newer(backup: Path) -> None:
    rewrite(backup, "UPDATE alembic_version SET version_num = '9999'")


def _foreign(backup: Path) -> None:
    backup.unlink()
    rewrite(backup, "CREATE TABLE notes (text)")


def _no_database(backup: Path) -> None:
    write(backup, b"Dear diary" * 1_000)


def _changed(backup: Path) -> None:
    rewrite(backup, "UPDATE journal SET body = CAST(replace(body, 'i-1', 'i-9') AS BLOB) WHERE seq = 7")


def _open_elsewhere(backup: Path) -> None:
    write(backup.with_name("monday.backup-wal"), b"commits")


def _gone(backup: Path) -> None:
    move(backup, backup.with_name("tuesday.backup"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_cut, "is damaged"),
        (_newer, "schema 9999, this Centrala knows schemas up to"),
        (_foreign, "no store of Centrala"),
        (_no_database, "is damaged or no database"),
        (_changed, r"monday\.backup is damaged: journal: entry 7 was changed"),
        (_open_elsewhere, "copied while in use"),
        (_gone, "there is no such backup"),
    ],
)
async def test_a_backup_that_is_not_good_changes_nothing(
    store: SqliteStore, path: Path, backup: Path, spoil: Callable[[Path], None], words: str
) -> None:
    await filled(store, commits=20)
    back_up(path, backup)
    await store.close()
    before, files = read(path), names(path.parent)
    spoil(backup)
    with pytest.raises(PermanentFailure, match=words):
        restore(backup, path, stamp="x")
    assert (read(path), names(path.parent)) == (before, files)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE received SET raw = CAST(replace(raw, 'Hello', 'Hullo') AS BLOB)",
            "received: the bytes of r-.* were changed",
        ),
        ("UPDATE checkpoints SET body = CAST(substr(body, 1, 40) AS BLOB)", "checkpoint 10 was changed"),
        (
            "UPDATE attachments SET content = CAST(replace(content, 'PNG', 'GIF') AS BLOB)",
            "attachments: the bytes of f0-.* were changed",
        ),
        (
            "UPDATE models SET content = CAST(replace(content, 'weight', 'height') AS BLOB)",
            "models: the bytes of m-.* were changed",
        ),
        ("UPDATE received SET raw = x''", ""),
        ("UPDATE attachments SET content = x''", ""),
    ],
)
async def test_bytes_inside_a_value_are_vouched_for(
    store: SqliteStore, path: Path, backup: Path, statement: str, problem: str
) -> None:
    raw = b"From: anna@example.org\r\n\r\nHello\r\n" * 500
    await store.commit(appending(*range(1, 11), after=0))
    await store.commit(putting(ReceivedRow(id=received_id("mail", raw), channel="mail", at=NOW, raw=raw)))
    picture = b"PNG" * 5_000
    row = AttachmentRow(
        id=file_id("m-1", 0, picture), message="m-1", filename="a.png", content_type="image/png", content=picture
    )
    await store.commit(putting(a_message("m-1"), row, a_model(b"weight" * 5_000)))
    await store.save_checkpoint(10, NOW, sealed(b'{"v": 2}'))
    await store.close()
    rewrite(path, statement)
    if not problem:
        back_up(path, backup)
        return
    with pytest.raises(PermanentFailure, match=problem):
        back_up(path, backup)


async def test_the_snapshot_of_a_store_leaves_no_file_behind(path: Path, tmp_path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.commit(appending(1, after=0))
    await store.close()
    back_up(path, tmp_path / "a.backup")
    assert names(tmp_path) == ["a.backup", "centrala.db", "centrala.db.lock"]
    with pytest.raises(sqlite3.OperationalError, match=r"readonly|unable"):
        sqlite3.connect(f"{(tmp_path / 'a.backup').as_uri()}?mode=ro", uri=True).execute("CREATE TABLE x (y)")
