"""Train the site's model again: its starter rows and what work has taught, less a part that only judges.

`python -m classifiers.retraining --order FD --out FILE` reads an `Order` from a file descriptor, so that the texts of
customers stand in no file, and prints a line of JSON for each step; the last one is the report. A server runs that as
a child process.
"""

import argparse
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from classifiers import artifact, comparison
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification, classify
from classifiers.embedding import Embedding, embedding_of
from classifiers.evaluation import figures_of
from classifiers.examples import Row, read_messages, shipped_answers, shipped_rows
from classifiers.language import with_languages
from classifiers.model import OUT_OF_SCOPE, UNKNOWN, Model, Prediction
from classifiers.orders import Lesson, Order
from classifiers.training import train
from vocabulary.errors import PermanentFailure
from vocabulary.records import BY_A_PERSON

KEPT_BACK = 8
"""One of so many rows is never trained on, and judges every model."""
LABEL_ROWS_MIN = 5
"""A label with fewer rows is not learnt yet: it would be a lottery ticket."""
NICE = 10

Tell = Callable[[str, float], None]


class _Split(msgspec.Struct, frozen=True):
    """Rows to train on, and rows to judge by with the part that each belongs to; `known`: beside the text of each."""

    taught: list[Row]
    known: list[Background]
    judging: list[Row]
    judging_known: list[Background]
    parts: list[str]
    starter: int
    site: int
    left_out: dict[str, int]


def is_kept_back(text: str) -> bool:
    """Tell whether `text` only judges. It depends on its words alone, so it is so for every model ever trained."""
    return int.from_bytes(hashlib.sha256(_folded(text).encode()).digest()[:8]) % KEPT_BACK == 0


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def split(
    starter: Sequence[Row], lessons: Sequence[Lesson], starter_known: Sequence[Background] | None = None
) -> _Split:
    """Return what is trained on and what judges. Where work says otherwise than a starter row, work is right."""
    taught_by_work = {_folded(lesson.text) for lesson in lessons}
    beside = [NOTHING] * len(starter) if starter_known is None else starter_known
    own = [(row, known) for row, known in zip(starter, beside, strict=True) if _folded(row[0]) not in taught_by_work]
    site = [((lesson.text, _trained(lesson.label)), lesson.known) for lesson in lessons]
    # What a transfer hints at teaches, but proves nothing.
    sure = [lesson.source in BY_A_PERSON for lesson in lessons]
    taught = [each for each in (*own, *site) if not is_kept_back(each[0][0])]
    rows = Counter(row[1] for row, _ in taught)
    few = {label: count for label, count in sorted(rows.items()) if count < LABEL_ROWS_MIN and label != OUT_OF_SCOPE}
    taught = [(row, known) for row, known in taught if row[1] not in few]
    judges = [(*each, "starter") for each in own if is_kept_back(each[0][0])]
    judges += [(*each, "site") for each, counts in zip(site, sure, strict=True) if counts and is_kept_back(each[0][0])]
    return _Split(
        [row for row, _ in taught],
        [known for _, known in taught],
        [row for row, _, _ in judges],
        [known for _, known, _ in judges],
        [part for _, _, part in judges],
        len(own),
        len(site),
        few,
    )


def _trained(label: str) -> str:
    return OUT_OF_SCOPE if label == UNKNOWN else label


def _untold(step: str, share: float) -> None:
    """Nobody wants to know."""


def retrain(order: Order, tell: Tell = _untold) -> tuple[Model, dict[str, Any]]:
    """Return a new model and what there is to say of it beside the one that is used.

    Raises:
        PermanentFailure: there is too little to learn from, or a file can't be read.
    """
    tell("rows", 0.0)
    file = Path(order.starter) if order.starter is not None else None
    starter, known = read_messages(file) if file is not None else (shipped_rows(), None)
    rows = split(starter, order.lessons, known)
    taught = with_languages([text for text, _ in rows.taught], rows.known, order.languages)
    embedding = embedding_of(order.embedding)
    tell("train", 0.05)
    model = train(
        rows.taught,
        reject=True,
        further=shipped_answers(rows.taught, file),
        backgrounds=taught,
        embedding=embedding,
        told=lambda done, parts: tell("train", 0.05 + 0.65 * done / max(1, parts)),
    )
    tell("judge", 0.7)
    live = _live(order, embedding)
    report = {"fingerprint": model.fingerprint, **_about(rows, order), **_judged(live, model, rows, order.languages)}
    tell("week", 0.85)
    report["week"] = _week(live, model, order)
    return model, report


