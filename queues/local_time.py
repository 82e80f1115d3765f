"""Between instants and clocks on a wall, over the nights when clocks are changed."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from vocabulary.instants import DAY, MINUTE, SECOND, Instant, Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DATE = date(1970, 1, 1)
_MIDNIGHT = time()


def date_at(zone: tzinfo, at: Instant) -> date:
    """Return the date on a calendar in `zone`."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone).date()


def first_at(zone: tzinfo, day: date, minutes: int) -> Instant:
    """Return the first instant when the clocks in `zone` show `minutes` after midnight of `day`, or more.

    A time that is shown twice counts from the first time on. One that is skipped counts as the moment of the change.
    """
    before, after = _candidates(zone, day, minutes)
    # PEP 495: in a gap, reading the time by the offset from before the change gives the later of the two.
    return before if before <= after else _change_between(zone, after, before)


def end_before(zone: tzinfo, day: date, minutes: int) -> Instant:
    """Return the instant from which on the clocks in `zone` never again show less than `minutes` after that midnight.

    A time that is shown twice counts as the second time; 02:00 of a clock that goes from 03:00 back to 02:00 as the
    first, because less than 02:00 is not shown again. A skipped time counts as the moment of the change.
    """
    before, after = _candidates(zone, day, minutes)
    if before > after:
        return _change_between(zone, after, before)
    if before < after and _offset_at(zone, after - SECOND) == _offset_at(zone, after):
        return after
    return before


def _candidates(zone: tzinfo, day: date, minutes: int) -> tuple[Instant, Instant]:
    """Return the instants that a time on the wall means by the offset before a change of clocks, and by the one after.

    They are equal on all but the nights of a change.
    """
    wall = datetime.combine(day, _MIDNIGHT) + timedelta(minutes=minutes)
    shown = (day - _EPOCH_DATE).days * DAY + minutes * MINUTE
    return shown - _ms(zone.utcoffset(wall)), shown - _ms(zone.utcoffset(wall.replace(fold=1)))


def _change_between(zone: tzinfo, low: Instant, high: Instant) -> Instant:
    """Return when the clocks were changed: after `low`, at `high` at the latest."""
    offset = _offset_at(zone, low)
    while high - low > SECOND:
        middle = (low + high) // (2 * SECOND) * SECOND
        if _offset_at(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _offset_at(zone: tzinfo, at: Instant) -> Span:
    return _ms((_EPOCH + timedelta(milliseconds=at)).astimezone(zone).utcoffset())


def _ms(offset: timedelta | None) -> Span:
    assert offset is not None, "a zone knows its offset"
    return offset // timedelta(milliseconds=1)
