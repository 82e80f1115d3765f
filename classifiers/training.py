"""Train a model; `python -m classifiers.training --out FILE` trains on the examples that come with Centrala.

A server has a child process train (classifiers/retraining.py) and never imports scikit-learn itself: it takes 1.4 s and
100 MB.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.artifact import save
from classifiers.background import NOTHING, Background, telling
from classifiers.calibration import PROMISES, RESERVE, folds_of, guard_of, mix_of, promise_of, traffic, trust_of
from classifiers.embedding import Embedding, embedding_of
from classifiers.evaluation import report_of
from classifiers.examples import Answers, Row, read_answers, read_messages, shipped_answers, shipped_rows
from classifiers.features import features_of
from classifiers.fitting import Counted, Done, Task, Terms, all_done, counted, terms_of
from classifiers.head import UNKNOWN, Guard, Head, Mix, Odds, Prediction, Scores, judged, votes_of
from classifiers.language import with_languages
from classifiers.linear import LONG_WORDS, PRIOR, Linear
from classifiers.model import LABEL, OUT_OF_SCOPE, Model
from classifiers.nets import Nets, side_by_side
from classifiers.workers import Told, nobody
from vocabulary.errors import PermanentFailure

NETS, NETS_LARGE = 2, 3
"""Networks beside the linear scores: the first gains most, each further one some tenths of a point."""

OUT_OF_SCOPE_ROWS_MIN = 10
LARGE_ROWS = 5_000
_FOLDS, _FOLDS_LARGE = 5, 4
WEIGHTS, WEIGHTS_LARGE = (0.4, 1.0, 0.7, 1.0, 0.5), (0.4, 1.0, 1.0, 0.35, 0.5)
"""Weights of words, their pieces, their beginnings, concepts, and of what is known beside the text.

Whole words add little to their pieces and beginnings; what words say by themselves is learnt only from many rows.
"""

_EMBEDDING = 1.0

_HELD_BACK = 4
"""One label in so many is kept from a model that learns what an unknown matter looks like."""

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Question:
    """What one head has to learn.

    Args:
        labels: to choose from.
        columns: the labels and, last, perhaps "oos".
        rows: (n_rows,), which of all texts have an answer.
        truth: (n_rows,), the column of each.
        folds: (n_rows,), of the cross-validation.
        nets: how many networks vote beside the linear scores.
        reject: it may answer "unknown".
        seed: of all draws.
        balanced: rare labels count as much as frequent ones: 21 instead of 14 % of urgent texts are found, none lost.
        prior: of linear scores that weigh terms by what they tell; None: they don't.
    """

    labels: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Places
    truth: Places
    folds: Places
    nets: int
    reject: bool
    seed: int
    balanced: bool
    prior: float | None


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Texts as a model without them saw them: votes (n, members, columns), shares of known words and pieces (n, 2)."""

    votes: Scores
    known: Scores


