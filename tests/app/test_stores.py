"""Which store a site opens, and that it is nobody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.stores import ensure_secret, open_store, require_secret
from config.loader import load
from config.secrets import secret_of
from storage.postgresql import PostgresqlStore
from storage.sqlite import SqliteStore
from tests.config.files import SMALL
from tests.servers.postgresql import running_postgresql
from vocabulary.errors import PermanentFailure


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgresql() as server:
        yield server.database()


def site(folder: Path, url: str) -> Path:
    folder.mkdir()
    path = folder / "centrala.toml"
    path.write_text(f"{SMALL}[storage]\nurl = '{url}'\n", "utf-8")
    return path


async def test_a_file_is_beside_the_configuration(tmp_path: Path) -> None:
    path = site(tmp_path / "site", "sqlite:///kept.db")
    store = await open_store(load(path), path.parent, {})
    assert isinstance(store, SqliteStore)
    assert store.name == str(path.parent / "kept.db")
    await store.close()


@pytest.mark.needs_server("postgresql")
async def test_a_database_belongs_to_the_site_whose_secret_it_knows(tmp_path: Path, database: str) -> None:
    first, second = (site(tmp_path / name, database) for name in ("first", "second"))
    for _ in range(2):
        await ensure_secret(load(first), first.parent, {})
        secret = secret_of(load(first).site.secret_file)
        store = await open_store(load(first), first.parent, {})
        assert isinstance(store, PostgresqlStore)
        await require_secret(store, secret)
        await store.close()
    with pytest.raises(PermanentFailure, match="copy it from another node"):
        await ensure_secret(load(second), second.parent, {})
    assert not load(second).site.secret_file.exists()
    store = await open_store(load(second), second.parent, {})
    with pytest.raises(PermanentFailure, match="made with another secret"):
        await require_secret(store, b"a second site's")
    await store.close()
