import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage.errors import OutOfOrder
from storage.seal import sealed
from storage.snapshot import snapshot
from storage.sqlite import SqliteStore
from storage.sqlite_file import connect, require_sound
from tests.storage.builders import (
    NOW,
    a_customer,
    a_message,
    a_model,
    an_identity,
    an_interaction,
    appending,
    entry,
    putting,
)
from tests.storage.faulty import Disk, damage, files_beside, move, read, rewrite, write
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import derived_id, received_id
from vocabulary.records import IdentityRow, MessageRow, ReceivedRow, Remove, Transaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "centrala.db"


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def store(path: Path, disk: Disk) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, connect=disk.connect)
    yield store
    await store.close()


async def committed_as_one(store: SqliteStore, disk: Disk, *transactions: Transaction) -> list[BaseException | None]:
    """Hold the disk in a commit until all `transactions` wait, let it go, and return what became of them."""
    disk.gate.clear()
    disk.entered.clear()
    first = asyncio.create_task(store.commit(putting(a_customer("c-first"))))
    assert await asyncio.to_thread(disk.entered.wait, 30)
    rest = [asyncio.create_task(store.commit(transaction)) for transaction in transactions]
    # Runs behind the first step of each task above: by then all of them wait.
    asyncio.get_running_loop().call_soon(disk.gate.set)
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_commits_that_wait_share_one_disk_commit(store: SqliteStore, disk: Disk) -> None:
    before = disk.commits
    results = await committed_as_one(store, disk, *(putting(a_customer(f"c-{number}")) for number in range(200)))
    assert results == [None] * 200
    assert disk.commits - before == 2
    assert (await store.counts())["customers"] == 201


async def test_one_bad_transaction_in_a_shared_commit_fails_alone(store: SqliteStore, disk: Disk) -> None:
    bad = putting(a_message("m-1", external_id="x"), a_message("m-2", external_id="x"))
    overtaken = Transaction(entries=(entry(7),), after=6, changes=bad.changes[:1])
    results = await committed_as_one(store, disk, appending(1, after=0), bad, overtaken, appending(2, after=1))
    assert [type(result) for result in results] == [type(None), PermanentFailure, OutOfOrder, type(None)]
    assert await store.last_seq() == 2
    assert (await store.counts())["messages"] == 0


