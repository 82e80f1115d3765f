"""Language, heads and noisy texts. `python -m benchmarks.language --json [--quick]`.

Language: on lingua's test words, pairs and sentences where CENTRALA_DATA names a folder with `language/`; py3langid
limited to the same five languages is measured in the same run. Heads and noise: on the shipped examples, by
cross-validation and on a tenth that is kept from training, written as people type in a hurry.
"""

import argparse
import csv
import gzip
import json
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import process_time

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifiers.cascade import classify
from classifiers.examples import HEADS, LANGUAGES, Row, shipped_answers, shipped_rows
from classifiers.folding import folded
from classifiers.language import language_of
from classifiers.model import OUT_OF_SCOPE, Model
from classifiers.spelling import WORD
from classifiers.training import train

HOLD_OUT = 10
LETTERS_A_TYPO = 10
LINGUA = {"single-words": 0.9644, "word-pairs": 0.9952, "sentences": 1.0}
"""What lingua 2.1.1 limited to the five languages says rightly of the same texts."""

_LATIN = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщыэюяё",
        "a b v g d e zh z i j k l m n o p r s t u f kh c ch sh sch y e yu ya e".split(),
        strict=True,
    )
)

Goal = dict[str, object]
Kept = tuple[str, str, str]
"""Language, text, label."""


def main() -> None:
    """Print figures and goals as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented text")
    parser.add_argument("--quick", action="store_true", help="language only: no model is trained")
    chosen = parser.parse_args()
    print(json.dumps(measured(quick=chosen.quick), ensure_ascii=False, indent=None if chosen.json else 2))


def measured(*, quick: bool) -> dict[str, object]:
    """Return all figures and goals of one run."""
    result: dict[str, object] = {"benchmark": "language"}
    goals: list[Goal] = []
    folder = os.environ.get("CENTRALA_DATA")
    if folder:
        result["language"], more = _languages(Path(folder) / "language" / "lingua_half.csv.gz")
        goals += more
    else:
        result["note"] = "set CENTRALA_DATA to a folder with language/ for lingua's words and sentences"
    result["shipped_messages"], more = _messages()
    goals += more
    if not quick:
        taught, kept = _split()
        model = train(taught, reject=True, further=shipped_answers(taught))
        result["heads"], more = _heads(model, taught)
        result["noise"], noise_goals = _noise(model, kept)
        goals += more + noise_goals
    return {**result, "goals": goals}


# -- language


def _languages(path: Path) -> tuple[dict[str, object], list[Goal]]:
    alone = LanguageIdentifier.from_model_file(MODEL_FILE)
    ours: defaultdict[str, list[bool]] = defaultdict(list)
    theirs: defaultdict[str, list[bool]] = defaultdict(list)
    by_language: defaultdict[str, list[bool]] = defaultdict(list)
    language_of("warm")
    spent = 0.0
    texts = list(_lingua(path))
    for kind, text, language in texts:
        expected = language if language in LANGUAGES else None
        name = kind if expected else f"{kind}, another language"
        began = process_time()
        right = language_of(text) == expected
        spent += process_time() - began
        ours[name].append(right)
        by_language[f"{kind}, {language}"].append(right)
        if expected is not None:
            ranked = [found for found, _ in alone.rank(" ".join(WORD.findall(text.lower()))) if found in LANGUAGES]
            theirs[kind].append(bool(ranked) and ranked[0] == expected)
    shares = _shares(ours)
    said: dict[str, object] = {
        "ours": shares,
        "py3langid_alone": _shares(theirs),
        "lingua": LINGUA,
        "by_language": _shares(by_language),
        "us_a_text": round(spent / len(texts) * 1e6, 1),
    }
    return said, [_goal(f"language: {kind}", shares[kind], goal) for kind, goal in LINGUA.items()]


def _lingua(path: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["kind"], row["text"], row["label"]


def _messages() -> tuple[dict[str, object], list[Goal]]:
    """Return how often the shipped messages are recognised; the spelling was counted on them, so it flatters."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for language in LANGUAGES:
        for text, label in shipped_rows((language,)):
            if label == OUT_OF_SCOPE:
                continue
            for kind, write in _WAYS.items():
                if kind != "transliterated" or language == "ru":
                    found[f"{kind}, {language}"].append(language_of(write(text)) == language)
    shares = _shares(found)
    return dict(shares), [_goal("language of messages, the worst way of writing", min(shares.values()), 0.97)]


# -- ways of writing


