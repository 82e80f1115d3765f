"""How good a model is on labelled texts, and its answers line by line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.background import NOTHING, Background
from classifiers.cascade import heads_of, read_by, unread
from classifiers.examples import LANGUAGES, Row, read_answers, read_messages
from classifiers.language import language_of, with_languages
from classifiers.model import LABEL, OUT_OF_SCOPE, UNKNOWN, Model, Prediction
from classifiers.workers import mapped
from vocabulary.errors import PermanentFailure

_BINS = 15
_CONFUSIONS_MAX = 50
_SHOWN = (0.95, 0.99)


def evaluate(
    model: Model,
    csv_path: Path,
    text_column: str = "text",
    label_column: str = "label",
    heads: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """Return the figures of `model` on a CSV file, as `model evaluate --json` prints them.

    `heads`: columns that tell department, urgency and sentiment, as for `classifiers.training.train_file`; where there
    are such, `heads` of the result has for each head `{n, accuracy, macro_f1, per_class, calibration_error}` over the
    rows that tell it. A text of no label is for no department, as in work. Texts are read as in work: Russian in Latin
    letters in Cyrillic, mistyped words as those that are meant. `figures` has them as they are.

    Raises:
        PermanentFailure: the file can't be read or holds no rows.
    """
    rows, backgrounds = read_messages(csv_path, text_column, label_column)
    if not rows:
        raise PermanentFailure(f"{csv_path}: no rows below the header: there is nothing to evaluate")
    told = {name: answers for name, answers in read_answers(csv_path, heads).items() if any(answers)}
    texts = [text for text, _ in rows]
    if model.features.background.rows:
        backgrounds = with_languages(texts, backgrounds)
    said = list(mapped(model, _answered, zip(texts, backgrounds, strict=True), 1))
    whole = figures_of(model.promises, [each[LABEL] for each in said], [label for _, label in rows])
    if not told:
        return whole
    return {**whole, "heads": {name: _of_head([each.get(name) for each in said], told[name]) for name in told}}


def _of_head(said: Sequence[Prediction | None], told: Sequence[str]) -> dict[str, object]:
    """Return how good one head is on the rows that tell its answer; None: it has none to give."""
    nothing = Prediction(UNKNOWN, 0.0, (), out_of_scope=True)
    inside = [(one or nothing, answer) for one, answer in zip(said, told, strict=True) if answer]
    return {"n": len(inside), **_quality(inside)}


def figures(model: Model, rows: Sequence[Row], backgrounds: Sequence[Background] | None = None) -> dict[str, object]:
    """Return `{n, accuracy, macro_f1, per_class, calibration_error, coverage_at_precision, out_of_scope}`.

    Accuracy, F1 and calibration are over rows in scope, where a rejection is wrong; coverage is the share of all rows
    that the thresholds fixed at training would answer. None where no row tells. `backgrounds`: what is known of
    each row beside its text; None: nothing.
    """
    said = predict_many(model, [text for text, _ in rows], backgrounds)
    return figures_of(model.promises, said, [label for _, label in rows])


def report_of(promises: Mapping[float, float], said: Sequence[Prediction], labels: Sequence[str]) -> dict[str, object]:
    """Return what a model file tells of its own quality: the `figures` and what is behind them.

    Further keys: `confusions`, the pairs of labels that are mistaken most, `[right, said, times]`; `calibration`, for
    each step of confidence `[mean confidence, share of right answers, answers]`; `labels`, rows of each.

    Args:
        promises: precision -> confidence from which on it is promised.
        said: answers to texts that the answerer had not seen.
        labels: their right labels.
    """
    inside = [(one, label) for one, label in zip(said, labels, strict=True) if label != OUT_OF_SCOPE]
    return {
        **figures_of(promises, said, labels),
        "confusions": confusions(((label, one.label) for one, label in inside), _CONFUSIONS_MAX),
        "calibration": steps(answers_of(inside), _BINS),
        "labels": dict(sorted(Counter(labels).items())),
    }


def figures_of(promises: Mapping[float, float], said: Sequence[Prediction], labels: Sequence[str]) -> dict[str, object]:
    """Return the same of answers that were given already."""
    inside = [(one, label) for one, label in zip(said, labels, strict=True) if label != OUT_OF_SCOPE]
    outside = [one for one, label in zip(said, labels, strict=True) if label == OUT_OF_SCOPE]
    return {
        "n": len(said),
        **_quality(inside),
        "coverage_at_precision": {f"{precision:g}": _coverage(promises, said, precision) for precision in _SHOWN},
        "out_of_scope": {
            "recall": _share([one.label == UNKNOWN for one in outside]),
            "false_rate": _share([one.label == UNKNOWN for one, _ in inside]),
        },
    }


def _quality(inside: Sequence[tuple[Prediction, str]]) -> dict[str, object]:
    per_class = _per_class(inside)
    return {
        "accuracy": _share([one.label == label for one, label in inside]),
        "macro_f1": _mean([float(figure["f1"]) for figure in per_class.values()]),
        "per_class": per_class,
        "calibration_error": _calibration_error(inside),
    }


def about(model: Model) -> dict[str, Any]:
    """Return what `model` tells of itself: `report_of` its cross-validation, and what it was trained on."""
    heads = {name: list(head.labels) for name, head in model.heads.items()}
    promises = {f"{precision:g}": level if isfinite(level) else None for precision, level in model.promises.items()}
    return {
        "rows": model.rows,
        "fingerprint": model.fingerprint,
        "heads": heads,
        "promises": promises,
        "embedding": None if model.features.embedding is None else model.features.embedding.name,
        "terms": sum(len(block.rows) for block in (*model.features.blocks, model.features.background)),
        **model.report,
    }


def predict_many(
    model: Model, texts: Sequence[str], backgrounds: Sequence[Background] | None = None, *, processes: int = 1
) -> list[Prediction]:
    """Return what `model` says of each of `texts`, in their order; `processes` > 1 share the work.

    The model alone, of the texts as they are: what public sets are measured by.
    """
    known = [NOTHING] * len(texts) if backgrounds is None else backgrounds
    return list(mapped(model, _predicted, zip(texts, known, strict=True), processes))


def predict_lines(
    model: Model, lines: Iterable[str], *, languages: Sequence[str] | None = None, processes: int = 1
) -> Iterator[dict[str, object]]:
    """Yield for each of `lines` what `model predict --json` prints; with more `processes`, all are read first.

    Lines are read as in work, keywords apart. `languages`: those of the site; what the model has not learnt among the
    others is out of scope then. None: the model has its say of any language.
    """
    return mapped((model, languages), _line, lines, processes)


def _predicted(model: Model, asked: tuple[str, Background]) -> Prediction:
    return model.predict(*asked)


def _answered(model: Model, asked: tuple[str, Background]) -> dict[str, Prediction]:
    """Return the label and, beside it, what each head says as far as it has a say in work."""
    text, known = asked
    answers = model.answers(read_by(model, text), known)
    beside = {name: Prediction(said, sure, (), out_of_scope=False) for name, (said, sure) in heads_of(answers).items()}
    return {LABEL: answers[LABEL], **beside}


def _line(asked: tuple[Model, Sequence[str] | None], line: str) -> dict[str, object]:
    model, languages = asked
    text = line.rstrip("\r\n")
    language = language_of(text, languages=LANGUAGES if languages is None else languages)
    # Without a site, no language is another: a model of Spanish texts is tried on Spanish ones.
    if unread(text, language if languages is not None else LANGUAGES[0], model) is not None:
        answers = {LABEL: Prediction(UNKNOWN, 0.0, (), out_of_scope=True)}
    else:
        answers = model.answers(read_by(model, text), Background(language=language or ""))
    said, heads = answers[LABEL], heads_of(answers)
    told = {
        "label": said.label,
        "confidence": round(said.confidence, 6),
        "alternatives": [[label, round(probability, 6)] for label, probability in said.alternatives],
        "out_of_scope": said.out_of_scope,
        "language": language,
    }
    if not heads:
        return told
    return {
        **told,
        "heads": {name: {"label": label, "confidence": round(sure, 6)} for name, (label, sure) in heads.items()},
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
    answered = answers_of(inside)
    if not answered:
        return None
    confidence, right = (np.array(column, dtype=np.float64) for column in zip(*answered, strict=True))
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence, minlength=_BINS)
    return round(float(np.abs(gaps).sum() / len(answered)), 4)


def confusions(pairs: Iterable[tuple[str, str]], most: int) -> list[tuple[str, str, int]]:
    """Return which labels were taken for another how often, most often first: (label, answer, times).

    `pairs`: the right label and the answer of each text.
    """
    counts = Counter((label, taken) for label, taken in pairs if label != taken)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(label, taken, times) for (label, taken), times in ranked[:most]]


def steps(answered: Iterable[tuple[float, bool]], bins: int) -> list[tuple[float, float, int]]:
    """Return for each of `bins` steps of confidence that has any: mean confidence, share of right answers, answers.

    `answered`: the confidence of each answer and whether it was right.
    """
    found: dict[int, list[tuple[float, bool]]] = {}
    for sure, is_right in answered:
        found.setdefault(min(int(sure * bins), bins - 1), []).append((sure, is_right))
    return [
        (
            round(sum(sure for sure, _ in inside) / len(inside), 4),
            round(sum(is_right for _, is_right in inside) / len(inside), 4),
            len(inside),
        )
        for _, inside in sorted(found.items())
    ]


def answers_of(inside: Iterable[tuple[Prediction, str]]) -> list[tuple[float, bool]]:
    """Return the confidence of what was answered at all, and whether it was right."""
    return [(one.confidence, one.label == label) for one, label in inside if not one.out_of_scope]


def _coverage(promises: Mapping[float, float], said: Sequence[Prediction], precision: float) -> float:
    level = promises.get(precision, float("inf"))
    return round(sum(one.confidence >= level and not one.out_of_scope for one in said) / len(said), 4)


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
