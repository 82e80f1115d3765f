"""Rows of strategy `optimal`: agents who are quick at different things, assignment by ticks, and bursts."""

import math
from collections.abc import Sequence
from heapq import heappop, heappush
from random import Random
from statistics import fmean

from msgspec.structs import replace

from agents.agent import Membership, Profile
from benchmarks.policy_house import START, WARM_UP, Crew, Customer, Kind, Outcome, Setting, admitted, customers, queue
from benchmarks.policy_row import Row, at_least, at_most
from benchmarks.policy_rows import HANDLING, compared, mean_wait
from queues.interaction import Label
from queues.policy import Strategy
from router.assignment import cheapest
from vocabulary.instants import SECOND, Instant, Span

AGENTS, LABELS = 50, 5
SPREAD = 0.3
"""Standard deviation of the logarithm of how long an agent needs for a label."""
TICK: Span = 5 * SECOND
_AHEAD = 50
_WEIGHT = 3


def look_ahead(number: int, seed: int) -> Row:
    """Return the row of agents with a pace of their own for each label: `optimal`, other strategies, and ticks."""
    found = compared(
        {
            "longest_idle": specialists(65, "longest_idle", seed),
            "fastest": specialists(65, "fastest", seed),
            "optimal": specialists(65, "optimal", seed),
        },
        number,
        seed,
    )
    setting = specialists(65, "optimal", seed)
    found["ticks_of_5s"] = by_ticks(setting, customers(setting.kinds, number, seed), TICK)
    easy = compared(
        {strategy: specialists(48, strategy, seed) for strategy in ("longest_idle", "optimal")}, number, seed
    )
    waits = {name: mean_wait(outcome) for name, outcome in found.items()}
    busy = {name: outcome.occupancy() for name, outcome in easy.items()}
    return Row(
        "look_ahead",
        f"50 agents, five labels; what an agent needs for a label is spread lognormally (sigma {SPREAD}), learnt in the"
        " run; 65 erlangs of contacts of 60 s at the mean pace, and 48 to compare the time worked",
        number,
        {
            "load_65": {name: _told(outcome) for name, outcome in found.items()},
            "load_48": {name: _told(outcome) for name, outcome in easy.items()},
        },
        {"ticks": "lose capacity near saturation"},
        [
            at_most("wait, optimal to first come", waits["optimal"] / waits["longest_idle"], 0.1, "ratio"),
            at_most("wait, optimal to fastest first", waits["optimal"] / waits["fastest"], 0.1, "ratio"),
            at_most("time worked at 48 erlangs, optimal to first come", busy["optimal"] / busy["longest_idle"], 0.8),
            at_least("wait, ticks of 5 s to optimal", waits["ticks_of_5s"] / waits["optimal"], 1.5, "ratio"),
        ],
    )


def ticks(number: int, seed: int) -> Row:
    """Return the row of one pool of equals near saturation: at every event, and by ticks."""
    kinds = [Kind("all", 48, HANDLING, admitted("support"))]
    crews = [Crew(f"agent{n:02}", 1, Profile(queues={"support": Membership(1)})) for n in range(AGENTS)]
    setting = Setting(kinds, crews, [queue("support")])
    found = compared({"at_every_event": setting}, number, seed)
    found |= {
        f"ticks_of_{every // SECOND}s": by_ticks(setting, customers(kinds, number, seed), every)
        for every in (SECOND, TICK)
    }
    waits = {name: mean_wait(outcome) for name, outcome in found.items()}
    return Row(
        "ticks",
        "50 agents who are alike, 48 erlangs, contacts of 60 s",
        number,
        {name: _told(outcome) for name, outcome in found.items()},
        {"ticks": "lose capacity near saturation"},
        [
            at_least("wait, ticks of 1 s to every event", waits["ticks_of_1s"] / waits["at_every_event"], 1.1, "ratio"),
            at_least("wait, ticks of 5 s to every event", waits["ticks_of_5s"] / waits["at_every_event"], 3, "ratio"),
        ],
    )


def _told(outcome: Outcome) -> dict[str, float]:
    return {"mean_wait": round(mean_wait(outcome), 4), "occupancy": round(outcome.occupancy(), 4)}


def specialists(load: float, strategy: Strategy, seed: int) -> Setting:
    """Return a house in which each agent has a pace of his own for each label."""
    labels = [f"label{n}" for n in range(LABELS)]
    kinds = [Kind(each, load / LABELS, HANDLING, admitted("support", labels=(Label(each, 1.0),))) for each in labels]
    crews = [Crew(f"agent{n:02}", 1, Profile(queues={"support": Membership(1)})) for n in range(AGENTS)]
    return Setting(kinds, crews, [queue("support", strategy=strategy)], paces(labels, crews, seed))


def paces(labels: Sequence[str], crews: Sequence[Crew], seed: int) -> dict[tuple[str, str], float]:
    """Return how long each agent needs for each label, in mean handling times; 1 on average."""
    draw = Random(f"{seed}/paces")
    middle = -SPREAD * SPREAD / 2
    return {(label, crew.name): math.exp(draw.gauss(middle, SPREAD)) for label in labels for crew in crews}


def by_ticks(setting: Setting, coming: Sequence[Customer], every: Span) -> Outcome:
    """Return how customers fare where work is assigned every `every` ms only: all who are free, as cheaply as possible.

    This is the naive way, without the core. It knows every agent's true pace.
    """
    return _Ticks(setting, coming).live(every)


class _Ticks:
    def __init__(self, setting: Setting, coming: Sequence[Customer]) -> None:
        self._kinds = [kind.name for kind in setting.kinds]
        self._pace = setting.pace
        self._everybody = [replace(each) for each in coming]
        self._free = [crew.name for crew in setting.crews]
        self._working: list[tuple[Instant, str]] = []
        warm = round(len(coming) * WARM_UP)
        self._counted = self._everybody[warm:]
        self._from, self._until = coming[warm].at, coming[-1].at
        self._busy = dict.fromkeys(self._free, 0)

    def live(self, every: Span) -> Outcome:
        now, came = START, 0
        waiting: list[Customer] = []
        while came < len(self._everybody) or waiting:
            now += every
            while came < len(self._everybody) and self._everybody[came].at <= now:
                waiting.append(self._everybody[came])
                came += 1
            while self._working and self._working[0][0] <= now:
                self._free.append(heappop(self._working)[1])
            if waiting and self._free:
                ahead = waiting[: len(self._free) + _AHEAD]
                served = [self._serve(customer, agent, now) for customer, agent in self._chosen(ahead)]
                waiting = [each for each in waiting if each.id not in served]
        fared: dict[str, list[Customer]] = {kind: [] for kind in self._kinds}
        for customer in self._counted:
            fared[self._kinds[customer.kind]].append(customer)
        return Outcome(fared, {agent: busy / (self._until - self._from) for agent, busy in self._busy.items()})
