"""The reference model's world: everything at one instant."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from queues.hours import Hours
from queues.overflow import Do
from queues.policy import ChannelPolicy, QueuePolicy
from router.policy import Policy
from tests.reference.values import Kind, KindKey, Person, Ring, Work
from vocabulary.instants import Instant, Span


class Refused(Exception):
    """A command that changes nothing; `code` and `reason` as the core names them."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass
class World:
    """Everything at one instant. `trace`: what happened to offers in the command under way, in order.

    `freed`: agents who can perhaps take work now; `returned`: interactions that can perhaps be matched now; `joined`:
    those that came into a queue in the command under way.
    `avalanches`: labels, and queues, with one; `automatic`: what is answered by itself, by label (`bulk.Automatic`).
    `emergencies`: queues whose switch is on. `watched`: what the hours of a queue say, and until when.
    """

    policy: Policy
    now: Instant = 0
    works: dict[str, Work] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    replies: dict[str, list[Instant]] = field(default_factory=dict)
    replies_sent: list[Instant] = field(default_factory=list)
    replies_stopped: bool = False
    quiet_until: dict[str, Instant] = field(default_factory=dict)
    kinds: dict[KindKey, Kind] = field(default_factory=dict)
    typical: dict[str, tuple[int, Span]] = field(default_factory=dict)
    admitted: int = 0
    trace: list[tuple[Any, ...]] = field(default_factory=list)
    freed: dict[str, None] = field(default_factory=dict)
    returned: dict[str, None] = field(default_factory=dict)
    joined: dict[str, None] = field(default_factory=dict)
    emergencies: dict[str, Do] = field(default_factory=dict)
    estimates: dict[str, tuple[Span, Span]] = field(default_factory=dict)
    watched: dict[str, tuple[str, Instant | None]] = field(default_factory=dict)
    avalanches: set[tuple[str, str | None]] = field(default_factory=set)
    automatic: dict[str, Any] = field(default_factory=dict)

    def queue(self, name: str) -> QueuePolicy:
        return self.policy.queues.get(name) or QueuePolicy(name=name)

    def hours(self, queue: str) -> Hours | None:
        return self.policy.hours.get(self.queue(queue).hours or "")

    def waiting(self) -> list[Work]:
        """Return what waits, rings excepted, in the order of its keys."""
        return sorted((work for work in self.works.values() if work.state == "waiting"), key=lambda work: work.key)

    def channel(self, work: Work) -> ChannelPolicy:
        found = self.policy.channels.get(work.channel)
        return found or ChannelPolicy(name=work.channel, medium=work.medium)

    def work(self, id: str) -> Work:
        """Return the interaction, or refuse."""
        if id not in self.works:
            raise Refused("not_found", "unknown_interaction")
        return self.works[id]

    def person(self, id: str) -> Person:
        """Return the agent, or refuse."""
        if id not in self.people:
            raise Refused("not_found", "unknown_agent")
        return self.people[id]

    def members(self, queue: str) -> Iterator[Person]:
        """Iterate over the agents of `queue`, lower ids first."""
        return (self.people[id] for id in sorted(self.people) if queue in self.people[id].profile.queues)

    def saved(self) -> "World":
        """Return a copy that later changes don't reach."""
        other = copy(self)
        other.works = {id: _copied(work, "barred", "room", "clocks") for id, work in self.works.items()}
        other.people = {id: _copied(person, "pieces", "handling") for id, person in self.people.items()}
        for work in other.works.values():
            work.ask = copy(work.ask)
        for person in other.people.values():
            person.pieces = {id: copy(piece) for id, piece in person.pieces.items()}
        other.rings = {id: copy(ring) for id, ring in self.rings.items()}
        other.replies = {address: list(sent) for address, sent in self.replies.items()}
        other.replies_sent = list(self.replies_sent)
        other.quiet_until = dict(self.quiet_until)
        other.typical = dict(self.typical)
        other.emergencies, other.watched = dict(self.emergencies), dict(self.watched)
        other.estimates = dict(self.estimates)
        other.avalanches, other.automatic = set(self.avalanches), dict(self.automatic)
        other.kinds = {}
        for key, kind in self.kinds.items():
            lists = (list(kind.arrivals), list(kind.own), list(kind.foreign))
            other.kinds[key] = Kind(kind.queue, kind.medium, kind.requirements, *lists)
        return other


def _copied(value: Any, *containers: str) -> Any:
    new = copy(value)
    for name in containers:
        setattr(new, name, dict(getattr(value, name)))
    return new
