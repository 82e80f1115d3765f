"""A house in which policies are compared: the real core on a virtual clock, with the same customers for each policy.

It does what `centrala simulate` can't express: agents of their own pace, labels, steps, figures of single agents.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from operator import attrgetter
from random import Random
from statistics import fmean, pstdev
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from agents.agent import Profile
from queues.policy import ChannelPolicy, QueuePolicy
from router import events as e
from router.commands import Admit, Command, Connect, DefineAgent, End, Leave, SetPresence, Tick
from router.decide import rush
from router.policy import Action, Policy, Rule
from router.state import State, next_deadline
from vocabulary.instants import DAY, SECOND, Instant, Span
from vocabulary.media import CALLBACK

START: Instant = 1_000 * DAY
WARM_UP = 0.1
"""This share of the customers, the first of them, takes part and is not counted."""


class Kind(NamedTuple):
    """Customers who are alike. `load` in erlangs; `handling` and `patience` are means in seconds, all exponential."""

    name: str
    load: float
    handling: float
    admit: Admit
    patience: float | None = None


class Crew(NamedTuple):
    """Agents who are alike."""

    name: str
    size: int
    profile: Profile


class Setting(NamedTuple):
    """Who comes, who is there, and by which policy. `pace`: how much longer than drawn a crew needs for a kind."""

    kinds: Sequence[Kind]
    crews: Sequence[Crew]
    queues: Sequence[QueuePolicy]
    pace: Mapping[tuple[str, str], float] = {}

    @property
    def policy(self) -> Policy:
        """What it says to the core. What is closed is forgotten at once."""
        media = sorted({kind.admit.medium for kind in self.kinds})
        return Policy(
            queues={queue.name: queue for queue in self.queues},
            channels={medium: ChannelPolicy(name=medium, medium=medium, reopen=0) for medium in media},
            rules=(Rule(name="all", then=Action(queue=self.queues[0].name)),),
        )


def agent_id(crew: Crew, number: int) -> str:
    """Return the id of an agent of `crew`, who are counted from 0."""
    return f"{crew.name}/{number:03}"


def admitted(queue: str, medium: str = CALLBACK, **fields: Any) -> Admit:
    """Return how customers of a kind are let in, but for who they are."""
    return Admit(id="", customer="", channel=medium, medium=medium, queue=queue, **fields)


def queue(name: str, *media: str, **fields: Any) -> QueuePolicy:
    """Return a queue whose offers of `media` (left out: callbacks) are accepted at once, without wrap-up."""
    usual = {"offer": dict.fromkeys(media or (CALLBACK,), 0), "wrap_up": "none"}
    return QueuePolicy(name=name, **(usual | fields))


class Customer(msgspec.Struct, gc=False):
    """Somebody who comes `at` with `work` ms to do and leaves after `patience` ms; then how he fared."""

    at: Instant
    kind: int
    work: Span
    patience: Span | None
    id: str = ""
    waited: Span | None = None
    gone: bool = False
    agent: str = ""


def customers(kinds: Sequence[Kind], number: int, seed: int) -> list[Customer]:
    """Return `number` customers, of each kind its share, in the order in which they come.

    The same seed, the same ones. What one kind draws moves no other, and no policy draws anything. The load of each
    kind is exactly what it says: the gaps and the work that were drawn are stretched to their means. Near saturation
    chance would else change the load by more than policies differ by.
    """
    rate = sum(kind.load / kind.handling for kind in kinds)
    coming = [
        customer
        for place, kind in enumerate(kinds)
        for customer in _coming(place, kind, Random(f"{seed}/{kind.name}"), kind.load / kind.handling / rate * number)
    ]
    return sorted(coming, key=attrgetter("at"))


def _coming(place: int, kind: Kind, draw: Random, number: float) -> Iterator[Customer]:
    drawn = [_drawn(kind, draw) for _ in range(round(number))]
    gap = kind.handling / kind.load / fmean(gap for gap, _, _ in drawn)
    longer = kind.handling / fmean(work for _, work, _ in drawn)
    at = 0.0
    for between, work, patience in drawn:
        at += gap * between
        left_after = None if patience is None else round(patience * SECOND)
        yield Customer(START + round(at * SECOND), place, round(longer * work * SECOND), left_after)


def _drawn(kind: Kind, draw: Random) -> tuple[float, float, float | None]:
    """Return a gap before and the work of a customer, in means of his kind, and his patience in seconds."""
    between, work = draw.expovariate(1), draw.expovariate(1)
    return between, work, draw.expovariate(1 / kind.patience) if kind.patience is not None else None


class Outcome(NamedTuple):
    """How those who count fared, by name of their kind in the order in which they came; how busy each agent was."""

    fared: dict[str, list[Customer]]
    busy: dict[str, float]

    def waits(self, *kinds: str) -> list[float]:
        """Return the waits of `kinds`, or of everybody, in seconds."""
        return [(each.waited or 0) / SECOND for kind in kinds or self.fared for each in self.fared[kind]]

    def service_level(self, kind: str, target: float) -> float:
        """Return the share of `kind` that was answered within `target` seconds; who left was not."""
        return fmean(not each.gone and (each.waited or 0) <= target * SECOND for each in self.fared[kind])

    def growth(self) -> float:
        """Return how many times the wait of the first half the wait of the second half is."""
        halves = [(half[: len(half) // 2], half[len(half) // 2 :]) for half in map(self.waits, self.fared)]
        first, second = (fmean(wait for half in halves for wait in half[part]) for part in (0, 1))
        return second / first

    def occupancy(self, crew: str = "") -> float:
        """Return the mean share of time at work of the agents of `crew`, or of all."""
        return fmean(share for agent, share in self.busy.items() if agent.startswith(crew))

    @property
    def spread(self) -> float:
        """The standard deviation of the agents' shares of time at work."""
        return pstdev(self.busy.values())


