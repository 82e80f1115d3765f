"""Opening hours for tests, and the slow way to know them: every clock on every wall is looked at."""

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import strategies as st

from queues.hours import Holidays, Hours, Interval, Status
from vocabulary.instants import DAY, MINUTE, Instant

STEP = 15 * MINUTE
"""All drawn times and all changes of clocks are multiples of it."""
_AROUND = 5
"""So many days before and after `steps` are clocks looked at."""


class Changing(NamedTuple):
    """A place and a date near which its clocks are changed."""

    zone: str
    date: str


CHANGES = (
    Changing("Europe/Warsaw", "2026-03-29"),
    Changing("Europe/Warsaw", "2026-10-25"),
    Changing("Europe/Vilnius", "2026-10-25"),
    Changing("America/New_York", "2026-03-08"),
    Changing("America/St_Johns", "2026-11-01"),  # 3.5 hours behind
    Changing("America/Havana", "2026-03-08"),  # from 00:00 to 01:00
    Changing("America/Havana", "2026-11-01"),  # from 01:00 back to 00:00
    Changing("Africa/Cairo", "2025-04-25"),  # from 00:00 to 01:00
    Changing("Africa/Cairo", "2025-10-31"),  # from 00:00 back to 23:00 of the day before
    Changing("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    Changing("Asia/Kathmandu", "2026-06-15"),  # never; 5.75 hours ahead
    Changing("Pacific/Apia", "2011-12-30"),  # a date that never was
)


class SomeHolidays(msgspec.Struct, frozen=True):
    """Holidays that a test names."""

    names: Mapping[date, str] = {}

    def in_year(self, year: int) -> Mapping[date, str]:
        return {day: name for day, name in self.names.items() if day.year == year}


def intervals(text: str) -> tuple[Interval, ...]:
    """Return the intervals of "08:00-12:00 22:00-06:00"."""
    found = []
    for word in text.split():
        start, end = ((int(time[:2]) * 60 + int(time[3:])) for time in word.split("-"))
        found.append(Interval(start, end if end > start else end + 24 * 60))
    return tuple(found)


def hours(
    week: str = "",
    *,
    zone: str = "UTC",
    weekend: str = "",
    openings: Mapping[str, str] | None = None,
    closings: Mapping[str, str] | None = None,
    holidays: Holidays | None = None,
) -> Hours:
    """Return hours, the same on all working days."""
    return Hours(
        zone=ZoneInfo(zone),
        week=(intervals(week),) * 5 + (intervals(weekend),) * 2,
        openings={day: intervals(text) for day, text in (openings or {}).items()},
        closings=closings or {},
        holidays=holidays,
    )


def _some_intervals() -> st.SearchStrategy[tuple[Interval, ...]]:
    minutes = st.integers(0, 24 * 4 - 1).map(lambda quarters: quarters * 15)
    lengths = st.integers(1, 24 * 4).map(lambda quarters: quarters * 15)
    one = st.builds(lambda start, length: Interval(start, start + length), minutes, lengths)
    return st.lists(one, max_size=3).map(tuple)


@st.composite
def changing_hours(draw: st.DrawFn) -> tuple[Changing, Hours]:
    """Draw hours of a place near a change of its clocks, with exceptions on the days around."""
    place = draw(st.sampled_from(CHANGES))
    near = [date.fromisoformat(place.date) + timedelta(days=shift) for shift in range(-2, 3)]
    keys = st.sampled_from([text for day in near for text in (day.isoformat(), day.isoformat()[5:])])
    return place, Hours(
        zone=ZoneInfo(place.zone),
        week=tuple(draw(_some_intervals()) for _ in range(7)),
        openings=draw(st.dictionaries(keys, _some_intervals(), max_size=2)),
        closings=draw(st.dictionaries(keys, st.just("own"), max_size=2)),
        holidays=SomeHolidays(draw(st.dictionaries(st.sampled_from(near), st.just("public"), max_size=2))),
    )


def steps(place: Changing) -> range:
    """Return the instants that are looked at: two days before and after."""
    midnight = int(datetime.combine(date.fromisoformat(place.date), datetime.min.time(), UTC).timestamp()) * 1000
    return range(midnight - 2 * DAY, midnight + 3 * DAY, STEP)


@functools.cache
def _clocks(place: Changing) -> tuple[tuple[Instant, datetime], ...]:
    looked_at = steps(place)
    wide = range(looked_at.start - _AROUND * DAY, looked_at.stop + _AROUND * DAY, STEP)
    zone = ZoneInfo(place.zone)
    return tuple((at, datetime.fromtimestamp(at // 1000, zone).replace(tzinfo=None)) for at in wide)


def looked_up(place: Changing, of: Hours) -> dict[Instant, Status]:
    """Return the status at each of `steps`, from nothing but what clocks show, as semantics has it.

    An interval is open from the first step on that shows its start or more, to the last one that shows less than its
    end.
    """
    clocks = _clocks(place)
    open_at: set[Instant] = set()
    for day in (date.fromisoformat(place.date) + timedelta(days=shift) for shift in range(-4, 5)):
        for interval in _on(of, day):
            midnight = datetime.combine(day, datetime.min.time())
            start, end = (midnight + timedelta(minutes=minutes) for minutes in interval)
            first = next(at for at, shown in clocks if shown >= start)
            last = next(at for at, shown in reversed(clocks) if shown < end)
            open_at.update(range(first, last + STEP, STEP))
    shown = dict(clocks)
    return {
        at: "open" if at in open_at else "holiday" if _is_holiday(of, shown[at].date()) else "closed"
        for at in steps(place)
    }


def _on(of: Hours, day: date) -> tuple[Interval, ...]:
    for key in (f"{day:%Y-%m-%d}", f"{day:%m-%d}"):
        if key in of.openings:
            return of.openings[key]
        if key in of.closings:
            return ()
    return () if _is_holiday(of, day) else of.week[day.weekday()]


def _is_holiday(of: Hours, day: date) -> bool:
    own = f"{day:%Y-%m-%d}" in of.closings or f"{day:%m-%d}" in of.closings
    return own or (of.holidays is not None and day in of.holidays.in_year(day.year))