def train(
    rows: Sequence[Row],
    *,
    seed: int = 0,
    reject: bool = False,
    further: Answers | None = None,
    backgrounds: Sequence[Background] | None = None,
    embedding: Embedding | None = None,
    told: Told = nobody,
    processes: int | None = None,
) -> Model:
    """Return a model of `rows` (text and label each); the same rows and seed give the same model, bit for bit.

    Rows with the label "oos" are texts that belong to no label: they teach the model to answer "unknown". Without
    them it does so only if `reject` is set, by what the model says of whole labels that were kept from it.

    Args:
        rows: at least two of each label.
        seed: of all draws.
        reject: answer "unknown" though no row is out of scope.
        further: more questions about the same texts: name -> the answer for each row, "" where there is none.
        backgrounds: what is known of each row beside its text; None: nothing.
        embedding: vectors of texts that join the terms; None: none.
        told: called with the done and all parts of the work.
        processes: how many to use; None: one for each processor, if the rows are worth their start.

    Raises:
        PermanentFailure: there are fewer than two labels, a label has a single row, or one is called "unknown".
    """
    columns = _columns([label for _, label in rows])
    kept = [place for place, (_, label) in enumerate(rows) if label in columns]
    known = telling([NOTHING] * len(rows) if backgrounds is None else backgrounds)
    texts = counted([rows[place][0] for place in kept], [known[place] for place in kept], embedding)
    terms = terms_of(texts.counts, _weights(len(rows), embedding))
    reject = reject or any(label == OUT_OF_SCOPE for _, label in rows)
    nets = NETS_LARGE if len(rows) > LARGE_ROWS else NETS
    asked = partial(_question, seed=seed, prior=PRIOR if texts.words >= LONG_WORDS else None)
    questions = {LABEL: asked([rows[place][1] for place in kept], columns, nets=nets, reject=reject)}
    for name, answers in (further or {}).items():
        given = [answers[place] for place in kept]
        questions[name] = asked(given, _columns([answer for answer in given if answer]), balanced=True)
    tasks = [task for question in questions.values() for task in _tasks(question, texts, terms)]
    results = iter(all_done(tasks, told, processes))
    learnt = {name: _head(question, texts, terms, results) for name, question in questions.items()}
    # An embedding's dimensions, the last of what is kept, have no names.
    names = [names[chosen].tolist() for names, chosen in zip(texts.names, terms.kept, strict=False)]
    return Model(
        features_of(names, np.concatenate(terms.rarity).astype(np.float32), embedding),
        {name: head for name, (head, _) in learnt.items()},
        len(rows),
        fingerprint_of(rows),
        {**learnt[LABEL][1], "heads": {name: report for name, (_, report) in learnt.items() if name != LABEL}},
    )


