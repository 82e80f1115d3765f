"""How many agents of each group a scenario takes, found by simulating it again and again with the same customers."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from simulation.books import BATCHES, Books, Cell
from simulation.day import Day
from simulation.scenario import Scenario, micros
from simulation.staffing import Target

SCALE_MAX = 64
"""So many times the agents of the scenario are looked at before it gives up."""


class Sizing(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest counts that were found. `service_level`: of each queue with them. `simulations`: tried for it."""

    model: str = "simulation"
    agents: int
    groups: dict[str, int]
    service_level: dict[str, float]
    simulations: int


def sized(scenario: Scenario, target: Target) -> Sizing:
    """Return counts with which every queue of `scenario` reaches `target`, and would not with one agent less anywhere.

    All groups are scaled together, as small as it goes; then each in turn loses as many agents as it can spare, by
    halves at first. So the total is small, not proven to be the smallest: groups may be traded against each other.
    All candidates see the same customers, so that two of them differ by their agents only.

    Raises:
        ValueError: counts are given by period, a queue has no customers, or no number of agents reaches the target.
    """
    return _Search(scenario, target).run()


class _Search:
    def __init__(self, scenario: Scenario, target: Target) -> None:
        for group in scenario.agents:
            if len(group.counts) > 1:
                raise ValueError(f"group {group.group!r}: write one count, not one a period; it is searched")
        # What waits were expected to be doesn't matter here, and takes time.
        self._scenario = replace(scenario, run=replace(scenario.run, estimate_every=0))
        self._target = target
        self._known: dict[tuple[int, ...], dict[str, float]] = {}

    def run(self) -> Sizing:
        counts = self._scaled()
        for place in range(len(counts)):
            counts = self._thinned(counts, place)
        # Where one group was thinned, another may be too large now, by a little.
        while (smaller := self._one_less(counts)) is not None:
            counts = smaller
        return Sizing(
            agents=sum(counts),
            groups={group.group: count for group, count in zip(self._scenario.agents, counts, strict=True)},
            service_level=self._levels(counts),
            simulations=len(self._known),
        )

    def _scaled(self) -> tuple[int, ...]:
        """Return the scenario's own proportions, as small as the target allows."""
        base = [max(1, group.counts[0]) for group in self._scenario.agents]
        largest = max(base)

        def of(size: int) -> tuple[int, ...]:
            return tuple(max(1, -(-count * size // largest)) for count in base)

        few, enough = 0, largest
        while not self._reaches(of(enough)):
            if enough >= largest * SCALE_MAX:
                raise ValueError(f"{sum(of(enough))} agents in these proportions don't reach the target")
            few, enough = enough, 2 * enough
        while enough - few > 1:
            middle = (few + enough) // 2
            few, enough = (few, middle) if self._reaches(of(middle)) else (middle, enough)
        return of(enough)

    def _thinned(self, counts: tuple[int, ...], place: int) -> tuple[int, ...]:
        """Return `counts` with as few agents in one group as it goes."""
        few, enough = -1, counts[place]
        while enough - few > 1:
            middle = (few + enough) // 2
            few, enough = (few, middle) if self._reaches(_with(counts, place, middle)) else (middle, enough)
        return _with(counts, place, enough)

    def _one_less(self, counts: tuple[int, ...]) -> tuple[int, ...] | None:
        for place, count in enumerate(counts):
            if count and self._reaches(_with(counts, place, count - 1)):
                return _with(counts, place, count - 1)
        return None

    def _reaches(self, counts: tuple[int, ...]) -> bool:
        return min(self._levels(counts).values()) >= self._target.share

    def _levels(self, counts: tuple[int, ...]) -> dict[str, float]:
        if counts not in self._known:
            self._known[counts] = _levels(self._with(counts), self._target.within)
        return self._known[counts]

    def _with(self, counts: tuple[int, ...]) -> Scenario:
        groups = zip(self._scenario.agents, counts, strict=True)
        return replace(self._scenario, agents=tuple(replace(group, count=count) for group, count in groups))


def _with(counts: tuple[int, ...], place: int, count: int) -> tuple[int, ...]:
    return (*counts[:place], count, *counts[place + 1 :])


def _levels(scenario: Scenario, within: float) -> dict[str, float]:
    """Return the service level of each queue; who flowed out counts as missed, or nobody at all would be best."""
    books = Books(scenario)
    for replication in range(scenario.run.replications):
        Day(scenario, scenario.run.seed, replication, books).run()
    cells: Mapping[str, list[Cell]] = {queue.name: [] for queue in scenario.queues}
    for stream, batches in zip(scenario.arrivals, books.streams, strict=True):
        cells[stream.queue].extend(batches[:BATCHES])
    return {name: _level(name, each, micros(within)) for name, each in cells.items()}


def _level(queue: str, cells: list[Cell], within: int) -> float:
    counted = sum(cell.offered - len(cell.short) for cell in cells)
    if not counted:
        raise ValueError(f"nobody comes to queue {queue!r}: there is nothing to size it by")
    return sum(wait <= within for cell in cells for wait in cell.answered) / counted
