"""The words that decided: what each gave the best label over the second."""

import numpy as np
import pytest

from classifiers.attribution import lead_of_terms, words_that_decided
from classifiers.cascade import why
from classifiers.head import judged
from classifiers.model import LABEL, Model
from classifiers.training import train
from tests.classifiers.builders import small_rows


@pytest.fixture(scope="module")
def small() -> Model:
    return train(small_rows())


def test_the_points_of_all_terms_add_up_to_the_lead_of_the_linear_scores(small: Model) -> None:
    head, view = small.heads[LABEL], small.features.view("I saw a hammer and a drill")
    best, second = head.labels.index("tool"), head.labels.index("bird")
    alone = type(head)(head.labels, head.weights, head.bias, None, head.mix, head.trust, head.guard, head.promises)
    scores = alone.linear_scores(view)
    shares, _ = judged(scores[np.newaxis, np.newaxis], np.array([view.known]), len(head.labels), head.mix)
    lead = np.log(shares[0, best] / shares[0, second])
    none = alone.linear_scores(small.features.view(""))
    base, _ = judged(none[np.newaxis, np.newaxis], np.array([(0.0, 0.0)]), len(head.labels), head.mix)
    offset = np.log(base[0, best] / base[0, second])
    assert lead_of_terms(alone, view, best, second).sum() == pytest.approx(lead - offset, abs=1e-6)


def test_words_are_those_of_the_text_as_they_were_written(small: Model) -> None:
    found = words_that_decided(small.features, small.heads[LABEL], "one HAMMER, one Drill please", "tool", "bird")
    assert {word for word, points in found[:2]} == {"HAMMER", "Drill"}
    assert all(points > 0 for _, points in found[:2])


def test_what_spoke_for_the_second_has_points_below_zero(small: Model) -> None:
    said = dict(words_that_decided(small.features, small.heads[LABEL], "hammer raven drill saw", "tool", "bird"))
    assert said["raven"] < 0 < said["hammer"]


def test_points_of_all_words_are_the_lead_of_all_terms(small: Model) -> None:
    head, text = small.heads[LABEL], "a hammer and a saw"
    best, second = head.labels.index("tool"), head.labels.index("fruit")
    words = words_that_decided(small.features, head, text, "tool", "fruit")
    whole = lead_of_terms(head, small.features.view(text), best, second).sum()
    assert sum(points for _, points in words) == pytest.approx(whole, abs=0.05 * abs(whole))


def test_the_shipped_model_goes_by_the_words_that_a_person_would(shipped: Model) -> None:
    for text, expected in (
        ("Dzień dobry, gdzie jest moja paczka?", "paczka"),
        ("kodel saskaita tokia didele", "saskaita"),
        ("Интернет не работает с утра", "Интернет"),
        ("skolko stoit dostavka posylki", "posylki"),
    ):
        told = why("", text, model=shipped)
        assert expected in [word for word, points in told.words[:3] if points > 0], (text, told)


@pytest.mark.parametrize("text", ["", "???", "我的包裹在哪里"])
def test_of_a_text_that_tells_nothing_no_word_decided(small: Model, text: str) -> None:
    assert small.heads[LABEL].nets is not None
    assert why("", text, model=small).words == ()
    assert words_that_decided(small.features, small.heads[LABEL], text, "tool", "bird") == ()


def test_without_a_model_nothing_decided() -> None:
    assert why("", "where is my parcel", model=None).words == ()
