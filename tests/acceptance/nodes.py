"""Two nodes of one site on one PostgreSQL database and one Redis server, as processes of their own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import SiteProcess
from tests.servers.postgresql import Postgresql
from tests.servers.redis import RedisServer

_MORE = """
[storage]
url = "{store}"

[bus]
url = "{bus}"
"""
_LEASE = "centrala:{test.example}:lease:writer"


class Nodes:
    """The nodes, and what stands behind them."""

    def __init__(self, folder: Path, sink: Sink, model: Path, database: str, redis: RedisServer, **site: Any) -> None:
        self.redis = redis
        self.sink = sink
        self.down: set[SiteProcess] = set()
        """Nodes that a load balancer would not send anybody to."""
        more = _MORE.format(store=database, bus=redis.url)
        self.all: list[SiteProcess] = []
        for name in ("a", "b"):
            (folder / name).mkdir()
            node = SiteProcess(folder / name, sink_port=sink.listener.port, model=model, more=more, **site)
            self.all.append(node)
            # All nodes of a site have its secret.
            (folder / name / "centrala.secret").write_bytes((folder / "a" / "centrala.secret").read_bytes())

    async def start(self) -> None:
        """Start the nodes one after the other."""
        for node in self.all:
            await node.start()

    async def writer(self) -> SiteProcess:
        """Return the node that has the lease, once one has it."""
        return await eventually(self._holder, seconds=20)

    async def _holder(self) -> SiteProcess | None:
        async with Redis.from_url(self.redis.url) as client:
            holder = await client.get(_LEASE)
        assert not isinstance(holder, str)
        port = int(holder.split(b":")[1]) if holder is not None else 0
        return next((node for node in self.all if node.web_port == port), None)

    async def roles(self) -> tuple[SiteProcess, SiteProcess]:
        """Return the writer and the other node."""
        writer = await self.writer()
        (other,) = (node for node in self.all if node is not writer)
        return writer, other

    async def end(self) -> None:
        """Kill what runs."""
        for node in self.all:
            await node.kill()


class Door:
    """Where somebody reaches the site: the node that he is sent to, or the other one while that is down."""

    def __init__(self, nodes: Nodes, usual: int) -> None:
        self._nodes = nodes
        self._usual = usual

    @property
    def node(self) -> SiteProcess:
        usual, other = self._nodes.all[self._usual], self._nodes.all[1 - self._usual]
        return other if usual in self._nodes.down else usual

    @property
    def base(self) -> str:
        return self.node.base

    @property
    def mail_port(self) -> int:
        return self.node.mail_port


@asynccontextmanager
async def running_nodes(
    folder: Path, sink: Sink, model: Path, postgresql: Postgresql, redis: RedisServer, **site: Any
) -> AsyncIterator[Nodes]:
    """Run two nodes while the block lasts."""
    with postgresql.schema() as database:
        nodes = Nodes(folder, sink, model, database, redis, **site)
        try:
            await nodes.start()
            yield nodes
        finally:
            await nodes.end()


@asynccontextmanager
async def logged_in(nodes: Sequence[SiteProcess], login: str, password: str) -> AsyncIterator[list[Api]]:
    """Give the API of each node in a session of `login`."""
    apis = [Api(node.base) for node in nodes]
    try:
        for api in apis:
            await api.log_in(login, password)
        yield apis
    finally:
        for api in apis:
            await api.__aexit__(None, None, None)
