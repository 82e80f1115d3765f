"""Train a model; `python -m classifiers.training --out FILE` trains on the examples that come with Centrala.

A server runs that as a child process and never imports scikit-learn itself: it takes 1.4 s and 100 MB.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from classifiers.artifact import save
from classifiers.calibration import PROMISES, folds_of, graded_guard, promise_of, temperature_of, ungraded_guard
from classifiers.examples import Row, read_rows, shipped_rows
from classifiers.features import ANALYSERS, features_of, tokens
from classifiers.model import OUT_OF_SCOPE, UNKNOWN, Guard, Model, Scores, signs_of, softmax
from vocabulary.errors import PermanentFailure

PENALTY = 0.5
"""LinearSVC's C: best of 0.25, 0.5, 1 on three public sets; logistic regression is no better and 4-6 x slower."""

TERM_ROWS_MIN = 2
"""A term of a single text is dropped: half the size, accuracy as good, and nobody's name in a model file."""

OUT_OF_SCOPE_ROWS_MIN = 10
LARGE_ROWS = 5_000
_FOLDS, _FOLDS_LARGE = 5, 3
_CONCEPTS, _CONCEPTS_LARGE = 1.0, 0.5
"""Weight of the concepts beside words: what words say by themselves is learnt only from many rows."""

_ABSENT = -1.0
"""Score of a column that a fold has no text for: a support vector machine's clear "no"."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to fit: labels and, last, perhaps "oos"; folds of the cross-validation; weight of each block of terms."""

    columns: tuple[str, ...]
    seed: int
    folds: int
    weights: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Fit:
    """What one fit learnt: kept columns and rarities of each block, and the linear scores."""

    kept: list[NDArray[np.intp]]
    rarity: list[Scores]
    weights: Scores
    bias: Scores


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Each text as a model without it saw it: scores (n, columns), shares of known terms (n, blocks)."""

    scores: Scores
    known: Scores


def train(rows: Sequence[Row], *, seed: int = 0, reject: bool = False) -> Model:
    """Return a model of `rows` (text and label each); the same rows and seed give the same model.

    Rows with the label "oos" are texts that belong to no label: they teach the model to answer "unknown". Without
    them it does so only if `reject` is set, by low scores.

    Raises:
        PermanentFailure: there are fewer than two labels, a label has a single row, or one is called "unknown".
    """
    plan = _plan(rows, seed)
    kept = [(text, label) for text, label in rows if label in plan.columns]
    truth = np.array([plan.columns.index(label) for _, label in kept], dtype=np.intp)
    vocabularies, counts = _counted([text for text, _ in kept])
    unseen = _unseen(counts, truth, plan, folds_of([label for _, label in kept], plan.folds, seed))
    fit = _fitted(counts, truth, plan)
    labels = tuple(label for label in plan.columns if label != OUT_OF_SCOPE)
    terms = [names[chosen].tolist() for names, chosen in zip(vocabularies, fit.kept, strict=True)]
    features = features_of(terms, np.concatenate(fit.rarity).astype(np.float32))
    judged = _judged(unseen, truth, labels, reject=reject or any(label == OUT_OF_SCOPE for _, label in rows))
    return Model(
        labels, features, fit.weights.astype(np.float32), fit.bias.astype(np.float32),
        judged.temperature, judged.guard, judged.promises, len(rows), judged.accuracy,
    )  # fmt: skip


def _plan(rows: Sequence[Row], seed: int) -> _Plan:
    large = len(rows) > LARGE_ROWS
    concepts = _CONCEPTS_LARGE if large else _CONCEPTS
    return _Plan(_columns(rows), seed, _FOLDS_LARGE if large else _FOLDS, (1.0, 1.0, concepts))


def _columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the labels in order, and "oos" last if there are enough such rows to learn from."""
    sizes = Counter(label for _, label in rows)
    outside = sizes.pop(OUT_OF_SCOPE, 0)
    if UNKNOWN in sizes:
        raise PermanentFailure(f'"{UNKNOWN}" is the answer for texts of no label: call these rows "{OUT_OF_SCOPE}"')
    if len(sizes) < 2:
        raise PermanentFailure(f"{len(sizes)} labels besides {OUT_OF_SCOPE}: a model needs at least two to choose from")
    rare = sorted(label for label, size in sizes.items() if size < 2)
    if rare:
        raise PermanentFailure(f'only one row with the label "{rare[0]}": give at least two of each, better twenty')
    return (*sorted(sizes), *([OUT_OF_SCOPE] if outside >= OUT_OF_SCOPE_ROWS_MIN else []))


