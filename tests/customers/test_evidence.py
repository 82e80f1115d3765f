"""How strong evidence is: a documented sum, and never by a claim alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.evidence import (
    CLAIMS,
    WEIGHTS,
    Evidence,
    agreeing,
    at_least,
    differing,
    masked,
    prior_bits,
    probability,
    strength_of,
)
from customers.matching import Said, compared, likely_birth_dates, likely_postcodes
from vocabulary.records import CustomerRow

KINDS: list[Any] = sorted(WEIGHTS)


def test_bits_are_those_of_fellegi_and_sunter() -> None:
    assert agreeing("name", "name_same").bits == pytest.approx(8.86, abs=0.01)
    assert differing("name", "name_differs").bits == pytest.approx(-3.83, abs=0.01)
    assert probability([], 1_000) == pytest.approx(1 / 1_000)
    assert prior_bits(5) == prior_bits(1_000)


@given(st.lists(st.sampled_from(sorted(CLAIMS)), max_size=6), st.integers(1, 1_000_000))
def test_no_claim_is_ever_more_than_weak_however_many_there_are(kinds: list[Any], customers: int) -> None:
    assert strength_of([agreeing(kind, "x") for kind in kinds], customers) == "weak"


@given(st.lists(st.sampled_from(KINDS), min_size=1), st.sampled_from(KINDS), st.integers(2, 10_000_000))
def test_what_agrees_never_makes_it_less_likely(kinds: list[Any], more: Any, customers: int) -> None:
    evidence = [agreeing(kind, "x") for kind in kinds]
    likely = probability(evidence, customers)
    assert probability([*evidence, agreeing(more, "x")], customers) >= likely
    assert probability([*evidence, *evidence], customers) == likely


@pytest.mark.parametrize(
    ("evidence", "strength"),
    [
        ([agreeing("visitor", "x")], "strong"),
        ([agreeing("email", "x")], "strong"),
        ([agreeing("email_unproven", "x"), agreeing("name", "x")], "weak"),
        ([agreeing("customer_number", "x")], "medium"),
        ([agreeing("customer_number", "x"), agreeing("name", "x")], "strong"),
        ([agreeing("customer_number", "x"), differing("name", "x")], "weak"),
        ([agreeing("order_number", "x")], "weak"),
        ([agreeing("name", "x"), agreeing("birth_date", "x"), agreeing("postcode", "x")], "strong"),
    ],
)
def test_strengths_of_a_house_of_a_hundred_thousand(evidence: list[Evidence], strength: Any) -> None:
    assert strength_of(evidence, 100_000) == strength
    assert at_least(strength, "weak")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("K-123456", "K-•••••6"), ("ola@x.org", "•••@x.org"), ("", ""), ("+48601234567", "+4•••••••••7")],
)
def test_what_is_shown_tells_nobody_the_rest(value: str, shown: str) -> None:
    assert masked(value) == shown


def test_what_is_said_is_compared_with_what_is_written_down() -> None:
    row = CustomerRow(id="c", created_at=0, name="Katie Marshall", birth_date="1979-09-27", postcode="W200AB")
    said = Said(
        names=("Katy Marshal",), postcodes=("whiskey 2 0 zero alpha bravo",), birth_dates=("27th of the 9th 1979",)
    )
    assert [each.reason for each in compared(said, row)] == ["name_same", "postcode_same", "birth_date_same"]
    assert strength_of(compared(said, row), 10_000) == "strong"
    assert compared(said, CustomerRow(id="c", created_at=0)) == ()
    assert [each.agrees for each in compared(Said(names=("Joe Berry",)), row)] == [False]
    assert likely_birth_dates(said) == ("1979-09-27",)
    assert likely_postcodes(said)[0] == "W200AB"
