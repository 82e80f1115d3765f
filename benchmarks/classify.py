"""Understanding: accuracy and speed. `python -m benchmarks.classify --json [--quick]`.

The shipped examples always; public sets where CENTRALA_DATA names a folder with `intents/`, `routing/` and `language/`.
One run measures our arithmetic and scikit-learn's `Pipeline.predict` on the same weights and messages.
"""

import argparse
import csv
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from benchmarks.classify_sets import GOALS, NEAR, Goal, at_most, goal, near_figures, set_figures
from classifiers.artifact import load, to_bytes
from classifiers.cascade import classify
from classifiers.examples import LANGUAGES, Row, shipped_rows
from classifiers.features import ANALYSERS, tokens
from classifiers.language import language_of
from classifiers.model import Model
from classifiers.training import train

QUICK = ("hwu64",)


def main() -> None:
    """Print figures and goals as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classify", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented text")
    parser.add_argument("--quick", action="store_true", help="one public set instead of all: under a minute")
    parser.add_argument("--set", action="append", choices=GOALS, help="this public set and nothing else")
    chosen = parser.parse_args()
    result = public(chosen.set) if chosen.set else measured(quick=chosen.quick)
    print(json.dumps(result, ensure_ascii=False, indent=None if chosen.json else 2))


def measured(*, quick: bool) -> dict[str, object]:
    """Return all figures and goals of one run."""
    rows = shipped_rows()
    began = perf_counter()
    model = train(rows, reject=True)
    shipped: dict[str, object] = {
        "rows": len(rows),
        "train_seconds": round(perf_counter() - began, 2),
        "size_bytes": len(to_bytes(model)),
        "cv_accuracy": round(model.cv_accuracy, 4),
        "caveat": "concepts.csv was written with most of the examples in view: the figure flatters them",
    }
    speed = _speed(model, rows, 300 if quick else 1_000)
    goals = [
        goal("cv_accuracy of the shipped examples", model.cv_accuracy, 0.80),
        at_most("one message through the model, p50", speed["model_ms_p50"], 1.0, "ms"),
        at_most("one message through the whole cascade, p50", speed["cascade_ms_p50"], 1.0, "ms"),
    ]
    result: dict[str, object] = {
        "benchmark": "classify",
        "shipped": shipped,
        "speed": speed,
        "server": _server_cost(model),
    }
    data = _data()
    if data is None:
        result["note"] = "set CENTRALA_DATA to a folder with intents/, routing/ and language/ for the public sets"
        return {**result, "goals": goals}
    sets = public(QUICK if quick else tuple(GOALS))
    language, language_goals = _languages(data / "language" / "lingua_half.csv.gz")
    return {**result, **sets, "language": language, "goals": [*goals, *sets["goals"], *language_goals]}


def public(names: Sequence[str]) -> dict[str, Any]:
    """Return figures and goals of the public sets of these names."""
    data = _data()
    if data is None:
        raise SystemExit("set CENTRALA_DATA to the folder of the public sets")
    figures, goals = _sets(data, names)
    near, near_goals = _near(data, [name for name in NEAR if name in names])
    return {"benchmark": "classify", "sets": figures, "near_out_of_scope": near, "goals": [*goals, *near_goals]}


def _data() -> Path | None:
    folder = os.environ.get("CENTRALA_DATA")
    return Path(folder) if folder else None


def _speed(model: Model, rows: Sequence[Row], count: int) -> dict[str, float]:
    """Return milliseconds a single message, ours and scikit-learn's, in turns over the same texts."""
    texts = [text for text, _ in rows][:: max(1, len(rows) // count)]
    pipeline = _pipeline(rows)
    ours = _milliseconds(model.predict, texts)
    theirs = _milliseconds(lambda text: pipeline.predict([text]), texts)
    whole = _milliseconds(lambda text: classify("", text, model=model), texts)
    longest = " ".join(texts)[:4_000]
    return {
        "model_ms_p50": round(statistics.median(ours), 4),
        "model_ms_p99": round(statistics.quantiles(ours, n=100)[98], 4),
        "sklearn_pipeline_ms_p50": round(statistics.median(theirs), 4),
        "ratio": round(statistics.median(theirs) / statistics.median(ours), 1),
        "cascade_ms_p50": round(statistics.median(whole), 4),
        "cascade_4000_characters_ms": round(
            statistics.median(_milliseconds(lambda text: classify("", text, model=model), [longest] * 9)), 3
        ),
    }


def _pipeline(rows: Sequence[Row]) -> Pipeline:
    blocks = [
        (terms.__name__, TfidfVectorizer(analyzer=_analyser(terms), sublinear_tf=True, min_df=2)) for terms in ANALYSERS
    ]
    pipeline = Pipeline([("terms", FeatureUnion(blocks)), ("machine", LinearSVC(C=0.5, random_state=0))])
    return pipeline.fit([text for text, _ in rows], [label for _, label in rows])


def _analyser(terms: Callable[[Sequence[str]], list[str]]) -> Callable[[str], list[str]]:
    return lambda text: terms(tokens(text))


def _milliseconds(answer: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    answer(texts[0])
    spent = []
    for text in texts:
        began = perf_counter()
        answer(text)
        spent.append((perf_counter() - began) * 1_000)
    return spent


def _server_cost(model: Model) -> dict[str, object]:
    """Return what loading and using a model costs a fresh process that doesn't import scikit-learn."""
    code = (
        "import sys,time;from pathlib import Path;b=time.perf_counter();from classifiers.artifact import load;"
        "from classifiers.cascade import classify;m=load(Path(sys.argv[1]));c=time.perf_counter();"
        "classify('','where is my parcel',model=m);d=time.perf_counter();"
        # Linux keeps the parent's peak in ru_maxrss over fork and exec; VmHWM is this program's own.
        "peak=[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0];"
        "print(round(c-b,3),round(d-c,3),int(peak)//1024,'sklearn' in sys.modules)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        path.write_bytes(to_bytes(model))
        assert load(path).labels == model.labels
        said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    load_s, first_s, memory, imported = said.stdout.split()
    return {
        "import_and_load_s": float(load_s),
        "first_message_s": float(first_s),
        "peak_memory_mb": int(memory),
        "imports_sklearn": imported == "True",
    }


def _sets(data: Path, names: Sequence[str]) -> tuple[dict[str, object], list[Goal]]:
    found: dict[str, object] = {}
    goals: list[Goal] = []
    for name in names:
        print(name, file=sys.stderr, flush=True)
        figures, set_goals, model = set_figures(data, name)
        cost = _server_cost(model)
        found[name] = {**figures, "size_bytes": len(to_bytes(model)), "predict_memory_mb": cost["peak_memory_mb"]}
        memory = cost["peak_memory_mb"]
        assert isinstance(memory, int)
        goals += [*set_goals, at_most(f"{name}: memory of a process that predicts", memory, 300, "MB")]
    return found, goals


def _near(data: Path, names: Sequence[str]) -> tuple[dict[str, object], list[Goal]]:
    found: dict[str, object] = {}
    goals = []
    for name in names:
        print(f"{name}, labels held back", file=sys.stderr, flush=True)
        found[name], near_goal = near_figures(data, name)
        goals.append(near_goal)
    return found, goals


def _languages(path: Path) -> tuple[dict[str, object], list[Goal]]:
    right: dict[str, list[bool]] = {}
    for kind, text, language in _lingua(path):
        expected = language if language in LANGUAGES else None
        right.setdefault(kind if expected else f"{kind}, another language", []).append(language_of(text) == expected)
    shares = {kind: round(sum(flags) / len(flags), 4) for kind, flags in sorted(right.items())}
    published = {"single-words": 0.964, "word-pairs": 0.996, "sentences": 1.0}
    return dict(shares), [goal(f"language: {kind}", shares[kind], least) for kind, least in published.items()]


def _lingua(path: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["kind"], row["text"], row["label"]


if __name__ == "__main__":
    main()
