"""The writer over a real store: what it answers is on disk, what fails is not acknowledged, what it knows returns."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app import engine as engine_module
from app.clock import SystemClock
from app.engine import Engine, RowsOf
from app.rows import outbox_of, rows_of
from queues.policy import ChannelPolicy
from router import checkpoint
from router.commands import Connect, DefineAgent, End, SetPresence, Tick
from router.events import AnyEvent
from router.policy import Policy
from router.state import State
from storage.bus import LocalBus
from storage.sqlite import SqliteStore
from tests.builders import admit, policy, profile, queue
from tests.storage.faulty import Disk
from vocabulary.errors import OwnFault, PermanentFailure, TemporaryFailure
from vocabulary.instants import DAY
from vocabulary.records import Change, MessageRow, PutNew


class Running:
    """A writer that runs on a store, and may be stopped and started again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.disk = Disk()
        self.engine: Engine
        self.store: SqliteStore
        self._task: asyncio.Task[None]

    async def start(self, policy_: Policy | None = None, *, rows: RowsOf = rows_of) -> None:
        self.store = await SqliteStore.open(self.path, connect=self.disk.connect)
        bus: LocalBus[Any, Any] = LocalBus(self._nobody)
        self.engine = Engine(
            store=self.store,
            bus=bus,
            policy=policy_ or policy(),
            clock=SystemClock(),
            outbox_of=outbox_of,
            rows_of=rows,
        )
        await self.engine.start()
        self._task = asyncio.create_task(self.engine.run())

    async def _nobody(self, order: Any) -> Any:
        raise AssertionError("nothing is forwarded here")

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.store.close()

    async def staff(self) -> None:
        await self.engine.submit(DefineAgent("a", profile()))
        await self.engine.submit(Connect("a"))
        await self.engine.submit(SetPresence("a", "available", by="a"))


def message(id: str, text: str = "Hello") -> PutNew:
    return PutNew(MessageRow(id=f"m-{id}", interaction=id, channel="web", author="customer", at=0, text=text))


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "centrala.db")
    await running.start()
    yield running
    await running.stop()


async def test_answered_command_is_on_disk_with_its_records(running: Running) -> None:
    await running.staff()
    decision = await running.engine.submit(admit("i-1"), (message("i-1"),))
    assert [type(event).__name__ for event in decision.events] == ["Admitted", "MessageAdded", "Enqueued", "Offered"]
    assert await running.store.last_seq() == running.engine.seq == 7
    row = await running.store.message("m-i-1")
    assert row is not None
    assert row.number == 1
    interaction = await running.store.interaction("i-1")
    assert interaction is not None
    assert (interaction.state, interaction.changed_seq) == ("offered", 7)


async def test_refused_command_writes_nothing(running: Running) -> None:
    await running.engine.submit(admit("i-1"), (message("i-1"),))
    before = running.engine.seq
    decision = await running.engine.submit(admit("i-1"), (message("i-2"),))
    assert decision.refusal is not None
    assert decision.refusal.code == "known"
    assert running.engine.seq == before
    assert await running.store.message("m-i-2") is None


async def test_a_clock_that_was_set_back_goes_on_from_the_last_that_happened(running: Running) -> None:
    tomorrow = running.engine.clock.now() + DAY
    running.engine.clock.not_before(tomorrow)
    await running.staff()
    await running.stop()
    await running.start()  # by a clock of today
    assert running.engine.clock.now() >= tomorrow
    await running.engine.submit(admit("i-1"))
    entries = [entry.at async for entry in running.store.read(0)]
    assert entries == sorted(entries)


async def test_restart_gives_the_same_state_from_the_journal(running: Running) -> None:
    await running.staff()
    for number in range(20):
        await running.engine.submit(admit(f"i-{number}"), (message(f"i-{number}"),))
    before, seq = checkpoint.encode(running.engine.state), running.engine.seq
    await running.stop()
    await running.start()
    assert (checkpoint.encode(running.engine.state), running.engine.seq) == (before, seq)


