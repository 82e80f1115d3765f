"""What a simulation writes down: how each customer fared and how busy each group was, in 20 batches."""

from array import array
from collections.abc import Sequence

from simulation.estimates import Asked
from simulation.scenario import MICROSECOND, Scenario, micros

BATCHES = 20
UNCOUNTED = -1
"""The batch of who comes in the warm-up or while it drains: he takes part and is not counted.

It is the last of a list of batches, behind the 20 that count.
"""


class Cell:
    """How the customers of one stream and one batch fared, waits in µs in the order in which they ended.

    `answered`, `left`, `short` (who left so soon that it doesn't count) and `flowed` (neither answered nor left: the
    day was over) are apart, so that writing one down is one step. `asked`: what the router expected of some of them.
    """

    __slots__ = ("answered", "asked", "flowed", "left", "offered", "short")

    def __init__(self) -> None:
        self.offered = 0
        self.answered = array("q")
        self.left = array("q")
        self.short = array("q")
        self.flowed = array("q")
        self.asked: list[Asked] = []


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
    """The books of all replications: 20 batches of each stream and group, and one more for what doesn't count.

    `streams` and `groups` are in the order of the scenario.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.streams = [[Cell() for _ in range(BATCHES + 1)] for _ in scenario.arrivals]
        self.groups = [[Shift() for _ in range(BATCHES + 1)] for _ in scenario.agents]
        self.decisions = 0
        self.simulated = 0
        """µs of the virtual clock that were lived through, all replications together."""


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

    def full_at(self, batch: int) -> int:
        """Return how many customers of this replication count in `batch` and those before it."""
        assert self.customers is not None
        whole = -(-(batch + 1) * self._replications * self.customers // BATCHES)
        return min(whole - self._replication * self.customers, self.customers)

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
