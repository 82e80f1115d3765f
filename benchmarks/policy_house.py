"""A house in which policies are compared: the real core on a virtual clock, with the same customers for each policy.

It does what `centrala simulate` can't express: agents with a pace of their own, labels, steps, single agents' figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush, merge
from itertools import count, islice
from random import Random
from statistics import fmean
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
"""So much of the customers take part and are not counted."""


class Kind(NamedTuple):
    """Customers who are alike. `load` in erlangs, `handling` and `patience` are means in seconds, all exponential."""

    name: str
    load: float
    handling: float
    admit: Admit
    patience: float | None = None


class Crew(NamedTuple):
    """Agents who are alike."""

    name: str
    count: int
    profile: Profile


class Customer(msgspec.Struct, gc=False):
    """Somebody who comes `at` with `work` ms to do, and leaves after `patience` ms."""

    at: Instant
    kind: int
    work: Span
    patience: Span | None
    id: str = ""
    counts: bool = True
    waited: Span | None = None
    gone: bool = False
    agent: str = ""


def admit(queue: str, medium: str = CALLBACK, **fields: Any) -> Admit:
    """Return how customers of a kind are let in, but for who they are."""
    return Admit(id="", customer="", channel=medium, medium=medium, queue=queue, **fields)


def queue(name: str, *media: str, **fields: Any) -> QueuePolicy:
    """Return a queue whose offers are accepted at once, without wrap-up."""
    return QueuePolicy(name=name, offer=dict.fromkeys(media or (CALLBACK,), 0), wrap_up="none", **fields)


def customers(kinds: Sequence[Kind], number: int, seed: int) -> list[Customer]:
    """Return the first `number` customers of all kinds, in the order in which they come. The same seed, the same ones.

    What one kind draws doesn't move another, and policies share no draw with them.
    """
    return list(islice(merge(*(_coming(place, kind, seed) for place, kind in enumerate(kinds)), key=_at), number))


def _at(customer: Customer) -> Instant:
    return customer.at


def _coming(place: int, kind: Kind, seed: int) -> Iterable[Customer]:
    draw = Random(f"{seed}/{kind.name}")
    at = 0.0
    while True:
        at += draw.expovariate(kind.load / kind.handling)
        work = draw.expovariate(1 / kind.handling)
        patience = draw.expovariate(1 / kind.patience) if kind.patience is not None else None
        yield Customer(
            START + round(at * SECOND),
            place,
            round(work * SECOND),
            None if patience is None else round(patience * SECOND),
        )


class Outcome(NamedTuple):
    """How those who count fared: by name of the kind those who came, and the share of its time each agent worked."""

    fared: dict[str, list[Customer]]
    busy: dict[str, float]

    def mean_wait(self, *kinds: str) -> float:
        """Return the mean wait of `kinds`, or of everybody, in seconds."""
        return fmean(each.waited or 0 for name in kinds or self.fared for each in self.fared[name]) / SECOND

    def service_level(self, kind: str, target: float) -> float:
        """Return the share of `kind` that was answered within `target` seconds."""
        return fmean(not each.gone and (each.waited or 0) <= target * SECOND for each in self.fared[kind])

    def occupancy(self, crew: str) -> float:
        """Return the mean share of time at work of the agents of `crew`."""
        return fmean(share for agent, share in self.busy.items() if agent.startswith(f"{crew}/"))


class House:
    """One run: `live` once. `pace`: how much longer than drawn a crew needs for a kind, by (kind, crew)."""

    def __init__(
        self,
        kinds: Sequence[Kind],
        crews: Sequence[Crew],
        queues: Iterable[QueuePolicy],
        pace: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        self._kinds, self._crews, self._pace = kinds, crews, pace or {}
        media = sorted({kind.admit.medium for kind in kinds})
        named = {each.name: each for each in queues}
        self._policy = Policy(
            queues=named,
            channels={medium: ChannelPolicy(name=medium, medium=medium, reopen=0) for medium in media},
            rules=(Rule(name="all", then=Action(queue=next(iter(named)))),),
        )
        self._state = State()
        self._heap: list[tuple[Instant, int, str, Customer]] = []
        self._number = count().__next__
        self._waiting: dict[str, Customer] = {}
        self._crew_of: dict[str, str] = {}
        self._held: dict[str, int] = {}
        self._busy: dict[str, Span] = {}
        self._since: dict[str, Instant] = {}
        self._from = self._until = START

    def live(self, coming: Sequence[Customer]) -> Outcome:
        """Let `coming` come, wait and be served, and return how they fared."""
        self._open()
        warm = round(len(coming) * WARM_UP)
        self._from, self._until = coming[warm].at, coming[-1].at
        everybody = [
            replace(each, id=f"i{number}", counts=number >= warm) for number, each in enumerate(coming)
        ]
        arriving = iter(everybody)
        self._push(next(arriving), "arrive")
        ticking = any(each.steps for each in self._policy.queues.values())
        while self._heap:
            if ticking and self._tick(self._heap[0][0]):
                continue
            now, _, what, customer = heappop(self._heap)
            if what == "end":
                self._do(End(customer.id, customer.agent), now)
            elif what == "leave":
                if customer.waited is None:
                    self._do(Leave(customer.id), now)
            else:
                self._arrive(customer)
                following = next(arriving, None)
                if following is not None:
                    self._push(following, "arrive")
        return self._outcome(everybody)

    def _open(self) -> None:
        for crew in self._crews:
            for number in range(crew.count):
                id = f"{crew.name}/{number:03}"
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
        admitted = replace(self._kinds[customer.kind].admit, id=customer.id, customer=customer.id)
        self._do(admitted, customer.at)
        if customer.patience is not None and customer.waited is None:
            self._push(customer, "leave", customer.at + customer.patience)

    def _do(self, command: Command, now: Instant) -> None:
        decision = rush(command, self._state, self._policy, now)
        assert decision.refusal is None, decision.refusal
        for event in decision.events:
            match event:
                case e.OfferAccepted(interaction=id, agent=agent):
                    self._answered(self._waiting.pop(id), agent, now)
                case e.Abandoned(interaction=id):
                    customer = self._waiting.pop(id)
                    customer.waited, customer.gone = now - customer.at, True
                case e.WrappedUp(agent=agent):
                    self._held[agent] -= 1
                    if not self._held[agent]:
                        self._busy[agent] += max(0, min(now, self._until) - max(self._since[agent], self._from))

    def _answered(self, customer: Customer, agent: str, now: Instant) -> None:
        customer.waited, customer.agent = now - customer.at, agent
        if not self._held[agent]:
            self._since[agent] = now
        self._held[agent] += 1
        pace = self._pace.get((self._kinds[customer.kind].name, self._crew_of[agent]), 1.0)
        self._push(customer, "end", now + round(customer.work * pace))

    def _outcome(self, everybody: Sequence[Customer]) -> Outcome:
        assert not self._waiting, f"{len(self._waiting)} were never served"
        fared: dict[str, list[Customer]] = {kind.name: [] for kind in self._kinds}
        for customer in everybody:
            if customer.counts:
                fared[self._kinds[customer.kind].name].append(customer)
        return Outcome(fared, {agent: busy / (self._until - self._from) for agent, busy in self._busy.items()})
