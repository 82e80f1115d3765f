"""Who is connected where: what nodes tell each other, and what the writer makes of it."""

import asyncio
from pathlib import Path

from app.leases import LINGER, Leases
from app.presence import ALIVE, GONE_AFTER, Presence
from router.commands import Connect, DefineAgent
from storage.sqlite import SqliteStore
from tests.app.test_node import CLOCK, Pair, Process, until
from tests.builders import admit, profile
from vocabulary.instants import SECOND

PATIENCE_S = (2 * ALIVE + GONE_AFTER + 3 * SECOND) / 1000


class Place:
    """What one node tells and hears."""

    def __init__(self, process: Process) -> None:
        self.agents: set[str] = set()
        self.customers: set[str] = set()
        self.lost: list[str] = []
        self.presence = Presence(
            process.node,
            process.way,
            process=process.node._process,
            agents=lambda: self.agents,
            customers=lambda: self.customers,
            lost=self.lost.append,
        )
        works = [self.presence.tell, self.presence.hear]
        if process.node.leading:
            works.append(self.presence.reconcile)
        self._tasks = [asyncio.create_task(work()) for work in works]

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_who_is_nowhere_is_cut_off_and_nobody_else(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    pair = Pair(store)
    await pair.start()
    node = pair.a.node
    for agent in ("here", "there", "nowhere", "comes"):
        await node.submit(DefineAgent(agent, profile()))
    for agent in ("here", "there", "nowhere"):
        await node.submit(Connect(agent))
    for chat in ("i-there", "i-nowhere"):
        await node.submit(admit(chat, customer=f"c-{chat}"))
    a, b = Place(pair.a), Place(pair.b)
    a.agents, b.agents, b.customers = {"here"}, {"there", "comes"}, {"c-i-there"}
    agents, chats = node.state.agents, node.state.interactions

    def connected() -> set[str]:
        return {id for id, agent in agents.items() if agent.connected}

    await until(lambda: connected() == {"here", "there", "comes"}, PATIENCE_S)
    await until(lambda: chats["i-nowhere"].customer_leaves_at is not None, PATIENCE_S)
    assert chats["i-there"].customer_leaves_at is None
    assert a.presence.agent_elsewhere("there")
    assert not a.presence.agent_elsewhere("here")
    assert a.presence.customer_elsewhere("c-i-there")
    # The other node ends without a word.
    await b.end()
    await until(lambda: connected() == {"here"}, PATIENCE_S)
    await until(lambda: chats["i-there"].customer_leaves_at is not None, PATIENCE_S)
    assert a.lost == ["b"]
    # Whoever it had comes here.
    a.customers = {"c-i-there"}
    await until(lambda: chats["i-there"].customer_leaves_at is None, PATIENCE_S)
    await a.end()
    for process in (pair.a, pair.b):
        await process.stop()
    await store.close()


async def test_without_the_bus_nobody_is_cut_off(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    pair = Pair(store)
    await pair.start()
    await pair.a.node.submit(DefineAgent("there", profile()))
    await pair.a.node.submit(Connect("there"))
    a, b = Place(pair.a), Place(pair.b)
    b.agents = {"there"}
    await until(lambda: a.presence._is_sure(CLOCK.now()))
    pair.a.way.is_cut = pair.b.way.is_cut = True
    await CLOCK.sleep(ALIVE + GONE_AFTER + SECOND)
    assert pair.a.node.state.agents["there"].connected
    pair.a.way.is_cut = pair.b.way.is_cut = False
    await until(lambda: a.presence._is_sure(CLOCK.now()))
    assert pair.a.node.state.agents["there"].connected
    assert a.lost == []
    for place in (a, b):
        await place.end()
    for process in (pair.a, pair.b):
        await process.stop()
    await store.close()


async def test_the_last_socket_here_is_no_loss_while_there_is_one_elsewhere(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    pair = Pair(store)
    await pair.start()
    elsewhere = {"ada"}
    leases = Leases(pair.a.node, elsewhere.__contains__)
    running = asyncio.create_task(leases.run())
    for agent in ("ada", "bob"):
        await pair.a.node.submit(DefineAgent(agent, profile()))
        await leases.opened(agent)
        await leases.closed(agent)
    assert set(leases.agents) == {"ada", "bob"}
    await until(lambda: not leases.agents, (LINGER + 3 * SECOND) / 1000)
    agents = pair.a.node.state.agents
    assert (agents["ada"].connected, agents["bob"].connected) == (True, False)
    running.cancel()
    for process in (pair.a, pair.b):
        await process.stop()
    await store.close()
