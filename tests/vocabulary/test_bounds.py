"""Bounds on numbers as people write them."""

import pytest

from vocabulary.bounds import Bound, bound_of, is_any, number_of


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (">=0.6", Bound(">=", 0.6)),
        (" < 1000 ", Bound("<", 1000)),
        ("<=-2.5", Bound("<=", -2.5)),
        (">1", Bound(">", 1)),
        ("0.6", None),
        (">=", None),
        (">=1e9", None),
        ("=>1", None),
    ],
)
def test_a_bound_is_a_sign_and_a_number(text: str, bound: Bound | None) -> None:
    assert bound_of(text) == bound


def test_a_bound_holds_up_to_its_limit() -> None:
    assert [[Bound(sign, 2).holds(number) for number in (1, 2, 3)] for sign in (">=", "<=", ">", "<")] == [
        [False, True, True],
        [True, True, False],
        [False, False, True],
        [True, False, False],
    ]


def test_a_bound_is_written_as_it_was_read() -> None:
    assert str(bound_of(">= 0.60")) == ">=0.6"


@pytest.mark.parametrize(
    ("value", "wanted", "is_it"),
    [
        ("gold", ("silver", "gold"), True),
        ("gold", ("silver",), False),
        (True, ("true",), True),
        (True, ("True", ">=1"), False),
        (None, ("None", "<1"), False),
        (3, ("3",), True),
        (3, ("<2", ">=3"), True),
        ("3.5", ("<=3",), False),
        ("about 3", (">=3",), False),
        (["gold"], ("gold",), False),
    ],
)
def test_an_attribute_is_what_is_wanted_or_within_a_bound(value: object, wanted: tuple[str, ...], is_it: bool) -> None:
    assert is_any(value, wanted) is is_it


def test_numbers_are_numbers_or_texts_of_them() -> None:
    assert [number_of(value) for value in (3, 2.5, "7", True, None, "x", "inf", [1])] == [3, 2.5, 7, *[None] * 5]