def fingerprint_of(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of texts and labels in their order, in hexadecimal."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def _columns(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels in order, and "oos" last if there are enough such rows to learn from."""
    sizes = Counter(labels)
    outside = sizes.pop(OUT_OF_SCOPE, 0)
    if UNKNOWN in sizes:
        raise PermanentFailure(f'"{UNKNOWN}" is the answer for texts of no label: call these rows "{OUT_OF_SCOPE}"')
    if len(sizes) < 2:
        raise PermanentFailure(f"{len(sizes)} labels besides {OUT_OF_SCOPE}: a model needs at least two to choose from")
    rare = sorted(label for label, size in sizes.items() if size < 2)
    if rare:
        raise PermanentFailure(f'only one row with the label "{rare[0]}": give at least two of each, better twenty')
    return (*sorted(sizes), *([OUT_OF_SCOPE] if outside >= OUT_OF_SCOPE_ROWS_MIN else []))


def _weights(rows: int, embedding: Embedding | None) -> tuple[float, ...]:
    of_embedding = () if embedding is None else (_EMBEDDING,)
    return (*(WEIGHTS_LARGE if rows > LARGE_ROWS else WEIGHTS), *of_embedding)


def _question(
    answers: Sequence[str],
    columns: tuple[str, ...],
    *,
    seed: int,
    prior: float | None,
    nets: int = 0,
    reject: bool = False,
    balanced: bool = False,
) -> _Question:
    rows = np.array([place for place, answer in enumerate(answers) if answer in columns], dtype=np.intp)
    given = [answers[place] for place in rows]
    truth = np.array([columns.index(answer) for answer in given], dtype=np.intp)
    folds = folds_of(given, _FOLDS_LARGE if len(rows) > LARGE_ROWS else _FOLDS, seed)
    labels = tuple(column for column in columns if column != OUT_OF_SCOPE)
    return _Question(labels, columns, rows, truth, folds, nets, reject, seed, balanced, prior)


# -- what is to be fitted, and in which order the results come back


def _tasks(question: _Question, texts: Counted, terms: Terms) -> Iterator[Task]:
    """Yield the members of the model itself, then those of each fold, then those that lack some labels."""
    whole = terms.matrix(texts.of(question.rows))
    for member in range(question.nets + 1):
        yield Task(
            whole, question.truth, len(question.columns), member, question.seed,
            balanced=question.balanced, prior=question.prior,
        )  # fmt: skip
    for inside, outside in _folds(question):
        yield from _fold_tasks(question, texts, terms.weights, inside, outside)
    for inside, outside in _strangers(question):
        yield from _fold_tasks(question, texts, terms.weights, inside, outside)


def _fold_tasks(
    question: _Question, texts: Counted, weights: Sequence[float], inside: Places, outside: Places
) -> Iterator[Task]:
    counts = texts.of(question.rows[inside])
    terms = terms_of(counts, weights)
    known, asked = terms.matrix(counts), terms.matrix(texts.of(question.rows[outside]))
    present, truth = np.unique(question.truth[inside], return_inverse=True)
    for member in range(question.nets + 1):
        yield Task(known, truth, len(present), member, question.seed, asked, question.balanced, question.prior)


def _folds(question: _Question) -> Iterator[tuple[Places, Places]]:
    """Yield rows to learn from and rows to ask about, fold by fold."""
    for fold in np.unique(question.folds):
        yield np.flatnonzero(question.folds != fold), np.flatnonzero(question.folds == fold)


def _strangers(question: _Question) -> Iterator[tuple[Places, Places]]:
    """Yield the same where the labels of the rows to ask about were kept from those to learn from."""
    if not question.reject or len(question.labels) <= _HELD_BACK:
        return
    order = np.random.default_rng(question.seed).permutation(len(question.labels))
    for fold in np.unique(question.folds)[:2]:
        held = np.isin(question.truth, order[fold::_HELD_BACK])
        here = question.folds == fold
        yield np.flatnonzero(~held & ~here), np.flatnonzero(held & here)


# -- what came of it


def _head(question: _Question, texts: Counted, terms: Terms, results: Iterator[Done]) -> tuple[Head, dict[str, object]]:
    """Return the head that answers `question` and what cross-validation tells of it."""
    linear, nets = next(results), [next(results) for _ in range(question.nets)]
    assert isinstance(linear, Linear)
    unseen = _joined(question, texts, terms.weights, results)
    strange = [
        _seen(question, texts, terms.weights, inside, outside, results) for inside, outside in _strangers(question)
    ]
    judgement = _judgement(question, unseen, strange)
    # The weight of a kind moves into the weights of its terms: prediction then knows nothing of it.
    scale = terms.scale()[:, np.newaxis]
    head = Head(
        question.labels,
        (linear.weights * scale).astype(np.float32),
        linear.bias.astype(np.float32),
        _scaled(side_by_side([net for net in nets if isinstance(net, Nets)]), scale) if judgement.nets else None,
        judgement.mix,
        judgement.trust,
        judgement.guard,
        judgement.promises,
    )
    return head, judgement.report


def _scaled(nets: Nets, scale: Scores) -> Nets:
    return replace(nets, step=(nets.step * scale).astype(np.float32))


def _seen(
    question: _Question, texts: Counted, weights: Sequence[float], inside: Places, outside: Places,
    results: Iterator[Done],
) -> _Unseen:  # fmt: skip
    votes = [next(results) for _ in range(question.nets + 1)]
    terms = terms_of(texts.of(question.rows[inside]), weights)
    known = terms.known(texts.of(question.rows[outside]))
    return _Unseen(np.stack([vote for vote in votes if isinstance(vote, np.ndarray)], axis=1), known)


def _joined(question: _Question, texts: Counted, weights: Sequence[float], results: Iterator[Done]) -> _Unseen:
    """Return every text as the fold that didn't hold it saw it."""
    size = len(question.rows)
    votes, known = np.empty((size, question.nets + 1, len(question.columns))), np.empty((size, 2))
    for inside, outside in _folds(question):
        part = _seen(question, texts, weights, inside, outside, results)
        votes[outside], known[outside] = part.votes, part.known
    return _Unseen(votes, known)


@dataclass(frozen=True, slots=True)
class _Judgement:
    mix: Mix
    nets: bool
    trust: Odds
    guard: Guard | None
    promises: dict[float, float]
    report: dict[str, object]


def _judgement(question: _Question, unseen: _Unseen, strange: Sequence[_Unseen]) -> _Judgement:
    """Return what unseen texts say of the model: how sure it may be, what it should turn away, how good it is."""
    count, truth = len(question.labels), question.truth
    inside = truth < count
    mix = mix_of(votes_of(unseen.votes, count)[inside], truth[inside])
    # Networks that have no say are left out: of the model, and of the signs by which it is trusted.
    members = 1 if mix.linear == 1 else unseen.votes.shape[1]
    shares, signs = judged(unseen.votes[:, :members], unseen.known, count, mix)
    said = shares.argmax(axis=1)
    right = said == truth
    further = len(question.columns) - count
    strangers = [judged(one.votes[:, :members], one.known, one.votes.shape[2] - further, mix)[1] for one in strange]
    every = np.concatenate((signs, *strangers))
    others = len(every) - len(signs)
    correct = np.concatenate((right, np.zeros(others, dtype=bool)))
    trust = trust_of(every, correct, traffic(inside, others))
    guard = guard_of(trust, signs, right, inside, strangers=bool(others)) if question.reject else None
    accepted = np.ones(len(truth), dtype=bool) if guard is None else guard.odds.of(signs) >= guard.threshold
    confidence = trust.share(signs)
    passing = np.where(accepted, confidence, -1.0)
    # Bounding what intrudes from above is reserve enough: both together leave CLINC150 nothing to promise.
    used = RESERVE if inside.all() else 1.0
    promises = {
        precision: promise_of(1 - used * (1 - precision), passing, right & accepted, inside) for precision in PROMISES
    }
    labels = (*question.labels, UNKNOWN)
    answers = [
        Prediction(labels[column] if passed else UNKNOWN, float(share), (), not passed)
        for column, share, passed in zip(said, confidence, accepted, strict=True)
    ]
    report = report_of(promises, answers, [question.columns[column] for column in truth])
    return _Judgement(mix, members > 1, trust, guard, promises, report)


# -- from files


def train_file(
    csv_path: Path,
    out: Path,
    text_column: str = "text",
    label_column: str = "label",
    reject: bool = False,
    *,
    heads: Mapping[str, str] | None = None,
    embedding: str | None = None,
    clock: Callable[[], float],
    told: Told = nobody,
) -> dict[str, object]:
    """Train on a CSV file (`classifiers.examples.read_messages`) and write the model to `out`.

    Returns `{classes, rows, cv_accuracy, heads, size_bytes, seconds}`; `heads`: the same accuracy of each further head.

    Args:
        csv_path: UTF-8 with a header.
        out: replaced as a whole, never half.
        text_column: name of the column with the texts.
        label_column: name of the column with the labels.
        reject: answer "unknown" to what seems unfamiliar even if no row is labelled "oos".
        heads: department, urgency, sentiment -> the column that tells it; those left out are learnt from a column of
            their own name, if there is one.
        embedding: name of a function whose vectors join the terms (classifiers/embedding.py).
        clock: seconds, for `seconds` only.
        told: as in `train`.

    Raises:
        PermanentFailure: the file can't be read or learnt from, or `out` can't be written.
    """
    began = clock()
    (rows, known), answers = read_messages(csv_path, text_column, label_column), read_answers(csv_path, heads)
    summary = _trained(rows, known, answers, out, reject=reject, told=told, embedding=embedding_of(embedding))
    return {**summary, "seconds": round(clock() - began, 3)}


def train_shipped(out: Path) -> dict[str, object]:
    """Train on the examples that come with Centrala; as `train_file`, without `seconds`."""
    rows = shipped_rows()
    return _trained(rows, None, shipped_answers(rows), out, reject=True, told=nobody)


def _trained(
    rows: Sequence[Row],
    known: Sequence[Background] | None,
    further: Answers,
    out: Path,
    *,
    reject: bool,
    told: Told,
    embedding: Embedding | None = None,
) -> dict[str, object]:
    told_of = {name: answers for name, answers in further.items() if any(answers)}
    beside = with_languages([text for text, _ in rows], known or [NOTHING] * len(rows))
    model = train(rows, reject=reject, further=told_of, backgrounds=beside, embedding=embedding, told=told)
    size = save(model, out)
    accuracy = round(model.cv_accuracy, 4)
    heads = {name: report["accuracy"] for name, report in model.report["heads"].items()}
    return {
        "classes": len(model.labels),
        "rows": model.rows,
        "cv_accuracy": accuracy,
        "heads": heads,
        "size_bytes": size,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train on the shipped examples and print what came of it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where to write the model")
    sys.stdout.write(json.dumps(train_shipped(parser.parse_args(arguments).out)) + "\n")


if __name__ == "__main__":
    main()
