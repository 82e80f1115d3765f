"""Two nodes: both serve, one writes, and the other takes over however the writer ends.

Nothing acknowledged is lost or doubled, whatever dies. The truth is what clients were told (traffic.py).
"""

import asyncio
import json
import os
import random  # noqa: TID251  # the instants of what is done to the nodes; the seed is printed
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median_low
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from app.clock import SystemClock
from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.nodes import Door, Nodes, logged_in, running_nodes
from tests.acceptance.site import PASSWORD, SiteProcess, pause
from tests.acceptance.traffic import compare, traffic
from tests.servers.postgresql import Postgresql, running_postgresql
from tests.servers.redis import RedisServer, running_redis, valkey
from vocabulary.instants import Span

pytestmark = pytest.mark.needs_server("postgresql")

CLOCK = SystemClock()
SERVED_WITHIN: Span = 3_000
"""Promise 7 says 2 s (p99) on a machine that has nothing else to do; a busy one that runs tests gets a second more.

One that runs other tests beside them stalls now and then, too: every other time must be so quick, and none may take
five times as long. A measurement (ROUNDS) is for a machine of its own, where each is.
"""


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calm_nodes(
    tmp_path_factory: pytest.TempPathFactory, model: Path, postgresql: Postgresql
) -> AsyncIterator[Nodes]:
    """Two nodes for all tests to which nothing bad happens."""
    sink = Sink()
    await sink.listener.start()
    with running_redis(valkey()) as redis:
        async with running_nodes(tmp_path_factory.mktemp("nodes"), sink, model, postgresql, redis) as nodes:
            yield nodes
    await sink.listener.stop()


async def first_served(node: SiteProcess, token: str, began: int) -> Span:
    """Return how long after `began` the node served a command again, ms."""
    number = 0
    async with asyncio.timeout(60), Api(node.base, token) as api:
        while True:
            number += 1
            body = {"text": "Is anybody there?", "external_id": f"probe-{began}-{number}"}
            try:
                async with asyncio.timeout(1):
                    status, _ = await api.call("POST", "/interactions", body)
            except (aiohttp.ClientError, TimeoutError):
                continue
            if status in (200, 201):
                return CLOCK.now() - began
            await pause(0.02)


@asynccontextmanager
async def busy(nodes: Nodes) -> AsyncIterator[str]:
    """Let customers and agents go about their business at both nodes; compare with their truth in the end.

    Gives a supervisor's token.
    """
    supervisor = nodes.all[0].token("supervisor")
    workers = {name: nodes.all[0].token("operator", name) for name in ("anna", "boris")}
    async with traffic(Door(nodes, 0), Door(nodes, 1), workers=workers) as truth:
        await pause(2)
        yield supervisor
        await pause(2)
    async with Api(nodes.all[0].base, supervisor) as api:
        await compare(api, truth, nodes.sink)


def drawn() -> random.Random:
    seed = int(os.environ.get("SEED", "7"))
    print(f"SEED={seed}")  # noqa: T201  # pytest shows it with a failure
    return random.Random(seed)  # noqa: S311  # no secret


def rounds(usual: int) -> int:
    """Return how often to do something: ROUNDS=25 for a measurement."""
    return int(os.environ.get("ROUNDS", usual))


def check(name: str, times: list[Span]) -> None:
    """Tell what was measured, and fail if it is more than was promised."""
    print(json.dumps({name: sorted(times)}))  # noqa: T201  # a measurement
    assert median_low(times) < SERVED_WITHIN, f"{name}: {times}"
    assert max(times) < (1 if "ROUNDS" in os.environ else 5) * SERVED_WITHIN, f"{name}: {times}"


async def test_what_comes_in_at_one_node_is_seen_and_worked_on_at_the_other(nodes: Nodes) -> None:
    writer, other = await nodes.roles()
    async with logged_in([writer, other], "vera", PASSWORD) as (at_writer, at_other):
        admitted = await at_other.post("/interactions", text="my invoice is wrong", customer={"email": "x@y.example"})
        # Who sent it sees it at once, whichever node he asked.
        assert (await at_other.get(f"/interactions/{admitted['id']}"))["state"] == "waiting"
        assert (await at_writer.get(f"/interactions/{admitted['id']}"))["state"] == "waiting"
    # An agent hears by his socket, whichever node it is at, of what came in at the other.
    agents = logged_in([other, writer], "anna", PASSWORD)
    async with agents as (at_other, at_writer), desk(other, at_other) as at_desk, desk(writer, at_writer) as at_second:
        await at_other.post("/agents/anna/presence", presence="available")
        offers = [(await hears("offer"))["offer"] for hears in (at_desk, at_second)]
        assert [offer["interaction"]["id"] for offer in offers] == [admitted["id"]] * 2
        # He may accept at either, and sees it at both.
        await at_writer.post(f"/offers/{offers[0]['id']}/accept")
        for hears in (at_desk, at_second):
            assert (await hears("interaction"))["interaction"]["id"] == admitted["id"]
        assert (await at_other.get("/interactions?agent=anna&state=active"))["items"][0]["id"] == admitted["id"]


