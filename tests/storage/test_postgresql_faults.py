"""What happens to a server, a connection and two writers of one database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from itertools import count

import psycopg
import pytest

from storage.errors import OutOfOrder
from storage.postgresql import PostgresqlStore
from storage.postgresql_server import Found, Server
from tests.servers.postgresql import Postgresql, running_postgresql
from tests.storage.builders import NOW, a_customer, a_message, an_identity, appending, entry, putting
from tests.storage.committer import transaction
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.records import CustomerRow, MessageRow, Remove, SetAttributes, Transaction

pytestmark = pytest.mark.needs_server("postgresql")

IMPATIENT = 200


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresqlStore]:
    store = await PostgresqlStore.open(database, patience=IMPATIENT)
    yield store
    await store.close()


@pytest.fixture
async def other(store: PostgresqlStore, database: str) -> AsyncIterator[PostgresqlStore]:
    """Another node's store on the same database."""
    other = await PostgresqlStore.open(database, patience=IMPATIENT)
    yield other
    await other.close()


@pytest.fixture(scope="module")
def module_mortal() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def mortal(module_mortal: Postgresql) -> Iterator[Postgresql]:
    """A server that may die: the tests of this module use it one after the other."""
    yield module_mortal
    module_mortal.stop()
    module_mortal.start()


def failing(code: str) -> tuple[str, ...]:
    """Return how the server comes to fail with `code` where a customer is called "fail"."""
    return (
        f"""
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.name = 'fail' THEN RAISE EXCEPTION 'as the test wants' USING ERRCODE = '{code}'; END IF;
            RETURN new;
        END $$
        """,
        "CREATE TRIGGER fail BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION fail()",
    )


def schema_of(database: str) -> str:
    return database.rpartition("%3D")[2]


