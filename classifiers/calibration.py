"""Honest probabilities: temperature, trust, guard and promised precision, fitted on texts that the model hadn't seen.

Only training uses this; it needs scipy and scikit-learn.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from classifiers.head import LINEAR_SIGN, SIGNS, Guard, Mix, Odds, Scores, log_softmax
from vocabulary.proportions import LEVEL

PROMISES = (0.9, 0.95, 0.99)
"""Precisions that a site may ask for before something is answered by itself."""

OUT_OF_SCOPE_SHARE = 0.1
"""Taken share of messages out of scope in the traffic: training files hold far fewer than arrive."""

_LOST_UNGRADED = 0.03
"""Share of texts in scope that the guard may turn away if it never saw a text that is not."""

_LOST_GRADED = 0.01
"""The same where it has."""

_RISK = 1 - LEVEL
_LINEAR_SHARES = (0.2, 0.35, 0.5, 0.7, 1.0)
_TEMPERATURES = (0.05, 20.0)

Flags = NDArray[np.bool_]


def mix_of(votes: Scores, truth: NDArray[np.intp]) -> Mix:
    """Return the mixture of votes under which the right labels are likeliest.

    The temperature is that of Guo et al. 2017, arXiv:1706.04599. From few rows, networks learn less than linear scores.

    Args:
        votes: (n_texts, n_members, n_labels), log shares of texts in scope that the members had not seen.
        truth: (n_texts,), the column of the right label.
    """
    shares = _LINEAR_SHARES if votes.shape[1] > 1 else (1.0,)
    found = [_tempered(votes, truth, share) for share in shares]
    return min(found, key=lambda pair: pair[0])[1]


def _tempered(votes: Scores, truth: NDArray[np.intp], linear: float) -> tuple[float, Mix]:
    """Return the best mixture with this share of the linear vote, and how surprising it finds the truth."""
    mixed = Mix(linear, 1.0).mixed(votes)
    rows = np.arange(len(truth))

    def surprise(log_temperature: float) -> float:
        # Floored: a single text that all members are wrong about must not flatten all others.
        right = np.exp(log_softmax(mixed / np.exp(log_temperature)))[rows, truth]
        return float(-np.log(right + 1e-3).mean())

    bounds = tuple(float(np.log(bound)) for bound in _TEMPERATURES)
    best = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(best.fun), Mix(linear, float(np.exp(best.x)))


def trust_of(signs: Scores, right: Flags, in_scope: Flags) -> Odds:
    """Return how likely the best label is right, learnt from `signs` (n_texts, SIGNS) of unseen texts.

    Args:
        signs: of each text.
        right: (n_texts,), False for texts out of scope.
        in_scope: (n_texts,); the others count as `OUT_OF_SCOPE_SHARE` of the traffic.
    """
    return _odds_of(signs, right, _traffic(in_scope), otherwise=0)


def guard_of(signs: Scores, in_scope: Flags) -> Odds:
    """Return the odds of "in scope", learnt from texts in and out of scope; `signs`: (n_texts, SIGNS).

    Where none is out of scope, the best linear score stands for them.
    """
    return _odds_of(signs, in_scope, _traffic(in_scope), otherwise=LINEAR_SIGN)


def _traffic(in_scope: Flags) -> Scores:
    """Return weights, (n_texts,), under which texts out of scope are as many as in the traffic."""
    share = in_scope.mean()
    if share == 1:
        return np.ones(len(in_scope))
    weights: Scores = np.where(in_scope, (1 - OUT_OF_SCOPE_SHARE) / share, OUT_OF_SCOPE_SHARE / (1 - share))
    return weights


def _odds_of(signs: Scores, holds: Flags, weight: Scores, *, otherwise: int) -> Odds:
    if holds.all() or not holds.any():
        # Nothing to learn from: one sign stands for itself.
        return Odds(np.eye(SIGNS)[otherwise], 0.0)
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-6
    # liblinear-free on purpose: lbfgs has no randomness, and ten columns are nothing.
    fitted = LogisticRegression(max_iter=1000).fit((signs - mean) / spread, holds, sample_weight=weight)
    weights = fitted.coef_[0] / spread
    return Odds(weights, float(fitted.intercept_[0] - weights @ mean))


def guard_at(odds: Odds, signs: Scores, *, graded: bool) -> Guard:
    """Return the guard whose threshold loses 1 % of texts in scope, (n_texts, SIGNS), if `graded`, else 3 %."""
    lost = _LOST_GRADED if graded else _LOST_UNGRADED
    return Guard(odds, float(np.quantile(odds.of(signs), lost)))


def promise_of(precision: float, confidence: Scores, right: Flags, in_scope: Flags) -> float:
    """Return the lowest confidence above which `precision` is kept with 95 % certainty, or inf.

    Both shares are bounded one-sidedly after Clopper and Pearson (1934): right answers among texts in scope from
    below, acceptance of texts out of scope from above. The first point that merely reaches the precision breaks its
    promise on new data. For pairs of confidence and right alone: `vocabulary.proportions.threshold_for`.

    Args:
        precision: the share of right answers to keep, 0-1.
        confidence: (n_texts,), negative for texts that are turned away.
        right: (n_texts,), False for texts out of scope.
        in_scope: (n_texts,), at least one is.
    """
    inside, outside = confidence[in_scope], confidence[~in_scope]
    order = np.argsort(-inside, kind="stable")
    ranked = inside[order]
    accepted = np.arange(1, len(order) + 1)
    correct = np.cumsum(right[in_scope][order])
    kept = beta.ppf(_RISK, np.maximum(correct, 1e-9), accepted - correct + 1)
    share = accepted / len(order)
    intruders = _intruders(ranked, outside) if len(outside) else np.zeros(len(order))
    # Equal confidences pass together: only the last of them tells how many do.
    last = np.append(ranked[1:] < ranked[:-1], True)
    holds = np.flatnonzero((kept * share / (share + intruders) >= precision) & (ranked >= 0) & last)
    return float(ranked[holds[-1]]) if len(holds) else float("inf")


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
