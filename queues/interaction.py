"""An interaction: one piece of work from one customer on one channel."""

from typing import Literal

import msgspec

from queues.lifecycle import InteractionState
from queues.overflow import Contact, Marks
from queues.sla import Agreement, Clock, ClockName
from vocabulary.ids import AgentId, ChannelName, CustomerId, InteractionId, MessageId, OfferId, QueueName
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


class Consult(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A warm transfer that nobody has accepted yet: what its target is asked (semantics.md section 15).

    `note`: the message that the target reads first. `since`, `until`: its clock, and when the sender is told that
    nobody took it. The rest is what a leg in `queue` would have.
    """

    queue: QueueName
    note: MessageId
    since: Instant
    until: Instant
    due_at: Instant
    credit: Span
    target: Span = 0
    pace: Span = 0
    only_agent: AgentId | None = None
    requirements: tuple[Requirement, ...] = ()
    expired: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    waited_seen: Span = 0


RoomMode = Literal["participant", "monitor", "whisper", "barge"]
"""How an agent is in the room of another's interaction: he talks to the customer (`participant`, `barge`), to agents
only (`whisper`), or is not seen (`monitor`)."""

SPEAKS: frozenset[RoomMode] = frozenset({"participant", "barge"})
"""Modes in which what an agent writes goes to the customer."""

UndoKind = Literal["move", "priority", "close"]


class Undoable(msgspec.Struct, frozen=True, gc=False):
    """What a supervisor's act replaced: `before` is the interaction as it was. It can be taken back before `until`."""

    kind: UndoKind
    at: Instant
    until: Instant
    before: "Interaction"


class Interaction(msgspec.Struct, kw_only=True, gc=False):
    """An interaction at one instant. Only `evolve` changes it; it replaces what a field holds and never writes into it.

    `messages` counts the conversation: the last message has that sequence number.
    `unanswered_at` is the instant of the oldest customer message that nobody has answered.
    `target`, `pace`: the service-level target that it was enqueued under, and the same where the queue orders by wait
    over target, else 0.
    `expired` are the requirements that no longer count, as text: one skill may be asked for at two levels.
    `groups` of agents were added by steps; `steps_taken` are those steps of the queue, each by its `after`; at
    `step_at` the next comes due, or one that is held back is looked at again.
    `stream` is the kind of work that it was counted as (`queues/demand.py`), "" where nobody counts.
    `waited_seen` is the longest agents' delay that has been acted upon in this leg.
    `scheduled_for`: why it waits for an instant: slot, retry or hours.
    `overflow`: None where its queue never overflows.
    `estimate`: the last recorded expected wait of this leg, 10th to 90th percentile.
    `only_agent`: nobody else may be offered it (a transfer to him).
    `consult`: a warm transfer that has been asked for; the interaction stays active with its owner meanwhile.
    `participants`: who else is in the room, by mode; nobody unless it is active.
    `undo`: what a supervisor's latest act replaced.
    `agreement`: what was promised when it came in, with its `clocks`; None: nothing.
    `silent_at`, `parked_close_at`: while it is active, when it is parked if the customer says nothing to our reply;
    while it is parked, when it closes by itself.
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
    segment: str | None = None
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
    steps_taken: tuple[Span, ...] = ()
    step_at: Instant | None = None
    stream: str = ""
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
    scheduled_for: str = ""
    confirm_until: Instant | None = None
    attempts: int = 0
    closed_at: Instant | None = None
    reopen_until: Instant | None = None
    disposition: str | None = None
    auto_replied: bool = False
    follows: InteractionId | None = None
    overflow: Marks | None = None
    estimate: tuple[Span, Span] | None = None
    estimated_at: Instant | None = None
    contact: Contact | None = None
    consult: Consult | None = None
    participants: dict[AgentId, RoomMode] = {}
    undo: Undoable | None = None
    agreement: Agreement | None = None
    clocks: dict[ClockName, Clock] = {}
    silent_at: Instant | None = None
    parked_close_at: Instant | None = None
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


def offer_id(interaction: InteractionId, number: int) -> OfferId:
    """Return the id of the `number`-th offer of `interaction`."""
    return f"{interaction}.{number}"
