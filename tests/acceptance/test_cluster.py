"""Two nodes: both serve, one writes, and the other takes over however the writer ends."""

import asyncio
import os
import random  # noqa: TID251  # the instants of the kills; the seed is printed
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.nodes import Nodes, logged_in, running_nodes
from tests.acceptance.site import PASSWORD, pause
from tests.servers.postgresql import Postgresql, running_postgresql
from tests.servers.redis import RedisServer, running_redis, valkey

pytestmark = pytest.mark.needs_server("postgresql")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgresql]:
    with running_postgresql() as server:
        yield server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis(valkey()) as server:
        yield server


@pytest.fixture
async def nodes(
    tmp_path: Path, sink: Sink, model: Path, postgresql: Postgresql, redis: RedisServer
) -> AsyncIterator[Nodes]:
    async with running_nodes(tmp_path, sink, model, postgresql, redis, ring="3s") as nodes:
        yield nodes


async def test_what_comes_in_at_one_node_is_seen_and_worked_on_at_the_other(nodes: Nodes) -> None:
    writer, other = await nodes.roles()
    async with logged_in([writer, other], "vera", PASSWORD) as (at_writer, at_other):
        admitted = await at_other.post("/interactions", text="my invoice is wrong", customer={"email": "x@y.example"})
        # Who sent it sees it at once, whichever node he asked.
        assert (await at_other.get(f"/interactions/{admitted['id']}"))["state"] == "waiting"
        assert (await at_writer.get(f"/interactions/{admitted['id']}"))["state"] == "waiting"
