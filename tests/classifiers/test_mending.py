"""Words as people mistype them."""

import pytest

from classifiers.cascade import classify, why
from classifiers.mending import mended, with_mended
from classifiers.model import Model
from classifiers.training import train
from tests.classifiers.builders import small_rows


@pytest.fixture(scope="module")
def small() -> Model:
    return train(small_rows())


@pytest.mark.parametrize("typed", ["hamer", "hammmer", "hmamer", "hammet", "HAMMRE"])
def test_a_word_that_is_a_letter_away_is_read_as_the_known_one(small: Model, typed: str) -> None:
    assert mended(small.features, f"my {typed}") == {typed.lower(): "hammer"}


@pytest.mark.parametrize("text", ["hammer", "hmmaer", "jammer", "saw", "", "123456"])
def test_known_words_far_ones_short_ones_and_those_that_begin_otherwise_stay(small: Model, text: str) -> None:
    assert with_mended(small.features, text) == (text, {})


def test_a_mistyped_word_decides_and_is_shown_as_it_was_typed(small: Model) -> None:
    assert classify("", "a hamemr?", model=small).labels[0][0] == "tool"
    assert why("", "a Hamemr?", model=small).words[0][0] == "Hamemr"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("where is my pracel, the corier never came", "delivery"),
        ("nie dzialla intrenet od rana", "outage"),
        ("kodel sasakita tokia didele", "invoice"),
        ("nem mukodik az intrenet", "outage"),
        ("где моя посыкла", "delivery"),
        ("gde moja posylka, kurer ne priehal", "delivery"),
    ],
)
def test_the_shipped_model_understands_what_is_typed_in_a_hurry(shipped: Model, text: str, label: str) -> None:
    assert classify("", text, model=shipped).labels[0][0] == label