def _live(order: Order, embedding: Embedding | None) -> Model | None:
    if order.live is None:
        return None
    try:
        return artifact.load(Path(order.live), embedding)
    except artifact.Unusable:
        # It can answer nothing any more, so there is nothing to compare with.
        return None


def _about(rows: _Split, order: Order) -> dict[str, Any]:
    kept = Counter(rows.parts)
    return {
        "rows": {
            "trained": len(rows.taught),
            "starter": rows.starter,
            "site": rows.site,
            "by_source": dict(Counter(lesson.source for lesson in order.lessons)),
            "kept_back": {part: kept[part] for part in ("starter", "site")},
            "left_out": rows.left_out,
        },
        "mix": dict(Counter(label for _, label in rows.taught).most_common()),
    }


def _judged(live: Model | None, model: Model, rows: _Split, languages: Sequence[str]) -> dict[str, Any]:
    """Return how both do on what judges: by what would be decided in work, keywords and language included."""
    asked = [(text, known, None) for (text, _), known in zip(rows.judging, rows.judging_known, strict=True)]
    labels = [label for _, label in rows.judging]
    now = [each.prediction for each in _decided(model, asked, languages)]
    after = _figures(model, now, labels)
    if live is None:
        return {
            "before": None,
            "after": after,
            "per_class": comparison.per_class(None, after["per_class"]),
            "confusion": {"before": [], "after": comparison.confusion(now, labels)},
            "calibration": {"before": [], "after": comparison.curve(now, labels)},
            "gate": {"passes": True, "worse": [], "n": len(labels), "confidence": None, "parts": {}},
        }
    was = [each.prediction for each in _decided(live, asked, languages)]
    before = _figures(live, was, labels)
    return {
        "before": before,
        "after": after,
        "per_class": comparison.per_class(before["per_class"], after["per_class"]),
        "confusion": {"before": comparison.confusion(was, labels), "after": comparison.confusion(now, labels)},
        "calibration": {"before": comparison.curve(was, labels), "after": comparison.curve(now, labels)},
        "gate": comparison.gate(comparison.right(was, labels), comparison.right(now, labels), rows.parts),
    }


def _decided(
    model: Model, asked: Sequence[tuple[str, Background, str | None]], languages: Sequence[str]
) -> list[Classification]:
    """Return what would be decided of texts, each with what is known beside it and its customer's usual language."""
    return [
        classify("", text, model=model, usual=usual, known=known, languages=languages) for text, known, usual in asked
    ]


def _figures(model: Model, said: Sequence[Prediction], labels: Sequence[str]) -> dict[str, Any]:
    if not said:
        return {"n": 0, "accuracy": None, "macro_f1": None, "per_class": {}}
    return dict(figures_of(model.promises, said, labels))


def _week(live: Model | None, model: Model, order: Order) -> dict[str, Any]:
    week, languages = order.week, order.languages
    asked = [(each.text, each.known, each.language) for each in week]
    now = _decided(model, asked, languages)
    was = now if live is None else _decided(live, asked, languages)
    changes = comparison.changes([each.id for each in week], was, now)
    numbers = {each.id: each.number for each in week}
    changes["examples"] = [{**each, "number": numbers[each["interaction"]]} for each in changes["examples"]]
    return changes


def main(arguments: Sequence[str] | None = None) -> None:
    """Train as ordered, and tell the steps as lines of JSON."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.retraining", description=main.__doc__)
    parser.add_argument("--order", type=int, required=True, help="file descriptor to read the order from")
    parser.add_argument("--out", type=Path, required=True, help="where to write the model")
    given = parser.parse_args(arguments)
    # Whoever writes now goes first.
    os.nice(NICE)
    with os.fdopen(given.order, "rb") as file:
        order = msgspec.json.decode(file.read(), type=Order)
    try:
        model, report = retrain(order, lambda step, share: _line({"step": step, "share": share}))
        report["size"] = artifact.save(model, given.out)
    except PermanentFailure as failure:
        _line({"failed": str(failure)})
        sys.exit(1)
    _line({"report": report})


def _line(told: Mapping[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
