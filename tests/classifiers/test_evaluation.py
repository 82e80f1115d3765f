"""The figures of `model evaluate` and the lines of `model predict`."""

from pathlib import Path

import numpy as np
import pytest

from classifiers.calibration import folds_of, guard_of, mix_of, promise_of, traffic, trust_of
from classifiers.cascade import classify
from classifiers.evaluation import about, evaluate, figures, predict_lines, predict_many
from classifiers.examples import shipped_rows
from classifiers.head import SIGNS, Odds, log_softmax
from classifiers.model import Model
from classifiers.training import fingerprint_of, train
from tests.classifiers.builders import outside_rows, small_rows
from vocabulary.errors import PermanentFailure


def test_figures_have_the_keys_of_the_contract_and_count_right(tmp_path: Path) -> None:
    model = train(small_rows() + outside_rows())
    path = tmp_path / "test.csv"
    path.write_text(
        "text,label\na hammer and a saw,tool\na stork or an owl?,bird\nthe weather,oos\napple and pear,bird\n"
    )
    found = evaluate(model, path)
    assert list(found) == [
        "n", "accuracy", "macro_f1", "per_class", "calibration_error", "coverage_at_precision", "out_of_scope",
    ]  # fmt: skip
    assert (found["n"], found["accuracy"]) == (4, 0.6667)
    assert found["per_class"] == {
        "bird": {"n": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6667},
        "tool": {"n": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0},
    }
    assert found["out_of_scope"] == {"recall": 1.0, "false_rate": 0.0}
    assert list(found["coverage_at_precision"]) == ["0.95", "0.99"]  # type: ignore[call-overload]  # object by contract


def test_figures_without_rows_out_of_scope_have_no_recall() -> None:
    found = figures(train(small_rows()), small_rows())
    assert found["out_of_scope"] == {"recall": None, "false_rate": 0.0}
    assert found["accuracy"] == 1.0


