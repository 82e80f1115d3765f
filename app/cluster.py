"""What a process has more if it is one of several of its site: the shared bus, turns at writing, presence, settings."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec
import structlog

from app.engine import Clock
from app.node import Node, SharedBus
from app.presence import Presence
from app.queue_settings import OF_QUEUE
from app.supervise import ended, supervised
from app.turns import Turns
from router.commands import Reconcile
from storage import wire
from storage.redis_bus import RedisBus, Wire
from storage.wire import Decided, Forwarded, Typed
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.ids import AgentId, CustomerId, InteractionId
from vocabulary.instants import SECOND, Span
from vocabulary.stores import Store

log = structlog.get_logger()

TYPING = "typing"
SETTINGS_EVERY: Span = SECOND
_TYPED_MAX = 256

Work = Callable[[], Awaitable[None]]

WIRE = Wire(
    wire.encode_order,
    wire.decode_order,
    wire.encode_decided,
    wire.decode_decided,
    wire.encode_item,
    wire.decode_item,
)


async def _nothing() -> None:
    """Nothing is to be done."""


def _nobody() -> Collection[str]:
    return ()


def _nowhere(_: str) -> None:
    return None


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What of the application a cluster works with; what is left out, the process doesn't do."""

    load_settings: Work
    begin: Work = _nothing
    """What a take-over calls for, but for who is connected."""
    works: Callable[[], Mapping[str, Work]] = dict
    """What only the writer does, beside writing."""
    node_lost: Work = _nothing
    """Takes up what a node left that is gone."""
    agents: Callable[[], Collection[AgentId]] = _nobody
    customers: Callable[[], Collection[CustomerId]] = _nobody
    """Who is connected here."""
    agent_types: Callable[[InteractionId], None] = _nowhere
    """Tells the customers who are connected here."""
    customer_types: Callable[[InteractionId], None] = _nowhere
    """Tells the agents who are connected here."""


class Cluster:
    """One node's part in the cluster. `start` it once the node's state is there."""

    def __init__(self, node: Node, shared: SharedBus, store: Store, *, process: str, lease: Span) -> None:
        self._node = node
        self._shared = shared
        self._store = store
        self.process = process
        self._lease = lease
        self._parts: Parts | None = None
        self._presence: Presence | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._turns: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._settings: object = None
        self.settled = asyncio.Event()
        """Set once somebody writes: this node, ready, or another."""

    async def start(self, parts: Parts) -> None:
        """Begin to take turns at writing, and to tell and hear who is connected where."""
        self._parts = parts
        self._presence = Presence(
            self._node,
            self._shared,
            process=self.process,
            agents=parts.agents,
            customers=parts.customers,
            lost=lambda _: self._lost.set(),
        )
        self._node.before_reconcile = self._look_at_settings
        turns = Turns(
            self._node,
            self._shared,
            process=self.process,
            begin=self._begin,
            works=self._works,
            span=self._lease,
            settled=self.settled,
        )
        await self._look_at_settings()
        for name, work in {
            "presence:tell": self._presence.tell,
            "presence:hear": self._presence.hear,
            "settings": self._watch_settings,
            "typing:hear": self._hear_typing,
        }.items():
            self._tasks.append(asyncio.create_task(supervised(name, work, self._node.clock), name=name))
        self._turns = asyncio.create_task(supervised("turns", turns.run, self._node.clock), name="turns")

    async def stop(self) -> None:
        """Finish what is being written, give the lease up and say good-bye."""
        if self._turns is not None:
            await ended(self._turns)
        await ended(*self._tasks)
        if self._presence is not None:
            await self._presence.leave()

    # -- who is where

    def agent_elsewhere(self, agent: AgentId) -> bool:
        """Tell whether another node has a socket or lease of `agent`."""
        return self._presence is not None and self._presence.agent_elsewhere(agent)

    def customer_elsewhere(self, customer: CustomerId) -> bool:
        """Tell whether another node has a chat socket of `customer`."""
        return self._presence is not None and self._presence.customer_elsewhere(customer)

    async def typed(self, interaction: InteractionId, agent: AgentId | None = None) -> None:
        """Tell other nodes that the customer of `interaction`, or its `agent`, types."""
        await self._shared.publish(TYPING, Typed(self.process, interaction, agent))

    async def _hear_typing(self) -> None:
        assert self._parts is not None
        async with self._shared.subscribe(TYPING, _TYPED_MAX) as told:
            while True:
                try:
                    item = await anext(told)
                except Lagged:
                    continue  # nobody misses it
                if isinstance(item, Typed) and item.node != self.process:
                    tell = self._parts.customer_types if item.agent is None else self._parts.agent_types
                    tell(item.interaction)

    # -- what the writer does

    async def _begin(self) -> None:
        assert self._parts is not None
        await self._look_at_settings()
        await self._parts.begin()

    def _works(self) -> Mapping[str, Work]:
        assert self._parts is not None
        assert self._presence is not None
        return {**self._parts.works(), "presence": self._presence.reconcile, "left": self._take_up}

    async def _take_up(self) -> None:
        assert self._parts is not None
        while True:
            await self._lost.wait()
            self._lost.clear()
            await self._parts.node_lost()

    # -- settings

    async def _watch_settings(self) -> None:
        """Use what another node has set: within a second, whichever way the bus is."""
        while True:
            await self._node.clock.sleep(SETTINGS_EVERY)
            try:
                if await self._look_at_settings() and self._node.leading:
                    await self._node.submit(Reconcile())
            except TemporaryFailure as failure:
                log.warning("settings_unavailable", reason=str(failure))

    async def _look_at_settings(self) -> bool:
        """Load the settings if they have changed; tell whether they had."""
        assert self._parts is not None
        rows = {(row.id, row.body) for row in await self._store.settings(OF_QUEUE)}
        if rows == self._settings:
            return False
        await self._parts.load_settings()
        self._settings = rows
        return True


async def open_bus(
    url: str, password: str | None, *, site: str, process: str, clock: Clock
) -> RedisBus[Forwarded, Decided]:
    """Return the bus at `url`, begun.

    Raises:
        PermanentFailure: the server is set up so that it would lose commands.
    """
    bus: RedisBus[Forwarded, Decided] = RedisBus(
        url, password=password, site=site, process=process, wire=WIRE, pause=clock.sleep
    )
    try:
        await bus.start()
    except BaseException:
        await bus.close()
        raise
    return bus
