"""Opening hours: against the slow way, over nights when clocks are changed, with holidays and exceptions."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.hours import Hours
from tests.queues.opening import (
    STEP,
    Changing,
    SomeHolidays,
    changing_hours,
    hours,
    looked_up,
    steps,
)
from vocabulary.instants import DAY, HOUR, MINUTE, Instant, instant_of, rfc3339

PLACES = changing_hours()
OFFICE = "08:00-12:00 13:00-17:00"
ALWAYS = "00:00-24:00"


def _windows(of: Hours, day: str) -> list[str]:
    """Return the windows around a day, "MM-DDTHH:MM MM-DDTHH:MM" in UTC."""
    start = instant_of(f"{day}T00:00:00Z")
    windows = of.windows(start - DAY, start + 2 * DAY)
    return [f"{rfc3339(since)[5:16]} {rfc3339(until)[5:16]}" for since, until in windows]


@given(PLACES)
@settings(max_examples=60, deadline=None)
def test_the_status_is_what_the_clocks_on_the_wall_say(drawn: tuple[Changing, Hours]) -> None:
    place, of = drawn
    assert {at: of.status(at) for at in steps(place)} == looked_up(place, of)


@given(PLACES, st.data())
@settings(max_examples=60, deadline=None)
def test_business_time_is_the_count_of_open_steps_and_adds_up(
    drawn: tuple[Changing, Hours], data: st.DataObject
) -> None:
    place, of = drawn
    known = looked_up(place, of)
    start, middle, end = sorted(data.draw(st.tuples(*[st.sampled_from(steps(place))] * 3)))
    counted = sum(STEP for at in range(start, end, STEP) if known[at] == "open")
    assert of.open_between(start, end) == counted
    between = data.draw(st.integers(start, end))
    for cut in (middle, between):
        assert of.open_between(start, cut) + of.open_between(cut, end) == counted


@given(PLACES, st.data())
@settings(max_examples=60, deadline=None)
def test_adding_business_time_gives_the_first_instant_by_which_it_has_passed(
    drawn: tuple[Changing, Hours], data: st.DataObject
) -> None:
    place, of = drawn
    start = data.draw(st.integers(steps(place).start, steps(place).stop))
    span = data.draw(st.integers(1, 100 * HOUR))
    due = of.add_open(start, span)
    if due is None:
        assert of.open_between(start, start + 3660 * DAY) < span
    else:
        assert of.open_between(start, due) == span
        assert of.open_between(start, due - 1) == span - 1


@given(PLACES, st.data())
@settings(max_examples=60, deadline=None)
def test_the_next_change_is_the_first(drawn: tuple[Changing, Hours], data: st.DataObject) -> None:
    place, of = drawn
    known = looked_up(place, of)
    at = data.draw(st.sampled_from(steps(place)))
    changed = next((later for later in range(at, steps(place).stop, STEP) if known[later] != known[at]), None)
    found = of.next_change(at)
    if changed is not None:
        assert found == changed
    else:
        assert found is None or (found >= steps(place).stop and of.status(found) != known[at] == of.status(found - 1))


@given(PLACES, st.data())
@settings(max_examples=60, deadline=None)
def test_it_opens_next_at_the_first_open_instant(drawn: tuple[Changing, Hours], data: st.DataObject) -> None:
    place, of = drawn
    at = data.draw(st.integers(steps(place).start, steps(place).stop))
    found = of.next_open(at)
    if found is None:
        assert of.open_between(at, at + 400 * DAY) == 0
    else:
        assert of.is_open(found)
        assert of.open_between(at, found) == 0
        assert (found == at) == of.is_open(at)


@given(PLACES, st.data())
@settings(max_examples=60, deadline=None)
def test_windows_are_apart_in_order_and_hold_all_business_time(
    drawn: tuple[Changing, Hours], data: st.DataObject
) -> None:
    place, of = drawn
    start, end = sorted(data.draw(st.tuples(*[st.integers(steps(place).start, steps(place).stop)] * 2)))
    windows = list(of.windows(start, end))
    assert all(since < until for since, until in windows)
    assert all(before[1] < after[0] for before, after in pairwise(windows))
    assert all(start <= since and until <= end for since, until in windows)
    assert sum(until - since for since, until in windows) == of.open_between(start, end)


@given(PLACES, st.data())
@settings(deadline=None, max_examples=30)
def test_what_was_asked_before_makes_no_difference(drawn: tuple[Changing, Hours], data: st.DataObject) -> None:
    place, of = drawn
    asked = data.draw(st.lists(st.sampled_from(steps(place)), min_size=1, max_size=20))
    for at in asked:
        fresh = Hours(zone=of.zone, week=of.week, openings=of.openings, closings=of.closings, holidays=of.holidays)
        assert fresh == of
        assert hash(fresh) == hash(of)
        assert (fresh.next_change(at), fresh.status(at)) == (of.next_change(at), of.status(at))


# What is open of one interval on the night when clocks change, in UTC.
@pytest.mark.parametrize(
    ("zone", "day", "interval", "open_"),
    [
        # 02:00 becomes 03:00: a time that is skipped opens and closes when the clocks change.
        ("Europe/Warsaw", "2026-03-29", "01:00-04:00", ["03-29T00:00 03-29T02:00"]),
        ("Europe/Warsaw", "2026-03-29", "02:30-04:00", ["03-29T01:00 03-29T02:00"]),
        ("Europe/Warsaw", "2026-03-29", "01:00-02:30", ["03-29T00:00 03-29T01:00"]),
        ("Europe/Warsaw", "2026-03-29", "02:10-02:50", []),
        ("Europe/Warsaw", "2026-03-28", "22:00-06:00", ["03-28T21:00 03-29T04:00"]),
        # 03:00 becomes 02:00: a time that is shown twice opens the first time and closes the second.
        ("Europe/Warsaw", "2026-10-25", "02:30-04:00", ["10-25T00:30 10-25T03:00"]),
        ("Europe/Warsaw", "2026-10-25", "01:00-02:30", ["10-24T23:00 10-25T01:30"]),
        ("Europe/Warsaw", "2026-10-25", "02:15-02:45", ["10-25T00:15 10-25T01:45"]),
        ("Europe/Warsaw", "2026-10-25", "02:00-03:00", ["10-25T00:00 10-25T02:00"]),
        ("Europe/Warsaw", "2026-10-25", "00:00-02:15 02:15-06:00", ["10-24T22:00 10-25T05:00"]),
        ("Europe/Warsaw", "2026-10-24", "22:00-06:00", ["10-24T20:00 10-25T05:00"]),
        # The clock that goes from 04:00 back to 03:00 showed less than 03:00 only before.
        ("Europe/Vilnius", "2026-10-24", "20:00-03:00", ["10-24T17:00 10-25T00:00"]),
        ("America/New_York", "2026-11-01", "00:30-01:30", ["11-01T04:30 11-01T06:30"]),
        ("America/St_Johns", "2026-03-08", "01:30-03:30", ["03-08T05:00 03-08T06:00"]),
        ("Australia/Lord_Howe", "2026-10-04", "02:15-02:45", ["10-03T15:30 10-03T15:45"]),
        ("Africa/Cairo", "2025-04-25", "00:00-02:00", ["04-24T22:00 04-24T23:00"]),
        ("Africa/Cairo", "2025-10-30", "00:00-24:00", ["10-29T21:00 10-30T22:00"]),
    ],
)
def test_a_night_when_clocks_change(zone: str, day: str, interval: str, open_: list[str]) -> None:
    assert _windows(hours(zone=zone, openings={day: interval}), day) == open_


def test_a_split_day_is_open_closed_and_open() -> None:
    office = hours(OFFICE, zone="Europe/Warsaw")
    times = ("06:59", "07:00", "10:59", "11:00", "11:59", "12:00", "15:59", "16:00")
    assert [office.is_open(instant_of(f"2026-03-02T{time}:00Z")) for time in times] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert [office.is_open(instant_of(f"2026-03-{day:02}T08:00:00Z")) for day in range(2, 10)] == [
        True, True, True, True, True, False, False, True,
    ]  # fmt: skip


def test_work_due_after_the_weekend_counts_only_office_hours() -> None:
    office = hours(OFFICE)
    friday = instant_of("2026-03-06T16:30:00Z")
    assert office.add_open(friday, HOUR) == instant_of("2026-03-09T08:30:00Z")
    assert office.add_open(friday, 30 * MINUTE) == instant_of("2026-03-06T17:00:00Z")
    assert office.add_open(friday, 0) == friday
    assert office.add_open(instant_of("2026-03-07T12:00:00Z"), 0) == instant_of("2026-03-07T12:00:00Z")
    assert office.open_between(friday, friday + 7 * DAY) == 40 * HOUR
    assert office.open_between(friday, friday - DAY) == 0
    assert office.add_open(friday, 2000 * HOUR) == instant_of("2027-02-19T16:30:00Z")


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("2026-12-24T21:00:00Z", "closed"),
        ("2026-12-24T22:00:00Z", "open"),  # the night before a holiday ends as it always does
        ("2026-12-25T05:59:00Z", "open"),
        ("2026-12-25T06:00:00Z", "holiday"),
        ("2026-12-25T22:30:00Z", "holiday"),  # and no night begins on one
        ("2026-12-26T00:00:00Z", "closed"),
        ("2026-12-26T05:00:00Z", "closed"),
    ],
)
def test_a_night_shift_belongs_to_the_day_on_which_it_begins(at: str, status: str) -> None:
    night = hours("22:00-06:00", weekend="", holidays=SomeHolidays({date(2026, 12, 25): "Christmas Day"}))
    assert night.status(instant_of(at)) == status


def test_an_exceptional_opening_wins_over_holiday_and_week_and_the_rest_of_the_holiday_stays_one() -> None:
    shop = hours(
        "08:00-20:00",
        openings={"2026-12-20": "10:00-14:00", "2026-12-25": "12:00-13:00", "12-31": "08:00-12:00"},
        holidays=SomeHolidays({date(2026, 12, 25): "Christmas Day"}),
    )
    assert _windows(shop, "2026-12-20")[:1] == ["12-20T10:00 12-20T14:00"]
    assert _windows(shop, "2026-12-25") == [
        "12-24T08:00 12-24T20:00",
        "12-25T12:00 12-25T13:00",
    ]
    assert [shop.status(instant_of(f"2026-12-25T{hour}:00:00Z")) for hour in (11, 12, 13)] == [
        "holiday",
        "open",
        "holiday",
    ]
    assert shop.holiday(instant_of("2026-12-25T12:30:00Z")) == "Christmas Day"
    assert shop.status(instant_of("2026-12-31T13:00:00Z")) == "closed"
    assert shop.status(instant_of("2029-12-31T11:00:00Z")) == "open"
    assert shop.holiday(instant_of("2026-12-31T13:00:00Z")) is None


def test_a_date_with_its_year_wins_over_the_same_date_of_every_year() -> None:
    shop = hours(
        ALWAYS, weekend=ALWAYS, openings={"2026-12-24": "08:00-12:00"}, closings={"12-24": "Eve", "2027-12-31": "Stock"}
    )
    noon = "-12-24T10:00:00Z"
    assert [shop.status(instant_of(year + noon)) for year in ("2025", "2026", "2027")] == ["holiday", "open", "holiday"]
    assert shop.holiday(instant_of("2027-12-31T10:00:00Z")) == "Stock"
    assert shop.holiday(instant_of("2028-12-31T10:00:00Z")) is None


def test_a_date_is_the_one_on_the_calendar_of_the_place() -> None:
    away = hours(ALWAYS, weekend=ALWAYS, zone="Pacific/Auckland", closings={"2026-02-06": "Waitangi Day"})
    assert away.next_change(instant_of("2026-02-01T00:00:00Z")) == instant_of("2026-02-05T11:00:00Z")
    assert away.holiday(instant_of("2026-02-05T11:00:00Z")) == "Waitangi Day"
    assert away.next_open(instant_of("2026-02-05T11:00:00Z")) == instant_of("2026-02-06T11:00:00Z")


def test_what_never_closes_or_never_opens_has_no_next_change() -> None:
    now = instant_of("2026-03-02T10:00:00Z")
    always, never = hours(ALWAYS, weekend=ALWAYS, zone="Europe/Warsaw"), hours()
    assert (always.status(now), always.next_change(now), always.next_open(now)) == ("open", None, now)
    assert (never.status(now), never.next_change(now), never.next_open(now)) == ("closed", None, None)
    assert never.add_open(now, 1) is None
    assert always.open_between(now, now + 365 * DAY) == 365 * DAY
    assert list(always.windows(now, now + 30 * DAY)) == [(now, now + 30 * DAY)]


@pytest.mark.parametrize("at", [-(10**20), -(10**14), -1, 10**14, 253_402_300_799_999, 10**20])
def test_an_instant_beyond_every_calendar_is_answered(at: Instant) -> None:
    always = hours(ALWAYS, weekend=ALWAYS, zone="Europe/Warsaw")
    assert always.status(at) in {"open", "closed"}
    assert always.next_change(at) is None or always.is_open(at)
    assert always.add_open(at, 8 * HOUR) in {None, at + 8 * HOUR}
    assert always.holiday(at) is None
    assert always.open_between(at, at + DAY) in {0, DAY}


def test_nothing_is_kept_without_end() -> None:
    office = hours(OFFICE)
    start = instant_of("2026-03-02T10:00:00Z")
    assert all(office.is_open(start + week * 7 * DAY) for week in range(3000))
    assert len(office._weeks) <= 1000


def test_hours_are_equal_by_what_they_say() -> None:
    assert hours(OFFICE, closings={"12-24": "Eve"}) == hours(OFFICE, closings={"12-24": "Eve"})
    assert hours(OFFICE, closings={"12-24": "Eve"}) != hours(OFFICE, closings={"12-25": "Eve"})
    assert hours(OFFICE) != hours(OFFICE, zone="Europe/Warsaw")
    assert len({hours(OFFICE), hours(OFFICE), hours(ALWAYS)}) == 2
