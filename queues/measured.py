"""What a queue has shown lately, as far as estimates of a wait need it: handling, patience, arrivals.

Averages are long, for an estimate behind 50 others is worth 2 % more error with 2,500 handling times, and twice as much
error with 50. Each value is frozen: what an event adds gives a new one.
"""

import math
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from queues.calibration import Calibration, Interval
from vocabulary.instants import HOUR, MINUTE, Instant, Span

MEMORY = 2_500
"""Samples that an average goes back, so that it is worth twice as many."""
_FAST: Span = 15 * MINUTE
_SLOW: Span = 4 * HOUR
_SURPRISE = 2.5
"""So many standard deviations off, and the last quarter of an hour is believed rather than the last hours."""


class Average(msgspec.Struct, frozen=True, gc=False):
    """The mean of samples and of their squares; old ones fade. `count` is of all there ever were."""

    count: int = 0
    mean: float = 0.0
    square: float = 0.0

    def with_sample(self, value: float) -> "Average":
        """Return the average that knows `value` too."""
        count = self.count + 1
        weight = 1 / min(count, MEMORY)
        mean = self.mean + weight * (value - self.mean)
        return Average(count, mean, self.square + weight * (value * value - self.square))

    @property
    def variation(self) -> float:
        """Variance over the squared mean: 1 for exponential samples, 0 for equal ones."""
        return max(0.0, self.square / (self.mean * self.mean) - 1) if self.mean else 0.0


class Rate(msgspec.Struct, frozen=True, gc=False):
    """How often something happens, from two counts that fade: within minutes, and within hours."""

    since: Instant
    at: Instant
    fast: float = 0.0
    slow: float = 0.0

    def with_one(self, at: Instant) -> "Rate":
        """Return the rate that knows one more, which happened `at`."""
        fast, slow = self._faded(at)
        return Rate(self.since, at, fast + 1, slow + 1)

    def _faded(self, at: Instant) -> tuple[float, float]:
        span = max(0, at - self.at)
        return self.fast * math.exp(-span / _FAST), self.slow * math.exp(-span / _SLOW)

    def per_ms(self, now: Instant) -> float:
        """Return how often it happens a ms as of `now`: the long count, unless the short one contradicts it."""
        age = now - self.since
        if age <= 0:
            return 0.0
        fast, slow = self._faded(now)
        long = slow / _window(_SLOW, age)
        short = fast / _window(_FAST, age)
        # A count that fades with weights w has the variance rate x sum of w^2, half a window's.
        doubt = math.sqrt(max(long, 1 / age) / (2 * _window(_FAST, age)))
        return short if abs(short - long) > _SURPRISE * doubt else long


def _window(memory: Span, age: Span) -> float:
    """Return the weight, ms, of the time since the count began."""
    return memory * -math.expm1(-age / memory)


class Measured(msgspec.Struct, frozen=True, gc=False):
    """What one queue has shown. `handling`: ms from acceptance to the end of wrap-up.

    `waited`, `left`: ms that legs waited until they were answered or left, and how many of them left; both fade.
    `arrivals` by class. `calibration`: how the intervals of its estimates must be corrected.
    """

    handling: Average = Average()
    waited: float = 0.0
    left: float = 0.0
    arrivals: dict[int, Rate] = {}
    calibration: Calibration = Calibration()

    def with_handling(self, span: Span) -> "Measured":
        """Return what is known after an interaction was handled for `span` ms."""
        return replace(self, handling=self.handling.with_sample(span))

    def with_wait(self, span: Span, left: bool) -> "Measured":
        """Return what is known after a leg waited `span` ms and then was answered, or its customer left."""
        keep = 1 - 1 / MEMORY
        return replace(self, waited=keep * self.waited + span, left=keep * self.left + left)

    def with_arrival(self, class_: int, at: Instant) -> "Measured":
        """Return what is known after an interaction of `class_` was enqueued `at`."""
        rate = self.arrivals.get(class_) or Rate(at, at)
        return replace(self, arrivals={**self.arrivals, class_: rate.with_one(at)})

    def with_outcome(self, shown: Interval, waited: Span) -> "Measured":
        """Return what is known after one was answered `waited` ms after it was told to wait for `shown`."""
        return replace(self, calibration=self.calibration.with_wait(shown, waited))

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


def measured_from(spans: Iterable[Span]) -> Measured:
    """Return what handling times alone tell."""
    handling = Average()
    for span in spans:
        handling = handling.with_sample(span)
    return Measured(handling)
