"""Shares, differences and means with their 95 % intervals."""

from collections.abc import Sequence
from math import sqrt

import msgspec

Z = 1.959964
"""Half the width of a 95 % interval, in standard errors."""


class Interval(msgspec.Struct, frozen=True):
    """A value, and what it surely lies between. `n`: of how many it comes."""

    value: float
    low: float
    high: float
    n: int


def wilson(right: int, n: int) -> Interval | None:
    """Return the share `right` / `n` with its interval (Wilson 1927, doi:10.2307/2276774); None if n = 0."""
    if n == 0:
        return None
    share, square = right / n, Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), n)


def difference(one: tuple[int, int], other: tuple[int, int]) -> Interval | None:
    """Return one share minus another, each as (how many, of how many), with its interval; None if either has none.

    Newcombe's method 10, from both Wilson intervals (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873).
    """
    first, second = wilson(*one), wilson(*other)
    if first is None or second is None:
        return None
    value = first.value - second.value
    low = value - sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    high = value + sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    return Interval(value, low, high, min(first.n, second.n))


def mean_difference(one: Sequence[float], other: Sequence[float]) -> Interval | None:
    """Return the mean of one minus that of another, with its interval by the normal curve; None below 2 of either."""
    if len(one) < 2 or len(other) < 2:
        return None
    value = _mean(one) - _mean(other)
    half = Z * sqrt(_variance(one) / len(one) + _variance(other) / len(other))
    return Interval(value, value - half, value + half, min(len(one), len(other)))


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _variance(numbers: Sequence[float]) -> float:
    mean = _mean(numbers)
    return sum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)
