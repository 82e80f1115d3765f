"""A whole site on PostgreSQL: mail, chat and agents, while the database server dies and comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.client import Api, Sink
from tests.acceptance.site import SiteProcess, pause
from tests.acceptance.traffic import compare, traffic
from tests.servers.postgresql import Postgresql, running_postgresql

DEATHS = 3


@pytest.fixture
def server() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.mark.needs_server("postgresql")
async def test_a_database_server_that_dies_under_traffic_loses_and_doubles_nothing(
    server: Postgresql, tmp_path: Path, sink: Sink, model: Path
) -> None:
    storage = f'\n[storage]\nurl = "{server.database()}"\npassword_env = "TEST_PASSWORD"\n'
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model, ring="3s", more=storage)
    try:
        announced = site.command("db", "upgrade", "--dry-run")
        assert announced["schema"] is None
        assert [step["revision"] for step in announced["steps"]][:1] == ["0001"]
        supervisor = site.token("supervisor")
        assert site.command("db", "upgrade", "--dry-run")["steps"] == []
        await site.start()
        # Unlike a file, a database takes the command line beside the running site.
        workers = {name: site.token("operator", name) for name in ("anna", "boris")}
        assert [one["login"] for one in site.command("user", "list")["users"]] == ["anna", "boris", "vera"]
        async with traffic(site, workers=workers) as truth:
            for _ in range(DEATHS):
                await pause(3)
                server.kill()
                await pause(1)
                server.start()
            await pause(3)
        async with Api(site.base, supervisor) as api:
            await compare(api, truth, sink)
        assert await site.stop() == 0
        await site.start()
        async with Api(site.base, supervisor) as api:
            await compare(api, truth, sink)
    finally:
        await site.kill()