@asynccontextmanager
async def desk(node: SiteProcess, api: Api) -> AsyncIterator[Any]:
    """Open an agent's desk at `node`; gives what returns the next frame of a type."""
    async with api._http.ws_connect(f"{node.base}/ws/desk", headers={"Origin": node.base}) as socket:

        async def hears(kind: str) -> Any:
            async with asyncio.timeout(20):
                while (frame := await socket.receive_json())["type"] != kind:
                    pass
                return frame

        await hears("snapshot")
        yield hears


@pytest.mark.asyncio(loop_scope="module")
async def test_settings_of_one_node_hold_at_the_other(calm_nodes: Nodes) -> None:
    writer, other = await calm_nodes.roles()
    token = writer.token("admin")
    async with Api(writer.base, token) as at_writer, Api(other.base, token) as at_other:
        for here, there, name in ((at_other, at_writer, "new-1"), (at_writer, at_other, "new-2")):
            status, body = await here.call("PUT", f"/queues/{name}", {"target": "1m"})
            assert status < 300, body

            async def is_known(there: Api = there, name: str = name) -> bool | None:
                status, _ = await there.call("GET", f"/queues/{name}")
                return status == 200 or None

            await eventually(is_known)
            admitted = await there.post("/interactions", text="hello", queue=name)
            assert (await there.get(f"/interactions/{admitted['id']}"))["queue"] == name


@pytest.mark.asyncio(loop_scope="module")
async def test_an_article_of_one_node_is_found_at_the_other_and_one_that_is_removed_is_not(calm_nodes: Nodes) -> None:
    writer, other = await calm_nodes.roles()
    question = {"text": "Where can I park my car?", "language": "en"}
    text = {"title": "Parking", "questions": ["Where can I park?"], "answer": "Behind the house."}
    async with logged_in([writer, other], "vera", PASSWORD) as (at_writer, at_other):

        async def found(at: Api) -> list[str]:
            foreseen = await at.post("/autoresponses/preview", **question)
            return [each["article"] for each in foreseen["candidates"]]

        await at_other.post("/articles", id="parking", label="hours", languages={"en": text})
        assert await found(at_other) == ["parking"]
        await eventually(partial(_so, lambda: found(at_writer), ["parking"]))
        assert (await at_writer.call("DELETE", "/articles/parking"))[0] == 204
        assert await found(at_writer) == []
        await eventually(partial(_so, lambda: found(at_other), []))


async def _so(look: Callable[[], Awaitable[list[str]]], expected: list[str]) -> bool | None:
    return True if await look() == expected else None


@pytest.mark.asyncio(loop_scope="module")
async def test_a_ticket_of_one_node_opens_one_socket_at_the_other(calm_nodes: Nodes) -> None:
    writer, other = await calm_nodes.roles()
    async with Api(other.base, writer.token("operator", "anna")) as program:
        ticket = (await program.post("/ws-tickets"))["ticket"]

    async def opens(node: SiteProcess) -> bool:
        try:
            async with aiohttp.ClientSession() as http, http.ws_connect(f"{node.base}/ws/desk?ticket={ticket}"):
                return True
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status != 401

    opened = await asyncio.gather(*(opens(node) for node in (writer, other, writer, other)))
    assert opened.count(True) == 1
    assert not await opens(other)


