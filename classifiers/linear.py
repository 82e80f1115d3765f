"""Linear scores by support vector machines: on the terms as they are, or as much as each tells of a column.

Where texts are long, most of their words say nothing about the matter: there each term is weighed by how differently
it is spread inside and outside of a column (after Wang and Manning 2012, ACL, "Baselines and Bigrams", who weigh so by
naive Bayes). A weight moves into the scores, so a text costs no more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from classifiers.head import Scores

PENALTY = 0.5
"""LinearSVC's C: best of 0.25, 0.5, 1 on three public sets; logistic regression is no better and 4-6 x slower."""

PENALTY_TELLING = 0.3
"""The same where terms are weighed."""

LONG_WORDS = 20
"""Mean words of a text from which on terms are weighed. By cross-validation, beside networks, IT tickets (46 words,
3,000 to 28,000 rows) and complaints to banks (100) gain 0.4 to 1.2 points; requests of ten words gain 0.1."""

PRIOR = 1.0

TOLERANCE = 1e-4
"""LinearSVC's tol, at scikit-learn's own value: scores are then within some thousandths of those of the exact machine,
and where liblinear stops hangs on the last bit of its input."""

_ABSENT = -1.0
"""Score of a column that a fold has no text for: a support vector machine's clear "no"."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Linear scores: weights (n_terms, n_columns), bias (n_columns,)."""

    weights: Scores
    bias: Scores


def linear(
    terms: sparse.csr_matrix,
    truth: NDArray[np.intp],
    columns: int,
    seed: int,
    *,
    balanced: bool = False,
    prior: float | None = None,
    tolerance: float = TOLERANCE,
) -> Linear:
    """Return linear scores that learnt `truth` (n_texts,) from `terms` (n_texts, n_terms).

    Args:
        terms: TF-IDF.
        truth: the column of each text.
        columns: how many there are.
        seed: of liblinear's draws.
        balanced: the rare columns count as much as the frequent ones.
        prior: weigh terms by what they tell; this is added to a term's sums on both sides of a column, since of few
            texts nothing is sure.
        tolerance: at what share of its first slope liblinear stops; the smaller, the nearer to the exact machine.
    """
    if prior is None:
        return _plain(terms, truth, columns, seed, tolerance, balanced=balanced)
    return _weighed(terms, truth, columns, seed, tolerance, prior, balanced=balanced)


def _plain(
    terms: sparse.csr_matrix, truth: NDArray[np.intp], columns: int, seed: int, tolerance: float, *, balanced: bool
) -> Linear:
    weight = "balanced" if balanced else None
    machine = LinearSVC(C=PENALTY, class_weight=weight, tol=tolerance, random_state=seed).fit(terms, truth)
    coef, intercept = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:  # scikit-learn keeps one of the two mirror images
        coef, intercept = np.vstack((-coef, coef)), np.concatenate((-intercept, intercept))
    found = _empty(terms, columns)
    found.weights[:, machine.classes_] = coef.T
    found.bias[machine.classes_] = intercept
    return found


def _weighed(
    terms: sparse.csr_matrix,
    truth: NDArray[np.intp],
    columns: int,
    seed: int,
    tolerance: float,
    prior: float,
    *,
    balanced: bool,
) -> Linear:
    found, weighed = _empty(terms, columns), terms.copy()
    present, place = np.unique(truth, return_inverse=True)
    texts = sparse.csr_matrix((np.ones(len(place)), (place, np.arange(len(place)))))
    within, everywhere = (texts @ terms).tocsr(), np.asarray(terms.sum(axis=0)).ravel()
    # A dimension of an embedding has negative values: it is spread in no such way and stays as it is.
    no_count = terms.min(axis=0).toarray().ravel() < 0
    for number, column in enumerate(present):
        inside, sums = truth == column, within[number].toarray().ravel()
        telling = np.where(no_count, 1.0, _telling(sums, everywhere - sums, prior))
        weighed.data = terms.data * telling[terms.indices]
        # What "balanced" means to scikit-learn where there are more columns than two.
        weight = {True: len(truth) / (len(present) * inside.sum())} if balanced else None
        machine = LinearSVC(C=PENALTY_TELLING, class_weight=weight, tol=tolerance, random_state=seed)
        machine.fit(weighed, inside)
        found.weights[:, column] = machine.coef_[0] * telling
        found.bias[column] = machine.intercept_[0]
    return found


def _telling(inside: Scores, outside: Scores, prior: float) -> Scores:
    """Return how differently each term is spread, (n_terms,), root mean square 1, by its sums inside and outside."""
    spread = [prior + np.maximum(sums, 0) for sums in (inside, outside)]
    telling: Scores = np.abs(np.log(spread[0] / spread[0].sum()) - np.log(spread[1] / spread[1].sum()))
    telling /= np.sqrt(np.square(telling).mean()) or 1.0
    return telling


def _empty(terms: sparse.csr_matrix, columns: int) -> Linear:
    return Linear(np.zeros((terms.shape[1], columns)), np.full(columns, _ABSENT))
