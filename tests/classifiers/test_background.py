"""What is known of a message beside its text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.artifact import from_bytes, to_bytes
from classifiers.background import NOTHING, Background, telling
from classifiers.cascade import classify, why
from classifiers.evaluation import evaluate
from classifiers.examples import LANGUAGES, read_messages
from classifiers.features import background_terms
from classifiers.language import with_languages
from classifiers.model import Model
from classifiers.orders import Asked, Lesson, Order
from classifiers.retraining import is_kept_back, retrain
from classifiers.training import train, train_file

THINGS = ("the blue one", "two of them please", "is it here yet", "it came broken", "not what I wanted", "once more")
PARTS = {
    "subject": Background(subject="Lamp"),
    "channel": Background(channel="lamp shop"),
    "segment": Background(segment="lamp lovers"),
    "former": Background(former=("lamp",)),
    "language": Background(language="lt"),
}
OTHER = Background("Shelf", "shelf shop", "carpenters", ("shelf",), "hu")


def rows_told_apart_by(known: Background) -> tuple[list[tuple[str, str]], list[Background]]:
    """Return rows of two labels with the same texts, of which only one part of the background tells the label."""
    other = replace(NOTHING, **{part: getattr(OTHER, part) for part in PARTS if getattr(known, part)})
    texts = [f"{thing} number {step} {'again ' * step}" for thing in THINGS for step in range(4)]
    rows = [(text, label) for text in texts for label in ("lamp", "shelf")]
    return rows, [known, other] * len(texts)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_of_the_background_may_tell_what_texts_alone_do_not(part: str) -> None:
    rows, known = rows_told_apart_by(PARTS[part])
    model = train(rows, backgrounds=known)
    assert {model.predict("is it here yet", beside).label for beside in known[::2]} == {"lamp"}
    assert {model.predict("is it here yet", beside).label for beside in known[1::2]} == {"shelf"}
    assert model.cv_accuracy > 0.95
    assert train(rows).cv_accuracy < 0.6
    loaded = from_bytes(to_bytes(model))
    assert loaded.predict("once more", known[1]) == model.predict("once more", known[1])


def test_a_model_of_texts_alone_answers_as_if_nothing_else_were_known(shipped: Model) -> None:
    known = Background("Invoice", "billing", "gold", ("invoice",))
    for text in ("where is my parcel", "dzień dobry", ""):
        assert shipped.answers(text, known) == shipped.answers(text)
    # Those that come with Centrala differ in language, and in nothing else.
    assert sorted(shipped.features.background.rows) == [f"language:{each}" for each in sorted(LANGUAGES)]


def test_the_language_of_a_text_is_told_where_there_are_several() -> None:
    polish, english = ["gdzie jest moja paczka", "nie działa internet"], ["where is my parcel", "no internet"]
    mail = Background(channel="mail")
    told = with_languages([*english, *polish, "12345"], [mail] * 5)
    assert told == [replace(mail, language=each) for each in ("en", "en", "pl", "pl", "")]
    for texts in (english, ["12345"], [*english * 15, polish[0]]):
        assert with_languages(texts, [mail] * len(texts)) == [mail] * len(texts)
    assert with_languages([*english, *polish], [mail] * 4, ["pl"]) == [mail] * 4


def test_the_language_that_a_text_is_found_to_be_in_is_weighed_and_shown() -> None:
    rows, known = rows_told_apart_by(PARTS["language"])
    model = train(rows, backgrounds=known)
    said = {
        text: classify("", text, model=model) for text in ("laba diena, kur mano siunta", "jó napot, hol a csomagom")
    }
    assert [(each.language, each.labels[0][0]) for each in said.values()] == [("lt", "lamp"), ("hu", "shelf")]
    for text, each in said.items():
        assert why("", text, model=model, language=each.language).words[0][0] == each.language


def test_what_all_have_alike_is_no_sign() -> None:
    beside = Background("A subject", "mail", "", ("invoice",))
    assert telling([beside, NOTHING, beside]) == [replace(beside, channel=""), NOTHING, replace(beside, channel="")]
    two = [beside, replace(beside, channel="chat", segment="gold")]
    assert telling(two) == [beside, replace(beside, channel="chat")]


def test_terms_carry_the_name_of_their_part() -> None:
    known = Background("Zamówienie 4711", "billing  mail", "key\naccount", tuple("abcdefg"), "pl")
    assert background_terms(known) == [
        "subject:zamowienie", "subject:0", "channel:billing mail", "segment:key account",
        *(f"former:{label}" for label in "abcde"), "language:pl",
    ]  # fmt: skip
    assert background_terms(NOTHING) == []


def test_the_classifier_is_told_the_background_and_says_what_decided() -> None:
    rows, known = rows_told_apart_by(PARTS["channel"])
    model = train(rows, backgrounds=known)
    for beside, label in zip(known[:2], ("lamp", "shelf"), strict=True):
        assert classify("", "it came broken", model=model, known=beside).labels[0][0] == label
        found = why("", "it came broken", model=model, known=beside)
        word, points = found.words[0]
        assert (found.best, word) == (label, beside.channel)
        assert points > 0


def test_the_subject_of_the_message_is_that_of_the_background() -> None:
    rows, known = rows_told_apart_by(PARTS["subject"])
    texts = [(f"{beside.subject}\n{text}", label) for (text, label), beside in zip(rows, known, strict=True)]
    model = train(texts, backgrounds=known)
    alone = train(texts)
    said, without = (classify("Lamp", "once more", model=each).labels for each in (model, alone))
    assert said[0][0] == without[0][0] == "lamp"
    assert np.abs(model.scores("Lamp\nonce more", known[0]) - model.scores("Lamp\nonce more")).max() > 0.1
    assert why("Lamp", "once more", model=model).words[0][0] == "Lamp"


def _written(path: Path, rows: Sequence[tuple[str, str]], known: Sequence[Background]) -> Path:
    lines = [
        f'"{text}",{label},"{beside.subject}","{beside.channel}","{";".join(beside.former)}"'
        for (text, label), beside in zip(rows, known, strict=True)
    ]
    path.write_text("\n".join(["text,label,subject,channel,former", *lines]), encoding="utf-8")
    return path


def test_a_file_tells_it_in_columns_of_these_names(tmp_path: Path) -> None:
    rows, _ = rows_told_apart_by(PARTS["former"])
    known = [Background("Hello", "mail", "", ("lamp", "x y")), Background("", "chat", "", ())] * (len(rows) // 2)
    path = _written(tmp_path / "rows.csv", rows, known)
    texts, found = read_messages(path)
    assert found == known
    assert texts[:2] == [(f"Hello\n{rows[0][0].strip()}", "lamp"), (rows[1][0].strip(), "shelf")]
    train_file(path, tmp_path / "model", clock=lambda: 0.0)
    model = from_bytes((tmp_path / "model").read_bytes())
    assert evaluate(model, path)["accuracy"] == 1.0


def test_what_work_tells_is_learnt_and_judged_with_its_background(tmp_path: Path) -> None:
    rows, known = rows_told_apart_by(PARTS["channel"])
    rows = [(f"{text} {place // 2}", label) for place, (text, label) in enumerate(rows * 4)]
    lessons = [Lesson(text, label, "correction", beside) for (text, label), beside in zip(rows, known * 4, strict=True)]
    starter = _written(tmp_path / "starter.csv", [("one lamp", "lamp"), ("one shelf", "shelf")], [NOTHING] * 2)
    week = tuple(Asked(f"i-{place}", "is it here yet", beside) for place, beside in enumerate(known[:2]))
    model, report = retrain(Order(lessons=tuple(lessons), starter=str(starter), week=week))
    kept = sum(is_kept_back(text) for text, _ in rows)
    assert (report["after"]["n"], report["after"]["accuracy"]) == (kept, 1.0)
    assert model.predict("is it here yet", known[0]).label == "lamp"


def test_what_is_to_be_told_is_no_background(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("subject,text,channel\nLamp,hello,mail\n", "utf-8")
    assert read_messages(file, "text", "channel") == ([("Lamp\nhello", "mail")], [Background("Lamp")])
    assert read_messages(file, "subject", "text") == ([("Lamp", "hello")], [Background(channel="mail")])
