"""When something goes that is sent later: days of a calendar, clocks on a wall, opening hours."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from queues.hours import Hours, Interval
from queues.sending import Timing, instant_of
from vocabulary.instants import DAY, HOUR, MINUTE

WARSAW = ZoneInfo("Europe/Warsaw")
OFFICE = Hours(zone=WARSAW, week=(*[(Interval(8 * 60, 17 * 60),)] * 5, (), ()), closings={"2026-03-06": "inventory"})


def at(text: str) -> int:
    """Return the instant when clocks in Warsaw show `text`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=WARSAW).timestamp() * 1000)


def goes(timing: Timing, since: str, hours: Hours | None = None) -> str:
    instant = instant_of(timing, at(since), WARSAW, hours)
    return f"{datetime.fromtimestamp(instant / 1000, WARSAW):%a %d %b %H:%M}"


@pytest.mark.parametrize(
    ("timing", "since", "expected"),
    [
        (Timing(), "2026-03-02 15:00", "Mon 02 Mar 15:00"),
        (Timing(2 * HOUR), "2026-03-02 15:00", "Mon 02 Mar 17:00"),
        (Timing(3 * DAY), "2026-03-02 15:00", "Thu 05 Mar 15:00"),
        (Timing(at=8 * 60), "2026-03-02 07:59", "Mon 02 Mar 08:00"),
        (Timing(at=8 * 60), "2026-03-02 08:00", "Tue 03 Mar 08:00"),
        (Timing(2 * DAY, 8 * 60), "2026-03-02 15:00", "Wed 04 Mar 08:00"),
        (Timing(12 * HOUR, 8 * 60), "2026-03-02 22:00", "Tue 03 Mar 08:00"),
    ],
)
def test_days_are_those_of_a_calendar_and_times_those_of_a_clock(timing: Timing, since: str, expected: str) -> None:
    assert goes(timing, since) == expected


@pytest.mark.parametrize(
    ("timing", "since", "expected"),
    [
        (Timing(3 * DAY), "2026-03-27 09:00", "Mon 30 Mar 09:00"),
        (Timing(3 * DAY), "2026-10-23 09:00", "Mon 26 Oct 09:00"),
        (Timing(DAY), "2026-03-28 02:30", "Sun 29 Mar 03:00"),
        (Timing(at=2 * 60 + 30), "2026-03-28 12:00", "Sun 29 Mar 03:00"),
        (Timing(DAY + HOUR), "2026-03-28 12:00", "Sun 29 Mar 13:00"),
    ],
)
def test_clocks_that_are_changed_move_nothing(timing: Timing, since: str, expected: str) -> None:
    assert goes(timing, since) == expected


def test_a_time_that_is_shown_twice_counts_once() -> None:
    first = instant_of(Timing(at=2 * 60 + 30), at("2026-10-24 12:00"), WARSAW, None)
    again = instant_of(Timing(at=2 * 60 + 30), first, WARSAW, None)
    assert again - first == DAY + HOUR


@pytest.mark.parametrize(
    ("timing", "since", "expected"),
    [
        (Timing(), "2026-03-02 12:00", "Mon 02 Mar 12:00"),
        (Timing(), "2026-03-02 18:00", "Tue 03 Mar 08:00"),
        (Timing(2 * DAY), "2026-03-05 10:00", "Mon 09 Mar 08:00"),
        (Timing(at=9 * 60), "2026-03-05 10:00", "Mon 09 Mar 09:00"),
        (Timing(at=6 * 60), "2026-03-02 10:00", "Tue 03 Mar 08:00"),
    ],
)
def test_what_would_go_outside_hours_goes_when_they_are_open(timing: Timing, since: str, expected: str) -> None:
    assert goes(timing, since, OFFICE) == expected


def test_hours_that_never_open_hold_nothing_back() -> None:
    never = Hours(zone=WARSAW, week=((),) * 7)
    assert goes(Timing(HOUR), "2026-03-02 12:00", never) == "Mon 02 Mar 13:00"
    assert goes(Timing(at=9 * 60), "2026-03-02 12:00", never) == "Tue 03 Mar 09:00"


def test_seconds_are_kept_over_days() -> None:
    since = at("2026-03-02 15:00") + 12_345
    assert instant_of(Timing(3 * DAY + MINUTE), since, WARSAW, None) == since + 3 * DAY + MINUTE