async def test_the_command_line_works_beside_the_nodes_and_without_them(nodes: Nodes) -> None:
    """It takes part as a node does: who writes decides, and if nobody does, it writes itself."""
    writer, other = await nodes.roles()
    async with logged_in([other], "vera", PASSWORD) as (api,):
        customers = []
        for name in ("one", "two"):
            email = {"email": f"{name}@customers.example"}
            admitted = await api.post("/interactions", text="my invoice is wrong", customer=email)
            customers.append(admitted["customer"]["id"])
        erased = await asyncio.to_thread(other.command, "customer", "erase", customers[0], "--force", "--yes")
        assert erased == {"erased": customers[0]}
        found = (await api.get("/interactions"))["items"]
        assert sorted(one["state"] for one in found) == ["closed", "waiting"]
        assert await nodes.writer() is writer
    await nodes.end()
    erased = await asyncio.to_thread(other.command, "customer", "erase", customers[1], "--force", "--yes")
    assert erased == {"erased": customers[1]}
    await nodes.start()
    async with logged_in([other], "vera", PASSWORD) as (api,):
        assert {one["state"] for one in (await api.get("/interactions"))["items"]} == {"closed"}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_chat_goes_on_at_the_other_node(calm_nodes: Nodes) -> None:
    writer, other = await calm_nodes.roles()
    token, seen = None, []
    for number, node in enumerate((other, writer, other)):
        address = f"{node.base}/ws/chat/demo"
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(address, headers={"Origin": node.base}) as socket,
            asyncio.timeout(20),
        ):
            hello: dict[str, Any] = {"type": "hello", "language": "en"}
            await socket.send_json(hello | ({"visitor_token": token} if token else {}))
            await socket.send_json({"type": "message", "client_id": f"c-{number}", "text": f"message {number}"})
            while (frame := await socket.receive_json())["type"] != "ack":
                token = frame.get("visitor_token", token)
            seen.append(frame["seq"])
    assert seen == sorted(set(seen))
    async with logged_in([writer], "vera", PASSWORD) as (api,):
        (chat,) = (one for one in (await api.get("/interactions"))["items"] if one["medium"] == "chat")
        texts = [row["text"] for row in (await api.get(f"/interactions/{chat['id']}/messages"))["items"]]
        assert [text for text in texts if text.startswith("message")] == ["message 0", "message 1", "message 2"]


async def test_a_take_over_cuts_off_whom_nobody_has_and_nobody_else(nodes: Nodes) -> None:
    """Anna and a customer are at the node that lives, Boris at the one that dies."""
    writer, other = await nodes.roles()
    supervisor = writer.token("supervisor")
    async with (
        logged_in([other], "anna", PASSWORD) as (anna,),
        logged_in([writer], "boris", PASSWORD) as (boris,),
        desk(other, anna) as at_desk,
        desk(writer, boris),
        chat(other) as says,
    ):
        await says("hello")
        await anna.post("/agents/anna/presence", presence="available")
        await boris.post("/agents/boris/presence", presence="available")
        offer = (await at_desk("offer"))["offer"]
        await anna.post(f"/offers/{offer['id']}/accept")
        await pause(1)  # every node has told who is there
        before = (await events(other, supervisor))[-1]["seq"]
        await writer.kill()
        lost = await eventually(partial(_event, other, supervisor, before, "AgentDisconnected"))
        assert lost["agent"] == "boris"
        await says("still there")
        await pause(3)
        behind = [each for each in await events(other, supervisor) if each["seq"] > before]
        cut_off = [each for each in behind if each["type"] in ("AgentDisconnected", "CustomerDisconnected")]
        assert cut_off == [lost]
        # Anna's page has heard nothing but what happened, and works on.
        await anna.post(f"/interactions/{offer['interaction']['id']}/end")


async def events(node: SiteProcess, token: str) -> list[dict[str, Any]]:
    """Return the whole log."""
    found: list[dict[str, Any]] = []
    async with Api(node.base, token) as api:
        while page := (await api.get(f"/events?limit=200&after={found[-1]['seq'] if found else 0}"))["items"]:
            found += page
    return found


async def _event(node: SiteProcess, token: str, after: int, kind: str) -> dict[str, Any] | None:
    found = (each for each in await events(node, token) if each["seq"] > after and each["type"] == kind)
    return next(found, None)


