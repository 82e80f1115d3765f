"""One question about a text, such as "which label": linear scores and networks that vote, and how far to trust them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.features import View
from classifiers.nets import Nets

UNKNOWN = "unknown"
"""The answer for a text that the model can't place."""

ALTERNATIVES_MAX = 5
SIGNS = 10
LINEAR_SIGN = 3
"""Place of the best linear score among the signs; the first is the log odds of the best label."""

LINEAR_TEMPERATURE = 0.3
"""What a support vector machine's scores are divided by before they vote beside the networks'."""

_LOGIT_MAX = 12.0

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a head says of one text.

    Args:
        label: the best label, or `UNKNOWN` where the text is out of scope.
        confidence: probability that the best label is right, 0-1; where `label` is `UNKNOWN`, of the best guess.
        alternatives: further labels with their probabilities, best first; with the best guess where unknown; none where
            nothing of the text is known.
        out_of_scope: the text seems to be about none of the labels.
    """

    label: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    out_of_scope: bool


@dataclass(frozen=True, slots=True)
class Odds:
    """Log odds from the signs of a text (`signs_of`): of "the best label is right", or of "in scope".

    Args:
        weights: float64, (SIGNS,).
        bias: added to the weighted signs.
    """

    weights: Scores
    bias: float

    def of(self, signs: Scores) -> Scores:
        """Return the log odds, (n_texts,), of `signs` (n_texts, SIGNS)."""
        odds: Scores = np.clip(signs @ self.weights + self.bias, -50, 50)
        return odds

    def share(self, signs: Scores) -> Scores:
        """Return the same as probabilities."""
        share: Scores = 1.0 / (1.0 + np.exp(-self.of(signs)))
        return share


@dataclass(frozen=True, slots=True)
class Guard:
    """Turns texts away whose odds to be in scope lie below `threshold`."""

    odds: Odds
    threshold: float


@dataclass(frozen=True, slots=True)
class Mix:
    """How votes become shares.

    Args:
        linear: weight of the linear vote, 0-1; the networks share the rest.
        temperature: > 0; the mixed votes are divided by it.
    """

    linear: float
    temperature: float

    def mixed(self, logs: Scores) -> Scores:
        """Return the log share of each label, (n_texts, labels), from `logs` (n_texts, n_members, labels)."""
        members = logs.shape[1]
        if members == 1:
            return log_softmax(logs[:, 0] / self.temperature)
        weights = np.full(members, (1 - self.linear) / (members - 1))
        weights[0] = self.linear
        return log_softmax(np.einsum("m,tml->tl", weights, logs) / self.temperature)


@dataclass(frozen=True, slots=True)
class Head:
    """What answers one question.

    Args:
        labels: in the order of the columns.
        weights: float32, (n_terms, n_columns): a column for each label, and one more for texts out of scope if trained.
        bias: float32, (n_columns,).
        nets: with the same terms and columns; None: the linear scores alone decide.
        mix: how the votes become shares.
        trust: how likely the best label is right.
        guard: None: answer `UNKNOWN` only where not a single term is known.
        promises: precision -> the confidence above which the training data promise it; inf: they can't.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    nets: Nets | None
    mix: Mix
    trust: Odds
    guard: Guard | None
    promises: Mapping[float, float]

    def linear_scores(self, view: View) -> Scores:
        """Return the linear score of every column, (n_columns,): what scikit-learn's `decision_function` gives."""
        # float64 for the sum: the result then equals scikit-learn's to 1e-6, whatever the length of the text.
        scores: Scores = view.values @ self.weights[view.rows].astype(np.float64) + self.bias
        return scores

    def predict(self, view: View) -> Prediction:
        """Return the answer for the text that `view` shows."""
        if not any(view.known):
            # What is said of nothing at all may be as sure as of anything.
            return Prediction(UNKNOWN, 0.0, (), out_of_scope=True)
        linear = self.linear_scores(view)[np.newaxis]
        votes = linear if self.nets is None else np.concatenate((linear, self.nets.scores(view.rows, view.values)))
        count = len(self.labels)
        shares, signs = judged(votes[np.newaxis], np.array([view.known]), count, self.mix)
        rejected = self.guard is not None and bool(self.guard.odds.of(signs)[0] < self.guard.threshold)
        return self._prediction(_trusted(shares[0], float(self.trust.share(signs)[0])), rejected)

    def _prediction(self, shares: Scores, rejected: bool) -> Prediction:
        # Stable: equal probabilities go by the order of the labels, on every machine.
        best = np.argsort(-shares, kind="stable")[: ALTERNATIVES_MAX + 1]
        ranked = tuple((self.labels[column], float(shares[column])) for column in best)
        if rejected:
            return Prediction(UNKNOWN, ranked[0][1], ranked[:ALTERNATIVES_MAX], out_of_scope=True)
        return Prediction(ranked[0][0], ranked[0][1], ranked[1:], out_of_scope=False)


