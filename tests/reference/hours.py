"""Section 12, hours: weekly intervals, time zone, holidays, own dates; over the nights when clocks are changed.

Readings, which are those of `queues.hours.Hours`: an interval belongs to the date on which it begins; a date with its
year wins over one without, own dates over public holidays, these over the week; a time that is shown twice opens the
first time and closes the second. Whoever opens and closes does so at multiples of `STEP`, as clocks are changed.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from queues.hours import Hours, Interval
from vocabulary.instants import DAY, HOUR, MINUTE, Instant, Span

STEP = 5 * MINUTE
AHEAD = 400
"""So many days ahead a change and an opening are looked for."""
Opening = tuple[Instant, Instant]


def status(hours: Hours | None, at: Instant) -> str:
    """Return "open", else "holiday" on the date of a holiday, else "closed"; without hours it never closes."""
    if hours is None or any(start <= at < end for start, end in _openings(hours, at, at + 1)):
        return "open"
    return "holiday" if _is_holiday(hours, date_at(hours.zone, at)) else "closed"


def next_change(hours: Hours | None, at: Instant) -> Instant | None:
    """Return the first instant after `at` with another status: where something opens or closes, or a date begins."""
    if hours is None:
        return None
    now = status(hours, at)
    day = date_at(hours.zone, at) - timedelta(days=2)
    for shift in range(AHEAD + 4):
        for edge in _edges(hours, day + timedelta(days=shift)):
            if edge > at and status(hours, edge) != now:
                return edge
    return None


def next_open(hours: Hours | None, at: Instant) -> Instant | None:
    """Return the first instant from `at` on when it is open."""
    if hours is None:
        return at
    for start, end in _openings(hours, at, at + AHEAD * DAY):
        if end > at:
            return max(start, at)
    return None


def open_between(hours: Hours | None, start: Instant, end: Instant) -> Span:
    """Return how long it is open from `start` to `end`."""
    if hours is None:
        return max(0, end - start)
    total = 0
    for opens, closes in joined(hours, start, end):
        total += max(0, min(closes, end) - max(opens, start))
    return total


def next_closing(hours: Hours | None, at: Instant) -> Instant | None:
    """Return when it closes next: where it is closed, after it has opened; None if it never does."""
    opens = next_open(hours, at)
    return None if opens is None else next_change(hours, opens)


def after(hours: Hours | None, start: Instant, span: Span) -> Instant:
    """Return when it has been open for `span` since `start`. Reading: if it never is, hours don't count."""
    if hours is None or span <= 0:
        return start + span
    left = span
    for opens, closes in joined(hours, start, start + AHEAD * DAY):
        since = max(opens, start)
        if left <= closes - since:
            return since + left
        left -= max(0, closes - since)
    return start + span


def opened_at(hours: Hours, at: Instant) -> Instant | None:
    """Return when the opening began that is running at `at`; None if it has been open for longer than `AHEAD` days."""
    for opens, closes in joined(hours, at - AHEAD * DAY, at + 1):
        if opens <= at < closes:
            return opens if opens > at - AHEAD * DAY else None
    raise AssertionError("it is closed")


def joined(hours: Hours, from_: Instant, until: Instant) -> Iterator[Opening]:
    """Iterate over the openings that reach into the time between; what touches or overlaps is one."""
    begun: Opening | None = None
    for start, end in _openings(hours, from_, until + 2 * DAY):
        if begun is not None and start <= begun[1]:
            begun = begun[0], max(begun[1], end)
            continue
        if begun is not None:
            yield begun
        begun = start, end
    if begun is not None:
        yield begun


def _openings(hours: Hours, from_: Instant, until: Instant) -> Iterator[Opening]:
    """Iterate over the intervals of each date, earliest first, that reach into the time between."""
    day, last = date_at(hours.zone, from_) - timedelta(days=2), date_at(hours.zone, until)
    while day <= last:
        for start, end in _of(hours, day):
            if start < until and end > from_:
                yield start, end
        day += timedelta(days=1)


def _edges(hours: Hours, day: date) -> list[Instant]:
    edges = [edge for opening in _of(hours, day) for edge in opening]
    if _is_holiday(hours, day):
        edges += [first_shown(hours.zone, day, 0), first_shown(hours.zone, day, 24 * 60)]
    return sorted(edges)


@lru_cache(4096)
def _of(hours: Hours, day: date) -> tuple[Opening, ...]:
    """Return from the first instant when clocks show its start to the last when they show less than its end."""
    zone = hours.zone
    found = [(first_shown(zone, day, each.start), _last(zone, day, each.end)) for each in _intervals(hours, day)]
    return tuple(sorted(opening for opening in found if opening[0] < opening[1]))


def _intervals(hours: Hours, day: date) -> tuple[Interval, ...]:
    for key in (f"{day:%Y-%m-%d}", f"{day:%m-%d}"):
        if key in hours.openings:
            return hours.openings[key]
        if key in hours.closings:
            return ()
    return () if _is_holiday(hours, day) else hours.week[day.weekday()]


def _is_holiday(hours: Hours, day: date) -> bool:
    own = f"{day:%Y-%m-%d}" in hours.closings or f"{day:%m-%d}" in hours.closings
    return own or (hours.holidays is not None and day in hours.holidays.in_year(day.year))


def date_at(zone: tzinfo, at: Instant) -> date:
    """Return the date on a calendar in `zone`."""
    return datetime.fromtimestamp(at // 1000, zone).date()


def first_shown(zone: tzinfo, day: date, minutes: int) -> Instant:
    """Return the first instant when clocks show so many minutes after that midnight, or more."""
    if not _clocks_change(zone, day):
        return _midnight(zone, day) + minutes * MINUTE
    return next(at for at, shown in _clocks(zone, day) if shown >= minutes)


def _last(zone: tzinfo, day: date, minutes: int) -> Instant:
    """Return from when on clocks never again show less than so many minutes after that midnight."""
    if not _clocks_change(zone, day):
        return _midnight(zone, day) + minutes * MINUTE
    return max(at for at, shown in _clocks(zone, day) if shown < minutes) + STEP


@lru_cache(4096)
def _midnight(zone: tzinfo, day: date) -> Instant:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


@lru_cache(4096)
def _clocks_change(zone: tzinfo, day: date) -> bool:
    """Tell whether clocks are changed about a date; on others, each minute on the wall is one."""
    days = [datetime(day.year, day.month, day.day, 12, tzinfo=zone) + timedelta(days=shift) for shift in range(-2, 5)]
    return len({each.utcoffset() for each in days}) > 1


@lru_cache(64)
def _clocks(zone: tzinfo, day: date) -> tuple[tuple[Instant, int], ...]:
    """Return what clocks show around a date, step by step, in minutes since its midnight."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - on the wall
    begin = int(midnight.replace(tzinfo=UTC).timestamp()) * 1000 - 16 * HOUR
    found = []
    for at in range(begin, begin + 4 * DAY, STEP):
        shown = datetime.fromtimestamp(at // 1000, zone).replace(tzinfo=None) - midnight
        found.append((at, shown // timedelta(minutes=1)))
    return tuple(found)
