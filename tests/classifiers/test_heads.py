"""Department, urgency and mood beside the label."""

from pathlib import Path

import pytest

from classifiers.cascade import classify
from classifiers.departments import DEPARTMENTS, department_of
from classifiers.examples import LANGUAGES, SENTIMENT, URGENCY, read_answers, shipped_answers, shipped_rows
from classifiers.model import Model
from classifiers.training import train, train_file
from tests.classifiers.builders import small_rows
from vocabulary.errors import PermanentFailure


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_row_says_how_urgent_it_is_and_what_mood(language: str) -> None:
    rows = shipped_rows([language])
    answers = shipped_answers(rows)
    assert set(answers) == {"urgency", "sentiment"}
    assert set(answers["urgency"]) == set(URGENCY)
    assert set(answers["sentiment"]) == set(SENTIMENT)
    assert min(answers["urgency"].count("high"), answers["sentiment"].count("positive")) >= 20


def test_every_shipped_label_has_one_department() -> None:
    labels = {label for _, label in shipped_rows()} - {"oos"}
    listed = [label for each in DEPARTMENTS.values() for label in each]
    assert sorted(listed) == sorted(labels)


def test_a_department_is_as_likely_as_its_labels_together() -> None:
    assert department_of([("invoice", 0.5), ("payment", 0.25), ("offer", 0.2)]) == ("billing", 0.75)
    assert department_of([("walrus", 0.9), ("offer", 0.1)]) is None


@pytest.mark.parametrize(
    ("text", "urgency", "sentiment"),
    [
        ("The internet is down and our shop can't take cards, we need help immediately!", "high", None),
        ("What are your opening hours?", "low", "neutral"),
        ("Skandal, dno a nie obsługa, nikt nie oddzwania!", None, "negative"),
        ("Ačiū, puikus aptarnavimas, viskas nuostabu!", None, "positive"),
        ("Mikor lesznek nyitva vasárnap?", "low", "neutral"),
        ("Ужасное обслуживание, позор, жалуюсь!", None, "negative"),
    ],
)
def test_the_shipped_model_hears_urgency_and_mood(
    shipped: Model, text: str, urgency: str | None, sentiment: str | None
) -> None:
    heads = classify("", text, model=shipped).heads
    assert urgency in (None, heads["urgency"][0])
    assert sentiment in (None, heads["sentiment"][0])
    assert all(0 <= confidence <= 1 for _, confidence in heads.values())


def test_the_shipped_model_names_a_department_but_not_for_what_is_out_of_scope(shipped: Model) -> None:
    assert classify("", "why is my invoice so high?", model=shipped).heads["department"][0] == "billing"
    assert "department" not in classify("", "write a poem about the sea", model=shipped).heads


def test_a_site_trains_heads_of_its_own(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    rows = [
        f"{text.replace(',', '')},{label},{'garden' if label == 'fruit' else 'workshop'}"
        for text, label in small_rows()
    ]
    data.write_text("\n".join(["text,label,team", *rows]))
    said = train_file(data, tmp_path / "model", heads={"department": "team"}, clock=lambda: 0.0)
    assert said["heads"] == {"department": pytest.approx(1.0, abs=0.1)}


def test_a_department_of_the_model_counts_before_the_table() -> None:
    rows = [(text, {"fruit": "invoice", "tool": "offer", "bird": "outage"}[label]) for text, label in small_rows()]
    teams = ["front" if label == "invoice" else "back" for _, label in rows]
    model = train(rows, further={"department": teams})
    assert classify("", "an apple or a pear?", model=model).heads["department"][0] == "front"


def test_an_unknown_urgency_is_named_with_its_line(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("text,label,urgency\na,b,high\nc,d,very\n")
    with pytest.raises(PermanentFailure, match=r'data\.csv:3: "very" is no urgency: write low, normal, high'):
        read_answers(data)
