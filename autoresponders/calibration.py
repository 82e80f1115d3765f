"""From how an article and a question compare to the probability that it answers: a logistic curve, learnt.

Few outcomes change little: the curve begins as the one that the articles which come with Centrala gave, and moves only
as far as what is seen outweighs that (a Gaussian prior). Outcomes count a little less than sure, so that a handful of
right answers never gives a probability of 1 (Platt 1999, in Advances in Large Margin Classifiers, 61-74).
"""

import math
from collections.abc import Sequence

import msgspec


class Features(msgspec.Struct, frozen=True, gc=False):
    """How an article and a question compare.

    confidence: that of the article's label among the question's, 0-1. coverage, likeness: see `retrieval.Match`, 0-1.
    gap: how far it is ahead of the best other article, from -1 to 1.
    """

    confidence: float
    coverage: float
    likeness: float
    gap: float

    @property
    def values(self) -> tuple[float, ...]:
        """Return them as the curve takes them, the constant first."""
        return (1.0, self.confidence, self.coverage, self.likeness, self.gap)


Weights = tuple[float, float, float, float, float]
"""Of the constant, confidence, coverage, likeness and gap."""

PRIOR: Weights = (-5.0, 3.9, 3.4, 4.6, 3.7)
"""What the 330 kept-back questions of the starter articles give, the constant lowered by 0.3 to be careful."""
STRENGTH = 2.0
"""How much the prior counts: the inverse of its variance, the same for each weight."""
_STEPS = 30
_ENOUGH = 1e-9
_ODDS_MAX = 30.0
"""The logarithm of odds beyond which nothing is told apart."""

Outcome = tuple[Features, bool]


def _value(features: Features, weights: Weights) -> float:
    return sum(weight * value for weight, value in zip(weights, features.values, strict=True))


def shares(candidates: Sequence[Features], weights: Weights = PRIOR) -> list[float]:
    """Return the probability of each of several articles that answer one question: together they have at most 1.

    Two that are both near to a question are both likely by themselves; only one of them can be what was asked for. Each
    has its odds against "none of them", as in a multinomial logit; alone, its own probability.
    """
    odds = [math.exp(min(_ODDS_MAX, _value(features, weights))) for features in candidates]
    total = 1.0 + sum(odds)
    return [each / total for each in odds]


def fitted(outcomes: Sequence[Outcome], prior: Weights = PRIOR) -> Weights:
    """Return the weights that fit `outcomes`, near `prior` where these are few.

    Newton's method on a concave function, each step halved until it leads up, so it always gets there.
    """
    right = sum(1 for _, is_right in outcomes if is_right)
    wrong = len(outcomes) - right
    high, low = (right + 1) / (right + 2), 1 / (wrong + 2)
    rows = [(features.values, high if is_right else low) for features, is_right in outcomes]
    weights = list(prior)
    for _ in range(_STEPS if rows else 0):
        step = _newton(rows, weights, prior)
        before, weights = weights, _higher(rows, weights, step, prior)
        if max(abs(new - old) for new, old in zip(weights, before, strict=True)) < _ENOUGH:
            break
    constant, confidence, coverage, likeness, gap = weights
    return (constant, confidence, coverage, likeness, gap)


_Rows = Sequence[tuple[tuple[float, ...], float]]


def _higher(rows: _Rows, weights: list[float], step: list[float], prior: Weights) -> list[float]:
    """Return where the longest part of `step` leads that is not downhill."""
    here, share = _height(rows, weights, prior), 1.0
    while share > _ENOUGH:
        there = [weight + share * change for weight, change in zip(weights, step, strict=True)]
        if _height(rows, there, prior) >= here:
            return there
        share /= 2
    return weights


def _height(rows: _Rows, weights: list[float], prior: Weights) -> float:
    """Return the log of how likely `weights` are."""
    height = -STRENGTH / 2 * sum((weight - usual) ** 2 for weight, usual in zip(weights, prior, strict=True))
    for values, target in rows:
        value = sum(weight * part for weight, part in zip(weights, values, strict=True))
        height += target * value - max(value, 0.0) - math.log1p(math.exp(-abs(value)))
    return height


def _newton(rows: _Rows, weights: list[float], prior: Weights) -> list[float]:
    size = len(weights)
    slope = [STRENGTH * (prior[at] - weights[at]) for at in range(size)]
    curve = [[STRENGTH if row == column else 0.0 for column in range(size)] for row in range(size)]
    for values, target in rows:
        said = _sigmoid(sum(weight * value for weight, value in zip(weights, values, strict=True)))
        spread = said * (1 - said)
        for row in range(size):
            slope[row] += (target - said) * values[row]
            for column in range(size):
                curve[row][column] += spread * values[row] * values[column]
    return _solved(curve, slope)


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return x of matrix x = right; the matrix is symmetric and positive definite."""
    size = len(right)
    rows = [[*matrix[at], right[at]] for at in range(size)]
    for at in range(size):
        for below in range(at + 1, size):
            share = rows[below][at] / rows[at][at]
            for column in range(at, size + 1):
                rows[below][column] -= share * rows[at][column]
    found = [0.0] * size
    for at in reversed(range(size)):
        known = sum(rows[at][column] * found[column] for column in range(at + 1, size))
        found[at] = (rows[at][size] - known) / rows[at][at]
    return found


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    power = math.exp(value)
    return power / (1 + power)