@pytest.mark.parametrize("fault", ["disk I/O error", "database or disk is full"])
async def test_a_failed_disk_commit_fails_for_all_and_the_store_recovers(
    store: SqliteStore, disk: Disk, fault: str
) -> None:
    await store.commit(appending(1, after=0))
    opened = disk.opened
    disk.fails_at_commit = fault
    results = await asyncio.gather(
        store.commit(appending(2, after=1)), store.commit(appending(3, after=2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [TemporaryFailure, TemporaryFailure]
    disk.fails_at_commit = None
    await store.commit(appending(2, after=1))
    assert disk.opened > opened
    assert await store.last_seq() == 2
    assert await store.check() == []


async def test_a_commit_whose_answer_was_lost_is_seen_by_the_fence(store: SqliteStore, disk: Disk) -> None:
    disk.fails_after_commit = "disk I/O error"
    with pytest.raises(TemporaryFailure):
        await store.commit(appending(1, after=0))
    disk.fails_after_commit = None
    with pytest.raises(OutOfOrder):
        await store.commit(appending(1, after=0))
    await store.commit(appending(2, after=1))


async def test_a_full_disk_refuses_and_reads_go_on_until_there_is_room(store: SqliteStore, disk: Disk) -> None:
    await store.commit(putting(a_customer()))
    disk.pages_max = 1
    disk.fails_at_commit = "reopen with less room"
    with pytest.raises(TemporaryFailure):
        await store.commit(putting(a_customer("c-lost")))
    disk.fails_at_commit = None
    with pytest.raises(TemporaryFailure, match="full"):
        await store.commit(putting(a_message(text="x" * 1_000_000)))
    assert await store.customer("c-1") == a_customer()
    disk.pages_max = None
    await store.commit(putting(a_message(text="x" * 1_000_000)))
    assert (await store.counts())["messages"] == 1


async def test_a_disk_that_lost_what_it_promised_is_not_written_again(
    store: SqliteStore, disk: Disk, path: Path
) -> None:
    await store.commit(appending(1, 2, after=0))
    rewrite(path, "DELETE FROM journal WHERE seq = 2")
    disk.fails_at_commit = "disk I/O error"
    with pytest.raises(TemporaryFailure):
        await store.commit(appending(3, after=2))
    disk.fails_at_commit = None
    with pytest.raises(PermanentFailure, match="lost journal entries"):
        await store.commit(appending(2, after=1))


async def test_a_file_that_was_replaced_is_not_written(store: SqliteStore, path: Path) -> None:
    moved = move(path, path.with_name("moved.db"))
    with pytest.raises(TemporaryFailure, match=r"centrala\.db"):
        await store.commit(putting(a_customer()))
    write(path, b"")
    with pytest.raises(TemporaryFailure, match="moved or replaced"):
        await store.commit(putting(a_customer()))
    move(moved, path)
    await store.commit(putting(a_customer()))


async def test_a_caller_who_gives_up_does_not_disturb_the_others(store: SqliteStore, disk: Disk) -> None:
    disk.gate.clear()
    tasks = [asyncio.create_task(store.commit(putting(a_customer(f"c-{number}")))) for number in range(3)]
    assert await asyncio.to_thread(disk.entered.wait, 30)
    tasks[1].cancel()
    disk.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]


async def test_closing_finishes_what_waits_and_then_refuses(path: Path) -> None:
    store = await SqliteStore.open(path)
    waiting = asyncio.gather(*(store.commit(appending(seq, after=seq - 1)) for seq in range(1, 51)))
    # One turn of the loop, so that all of them have been handed over.
    await asyncio.to_thread(int)
    await store.close()
    await waiting
    with pytest.raises(TemporaryFailure, match="closed"):
        await store.commit(appending(51, after=50))
    again = await SqliteStore.open(path)
    assert await again.last_seq() == 50
    await again.close()


async def test_a_second_store_on_the_same_file_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(PermanentFailure, match="in use by process"):
        await SqliteStore.open(path)
    await store.commit(putting(a_customer()))


async def test_a_closed_file_may_be_opened_again(path: Path) -> None:
    for _ in range(2):
        store = await SqliteStore.open(path)
        await store.close()


async def test_a_damaged_file_is_refused_with_a_way_out(path: Path) -> None:
    store = await SqliteStore.open(path)
    await store.commit(putting(*(a_message(f"m-{number}", text="x" * 2_000) for number in range(200))))
    await store.close()
    damage(path, seed=1)
    with pytest.raises(PermanentFailure, match=r"is damaged.*centrala restore"):
        await SqliteStore.open(path)


async def test_a_file_whose_schema_names_no_text_is_refused_like_any_damaged_one(path: Path) -> None:
    """SQLite names what it can't read, and the driver can't pass on a name that is no text."""
    store = await SqliteStore.open(path)
    await store.close()
    content = read(path)
    # The name stands in the first column behind the kind, for which a damaged page may hold anything.
    assert b"tablemessagesmessages" in content
    write(path, content.replace(b"tablemessagesmessages", b"tabl\x00mess\x95\xffesmessages", 1))
    with pytest.raises(PermanentFailure, match=r"is damaged: .*centrala restore"):
        await SqliteStore.open(path)
    with pytest.raises(PermanentFailure, match=r"is damaged"), snapshot(path):
        pass


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + bytes(4080)])
async def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    write(path, content)
    with pytest.raises(PermanentFailure, match="centrala restore"):
        await SqliteStore.open(path)
    assert read(path) == content


async def test_a_file_that_may_not_be_opened_is_not_called_damaged(path: Path) -> None:
    """Nobody should restore a backup because a disk is mounted read-only."""
    store = await SqliteStore.open(path)
    await store.close()

    def refused(path: Path, *, read_only: bool) -> sqlite3.Connection:
        return connect(path.with_name("missing") / path.name, read_only=read_only)

    with pytest.raises(PermanentFailure, match=r"can't be opened: .*Check the folder and its permissions"):
        require_sound(path, refused)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match="missing/centrala"):
        await SqliteStore.open(tmp_path / "missing" / "centrala.db")


