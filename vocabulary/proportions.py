"""Shares that are promised: how low the true one may lie when so many of so many were right.

The bounds are exact for any count (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404), unlike those by the normal
curve, which promise too much just where promises are made: near 1, and with few cases.
"""

from collections.abc import Iterable
from itertools import groupby
from math import exp, inf, isnan, lgamma, log, log1p

LEVEL = 0.95
"""Certainty of a one-sided bound, unless another is asked for."""

_TERMS_MAX = 10_000
_HALVINGS = 60
_EXACT = 1e-14
_TINY = 1e-300


def lower_bound(right: int, n: int, level: float = LEVEL) -> float:
    """Return the share that the true one exceeds with certainty `level` when `right` of `n` were right; 0 if n = 0.

    Raises:
        ValueError: not 0 <= right <= n, or `level` is not between 0 and 1.
    """
    _check(right, n, level)
    if right == 0:
        return 0.0
    low, high = 0.0, right / n
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_least(right, n, middle) <= 1 - level else (low, middle)
    return low


def upper_bound(right: int, n: int, level: float = LEVEL) -> float:
    """Return the share that the true one stays below with certainty `level` when `right` of `n` were right; 1 if n = 0.

    Errors as `lower_bound`.
    """
    return 1.0 - lower_bound(n - right, n, level)


def is_promised(right: int, n: int, precision: float, level: float = LEVEL) -> bool:
    """Return whether `right` of `n` prove with certainty `level` that the true share is at least `precision`.

    The same as `lower_bound(right, n, level) >= precision`, sixty times quicker. Errors as `lower_bound`.
    """
    _check(right, n, level)
    return right > 0 and right >= precision * n and _at_least(right, n, precision) <= 1 - level


def threshold_for(pairs: Iterable[tuple[float, bool]], precision: float, level: float = LEVEL) -> float:
    """Return the lowest confidence from which on answers keep `precision` with certainty `level`; inf: none does.

    The first point that merely reaches the precision breaks its promise on new data: the bound must reach it. With all
    answers right, 29 of them prove 0.9, 59 prove 0.95 and 299 prove 0.99.

    Args:
        pairs: confidence of each answer and whether it was right, in any order. They must come from answers about
            what the answerer had not seen, or the promise is worth nothing.
        precision: share of right answers to keep, above 0 and below 1.
        level: certainty, above 0 and below 1.

    Raises:
        ValueError: an argument is out of range or a confidence is no number.
    """
    if not 0 < precision < 1:
        raise ValueError(f"precision {precision}, expected one above 0 and below 1")
    # Equal confidences pass or fail together: none of them may be counted without the others.
    steps = _steps(pairs)
    for confidence, right, n in reversed(steps):
        if is_promised(right, n, precision, level):
            return confidence
    return inf


def _steps(pairs: Iterable[tuple[float, bool]]) -> list[tuple[float, int, int]]:
    """Return (confidence, right, n) from the highest confidence down: of n answers with at least that, right ones."""
    ranked = sorted(pairs, key=lambda pair: -pair[0])
    if any(isnan(confidence) for confidence, _ in ranked):
        raise ValueError("a confidence is not a number")
    steps, right, n = [], 0, 0
    for confidence, group in groupby(ranked, key=lambda pair: pair[0]):
        flags = [flag for _, flag in group]
        right, n = right + sum(flags), n + len(flags)
        steps.append((confidence, right, n))
    return steps


def _check(right: int, n: int, level: float) -> None:
    if not 0 <= right <= n:
        raise ValueError(f"{right} right of {n}, expected between 0 and {n}")
    if not 0 < level < 1:
        raise ValueError(f"level {level}, expected one above 0 and below 1")


def _at_least(right: int, n: int, share: float) -> float:
    """Return the probability of `right` (>= 1) or more of `n` when each is right with probability `share`."""
    if share <= 0 or share >= 1:
        return float(share >= 1)
    a, b = right, n - right + 1
    front = exp(lgamma(n + 1) - lgamma(a) - lgamma(b) + a * log(share) + b * log1p(-share))
    # The regularised incomplete beta function; its fraction converges quickly on this side of the mean only.
    if share <= (a + 1) / (a + b + 2):
        return front * _fraction(a, b, share) / a
    return 1.0 - front * _fraction(b, a, 1 - share) / b


def _fraction(a: int, b: int, x: float) -> float:
    """Return the continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method (DLMF 3.10)."""
    value, upper, lower = 1.0, 1.0, 0.0
    for term in range(1, _TERMS_MAX):
        m = term // 2
        if term % 2:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1.0 / ((1.0 + step * lower) or _TINY)
        upper = (1.0 + step / upper) or _TINY
        value *= upper * lower
        if abs(upper * lower - 1.0) < _EXACT:
            break
    return 1.0 / value
