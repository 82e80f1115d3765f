"""Two nodes over one real store: one writes, the other follows; a bus that tests may take away from either."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.clock import SystemClock
from app.node import Node
from app.rows import outbox_of, rows_of
from app.turns import LEASE, Turns
from router import checkpoint
from router.commands import AddMessage, Connect, DefineAgent, SetPresence
from router.decision import Decision
from router.events import Admitted, AgentConnected
from storage.bus import LocalBus
from storage.sqlite import SqliteStore
from storage.wire import Decided, Forwarded
from tests.builders import admit, policy, profile
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.instants import MINUTE, Instant, Span
from vocabulary.records import MessageRow, PutNew

CLOCK = SystemClock()
SPAN: Span = 400
LONG_SPAN: Span = 8_000


class Way:
    """One node's way to the shared bus, which may be cut."""

    def __init__(self, bus: LocalBus[Forwarded, Decided]) -> None:
        self._bus = bus
        self.is_cut = False

    def _look(self) -> None:
        if self.is_cut:
            raise TemporaryFailure("the bus is away")

    async def publish(self, topic: str, item: Any) -> None:
        if not self.is_cut:
            await self._bus.publish(topic, item)

    def subscribe(self, topic: str, maxsize: int) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        return self._bus.subscribe(topic, maxsize)

    async def forward(self, command: Forwarded) -> Decided:
        self._look()
        return await self._bus.forward(command)

    async def serve(self, handle: Callable[[Forwarded, bool], Awaitable[Decided]]) -> None:
        await self._bus.serve(handle)

    async def lease(self, name: str, holder: str, span: Span, now: Instant) -> bool:
        self._look()
        return await self._bus.lease(name, holder, span, now)

    async def release(self, name: str, holder: str) -> None:
        self._look()
        await self._bus.release(name, holder)


