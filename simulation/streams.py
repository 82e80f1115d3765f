"""Customers: what each needs and bears is drawn when he comes, so that all scenarios with a seed see the same."""

from collections.abc import Callable, Sequence

from router.commands import Admit
from simulation.books import UNCOUNTED, Cell
from simulation.laws import Law, by_period, draws, substream
from simulation.scenario import MICROSECOND, Scenario, Stream, laws_of, micros

Drawing = Callable[[int], float]


class Customer:
    """Somebody who came at `at`. Times are µs. `offer`: the offer of him that rings, if agents are asked."""

    __slots__ = ("at", "batch", "id", "offer", "patience", "service", "source", "special", "waiting")

    def __init__(
        self, id: str, source: "Source", at: int, batch: int, service: int, special: dict[str, int] | None
    ) -> None:
        self.id = id
        self.source = source
        self.at = at
        self.batch = batch
        self.service = service
        self.special = special
        self.patience: int | None = None
        self.waiting = True
        self.offer: str | None = None

    def service_by(self, group: str) -> int:
        """Return how long an agent of `group` serves him."""
        return self.service if self.special is None else self.special.get(group, self.service)

    def answered(self, now: int) -> None:
        """Somebody took him."""
        self._fared()
        if self.batch != UNCOUNTED:
            self.source.cells[self.batch].answer(now - self.at, self.source.target)

    def abandoned(self, now: int, *, short: bool) -> None:
        """He left."""
        self._fared()
        if self.batch != UNCOUNTED:
            self.source.cells[self.batch].abandon(now - self.at, short=short)

    def flowed_out(self, now: int) -> None:
        """The day was over."""
        self._fared()
        if self.batch != UNCOUNTED:
            self.source.cells[self.batch].flow(now - self.at)

    def _fared(self) -> None:
        assert self.waiting, f"{self.id} fared twice"
        self.waiting = False
        self.offer = None
        self.source.fared += 1


class Source:
    """Where the customers of one stream come from. `came` and `fared` count all of them, warm-up included."""

    def __init__(
        self,
        stream: Stream,
        place: int,
        scenario: Scenario,
        groups: Sequence[str],
        cells: list[Cell],
        seeds: tuple[int, int],
    ) -> None:
        self.stream = stream
        self.cells = cells
        self.came = self.fared = 0
        queue = next(queue for queue in scenario.queues if queue.name == stream.queue)
        self.target = micros(queue.target)
        self._prefix = f"{place}-"
        self._needs = stream.needs()
        starts = scenario.run.starts

        def drawing(laws: tuple[Law, ...], *purpose: str) -> Drawing:
            source = substream(seeds[0], seeds[1], stream.stream, *purpose)
            return by_period(laws, starts, lambda law: draws(law, source, scenario.columns))

        self._service = drawing(laws_of(stream.service), "service")
        self._special = {
            group: drawing(laws_of(stream.service_by_group[group]), "service", group)
            for group in groups
            if group in stream.service_by_group
        }
        self._patience = drawing(laws_of(stream.patience), "patience") if stream.patience is not None else None

    def customer(self, at: int, batch: int) -> Customer:
        """Return the next customer, who comes at `at`."""
        self.came += 1
        if batch != UNCOUNTED:
            self.cells[batch].offered += 1
        service = round(self._service(at) * MICROSECOND)
        special = {group: round(draw(at) * MICROSECOND) for group, draw in self._special.items()} or None
        customer = Customer(f"{self._prefix}{self.came}", self, at, batch, service, special)
        if self._patience is not None:
            customer.patience = round(self._patience(at) * MICROSECOND)
        return customer

    def admit(self, id: str) -> Admit:
        """Return the command that lets customer `id` in."""
        stream = self.stream
        return Admit(
            id=id,
            channel=stream.medium,
            medium=stream.medium,
            customer=id,
            queue=stream.queue,
            priority=stream.priority,
            class_=stream.class_,
            requirements=self._needs,
        )