def _trusted(shares: Scores, confidence: float) -> Scores:
    """Return `shares` (n_labels,) with the best at `confidence` and the others below it in their proportions."""
    best = int(shares.argmax())
    rest = 1.0 - shares[best]
    scale = confidence / shares[best] if confidence < shares[best] else (1.0 - confidence) / max(rest, 1e-12)
    trusted: Scores = shares * scale
    trusted[best] = confidence
    return trusted


def judged(votes: Scores, known: Scores, labels: int, mix: Mix) -> tuple[Scores, Scores]:
    """Return the share of each label, (n_texts, labels), rows sum to 1, and what tells how far to trust it.

    Args:
        votes: (n_texts, n_members, n_columns): linear scores first, then those of each network.
        known: shares of known terms, (n_texts, 2): of words, of pieces of words.
        labels: how many of the columns are labels.
        mix: how the votes become shares.
    """
    logs = votes_of(votes, labels)
    mean = mix.mixed(logs)
    return np.exp(mean), _signs(votes, logs, mean, known, labels)


def votes_of(votes: Scores, labels: int) -> Scores:
    """Return the log share that each member gives each label, (n_texts, n_members, labels)."""
    scale = np.ones((votes.shape[1], 1))
    scale[0] = LINEAR_TEMPERATURE
    return log_softmax(votes[:, :, :labels] / scale)


def log_softmax(scores: Scores) -> Scores:
    """Return log shares along the last axis of `scores`."""
    lowered = scores - scores.max(axis=-1, keepdims=True)
    result: Scores = lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))
    return result


def _signs(votes: Scores, logs: Scores, mean: Scores, known: Scores, labels: int) -> Scores:
    """Return the signs, (n_texts, SIGNS).

    They are: log odds of the best label, its lead over the second, how spread the shares are, best linear score, best
    and overall score (free energy; Liu et al. 2020, arXiv:2010.03759) of the networks, score as out of scope (0 if
    untrained), the least vote for the best label, shares of known word terms and of known pieces of words.
    """
    ranked = np.partition(mean, -2, axis=1)[:, -2:]
    top = ranked[:, 1]
    odds = np.clip(top - np.log(np.maximum(-np.expm1(top), 1e-12)), -_LOGIT_MAX, _LOGIT_MAX)
    spread = (np.exp(mean) * mean).sum(axis=1)
    networks = votes[:, 1:, :labels] if votes.shape[1] > 1 else votes[:, :, :labels]
    highest = networks.max(axis=2)
    energy = highest + np.log(np.exp(networks - highest[:, :, np.newaxis]).sum(axis=2))
    outside = _outside(votes, labels)
    best = mean.argmax(axis=1)[:, np.newaxis, np.newaxis]
    least = np.take_along_axis(logs, best, axis=2)[:, :, 0].min(axis=1)
    linear = votes[:, 0, :labels].max(axis=1)
    return np.column_stack(
        (odds, top - ranked[:, 0], spread, linear, highest.mean(axis=1), energy.mean(axis=1), outside, least, known)
    )


def _outside(votes: Scores, labels: int) -> Scores:
    """Return the mean log share of "out of scope", (n_texts,); 0 if no member has such a column."""
    if votes.shape[2] == labels:
        return np.zeros(len(votes))
    outside: Scores = votes_of(votes, labels + 1)[:, :, labels].mean(axis=1)
    return outside
