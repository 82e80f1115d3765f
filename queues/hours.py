"""Opening hours (semantics.md section 12): open, closed or holiday at an instant, and time that counts only while open.

Zone and holidays come in as arguments. What is worked out for a week is kept, so that asking again costs a look-up.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Literal, NamedTuple, Protocol

from queues.local_time import date_at, end_before, first_at
from vocabulary.instants import DAY, Instant, Span

Status = Literal["open", "closed", "holiday"]
Window = tuple[Instant, Instant]
"""From the first instant to before the second."""

AHEAD = 400
"""So many days ahead the next change and the next opening are looked for."""
AHEAD_COUNTING = 3660
"""So many days ahead business time is counted."""

_WEEK: Span = 7 * DAY
_KEPT_MAX = 1000
_EPOCH = date(1970, 1, 1).toordinal()
# Weeks since 1970, far enough inside the calendar that no date around them falls out of it.
_FIRST, _LAST = (date(2, 1, 1).toordinal() - _EPOCH) // 7, (date(9998, 12, 1).toordinal() - _EPOCH) // 7


class Interval(NamedTuple):
    """Minutes on the clock since midnight, from `start` to before `end`; an end above 1440 is on the next day."""

    start: int
    end: int


class Holidays(Protocol):
    """Public holidays: a pure function of the year."""

    def in_year(self, year: int) -> Mapping[date, str]:
        """Return the names of the holidays of `year` by their dates; asked often, so keep what was worked out."""
        ...


class _Week(NamedTuple):
    """Seven days of UTC: from `starts[n]` on it is `statuses[n]`, which differs from the one before."""

    starts: tuple[Instant, ...]
    statuses: tuple[Status, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When somebody is there. Equal by what it says; may be a key of a dict.

    An interval belongs to the date on which it begins: one over midnight runs on into a holiday, and does not begin on
    one. Nobody who looks at a clock between opening and closing time finds it closed: a time that is shown twice opens
    the first time and closes the second, a skipped one does so when the clocks change (`queues/local_time.py`).

    Args:
        zone: whose clocks count.
        week: intervals of Monday to Sunday. They may touch and overlap.
        openings: intervals instead of these on a date, "2026-12-24", or on this date of each year, "12-24".
        closings: names of own holidays, by such dates. A date with its year wins over one without.
        holidays: public holidays; they win over the week alone.
    """

    zone: tzinfo
    week: tuple[tuple[Interval, ...], ...] = ((),) * 7
    openings: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    closings: Mapping[str, str] = field(default_factory=dict)
    holidays: Holidays | None = None
    _weeks: dict[int, _Week] = field(default_factory=dict, init=False, repr=False, compare=False)
    _changes: dict[int, Instant | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.zone, self.week, *sorted(self.openings), *sorted(self.closings)))

    def status(self, at: Instant) -> Status:
        """Return "open", else "holiday" on the date of a holiday, else "closed"."""
        number = at // _WEEK
        week = self._weeks.get(number) or self._week(number)
        return week.statuses[bisect_right(week.starts, at) - 1]

    def is_open(self, at: Instant) -> bool:
        """Tell whether it is open."""
        return self.status(at) == "open"

    def holiday(self, at: Instant) -> str | None:
        """Return the name of the holiday on the date at `at`, even if it is open on it."""
        return self._holiday_on(date_at(self.zone, at)) if _FIRST <= at // _WEEK <= _LAST else None

    def next_change(self, at: Instant) -> Instant | None:
        """Return the first instant after `at` with another status; None if about `AHEAD` days have none."""
        number = at // _WEEK
        week = self._week(number)
        place = bisect_right(week.starts, at)
        if place < len(week.starts):
            return week.starts[place]
        if number not in self._changes:
            _make_room(self._changes)
            self._changes[number] = self._change_after(number)
        return self._changes[number]

    def next_open(self, at: Instant) -> Instant | None:
        """Return the first instant from `at` on when it is open; None if it is not in the next `AHEAD` days."""
        return next((start for start, _ in self._pieces(at, at + AHEAD * DAY)), None)

    def open_between(self, start: Instant, end: Instant) -> Span:
        """Return how long it is open from `start` to `end`, ms; 0 if `end` is not after `start`."""
        return sum(until - since for since, until in self._pieces(start, end))

    def add_open(self, start: Instant, span: Span) -> Instant | None:
        """Return the first instant by which it has been open for `span` since `start`.

        None if that takes more than `AHEAD_COUNTING` days. What ends with the day is due at its closing, not at the
        next opening.
        """
        left = span
        if left <= 0:
            return start
        for since, until in self._pieces(start, start + AHEAD_COUNTING * DAY):
            if left <= until - since:
                return since + left
            left -= until - since
        return None

    def windows(self, from_: Instant, until: Instant) -> Iterator[Window]:
        """Yield when it is open between `from_` and `until`, in order; what touches is one."""
        yield from _joined(self._pieces(from_, until))

    def _pieces(self, from_: Instant, until: Instant) -> Iterator[Window]:
        """Yield when it is open between `from_` and `until`, cut where a week of UTC ends."""
        for number in range(max(from_ // _WEEK, _FIRST), min(-(-until // _WEEK), _LAST + 1)):
            yield from _cut(self._week(number).windows, from_, until)

    def _change_after(self, number: int) -> Instant | None:
        """Return when the status with which a week ends changes, after that week."""
        last = self._week(number).statuses[-1]
        for later in range(number + 1, number + 2 + AHEAD // 7):
            week = self._week(later)
            if week.statuses[0] != last:
                return week.starts[0]
            if len(week.starts) > 1:
                return week.starts[1]
        return None

    def _week(self, number: int) -> _Week:
        """Return a week of UTC; `number` counts from 1970-01-01, a Thursday."""
        week = self._weeks.get(number)
        if week is None:
            _make_room(self._weeks)
            week = self._weeks[number] = self._worked_out(number)
        return week

    def _worked_out(self, number: int) -> _Week:
        start, end = number * _WEEK, (number + 1) * _WEEK
        if not _FIRST <= number <= _LAST:
            return _Week((start,), ("closed",), ())
        # Zones are less than a day ahead or behind, and an interval may have begun on the date before.
        dates = [date.fromordinal(_EPOCH + number * 7 + shift) for shift in range(-2, 8)]
        windows = tuple(_joined(_cut(sorted(window for day in dates for window in self._windows_of(day)), start, end)))
        holidays = [self._whole(day) for day in dates if self._holiday_on(day) is not None]
        edges = sorted({start, *(edge for window in (*windows, *holidays) for edge in window if start < edge < end)})
        starts: list[Instant] = []
        statuses: list[Status] = []
        for edge in edges:
            status: Status = "open" if _in(windows, edge) else "holiday" if _in(holidays, edge) else "closed"
            if not statuses or status != statuses[-1]:
                starts.append(edge)
                statuses.append(status)
        return _Week(tuple(starts), tuple(statuses), windows)

    def _windows_of(self, day: date) -> Iterator[Window]:
        """Yield what begins on a date; on the night when clocks go forward, an interval may come to nothing."""
        for interval in self._intervals_of(day):
            yield first_at(self.zone, day, interval.start), end_before(self.zone, day, interval.end)

    def _whole(self, day: date) -> Window:
        return first_at(self.zone, day, 0), first_at(self.zone, day, 24 * 60)

    def _intervals_of(self, day: date) -> tuple[Interval, ...]:
        for key in _keys(day):
            if key in self.openings:
                return self.openings[key]
            if key in self.closings:
                return ()
        return self.week[day.weekday()] if self._public(day) is None else ()

    def _holiday_on(self, day: date) -> str | None:
        own = next((self.closings[key] for key in _keys(day) if key in self.closings), None)
        return own if own is not None else self._public(day)

    def _public(self, day: date) -> str | None:
        return self.holidays.in_year(day.year).get(day) if self.holidays is not None else None


def _keys(day: date) -> tuple[str, str]:
    """Return how openings and closings name a date: with its year, and without."""
    text = day.isoformat()
    return text, text[5:]


def _in(windows: Iterable[Window], at: Instant) -> bool:
    return any(start <= at < end for start, end in windows)


def _cut(windows: Iterable[Window], start: Instant, end: Instant) -> Iterator[Window]:
    """Yield what of `windows` lies between two instants."""
    for since, until in windows:
        if max(since, start) < min(until, end):
            yield max(since, start), min(until, end)


def _joined(windows: Iterable[Window]) -> Iterator[Window]:
    """Yield windows that are in order of their starts, those that touch or overlap as one."""
    begun: Window | None = None
    for start, end in windows:
        if begun is None or start > begun[1]:
            if begun is not None:
                yield begun
            begun = (start, end)
        else:
            begun = (begun[0], max(begun[1], end))
    if begun is not None:
        yield begun


def _make_room(kept: dict[int, _Week] | dict[int, Instant | None]) -> None:
    if len(kept) >= _KEPT_MAX:
        kept.clear()
