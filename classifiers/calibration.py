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

_REAL_SHARE = 0.8
"""Of what counts as out of scope: the real texts, if there are some; the rest are texts of labels held back."""

_RARE = 0.02
"""Share of texts out of scope under which the guard's threshold gives most right answers."""

_RECALL, _FOR_RECALL = 0.75, 0.005
"""So many texts out of scope are recognised at least, as long as that costs at most this share of right answers.

Of the rows that were learnt from, that is; of CLINC150's other texts, up to fifteen in a hundred less are.
"""

_LOST = 0.03
"""Share of texts in scope that the guard turns away if it never saw a real text that is not."""

_LOST_MAX, _LEVELS, _PARTS = 0.1, 201, 5

RESERVE = 0.85
"""Of the mistakes that a promise allows, so many are used: rows of one file resemble each other more than what comes
tomorrow resembles them."""

_RISK = 1 - LEVEL
_MISTAKES_ALIKE = 0.001
"""Share of the texts that two mixtures' mistakes may differ by, by chance; who is surprised least then decides."""

_LINEAR_SHARES = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
_TEMPERATURES = (0.05, 20.0)

Flags = NDArray[np.bool_]


def mix_of(votes: Scores, truth: NDArray[np.intp]) -> Mix:
    """Return the mixture of votes that is least surprised by the truth, of those with the fewest mistakes or nearly so.

    The temperature is that of Guo et al. 2017, arXiv:1706.04599. From few rows, networks learn less than linear scores.

    Args:
        votes: (n_texts, n_members, n_labels), log shares of texts in scope that the members had not seen.
        truth: (n_texts,), the column of the right label.
    """
    shares = _LINEAR_SHARES if votes.shape[1] > 1 else (1.0,)
    found = [_tempered(votes, truth, share) for share in shares]
    allowed = min(mistakes for mistakes, _, _ in found) + _MISTAKES_ALIKE * len(truth)
    return min(((surprise, mix) for mistakes, surprise, mix in found if mistakes <= allowed), key=lambda pair: pair[0])[
        1
    ]


def _tempered(votes: Scores, truth: NDArray[np.intp], linear: float) -> tuple[int, float, Mix]:
    """Return the mistakes of the mixture with this share of the linear vote, how surprised it is, and itself."""
    mixed = Mix(linear, 1.0).mixed(votes)
    rows = np.arange(len(truth))

    def surprise(log_temperature: float) -> float:
        # Floored: a single text that all members are wrong about must not flatten all others.
        right = np.exp(log_softmax(mixed / np.exp(log_temperature)))[rows, truth]
        return float(-np.log(right + 1e-3).mean())

    bounds = tuple(float(np.log(bound)) for bound in _TEMPERATURES)
    best = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return int((mixed.argmax(axis=1) != truth).sum()), float(best.fun), Mix(linear, float(np.exp(best.x)))


def trust_of(signs: Scores, right: Flags, weight: Scores) -> Odds:
    """Return how likely the best label is right, learnt from `signs` (n_texts, SIGNS) of unseen texts.

    Args:
        signs: of each text.
        right: (n_texts,), False for texts out of scope.
        weight: (n_texts,), how much each counts (`traffic`).
    """
    # One wrong and one right answer more (Laplace): ten right ones of ten prove no certainty. They stand where the
    # votes were least and most sure.
    signs = np.vstack((signs, signs[signs[:, 0].argmin()], signs[signs[:, 0].argmax()]))
    right, weight = np.append(right, (False, True)), np.append(weight, (1.0, 1.0))
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-6
    # liblinear-free on purpose: lbfgs has no randomness, and ten columns are nothing.
    fitted = LogisticRegression(max_iter=1000).fit((signs - mean) / spread, right, sample_weight=weight)
    weights = fitted.coef_[0] / spread
    return Odds(weights, float(fitted.intercept_[0] - weights @ mean))


def traffic(in_scope: Flags, strangers: int) -> Scores:
    """Return how much each text counts, so that those out of scope are as many as in the traffic.

    Args:
        in_scope: (n_texts,), of the training rows.
        strangers: further texts, of labels that the model did not know.

    Returns:
        (n_texts + strangers,), with a mean of 1. Real texts out of scope tell more than strangers do.
    """
    inside, outside = int(in_scope.sum()), int((~in_scope).sum())
    real = 0.0 if not outside else 1.0 if not strangers else _REAL_SHARE
    odd = OUT_OF_SCOPE_SHARE if outside or strangers else 0.0
    own = np.where(in_scope, (1 - odd) / inside, odd * real / max(outside, 1))
    whole: Scores = np.concatenate((own, np.full(strangers, odd * (1 - real) / max(strangers, 1))))
    return whole * len(whole)


def guard_of(trust: Odds, signs: Scores, right: Flags, in_scope: Flags, *, strangers: bool) -> Guard:
    """Return what is to be turned away.

    With texts out of scope, what tells these from texts that are answered rightly decides, and the threshold is where
    most answers are right, "unknown" among them; without, the hundredths with the least trust; where nothing ever
    taught trust what is unfamiliar, those with the lowest linear score.

    Args:
        trust: odds that the best label is right.
        signs: (n_texts, SIGNS), of the training rows, unseen.
        right: (n_texts,), whether the best label is right.
        in_scope: (n_texts,).
        strangers: texts of unknown labels were among those that `trust` was learnt from.
    """
    if in_scope.all():
        odds = trust if strangers else Odds(np.eye(SIGNS)[LINEAR_SIGN], 0.0)
        return Guard(odds, float(np.quantile(odds.of(signs), _LOST)))
    # Trust also shuns texts in scope that are easily confused; of these, nothing is won by turning them away.
    taught = right | ~in_scope
    weight = traffic(in_scope, 0)
    values = np.empty(len(signs))
    for part in range(_PARTS):
        # As the odds see texts that they were not fitted to: a hundred real ones out of scope are soon learnt by heart.
        here = _part_of(in_scope) == part
        those = taught & ~here
        values[here] = trust_of(signs[those], right[those], weight[those]).of(signs[here])
    levels = np.quantile(values[in_scope], np.linspace(0, _LOST_MAX, _LEVELS))
    kept = np.sort(values[in_scope & right])
    turned = np.sort(values[~in_scope])
    share = 1 - np.searchsorted(kept, levels) / in_scope.sum()
    recall = np.searchsorted(turned, levels) / len(turned)
    best = int(np.argmax((1 - _RARE) * share + _RARE * recall))
    affordable = int(np.flatnonzero(share >= share[0] - _FOR_RECALL)[-1])
    enough = int(np.searchsorted(recall, _RECALL))
    odds = trust_of(signs[taught], right[taught], weight[taught])
    return Guard(odds, float(levels[max(best, min(enough, affordable))]))


def _part_of(in_scope: Flags) -> NDArray[np.intp]:
    """Return a part from 0 to `_PARTS` - 1 for each text: both kinds are spread evenly."""
    ranks = np.where(in_scope, np.cumsum(in_scope), np.cumsum(~in_scope))
    return ranks % _PARTS


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
