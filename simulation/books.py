"""What a simulation writes down: how each customer fared and how busy each group was, in 20 batches."""

from array import array
from collections.abc import Sequence

from simulation.scenario import MICROSECOND, Scenario, micros

BATCHES = 20
UNCOUNTED = -1
"""The batch of who comes in the warm-up: he takes part and is not counted."""


class Cell:
    """How the customers of one stream and one batch fared. Waits are in µs, by customers as they fare.

    `waits` holds everybody's, abandoned ones with the time they waited. `within`: answered within the queue's target.
    """

    __slots__ = ("abandoned", "answered", "answered_wait", "flow_out", "offered", "short", "waited", "waits", "within")

    def __init__(self) -> None:
        self.offered = self.answered = self.abandoned = self.short = self.flow_out = 0
        self.within = self.waited = self.answered_wait = 0
        self.waits = array("q")

    def answer(self, wait: int, target: int) -> None:
        """Somebody was answered after `wait`."""
        self.answered += 1
        self.answered_wait += wait
        self.within += wait <= target
        self.waited += wait > 0
        self.waits.append(wait)

    def abandon(self, wait: int, *, short: bool) -> None:
        """Somebody left after `wait`; `short`: so soon that it doesn't count."""
        self.short += short
        self.abandoned += not short
        self._wait(wait)

    def flow(self, wait: int) -> None:
        """Somebody was neither answered nor left: the day was over."""
        self.flow_out += 1
        self._wait(wait)

    def _wait(self, wait: int) -> None:
        self.waited += wait > 0
        self.waits.append(wait)

    def add(self, other: "Cell") -> None:
        """Let this cell be about the customers of `other` too."""
        for name in ("offered", "answered", "abandoned", "short", "flow_out", "within", "waited", "answered_wait"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.waits.extend(other.waits)


class Shift:
    """What one group did in one batch: µs of agents logged in and at work, and customers answered."""

    __slots__ = ("handled", "logged_in", "occupied")

    def __init__(self) -> None:
        self.handled = self.logged_in = self.occupied = 0

    def add(self, other: "Shift") -> None:
        """Let this be about the time of `other` too."""
        self.handled += other.handled
        self.logged_in += other.logged_in
        self.occupied += other.occupied


class Books:
    """The books of all replications. `streams` and `groups`: 20 batches of each, in the order of the scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.streams = [[Cell() for _ in range(BATCHES)] for _ in scenario.arrivals]
        self.groups = [[Shift() for _ in range(BATCHES)] for _ in scenario.agents]
        self.decisions = 0


class Batches:
    """Which batch something belongs to: 20 of equal size over all replications.

    Their size is customers where the run counts them, else time: `from_` and `until` on the virtual clock.
    """

    def __init__(self, scenario: Scenario, replication: int) -> None:
        run = scenario.run
        self.customers = run.customers
        self.from_ = micros(run.warm_up)
        self.until = run.end if run.end is not None else max(_last_of_traces(scenario), self.from_) + 1
        self._replication = replication
        self._replications = run.replications

    def of_customer(self, number: int) -> int:
        """Return the batch of the customer who is number `number` (from 0) of those that count."""
        assert self.customers is not None
        return BATCHES * (self._replication * self.customers + number) // (self._replications * self.customers)

    def of_time(self, at: int) -> int:
        """Return the batch of the instant `at`."""
        length = self.until - self.from_
        return BATCHES * (self._replication * length + at - self.from_) // (self._replications * length)

    def turns(self) -> Sequence[int]:
        """Return when each next batch of time begins within this replication."""
        length = self.until - self.from_
        every = self._replications * length
        first, last = self.of_time(self.from_), self.of_time(self.until - 1)
        # Rounded up: the first instant that `of_time` puts into the batch.
        return [
            self.from_ + -(-batch * every // BATCHES) - self._replication * length
            for batch in range(first + 1, last + 1)
        ]


def _last_of_traces(scenario: Scenario) -> int:
    traces = (scenario.columns[stream.trace] for stream in scenario.arrivals if stream.trace is not None)
    return max((int(trace[-1] * MICROSECOND) for trace in traces), default=0)
