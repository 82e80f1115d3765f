"""A day is as long as people in its zone count it."""

from app.days import days_in
from vocabulary.instants import HOUR, instant_of


def test_day_in_warsaw_has_23_hours_when_clocks_go_forward_and_25_when_they_go_back() -> None:
    day = days_in("Europe/Warsaw")
    spring = day(instant_of("2026-03-29T12:00:00Z"))
    autumn = day(instant_of("2026-10-25T12:00:00Z"))
    assert spring == (instant_of("2026-03-28T23:00:00Z"), instant_of("2026-03-29T22:00:00Z"))
    assert (spring[1] - spring[0], autumn[1] - autumn[0]) == (23 * HOUR, 25 * HOUR)


def test_day_begins_at_midnight_of_its_zone() -> None:
    assert days_in("Europe/Warsaw")(instant_of("2026-11-22T22:59:59Z"))[0] == instant_of("2026-11-21T23:00:00Z")
    assert days_in("Europe/Warsaw")(instant_of("2026-11-22T23:00:00Z"))[0] == instant_of("2026-11-22T23:00:00Z")