async def test_restart_gives_the_same_state_from_a_checkpoint(running: Running) -> None:
    await running.staff()
    rounds = engine_module.CHECKPOINT_EVERY // 3 + 1
    await asyncio.gather(*(running.engine.submit(admit(f"i-{number}")) for number in range(rounds)))
    await running.engine.submit(admit("last"))
    saved = await running.store.load_checkpoint()
    assert saved is not None, "no checkpoint was saved"
    before, figures = checkpoint.encode(running.engine.state), running.engine.stats.figures()
    await running.stop()
    await running.start()
    assert checkpoint.encode(running.engine.state) == before
    assert running.engine.stats.figures() == figures


async def test_checkpoint_of_another_version_is_passed_over(running: Running) -> None:
    await running.engine.submit(admit("i-1"))
    before = checkpoint.encode(running.engine.state)
    await running.store.save_checkpoint(running.engine.seq, 0, b'{"v": 99}')
    await running.stop()
    await running.start()
    assert checkpoint.encode(running.engine.state) == before


async def test_commit_that_fails_is_not_acknowledged_and_the_writer_goes_on(running: Running) -> None:
    await running.engine.submit(admit("i-1"))
    running.disk.fails_at_commit = "disk I/O error"
    with pytest.raises(TemporaryFailure):
        await running.engine.submit(admit("i-2"))
    running.disk.fails_at_commit = None
    decision = await running.engine.submit(admit("i-2"))
    assert decision.refusal is None
    assert await running.store.last_seq() == running.engine.seq
    assert sorted(running.engine.state.interactions) == ["i-1", "i-2"]


async def test_one_that_the_store_never_takes_fails_alone(running: Running) -> None:
    lone_surrogate = "\ud800"
    answers = await asyncio.gather(
        running.engine.submit(admit("i-1"), (message("i-1"),)),
        running.engine.submit(admit("i-2"), (message("i-2", lone_surrogate),)),
        running.engine.submit(admit("i-3"), (message("i-3"),)),
        return_exceptions=True,
    )
    assert isinstance(answers[1], PermanentFailure)
    assert sorted(running.engine.state.interactions) == ["i-1", "i-3"]
    assert [await running.store.message(f"m-i-{number}") is not None for number in (1, 2, 3)] == [True, False, True]


async def test_fault_of_ours_in_one_decision_leaves_the_others_alone(tmp_path: Path) -> None:
    running = Running(tmp_path / "centrala.db")
    await running.start(policy())
    # Without a last rule triage can't end: the configuration check keeps such a policy out, so this is our own fault.
    running.engine.policy = Policy(queues=policy().queues, channels=policy().channels, rules=())
    answers = await asyncio.gather(
        running.engine.submit(admit("i-1")), running.engine.submit(DefineAgent("a", profile())), return_exceptions=True
    )
    assert isinstance(answers[0], OwnFault)
    assert sorted(running.engine.state.agents) == ["a"]
    await running.stop()


async def test_followers_hear_of_events_once_they_are_durable_and_in_order(running: Running) -> None:
    async with running.engine.subscribe() as events:
        await asyncio.gather(*(running.engine.submit(admit(f"i-{number}")) for number in range(10)))
        heard = [(await anext(events)).seq for _ in range(30)]
    assert heard == list(range(1, 31))


async def test_too_much_at_once_is_refused_and_nothing_is_lost(running: Running) -> None:
    running.disk.gate.clear()
    first = asyncio.create_task(running.engine.submit(admit("first")))
    await asyncio.to_thread(running.disk.entered.wait, 10)
    waiting = [
        asyncio.create_task(running.engine.submit(admit(f"i-{number}")))
        for number in range(engine_module.QUEUE_MAX + 3 * engine_module.BATCH_MAX)
    ]
    answers = asyncio.gather(first, *waiting, return_exceptions=True)
    running.disk.gate.set()
    done = await answers
    refused = sum(isinstance(answer, TemporaryFailure) for answer in done)
    assert 0 < refused < len(done)
    assert len(running.engine.state.interactions) == len(done) - refused


