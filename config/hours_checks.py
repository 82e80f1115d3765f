"""What is wrong with opening hours: days and dates that stand twice, hours that overlap, unknown countries."""

from collections.abc import Sequence

from config.crosschecks import Checks
from config.faults import KeyPath, closest, found_text
from config.hours_schema import DAYS, OpeningHours, days_of, interval_text
from config.public_holidays import countries, names_of, parts_of
from queues.hours import Interval


def check_hours(checks: Checks) -> None:
    """Look over [hours]."""
    for name, table in checks.settings.hours.items():
        path = ("hours", name)
        sound = all(checks.sound(each) for each in (path, (*path, "week"), (*path, "open")))
        if not table.week and not table.open and sound:
            checks.note((*path, "week"), "nothing", 'hours by day, such as { mon-fri = "08:00-17:00" }')
        _check_week(checks, (*path, "week"), table)
        _check_dates(checks, path, table)
        _check_holidays(checks, path, table)


def _check_week(checks: Checks, path: KeyPath, table: OpeningHours) -> None:
    named: dict[int, str] = {}
    for key, intervals in table.week.items():
        _check_overlap(checks, (*path, key), intervals)
        for day in _days_or_none(key):
            if day in named:
                checks.note((*path, key), f"{DAYS[day]} a second time", f'days that "{named[day]}" leaves over')
                break
            named[day] = key


def _days_or_none(key: str) -> tuple[int, ...]:
    """Return the days of `key`; none if its fault is noted already."""
    try:
        return days_of(key)
    except ValueError:
        return ()


def _check_dates(checks: Checks, path: KeyPath, table: OpeningHours) -> None:
    for key, intervals in table.open.items():
        _check_overlap(checks, (*path, "open", key), intervals)
        if key in table.closed:
            checks.note((*path, "open", key), "a date that is closed too", "the date in one of the two")


def _check_overlap(checks: Checks, path: KeyPath, intervals: Sequence[Interval]) -> None:
    for place, interval in enumerate(intervals):
        before = (each for each in intervals[:place] if each.start < interval.end and interval.start < each.end)
        other = next(before, None)
        if other is not None:
            shown = found_text(interval_text(interval))
            checks.note(path, shown, f"hours that don't overlap {interval_text(other)}")


def _check_holidays(checks: Checks, path: KeyPath, table: OpeningHours) -> None:
    known = [_is_known(checks, (*path, "holidays"), code) for code in table.holidays]
    worked = (*path, "holidays_worked")
    if table.holidays_worked and not table.holidays and checks.sound(path):
        checks.note(worked, "no holidays beside it", "the country that they are holidays of")
    if table.holidays_worked and known and all(known):
        names = names_of(table.holidays)
        for name in table.holidays_worked:
            if name not in names:
                expected = f"the English name of a holiday of {' or '.join(table.holidays)}"
                checks.note(worked, found_text(name), expected, closest(name, names))


def _is_known(checks: Checks, path: KeyPath, code: str) -> bool:
    """Tell whether the holidays of `code` are known; note it if they aren't."""
    country, dash, part = code.partition("-")
    if country not in countries():
        checks.note(path, found_text(code), 'a country whose holidays are known, such as "PL"')
        return False
    if not dash or part in parts_of(country):
        return True
    guess = closest(part, parts_of(country))
    expected = f'"{country}", or a part of it that has holidays of its own'
    checks.note(path, found_text(code), expected, f"{country}-{guess}" if guess else country)
    return False
