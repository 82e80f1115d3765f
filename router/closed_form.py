"""How long the wait behind so many others is, where one pool of agents serves them all.

Whoever stands behind `ahead` others is served after `ahead + 1` stages. In the stage with i ahead of him, the pool
releases at the rate of all its places together, each of the i leaves by himself, and newcomers of higher classes push
in. Handling and patience count as exponential, which for the sum of many agents they nearly are.
"""

import math
from collections.abc import Sequence

import msgspec

_Z90 = 1.2815515655446004
"""90th percentile of the standard normal distribution."""
_LEFT_OVER = 0.05
"""Higher classes that alone would fill the pool leave this share of it to the rest, so that a wait is finite."""
_BLOCK = 16
"""Stages are summed one by one near the end, further off in blocks of a sixteenth of what is left."""


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """What a wait is expected to be, ms: its mean, its 10th and its 90th percentile."""

    mean: float
    low: float
    high: float

    @property
    def interval(self) -> tuple[int, int]:
        """The 10th and the 90th percentile in whole ms."""
        return round(self.low), round(self.high)


class Overtaking(msgspec.Struct, frozen=True, gc=False):
    """Newcomers who go before those who wait now: `rate` a ms, as long as they come less than `until` ms from now."""

    rate: float
    until: float = math.inf


def wait_behind(ahead: int, release: float, leaving: float = 0.0, overtaking: Sequence[Overtaking] = ()) -> Estimate:
    """Return the wait of who has `ahead` others before him and stays until he is served.

    Args:
        ahead: >= 0.
        release: releases of all the pool's places a ms, > 0.
        leaving: how often one who waits leaves, a ms; 1 / mean patience.
        overtaking: who pushes in.

    Without leaving and overtaking this is the Erlang distribution; with leaving its mean is the sum over the queue
    ahead of 1 / (release + i leaving); with overtaking a stage is a busy period of the pool with the newcomers.
    """
    mean, variance = _moments(ahead, release, leaving, overtaking)
    if overtaking:
        return _passage(mean, variance)
    return matched(mean, variance)


def _moments(ahead: int, release: float, leaving: float, overtaking: Sequence[Overtaking]) -> tuple[float, float]:
    """Return mean and variance of the stages' sum; who pushes in stops as the expected time passes his `until`."""
    if not leaving and all(stream.until == math.inf for stream in overtaking):
        mean, variance = _stage(release, 0.0, 0.0, sum(stream.rate for stream in overtaking), release)
        return (ahead + 1) * mean, (ahead + 1) * variance
    clock = spread = 0.0
    left = ahead
    while left >= 0:
        count = max(1, left // _BLOCK)
        arriving = sum(stream.rate for stream in overtaking if stream.until > clock)
        mean, variance = _stage(release, leaving, left - (count - 1) / 2, arriving, release)
        clock += count * mean
        spread += count * variance
        left -= count
    return clock, spread


def _stage(release: float, leaving: float, ahead: float, arriving: float, full: float) -> tuple[float, float]:
    """Return mean and variance of the time in which one fewer is ahead.

    A busy period of one server with rates d and a lasts 1 / (d - a) on average, with variance (d + a) / (d - a)^3. Who
    leaves raises d with every newcomer; to first order that turns the slack s = d - a into the root of
    x^2 - s x - a leaving = 0.
    """
    slack = release + ahead * leaving - arriving
    if arriving and leaving:
        slack = (slack + math.sqrt(slack * slack + 4 * arriving * leaving)) / 2
    slack = max(slack, _LEFT_OVER * full)
    return 1 / slack, (slack + 2 * arriving) / (slack * slack * slack)


def matched(mean: float, variance: float) -> Estimate:
    """Return the gamma distribution with `mean` and `variance`.

    Source: Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684: the cube root of a gamma variable is nearly normal.
    """
    if mean <= 0:
        return Estimate(0.0, 0.0, 0.0)
    shrink = variance / (9 * mean * mean)
    width = _Z90 * math.sqrt(shrink)
    low, high = max(0.0, 1 - shrink - width), 1 - shrink + width
    return Estimate(mean, mean * low * low * low, mean * high * high * high)


def _passage(mean: float, variance: float) -> Estimate:
    """Return the inverse Gaussian distribution with `mean` and `variance`: a first passage, with a longer tail."""
    shape = mean * mean * mean / variance
    return Estimate(mean, _passage_quantile(mean, shape, 0.1), _passage_quantile(mean, shape, 0.9))


def _passage_quantile(mean: float, shape: float, share: float) -> float:
    """Return the quantile by bisection of the logarithm: 14 halvings from 1e-4 to 1e4 means leave 0.1 %."""
    low, high = math.log(mean) - 9.2, math.log(mean) + 9.2
    for _ in range(14):
        middle = (low + high) / 2
        if _passage_cdf(math.exp(middle), mean, shape) < share:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _passage_cdf(at: float, mean: float, shape: float) -> float:
    root = math.sqrt(shape / at)
    reflected = 2 * shape / mean
    tail = root * (at / mean + 1)
    # The product of a huge and a tiny number; where the tail is nothing, so is the product.
    mirror = math.exp(reflected) * _normal(-tail) if tail < 37 and reflected < 700 else 0.0
    return _normal(root * (at / mean - 1)) + mirror


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z * math.sqrt(0.5))
