from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.sqlite import SqliteStore
from tests.storage.contract import StoreContract
from vocabulary.stores import Store


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store: Store = await SqliteStore.open(tmp_path / "centrala.db")
        yield store
        await store.close()
