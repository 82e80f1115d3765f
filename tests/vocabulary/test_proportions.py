"""Promised shares: the bounds are scipy's, and promises are kept."""

import math
import secrets

import numpy as np
import pytest
from scipy.stats import beta

from vocabulary.proportions import is_promised, lower_bound, threshold_for, upper_bound

_SIZES = (1, 2, 3, 7, 29, 59, 299, 1_000, 12_345)


@pytest.mark.parametrize("n", _SIZES)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_bounds_are_those_of_clopper_and_pearson(n: int, level: float) -> None:
    for right in sorted({0, 1, n // 3, n // 2, n - n // 10, n - 1, n}):
        expected = beta.ppf(1 - level, right, n - right + 1) if right else 0.0
        assert lower_bound(right, n, level) == pytest.approx(expected, abs=1e-10)
        above = beta.ppf(level, right + 1, n - right) if right < n else 1.0
        assert upper_bound(right, n, level) == pytest.approx(above, abs=1e-10)


def test_nothing_seen_proves_nothing() -> None:
    assert (lower_bound(0, 0), upper_bound(0, 0), threshold_for([], 0.9)) == (0.0, 1.0, math.inf)


@pytest.mark.parametrize(("precision", "needed"), [(0.9, 29), (0.95, 59), (0.99, 299)])
def test_so_many_right_answers_in_a_row_prove_a_precision(precision: float, needed: int) -> None:
    assert is_promised(needed, needed, precision)
    assert not is_promised(needed - 1, needed - 1, precision)


def test_a_promise_and_its_bound_agree() -> None:
    seed = secrets.randbits(32)
    draw = np.random.default_rng(seed)
    for n in draw.integers(1, 3_000, 300).tolist():
        right, precision = int(n - draw.binomial(n, 0.05)), float(draw.uniform(0.7, 0.999))
        assert is_promised(right, n, precision) == (lower_bound(right, n) >= precision), f"seed {seed}"


def test_the_threshold_is_the_lowest_confidence_that_is_proven() -> None:
    pairs = [(place / 200, True) for place in range(1, 201)]
    assert threshold_for(pairs, 0.95) == 1 / 200
    assert threshold_for([(confidence, confidence > 0.5) for confidence, _ in pairs], 0.97) == 101 / 200
    assert threshold_for(pairs, 0.99) == math.inf


def test_equal_confidences_pass_or_fail_together() -> None:
    tied = [(0.7, True)] * 60 + [(0.7, False)] * 30
    assert threshold_for(tied, 0.9) == math.inf
    assert threshold_for([(0.9, True)] * 60 + tied, 0.9) == 0.9


def test_promises_are_kept_on_what_comes_after() -> None:
    broken = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        confidence, new = draw.random(2_000), draw.random(20_000)
        right, new_right = draw.random(2_000) < confidence**0.2, draw.random(20_000) < new**0.2
        level = threshold_for(zip(confidence.tolist(), right.tolist(), strict=True), 0.95)
        broken += bool(math.isfinite(level) and new_right[new >= level].mean() < 0.95)
    assert broken <= 10, f"{broken} of 100 promises were broken"


@pytest.mark.parametrize(
    ("right", "n", "level", "says"), [(3, 2, 0.95, "3 right of 2"), (-1, 2, 0.95, "-1"), (1, 2, 1.0, "level")]
)
def test_impossible_counts_are_refused(right: int, n: int, level: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        lower_bound(right, n, level)


def test_a_precision_of_all_or_nothing_and_a_confidence_that_is_none_are_refused() -> None:
    with pytest.raises(ValueError, match="precision 1"):
        threshold_for([(0.5, True)], 1.0)
    with pytest.raises(ValueError, match="not a number"):
        threshold_for([(math.nan, True)], 0.9)
