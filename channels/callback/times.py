"""Times at which a customer may be called, as the form shows them: days by his own clock, each with its windows."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from vocabulary.instants import Instant, Span

NOW = "now"
"""The choice of who wants to be called as soon as possible."""

DayName = Callable[[date], str]


class Free(msgspec.Struct, frozen=True):
    """Windows that can be booked, in order, each so long; `zone` is where the queue is."""

    starts: tuple[Instant, ...]
    length: Span
    zone: tzinfo


class Day(msgspec.Struct, frozen=True):
    """A day with times: as the form sends it, and as people read it."""

    value: str
    name: str


class Time(msgspec.Struct, frozen=True):
    """A window: as the form sends it, and as people read it."""

    value: str
    text: str


class Times(msgspec.Struct, frozen=True):
    """The days that there are, and the windows of one of them."""

    zone: str
    days: tuple[Day, ...]
    shown: Day
    slots: tuple[Time, ...]


def times(free: Free, zone: tzinfo, wanted: str, day_name: DayName) -> Times | None:
    """Return the days and the windows of day `wanted`, or of the first one if that has none; None without any."""
    by_day = {day: list(starts) for day, starts in groupby(free.starts, lambda start: _local(start, zone).date())}
    if not by_day:
        return None
    shown = next((day for day in by_day if day.isoformat() == wanted), next(iter(by_day)))
    days = {day: Day(day.isoformat(), day_name(day)) for day in by_day}
    slots = tuple(Time(str(start), window_text(start, start + free.length, zone)) for start in by_day[shown])
    return Times(str(zone), tuple(days.values()), days[shown], slots)


def day_of(start: Instant, zone: tzinfo) -> date:
    """Return the day on which a window begins."""
    return _local(start, zone).date()


def window_text(start: Instant, end: Instant, zone: tzinfo) -> str:
    """Return a window by the clock of `zone`, such as "09:00–09:30"."""
    return f"{_local(start, zone):%H:%M}–{_local(end, zone):%H:%M}"


def _local(at: Instant, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, zone)


def zone_of(name: object) -> ZoneInfo | None:
    """Return the IANA zone `name`, or None if there is none of that name."""
    if not isinstance(name, str):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
