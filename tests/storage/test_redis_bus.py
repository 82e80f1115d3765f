import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from app.clock import SystemClock
from storage.redis_bus import RedisBus, Wire
from tests.servers.redis import RedisServer, debian_redis, running_redis, valkey
from tests.storage.bus_contract import BusContract, BusHouse, doubled, items, serving
from vocabulary.errors import Lagged, PermanentFailure, TemporaryFailure
from vocabulary.instants import Instant, Span

CLOCK = SystemClock()


def to_json(value: object) -> bytes:
    return json.dumps(value).encode()


def from_json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise PermanentFailure(str(error)) from error


WIRE = Wire(to_json, from_json, to_json, from_json, to_json, from_json)


def a_bus(server: RedisServer, site: str, patience: Span = 3000) -> RedisBus[int, int]:
    """Return one process's end of the bus, not started."""
    return RedisBus(
        server.url, site=site, process=secrets.token_hex(8), wire=WIRE, pause=CLOCK.sleep, patience=patience
    )


class TwoProcesses:
    """Two ends of the bus of a site of their own, and real time."""

    def __init__(self, server: RedisServer) -> None:
        self.site = secrets.token_hex(8)
        self.near = a_bus(server, self.site)
        self.far = a_bus(server, self.site)

    def now(self) -> Instant:
        return CLOCK.now()

    async def pass_time(self, span: Span) -> None:
        await CLOCK.sleep(span)


async def opened(server: RedisServer) -> AsyncIterator[TwoProcesses]:
    house = TwoProcesses(server)
    for bus in (house.near, house.far):
        await bus.start()
    yield house
    for bus in (house.near, house.far):
        await bus.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisServer]:
    with running_redis(valkey()) as server:
        yield server


@pytest.fixture(scope="module")
def debians() -> Iterator[RedisServer]:
    with running_redis(debian_redis()) as server:
        yield server


@pytest.fixture
def own() -> Iterator[RedisServer]:
    """A server that the test may kill."""
    with running_redis(valkey()) as server:
        yield server


@pytest.fixture
async def pair(own: RedisServer) -> AsyncIterator[TwoProcesses]:
    async for house in opened(own):
        yield house


class TestValkey(BusContract):
    @pytest.fixture
    async def house(self, shared: RedisServer) -> AsyncIterator[BusHouse]:
        async for house in opened(shared):
            yield house


@pytest.mark.needs_server("redis")
class TestRedis(BusContract):
    @pytest.fixture
    async def house(self, debians: RedisServer) -> AsyncIterator[BusHouse]:
        async for house in opened(debians):
            yield house


