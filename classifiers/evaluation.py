"""How good a model is on labelled texts, and its answers line by line."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from classifiers.examples import Row, read_rows
from classifiers.language import language_of
from classifiers.model import OUT_OF_SCOPE, Model, Prediction
from vocabulary.errors import PermanentFailure

_BINS = 15
_SHOWN = (0.95, 0.99)


def evaluate(model: Model, csv_path: Path, text_column: str = "text", label_column: str = "label") -> dict[str, object]:
    """Return the figures of `model` on a CSV file, as `model evaluate --json` prints them.

    Raises:
        PermanentFailure: the file can't be read or holds no rows.
    """
    rows = read_rows(csv_path, text_column, label_column)
    if not rows:
        raise PermanentFailure(f"{csv_path}: no rows below the header: there is nothing to evaluate")
    return figures(model, rows)


def figures(model: Model, rows: Sequence[Row]) -> dict[str, object]:
    """Return `{n, accuracy, macro_f1, per_class, calibration_error, coverage_at_precision, out_of_scope}`.

    Accuracy, F1 and calibration are over rows in scope, where a rejection is wrong; coverage is the share of all rows
    that the thresholds fixed at training would answer. None where no row tells.
    """
    said = [model.predict(text) for text, _ in rows]
    inside = [(one, label) for one, (_, label) in zip(said, rows, strict=True) if label != OUT_OF_SCOPE]
    outside = [one for one, (_, label) in zip(said, rows, strict=True) if label == OUT_OF_SCOPE]
    per_class = _per_class(inside)
    return {
        "n": len(rows),
        "accuracy": _share([one.label == label for one, label in inside]),
        "macro_f1": _mean([float(figure["f1"]) for figure in per_class.values()]),
        "per_class": per_class,
        "calibration_error": _calibration_error(inside),
        "coverage_at_precision": {f"{precision:g}": _coverage(model, said, precision) for precision in _SHOWN},
        "out_of_scope": {
            "recall": _share([one.out_of_scope for one in outside]),
            "false_rate": _share([one.out_of_scope for one, _ in inside]),
        },
    }


def predict_lines(model: Model, lines: Iterable[str]) -> Iterator[dict[str, object]]:
    """Yield for each of `lines` what `model predict --json` prints."""
    for line in lines:
        text = line.rstrip("\r\n")
        said = model.predict(text)
        yield {
            "label": said.label,
            "confidence": round(said.confidence, 6),
            "alternatives": [[label, round(probability, 6)] for label, probability in said.alternatives],
            "out_of_scope": said.out_of_scope,
            "language": language_of(text),
        }


def _per_class(inside: Sequence[tuple[Prediction, str]]) -> dict[str, dict[str, float | int]]:
    answers = {}
    for name in sorted({label for _, label in inside}):
        hits = sum(one.label == label == name for one, label in inside)
        guessed = sum(one.label == name for one, _ in inside)
        there = sum(label == name for _, label in inside)
        answers[name] = {
            "n": there,
            "precision": round(hits / guessed, 4) if guessed else 0.0,
            "recall": round(hits / there, 4),
            "f1": round(2 * hits / (guessed + there), 4),
        }
    return answers


def _calibration_error(inside: Sequence[tuple[Prediction, str]]) -> float | None:
    """Return the expected calibration error: the mean gap of confidence and accuracy over 15 bins, by their sizes."""
    answered = [(one.confidence, one.label == label) for one, label in inside if not one.out_of_scope]
    if not answered:
        return None
    confidence, right = (np.array(column, dtype=np.float64) for column in zip(*answered, strict=True))
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=_BINS)
    return round(float(np.abs(gaps).sum() / len(answered)), 4)


def _coverage(model: Model, said: Sequence[Prediction], precision: float) -> float:
    level = model.promises.get(precision, float("inf"))
    return round(sum(one.confidence >= level and not one.out_of_scope for one in said) / len(said), 4)


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
