"""Two models side by side, what judges them, and what a person is asked about."""

from typing import Any

import pytest

from classifiers.cascade import Classification
from classifiers.comparison import changes, confusion, curve, gate, paired
from classifiers.head import Prediction
from classifiers.orders import Lesson
from classifiers.retraining import LABEL_ROWS_MIN, is_kept_back, split
from classifiers.unsure import Unsure, doubt_of, most_telling


def said(label: str, confidence: float = 0.9) -> Prediction:
    return Prediction(label, confidence, (), out_of_scope=False)


def test_the_test_is_the_sign_test_over_those_where_one_alone_is_right() -> None:
    before = [True] * 10 + [False] * 2 + [True] * 5
    after = [False] * 10 + [True] * 2 + [True] * 5
    # P(10 or more of 12 heads) = (66 + 12 + 1) / 4096
    assert paired(before, after) == {"n": 17, "only_before": 10, "only_after": 2, "confidence": round(1 - 79 / 4096, 4)}
    assert paired(before, before)["confidence"] is None


def test_a_model_with_fewer_right_does_not_pass_and_one_with_as_many_does() -> None:
    assert gate([True, False], [False, False], ["site", "site"])["worse"] == ["all"]
    assert gate([True, False], [False, True], ["site", "site"])["passes"]


def test_a_part_that_is_surely_worse_is_not_outweighed_by_another() -> None:
    before, after = [True] * 6 + [False] * 20, [False] * 6 + [True] * 20
    told = gate(before, after, ["starter"] * 6 + ["site"] * 20)
    assert (told["passes"], told["worse"]) == (False, ["starter"])
    # Two texts may be chance.
    assert gate(before[4:], after[4:], ["starter"] * 2 + ["site"] * 20)["passes"]


def test_what_judges_depends_on_the_words_alone() -> None:
    texts = [f"message number {number} about something" for number in range(800)]
    kept = [text for text in texts if is_kept_back(text)]
    assert 60 < len(kept) < 140
    assert all(is_kept_back(f"  {text.upper()} ") for text in kept)


def test_what_judges_is_never_taught_and_hints_prove_nothing() -> None:
    texts = [f"message number {number} about something" for number in range(400)]
    lessons = [Lesson(text, "a", "correction" if number % 2 else "transfer") for number, text in enumerate(texts)]
    rows = split([("where is it", "a")] * LABEL_ROWS_MIN, lessons)
    taught = {text for text, _ in rows.taught}
    judging = {text for text, _ in rows.judging}
    assert not taught & judging
    assert judging == {each.text for each in lessons if each.source == "correction" and is_kept_back(each.text)}
    assert not {each.text for each in lessons if each.source == "transfer" and is_kept_back(each.text)} & taught


def test_work_is_right_where_a_starter_row_says_otherwise_and_a_label_with_few_rows_waits() -> None:
    starter = [(f"starter {number}", "a") for number in range(20)]
    lessons = [Lesson("Starter  1", "b", "correction"), Lesson("starter 2", "unknown", "labelled")]
    rows = split(starter, lessons)
    everything = {**dict(rows.taught), **dict(rows.judging)}
    assert everything.get("starter 1") is None
    assert rows.left_out in ({"b": 1}, {})
    assert {label for _, label in rows.taught} <= {"a", "oos"}


def decision(label: str, sure: float = 0.9, **heads: str) -> Classification:
    told = {name: (value, 0.8) for name, value in heads.items()}
    method: Any = "none" if label == "unknown" else "model"
    return Classification(((label, sure),), "en", method, "", heads=told, out_of_scope=method == "none")


def test_changes_name_real_messages_and_show_each_kind_first() -> None:
    before = [decision("a"), decision("a"), decision("a", 0.5), decision("b"), decision("unknown", 0.0)]
    after = [decision("b"), decision("b"), decision("a"), decision("c"), decision("unknown", 0.0)]
    told = changes(["i-1", "i-2", "i-3", "i-4", "i-5"], before, after)
    assert (told["changed"], told["pairs"]) == (3, [("a", "b", 2), ("b", "c", 1)])
    assert [each["interaction"] for each in told["examples"]] == ["i-1", "i-4", "i-2"]
    assert told["unknown"] == {"before": 0.2, "after": 0.2}
    # As the watch counts it: of those that have a label.
    assert told["confidence"] == {"before": 0.8, "after": 0.9}


def test_changes_count_other_departments_and_moods_too() -> None:
    before = [decision("a", department="billing", urgency="high"), decision("a", department="billing")]
    after = [decision("a", department="support", urgency="high"), decision("a")]
    told = changes(["i-1", "i-2"], before, after)
    assert (told["changed"], told["heads"]) == (0, {"department": 2})


def test_confusion_and_calibration_tell_what_was_taken_for_what_and_how_surely() -> None:
    answers = [said("a", 0.95), said("b", 0.95), said("b", 0.45), said("a", 0.45)]
    truth = ["a", "a", "b", "b"]
    assert confusion(answers, truth) == [("a", "b", 1), ("b", "a", 1)]
    assert curve(answers, truth) == [
        {"n": 2, "confidence": 0.45, "accuracy": 0.5},
        {"n": 2, "confidence": 0.95, "accuracy": 0.5},
    ]


@pytest.mark.parametrize(
    ("surer", "less_sure"),
    [
        ([("a", 0.9), ("b", 0.1)], [("a", 0.6), ("b", 0.4)]),
        ([("a", 0.6), ("b", 0.4)], [("a", 0.3), ("b", 0.29), ("c", 0.2)]),
        ([("a", 0.3), ("b", 0.3)], []),
    ],
)
def test_doubt_grows_with_closeness_and_spread(
    surer: list[tuple[str, float]], less_sure: list[tuple[str, float]]
) -> None:
    assert 0 <= doubt_of(surer) < doubt_of(less_sure) <= 1


def test_messages_that_read_alike_are_asked_about_once_and_kinds_take_turns() -> None:
    close = (("a", 0.5), ("b", 0.49))
    same = [Unsure(f"i-{number}", f"my parcel is late again please help me {number}", close) for number in range(3)]
    also = Unsure("i-8", "something else about the courier", (("a", 0.5), ("b", 0.48)))
    other = Unsure("i-9", "how do I change the name", (("c", 0.55), ("d", 0.4)))
    chosen = [each.id for each, _ in most_telling([*same, also, other], 5)]
    assert (len(chosen), chosen[1]) == (3, "i-9")
    assert len({*chosen} & {each.id for each in same}) == 1