async def committed_as_one(
    store: PostgresqlStore, server: Postgresql, database: str, *transactions: Transaction
) -> list[BaseException | None]:
    """Have `transactions` wait behind one that another session holds up, and return what became of them."""
    await store.commit(putting(a_customer("c-held")))
    with psycopg.connect(database) as holding:
        holding.execute("UPDATE customers SET name = 'held' WHERE id = 'c-held'")
        tasks = [asyncio.create_task(store.commit(putting(a_customer("c-held"))))]
        await asyncio.to_thread(server.wait_for, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted", database)
        tasks += [asyncio.create_task(store.commit(transaction)) for transaction in transactions]
        # One turn of the loop, so that all of them have been handed over.
        await asyncio.to_thread(int)
    first, *rest = await asyncio.gather(*tasks, return_exceptions=True)
    assert first is None
    return rest


async def test_one_bad_transaction_in_a_shared_commit_fails_alone(
    store: PostgresqlStore, postgresql: Postgresql, database: str
) -> None:
    bad = putting(a_message("m-1", external_id="x"), a_message("m-2", external_id="x"))
    overtaken = Transaction(entries=(entry(7),), after=6, changes=bad.changes[:1])
    work = (appending(1, after=0), bad, overtaken, appending(2, after=1), appending(3, 5, after=2))
    results = await committed_as_one(store, postgresql, database, *work)
    assert [type(one) for one in results] == [type(None), PermanentFailure, OutOfOrder, type(None), PermanentFailure]
    assert await store.last_seq() == 2
    assert (await store.counts())["messages"] == 0
    assert await store.check() == []


@pytest.mark.parametrize("code", ["53100", "53200", "57014", "40P01", "XX000"])
async def test_a_server_that_fails_fails_for_all_and_the_store_recovers(
    store: PostgresqlStore, postgresql: Postgresql, database: str, code: str
) -> None:
    for statement in failing(code):
        postgresql.execute(statement, database)
    results = await committed_as_one(
        store, postgresql, database, appending(1, after=0), putting(a_customer("c-2", name="fail"))
    )
    assert [type(result) for result in results] == [TemporaryFailure, TemporaryFailure]
    assert f"as the test wants ({code})" in str(results[0])
    await store.commit(appending(1, after=0))
    assert await store.last_seq() == 1


@pytest.mark.parametrize("code", ["54000", "23514", "22001"])
async def test_what_the_server_refuses_for_ever_is_a_permanent_failure(
    store: PostgresqlStore, postgresql: Postgresql, database: str, code: str
) -> None:
    for statement in failing(code):
        postgresql.execute(statement, database)
    results = await committed_as_one(
        store, postgresql, database, appending(1, after=0), putting(a_customer("c-2", name="fail"))
    )
    assert [type(result) for result in results] == [type(None), PermanentFailure]


async def test_people_are_in_no_message_about_a_failure(store: PostgresqlStore) -> None:
    await store.commit(putting(a_message("m-1", external_id="ada@example.org")))
    with pytest.raises(PermanentFailure, match="duplicate key value") as refused:
        await store.commit(putting(a_message("m-2", external_id="ada@example.org")))
    told = f"{refused.value} {refused.value.__cause__!r} {refused.value.__cause__}"
    assert "ada" not in told


async def test_a_connection_that_is_cut_in_a_commit_leaves_nothing_unknown_for_long(
    store: PostgresqlStore, postgresql: Postgresql, database: str
) -> None:
    await store.commit(appending(1, after=0))
    with psycopg.connect(database) as holding:
        holding.execute("LOCK TABLE journal IN EXCLUSIVE MODE")
        waiting = asyncio.create_task(store.commit(appending(2, after=1)))
        await asyncio.to_thread(postgresql.wait_for, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted", database)
        postgresql.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted", database)
        with pytest.raises(TemporaryFailure, match="could not be written"):
            await waiting
    await store.commit(appending(2, after=1))
    assert [one.seq async for one in store.read(0)] == [1, 2]


async def test_reads_go_on_over_connections_that_were_cut(
    store: PostgresqlStore, postgresql: Postgresql, database: str
) -> None:
    await store.commit(putting(a_customer()))
    assert await asyncio.gather(*(store.customer("c-1") for _ in range(8))) == [a_customer()] * 8
    postgresql.cut(database)
    assert await asyncio.gather(*(store.customer("c-1") for _ in range(8))) == [a_customer()] * 8
    with pytest.raises(TemporaryFailure):
        await store.commit(putting(a_customer("c-2")))
    await store.commit(putting(a_customer("c-2")))


async def test_of_two_writers_at_the_same_place_exactly_one_wins_each_time(
    store: PostgresqlStore, other: PostgresqlStore
) -> None:
    for seq in range(1, 51):
        rivals = (
            Transaction(entries=(entry(seq),), after=seq - 1, changes=putting(a_customer(f"c-{seq}-{name}")).changes)
            for name in ("here", "there")
        )
        results = await asyncio.gather(
            *(each.commit(rival) for each, rival in zip((store, other), rivals, strict=True)), return_exceptions=True
        )
        assert sorted(str(type(result).__name__) for result in results) == ["NoneType", "OutOfOrder"]
        winner = "here" if results[0] is None else "there"
        assert await store.customer(f"c-{seq}-{winner}") is not None
    assert (await other.counts())["customers"] == 50
    assert await other.last_seq() == 50
    assert await other.check() == []


async def test_a_writer_sees_at_once_that_another_has_written(store: PostgresqlStore, other: PostgresqlStore) -> None:
    await store.commit(appending(1, after=0))
    await other.commit(appending(2, 3, after=1))
    with pytest.raises(OutOfOrder, match="the journal ends at 3, the transaction follows 1"):
        await store.commit(Transaction(after=1, changes=putting(a_customer()).changes))
    assert await store.customer("c-1") is None
    await store.commit(appending(4, after=3))
    assert await other.check() == []


async def test_what_builds_on_a_refused_transaction_is_refused_too_though_another_wrote_as_much(
    store: PostgresqlStore, other: PostgresqlStore
) -> None:
    await other.commit(appending(1, 2, after=0, interaction="i-other"))
    built = (appending(1, after=0), appending(2, after=1), appending(3, after=2), Transaction(after=3))
    results = await asyncio.gather(*map(store.commit, built), return_exceptions=True)
    assert [type(result) for result in results] == [OutOfOrder] * 4
    assert "with other entries" in str(results[2])
    # He has heard of it: what he brings now follows what is there.
    await store.commit(appending(3, after=2))
    assert [one.interaction async for one in store.read(0)] == ["i-other", "i-other", "i-1"]


async def test_a_writer_who_stands_still_at_the_fence_is_ended(
    store: PostgresqlStore, other: PostgresqlStore, database: str
) -> None:
    asleep = Server(database).keeper()
    asleep.execute("BEGIN")
    asleep.execute(b"SELECT pg_advisory_xact_lock(1130720884, hashtext(current_schema()))")
    asleep.execute("INSERT INTO customers (id, created_at, name, attributes) VALUES ('c-late', 0, '', '{}')")
    await store.commit(appending(1, after=0))
    with pytest.raises(psycopg.OperationalError):
        asleep.execute("COMMIT")
    assert await other.customer("c-late") is None
    await other.commit(appending(2, after=1))


async def test_a_writer_who_stands_still_over_a_row_is_ended(store: PostgresqlStore, database: str) -> None:
    await store.commit(putting(a_customer()))
    asleep = Server(database).keeper()
    asleep.execute("BEGIN")
    asleep.execute(b"SELECT pg_advisory_xact_lock_shared(1130720885, hashtext(current_schema()))")
    asleep.execute("UPDATE customers SET name = 'late' WHERE id = 'c-1'")
    with pytest.raises(TemporaryFailure, match="lock timeout"):
        await store.commit(putting(a_customer(name="new")))
    await store.commit(putting(a_customer(name="new")))
    with pytest.raises(psycopg.OperationalError):
        asleep.execute("COMMIT")
    assert await store.customer("c-1") == a_customer(name="new")


async def test_a_server_that_lost_what_it_promised_is_not_written_again(
    store: PostgresqlStore, postgresql: Postgresql, database: str
) -> None:
    await store.commit(appending(1, 2, after=0))
    postgresql.execute("DELETE FROM journal WHERE seq = 2", database)
    with pytest.raises(PermanentFailure, match="lost journal entries"):
        await store.commit(appending(2, after=1))
    postgresql.cut(database)
    for _ in range(2):
        with pytest.raises(PermanentFailure, match="lost journal entries"):
            await store.commit(putting(a_customer()))


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(mortal: Postgresql) -> None:
    store = await PostgresqlStore.open(mortal.database())
    promised = 0
    for _ in range(5):
        promised = await promised_before(store, partial(asyncio.to_thread, mortal.kill))
        with pytest.raises(TemporaryFailure, match="could not be read"):
            await store.last_seq()
        await asyncio.to_thread(mortal.start)
        seq, counts = await store.last_seq(), await store.counts()
        assert seq >= 2 * promised > 0
        assert (seq % 2, counts["journal"]) == (0, seq)
        assert counts["customers"] == counts["messages"] == seq // 2
        assert await store.check() == []
    await store.close()


async def promised_before(store: PostgresqlStore, fault: Callable[[], Awaitable[None]]) -> int:
    """Commit from eight sides, let `fault` happen in the middle; return the last number that was acknowledged."""
    enough, numbers = asyncio.Event(), count(await store.last_seq() // 2 + 1)
    acknowledged: list[int] = []

    async def call() -> None:
        for number in numbers:
            await store.commit(transaction(number))
            acknowledged.append(number)
            if len(acknowledged) == 50:
                enough.set()

    calls = [asyncio.create_task(call()) for _ in range(8)]
    await enough.wait()
    await fault()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(end) for end in ends} <= {TemporaryFailure, OutOfOrder}
    return max(acknowledged)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [("fsync=off", "fsync is off"), ("full_page_writes=off", ""), ("synchronous_commit=off", "")],
)
async def test_a_server_that_would_lose_what_it_promises_is_refused(
    mortal: Postgresql, setting: str, reason: str
) -> None:
    url = mortal.database()
    mortal.stop()
    mortal.start("-c", setting)
    if reason:
        with pytest.raises(PermanentFailure, match=reason):
            await PostgresqlStore.open(url)
        return
    store = await PostgresqlStore.open(url)
    risky = [warning.partition(" ")[0] for warning in store.warnings]
    await store.close()
    assert ("full_page_writes" in risky) == setting.startswith("full_page_writes")
    with Server(url).writer() as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_what_a_server_is_not_fit_for_is_said_in_words() -> None:
    fit = Found("150004", "UTF8", "on", "on", "on", is_standby=False, schema="public")
    assert (fit.reasons(), fit.warnings()) == ([], [])
    unfit = Found("130010", "SQL_ASCII", "off", "off", "off", is_standby=True, schema=None)
    assert [reason.split(";")[0] for reason in unfit.reasons()] == [
        "it is PostgreSQL 13, and 14 is the oldest",
        "the database's encoding is SQL_ASCII",
        "fsync is off, so that a power cut loses what was acknowledged",
        "it is a standby, which can't be written",
        "no schema of the user's search_path is there",
    ]
    assert len(unfit.warnings()) == 2


async def test_a_database_of_another_encoding_is_refused(postgresql: Postgresql) -> None:
    postgresql.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0 LOCALE_PROVIDER libc")
    with pytest.raises(PermanentFailure, match="SQL_ASCII"):
        await PostgresqlStore.open(postgresql.url("bytes"))
    postgresql.execute("DROP DATABASE bytes")


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(TemporaryFailure, match=r"postgresql://ada@127\.0\.0\.1:1/site can't be reached") as failed:
        await PostgresqlStore.open("postgresql://ada@127.0.0.1:1/site", password="secret word")
    assert "secret" not in f"{failed.value} {failed.value.__cause__!r}"


async def test_a_user_without_rights_is_told_so(postgresql: Postgresql, database: str) -> None:
    postgresql.execute("CREATE ROLE stranger LOGIN")
    postgresql.execute("GRANT USAGE ON SCHEMA site TO stranger".replace("site", schema_of(database)))
    url = database.replace("postgres@", "stranger@")
    with pytest.raises(PermanentFailure, match="permission denied for schema site_"):
        await PostgresqlStore.open(url)
    with pytest.raises(PermanentFailure, match="no schema of the user's search_path is there"):
        await PostgresqlStore.open(database.replace("site_", "no_site_"))


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "UPDATE journal SET body = replace(encode(body, 'escape'), 'i-1', 'i-9')::bytea WHERE seq = 7",
            "journal: entry 7 was changed",
        ),
        ("UPDATE journal SET interaction = 'i-9' WHERE seq = 7", "journal: entry 7 was changed"),
        ("UPDATE journal SET at = at + 1 WHERE seq = 3", "journal: entry 3 was changed"),
        ("DELETE FROM journal WHERE seq IN (4, 5)", "journal: entries 4 to 5 are missing"),
        ("DELETE FROM journal WHERE seq >= 9", "journal: it ends at 8, but a checkpoint knows entry 10"),
        ("DELETE FROM message_search", "message_search: 1 messages are missing"),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_audit_at'::regclass",
            "database: the index ix_audit_at is not valid",
        ),
    ],
)
async def test_check_finds_what_was_changed_behind_the_stores_back(
    store: PostgresqlStore, postgresql: Postgresql, database: str, statement: str, problem: str
) -> None:
    await store.commit(appending(*range(1, 11), after=0))
    await store.save_checkpoint(10, NOW, b"{}")
    await store.commit(putting(a_customer(), an_identity(), a_message()))
    assert await store.check() == []
    postgresql.execute(statement, database)
    problems = await store.check()
    assert problems
    assert problems[0].startswith(problem)


