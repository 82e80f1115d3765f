"""The `[hours.NAME]` tables, and how times, days and dates are written in them."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from config.faults import closest
from config.kinds import Kind, Text, Zone
from queues.hours import Interval

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60
_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_LOOSE = re.compile(r"\s*(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|\u2013|\u2014|to)\s*(\d{1,2})(?:[:.](\d{2}))?\s*")
_LEAP_YEAR = 2000


def interval_of(text: str) -> Interval:
    """Return what "08:00-17:00" or, over midnight, "22:00-06:00" says.

    Raises:
        ValueError: not of that form, or it begins when it ends.
    """
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    start, end = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    if start == end or start >= _MIDNIGHT:
        raise ValueError(text)
    return Interval(start, end if end > start else end + _MIDNIGHT)


def interval_text(interval: Interval) -> str:
    """Return an interval as the file writes it."""
    end = interval.end if interval.end <= _MIDNIGHT else interval.end - _MIDNIGHT
    return f"{interval.start // 60:02}:{interval.start % 60:02}-{end // 60:02}:{end % 60:02}"


def days_of(text: str) -> tuple[int, ...]:
    """Return the days of "mon", "mon-fri" or "sat-sun", Monday as 0; "fri-mon" goes over the end of the week.

    Raises:
        ValueError: not of that form.
    """
    first, dash, last = text.partition("-")
    start = DAYS.index(first)
    return tuple((start + step) % 7 for step in range((DAYS.index(last) - start) % 7 + 1)) if dash else (start,)


def _minutes(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > _MIDNIGHT:
        raise ValueError(f"{hour}:{minute}")
    return minutes


def _interval_guess(value: object) -> str | None:
    """Return the interval that "8-17" or "8.00 to 17.30" stands for."""
    match = _LOOSE.fullmatch(str(value))
    if match is None:
        return None
    try:
        return interval_text(interval_of(f"{match[1]}:{match[2] or '00'}-{match[3]}:{match[4] or '00'}"))
    except ValueError:
        return None


def _days(text: str, _: Path) -> str:
    days_of(text)
    return text


def _days_guess(value: object) -> str | None:
    """Return the days that "Monday - Friday" stands for."""
    short = "-".join(name.strip()[:3].lower() for name in re.split("[-\u2013]| to ", str(value)))
    try:
        return _days(short, Path())
    except ValueError:
        return closest(str(value), DAYS)


def _date(text: str, _: Path) -> str:
    if not re.fullmatch(r"(\d{4}-)?\d{2}-\d{2}", text):
        raise ValueError(text)
    date.fromisoformat(text if len(text) > 5 else f"{_LEAP_YEAR}-{text}")
    return text


def _date_guess(value: object) -> str | None:
    """Return the date that "24.12.2026" stands for."""
    match = re.fullmatch(r"\s*(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})?\s*", str(value))
    return "-".join([*([match[3]] if match[3] else []), match[2].zfill(2), match[1].zfill(2)]) if match else None


def _holidays(text: str, _: Path) -> str:
    if not re.fullmatch(r"[A-Z]{2}(?:-[^\s-].{0,40})?", text):
        raise ValueError(text)
    return text


_INTERVALS = Kind(
    expected='hours such as "08:00-17:00" or, over midnight, "22:00-06:00"',
    read=lambda text, _: interval_of(text),
    show=interval_text,
    guess=_interval_guess,
)
_DAY_RANGE = Kind(expected='a day or days such as "sat" or "mon-fri"', read=_days, guess=_days_guess)
_DATES = Kind(expected='a date such as "2026-12-24", or "12-24" for every year', read=_date, guess=_date_guess)
_HOLIDAYS = Kind(
    expected='a country such as "PL", or a part of one such as "DE-BY"',
    read=_holidays,
    guess=lambda value: str(value).upper() if re.fullmatch("[A-Za-z]{2}(-[A-Za-z]+)?", str(value)) else None,
)

Days = Annotated[str, Meta(extra={"kind": _DAY_RANGE})]
DateKey = Annotated[str, Meta(extra={"kind": _DATES})]
HolidaysOf = Annotated[str, Meta(extra={"kind": _HOLIDAYS})]
Intervals = Annotated[tuple[Annotated[Interval, Meta(extra={"kind": _INTERVALS})], ...], Meta(extra={"one": True})]


class OpeningHours(msgspec.Struct, frozen=True):
    """When somebody is there. What goes over midnight belongs to the day on which it begins."""

    time_zone: Annotated[
        Zone | None, Meta(description="Zone of these times; left out: `site.time_zone`.", examples=["Europe/Warsaw"])
    ] = None
    week: Annotated[
        dict[Days, Intervals],
        Meta(
            description='Hours by day or days, from `mon` to `sun`; days left out are closed. "00:00-24:00": all day.',
            examples=[{"mon-fri": ["08:00-12:00", "13:00-17:00"], "sat": "09:00-13:00"}],
        ),
    ] = {}
    holidays: Annotated[
        tuple[HolidaysOf, ...],
        Meta(
            description="Closed on the public holidays of these countries or parts of countries.",
            examples=["PL"],
            extra={"one": True},
        ),
    ] = ()
    holidays_worked: Annotated[
        tuple[Text, ...],
        Meta(
            description="Public holidays on which you work all the same, by their English names.",
            examples=[["Columbus Day"]],
            extra={"one": True},
        ),
    ] = ()
    closed: Annotated[
        dict[DateKey, Text],
        Meta(
            description="Own holidays by date, with their names. A date without a year is meant each year.",
            examples=[{"12-24": "Christmas Eve"}],
        ),
    ] = {}
    open: Annotated[
        dict[DateKey, Intervals],
        Meta(
            description="Hours of single dates in place of those of the week, on holidays too.",
            examples=[{"2026-12-20": ["10:00-14:00"]}],
        ),
    ] = {}
