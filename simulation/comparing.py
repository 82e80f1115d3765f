"""How a day went, and how much better or worse another one: figures of two event logs by one definition each.

What is compared are slices of the day, by the instant a leg was enqueued; intervals come from drawing slices with
replacement, the same for both days.
Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 8 (paired blocks).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import pstdev
from typing import Any

from simulation.laws import substream
from simulation.slices import SLICES, Legs, Load, Slice
from vocabulary.instants import SECOND

DRAWS = 400
Figures = dict[str, Any]


def figures(slices: Sequence[Slice]) -> Figures:
    """Return the figures of a day: of all, and by queue."""
    queues = _by_name((each.queues for each in slices), Legs)
    agents = _by_name((each.agents for each in slices), Load)
    total = Legs()
    for legs in queues.values():
        total.add(legs)
    loads = [load for load in agents.values() if load.there]
    shares = [load.busy / load.there for load in loads]
    waits = [mean for legs in queues.values() if (mean := _share(legs.wait, legs.offered * SECOND)) is not None]
    levels = [_level(legs) for legs in queues.values()]
    return {
        **_fared(total),
        "occupancy": _share(sum(load.busy for load in loads), sum(load.there for load in loads)),
        "fairness": {
            "agent_load_jain": _jain(shares),
            "queue_wait_spread_s": pstdev(waits) if waits else None,
            "worst_queue_service_level": min((level for level in levels if level is not None), default=None),
        },
        "queues": {name: _fared(queues[name]) for name in sorted(queues)},
    }


def _by_name(tables: Iterable[Mapping[str, Any]], kind: Callable[[], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table in tables:
        for name, each in table.items():
            found.setdefault(name, kind()).add(each)
    return found


def _fared(legs: Legs) -> Figures:
    return {
        "offered": legs.offered,
        "answered": legs.answered,
        "abandoned": legs.abandoned,
        "short_abandoned": legs.short_abandoned,
        "flow_out": legs.flow_out,
        "service_level": _level(legs),
        "abandon_rate": _share(legs.abandoned, legs.offered - legs.short_abandoned),
        "wait_mean_s": _share(legs.wait, legs.offered * SECOND),
        "wait_mean_answered_s": _share(legs.answered_wait, legs.answered * SECOND),
    }


def _level(legs: Legs) -> float | None:
    return _share(legs.within, legs.answered + legs.abandoned)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _jain(shares: Sequence[float]) -> float | None:
    """Return Jain's index of fairness: 1 where all are equal, 1/n where one has all.

    Source: Jain, Chiu & Hawe 1984, DEC research report TR-301.
    """
    squares = len(shares) * math.fsum(share * share for share in shares)
    return math.fsum(shares) ** 2 / squares if squares else None


def difference(day: Figures, other: Figures) -> Figures:
    """Return `other` less `day`, figure by figure; None where one of them has no value."""
    found: Figures = {}
    for name, value in day.items():
        if isinstance(value, dict):
            found[name] = difference(value, other.get(name, {}))
        else:
            against = other.get(name)
            found[name] = None if value is None or against is None else against - value
    return found


def intervals(day: Sequence[Slice], other: Sequence[Slice], seed: int) -> Figures:
    """Return the 95 % interval of each figure's `difference`."""
    source = substream(seed, "slices")
    drawn = []
    for _ in range(DRAWS):
        chosen = source.choices(range(SLICES), k=SLICES)
        drawn.append(difference(figures([day[place] for place in chosen]), figures([other[place] for place in chosen])))
    return _percentiles(drawn, difference(figures(day), figures(other)))


def _percentiles(drawn: Sequence[Figures], shape: Figures) -> Figures:
    found: Figures = {}
    for name, value in shape.items():
        below = [each.get(name) for each in drawn]
        if isinstance(value, dict):
            found[name] = _percentiles([each or {} for each in below], value)
        else:
            known = sorted(each for each in below if each is not None)
            enough = value is not None and len(known) > DRAWS // 2
            found[name] = [known[len(known) // 40], known[-1 - len(known) // 40]] if enough else None
    return found
