"""The state that events build. Only `evolve` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queues.backlog import Backlog
from queues.deadlines import Deadlines
from router.overlay import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.agent import Agent
    from queues.interaction import Interaction, Offer
    from vocabulary.ids import AgentId, InteractionId, OfferId, QueueName
    from vocabulary.instants import Instant, Span

HANDLING_SAMPLES = 50
REPLIES_KEPT = 1_000
"""Instants of automatic replies to one address: as many as configuration may allow."""


class State:
    """What is, at one place of the event log.

    `members`: a queue's agents, ids ascending. `takers`: those of them who may be offered anything at all (an index:
    an arrival looks at these only). `delays`: their distinct delays above 0, ascending.
    `auto_replies`: instants of automatic replies by address hash. `handling`: the latest handling times of a queue, ms.
    `admitted`: how many interactions were ever admitted.
    """

    __slots__ = (
        "admitted",
        "agents",
        "auto_replies",
        "backlog",
        "deadlines",
        "delays",
        "handling",
        "interactions",
        "members",
        "offers",
        "takers",
    )

    def __init__(self) -> None:
        self.interactions: Table[InteractionId, Interaction] = Table()
        self.offers: Table[OfferId, Offer] = Table()
        self.agents: Table[AgentId, Agent] = Table()
        self.members: Table[QueueName, tuple[AgentId, ...]] = Table()
        self.takers: Table[QueueName, tuple[AgentId, ...]] = Table()
        self.delays: Table[QueueName, tuple[Span, ...]] = Table()
        self.auto_replies: Table[str, tuple[Instant, ...]] = Table()
        self.handling: Table[QueueName, tuple[Span, ...]] = Table()
        self.backlog = Backlog()
        self.deadlines = Deadlines()
        self.admitted = 0

    def fork(self) -> State:
        """Return a state that reads like this one and keeps its changes to itself."""
        fork = State.__new__(State)
        for name in self.__slots__:
            value = getattr(self, name)
            setattr(fork, name, value if isinstance(value, int) else value.fork())
        return fork

    def agents_of(self, queue: QueueName) -> Iterator[Agent]:
        """Iterate over the members of `queue`, lower ids first."""
        return (self.agents[agent] for agent in self.members.get(queue, ()))

    def takers_of(self, queue: QueueName) -> Iterator[Agent]:
        """Iterate over the members of `queue` who may be offered anything at all, lower ids first."""
        return (self.agents[agent] for agent in self.takers.get(queue, ()))


def next_deadline(state: State) -> Instant | None:
    """Return when time alone changes something, or None if it doesn't. `Tick` then."""
    due = state.deadlines.first()
    return due[0] if due else None
