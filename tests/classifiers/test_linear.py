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
from classifiers.linear import LONG_WORDS, PENALTY_TELLING, PRIOR, linear
from classifiers.training import WEIGHTS, train
from tests.classifiers.builders import small_rows

COLUMNS = 3
EXACT = 1e-10
"""At this tolerance two machines agree whose inputs differ in the last bit; at the usual one not to the sixth digit."""


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
    ours = linear(terms, truth, COLUMNS, 0, balanced=balanced, prior=PRIOR, tolerance=EXACT)
    for column in range(COLUMNS):
        inside = truth == column
        sums = [np.asarray(terms[rows].sum(axis=0)).ravel() + PRIOR for rows in (inside, ~inside)]
        ratio = np.abs(np.log(sums[0] / sums[0].sum()) - np.log(sums[1] / sums[1].sum()))
        weighed = terms.multiply(ratio / np.sqrt((ratio**2).mean())).tocsr()
        weights = {True: 600 / (COLUMNS * inside.sum()), False: 1.0} if balanced else None
        machine = LinearSVC(C=PENALTY_TELLING, class_weight=weights, tol=EXACT, random_state=0).fit(weighed, inside)
        theirs = machine.decision_function(weighed)
        found = terms @ ours.weights[:, column] + ours.bias[column]
        assert found == pytest.approx(theirs, abs=1e-6), f"seed {seed}"


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
