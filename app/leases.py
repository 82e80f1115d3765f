"""Connection leases of agents (semantics.md section 11): heartbeats stay here, only gains and losses reach the core."""

from collections.abc import Callable, Collection

import structlog

from app.engine import Engine
from router.commands import Connect, Disconnect
from vocabulary.errors import TemporaryFailure
from vocabulary.ids import AgentId
from vocabulary.instants import SECOND, Instant, Span

log = structlog.get_logger()

LEASE: Span = 30 * SECOND
"""A socket or a call of an agent without a socket keeps him connected for so long."""
LINGER: Span = 2 * SECOND
"""How long the last socket may be gone before that counts as a loss: a page that reloads is no loss."""
EVERY: Span = SECOND // 4
"""So often ended leases are looked for: with LINGER, what rings at somebody who is gone rings elsewhere within 3 s."""


class Leases:
    """Who is connected, and until when."""

    def __init__(self, engine: Engine, elsewhere: Callable[[AgentId], bool] = lambda _: False) -> None:
        """`elsewhere` tells whether another node has an agent."""
        self._engine = engine
        self._elsewhere = elsewhere
        self._until: dict[AgentId, Instant] = {}
        self._sockets: dict[AgentId, int] = {}

    @property
    def agents(self) -> Collection[AgentId]:
        """Who is connected here."""
        return self._until.keys()

    async def opened(self, agent: AgentId) -> None:
        """A socket of `agent` opened."""
        self._sockets[agent] = self._sockets.get(agent, 0) + 1
        await self.keep(agent, LEASE)

    async def closed(self, agent: AgentId) -> None:
        """A socket of `agent` closed; if it was the last one, he has two seconds."""
        self._sockets[agent] = self._sockets.get(agent, 1) - 1
        if self._sockets[agent] <= 0:
            del self._sockets[agent]
            self._until[agent] = self._engine.clock.now() + LINGER

    async def keep(self, agent: AgentId, span: Span = LEASE) -> None:
        """Keep `agent` connected for at least `span` ms from now."""
        until = self._engine.clock.now() + span
        self._until[agent] = max(until, self._until.get(agent, 0)) if agent not in self._sockets else until
        known = self._engine.state.agents.get(agent)
        if known is None or not known.connected:
            await self._engine.submit(Connect(agent))

    async def run(self) -> None:
        """End leases that nobody renewed; cancel to stop."""
        while True:
            await self._engine.clock.sleep(EVERY)
            now = self._engine.clock.now()
            for agent in [agent for agent, until in self._until.items() if until <= now]:
                await self._lost(agent)

    async def _lost(self, agent: AgentId) -> None:
        if self._elsewhere(agent):
            self._until.pop(agent, None)
            return
        try:
            await self._engine.submit(Disconnect(agent))
        except TemporaryFailure as failure:
            log.warning("disconnect_waits", agent=agent, reason=str(failure))
            return
        self._until.pop(agent, None)
        log.info("lease_ended", agent=agent)
