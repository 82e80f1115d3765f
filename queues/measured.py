"""What a queue has shown lately, as far as estimates of a wait need it: handling, patience, arrivals.

Averages are long: behind 50 others, a mean of 50 handling times doubles the squared error of an estimate, one of 5,000
adds a hundredth. What an event adds is written into them, for every event adds something.
"""

import math
from copy import copy

import msgspec

from queues.calibration import Calibration, Interval
from vocabulary.decay import kept
from vocabulary.instants import HOUR, MINUTE, Instant, Span

MEMORY = 5_000
"""Samples that an average goes back, so that it is worth twice as many."""
_KEPT = 1 - 1 / MEMORY
_MEMORIES: tuple[Span, ...] = (15 * MINUTE, HOUR, 8 * HOUR)
_HALF_LIVES: tuple[Span, ...] = tuple(round(memory * math.log(2)) for memory in _MEMORIES)
_SURPRISE = 3.5
"""So many standard deviations off, and a shorter memory is believed rather than a longer one."""


class Average(msgspec.Struct, gc=False):
    """The mean of samples; old ones fade. `count` is of all there ever were."""

    count: int = 0
    mean: float = 0.0

    def add(self, value: float) -> None:
        """Know `value` too."""
        count = self.count = self.count + 1
        among = count if count < MEMORY else MEMORY  # noqa: FURB136 - a call of min() takes longer
        self.mean += (value - self.mean) / among


class Rate(msgspec.Struct, gc=False):
    """How often something happens: counts that fade within minutes, an hour, and hours (`_MEMORIES`).

    `open`: how many there were since `at` that the counts don't have yet; they are taken in once a minute.
    """

    since: Instant
    at: Instant
    open: int = 0
    counts: tuple[float, ...] = (0.0,) * len(_MEMORIES)

    def add(self, at: Instant) -> None:
        """Know one more, which happened `at`."""
        if at - self.at < MINUTE:
            self.open += 1
        else:
            self.counts = self._faded(at)
            self.at, self.open = at, 1

    def _faded(self, now: Instant) -> tuple[float, ...]:
        """Return the counts as of `now`, what is open among them as if it had come halfway."""
        span = max(0, now - self.at)
        pairs = zip(self.counts, _HALF_LIVES, strict=True)
        return tuple(count * kept(span, half) + self.open * kept(span // 2, half) for count, half in pairs)

    def per_ms(self, now: Instant) -> float:
        """Return how often it happens a ms as of `now`: by the longest count that no shorter one contradicts."""
        age = now - self.since
        if age <= 0:
            return 0.0
        windows = [memory * -math.expm1(-age / memory) for memory in _MEMORIES]
        rates = [count / window for count, window in zip(self._faded(now), windows, strict=True)]
        for place in range(len(rates) - 1, 0, -1):
            # A count that fades has the variance of half its window.
            likely = max(rates[place], 1 / age)
            doubts = (math.sqrt(likely / (2 * window)) for window in windows[:place])
            if all(abs(rate - likely) <= _SURPRISE * doubt for rate, doubt in zip(rates, doubts, strict=False)):
                return rates[place]
        return rates[0]


class Measured(msgspec.Struct, gc=False):
    """What one queue has shown. `handling`: ms from acceptance to the end of wrap-up.

    `waited`, `left`: ms that legs waited until they were answered or left, and how many of them left; both fade.
    `arrivals` by class. `calibration`: how the intervals of its estimates must be corrected.
    """

    handling: Average = msgspec.field(default_factory=Average)
    waited: float = 0.0
    left: float = 0.0
    arrivals: dict[int, Rate] = {}
    calibration: Calibration = Calibration()

    def copied(self) -> "Measured":
        """Return what is known now, whatever comes."""
        arrivals = {class_: copy(rate) for class_, rate in self.arrivals.items()}
        return Measured(copy(self.handling), self.waited, self.left, arrivals, self.calibration)

    def add_wait(self, span: Span, left: bool) -> None:
        """Know that a leg waited `span` ms and then was answered, or its customer left."""
        self.waited = _KEPT * self.waited + span
        self.left = _KEPT * self.left + left

    def add_arrival(self, class_: int, at: Instant) -> None:
        """Know that an interaction of `class_` was enqueued `at`."""
        rate = self.arrivals.get(class_)
        if rate is None:
            rate = self.arrivals[class_] = Rate(at, at)
        rate.add(at)

    def add_outcome(self, shown: Interval, waited: Span) -> None:
        """Know that one was answered `waited` ms after it was told to wait for `shown`."""
        self.calibration = self.calibration.with_wait(shown, waited)

    @property
    def leaving(self) -> float:
        """How often one who waits leaves, a ms: those who left over all the time that was waited."""
        return self.left / self.waited if self.waited else 0.0

    def arriving(self, class_: int, now: Instant) -> float:
        """Return how many of `class_` arrive a ms."""
        rate = self.arrivals.get(class_)
        return rate.per_ms(now) if rate is not None else 0.0

    def arriving_in_all(self, now: Instant) -> float:
        """Return how many arrive a ms."""
        return sum(rate.per_ms(now) for rate in self.arrivals.values())


UNMEASURED = Measured()
"""What a queue has shown in which nothing has happened yet; never written into."""
