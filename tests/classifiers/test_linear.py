"""Linear scores where columns have many texts: terms are weighed by what they tell."""

import secrets

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from classifiers.background import NOTHING
from classifiers.examples import Row
from classifiers.fitting import counted, terms_of
from classifiers.head import Scores
from classifiers.linear import LONG_WORDS, PENALTY_TELLING, PRIOR, linear
from classifiers.training import WEIGHTS, train
from tests.classifiers.builders import small_rows

COLUMNS = 3


@pytest.fixture
def seed() -> int:
    return secrets.randbits(32)


def _texts(seed: int) -> tuple[sparse.csr_matrix, NDArray[np.intp]]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(COLUMNS, size=600)
    terms = sparse.random(600, 80, density=0.1, format="lil", random_state=seed)
    # Two terms of each column, beside which all others are noise.
    for row, column in enumerate(truth):
        terms[row, 2 * column + draw.integers(2)] = 0.6
    return terms.tocsr(), truth


@pytest.mark.parametrize("balanced", [False, True])
def test_they_are_those_of_a_machine_for_each_column_on_its_weighed_terms(seed: int, *, balanced: bool) -> None:
    terms, truth = _texts(seed)
    ours = linear(terms, truth, COLUMNS, 0, balanced=balanced, prior=PRIOR)
    for column in range(COLUMNS):
        inside = truth == column
        sums = [np.asarray(terms[rows].sum(axis=0)).ravel() + PRIOR for rows in (inside, ~inside)]
        ratio = np.abs(np.log(sums[0] / sums[0].sum()) - np.log(sums[1] / sums[1].sum()))
        telling = ratio / np.sqrt((ratio**2).mean())
        weighed = terms.multiply(telling).tocsr()
        weights = {True: 600 / (COLUMNS * inside.sum()) if balanced else 1.0, False: 1.0}
        machine = LinearSVC(C=PENALTY_TELLING, class_weight=weights, tol=1e-12, max_iter=100_000, random_state=0)
        machine.fit(weighed, inside)
        costs = PENALTY_TELLING * np.where(inside, weights[True], weights[False])
        least = _loss(weighed, inside, costs, machine.coef_[0], machine.intercept_[0])
        found = _loss(weighed, inside, costs, ours.weights[:, column] / telling, ours.bias[column])
        assert least * (1 - 1e-9) <= found <= least * (1 + 1e-5), f"seed {seed}"


def _loss(
    terms: sparse.csr_matrix, inside: NDArray[np.bool_], costs: Scores, weights: Scores, bias: np.float64
) -> float:
    """Return what a machine makes least; it is strictly convex, so whoever is near the least is near the machine.

    A machine stops some way before its least, and where exactly hangs on the last bit of its input: its own weights
    would be no measure. (Fan et al. 2008, JMLR 9, "LIBLINEAR": L2-regularized L2-loss, the bias among the weights.)
    """
    short = np.maximum(0, 1 - np.where(inside, 1, -1) * (terms @ weights + bias))
    return float((weights @ weights + bias**2) / 2 + (costs * short**2).sum())


def test_what_has_negative_values_is_no_count_and_stays_as_it_is(seed: int) -> None:
    terms, truth = _texts(seed)
    vectors = sparse.csr_matrix(np.random.default_rng(seed).standard_normal((600, 4)))
    # As if nothing but the vectors told anything: their own weights are then those of a plain machine.
    nothing = sparse.csr_matrix(terms.shape)
    ours = linear(sparse.hstack([nothing, vectors]).tocsr(), truth, COLUMNS, 0, prior=PRIOR)
    machines = [LinearSVC(C=PENALTY_TELLING, random_state=0).fit(vectors, truth == column) for column in range(COLUMNS)]
    assert ours.weights[-4:] == pytest.approx(np.column_stack([one.coef_[0] for one in machines]), abs=1e-6)


def test_a_column_without_a_text_is_a_clear_no(seed: int) -> None:
    terms, truth = _texts(seed)
    scores = linear(terms, np.minimum(truth, 1), COLUMNS, 0, prior=PRIOR)
    assert (scores.bias[2], np.abs(scores.weights[:, 2]).sum()) == (-1.0, 0.0)


@pytest.mark.parametrize(("words", "prior"), [(LONG_WORDS - 5, None), (LONG_WORDS + 5, PRIOR)])
def test_terms_of_long_texts_are_weighed_and_those_of_few_short_ones_are_not(words: int, prior: float | None) -> None:
    rows = _lengthened(small_rows(), words)
    texts, labels = [text for text, _ in rows], sorted({label for _, label in rows})
    counts = counted(texts, [NOTHING] * len(rows)).counts
    terms = terms_of(counts, WEIGHTS).matrix(counts)
    truth = np.array([labels.index(label) for _, label in rows])
    theirs = linear(terms, truth, len(labels), 0, prior=prior)
    model = train(rows)
    ours = np.array([model.scores(text) for text in texts])
    assert ours == pytest.approx(terms @ theirs.weights + theirs.bias, abs=1e-5)


def _lengthened(rows: list[Row], words: int) -> list[Row]:
    """Return `rows` with as many words each, most of which say nothing."""
    draw = np.random.default_rng(1)
    idle = ["well", "dear", "so", "please", "then", "day", "again", "much", "hello", "time"]
    return [(" ".join([text, *draw.choice(idle, words - len(text.split()))]), label) for text, label in rows]
