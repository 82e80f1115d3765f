"""What tests of stores share: a PostgreSQL server for all of them, and a fresh database for each."""

from collections.abc import Iterator

import pytest

from tests.servers.postgresql import Postgresql, running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def database(postgresql: Postgresql) -> Iterator[str]:
    """The address of an empty schema."""
    with postgresql.schema() as url:
        yield url
