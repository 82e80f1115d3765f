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

PENALTY_TELLING, PRIOR = 0.3, 1.0
"""Where terms are weighed: C, and what is added to the sums of a term on both sides; from few texts nothing is sure."""

LONG_WORDS = 20
"""Mean words of a text from which on terms are weighed. By cross-validation, beside networks: IT tickets (46 words, of
3,000 to 28,000 rows) and complaints to banks (100) gain 0.4 to 1.2 points, requests of ten words from none to 0.2."""

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
    telling: bool = False,
) -> Linear:
    """Return linear scores that learnt `truth` (n_texts,) from `terms` (n_texts, n_terms).

    Args:
        terms: TF-IDF.
        truth: the column of each text.
        columns: how many there are.
        seed: of liblinear's draws.
        balanced: the rare columns count as much as the frequent ones.
        telling: weigh terms by what they tell.
    """
    fit = _weighed if telling else _plain
    return fit(terms, truth, columns, seed, balanced=balanced)


def _plain(terms: sparse.csr_matrix, truth: NDArray[np.intp], columns: int, seed: int, *, balanced: bool) -> Linear:
    weight = "balanced" if balanced else None
    machine = LinearSVC(C=PENALTY, class_weight=weight, random_state=seed).fit(terms, truth)
    coef, intercept = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:  # scikit-learn keeps one of the two mirror images
        coef, intercept = np.vstack((-coef, coef)), np.concatenate((-intercept, intercept))
    found = _empty(terms, columns)
    found.weights[:, machine.classes_] = coef.T
    found.bias[machine.classes_] = intercept
    return found


def _weighed(terms: sparse.csr_matrix, truth: NDArray[np.intp], columns: int, seed: int, *, balanced: bool) -> Linear:
    found, weighed, present = _empty(terms, columns), terms.copy(), np.unique(truth)
    for column in present:
        inside = truth == column
        telling = _telling(terms, inside)
        weighed.data = terms.data * telling[terms.indices]
        # What "balanced" means to scikit-learn where there are more columns than two.
        weight = {True: len(truth) / (len(present) * inside.sum())} if balanced else None
        machine = LinearSVC(C=PENALTY_TELLING, class_weight=weight, random_state=seed).fit(weighed, inside)
        found.weights[:, column] = machine.coef_[0] * telling
        found.bias[column] = machine.intercept_[0]
    return found


def _telling(terms: sparse.csr_matrix, inside: NDArray[np.bool_]) -> Scores:
    """Return what each term tells of whether a text is `inside` (n_texts,): (n_terms,), root mean square 1.

    A dimension of an embedding has negative values, so it is spread in no such way: it tells 1.
    """
    sums = [np.asarray(terms[rows].sum(axis=0)).ravel() for rows in (inside, ~inside)]
    spread = [PRIOR + np.maximum(side, 0) for side in sums]
    shares = [side / side.sum() for side in spread]
    telling: Scores = np.abs(np.log(shares[0] / shares[1]))
    telling /= np.sqrt(np.square(telling).mean()) or 1.0
    telling[terms.min(axis=0).toarray().ravel() < 0] = 1.0
    return telling


def _empty(terms: sparse.csr_matrix, columns: int) -> Linear:
    return Linear(np.zeros((terms.shape[1], columns)), np.full(columns, _ABSENT))
