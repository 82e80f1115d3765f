"""From the books of a simulation to its figures, with 95 % intervals from batch means."""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import chain
from statistics import fmean, stdev
from typing import Any, TypeVar

import msgspec

from simulation.books import BATCHES, Books, Cell, Shift
from simulation.estimates import Asked, quality
from simulation.scenario import MICROSECOND, Scenario, micros

Figures = dict[str, Any]
Interval = list[float] | None
T = TypeVar("T")

_T19 = 2.093024054408263
"""97.5th percentile of Student's t with 19 degrees of freedom: two-sided 95 % for 20 batch means."""

_COUNTS = ("offered", "answered", "abandoned", "short_abandoned", "flow_out", "handled")


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """How customers fared, counted up. `within`: answered within the target. Waits are in µs, `waits` ascending."""

    offered: int = 0
    answered: int = 0
    answered_wait: int = 0
    within: int = 0
    abandoned: int = 0
    short: int = 0
    flow_out: int = 0
    waited: int = 0
    waits: Sequence[int] = ()
    asked: Sequence[Asked] = ()

    @classmethod
    def of(cls, cell: Cell, target: int) -> "Fate":
        """Return what `cell` says, answered within `target` or not."""
        answered = sorted(cell.answered)
        left, short, flowed = sum(cell.left), sum(cell.short), sum(cell.flowed)
        answered_wait = sum(answered)
        return cls(
            offered=cell.offered,
            answered=len(answered),
            answered_wait=answered_wait,
            within=bisect_right(answered, target),
            abandoned=len(cell.left),
            short=len(cell.short),
            flow_out=len(cell.flowed),
            waited=answered_wait + left + short + flowed,
            waits=sorted(chain(answered, cell.left, cell.short, cell.flowed)),
            asked=cell.asked,
        )

    @classmethod
    def together(cls, several: Sequence["Fate"]) -> "Fate":
        """Return how the customers of all of them fared."""
        counts = {name: sum(getattr(each, name) for each in several) for name in _COUNTED}
        # Runs that are sorted already: sorting them again is merging them.
        waits = sorted(chain.from_iterable(each.waits for each in several))
        return cls(waits=waits, asked=list(chain.from_iterable(each.asked for each in several)), **counts)


_COUNTED = tuple(name for name in Fate.__struct_fields__ if name not in ("waits", "asked"))


def results(scenario: Scenario, books: Books) -> Figures:
    """Return the figures of contract.md's `simulate`, without `seconds`. Where nothing came, a figure is None.

    `ci95` stands around the overall figure, as wide as the spread of the 20 batches says; counts are totals.
    """
    targets = {queue.name: micros(queue.target) for queue in scenario.queues}
    told = {
        stream.stream: [Fate.of(cell, targets[stream.queue]) for cell in cells[:BATCHES]]
        for stream, cells in zip(scenario.arrivals, books.streams, strict=True)
    }
    streams = {name: _figures(fared, fates, Fate.together) for name, fates in told.items()}
    queues = {}
    for queue in scenario.queues:
        own = [stream.stream for stream in scenario.arrivals if stream.queue == queue.name]
        batches = [Fate.together(each) for each in zip(*(told[name] for name in own), strict=True)]
        queues[queue.name] = (
            streams[own[0]] if len(own) == 1 else _figures(fared, batches or [Fate()] * BATCHES, Fate.together)
        )
    groups = {
        group.group: _figures(worked, shifts[:BATCHES], _total)
        for group, shifts in zip(scenario.agents, books.groups, strict=True)
    }
    kinds = {"streams": streams, "queues": queues, "groups": groups}
    return {
        **{kind: {name: figures for name, (figures, _) in each.items()} for kind, each in kinds.items()},
        "ci95": {kind: {name: ci95 for name, (_, ci95) in each.items()} for kind, each in kinds.items()},
        "decisions": books.decisions,
        "simulated_s": books.simulated / MICROSECOND,
    }


def _figures(
    figures: Callable[[T], Figures], batches: Sequence[T], together: Callable[[Sequence[T]], T]
) -> tuple[Figures, Figures]:
    """Return the figures of all `batches` together, and their intervals."""
    overall = figures(together(batches))
    return overall, _intervals(overall, [figures(batch) for batch in batches])


def _total(shifts: Sequence[Shift]) -> Shift:
    total = Shift()
    for shift in shifts:
        total.add(shift)
    return total


def fared(fate: Fate) -> Figures:
    """Return the figures of `fate`. Definitions: semantics.md section 19; percentiles over all offered."""
    counted = fate.answered + fate.abandoned
    return {
        "offered": fate.offered,
        "answered": fate.answered,
        "abandoned": fate.abandoned,
        "short_abandoned": fate.short,
        "flow_out": fate.flow_out,
        "p_wait": _share(len(fate.waits) - bisect_right(fate.waits, 0), fate.offered),
        "wait_mean_s": _share(fate.waited, fate.offered * MICROSECOND),
        "wait_mean_answered_s": _share(fate.answered_wait, fate.answered * MICROSECOND),
        "wait_p50_s": _percentile(fate.waits, 0.50),
        "wait_p90_s": _percentile(fate.waits, 0.90),
        "wait_p99_s": _percentile(fate.waits, 0.99),
        "service_level": _share(fate.within, counted),
        "abandon_rate": _share(fate.abandoned, fate.offered - fate.short),
        "expected_wait": quality(fate.asked),
    }


def worked(shift: Shift) -> Figures:
    """Return how busy a group was: the share of the time logged in with at least one contact or wrap-up."""
    return {"occupancy": _share(shift.occupied, shift.logged_in), "handled": shift.handled}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _percentile(ascending: Sequence[int], share: float) -> float | None:
    """Return a percentile in seconds, between the two nearest values in proportion (Hyndman & Fan 1996, type 7)."""
    if not ascending:
        return None
    place = share * (len(ascending) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ascending) - 1)
    return (ascending[below] + (ascending[above] - ascending[below]) * (place - below)) / MICROSECOND


def _intervals(overall: Figures, batches: Sequence[Figures]) -> Figures:
    """Return the figures with an interval in the place of each value."""
    return {
        name: _intervals(value, [batch[name] for batch in batches])
        if isinstance(value, dict)
        else _interval(value, [batch[name] for batch in batches], total=name in _COUNTS)
        for name, value in overall.items()
    }


def _interval(overall: float | None, batches: Sequence[float | None], *, total: bool) -> Interval:
    """Return the 95 % interval around `overall`; None if a batch has no value: then 20 are not 20."""
    values = [value for value in batches if value is not None]
    if overall is None or len(values) < BATCHES:
        return None
    half = _T19 * stdev(values, fmean(values)) / math.sqrt(BATCHES) * (BATCHES if total else 1)
    return [overall - half, overall + half]
