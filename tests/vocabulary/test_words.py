"""Ids, instants, spans and skills as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocabulary.ids import derived_id, keyed_hash
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, instant_of, rfc3339, span_of, span_text
from vocabulary.skills import Requirement, requirement_of


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("20s", 20 * SECOND),
        ("5m", 5 * MINUTE),
        ("2h", 2 * HOUR),
        ("1.5h", 90 * MINUTE),
        ("7d", 7 * DAY),
        ("0s", 0),
        ("250ms", 250),
        ("1h 30m", 90 * MINUTE),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: int) -> None:
    assert span_of(text) == span


@pytest.mark.parametrize("text", ["", "20", "s", "5 minutes", "-5s", "5s!", "1h and 5m"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='such as "20s"'):
        span_of(text)


def test_a_span_without_end_is_refused() -> None:
    for text in ("9" * 400 + "d", "365251d"):
        with pytest.raises(ValueError, match="longer than a thousand years"):
            span_of(text)


@given(st.integers(0, 400 * DAY))
def test_the_text_of_a_span_says_it_exactly(span: int) -> None:
    assert span_of(span_text(span)) == span


@given(st.integers(0, 4_000_000_000_000))
def test_an_instant_is_read_as_it_was_written(instant: int) -> None:
    assert instant_of(rfc3339(instant)) == instant


def test_an_instant_is_written_in_utc_with_milliseconds() -> None:
    assert rfc3339(1_772_357_400_250) == "2026-03-01T09:30:00.250Z"
    assert instant_of("2026-03-01T10:30:00.250+01:00") == 1_772_357_400_250


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        instant_of("2026-03-01T10:30:00")


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("billing>=3", Requirement("billing", 3)),
        (" billing >= 10 ", Requirement("billing", 10)),
        ("lang:pl", Requirement("lang:pl", 1)),
    ],
)
def test_a_requirement_is_a_skill_and_a_least_level(text: str, requirement: Requirement) -> None:
    assert requirement_of(text) == requirement
    assert requirement_of(str(requirement)) == requirement


@pytest.mark.parametrize("text", ["", "billing>=0", "billing>=11", "billing>3", "two words", "billing=3"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"requirement|level"):
        requirement_of(text)


def test_the_same_parts_give_the_same_id_and_others_another() -> None:
    assert derived_id("i", "web", "1") == derived_id("i", "web", "1")
    assert len({derived_id("i", "web", "1"), derived_id("i", "web1", ""), derived_id("i", "we", "b1")}) == 3
    assert derived_id("i", "x").startswith("i-")


def test_a_keyed_hash_tells_nothing_without_the_key() -> None:
    assert keyed_hash(b"one", "a@example.org") == keyed_hash(b"one", "a@example.org")
    assert keyed_hash(b"one", "a@example.org") != keyed_hash(b"two", "a@example.org")
    assert len(keyed_hash(b"k" * 100, "text")) == 16
