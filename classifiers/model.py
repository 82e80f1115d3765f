"""A trained model: what a message is about, how sure that is, and whether it is about something else altogether."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.features import Features, Vector

UNKNOWN = "unknown"
"""The label of a message that the model can't place."""

OUT_OF_SCOPE = "oos"
"""The label of training rows that belong to no label."""

ALTERNATIVES_MAX = 5
GUARD_TERMS = 6
_KNOWN = 2
"""Known shares that the guard looks at: of word terms and of pieces of words."""

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one text.

    Args:
        label: the best label, or `UNKNOWN` where the text is out of scope.
        confidence: probability that the best label is right, 0-1; where `label` is `UNKNOWN`, of the best guess.
        alternatives: further labels with their probabilities, best first; with the best guess where unknown.
        out_of_scope: the text seems to be about none of the labels.
    """

    label: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    out_of_scope: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """Tells texts in scope from others by six signs (`signs`), with weights fixed at training.

    Args:
        weights: float64, (GUARD_TERMS,).
        bias: added to the weighted signs; the sum is the log odds of "in scope" if `graded`.
        threshold: below it a text is out of scope.
        graded: weights come from rows out of scope, so the odds may lower a confidence.
    """

    weights: Scores
    bias: float
    threshold: float
    graded: bool

    def odds(self, signs: Scores) -> Scores:
        """Return how much speaks for "in scope", one number a row of `signs` (n_texts, GUARD_TERMS)."""
        value: Scores = signs @ self.weights + self.bias
        return value

    def share_in_scope(self, odds: Scores) -> Scores:
        """Return the probability that a text is in scope; 1 where the guard never saw a text that is not."""
        return 1.0 / (1.0 + np.exp(-np.clip(odds, -50, 50))) if self.graded else np.ones_like(odds)


@dataclass(frozen=True, slots=True)
class Model:
    """Linear scores per label, a temperature that turns them into probabilities, and a guard.

    Args:
        labels: in the order of the columns of `weights`.
        weights: float32, (n_terms, n_labels), and one more column for `OUT_OF_SCOPE` if it was trained.
        bias: float32, (n_columns,).
        temperature: > 0; scores are divided by it before the softmax.
        guard: None: never answer `UNKNOWN`.
        promises: precision -> the confidence above which the training data promise it; inf: they can't.
        rows: how many texts it was trained on.
        cv_accuracy: share of right labels among texts in scope that a model had not seen, by cross-validation.
    """

    labels: tuple[str, ...]
    features: Features
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    guard: Guard | None
    promises: Mapping[float, float]
    rows: int
    cv_accuracy: float

    def scores(self, text: str) -> Scores:
        """Return the score of every column, (n_columns,): what scikit-learn's `decision_function` gives."""
        return self._scores(self.features.vectors(text))

    def predict(self, text: str) -> Prediction:
        """Return what `text` is about. Only its first 4,000 characters are read."""
        vectors = self.features.vectors(text)
        scores = self._scores(vectors)[np.newaxis]
        in_scope = scores[:, : len(self.labels)]
        probabilities = softmax(in_scope, self.temperature)
        rejected = False
        if self.guard is not None:
            known = np.array([[vector.known_share for vector in vectors[:_KNOWN]]])
            odds = self.guard.odds(signs_of(scores, known, len(self.labels), self.temperature))
            probabilities = probabilities * self.guard.share_in_scope(odds)[:, np.newaxis]
            rejected = bool(odds[0] < self.guard.threshold) or not known.any()
        return self._prediction(probabilities[0], rejected)

    def _scores(self, vectors: tuple[Vector, ...]) -> Scores:
        rows = np.concatenate([vector.rows for vector in vectors])
        values = np.concatenate([vector.values for vector in vectors])
        # float64 for the sum: the result then equals scikit-learn's to 1e-6, whatever the length of the text.
        scores: Scores = values @ self.weights[rows].astype(np.float64) + self.bias
        return scores

    def _prediction(self, probabilities: Scores, rejected: bool) -> Prediction:
        # Stable: equal probabilities go by the order of the labels, on every machine.
        best = np.argsort(-probabilities, kind="stable")[: ALTERNATIVES_MAX + 1]
        ranked = tuple((self.labels[column], float(probabilities[column])) for column in best)
        if rejected:
            return Prediction(UNKNOWN, ranked[0][1], ranked[:ALTERNATIVES_MAX], out_of_scope=True)
        return Prediction(ranked[0][0], ranked[0][1], ranked[1:], out_of_scope=False)


def softmax(scores: Scores, temperature: float) -> Scores:
    """Return probabilities, (n_texts, n_labels), rows sum to 1, of `scores` of that shape."""
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    result: Scores = raised / raised.sum(axis=1, keepdims=True)
    return result


def signs_of(scores: Scores, known: Scores, labels: int, temperature: float) -> Scores:
    """Return what tells texts in scope from others, (n_texts, GUARD_TERMS).

    The signs: free energy (Liu et al. 2020, arXiv:2010.03759), best score, its lead over the second, score as
    out of scope (0 if untrained), share of known word terms, share of known pieces of words.

    Args:
        scores: (n_texts, n_columns).
        known: shares of known terms, (n_texts, 2 or more): of words, of pieces of words.
        labels: how many of the columns are labels.
        temperature: > 0, of the softmax over the labels.
    """
    ranked = np.sort(scores[:, :labels], axis=1)
    top = ranked[:, -1]
    energy = top + temperature * np.log(np.exp((ranked - top[:, np.newaxis]) / temperature).sum(axis=1))
    outside = scores[:, labels] if scores.shape[1] > labels else np.zeros(len(scores))
    return np.column_stack((energy, top, top - ranked[:, -2], outside, known[:, 0], known[:, 1]))
