"""A small house to measure predictions of waits in: Poisson arrivals, exponential handling, first come first served.

It shares nothing with the router but the rules. Time is in ms; the mean handling is one unit of load.
"""

import random
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from queues.measured import Measured

HANDLING = 285_000.0
PATIENT = 0.05
"""This share of the customers never leaves, so that there is a wait to compare a prediction with."""


@dataclass(frozen=True)
class Design:
    """Who serves whom. `load` of each class in erlangs, `pools` that serve it, `agents` of each pool.

    `ranked`: lower classes go first, without preemption. `leaving`: how often one who waits leaves, per mean handling.
    """

    load: tuple[float, ...]
    pools: tuple[tuple[int, ...], ...]
    agents: tuple[int, ...]
    ranked: bool = False
    leaving: float = 0.0

    def key(self, class_: int, at: float) -> tuple[int, float]:
        """Return what orders those who wait; lower goes first."""
        return (class_ if self.ranked else 0, at)


@dataclass
class Arrival:
    """Somebody who has to wait, and what the house looked like then: who waits in each class, and who works."""

    class_: int
    at: float
    waiting: tuple[tuple[float, ...], ...]
    busy: tuple[int, ...]
    last_wait: float
    measured: tuple[Measured, ...]
    predicted: dict[str, float] = field(default_factory=dict)
    interval: tuple[float, float] = (0.0, 0.0)
    served: float = 0.0

    @property
    def waited(self) -> float:
        return self.served - self.at

    def ahead(self, design: Design) -> int:
        """Return how many of those who wait are served before, were all agents alike."""
        own = design.key(self.class_, self.at)
        return sum(design.key(class_, at) < own for class_, line in enumerate(self.waiting) for at in line)

    @property
    def head_wait(self) -> float:
        """How long the first of the class has waited, 0 if there is none."""
        line = self.waiting[self.class_]
        return self.at - line[0] if line else 0.0


class House:
    """One run of a design. `on_wait` is told of those who have to wait and never leave; who is served is `answered`."""

    def __init__(self, design: Design, seed: int, asked: Callable[[int], bool]) -> None:
        self.design, self.draw, self.asked = design, random.Random(seed), asked
        self.now = 0.0
        self.idle: list[deque[int]] = [deque(range(count)) for count in design.agents]
        self.lines: list[dict[int, float]] = [{} for _ in design.load]
        self.events: list[tuple[float, int, str, int]] = []
        self.number = 0
        self.working: dict[int, tuple[int, float]] = {}
        self.followed: dict[int, Arrival] = {}
        self.last_wait: dict[int, float] = defaultdict(float)
        self.measured = [Measured() for _ in design.load]
        self.answered: list[Arrival] = []
        for class_, load in enumerate(design.load):
            self.push(self.draw.expovariate(load / HANDLING), "arrival", class_)

    def push(self, span: float, what: str, whom: int) -> None:
        self.number += 1
        heappush(self.events, (self.now + span, self.number, what, whom))

    def run(self, customers: int) -> list[Arrival]:
        """Return those who were followed and served, in the order of their service."""
        came = 0
        while came < customers:
            self.now, number, what, whom = heappop(self.events)
            if what == "arrival":
                came += 1
                self.arrives(whom)
            elif what == "release":
                self.released(whom, number)
            else:
                self.leaves(whom)
        return self.answered

    def arrives(self, class_: int) -> None:
        self.push(self.draw.expovariate(self.design.load[class_] / HANDLING), "arrival", class_)
        self.measured[class_].add_arrival(class_, round(self.now))
        for pool in self.design.pools[class_]:
            if self.idle[pool]:
                self.idle[pool].popleft()
                self.serve(pool, class_, self.now)
                return
        self.number += 1
        patient = self.draw.random() < PATIENT or not self.design.leaving
        if patient and self.asked(class_):
            self.followed[self.number] = self.seen(class_)
        self.lines[class_][self.number] = self.now
        if not patient:
            self.push(self.draw.expovariate(self.design.leaving / HANDLING), "leaving", self.number)

    def seen(self, class_: int) -> Arrival:
        busy = tuple(count - len(idle) for count, idle in zip(self.design.agents, self.idle, strict=True))
        waiting = tuple(tuple(line.values()) for line in self.lines)
        return Arrival(
            class_, self.now, waiting, busy, self.last_wait[class_], tuple(each.copied() for each in self.measured)
        )

    def serve(self, pool: int, class_: int, since: float) -> None:
        waited = self.now - since
        span = self.draw.expovariate(1 / HANDLING)
        self.measured[class_].add_wait(round(waited), left=False)
        self.push(span, "release", pool)
        self.working[self.number] = (class_, span)

    def released(self, pool: int, work: int) -> None:
        class_, span = self.working.pop(work)
        self.measured[class_].handling.add(round(span))
        heads = [
            (self.design.key(class_, next(iter(line.values()))), class_)
            for class_, line in enumerate(self.lines)
            if line and pool in self.design.pools[class_]
        ]
        if not heads:
            self.idle[pool].append(pool)
            return
        class_ = min(heads)[1]
        number = next(iter(self.lines[class_]))
        since = self.lines[class_].pop(number)
        self.last_wait[class_] = self.now - since
        if number in self.followed:
            arrival = self.followed.pop(number)
            arrival.served = self.now
            self.answered.append(arrival)
        self.serve(pool, class_, since)

    def leaves(self, number: int) -> None:
        for class_, line in enumerate(self.lines):
            since = line.pop(number, None)
            if since is not None:
                self.measured[class_].add_wait(round(self.now - since), left=True)


def full_information(design: Design, arrival: Arrival, draw: random.Random, replications: int) -> float:
    """Return the mean wait of `arrival` over many plain runs from the state that it met, with the true rates.

    Each span and each leaver is drawn. Newcomers go behind where classes are not ranked, so they are left out.
    """
    own = design.key(arrival.class_, arrival.at)
    before = sorted(
        (design.key(class_, at), class_)
        for class_, line in enumerate(arrival.waiting)
        for at in line
        if design.key(class_, at) < own
    )
    queue = [class_ for _, class_ in before] + [-1]
    return sum(_one_run(design, arrival, draw, queue) for _ in range(replications)) / replications


def _one_run(design: Design, arrival: Arrival, draw: random.Random, queue: list[int]) -> float:
    left = list(queue)
    busy = [pool for pool, count in enumerate(arrival.busy) for _ in range(count)]
    clock = 0.0
    while True:
        clock += draw.expovariate(len(busy) / HANDLING)
        place = draw.randrange(len(busy))
        for at, class_ in enumerate(left):
            if busy[place] in design.pools[arrival.class_ if class_ < 0 else class_]:
                if class_ < 0:
                    return clock
                del left[at]
                break
        else:
            busy[place] = busy[-1]
            busy.pop()
