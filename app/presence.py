"""Who is connected to which node: each tells the others, so that nobody counts as gone who has a socket elsewhere.

Hints only. Who writes compares them with the state: agents and customers whom no living node has are cut off after a
grace, whichever way their node ended; those whom a node has again are connected.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec
import structlog

from app.node import Node, SharedBus
from queues.lifecycle import OPEN, InteractionState
from router.commands import Command, Connect, CustomerBack, CustomerGone, Disconnect
from storage.wire import Present
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.ids import AgentId, CustomerId
from vocabulary.instants import SECOND, Instant, Span
from vocabulary.media import CHAT

log = structlog.get_logger()

TOPIC = "presence"
TELL_EVERY: Span = SECOND // 2
ALIVE: Span = 3 * SECOND
"""A node that has not been heard of for so long is gone."""
ECHO: Span = 3 * SECOND // 2
"""A node that doesn't hear itself for so long hears nobody: the bus is away, or it was paused."""
GONE_AFTER: Span = 2 * SECOND
"""How long nobody may have somebody who counts as connected, before he doesn't."""
BACK_AFTER: Span = 3 * SECOND // 2
_READ_MAX = 256
_MISSED = frozenset({InteractionState.WAITING, InteractionState.OFFERED, InteractionState.ACTIVE})
"""Where it matters that the customer is there."""


class _Heard(msgspec.Struct, frozen=True):
    """What a node said last, and when."""

    at: Instant
    agents: frozenset[AgentId]
    customers: frozenset[CustomerId]


class Presence:
    """What this node knows of all nodes."""

    def __init__(
        self,
        node: Node,
        shared: SharedBus,
        *,
        process: str,
        agents: Callable[[], Iterable[AgentId]],
        customers: Callable[[], Iterable[CustomerId]],
        lost: Callable[[str], None],
    ) -> None:
        """`agents` and `customers` give who is connected here; `lost` is told of a node that is gone."""
        self._node = node
        self._shared = shared
        self._process = process
        self._agents = agents
        self._customers = customers
        self._lost = lost
        self._heard: dict[str, _Heard] = {}
        self._echo_at: Instant = -ECHO
        self._hearing_since: Instant = 0
        self._wrong_since: dict[Command, Instant] = {}

    def agent_elsewhere(self, agent: AgentId) -> bool:
        """Tell whether another node has a socket or lease of `agent`."""
        return any(agent in heard.agents for heard in self._heard.values())

    def customer_elsewhere(self, customer: CustomerId) -> bool:
        """Tell whether another node has a chat socket of `customer`."""
        return any(customer in heard.customers for heard in self._heard.values())

    # -- telling and hearing

    async def tell(self) -> None:
        """Tell the others who is here, twice a second; cancel to stop."""
        while True:
            here = Present(self._process, tuple(self._agents()), tuple(self._customers()))
            await self._shared.publish(TOPIC, here)
            await self._node.clock.sleep(TELL_EVERY)
            self._forget()

    async def leave(self) -> None:
        """Tell the others that this node stops."""
        await self._shared.publish(TOPIC, Present(self._process, leaves=True))

    async def hear(self) -> None:
        """Hear what all nodes tell, this one included; cancel to stop."""
        async with self._shared.subscribe(TOPIC, _READ_MAX) as told:
            while True:
                try:
                    item = await anext(told)
                except Lagged:
                    # Nothing is sure until everybody has spoken again.
                    self._hearing_since = self._node.clock.now()
                    continue
                if isinstance(item, Present):
                    self._hear(item)

    def _hear(self, item: Present) -> None:
        now = self._node.clock.now()
        if item.node == self._process:
            # The way there and back is open, maybe again.
            if now - self._echo_at > ECHO:
                self._hearing_since = now
            self._echo_at = now
        elif item.leaves:
            self._end(item.node)
        else:
            self._heard[item.node] = _Heard(now, frozenset(item.agents), frozenset(item.customers))

    def _forget(self) -> None:
        """Forget nodes that are silent, if we could hear them."""
        now = self._node.clock.now()
        if not self._is_sure(now):
            return
        for name in [name for name, heard in self._heard.items() if now - heard.at > ALIVE]:
            self._end(name)

    def _end(self, name: str) -> None:
        if self._heard.pop(name, None) is not None:
            log.warning("node_gone", process=name)
            self._lost(name)

    def _is_sure(self, now: Instant) -> bool:
        """Tell whether every living node has had the time to speak, and could be heard."""
        return now - self._echo_at <= ECHO and now - self._hearing_since >= ALIVE

    # -- what the writer makes of it

    async def reconcile(self) -> None:
        """Bring the state in line with who is connected where, while this node writes; cancel to stop."""
        self._wrong_since = {}
        while True:
            await self._node.clock.sleep(SECOND // 2)
            now = self._node.clock.now()
            if not self._is_sure(now):
                self._wrong_since = {}
                continue
            wrong = dict(self._wrong())
            self._wrong_since = {each: self._wrong_since.get(each, now) for each in wrong}
            for command, after in wrong.items():
                if now - self._wrong_since[command] >= after:
                    await self._right(command)

    async def _right(self, command: Command) -> None:
        try:
            await self._node.submit(command)
        except TemporaryFailure as failure:
            log.warning("presence_waits", reason=str(failure))

    def _wrong(self) -> Iterator[tuple[Command, Span]]:
        """Yield what would set the state right, and how long it must have been wrong for that."""
        heard = self._heard.values()
        agents = frozenset(self._agents()).union(*(each.agents for each in heard))
        customers = frozenset(self._customers()).union(*(each.customers for each in heard))
        state = self._node.state
        for agent in state.agents.values():
            if agent.connected != (agent.id in agents):
                yield (Disconnect(agent.id), GONE_AFTER) if agent.connected else (Connect(agent.id), BACK_AFTER)
        for chat in state.interactions.values():
            is_gone, is_here = chat.customer_leaves_at is not None, chat.customer in customers
            if chat.medium == CHAT and is_gone and is_here and chat.state in OPEN:
                yield CustomerBack(chat.id), BACK_AFTER
            elif chat.medium == CHAT and not is_gone and not is_here and chat.state in _MISSED:
                yield CustomerGone(chat.id), GONE_AFTER
