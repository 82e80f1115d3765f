"""An interaction: one piece of work from one customer on one channel."""

from typing import Literal

import msgspec

from queues.lifecycle import InteractionState
from vocabulary.ids import AgentId, ChannelName, CustomerId, InteractionId, OfferId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.skills import Requirement

OrderKey = tuple[int, Instant, int]
"""(class, due_at, admission number); lower goes first (semantics.md section 4)."""

PRIORITY_MIN, PRIORITY_MAX = -100, 100


class Label(msgspec.Struct, frozen=True):
    """What the text is about, with the classifier's confidence from 0 to 1."""

    name: str
    confidence: float


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction at one instant; changed only by `evolve`, which puts a new value in its place.

    `messages` counts the conversation: the last message has that sequence number.
    `unanswered_at` is the instant of the oldest customer message that nobody has answered.
    `expired` are the requirements that no longer count, as text: one skill may be asked for at two levels.
    `waited_seen` is the longest agents' delay that has been acted upon in this leg.
    `customer_leaves_at`, `owner_gone_until`: a customer or owner is cut off, and this is how long his absence is borne.
    """

    id: InteractionId
    number: int
    channel: ChannelName
    medium: str
    customer: CustomerId
    state: InteractionState
    queue: QueueName
    priority: int = 0
    class_: int = 0
    requirements: tuple[Requirement, ...] = ()
    expired: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    language: str | None = None
    created_at: Instant
    arrived_at: Instant
    enqueued_at: Instant
    due_at: Instant
    credit: Span
    leg: int = 1
    agent: AgentId | None = None
    offers: tuple[OfferId, ...] = ()
    offers_made: int = 0
    barred: dict[AgentId, Instant] = {}
    declined_by: frozenset[AgentId] = frozenset()
    preferred_agent: AgentId | None = None
    hold_until: Instant | None = None
    waited_seen: Span = 0
    messages: int = 0
    unanswered_at: Instant | None = None
    accepted_at: Instant | None = None
    replied: bool = False
    customer_leaves_at: Instant | None = None
    owner_gone_until: Instant | None = None
    ended_at: Instant | None = None
    wrap_up_until: Instant | None = None
    wrap_up_extensions: int = 0
    parked_until: Instant | None = None
    scheduled_at: Instant | None = None
    confirm_until: Instant | None = None
    attempts: int = 0
    closed_at: Instant | None = None
    reopen_until: Instant | None = None
    disposition: str | None = None
    auto_replied: bool = False
    follows: InteractionId | None = None

    @property
    def key(self) -> OrderKey:
        """Its place in the queue."""
        return (self.class_, self.due_at, self.number)

    @property
    def in_force(self) -> tuple[Requirement, ...]:
        """The requirements that have not expired."""
        if not self.expired:
            return self.requirements
        return tuple(requirement for requirement in self.requirements if str(requirement) not in self.expired)


OfferState = Literal["pending", "accepted", "declined", "expired", "withdrawn"]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A time-bounded proposal of one interaction to one agent."""

    id: OfferId
    interaction: InteractionId
    agent: AgentId
    state: OfferState
    offered_at: Instant
    expires_at: Instant
    reason: str = ""
