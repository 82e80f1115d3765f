from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.sqlite import SqliteStore
from tests.storage.contract import StoreContract
from vocabulary.stores import Store


@pytest.mark.parametrize("inline", [False, True], ids=["in a thread", "inline"])
class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path, *, inline: bool) -> AsyncIterator[Store]:
        store: Store = await SqliteStore.open(tmp_path / "centrala.db", inline=inline)
        yield store
        await store.close()
