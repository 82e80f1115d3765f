"""From the tables of opening hours to what the core reads."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from config.hours_schema import OpeningHours, days_of
from config.public_holidays import PublicHolidays
from queues.hours import Hours, Interval

# Any year: it makes the library load a country now, and not when the first customer of a year comes.
_LOADING_YEAR = 2026


def hours_of(tables: Mapping[str, OpeningHours], time_zone: str) -> dict[str, Hours]:
    """Return the hours that `tables` say; `time_zone` is that of tables without one."""
    return {name: _hours(table, time_zone) for name, table in tables.items()}


def _hours(table: OpeningHours, time_zone: str) -> Hours:
    holidays = PublicHolidays(table.holidays, table.holidays_worked) if table.holidays else None
    if holidays is not None:
        holidays.in_year(_LOADING_YEAR)
    return Hours(
        zone=ZoneInfo(table.time_zone or time_zone),
        week=_week(table.week),
        openings=table.open,
        closings=table.closed,
        holidays=holidays,
    )


def _week(week: Mapping[str, tuple[Interval, ...]]) -> tuple[tuple[Interval, ...], ...]:
    by_day = {day: intervals for days, intervals in week.items() for day in days_of(days)}
    return tuple(by_day.get(day, ()) for day in range(7))