def test_an_empty_file_is_refused(shipped: Model, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("text,label\n")
    with pytest.raises(PermanentFailure, match="nothing to evaluate"):
        evaluate(shipped, path)


def test_lines_are_answered_one_by_one(shipped: Model) -> None:
    first, second = predict_lines(shipped, ["gdzie jest moja paczka\n", "\n"])
    assert list(first) == ["label", "confidence", "alternatives", "out_of_scope", "language", "heads"]
    assert (first["label"], first["language"], first["out_of_scope"]) == ("delivery", "pl", False)
    assert (second["label"], second["language"], second["out_of_scope"]) == ("unknown", None, True)


@pytest.mark.parametrize(
    "text",
    ["zdravstvujte gde moj zakaz", "where is my parrcel, the curier never came", "gdzie jest moja pczka", "12:30"],
)
def test_lines_are_read_as_a_site_reads_them(shipped: Model, text: str) -> None:
    (line,) = predict_lines(shipped, [text])
    said = classify("", text, model=shipped, rules=())
    assert (line["label"], line["confidence"]) == (said.labels[0][0], round(said.labels[0][1], 6))
    assert line["language"] == said.language


def test_lines_are_read_as_a_site_of_these_languages_reads_them(shipped: Model) -> None:
    text = "Ich habe mein Passwort vergessen"
    (anywhere,) = predict_lines(shipped, [text])
    (there,) = predict_lines(shipped, [text], languages=("en", "pl"))
    (german,) = predict_lines(shipped, [text], languages=("de", "pl"))
    assert (anywhere["language"], there["language"], german["language"]) == (None, None, "de")
    assert (anywhere["out_of_scope"], there["out_of_scope"], there["label"]) == (False, True, "unknown")


def test_evaluation_reads_mistyped_words_as_those_that_are_meant(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text("text,label\na hamemr?,tool\n")
    model = train(small_rows())
    assert evaluate(model, path)["accuracy"] == 1.0
    assert evaluate(model, path)["calibration_error"] != figures(model, [("a hamemr?", "tool")])["calibration_error"]


def test_lines_tell_department_urgency_and_sentiment_with_their_confidence(shipped: Model) -> None:
    (said,) = predict_lines(shipped, ["The internet is down since Monday and nobody helps, I need it at once!"])
    heads = said["heads"]
    assert isinstance(heads, dict)
    assert list(heads) == ["department", "urgency", "sentiment"]
    assert (heads["department"]["label"], heads["sentiment"]["label"]) == ("support", "negative")
    assert all(0 < each["confidence"] <= 1 for each in heads.values())


def test_columns_of_heads_are_evaluated_over_the_rows_that_tell_them(tmp_path: Path) -> None:
    rows = small_rows()
    moods = ["positive" if " and " in text else "negative" if "?" in text else "" for text, _ in rows]
    model = train(rows, further={"sentiment": moods})
    path = tmp_path / "test.csv"
    path.write_text(
        "text,label,sentiment,where\nI saw a hammer and a saw,tool,positive,yard\nstork or owl?,bird,negative,\n"
        "one plum and one pear,fruit,,\nI saw a gull and an owl,bird,negative,\n"
    )
    found = evaluate(model, path, heads={"department": "where"})
    assert found["n"] == 4
    heads = found["heads"]
    assert isinstance(heads, dict)
    sentiment = heads["sentiment"]
    assert (sentiment["n"], sentiment["accuracy"]) == (3, 0.6667)
    assert sentiment["per_class"]["positive"] == {"n": 1, "precision": 0.5, "recall": 1.0, "f1": 0.6667}
    assert 0 < sentiment["calibration_error"] < 1
    # Nothing here says of departments: what can't be told is not right.
    assert (heads["department"]["n"], heads["department"]["accuracy"]) == (1, 0.0)
    assert heads["department"]["calibration_error"] is None


def test_a_promise_needs_enough_evidence() -> None:
    right = np.ones(200, dtype=bool)
    confidence = np.linspace(1, 0, 200)
    everything = np.ones(200, dtype=bool)
    # 59 right answers in a row prove 95 %, 299 prove 99 % (Clopper & Pearson).
    assert promise_of(0.95, confidence, right, everything) == 0.0
    assert promise_of(0.95, confidence[:58], right[:58], everything[:58]) == float("inf")
    assert promise_of(0.95, confidence[:59], right[:59], everything[:59]) == confidence[58]
    assert promise_of(0.99, confidence, right, everything) == float("inf")


def test_a_promise_is_kept_on_texts_that_were_not_there_when_it_was_made() -> None:
    broken = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        confidence, new = draw.random(2_000), draw.random(20_000)
        right, new_right = draw.random(2_000) < confidence**0.2, draw.random(20_000) < new**0.2
        level = promise_of(0.95, confidence, right, np.ones(2_000, dtype=bool))
        broken += bool(np.isfinite(level) and new_right[new >= level].mean() < 0.95)
    assert broken <= 10, f"{broken} of 100 promises were broken"


def test_texts_out_of_scope_that_pass_raise_the_level() -> None:
    confidence = np.concatenate((np.linspace(1, 0, 2_000), np.full(100, 0.5)))
    in_scope = np.arange(2_100) < 2_000
    right = in_scope.copy()
    assert promise_of(0.95, confidence, right, in_scope) > 0.5


def test_folds_spread_each_label_evenly() -> None:
    labels = ["a"] * 50 + ["b"] * 7
    folds = folds_of(labels, 5, seed=1)
    assert np.bincount(folds[:50]).tolist() == [10] * 5
    assert sorted(np.bincount(folds[50:], minlength=5).tolist()) == [1, 1, 1, 2, 2]
    assert folds.tolist() == folds_of(labels, 5, seed=1).tolist()


def test_more_processes_give_the_same_answers_in_the_same_order(shipped: Model) -> None:
    texts = [text for text, _ in small_rows()] * 6
    assert predict_many(shipped, texts, processes=2) == predict_many(shipped, texts)


def test_a_model_tells_what_it_was_trained_on_and_how_good_it_is(shipped: Model) -> None:
    found = about(shipped)
    assert found["fingerprint"] == fingerprint_of(shipped_rows())
    assert found["rows"] == found["n"] == len(shipped_rows())
    assert found["accuracy"] == shipped.cv_accuracy
    right, said, times = found["confusions"][0]
    assert right != said
    assert times >= found["confusions"][-1][2] > 0
    assert sum(answers for _, _, answers in found["calibration"]) < len(shipped_rows())
    assert set(found["labels"]) == {*shipped.labels, "oos"}


def test_texts_out_of_scope_count_as_much_as_in_the_traffic() -> None:
    in_scope = np.arange(1_000) < 990
    weight = traffic(in_scope, 500)
    shares = [part.sum() / weight.sum() for part in (weight[:990], weight[990:1_000], weight[1_000:])]
    assert np.allclose(shares, [0.9, 0.08, 0.02])
    assert np.allclose(traffic(np.ones(7, dtype=bool), 0), 1)


def test_the_guard_turns_away_where_most_answers_are_right() -> None:
    signs = np.zeros((1_100, SIGNS))
    signs[:, 0] = np.concatenate((np.linspace(-1, 9, 1_000), np.full(100, -0.5)))
    in_scope = np.arange(1_100) < 1_000
    right = in_scope & (signs[:, 0] > -0.4)
    guard = guard_of(Odds(np.eye(SIGNS)[0], 0.0), signs, right, in_scope, strangers=False)
    turned_away = guard.odds.of(signs) < guard.threshold
    assert turned_away[~in_scope].all()
    assert turned_away[in_scope & (signs[:, 0] < -0.5)].all()
    assert not turned_away[in_scope & (signs[:, 0] > -0.38)].any()


def test_votes_are_mixed_as_they_proved_right() -> None:
    draw = np.random.default_rng(7)
    truth = draw.integers(0, 4, 800)
    good = np.eye(4)[truth] * 3 + draw.normal(size=(800, 4))
    noise = draw.normal(size=(800, 4))
    assert mix_of(log_softmax(np.stack((good, noise), axis=1)), truth).linear == 1.0
    assert mix_of(log_softmax(np.stack((noise, good), axis=1)), truth).linear == 0.1


def test_few_right_answers_prove_no_certainty() -> None:
    signs = np.zeros((10, SIGNS))
    signs[:, 0] = 8
    share = trust_of(signs, np.ones(10, dtype=bool), np.ones(10)).share(signs)
    assert np.allclose(share, 11 / 12, atol=0.01)
