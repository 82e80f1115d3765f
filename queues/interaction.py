"""An interaction: one piece of work from one customer on one channel."""

from functools import lru_cache
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from queues.lifecycle import InteractionState
from queues.overflow import Contact, Marks
from queues.sending import Sending
from queues.sla import Agreement, Clock, ClockName
from vocabulary.ids import AgentId, ChannelName, CustomerId, InteractionId, MessageId, OfferId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.media import CALLBACK, EMAIL
from vocabulary.skills import Preference, Requirement

OrderKey = tuple[int, Instant, int]
"""(class, due_at, admission number); lower goes first (semantics.md section 4)."""

PRIORITY_MIN, PRIORITY_MAX = -100, 100


class Label(msgspec.Struct, frozen=True):
    """What the text is about, with the classifier's confidence from 0 to 1."""

    name: str
    confidence: float


class Heads(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the text tells beside its label, with the confidence of each; None: nobody knows.

    `urgency` is low, normal or high; `sentiment` negative, neutral or positive; a `department` is named by the site.
    """

    department: Label | None = None
    urgency: Label | None = None
    sentiment: Label | None = None


_DUE_BITS, _NUMBER_BITS = 52, 40
_DUE_MIDDLE = 1 << (_DUE_BITS - 1)
_NUMBERS, _DUES = (1 << _NUMBER_BITS) - 1, (1 << _DUE_BITS) - 1

NO_LINE, IRREGULAR, PERSONAL = -1, -2, -3
"""In the place of a line's number: it doesn't wait, it waits in no line, it is kept for one agent."""


def turn_of(class_: int, due_at: Instant, number: int) -> int:
    """Return one number that orders as (class, due_at, admission number) does: comparing three would take longer.

    Args:
        class_: any.
        due_at: within 71,000 years of 1970.
        number: from 0 to a trillion.
    """
    return ((class_ << _DUE_BITS) + due_at + _DUE_MIDDLE) << _NUMBER_BITS | number


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

UndoKind = Literal["move", "priority", "close", "answer"]


class Undoable(msgspec.Struct, frozen=True, gc=False):
    """What a supervisor's act replaced: `before` is the interaction as it was. It can be taken back before `until`."""

    kind: UndoKind
    at: Instant
    until: Instant
    before: "Interaction"


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What a customer was asked by the bot: which of these articles answers him. `autoresponse` asks."""

    autoresponse: str
    articles: tuple[str, ...]


class Correction(msgspec.Struct, frozen=True, gc=False):
    """That `by` said what it is about; `before` are the labels that it had come in with."""

    by: str
    at: Instant
    before: tuple[Label, ...] = ()


class HeldBack(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An agent's message that has not begun to go out: until then he may take it back.

    The rest is what it changed: since when the customer waited, whether he had been answered, from when on he was to
    count as silent, and his clocks.
    """

    message: MessageId
    agent: AgentId
    until: Instant
    unanswered_at: Instant | None = None
    replied: bool = False
    silent_at: Instant | None = None
    clocks: dict[ClockName, Clock] = {}


class QueueTerms(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What its queue's policy said when an interaction was enqueued; one for all that were told the same.

    `target`, `pace`: the service-level target, and the same where the queue orders by wait over target, else 0.
    """

    credit: Span
    target: Span = 0
    pace: Span = 0
    parallel: int = 1


@lru_cache(maxsize=10_000)
def queue_terms(credit: Span, target: Span, pace: Span, parallel: int) -> QueueTerms:
    """Return the one value with these terms."""
    return QueueTerms(credit, target, pace, parallel)


class AskedWho(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What its customer was asked, to know who he is, how often, and what came of it; "" while nothing has."""

    question: str
    tries: int = 1
    result: str = ""


class Seldom(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What most interactions never have while they wait.

    `created_at`: when it came in, if that is not when this opening began.
    `messages` counts the conversation: the last message has that sequence number.
    `unanswered_at` is the instant of the oldest customer message that nobody has answered.
    `segment`, and `also_segments` by precedence, are what its customer is.
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
    `sendings`: what will be sent to its customer. It is not forgotten before they are over.
    `asked_who`: the question who its customer is.
    `asked`: what the bot has asked the customer, while it rests with him. `confirmed`: he said that its answer helped.
    `held_back`: replies that their agents may still take back, in their order.
    `bulk`: it was answered together with many others, by the answer of that id. `rested`: it was in this leg before it
    came back from there, so its wait tells nothing of the queue.
    `customer_leaves_at`, `owner_gone_until`: a customer or owner is cut off, and this is how long his absence is borne.
    `corrected`: who said what it is about, if a person did.
    `ruled_leg`: the leg that rules alone began; while it lasts, they may say anew where it belongs. 0: none.
    """

    labels: tuple[Label, ...] = ()
    heads: Heads | None = None
    language: str | None = None
    segment: str | None = None
    preferences: tuple[Preference, ...] = ()
    tags: tuple[str, ...] = ()
    contact: Contact | None = None
    messages: int = 0
    unanswered_at: Instant | None = None
    replied: bool = False
    expired: frozenset[str] = frozenset()
    waited_seen: Span = 0
    groups: tuple[str, ...] = ()
    steps_taken: tuple[Span, ...] = ()
    step_at: Instant | None = None
    stream: str = ""
    barred: dict[AgentId, Instant] = {}
    declined_by: frozenset[AgentId] = frozenset()
    preferred_agent: AgentId | None = None
    only_agent: AgentId | None = None
    hold_until: Instant | None = None
    created_at: Instant | None = None
    customer_leaves_at: Instant | None = None
    owner_gone_until: Instant | None = None
    wrap_up_until: Instant | None = None
    wrap_up_extensions: int = 0
    parked_until: Instant | None = None
    scheduled_at: Instant | None = None
    scheduled_for: str = ""
    confirm_until: Instant | None = None
    attempts: int = 0
    disposition: str | None = None
    auto_replied: bool = False
    follows: InteractionId | None = None
    overflow: Marks | None = None
    estimate: tuple[Span, Span] | None = None
    estimated_at: Instant | None = None
    consult: Consult | None = None
    participants: dict[AgentId, RoomMode] = {}
    undo: Undoable | None = None
    agreement: Agreement | None = None
    clocks: dict[ClockName, Clock] = {}
    silent_at: Instant | None = None
    parked_close_at: Instant | None = None
    sendings: tuple[Sending, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    bulk: str = ""
    rested: bool = False
    asked: Asked | None = None
    asked_who: AskedWho | None = None
    confirmed: bool = False
    corrected: Correction | None = None
    also_segments: tuple[str, ...] = ()
    ruled_leg: int = 0


PLAIN = Seldom()
"""The one that nothing has been written into: whoever has it has nothing that is not looked at first."""

T = TypeVar("T")


class _Rarely(Generic[T]):
    """A field of `Seldom` as an attribute of its interaction."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, row: Any, owner: type) -> T:
        value: T = getattr(row.seldom, self._name)
        return value

    def __set__(self, row: Any, value: T) -> None:
        before = row.seldom
        if getattr(before, self._name) != value:
            after = replace(before, **{self._name: value})
            row.seldom = PLAIN if after == PLAIN else after


class Interaction(msgspec.Struct, kw_only=True, gc=False, order=True):
    """An interaction at one instant. Only `evolve` changes it; it replaces what a field holds and never writes into it.

    A million may wait, so what few of them have stands in `seldom`; everything can be asked for here all the same.
    `turn`: its place in the order of any queue, see `turn_of`; compared first, so interactions sort by it.
    `line`: the number of the line where it waits, or why it waits in none; worked out, not part of a checkpoint.
    `over`: since when it has ended, and until when its customer opens it again by writing.
    """

    turn: int
    id: InteractionId
    state: InteractionState
    channel: ChannelName
    medium: str
    customer: CustomerId
    queue: QueueName
    arrived_at: Instant
    enqueued_at: Instant
    terms: QueueTerms
    priority: int = 0
    requirements: tuple[Requirement, ...] = ()
    leg: int = 1
    agent: AgentId | None = None
    offers: tuple[OfferId, ...] = ()
    offers_made: int = 0
    accepted_at: Instant | None = None
    ended_at: Instant | None = None
    over: tuple[Instant, Instant] | None = None
    seldom: Seldom = PLAIN
    line: int = NO_LINE

    labels = _Rarely[tuple[Label, ...]]()
    heads = _Rarely[Heads | None]()
    language = _Rarely[str | None]()
    segment = _Rarely[str | None]()
    preferences = _Rarely[tuple[Preference, ...]]()
    tags = _Rarely[tuple[str, ...]]()
    contact = _Rarely[Contact | None]()
    messages = _Rarely[int]()
    unanswered_at = _Rarely[Instant | None]()
    replied = _Rarely[bool]()
    expired = _Rarely[frozenset[str]]()
    waited_seen = _Rarely[Span]()
    groups = _Rarely[tuple[str, ...]]()
    steps_taken = _Rarely[tuple[Span, ...]]()
    step_at = _Rarely[Instant | None]()
    stream = _Rarely[str]()
    barred = _Rarely[dict[AgentId, Instant]]()
    declined_by = _Rarely[frozenset[AgentId]]()
    preferred_agent = _Rarely[AgentId | None]()
    only_agent = _Rarely[AgentId | None]()
    hold_until = _Rarely[Instant | None]()
    customer_leaves_at = _Rarely[Instant | None]()
    owner_gone_until = _Rarely[Instant | None]()
    wrap_up_until = _Rarely[Instant | None]()
    wrap_up_extensions = _Rarely[int]()
    parked_until = _Rarely[Instant | None]()
    scheduled_at = _Rarely[Instant | None]()
    scheduled_for = _Rarely[str]()
    confirm_until = _Rarely[Instant | None]()
    attempts = _Rarely[int]()
    disposition = _Rarely[str | None]()
    auto_replied = _Rarely[bool]()
    follows = _Rarely[InteractionId | None]()
    overflow = _Rarely[Marks | None]()
    estimate = _Rarely[tuple[Span, Span] | None]()
    estimated_at = _Rarely[Instant | None]()
    consult = _Rarely[Consult | None]()
    participants = _Rarely[dict[AgentId, RoomMode]]()
    undo = _Rarely[Undoable | None]()
    agreement = _Rarely[Agreement | None]()
    clocks = _Rarely[dict[ClockName, Clock]]()
    silent_at = _Rarely[Instant | None]()
    parked_close_at = _Rarely[Instant | None]()
    sendings = _Rarely[tuple[Sending, ...]]()
    held_back = _Rarely[tuple[HeldBack, ...]]()
    bulk = _Rarely[str]()
    rested = _Rarely[bool]()
    asked = _Rarely[Asked | None]()
    asked_who = _Rarely[AskedWho | None]()
    confirmed = _Rarely[bool]()
    corrected = _Rarely[Correction | None]()
    also_segments = _Rarely[tuple[str, ...]]()
    ruled_leg = _Rarely[int]()

    @property
    def segments(self) -> tuple[str, ...]:
        """What its customer is, by precedence."""
        return () if self.segment is None else (self.segment, *self.also_segments)

    @property
    def goes_by_mail(self) -> bool:
        """Whether what we write goes out as mail; a callback has no other way to write to its customer."""
        mailable = self.contact is not None and self.contact.email
        return self.medium == EMAIL or (self.medium == CALLBACK and mailable)

    @property
    def number(self) -> int:
        """Its admission number."""
        return self.turn & _NUMBERS

    @property
    def due_at(self) -> Instant:
        """The instant by which it is due: earliest due goes first."""
        return ((self.turn >> _NUMBER_BITS) & _DUES) - _DUE_MIDDLE

    @due_at.setter
    def due_at(self, due_at: Instant) -> None:
        self.turn = turn_of(self.class_, due_at, self.number)

    @property
    def class_(self) -> int:
        """Strict priority: 1 only when no 0 waits, -1 before all 0."""
        return self.turn >> (_NUMBER_BITS + _DUE_BITS)

    @class_.setter
    def class_(self, class_: int) -> None:
        self.turn = turn_of(class_, self.due_at, self.number)

    @property
    def key(self) -> OrderKey:
        """Its place in the queue."""
        return (self.class_, self.due_at, self.number)

    @property
    def created_at(self) -> Instant:
        """When it came in."""
        created: Instant | None = self.seldom.created_at
        return self.arrived_at if created is None else created

    @created_at.setter
    def created_at(self, at: Instant) -> None:
        self.seldom = replace(self.seldom, created_at=at)

    @property
    def closed_at(self) -> Instant | None:
        """When it ended; None while it is open."""
        return None if self.over is None else self.over[0]

    @property
    def reopen_until(self) -> Instant | None:
        """Until when, after its end, it opens again if the customer writes."""
        return None if self.over is None else self.over[1]

    @property
    def credit(self) -> Span:
        """The age that one point of priority is worth in its queue, ms."""
        return self.terms.credit

    @property
    def target(self) -> Span:
        """The service-level target that it was enqueued under."""
        return self.terms.target

    @property
    def pace(self) -> Span:
        """The target where its queue orders by wait over target, else 0."""
        return self.terms.pace

    @property
    def parallel(self) -> int:
        """At how many agents it may ring at once."""
        return self.terms.parallel

    @property
    def label(self) -> str:
        """What it is most surely about, or "" if nobody knows."""
        labels: tuple[Label, ...] = self.seldom.labels
        return labels[0].name if labels else ""

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