async def test_what_was_erased_is_no_row_of_any_table_after_scrubbing(
    store: PostgresqlStore, postgresql: Postgresql, database: str
) -> None:
    await store.commit(putting(a_message("m-erased", text="the canary sings"), a_message("m-2", text="canary")))
    await store.commit(Transaction(changes=(Remove(MessageRow, "m-erased"),)))
    await store.commit(putting(a_message("m-2", text="")))
    await store.scrub()
    dead = postgresql.execute("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'messages'", database)
    assert dead == [(0,)]
    passed_by = (
        "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema() AND last_vacuum IS NULL "
        "ORDER BY relname"
    )
    assert postgresql.execute(passed_by, database) == [("alembic_version",), ("checkpoints",), ("journal",)]
    assert postgresql.execute("SELECT count(*) FROM message_search WHERE words @@ 'canary'::tsquery", database) == [
        (0,)
    ]


async def test_attributes_that_two_nodes_set_at_once_are_all_there(
    store: PostgresqlStore, other: PostgresqlStore
) -> None:
    await store.commit(putting(a_customer()))
    changes = [SetAttributes(CustomerRow, "c-1", {f"n-{n}": n}) for n in range(40)]
    nodes = (store, other)
    await asyncio.gather(*(nodes[n % 2].commit(Transaction(changes=(each,))) for n, each in enumerate(changes)))
    assert await store.customer("c-1") == a_customer(attributes={f"n-{n}": n for n in range(40)})


async def test_closing_finishes_what_waits_and_then_refuses(database: str) -> None:
    store = await PostgresqlStore.open(database)
    waiting = asyncio.gather(*(store.commit(appending(seq, after=seq - 1)) for seq in range(1, 51)))
    # One turn of the loop, so that all of them have been handed over.
    await asyncio.to_thread(int)
    await store.close()
    await waiting
    with pytest.raises(TemporaryFailure, match="closed"):
        await store.commit(appending(51, after=50))
