from collections.abc import AsyncIterator

import pytest

from storage.postgresql import PostgresqlStore
from tests.storage.contract import StoreContract
from vocabulary.stores import Store

pytestmark = pytest.mark.needs_server("postgresql")


class TestPostgresqlStore(StoreContract):
    @pytest.fixture
    async def store(self, database: str) -> AsyncIterator[Store]:
        store: Store = await PostgresqlStore.open(database)
        yield store
        await store.close()