def typed(text: str) -> str:
    """Return `text` as typed in a hurry: a letter in ten or so is swapped, dropped, doubled or another."""
    draw = random.Random(text)
    letters = list(text)
    for _ in range(max(1, len(text) // LETTERS_A_TYPO)):
        at = draw.randrange(len(letters))
        if not letters[at].isalpha():
            continue
        match draw.randrange(4):
            case 0 if at + 1 < len(letters):
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            case 1:
                letters[at] = ""
            case 2:
                letters[at] *= 2
            case _:
                letters[at] = draw.choice([letter for letter in text if letter.isalpha()])
        letters = list("".join(letters)) or [text[0]]
    return "".join(letters)


def transliterated(text: str) -> str:
    """Return Russian `text` in Latin letters, without the signs that nobody types."""
    return "".join(_LATIN.get(letter, letter) for letter in text.lower()).replace("ь", "").replace("ъ", "")


_WAYS: Mapping[str, Callable[[str], str]] = {
    "as written": str,
    "no diacritics": folded,
    "typos": typed,
    "transliterated": transliterated,
}


# -- heads, and labels of noisy texts


def _split() -> tuple[list[Row], list[Kept]]:
    """Return the rows to learn from and every tenth of each language, kept back."""
    taught, kept = [], []
    for language in LANGUAGES:
        for place, (text, label) in enumerate(shipped_rows((language,))):
            if place % HOLD_OUT:
                taught.append((text, label))
            elif label != OUT_OF_SCOPE:
                kept.append((language, text, label))
    return taught, kept


def _heads(model: Model, rows: Sequence[Row]) -> tuple[dict[str, object], list[Goal]]:
    """Return what cross-validation says of each head, beside always giving the most frequent answer."""
    told: dict[str, object] = {}
    goals = []
    answers = shipped_answers(rows)
    for name in HEADS:
        report = model.report["heads"].get(name)
        if report is None:
            continue
        given = answers[name]
        usual = max(given.count(answer) for answer in set(given)) / len(given)
        error = float(report["calibration_error"])
        told[name] = {
            "cv_accuracy": report["accuracy"],
            "macro_f1": report["macro_f1"],
            "most_frequent_answer": round(usual, 4),
            "calibration_error": error,
            "per_class": report["per_class"],
        }
        goals.append(_goal(f"{name}: accuracy over the most frequent answer", float(report["accuracy"]) - usual, 0.05))
        goals.append({**_goal(f"{name}: calibration error", error, 0.03), "holds": error <= 0.03})
    return told, goals


def _noise(model: Model, kept: Sequence[Kept]) -> tuple[dict[str, object], list[Goal]]:
    """Return the share of right labels for each way of writing, by the model alone and as the site classifies."""
    alone: defaultdict[str, list[bool]] = defaultdict(list)
    site: defaultdict[str, list[bool]] = defaultdict(list)
    for language, text, label in kept:
        for kind, write in _WAYS.items():
            if kind == "transliterated" and language != "ru":
                continue
            name = f"{kind}, {language}"
            alone[name].append(_best(model, write(text)) == label)
            site[name].append(_best_of_site(model, write(text)) == label)
    before, after = _shares(alone), _shares(site)
    sizes = {name: len(flags) for name, flags in site.items()}
    lost = max(after[f"as written, {one}"] - after[f"no diacritics, {one}"] for one in LANGUAGES)
    latin = after["as written, ru"] - after["transliterated, ru"]
    goals: list[Goal] = [
        {**_goal("labels lost without diacritics, worst language", lost, 0.02), "holds": lost <= 0.02},
        {**_goal("labels lost in transliterated Russian", latin, 0.10), "holds": latin <= 0.10},
    ]
    return {"texts": sizes, "model_alone": before, "as_classified": after}, goals


def _best(model: Model, text: str) -> str:
    said = model.predict(text)
    return said.alternatives[0][0] if said.alternatives and said.out_of_scope else said.label


def _best_of_site(model: Model, text: str) -> str:
    said = classify("", text, model=model)
    return said.labels[0][0]


def _shares(flags: Mapping[str, Sequence[bool]]) -> dict[str, float]:
    return {name: round(sum(each) / len(each), 4) for name, each in sorted(flags.items())}


def _goal(name: str, value: float, goal: float) -> Goal:
    return {"name": name, "value": round(value, 4), "goal": goal, "unit": "share", "holds": value >= goal}


if __name__ == "__main__":
    main()
