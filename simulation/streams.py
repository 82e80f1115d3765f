"""Customers: what each needs and bears is drawn when he comes, so that all scenarios with a seed see the same."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from router.commands import Admit
from simulation.arrivals import arrivals
from simulation.books import Cell
from simulation.estimates import Asked
from simulation.groups import Person
from simulation.laws import Law, WholeDraw, by_period, substream, whole_draws
from simulation.scenario import MICROSECOND, Scenario, Stream, laws_of
from simulation.setting import admission_of

Drawing = Callable[[int], int]


class Customer(msgspec.Struct, gc=False):
    """Somebody who came at `at`. Times are µs.

    `cell`: where it is written how he fares. `special`: how long agents of some groups serve him, `service` the others.
    `offer`: the offer of him that rings, if agents are asked. `person`: who serves him. `asked`: what was expected.
    """

    id: str
    source: "Source"
    at: int
    batch: int
    cell: Cell
    service: int
    special: dict[str, int] | None
    patience: int | None
    waiting: bool = True
    offer: str | None = None
    person: Person | None = None
    asked: Asked | None = None


class Source:
    """Where the customers of one stream come from. `came` and `fared` count all of them, warm-up included.

    `instants`: when they come, from the busyness of the day.
    """

    def __init__(
        self,
        stream: Stream,
        place: int,
        scenario: Scenario,
        cells: list[Cell],
        seeds: tuple[int, int],
        busyness: float = 1.0,
    ) -> None:
        self.stream = stream
        self.cells = cells
        self.came = self.fared = 0
        self._id = f"{place}-"
        self._admission = admission_of(stream)
        self._scenario = scenario
        self._seeds = seeds
        self._service = self._drawing(laws_of(stream.service), "service")
        self._special = {
            group.group: self._drawing(laws_of(stream.service_by_group[group.group]), "service", group.group)
            for group in scenario.agents
            if group.group in stream.service_by_group
        }
        self._patience = self._drawing(laws_of(stream.patience), "patience") if stream.patience is not None else None
        coming = substream(*seeds, stream.stream, "arrivals")
        self.instants = arrivals(stream, scenario.run, coming, busyness, scenario.columns)

    def _drawing(self, laws: tuple[Law, ...], *purpose: str) -> Drawing:
        source = substream(*self._seeds, self.stream.stream, *purpose)
        columns = self._scenario.columns

        def draw_of(law: Law, block: int) -> WholeDraw:
            return whole_draws(law, source, columns, unit=MICROSECOND, block=block)

        return by_period(laws, self._scenario.run.starts, draw_of)

    def customer(self, at: int, batch: int) -> Customer:
        """Return the next customer, who comes at `at`."""
        self.came = came = self.came + 1
        cell = self.cells[batch]
        cell.offered += 1
        special = {group: draw(at) for group, draw in self._special.items()} if self._special else None
        # Drawn of everybody, so that nobody's depends on who had to wait.
        patience = self._patience(at) if self._patience is not None else None
        return Customer(f"{self._id}{came}", self, at, batch, cell, self._service(at), special, patience)

    def admit(self, id: str) -> Admit:
        """Return the command that lets customer `id` in."""
        # A third of what it costs to make one from all its fields.
        return replace(self._admission, id=id, customer=id)
