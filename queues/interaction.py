"""An interaction: one piece of work from one customer on one channel."""

from typing import Literal

import msgspec

from queues.lifecycle import InteractionState
from vocabulary.ids import AgentId, ChannelName, CustomerId, InteractionId, OfferId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.skills import Preference, Requirement

OrderKey = tuple[int, Instant, int]
"""(class, due_at, admission number); lower goes first (semantics.md section 4)."""

PRIORITY_MIN, PRIORITY_MAX = -100, 100


class Label(msgspec.Struct, frozen=True):
    """What the text is about, with the classifier's confidence from 0 to 1."""

    name: str
    confidence: float


class Place(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in the backlog: the key, the number of the line, the interaction."""

    class_: int
    due_at: Instant
    number: int
    line: int
    id: InteractionId


class Interaction(msgspec.Struct, kw_only=True, gc=False):
    """An interaction at one instant. Only `evolve` changes it; it replaces what a field holds and never writes into it.

    `messages` counts the conversation: the last message has that sequence number.
    `unanswered_at` is the instant of the oldest customer message that nobody has answered.
    `target`, `pace`: the service-level target that it was enqueued under, and the same where the queue orders by wait
    over target, else 0.
    `expired` are the requirements that no longer count, as text: one skill may be asked for at two levels.
    `groups` of agents were added by steps; `step` is how many steps of the queue this leg has taken.
    `waited_seen` is the longest agents' delay that has been acted upon in this leg.
    `only_agent`: nobody else may be offered it (a transfer to him).
    `customer_leaves_at`, `owner_gone_until`: a customer or owner is cut off, and this is how long his absence is borne.
    `place`: where it waits, while it does; not part of a checkpoint.
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
    preferences: tuple[Preference, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    language: str | None = None
    created_at: Instant
    arrived_at: Instant
    enqueued_at: Instant
    due_at: Instant
    credit: Span
    target: Span = 0
    pace: Span = 0
    parallel: int = 1
    leg: int = 1
    groups: tuple[str, ...] = ()
    step: int = 0
    agent: AgentId | None = None
    offers: tuple[OfferId, ...] = ()
    offers_made: int = 0
    barred: dict[AgentId, Instant] = {}
    declined_by: frozenset[AgentId] = frozenset()
    preferred_agent: AgentId | None = None
    only_agent: AgentId | None = None
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
    place: Place | msgspec.UnsetType = msgspec.UNSET

    @property
    def key(self) -> OrderKey:
        """Its place in the queue."""
        return (self.class_, self.due_at, self.number)

    @property
    def label(self) -> str:
        """What it is most surely about, or "" if nobody knows."""
        return self.labels[0].name if self.labels else ""

    @property
    def in_force(self) -> tuple[Requirement, ...]:
        """The requirements that have not expired."""
        if not self.expired:
            return self.requirements
        return tuple(requirement for requirement in self.requirements if str(requirement) not in self.expired)


OfferState = Literal["pending", "accepted", "declined", "expired", "withdrawn"]


class Offer(msgspec.Struct, kw_only=True, gc=False):
    """A time-bounded proposal of one interaction to one agent. Only `evolve` changes it."""

    id: OfferId
    interaction: InteractionId
    agent: AgentId
    state: OfferState
    offered_at: Instant
    expires_at: Instant
    reason: str = ""
