"""What the reference model is about: works (interactions), people (agents), rings (offers)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.agent import Profile
from queues.interaction import Label
from queues.sla import Agreement
from vocabulary.instants import Instant, Span
from vocabulary.skills import Preference, Requirement

if TYPE_CHECKING:
    from tests.reference.second_thoughts import Said
    from tests.reference.sendings import Letter

QUEUED = ("waiting", "offered")
HELD = ("active", "parked", "wrap_up")
OVER = ("closed", "abandoned")
AT_WORK = ("offer", "active", "wrap_up")


@dataclass(slots=True)
class Piece:
    """What one interaction occupies of an agent. `kind`: offer, active, wrap_up, parked or room."""

    medium: str
    cost: int
    kind: str


@dataclass(slots=True)
class Ring:
    """An offer."""

    id: str
    work: str
    person: str
    expires_at: Instant
    state: str = "pending"


KindKey = tuple[str, str, tuple[str, ...]]


@dataclass(slots=True)
class Kind:
    """A kind of work, for the guard of steps: when it came, and how long own and foreign agents took."""

    queue: str
    medium: str
    requirements: tuple[Requirement, ...]
    arrivals: list[Instant] = field(default_factory=list)
    own: list[Span] = field(default_factory=list)
    foreign: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class Ask:
    """What a warm transfer asks for (section 15): as something that waits in the target's queue since then."""

    queue: str
    since: Instant
    until: Instant
    only: str | None
    target: Span
    credit: Span
    by_ratio: bool
    requirements: tuple[Requirement, ...]
    expired: frozenset[Requirement]
    groups: tuple[str, ...]
    anew: bool
    waited: Span = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock of section 16. `next_at`: the next warning or the breach; `left`: what it had left when it was paused."""

    started_at: Instant
    due_at: Instant
    next_at: Instant | None
    left: Span | None = None
    stopped_at: Instant | None = None
    met: bool = False
    breached: bool = False


@dataclass(slots=True)
class Done:
    """What a supervisor did last, until when it can be undone, and what was before."""

    what: str
    until: Instant
    before: "Work"


@dataclass(slots=True)
class Work:
    """An interaction. `waited`: the longest delay of agents that it has waited in this leg.

    `target`, `credit`, `by_ratio`, `parallel`: what its queue said when it was enqueued. `groups`, `taken`: what
    steps have added, and the steps taken; `step_at`: when to look at steps next. `kind`: the kind of work it counts
    as. `only`: nobody else may be offered it. `ask`: a warm transfer is open. `room`: who is in it too, and how.
    `scheduled_for`: slot, retry or hours. `domain`: that of `address`, `given`: the automatic replies he has had.
    `address`, `automatic`, `mailable`, `answered`: whether automatic replies may reach the customer, mail can, and
    his last message has had its reply; `auto_replied`: any has. `looked`, `applied`, `ways`: of overflow in this
    leg, the waits that were looked at, the rules that applied, what the customer was offered; `closes_at`: a retry
    is looked at then, too; `left`: the queues that it overflowed from in this opening. `who`, `who_tries`,
    `learnt`: what he was asked, how often, what came of it. `letters`: what will be sent to `customer`. `said`: his
    messages and our replies. `bulk`: it rests, or did, with that answer for many.
    """

    id: str
    number: int
    channel: str
    medium: str
    queue: str
    priority: int
    class_: int
    requirements: tuple[Requirement, ...]
    preferences: tuple[Preference, ...]
    labels: tuple[Label, ...]
    arrived_at: Instant
    enqueued_at: Instant
    state: str = "new"
    target: Span = 0
    credit: Span = 0
    by_ratio: bool = False
    parallel: int = 1
    leg: int = 0
    expired: frozenset[Requirement] = frozenset()
    waited: Span = 0
    groups: tuple[str, ...] = ()
    taken: tuple[Span, ...] = ()
    step_at: Instant | None = None
    kind: KindKey | None = None
    agent: str | None = None
    rings: tuple[str, ...] = ()
    rings_made: int = 0
    barred: dict[str, Instant] = field(default_factory=dict)
    declined_by: frozenset[str] = frozenset()
    preferred: str | None = None
    only: str | None = None
    hold_until: Instant | None = None
    unanswered_at: Instant | None = None
    accepted_at: Instant | None = None
    customer_leaves_at: Instant | None = None
    owner_gone_until: Instant | None = None
    wrap_up_until: Instant | None = None
    extensions: int = 0
    parked_until: Instant | None = None
    scheduled_at: Instant | None = None
    confirm_until: Instant | None = None
    question: tuple[str, tuple[str, ...]] | None = None
    confirmed: bool = False
    attempts: int = 0
    reopen_until: Instant | None = None
    disposition: str | None = None
    segments: tuple[str, ...] = ()
    scheduled_for: str = ""
    address: str | None = None
    domain: str | None = None
    given: set[str | tuple[str, str]] = field(default_factory=set)
    automatic: bool = False
    mailable: bool = False
    answered: bool = False
    auto_replied: bool = False
    who: str | None = None
    who_tries: int = 0
    learnt: str = ""
    replied: bool = False
    silent_at: Instant | None = None
    parked_close_at: Instant | None = None
    estimate: tuple[Span, Span] | None = None
    closes_at: Instant | None = None
    looked: Span = 0
    applied: tuple[int, ...] = ()
    left: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    promise: Agreement | None = None
    clocks: dict[str, Clock] = field(default_factory=dict)
    ask: Ask | None = None
    room: dict[str, str] = field(default_factory=dict)
    done: Done | None = None
    customer: str = ""
    language: str | None = None
    bulk: str = ""
    letters: "tuple[Letter, ...]" = ()
    said: "tuple[Said, ...]" = ()
    guessed: tuple[Label, ...] | None = None

    @property
    def due_at(self) -> Instant:
        """Section 4: due_at = arrived_at + target - priority * credit."""
        return self.arrived_at + self.target - self.priority * self.credit

    @property
    def key(self) -> tuple[int, Instant, int]:
        return self.class_, self.due_at, self.number

    @property
    def is_retry(self) -> bool:
        """Whether it is another attempt to call somebody who was not reached."""
        return self.medium == "callback" and self.scheduled_for == "retry"

    @property
    def label(self) -> str:
        return self.labels[0].name if self.labels else ""

    @property
    def in_force(self) -> list[Requirement]:
        """Section 5: the requirements that have not expired."""
        return [need for need in self.requirements if need not in self.expired]


@dataclass(slots=True)
class Person:
    """An agent. `busy`: share of time at work as of his last release; `busy_from`: at work since."""

    id: str
    profile: Profile
    idle_since: Instant
    presence: str = "offline"
    reason: str = ""
    connected: bool = False
    away_until: Instant | None = None
    media_off: frozenset[str] = frozenset()
    after: tuple[str, str] | None = None
    cooling_until: Instant | None = None
    misses: int = 0
    missed_at: Instant | None = None
    busy: float = 0.0
    busy_from: Instant | None = None
    offered_at: Instant = 0
    pieces: dict[str, Piece] = field(default_factory=dict)
    handling: dict[str, tuple[int, Span]] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """Section 20.3: used units = the sum of the costs of what he holds."""
        return sum(piece.cost for piece in self.pieces.values())

    @property
    def at_work(self) -> bool:
        return any(piece.kind in AT_WORK for piece in self.pieces.values())

    @property
    def is_there(self) -> bool:
        """Whether he can be left with work: connected and not offline."""
        return self.connected and self.presence != "offline"