def _counted(texts: Sequence[str]) -> tuple[list[NDArray[np.str_]], list[sparse.csr_matrix]]:
    """Return all terms of each kind, and how often each stands in each text."""
    names, counts = [], []
    words = [tokens(text) for text in texts]
    for analyser in ANALYSERS:
        # The first term keeps a kind that these texts don't have from being an error; no text holds it.
        counter = CountVectorizer(analyzer=_first_nothing(analyser), dtype=np.float64)
        counts.append(counter.fit_transform([None, *words]).tocsr()[1:])
        names.append(counter.get_feature_names_out())
    return names, counts


def _first_nothing(analyser: Callable[[Sequence[str]], list[str]]) -> Callable[[Sequence[str] | None], list[str]]:
    return lambda words: [""] if words is None else analyser(words)


def _fitted(counts: Sequence[sparse.csr_matrix], truth: NDArray[np.intp], plan: _Plan) -> _Fit:
    """Return what the texts with these `counts` teach."""
    kept = [np.flatnonzero(np.asarray(block.getnnz(axis=0)) >= TERM_ROWS_MIN) for block in counts]
    if not sum(len(chosen) for chosen in kept):
        raise PermanentFailure("no word occurs in two texts: there is nothing to learn from")
    blocks = [block[:, chosen] for block, chosen in zip(counts, kept, strict=True)]
    rarity = [_rarity(block) for block in blocks]
    parts = [weight * _weighted(block, rare) for block, rare, weight in zip(blocks, rarity, plan.weights, strict=True)]
    machine = LinearSVC(C=PENALTY, random_state=plan.seed).fit(sparse.hstack(parts).tocsr(), truth)
    weights, bias = _per_column(machine, len(plan.columns))
    # The weight of a block moves into the weights of its terms: prediction then knows nothing of it.
    scale = np.repeat(plan.weights, [len(chosen) for chosen in kept])
    return _Fit(kept, rarity, weights * scale[:, np.newaxis], bias)


def _rarity(counts: sparse.csr_matrix) -> Scores:
    """Return the smoothed inverse document frequency of each column, (n_terms,), as scikit-learn computes it."""
    rarity: Scores = np.log((1 + counts.shape[0]) / (1 + np.asarray(counts.getnnz(axis=0)))) + 1
    return rarity


def _weighted(counts: sparse.csr_matrix, rarity: Scores) -> sparse.csr_matrix:
    """Return `counts` as TF-IDF: (1 + ln count) * rarity, rows of length 1."""
    weighted = counts.copy()
    weighted.data = 1 + np.log(weighted.data)
    return normalize(weighted @ sparse.diags(rarity)) if len(rarity) else weighted


def _per_column(machine: LinearSVC, columns: int) -> tuple[Scores, Scores]:
    """Return weights (n_terms, columns) and bias (columns,) of a fitted `machine`, whatever columns it has seen."""
    coef, intercept = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:  # scikit-learn keeps one of the two mirror images
        coef, intercept = np.vstack((-coef, coef)), np.concatenate((-intercept, intercept))
    weights, bias = np.zeros((coef.shape[1], columns)), np.full(columns, _ABSENT)
    weights[:, machine.classes_] = coef.T
    bias[machine.classes_] = intercept
    return weights, bias


