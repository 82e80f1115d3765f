"""Honest probabilities: temperature, guard and promised precision, fitted on texts that the scoring model hadn't seen.

Only training uses this; it needs scipy and scikit-learn.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from classifiers.model import GUARD_TERMS, Guard, Scores, softmax

PROMISES = (0.9, 0.95, 0.99)
"""Precisions that a site may ask for before something is answered by itself."""

OUT_OF_SCOPE_SHARE = 0.1
"""Taken share of messages out of scope in the traffic: training files hold far fewer than arrive."""

_LOST_GRADED = 0.01
"""Share of texts in scope that the guard may turn away if it has seen texts out of scope."""

_LOST_UNGRADED = 0.03
"""The same where it has not, and goes by low scores alone."""

_RISK = 0.05
_TEMPERATURES = (0.01, 10.0)

Flags = NDArray[np.bool_]


def temperature_of(scores: Scores, truth: NDArray[np.intp]) -> float:
    """Return the temperature under which the right labels are likeliest (Guo et al. 2017, arXiv:1706.04599).

    Args:
        scores: (n_texts, n_labels), of texts in scope.
        truth: (n_texts,), the column of the right label.
    """
    rows = np.arange(len(truth))

    def surprise(log_temperature: float) -> float:
        right = softmax(scores, float(np.exp(log_temperature)))[rows, truth]
        return float(-np.log(right + 1e-12).mean())

    bounds = tuple(float(np.log(bound)) for bound in _TEMPERATURES)
    return float(np.exp(minimize_scalar(surprise, bounds=bounds, method="bounded").x))


def graded_guard(signs: Scores, in_scope: Flags) -> Guard:
    """Return a guard learnt from texts in and out of scope; `signs`: (n_texts, GUARD_TERMS), `in_scope`: (n_texts,)."""
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    share = in_scope.mean()
    weight = np.where(in_scope, (1 - OUT_OF_SCOPE_SHARE) / share, OUT_OF_SCOPE_SHARE / (1 - share))
    # liblinear-free on purpose: lbfgs has no randomness, and six columns are nothing.
    fitted = LogisticRegression(max_iter=1000).fit((signs - mean) / spread, in_scope, sample_weight=weight)
    weights = fitted.coef_[0] / spread
    guard = Guard(weights, float(fitted.intercept_[0] - weights @ mean), 0.0, graded=True)
    return _with_threshold(guard, signs[in_scope], _LOST_GRADED)


def ungraded_guard(signs: Scores) -> Guard:
    """Return a guard that knows only texts in scope, (n_texts, GUARD_TERMS): it goes by the best score."""
    weights = np.zeros(GUARD_TERMS)
    weights[1] = 1.0
    return _with_threshold(Guard(weights, 0.0, 0.0, graded=False), signs, _LOST_UNGRADED)


def _with_threshold(guard: Guard, signs: Scores, lost: float) -> Guard:
    threshold = float(np.quantile(guard.odds(signs), lost))
    return Guard(guard.weights, guard.bias, threshold, guard.graded)


def promise_of(precision: float, confidence: Scores, right: Flags, in_scope: Flags) -> float:
    """Return the lowest confidence above which `precision` is kept with 95 % certainty, or inf.

    Both shares are bounded one-sidedly after Clopper and Pearson (1934): right answers among texts in scope from
    below, acceptance of texts out of scope from above. The first point that merely reaches the precision breaks its
    promise on new data.

    Args:
        precision: the share of right answers to keep, 0-1.
        confidence: (n_texts,), negative for texts that are turned away.
        right: (n_texts,), False for texts out of scope.
        in_scope: (n_texts,), at least one is.
    """
    inside, outside = confidence[in_scope], confidence[~in_scope]
    order = np.argsort(-inside, kind="stable")
    accepted = np.arange(1, len(order) + 1)
    correct = np.cumsum(right[in_scope][order])
    kept = beta.ppf(_RISK, np.maximum(correct, 1e-9), accepted - correct + 1)
    share = accepted / len(order)
    intruders = _intruders(inside[order], outside) if len(outside) else np.zeros(len(order))
    holds = np.flatnonzero((kept * share / (share + intruders) >= precision) & (inside[order] >= 0))
    return float(inside[order][holds[-1]]) if len(holds) else float("inf")


def _intruders(thresholds: Scores, outside: Scores) -> Scores:
    """Return how many texts out of scope pass each threshold at worst, per text in scope."""
    passing = len(outside) - np.searchsorted(np.sort(outside), thresholds)
    worst = beta.ppf(1 - _RISK, passing + 1, np.maximum(len(outside) - passing, 1e-9))
    odds: Scores = worst * OUT_OF_SCOPE_SHARE / (1 - OUT_OF_SCOPE_SHARE)
    return odds


def folds_of(labels: Sequence[str], count: int, seed: int) -> NDArray[np.intp]:
    """Return a fold from 0 to `count` - 1 for each label, (n_texts,): each label is spread evenly over the folds."""
    draw = np.random.default_rng(seed)
    names = np.array(labels)
    folds = np.empty(len(labels), dtype=np.intp)
    for name in sorted(set(labels)):
        places = draw.permutation(np.flatnonzero(names == name))
        folds[places] = (np.arange(len(places)) + draw.integers(count)) % count
    return folds