class WayToStore:
    """One node's way to the store, which may be cut."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.is_cut = False

    def __getattr__(self, name: str) -> Any:
        if self.is_cut:
            raise TemporaryFailure("the store is away")
        return getattr(self._store, name)


class Process:
    """A node that takes turns."""

    def __init__(self, name: str, store: SqliteStore, bus: LocalBus[Forwarded, Decided], span: Span) -> None:
        self.way = Way(bus)
        self.way_to_store = WayToStore(store)
        self.local: LocalBus[Any, Any] = LocalBus()
        self.begun = 0
        self.works: dict[str, Callable[[], Awaitable[None]]] = {}
        self.node = Node(
            shared=self.way,
            local=self.local,
            name=name,
            process=name,
            store=self.way_to_store,
            policy=policy(),
            clock=CLOCK,
            outbox_of=outbox_of,
            rows_of=rows_of,
        )
        self._turns = Turns(self.node, self.way, process=name, begin=self._begin, works=self._works, span=span)
        self._task: asyncio.Task[None]

    async def _begin(self) -> None:
        self.begun += 1

    def _works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {"alarm": self.node.alarm, **self.works}

    async def start(self) -> None:
        await self.node.start()
        self._task = asyncio.create_task(self._turns.run())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Pair:
    """A, which writes at first, and B."""

    def __init__(self, store: SqliteStore, span: Span = SPAN) -> None:
        self.store = store
        self.bus: LocalBus[Forwarded, Decided] = LocalBus()
        self.a, self.b = (Process(name, store, self.bus, span) for name in ("a", "b"))

    async def start(self) -> None:
        await self.a.start()
        await until(lambda: self.a.node.leading and self.a.begun == 1)
        await self.b.start()

    async def events(self) -> list[str]:
        return [entry.type async for entry in self.store.read(0)]


async def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await CLOCK.sleep(5)


async def last_of(events: AsyncIterator[Any]) -> None:
    async with asyncio.timeout(20):
        async for _ in events:
            pass


def _leads(process: Process) -> bool:
    return process.node.leading


def message(id: str, interaction: str = "i-1") -> PutNew:
    return PutNew(MessageRow(id=id, interaction=interaction, channel="web", author="customer", at=0, text="Hello"))


@pytest.fixture
async def pair(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """Two nodes; a test may ask for another span of the lease."""
    store = await SqliteStore.open(tmp_path / "centrala.db")
    pair = Pair(store, getattr(request, "param", SPAN))
    await pair.start()
    yield pair
    for each in (pair.a, pair.b):
        each.way.is_cut = False
        await each.stop()
    await store.close()


async def test_what_a_follower_forwards_is_in_its_own_state_when_it_is_answered(pair: Pair) -> None:
    a, b = pair.a.node, pair.b.node
    for command in (DefineAgent("ada", profile()), Connect("ada"), SetPresence("ada", "available", by="ada")):
        await b.submit(command)
    decision = await b.submit(admit("i-1"), (message("m-i-1"),))
    assert [type(event).__name__ for event in decision.events] == ["Admitted", "MessageAdded", "Enqueued", "Offered"]
    assert b.state.interactions["i-1"].state == "offered"
    row = await pair.store.message("m-i-1")
    assert row is not None
    assert row.number == 1
    assert a.leading
    assert not b.leading
    assert checkpoint.encode(a.state) == checkpoint.encode(b.state)
    assert (await b.submit(admit("i-1"))).refusal is not None


async def test_a_follower_tells_its_pages_what_the_writer_decides(pair: Pair) -> None:
    async with pair.b.node.subscribe() as events:
        await pair.a.node.submit(admit("i-1"))
        async with asyncio.timeout(20):
            seen = [await anext(events) for _ in range(2)]
    assert [logged.seq for logged in seen] == [1, 2]
    assert isinstance(seen[0].event, Admitted)


async def test_without_the_bus_the_writer_goes_on_and_the_follower_reads_the_journal(pair: Pair) -> None:
    pair.a.way.is_cut = pair.b.way.is_cut = True
    for number in range(20):
        await pair.a.node.submit(admit(f"i-{number}"))
        await CLOCK.sleep(50)
    assert pair.a.node.leading
    await until(lambda: len(pair.b.node.state.interactions) == 20)
    with pytest.raises(TemporaryFailure):
        await pair.b.node.submit(admit("more"))
    # The writer's lease is over by now, but he is asked first.
    pair.a.way.is_cut = pair.b.way.is_cut = False
    assert (await pair.b.node.submit(admit("more"))).refusal is None
    await CLOCK.sleep(2 * SPAN)
    assert pair.a.node.leading
    assert not pair.b.node.leading


@pytest.mark.parametrize("pair", [LONG_SPAN], indirect=True)
async def test_who_stops_is_replaced_at_once(pair: Pair) -> None:
    await pair.a.node.submit(admit("i-1"))
    await pair.a.stop()
    # Long before its lease would have ended.
    await until(lambda: pair.b.node.leading, LONG_SPAN / 2000)
    assert (await pair.b.node.submit(admit("i-2"))).refusal is None
    assert sorted(pair.b.node.state.interactions) == ["i-1", "i-2"]


async def test_of_two_who_believe_to_write_the_journal_takes_one(pair: Pair) -> None:
    """A is cut off and would not ask for long: it still believes to have the lease when B has taken over."""
    a, b = pair.a.node, pair.b.node
    await a.submit(admit("i-1"))
    pair.a.way.is_cut = True
    await CLOCK.sleep(SPAN)  # A's lease is over, and it has looked into the journal
    a.sure_until = CLOCK.now() + 60_000
    await until(lambda: b.leading and pair.b.begun == 1)
    await b.submit(admit("i-2"))
    late = asyncio.gather(*(a.submit(admit(f"late-{number}")) for number in range(5)), return_exceptions=True)
    await until(lambda: not a.leading)
    pair.a.way.is_cut = False
    for outcome in await late:
        # It went to B, or its sender was told to try again; A acknowledged nothing.
        assert isinstance(outcome, TemporaryFailure | Decision)
    assert (await a.submit(admit("i-3"))).refusal is None
    await until(lambda: a.seq == b.seq)
    assert checkpoint.encode(a.state) == checkpoint.encode(b.state)
    assert await pair.store.last_seq() == b.seq
    assert (await pair.events()).count("Admitted") == len(b.state.interactions)


async def test_who_is_overtaken_tells_its_pages_to_look_anew(pair: Pair) -> None:
    a, b = pair.a.node, pair.b.node
    await a.submit(admit("i-1"))
    async with a.subscribe() as events:
        pair.a.way.is_cut = True
        await until(lambda: b.leading and pair.b.begun == 1)
        await b.submit(admit("i-2"))
        with pytest.raises(TemporaryFailure):
            await a.submit(admit("late"))
        with pytest.raises(Lagged):
            await last_of(events)


async def test_a_writer_that_cannot_reach_the_store_lets_another_try(pair: Pair) -> None:
    await pair.a.node.submit(admit("i-1"))
    pair.a.way_to_store.is_cut = True
    with pytest.raises(TemporaryFailure):
        await pair.a.node.submit(admit("i-2"))
    await until(lambda: pair.b.node.leading)
    assert (await pair.b.node.submit(admit("i-3"))).refusal is None
    pair.a.way_to_store.is_cut = False
    await until(lambda: pair.a.node.seq == pair.b.node.seq)
    assert checkpoint.encode(pair.a.node.state) == checkpoint.encode(pair.b.node.state)


async def test_an_order_that_an_earlier_writer_carried_out_is_answered_from_the_records(pair: Pair) -> None:
    order = Forwarded("n-1-7", "order:n-1:7", AddMessage(interaction="i-1", message="m-1", author="customer"))
    await pair.a.node.submit(admit("i-1"))
    first = await pair.a.node.carry_out(order, again=False)
    await pair.a.stop()
    await until(lambda: pair.b.node.leading)
    again = await pair.b.node.carry_out(order, again=True)
    assert again.decision == first.decision
    assert (await pair.events()).count("MessageAdded") == 2  # with the first one of the interaction
    # The same slot with another order in it is no repetition.
    other = Forwarded("n-1-8", "order:n-1:7", AddMessage(interaction="i-1", message="m-2", author="customer"))
    assert (await pair.b.node.carry_out(other, again=True)).decision.events
    assert (await pair.events()).count("MessageAdded") == 3


async def test_a_message_that_comes_to_both_nodes_at_once_is_added_once(pair: Pair) -> None:
    await pair.a.node.submit(admit("i-1"))
    command = AddMessage(interaction="i-1", message="m-1", author="customer")
    await asyncio.gather(*(each.node.submit(command, (message("m-1"),)) for each in (pair.a, pair.b) for _ in range(3)))
    assert (await pair.events()).count("MessageAdded") == 2


async def test_agents_who_connect_are_not_kept_as_orders(pair: Pair) -> None:
    await pair.b.node.submit(DefineAgent("ada", profile()))
    decision = await pair.b.node.submit(Connect("ada"))
    assert isinstance(decision.events[0], AgentConnected)
    kept = [await pair.store.idempotent_answer(f"order:b:{number}") for number in (1, 2)]
    assert [each is not None for each in kept] == [True, False]


async def test_who_leads_again_and_was_held_up_waits_for_a_look_at_the_lease(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    node = Process("a", store, LocalBus(), SPAN).node
    await node.start()
    await node.step_down(await node.lead(CLOCK.now() + SPAN))
    writing = await node.lead(CLOCK.now())  # before anything is written, the lease is over
    assert not node.looked.is_set()
    asking = asyncio.create_task(node.submit(admit("i-1")))
    await asyncio.wait([asking], timeout=0.05)
    assert not asking.done()
    node.sure_until = CLOCK.now() + MINUTE
    node.looked.set()
    assert (await asking).refusal is None
    await node.step_down(writing)
    await store.close()


async def test_who_is_replaced_forwards_though_its_own_work_does_not_end_yet(pair: Pair) -> None:
    told, may_end = asyncio.Event(), asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.set()
            await may_end.wait()

    pair.b.works["slow"] = slow_to_end
    await pair.a.stop()
    await until(lambda: pair.b.begun == 1)
    await pair.bus.release(LEASE, "b")
    await pair.a.start()
    await told.wait()
    # Nothing of what it is asked waits for that work: another node writes.
    async with asyncio.timeout(20):
        assert (await pair.b.node.submit(admit("i-1"))).refusal is None
    assert pair.a.node.leading
    assert not pair.b.node.leading
    may_end.set()


async def test_take_over_and_stepping_down_many_times_keeps_both_alike(pair: Pair) -> None:
    accepted = 0
    for number in range(6):
        writer, other = (pair.a, pair.b) if pair.a.node.leading else (pair.b, pair.a)
        sending = asyncio.gather(
            *(
                each.node.submit(admit(f"i-{number}-{each.node._name}-{n}"))
                for each in (pair.a, pair.b)
                for n in range(40)
            ),
            return_exceptions=True,
        )
        await writer.stop()
        await until(partial(_leads, other))
        accepted += sum(not isinstance(outcome, BaseException) and not outcome.refusal for outcome in await sending)
        writer._task = asyncio.create_task(writer._turns.run())
    await until(lambda: pair.a.node.seq == pair.b.node.seq)
    assert checkpoint.encode(pair.a.node.state) == checkpoint.encode(pair.b.node.state)
    assert accepted > 200
    assert len(pair.a.node.state.interactions) >= accepted
    assert (await pair.events()).count("Admitted") == len(pair.a.node.state.interactions)