async def test_the_file_is_its_owners_alone(store: SqliteStore, path: Path) -> None:
    await store.commit(putting(a_customer()))
    files = files_beside(path)
    assert [file.name for file in files] == ["centrala.db", "centrala.db-shm", "centrala.db-wal", "centrala.db.lock"]
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE journal SET body = CAST(replace(body, 'i-1', 'i-9') AS BLOB) WHERE seq = 7",
            "journal: entry 7 was changed",
        ),
        ("UPDATE journal SET interaction = 'i-9' WHERE seq = 7", "journal: entry 7 was changed"),
        ("UPDATE journal SET type = 'Closed' WHERE seq = 7", "journal: entry 7 was changed"),
        ("UPDATE journal SET at = 'soon' WHERE seq = 7", "journal: entry 7 was changed"),
        ("UPDATE journal SET at = at + 1 WHERE seq = 3", "journal: entry 3 was changed"),
        ("DELETE FROM journal WHERE seq IN (4, 5)", "journal: entries 4 to 5 are missing"),
        ("DELETE FROM journal WHERE seq >= 9", "journal: it ends at 8, but a checkpoint knows entry 10"),
        ("DELETE FROM customers", "identities: 1 rows belong to customers that are gone"),
    ],
)
async def test_check_finds_what_was_changed_behind_the_stores_back(path: Path, statement: str, problem: str) -> None:
    store = await SqliteStore.open(path)
    await store.commit(appending(*range(1, 11), after=0))
    await store.save_checkpoint(10, NOW, b"{}")
    await store.commit(putting(a_customer(), an_identity()))
    assert await store.check() == []
    await store.close()
    rewrite(path, statement)
    store = await SqliteStore.open(path, check=False)
    problems = await store.check()
    await store.close()
    assert problems
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE journal SET at = at + 1 WHERE seq = 3", "journal: entry 3 was changed"),
        ("UPDATE journal SET at = 'soon' WHERE seq = 7", "journal: entry 7 was changed"),
        ("DELETE FROM journal WHERE seq IN (4, 5)", "journal: entries 4 to 5 are missing"),
        ("UPDATE checkpoints SET body = CAST(substr(body, 1, 40) AS BLOB)", "checkpoint 10 was changed"),
        ("UPDATE received SET raw = CAST(replace(raw, 'Hello', 'Hullo') AS BLOB)", "the bytes of r-.* were changed"),
        (
            "UPDATE models SET content = CAST(replace(content, 'weight', 'height') AS BLOB)",
            "the bytes of m-.* were changed",
        ),
    ],
)
async def test_what_was_changed_inside_a_value_is_found_at_start(path: Path, statement: str, problem: str) -> None:
    raw = b"From: anna@example.org\r\n\r\nHello\r\n" * 500
    store = await SqliteStore.open(path)
    await store.commit(appending(*range(1, 11), after=0))
    await store.save_checkpoint(10, NOW, sealed(b'{"v": 2}'))
    await store.commit(putting(ReceivedRow(id=received_id("mail", raw), channel="mail", at=NOW, raw=raw)))
    await store.commit(putting(a_model(b"weight" * 5_000)))
    await store.close()
    rewrite(path, statement)
    with pytest.raises(PermanentFailure, match=rf"is damaged: .*{problem}.*centrala restore"):
        await SqliteStore.open(path)


async def test_erased_text_is_in_none_of_the_files(store: SqliteStore, path: Path) -> None:
    others = [a_message(f"m-{number}", text=f"ordinary words {number}") for number in range(100)]
    await store.commit(putting(an_interaction(), *others, a_message("m-erased", text="the canary sings quixotically")))
    await store.commit(putting(a_message("m-emptied", subject="canary", html="<p>canary</p>")))
    await store.commit(Transaction(changes=(Remove(MessageRow, "m-erased"),)))
    await store.commit(putting(a_message("m-emptied", text="")))
    await store.scrub()
    held = b"".join(map(read, files_beside(path)))
    assert b"ordinary" in held
    assert b"canary" not in held
    assert b"quixotic" not in held
    assert len(await store.interactions(q="ordinary")) == 1


async def test_what_moved_when_pages_were_split_leaves_no_copy(store: SqliteStore, path: Path) -> None:
    """Values in an index move from page to page as it grows; where they were, SQLite overwrites nothing."""
    await store.commit(putting(a_customer()))
    kinds = ["canary" if number % 3 == 0 else "ordinary" for number in range(8_000)]
    values = [f"{derived_id('n', str(n))}-{kind}-{'x' * (n * 37 % 200)}@example.org" for n, kind in enumerate(kinds)]
    await store.commit(putting(*map(an_identity, values)))
    gone = [f"email:{value}" for value, kind in zip(values, kinds, strict=True) if kind == "canary"]
    await store.commit(Transaction(changes=tuple(Remove(IdentityRow, key) for key in gone)))
    await store.scrub()
    held = b"".join(map(read, files_beside(path)))
    assert b"ordinary" in held
    assert b"canary" not in held


async def test_a_lock_of_another_program_is_a_temporary_failure(path: Path) -> None:
    def impatient(path: Path, *, read_only: bool) -> sqlite3.Connection:
        return sqlite3.connect(path, check_same_thread=False, factory=_Impatient)

    store = await SqliteStore.open(path, connect=impatient)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TemporaryFailure, match="locked"):
        await store.commit(putting(a_customer()))
    other.close()
    await store.commit(putting(a_customer()))
    await store.close()


class _Impatient(sqlite3.Connection):
    """Doesn't wait for a lock, so that the test needn't."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return super().execute(re.sub("busy_timeout = [0-9]+", "busy_timeout = 0", sql), *parameters)
