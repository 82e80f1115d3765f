"""From the books of a simulation to its figures, with 95 % intervals from batch means."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, stdev
from typing import Any

from simulation.books import BATCHES, Books, Cell, Shift
from simulation.scenario import MICROSECOND, Scenario

Figures = dict[str, Any]
Interval = list[float] | None

_T19 = 2.093024054408263
"""97.5th percentile of Student's t with 19 degrees of freedom: two-sided 95 % for 20 batch means."""

_COUNTS = ("offered", "answered", "abandoned", "short_abandoned", "flow_out", "handled")


def results(scenario: Scenario, books: Books) -> Figures:
    """Return the figures of contract.md's `simulate`, without `seconds`. Where nothing came, a figure is None.

    `ci95` stands around the overall figure, as wide as the spread of the 20 batches says; counts are totals.
    """
    streams = {stream.stream: cells for stream, cells in zip(scenario.arrivals, books.streams, strict=True)}
    queues = {queue.name: _together(scenario, books, queue.name) for queue in scenario.queues}
    groups = {group.group: shifts for group, shifts in zip(scenario.agents, books.groups, strict=True)}
    return {
        "streams": {name: fared(_sum(cells)) for name, cells in streams.items()},
        "queues": {name: fared(_sum(cells)) for name, cells in queues.items()},
        "groups": {name: worked(_total(shifts)) for name, shifts in groups.items()},
        "ci95": {
            "streams": {name: _intervals(fared, cells, _sum(cells)) for name, cells in streams.items()},
            "queues": {name: _intervals(fared, cells, _sum(cells)) for name, cells in queues.items()},
            "groups": {name: _intervals(worked, shifts, _total(shifts)) for name, shifts in groups.items()},
        },
        "decisions": books.decisions,
    }


def _together(scenario: Scenario, books: Books, queue: str) -> list[Cell]:
    """Return the batches of all streams of `queue`."""
    pairs = zip(scenario.arrivals, books.streams, strict=True)
    own = [cells for stream, cells in pairs if stream.queue == queue]
    return [_sum(cells[batch] for cells in own) for batch in range(BATCHES)]


def _sum(cells: Iterable[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.add(cell)
    return total


def _total(shifts: Iterable[Shift]) -> Shift:
    total = Shift()
    for shift in shifts:
        total.add(shift)
    return total


def fared(cell: Cell) -> Figures:
    """Return how the customers of `cell` fared. Definitions: semantics.md section 19; percentiles over all offered."""
    waits = sorted(cell.waits)
    counted = cell.answered + cell.abandoned
    return {
        "offered": cell.offered,
        "answered": cell.answered,
        "abandoned": cell.abandoned,
        "short_abandoned": cell.short,
        "flow_out": cell.flow_out,
        "p_wait": _share(cell.waited, cell.offered),
        "wait_mean_s": _share(sum(waits), cell.offered * MICROSECOND),
        "wait_mean_answered_s": _share(cell.answered_wait, cell.answered * MICROSECOND),
        "wait_p50_s": _percentile(waits, 0.50),
        "wait_p90_s": _percentile(waits, 0.90),
        "wait_p99_s": _percentile(waits, 0.99),
        "service_level": _share(cell.within, counted),
        "abandon_rate": _share(cell.abandoned, cell.offered - cell.short),
        # The router's estimate is not asked during a simulation yet.
        "expected_wait": {"coverage": None, "mse_ratio": None},
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


def _intervals(figures: Callable[[Any], Figures], batches: Sequence[Any], whole: Any) -> Figures:
    """Return `figures` with an interval in the place of each value."""
    overall = figures(whole)
    each = [figures(batch) for batch in batches]
    return {
        name: dict.fromkeys(value)
        if isinstance(value, dict)
        else _interval(value, [batch[name] for batch in each], total=name in _COUNTS)
        for name, value in overall.items()
    }


def _interval(overall: float | None, batches: Sequence[float | None], *, total: bool) -> Interval:
    """Return the 95 % interval around `overall`; None if a batch has no value: then 20 are not 20."""
    values = [value for value in batches if value is not None]
    if overall is None or len(values) < BATCHES:
        return None
    half = _T19 * stdev(values, fmean(values)) / math.sqrt(BATCHES) * (BATCHES if total else 1)
    return [overall - half, overall + half]