def _unseen(
    counts: Sequence[sparse.csr_matrix], truth: NDArray[np.intp], plan: _Plan, folds: NDArray[np.intp]
) -> _Unseen:
    """Return every text as a model sees it that was trained on the other folds."""
    scores, known = np.empty((len(truth), len(plan.columns))), np.empty((len(truth), len(counts)))
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fit = _fitted([block[inside] for block in counts], truth[inside], plan)
        seen = [block[outside] for block in counts]
        kept = [block[:, chosen] for block, chosen in zip(seen, fit.kept, strict=True)]
        weighted = [_weighted(block, rarity) for block, rarity in zip(kept, fit.rarity, strict=True)]
        scores[outside] = sparse.hstack(weighted) @ fit.weights + fit.bias
        known[outside] = np.column_stack([_known_share(*pair) for pair in zip(kept, seen, strict=True)])
    return _Unseen(scores, known)


def _known_share(kept: sparse.csr_matrix, seen: sparse.csr_matrix) -> Scores:
    share: Scores = kept.getnnz(axis=1) / np.maximum(seen.getnnz(axis=1), 1)
    return share


@dataclass(frozen=True, slots=True)
class _Judged:
    temperature: float
    guard: Guard | None
    promises: dict[float, float]
    accuracy: float


def _judged(unseen: _Unseen, truth: NDArray[np.intp], labels: Sequence[str], *, reject: bool) -> _Judged:
    """Return what unseen texts say of the model: how sure it may be, what it should turn away, how good it is."""
    inside = truth < len(labels)
    in_scope = unseen.scores[:, : len(labels)]
    temperature = temperature_of(in_scope[inside], truth[inside])
    signs = signs_of(unseen.scores, unseen.known, len(labels), temperature)
    confidence = softmax(in_scope, temperature).max(axis=1)
    right = in_scope.argmax(axis=1) == truth
    guard = None
    if reject:
        guard = ungraded_guard(signs[inside]) if inside.all() else graded_guard(signs, inside)
        odds = guard.odds(signs)
        accepted = odds >= guard.threshold
        confidence = np.where(accepted, confidence * guard.share_in_scope(odds), -1.0)
        right = right & accepted
    promises = {precision: promise_of(precision, confidence, right, inside) for precision in PROMISES}
    return _Judged(temperature, guard, promises, float(right[inside].mean()))


def train_file(
    csv_path: Path,
    out: Path,
    text_column: str = "text",
    label_column: str = "label",
    reject: bool = False,
    *,
    clock: Callable[[], float],
) -> dict[str, object]:
    """Train on a CSV file, write the model to `out` and return `{classes, rows, cv_accuracy, seconds, size_bytes}`.

    Args:
        csv_path: UTF-8 with a header.
        out: replaced as a whole, never half.
        text_column: name of the column with the texts.
        label_column: name of the column with the labels.
        reject: answer "unknown" to low scores even if no row is labelled "oos".
        clock: seconds, for `seconds` only.

    Raises:
        PermanentFailure: the file can't be read or learnt from, or `out` can't be written.
    """
    began = clock()
    summary = _trained(read_rows(csv_path, text_column, label_column), out, reject=reject)
    return {**summary, "seconds": round(clock() - began, 3)}


def train_shipped(out: Path) -> dict[str, object]:
    """Train on the examples that come with Centrala; as `train_file`, without `seconds`."""
    return _trained(shipped_rows(), out, reject=True)


def _trained(rows: Sequence[Row], out: Path, *, reject: bool) -> dict[str, object]:
    model = train(rows, reject=reject)
    size = save(model, out)
    accuracy = round(model.cv_accuracy, 4)
    return {"classes": len(model.labels), "rows": model.rows, "cv_accuracy": accuracy, "size_bytes": size}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train on the shipped examples and print what came of it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where to write the model")
    sys.stdout.write(json.dumps(train_shipped(parser.parse_args(arguments).out)) + "\n")


if __name__ == "__main__":
    main()