async def test_a_fault_on_the_express_has_the_state_read_again(running: Running) -> None:
    plain = queue(offer={"chat": 0}, wrap_up="none")
    await running.stop()
    await running.start(policy(plain, channels=(ChannelPolicy(name="web", medium="chat", reopen=0),)))
    await running.staff()
    for number in (1, 2):
        await running.engine.submit(admit(f"i-{number}", message=None))
    healthy = checkpoint.encode(running.engine.state)
    # An offer that the state has lost: nothing but a fault of ours does that.
    running.engine.state.offers.clear()
    with pytest.raises(OwnFault, match="read again"):
        await running.engine.submit(End("i-1", "a"))
    await running.engine.submit(Tick())
    assert checkpoint.encode(running.engine.state) == healthy
    decision = await running.engine.submit(End("i-1", "a"))
    assert [type(event).__name__ for event in decision.events][:3] == ["Ended", "WrappedUp", "Forgotten"]


async def test_agents_who_come_in_one_batch_choose_together_where_a_queue_looks_ahead(running: Running) -> None:
    await running.stop()
    await running.start(policy(queue(strategy="optimal", offer={"chat": 0}, wrap_up="none")))
    for agent in ("a", "b"):
        await running.engine.submit(DefineAgent(agent, profile(capacity=33)))
        await running.engine.submit(SetPresence(agent, "available", by=agent))
    for number in (1, 2):
        await running.engine.submit(admit(f"i-{number}"))
    coming = [running.engine.submit(Connect(agent)) for agent in ("a", "nobody", "b")]
    refused = await asyncio.gather(*coming)
    assert [decision.refusal is not None for decision in refused] == [False, True, False]
    for agent in ("a", "b"):
        await running.engine.submit(SetPresence(agent, "away", by=agent))
        await running.engine.submit(End(*next((id, agent) for id in running.engine.state.agents[agent].holds)))
    for number in (3, 4):
        await running.engine.submit(admit(f"i-{number}"))
    both = [SetPresence(agent, "available", by=agent) for agent in ("a", "b")]
    told, rest = await asyncio.gather(*map(running.engine.submit, both))
    # Both are there before anybody is offered anything; what happened is told once.
    assert [type(event).__name__ for event in told.events][:3] == ["PresenceChanged", "PresenceChanged", "Offered"]
    assert (len([each for each in told.events if type(each).__name__ == "OfferAccepted"]), rest.events) == (2, ())


async def test_a_command_that_damages_the_state_fails_alone(tmp_path: Path) -> None:
    """Those beside it in the same batch are decided, and so is what comes later."""

    def rows_but_for_poison(state: State, events: Sequence[AnyEvent], seq: int) -> Sequence[Change]:
        if any(getattr(event, "interaction", None) == "i-poison" for event in events):
            raise RuntimeError("an event that can't be mirrored")
        return rows_of(state, events, seq)

    running = Running(tmp_path / "centrala.db")
    await running.start(rows=rows_but_for_poison)
    try:
        commands = [admit(id) for id in ("i-1", "i-poison", "i-2")]
        found = await asyncio.gather(*map(running.engine.submit, commands), return_exceptions=True)
        assert isinstance(found[1], PermanentFailure)
        assert "the state had to be read again: RuntimeError" in str(found[1])
        assert [getattr(each, "refusal", each) for each in (found[0], found[2])] == [None, None]
        assert (await running.engine.submit(admit("i-3"))).refusal is None
        assert set(running.engine.state.interactions) == {"i-1", "i-2", "i-3"}
        assert [row.id for row in await running.store.interactions()] == ["i-3", "i-2", "i-1"]
    finally:
        await running.stop()


async def test_nobody_sees_half_a_state_while_it_is_read_again(tmp_path: Path) -> None:
    running = Running(tmp_path / "centrala.db")
    await running.start()
    try:
        for number in range(3):
            await running.engine.submit(admit(f"i-{number}"))
        before = running.engine.state
        again = asyncio.create_task(running.engine.start())
        while not again.done():
            assert set(running.engine.state.interactions) == {"i-0", "i-1", "i-2"}
            await asyncio.wait([again], timeout=0)
        await again
        assert running.engine.state is not before
        assert set(running.engine.state.interactions) == {"i-0", "i-1", "i-2"}
    finally:
        await running.stop()