class House:
    """One run of a setting; `live` once. `state`: what was before, if anything."""

    def __init__(self, setting: Setting, state: State | None = None) -> None:
        self._setting = setting
        self._policy = setting.policy
        self._state = state or State()
        self._heap: list[tuple[Instant, int, str, Customer]] = []
        # The number keeps what happens at one instant in the order in which it was told.
        self._number = count().__next__
        self._waiting: dict[str, Customer] = {}
        self._crew_of: dict[str, str] = {}
        self._held: dict[str, int] = {}
        self._since: dict[str, Instant] = {}
        self._busy: dict[str, Span] = {}
        self._from = self._until = START

    def live(self, coming: Sequence[Customer]) -> Outcome:
        """Let `coming` come, wait and be served, and return how they fared. `coming` stays as it is."""
        warm = round(len(coming) * WARM_UP)
        self._from, self._until = coming[warm].at, coming[-1].at
        everybody = [replace(each, id=f"i{number}") for number, each in enumerate(coming)]
        self._open()
        arriving = iter(everybody)
        self._push(next(arriving), "arrive")
        ticking = any(each.steps for each in self._policy.queues.values())
        while self._heap:
            if ticking and self._tick(self._heap[0][0]):
                continue
            now, _, what, customer = heappop(self._heap)
            if what == "end":
                self._do(End(customer.id, customer.agent), now)
            elif what == "arrive":
                self._arrive(customer)
                following = next(arriving, None)
                if following is not None:
                    self._push(following, "arrive")
            elif customer.waited is None:
                self._do(Leave(customer.id), now)
        return self._outcome(everybody[warm:])

    def _open(self) -> None:
        for crew in self._setting.crews:
            for number in range(crew.size):
                id = agent_id(crew, number)
                self._crew_of[id] = crew.name
                self._held[id] = self._busy[id] = 0
                for command in (DefineAgent(id, crew.profile), Connect(id), SetPresence(id, "available", by=id)):
                    self._do(command, START)

    def _push(self, customer: Customer, what: str, at: Instant | None = None) -> None:
        heappush(self._heap, (customer.at if at is None else at, self._number(), what, customer))

    def _tick(self, until: Instant) -> bool:
        due = next_deadline(self._state)
        if due is None or due > until:
            return False
        self._do(Tick(), due)
        return True

    def _arrive(self, customer: Customer) -> None:
        self._waiting[customer.id] = customer
        self._do(replace(self._setting.kinds[customer.kind].admit, id=customer.id, customer=customer.id), customer.at)
        if customer.patience is not None and customer.waited is None:
            self._push(customer, "leave", customer.at + customer.patience)

    def _do(self, command: Command, now: Instant) -> None:
        decision = rush(command, self._state, self._policy, now)
        assert decision.refusal is None, decision.refusal
        events: tuple[Any, ...] = decision.events
        for event in events:
            # Matching on classes would cost a tenth of a run.
            kind = type(event)
            if kind is e.OfferAccepted:
                self._answered(self._waiting.pop(event.interaction), event.agent, now)
            elif kind is e.WrappedUp:
                self._released(event.agent, now)
            elif kind is e.Abandoned:
                customer = self._waiting.pop(event.interaction)
                customer.waited, customer.gone = now - customer.at, True

    def _answered(self, customer: Customer, agent: str, now: Instant) -> None:
        customer.waited, customer.agent = now - customer.at, agent
        if not self._held[agent]:
            self._since[agent] = now
        self._held[agent] += 1
        pace = self._setting.pace.get((self._setting.kinds[customer.kind].name, self._crew_of[agent]), 1.0)
        self._push(customer, "end", now + round(customer.work * pace))

    def _released(self, agent: str, now: Instant) -> None:
        self._held[agent] -= 1
        if not self._held[agent]:
            self._busy[agent] += max(0, min(now, self._until) - max(self._since[agent], self._from))

    def _outcome(self, counted: Sequence[Customer]) -> Outcome:
        assert not self._waiting, f"{len(self._waiting)} were never served"
        fared: dict[str, list[Customer]] = {kind.name: [] for kind in self._setting.kinds}
        for customer in counted:
            fared[self._setting.kinds[customer.kind].name].append(customer)
        return Outcome(fared, {agent: busy / (self._until - self._from) for agent, busy in self._busy.items()})
