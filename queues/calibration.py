"""Intervals corrected by what really happened, and how good estimates were (semantics.md section 14).

An interval of 80 % should be missed by every tenth wait on either side. Each bound is pushed outwards a step when a
wait misses it and drawn in a ninth of a step when one doesn't, so in the long run it is missed by a tenth, whatever the
waits look like and however they change.
Source: Gibbs & Candes 2021, arXiv:2106.00170 (adaptive conformal inference), on bounds instead of levels.
"""

import math
from collections.abc import Iterable

import msgspec

from vocabulary.instants import Span

MISSED = 0.1
"""The share of waits that may lie beyond each bound."""
STEP = 0.05
_DRAWN_IN_MAX, _PUSHED_OUT_MAX = -0.9, 20.0

Interval = tuple[Span, Span]


class Calibration(msgspec.Struct, frozen=True, gc=False):
    """How far the bounds of a queue's intervals are pushed outwards, in widths of the interval."""

    below: float = 0.0
    above: float = 0.0

    def with_wait(self, shown: Interval, waited: Span) -> "Calibration":
        """Return the correction after a wait of `waited` ms, counted from the estimate, that was `shown` as interval.

        Only answered waits tell: who left would have waited longer, nobody knows how long.
        """
        low, high = shown
        return Calibration(
            _bounded(self.below + STEP * ((waited < low) - MISSED)),
            _bounded(self.above + STEP * ((waited > high) - MISSED)),
        )


def _bounded(push: float) -> float:
    return min(_PUSHED_OUT_MAX, max(_DRAWN_IN_MAX, push))


def calibrated(interval: Interval, calibration: Calibration) -> Interval:
    """Return `interval` with its bounds pushed as `calibration` says; never below 0, never crossed."""
    low, high = interval
    width = high - low
    pushed = max(0, round(low - calibration.below * width))
    return pushed, max(pushed, round(high + calibration.above * width))


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """An interval that was shown, and how long the wait really went on, ms."""

    low: Span
    high: Span
    waited: Span


class WaitError(msgspec.Struct, frozen=True, kw_only=True):
    """How good estimates were. Shares 0-1, errors ms against the middle of the interval; None without outcomes."""

    count: int
    coverage: float | None = None
    below: float | None = None
    above: float | None = None
    bias_ms: float | None = None
    """Mean of estimated - realised: positive where customers were told too much."""
    error_ms: float | None = None
    """Root of the mean squared error."""


def expected_wait_error(outcomes: Iterable[Outcome]) -> WaitError:
    """Return coverage and error of `outcomes`."""
    known = tuple(outcomes)
    count = len(known)
    if not count:
        return WaitError(count=0)
    below = sum(outcome.waited < outcome.low for outcome in known) / count
    above = sum(outcome.waited > outcome.high for outcome in known) / count
    errors = [(outcome.low + outcome.high) / 2 - outcome.waited for outcome in known]
    return WaitError(
        count=count,
        coverage=1 - below - above,
        below=below,
        above=above,
        bias_ms=sum(errors) / count,
        error_ms=math.sqrt(sum(error * error for error in errors) / count),
    )
