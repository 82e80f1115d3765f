import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

from storage import migrations, tables
from storage.migrations import Step
from storage.postgresql import PostgresqlStore
from storage.sqlite import SqliteStore
from tests.servers.postgresql import Postgresql
from tests.storage.faulty import rewrite
from vocabulary.errors import PermanentFailure

POSTGRESQL = "postgresql+psycopg://"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "centrala.db"


def test_the_steps_make_what_the_tables_say(path: Path) -> None:
    migrations.upgrade(f"sqlite:///{path}")
    assert_as_the_tables_say(create_engine(f"sqlite:///{path}"))


@pytest.mark.needs_server("postgresql")
def test_the_steps_make_the_same_on_postgresql(database: str) -> None:
    connect = partial(psycopg.connect, database)
    migrations.upgrade(POSTGRESQL, connect)
    engine = create_engine(POSTGRESQL, creator=connect, poolclass=NullPool)
    assert_as_the_tables_say(engine)
    query = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text')
        AND collation_name IS DISTINCT FROM 'C'
    """
    with engine.connect() as connection:
        others = connection.exec_driver_sql(query).all()
    assert others == [("alembic_version", "version_num")]


def assert_as_the_tables_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not name.startswith("message_search"),
            },
        )
        assert compare_metadata(context, tables.metadata) == []
        made = {table.name: inspect(connection).get_indexes(table.name) for table in tables.metadata.sorted_tables}
    engine.dispose()
    partial = {
        index["name"]
        for indexes in made.values()
        for index in indexes
        if any(option.endswith("_where") for option in index.get("dialect_options", {}))
    }
    assert partial == {
        index.name
        for table in tables.metadata.sorted_tables
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }


@pytest.mark.needs_server("postgresql")
def test_postgresql_is_upgraded_once_when_several_nodes_start_at_once(database: str) -> None:
    connect = partial(psycopg.connect, database)
    schema, steps = migrations.pending_at(POSTGRESQL, connect)
    assert (schema, steps[0]) == (None, Step("0001", "Journal, checkpoints and records.", ()))
    with ThreadPoolExecutor(4) as nodes:
        list(nodes.map(lambda _: migrations.upgrade(POSTGRESQL, connect), range(4)))
    assert migrations.pending_at(POSTGRESQL, connect) == (steps[-1].revision, [])


@pytest.mark.needs_server("postgresql")
async def test_a_postgresql_upgrade_that_fails_halfway_leaves_nothing(database: str, postgresql: Postgresql) -> None:
    postgresql.execute("CREATE TABLE outbox (id TEXT)", database)
    with pytest.raises(PermanentFailure, match='tables can\'t be made or changed: relation "outbox" already exists'):
        await PostgresqlStore.open(database)
    tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
    assert postgresql.execute(tables, database) == [("outbox",)]


@pytest.mark.needs_server("postgresql")
async def test_a_newer_postgresql_schema_is_refused(database: str, postgresql: Postgresql) -> None:
    await (await PostgresqlStore.open(database)).close()
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", database)
    with pytest.raises(PermanentFailure, match=r"schema 9999, this Centrala knows schemas up to \d{4} only"):
        await PostgresqlStore.open(database)


def test_an_upgrade_can_be_repeated_and_announced(path: Path) -> None:
    url = f"sqlite:///{path}"
    schema, steps = migrations.pending_at(url)
    assert schema is None
    assert steps == [
        Step("0001", "Journal, checkpoints and records.", ()),
        Step("0002", "Customers who were erased.", ()),
        Step("0003", "Files that wait for their message, and why a mail did not arrive.", ()),
        Step("0004", "Which mails of a mailbox are kept.", ()),
        Step("0005", "Articles of the knowledge base, and how they were judged.", ()),
        Step("0006", "Rows to learn from, and the versions of the site's model.", ()),
        Step("0007", "What customers bought, and what they are worth.", ()),
        Step("0008", "Customers who are one person, and what else they are told by.", ()),
        Step("0009", "Answers for many: their words, and who got them.", ()),
    ]
    migrations.upgrade(url)
    migrations.upgrade(url)
    assert migrations.pending_at(url) == (steps[-1].revision, [])


def test_an_upgrade_that_fails_halfway_leaves_nothing(path: Path) -> None:
    rewrite(path, "CREATE TABLE outbox (id TEXT)")
    with pytest.raises(Exception, match="outbox already exists"):
        migrations.upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("outbox",)]
    connection.close()


async def test_a_newer_schema_is_refused(path: Path) -> None:
    migrations.upgrade(f"sqlite:///{path}")
    rewrite(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(PermanentFailure, match=r"schema 9999, this Centrala knows schemas up to \d{4} only"):
        await SqliteStore.open(path)


@pytest.mark.parametrize("kind", tables.TABLES)
def test_the_columns_of_a_table_are_the_fields_of_its_row(kind: tables.Kind) -> None:
    columns = [column for column in tables.TABLES[kind].c if column.name != "position"]
    assert [column.name for column in columns] == list(kind.__struct_fields__)
    optional = {field.name for field in msgspec.structs.fields(kind) if "None" in str(field.type)}
    assert {column.name for column in columns if column.nullable} == optional