@asynccontextmanager
async def chat(node: SiteProcess) -> AsyncIterator[Any]:
    """Open a chat at `node`; gives what says something and waits until that is acknowledged."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{node.base}/ws/chat/demo", headers={"Origin": node.base}) as socket,
    ):
        await socket.send_json({"type": "hello", "language": "en"})

        async def says(text: str) -> None:
            await socket.send_json({"type": "message", "client_id": text.replace(" ", "-"), "text": text})
            async with asyncio.timeout(20):
                while (frame := await socket.receive_json())["type"] != "ack":
                    assert frame["type"] != "error", frame

        yield says


async def test_kill_of_the_writer_under_traffic_loses_nothing_and_the_other_takes_over(nodes: Nodes) -> None:
    draw, times = drawn(), []
    async with busy(nodes) as supervisor:
        for _ in range(rounds(5)):
            await pause(draw.uniform(1, 3))
            writer, other = await nodes.roles()
            began = CLOCK.now()
            nodes.down.add(writer)
            await writer.kill()
            times.append(await first_served(other, supervisor, began))
            assert await nodes.writer() is other
            await writer.start()
            nodes.down.discard(writer)
    check("served_after_kill_ms", times)


async def test_a_writer_that_was_paused_is_refused_and_follows(nodes: Nodes) -> None:
    draw, times, asked = drawn(), [], []
    async with busy(nodes) as supervisor:
        for _ in range(rounds(3)):
            await pause(draw.uniform(1, 3))
            writer, other = await nodes.roles()
            began = CLOCK.now()
            nodes.down.add(writer)
            writer.freeze()
            times.append(await first_served(other, supervisor, began))
            await pause(draw.uniform(0.5, 4))
            writer.thaw()
            # It must not answer by what it knew: what it is asked now goes to who writes.
            asked.append(await first_served(writer, supervisor, CLOCK.now()))
            nodes.down.discard(writer)
            assert await nodes.writer() is other
            await eventually(partial(_has_ended, writer))
    check("served_after_stop_ms", times)
    check("served_by_who_was_stopped_ms", asked)


async def _has_ended(writer: SiteProcess) -> bool | None:
    return len(writer.logged("writer_begins")) == len(writer.logged("writer_ends")) or None


async def test_a_writer_that_stops_hands_over_at_once(nodes: Nodes) -> None:
    times = []
    async with busy(nodes) as supervisor:
        for _ in range(rounds(3)):
            writer, other = await nodes.roles()
            nodes.down.add(writer)
            stopping = asyncio.create_task(writer.stop())
            await eventually(partial(_holds, nodes, other), seconds=30)
            times.append(await first_served(other, supervisor, CLOCK.now()))
            assert await stopping == 0
            await writer.start()
            nodes.down.discard(writer)
    check("served_after_term_ms", times)


async def _holds(nodes: Nodes, node: SiteProcess) -> bool | None:
    return await nodes.writer() is node or None


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_redis_is_away_for_a_while_under_traffic(nodes: Nodes, how: str) -> None:
    draw, times, alone = drawn(), [], []
    away, back = {
        "killed": (nodes.redis.kill, nodes.redis.start),
        "frozen": (nodes.redis.freeze, nodes.redis.thaw),
    }[how]
    async with busy(nodes) as supervisor:
        for round_ in range(rounds(3)):
            await pause(draw.uniform(1, 2))
            writer, other = await nodes.roles()
            away()
            # The writer goes on without it.
            alone.append(await first_served(writer, supervisor, CLOCK.now()))
            await pause(draw.uniform(0.2, 3))
            back()
            times.append(await first_served(other, supervisor, CLOCK.now()))
            assert await nodes.writer() is writer, f"round {round_}: the writer changed"
    check(f"served_while_redis_was_{how}_ms", alone)
    check(f"forwarded_after_redis_was_{how}_ms", times)


@pytest.mark.slow
async def test_whatever_dies_in_whatever_order_nothing_is_lost_or_doubled(nodes: Nodes, postgresql: Postgresql) -> None:
    draw = drawn()
    chaos = Chaos(nodes, postgresql, draw)
    async with busy(nodes) as supervisor:
        for _ in range(rounds(30)):
            await pause(draw.uniform(0.5, 3))
            await chaos.strike()
        await chaos.heal()
        for node in nodes.all:
            assert await first_served(node, supervisor, CLOCK.now()) < 5 * SERVED_WITHIN
    print(json.dumps({"struck": chaos.struck}))  # noqa: T201  # what was tried


class Chaos:
    """Does something bad, and lets it be for a while."""

    def __init__(self, nodes: Nodes, database: Postgresql, draw: random.Random) -> None:
        self._nodes = nodes
        self._database = database
        self._draw = draw
        self.struck: list[str] = []

    async def strike(self) -> None:
        """Do one thing, to a node, to Redis or to the database, and undo it."""
        node = self._draw.choice(self._nodes.all)
        what, away, back = self._draw.choice(
            [
                ("kill a node", node.kill, node.start),
                ("stop a node", node.stop, node.start),
                ("freeze a node", node.freeze, node.thaw),
                ("kill redis", self._nodes.redis.kill, self._nodes.redis.start),
                ("freeze redis", self._nodes.redis.freeze, self._nodes.redis.thaw),
                ("kill the database", self._database.kill, self._database.start),
            ]
        )
        self.struck.append(what)
        if "node" in what:
            self._nodes.down.add(node)
        await _done(away())
        await pause(self._draw.uniform(0.1, 4))
        await _done(back())
        if self._draw.random() < 0.7:
            self._nodes.down.clear()

    async def heal(self) -> None:
        """Let everything come to rest."""
        self._nodes.down.clear()
        await pause(3)


async def _done(doing: Any) -> None:
    if asyncio.iscoroutine(doing):
        await doing
