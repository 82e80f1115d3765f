"""Segments: what a definition asks for, and what is said where it fits; RFM scores with ties and few buyers."""

from typing import Any

import numpy as np
import pytest

from customers.rfm import places, scores, shares_before
from customers.standing import Definition, Worth, facts, figures, segments_of
from vocabulary.bounds import Bound, bound_of
from vocabulary.instants import DAY

NOW = 1_772_000_000_000
RICH = Worth(
    orders=4,
    spent=900.0,
    place=3,
    before=0.4,
    of=100,
    value=400.0,
    value_place=1,
    value_before=0.0,
    churn=0.7,
    first_at=NOW - 400 * DAY,
    last_at=NOW - 30 * DAY,
    recency=5,
    frequency=4,
    monetary=5,
)


def bounds(**texts: str) -> tuple[tuple[str, Bound], ...]:
    read = {name: bound_of(text) for name, text in texts.items()}
    return tuple((name, bound) for name, bound in read.items() if bound is not None)


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ({"top_value": 0.03}, ["segment_top_spent"]),
        ({"top_value": 0.02}, None),
        ({"top_value": 0.01, "by": "value"}, ["segment_top_expected"]),
        ({"value_share": 0.5}, ["segment_top_spent"]),
        ({"value_share": 0.4}, None),
        ({"bounds": bounds(churn=">=0.6")}, ["segment_churn_purchases"]),
        ({"bounds": bounds(churn=">0.7")}, None),
        (
            {"bounds": bounds(value=">=400", spent="<1000", orders=">3")},
            ["segment_worth", "segment_spent", "segment_orders"],
        ),
        ({"bounds": bounds(recency=">=4", monetary="<5")}, None),
        ({"bought_within": 30 * DAY, "customer_within": 400 * DAY}, ["segment_bought", "segment_new"]),
        ({"not_bought_for": 31 * DAY}, None),
        ({"contract_ends_within": 60 * DAY}, None),
        ({"attributes": {"plan": ("gold",), "seats": (">=10",)}}, ["segment_attribute", "segment_attribute"]),
        ({"attributes": {"plan": ("silver",)}}, None),
        ({"attributes": {"none": ("None",)}}, None),
        ({}, None),
    ],
)
def test_a_definition_fits_when_all_that_it_asks_for_holds(asked: dict[str, Any], codes: list[str] | None) -> None:
    definition = Definition(name="x", **asked)
    found = segments_of(RICH, {"plan": "gold", "seats": "12"}, (definition,), 365 * DAY, NOW)
    assert [reason["code"] for one in found for reason in one.reasons] == (codes or [])


def test_segments_come_in_the_order_of_the_file_with_figures_in_their_reasons() -> None:
    definitions = (Definition(name="b", bounds=bounds(churn=">=0.6")), Definition(name="a", top_value=0.05))
    found = segments_of(RICH, {}, definitions, 365 * DAY, NOW)
    assert [(one.segment, one.reasons[0]["terms"]) for one in found] == [
        ("b", {"share": 0.7}),
        ("a", {"place": 3, "of": 100, "months": 12}),
    ]
    kept = facts(RICH, found, "EUR")
    assert (kept["rfm"], kept["tier"], kept["churn_of"]) == ("545", "A", "purchases")
    assert figures(kept, NOW) == {
        "orders": 4,
        "spent": 900.0,
        "value": 400.0,
        "churn": 0.7,
        "rfm": "545",
        "recency": 5,
        "frequency": 4,
        "monetary": 5,
        "days_since_purchase": 30,
    }


def test_who_never_bought_fits_only_what_is_known_of_him() -> None:
    everything = [
        Definition(name="top", top_value=1.0),
        Definition(name="poor", bounds=bounds(spent="<10")),
        Definition(name="idle", bounds=bounds(recency="<3")),
        Definition(name="old", not_bought_for=DAY),
    ]
    assert [one.segment for one in segments_of(Worth(), {}, everything, 365 * DAY, NOW)] == ["poor"]


def test_scores_are_fifths_and_equal_values_have_equal_scores() -> None:
    assert scores(np.arange(10.0)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert scores(np.arange(10.0), least_first=True).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert scores(np.array([1.0] * 7 + [2, 3, 4])).tolist() == [2] * 7 + [4, 5, 5]
    assert scores(np.ones(4)).tolist() == [3, 3, 3, 3]
    assert scores(np.array([5.0, 9.0])).tolist() == [2, 4]
    assert scores(np.zeros(0)).tolist() == []


def test_places_and_shares_count_from_the_greatest() -> None:
    values = np.array([10.0, 40.0, 10.0, 40.0, -5.0])
    assert places(values).tolist() == [3, 1, 3, 1, 5]
    assert shares_before(values).tolist() == [0.8, 0.0, 0.8, 0.0, 1.0]
    assert shares_before(np.zeros(2)).tolist() == [1.0, 1.0]