async def test_a_server_that_throws_keys_away_is_refused_in_words() -> None:
    with running_redis(valkey(), "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
        bus = a_bus(server, "x")
        with pytest.raises(PermanentFailure, match=r"maxmemory-policy allkeys-lru.*set maxmemory-policy noeviction"):
            await bus.start()
        await bus.close()


async def test_readers_resync_after_the_server_was_killed_and_then_hear_everything(
    own: RedisServer, pair: TwoProcesses
) -> None:
    async with pair.far.subscribe("a", 10_000) as reader:
        await pair.near.publish("a", 0)
        assert await items(reader, 1) == [0]
        own.kill()
        await pair.near.publish("a", 1)
        own.start()
        with pytest.raises(Lagged):
            await items(reader, 1)
        await pair.near.publish("a", 2)
        assert (await items(reader, 1))[0] in (1, 2)


async def test_readers_resync_after_the_server_forgot_everything(own: RedisServer, pair: TwoProcesses) -> None:
    async with pair.far.subscribe("a", 100) as reader:
        await pair.near.publish("a", 0)
        assert await items(reader, 1) == [0]
        assert await pair.near._link._commands.flushall()
        await pair.near.publish("a", 1)
        with pytest.raises(Lagged):
            await items(reader, 1)
        # 1 lies before or behind what he noticed; he looks into the journal in any case, and nothing behind is missed.
        await pair.near.publish("a", 2)
        seen = await items(reader, 1)
        assert (seen if seen != [1] else await items(reader, 1)) == [2]


async def test_what_a_reader_cannot_read_is_a_gap_to_him(own: RedisServer, pair: TwoProcesses) -> None:
    other = msgspec.structs.replace(WIRE, encode_item=lambda _: b"\xff")
    newer: RedisBus[int, int] = RedisBus(own.url, site=pair.site, process="newer", wire=other, pause=CLOCK.sleep)
    await newer.start()
    async with pair.far.subscribe("a", 10) as reader:
        await newer.publish("a", 0)
        with pytest.raises(Lagged):
            await items(reader, 1)
        await pair.near.publish("a", 1)
        assert await items(reader, 1) == [1]
    await newer.close()


async def test_commands_go_on_after_the_server_was_killed(own: RedisServer, pair: TwoProcesses) -> None:
    async with serving(pair.far, doubled):
        assert await pair.near.forward(1) == 2
        own.kill()
        waiting = asyncio.ensure_future(pair.near.forward(2))
        with pytest.raises(TemporaryFailure):
            await pair.near.lease("writer", "n-1", 1000, CLOCK.now())
        own.start()
        assert await waiting == 4


async def test_a_frozen_server_costs_a_second_and_not_the_loop(own: RedisServer, pair: TwoProcesses) -> None:
    own.freeze()
    began, longest = CLOCK.now(), 0

    async def watch_the_loop() -> None:
        nonlocal longest
        while True:
            before = CLOCK.now()
            await CLOCK.sleep(10)
            longest = max(longest, CLOCK.now() - before - 10)

    watching = asyncio.create_task(watch_the_loop())
    with pytest.raises(TemporaryFailure):
        await pair.near.lease("writer", "n-1", 1000, began)
    assert 900 <= CLOCK.now() - began < 1500
    watching.cancel()
    assert longest < 250
    own.thaw()
    async with serving(pair.far, doubled):
        assert await pair.near.forward(1) == 2


async def test_a_lease_that_was_asked_for_before_the_server_froze_is_nobodys(
    own: RedisServer, pair: TwoProcesses
) -> None:
    """It would be held by somebody who has given up and doesn't know."""
    assert await pair.near.lease("other", "n-1", 100, CLOCK.now())  # it knows the server's clock now
    own.freeze()
    with pytest.raises(TemporaryFailure):
        await pair.near.lease("writer", "n-1", 60_000, CLOCK.now())
    await CLOCK.sleep(200)
    own.thaw()
    assert await pair.far.lease("writer", "n-2", 1000, CLOCK.now())


async def test_a_command_whose_answer_was_lost_is_carried_out_once(own: RedisServer, pair: TwoProcesses) -> None:
    """The writer answers into a server that dies; the order is sent again with its id."""
    seen: list[int] = []

    async def noted(order: int, again: bool) -> int:
        seen.append(order)
        own.kill()
        return order + 1

    async with serving(pair.far, noted):
        waiting = asyncio.ensure_future(pair.near.forward(1))
        while not seen:
            await CLOCK.sleep(10)
        own.start()
        assert await waiting == 2
    assert seen == [1]


async def test_the_next_writer_hears_that_an_order_may_have_been_carried_out(pair: TwoProcesses) -> None:
    begun = asyncio.Event()

    async def hangs(order: int, again: bool) -> int:
        begun.set()
        await asyncio.Event().wait()
        return 0

    async def tells(order: int, again: bool) -> int:
        return int(again)

    async with serving(pair.far, hangs):
        waiting = asyncio.ensure_future(pair.near.forward(1))
        await begun.wait()
    async with serving(pair.near, tells):
        assert await waiting == 1
        while await pair.near.forward(2):  # what came while the stream was read from its beginning
            pass


async def test_a_caller_who_leaves_crosses_nobodys_reply(pair: TwoProcesses) -> None:
    async with serving(pair.far, doubled):
        for number in range(300):
            leaving = asyncio.ensure_future(pair.near.forward(number))
            lease = asyncio.ensure_future(pair.near.lease("writer", "n-1", 1000, 0))
            for _ in range(number % 7):
                await CLOCK.sleep(0)
            leaving.cancel()
            lease.cancel()
            assert await pair.near.forward(1000 + number) == 2000 + 2 * number


async def test_answered_orders_leave_nothing_behind(pair: TwoProcesses) -> None:
    async with serving(pair.far, doubled):
        await asyncio.gather(*(pair.near.forward(number) for number in range(500)))
    link = pair.near._link
    assert await link._commands.xlen(pair.near._sender._orders) == 0
    assert await link._commands.pttl(pair.near._sender._answers) > 0


async def test_what_its_sender_has_given_up_is_not_carried_out_later(own: RedisServer) -> None:
    site = secrets.token_hex(8)
    sender, writer = a_bus(own, site, patience=200), a_bus(own, site)
    for bus in (sender, writer):
        await bus.start()
    with pytest.raises(TemporaryFailure, match="has not answered"):
        await sender.forward(1)
    seen: list[int] = []

    async def noted(order: int, again: bool) -> int:
        seen.append(order)
        return order

    while await writer._link._commands.xlen(sender._sender._orders):
        await CLOCK.sleep(10)
    async with serving(writer, noted):
        assert await sender.forward(2) == 2
    assert seen == [2]
    for bus in (sender, writer):
        await bus.close()


async def test_every_key_of_a_site_has_its_hash_tag(pair: TwoProcesses) -> None:
    async with serving(pair.far, doubled), pair.near.subscribe("a", 1) as reader:
        await pair.near.forward(1)
        await pair.near.publish("a", 1)
        assert await items(reader, 1) == [1]
        await pair.near.lease("writer", "n-1", 1000, 0)
    keys: list[bytes] = [key async for key in pair.near._link._commands.scan_iter("*")]
    assert len(keys) == 5
    assert all(key.startswith(f"centrala:{{{pair.site}}}:".encode()) for key in keys)


async def test_a_reply_that_comes_byte_by_byte_is_cut_at_the_deadline() -> None:
    ended = asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"+")
            await CLOCK.sleep(50)
        writer.close()
        ended.set()

    dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = dripping.sockets[0].getsockname()[1]
    bus: RedisBus[int, int] = RedisBus(
        f"redis://127.0.0.1:{port}", site="x", process="p", wire=WIRE, pause=CLOCK.sleep, deadline=500
    )
    began = CLOCK.now()
    with pytest.raises(TemporaryFailure):
        await bus.lease("writer", "n-1", 1000, began)
    assert CLOCK.now() - began < 1000
    await bus.close()
    await ended.wait()
    dripping.close()


async def test_rights_that_are_lost_while_it_runs_are_a_failure_until_they_are_back(pair: TwoProcesses) -> None:
    keeper = pair.near._link._commands
    await keeper.acl_setuser(
        "default", enabled=True, nopass=True, categories=["-@all", "+@connection"], commands=["+acl"]
    )
    with pytest.raises(TemporaryFailure):
        await pair.near.lease("writer", "n-1", 1000, 0)
    assert not pair.near.is_up
    await keeper.acl_setuser("default", enabled=True, nopass=True, categories=["+@all"])
    assert await pair.near.lease("writer", "n-1", 1000, 0)
    async with serving(pair.far, doubled):
        assert await pair.near.forward(1) == 2
