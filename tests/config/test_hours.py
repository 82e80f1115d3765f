"""Opening hours in the file: what they say to the core, and what is wrong with them."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.hours import hours_of
from config.hours_schema import days_of, interval_of, interval_text
from config.public_holidays import PublicHolidays, names_of
from queues.hours import Hours, Interval
from tests.config.files import SMALL, faults, lines, reading, shipped
from vocabulary.instants import instant_of

ROOT = Path(__file__).parents[2]


def office(table: str, site: str = "") -> Hours:
    """Return the hours that the lines of a table say."""
    settings = reading(f"{site}{SMALL}[hours.office]\n{table}").settings
    assert settings is not None, faults(f"{site}{SMALL}[hours.office]\n{table}")
    return hours_of(settings.hours, settings.site.time_zone)["office"]


def statuses(of: Hours, *times: str) -> list[str]:
    return [of.status(instant_of(time)) for time in times]


def fresh(code: str, **environment: str) -> str:
    """Return what a new process prints."""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return ran.stdout.strip()


def test_a_table_says_everything_that_the_core_reads() -> None:
    assert office(
        """\
time_zone = "Europe/Vilnius"
week = { mon-wed = ["08:00-12:00", "13:00-17:00"], fri-sat = "22:00-06:00", sun = [], thu = "00:00-24:00" }
holidays = ["PL", "DE-BY"]
holidays_worked = "Epiphany"
closed = { 12-24 = "Christmas Eve", "2026-05-02" = "Staff outing" }
open = { 2026-12-20 = "10:00-14:00" }
"""
    ) == Hours(
        zone=ZoneInfo("Europe/Vilnius"),
        week=(
            *((Interval(480, 720), Interval(780, 1020)),) * 3,
            (Interval(0, 1440),),
            *((Interval(1320, 1800),),) * 2,
            (),
        ),
        openings={"2026-12-20": (Interval(600, 840),)},
        closings={"12-24": "Christmas Eve", "2026-05-02": "Staff outing"},
        holidays=PublicHolidays(("PL", "DE-BY"), ("Epiphany",)),
    )


def test_hours_without_a_zone_are_those_of_the_site() -> None:
    week = 'week = { mon-fri = "08:00-17:00" }\n'
    assert office(week).zone == ZoneInfo("UTC")
    assert office(week, '[site]\ntime_zone = "Europe/Warsaw"\n').zone == ZoneInfo("Europe/Warsaw")


def test_the_example_is_open_closed_and_on_holiday_when_it_says() -> None:
    settings = reading(shipped("example.toml")).settings
    assert settings is not None
    assert statuses(
        hours_of(settings.hours, settings.site.time_zone)["office"],
        "2026-11-10T08:00:00+01:00",
        "2026-11-10T12:00:00+01:00",
        "2026-11-11T08:00:00+01:00",
        "2026-11-14T12:59:00+01:00",
        "2026-12-20T10:00:00+01:00",
        "2027-12-31T10:00:00+01:00",
        "2027-05-01T10:00:00+02:00",
    ) == ["open", "closed", "holiday", "open", "open", "holiday", "holiday"]


@pytest.mark.parametrize("text", ["08:00-17:00", "00:00-24:00", "22:00-06:00", "13:00-24:00", "23:59-23:58"])
def test_an_interval_is_written_as_it_is_read(text: str) -> None:
    assert interval_text(interval_of(text)) == text


@pytest.mark.parametrize(
    "text", ["", "8-17", "08:00", "08:00-08:00", "24:00-08:00", "08:60-09:00", "08:00-24:01", "08:00-99:00", "a-b"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the text comes from wherever it was found to be wrong
        interval_of(text)


def test_days_may_go_over_the_end_of_the_week() -> None:
    assert days_of("sat") == (5,)
    assert days_of("mon-sun") == (0, 1, 2, 3, 4, 5, 6)
    assert days_of("sat-tue") == (5, 6, 0, 1)


# A line of the table, the key that is at fault, and what was probably meant.
@pytest.mark.parametrize(
    ("line", "path", "guess"),
    [
        ("", "hours.office.week", None),
        ('week = { mon = "8-17" }', "hours.office.week.mon", "08:00-17:00"),
        ('week = { mon = "8.30 to 17.30" }', "hours.office.week.mon", "08:30-17:30"),
        ('week = { mon = "17:00-17:00" }', "hours.office.week.mon", None),
        ('week = { "Mon - Fri" = "08:00-17:00" }', 'hours.office.week."Mon - Fri"', "mon-fri"),
        ('week = { tus = "08:00-17:00" }', "hours.office.week.tus", "tue"),
        ('week = { mon-fri = "08:00-17:00", wed = [] }', "hours.office.week.wed", None),
        ('week = { mon = ["08:00-12:00", "11:59-17:00"] }', "hours.office.week.mon", None),
        ('week = { mon = ["18:00-02:00", "20:00-22:00"] }', "hours.office.week.mon", None),
        ('week = "08:00-17:00"', "hours.office.week", None),
        ('time_zone = "Europe/Warsow"', "hours.office.time_zone", "Europe/Warsaw"),
        ('holidays = "pl"', "hours.office.holidays", "PL"),
        ('holidays = "XX"', "hours.office.holidays", None),
        ('holidays = "DE-BYY"', "hours.office.holidays", "DE-BY"),
        ('holidays_worked = "Epiphany"', "hours.office.holidays_worked", None),
        ('holidays = "PL"\nholidays_worked = "Epifany"', "hours.office.holidays_worked", "Epiphany"),
        ('closed = { 2026-02-29 = "x" }', "hours.office.closed.2026-02-29", None),
        ('closed = { "24.12." = "x" }', 'hours.office.closed."24.12."', "12-24"),
        ('closed = { 12-24 = " " }', "hours.office.closed.12-24", None),
        ('closed = { 12-24 = "x" }\nopen = { 12-24 = "08:00-12:00" }', "hours.office.open.12-24", None),
        ('open = { 12-24 = ["08:00-12:00", "09:00-10:00"] }', "hours.office.open.12-24", None),
    ],
)
def test_what_is_wrong_with_hours_is_named_by_its_key(line: str, path: str, guess: str | None) -> None:
    week = "" if not line or line.startswith("week") else 'week = { tue = "08:00-17:00" }\n'
    assert [(fault.path, fault.did_you_mean) for fault in faults(f"{SMALL}[hours.office]\n{week}{line}\n")] == [
        (path, guess)
    ]


def test_faults_of_hours_say_what_is_expected() -> None:
    assert lines(f"""\
{SMALL}[hours.office]
week = {{ mon-fri = ["08:00-12:00", "11:00-13:00"], wed = "09:00-10:00" }}
""") == [
        (
            'centrala.toml:7: hours.office.week.mon-fri: found "11:00-13:00", expected hours that don\'t overlap '
            "08:00-12:00"
        ),
        ('centrala.toml:7: hours.office.week.wed: found wed a second time, expected days that "mon-fri" leaves over'),
    ]


def test_public_holidays_are_those_of_the_country_and_its_part() -> None:
    everywhere, bavaria = PublicHolidays(("DE",)), PublicHolidays(("DE-BY",))
    assert everywhere.in_year(2026)[date(2026, 10, 3)] == bavaria.in_year(2026)[date(2026, 10, 3)]
    assert date(2026, 1, 6) not in everywhere.in_year(2026)
    assert bavaria.in_year(2026)[date(2026, 1, 6)] == "Epiphany"
    both = PublicHolidays(("PL", "DE")).in_year(2026)
    assert {date(2026, 11, 11), date(2026, 10, 3)} <= set(both)
    assert both[date(2026, 12, 26)] == "Second Day of Christmas"


def test_a_holiday_on_which_we_work_is_none_and_neither_is_the_day_that_stands_for_it() -> None:
    worked = PublicHolidays(("US",), ("Columbus Day", "Independence Day")).in_year(2026)
    observed = PublicHolidays(("US",)).in_year(2026)
    assert set(observed) - set(worked) == {date(2026, 10, 12), date(2026, 7, 4), date(2026, 7, 3)}


@pytest.mark.parametrize("year", [1, 1500, 2101, 9999])
def test_years_that_the_library_does_not_know_have_no_holidays(year: int) -> None:
    assert PublicHolidays(("PL", "US-CA", "SA", "CN")).in_year(year) == {}


def test_names_are_known_from_many_years() -> None:
    assert {"Epiphany", "Christmas Eve"} <= names_of(("PL",))


def test_holidays_are_the_same_whatever_language_the_machine_speaks() -> None:
    code = (
        "from config.public_holidays import PublicHolidays;"
        "print(sorted(PublicHolidays(('PL', 'BR', 'AT', 'IN', 'JP')).in_year(2026).items()))"
    )
    assert fresh(code, LANGUAGE="pl", LANG="pl_PL.UTF-8") == fresh(code, LANGUAGE="", LANG="C")


def test_the_library_is_loaded_only_for_a_file_that_names_a_country() -> None:
    code = """\
import sys
from tests.config.files import SMALL, reading
from config.hours import hours_of
settings = reading(SMALL + '[hours.office]\\nweek = { mon = "08:00-17:00" }\\nHOLIDAYS').settings
hours_of(settings.hours, "UTC")
print("holidays" in sys.modules)
"""
    assert fresh(code.replace("HOLIDAYS", "")) == "False"
    assert fresh(code.replace("HOLIDAYS", 'holidays = "PL"')) == "True"
