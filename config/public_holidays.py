"""Public holidays of countries and their parts, from the library `holidays`; loaded only where a file names one."""

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

_YEARS = range(2000, 2051)
"""A name of a holiday is known if it stands in one of these years."""
_NAMES_END = "; "


class PublicHolidays(msgspec.Struct, frozen=True):
    """The holidays of `codes` ("PL", "DE-BY") but those whose names are in `worked`; equal by what it says."""

    codes: tuple[str, ...]
    worked: tuple[str, ...] = ()

    def in_year(self, year: int) -> Mapping[date, str]:
        """Return the names by date, the first code's where two have one; none in years that the library doesn't know.

        The first call of a year takes about a millisecond for each code.
        """
        return _in_year(self.codes, self.worked, year)


def countries() -> frozenset[str]:
    """Return the codes of the countries whose holidays are known."""
    from holidays.registry import EntityLoader

    return frozenset(EntityLoader.get_country_codes(include_aliases=False))


def parts_of(country: str) -> frozenset[str]:
    """Return the codes and other names of the parts of a known country: "BY" and "Augsburg" of "DE"."""
    import holidays

    known = holidays.country_holidays(country)
    return frozenset({*known.subdivisions, *known.subdivisions_aliases})


def names_of(codes: tuple[str, ...]) -> frozenset[str]:
    """Return the names that the holidays of known `codes` have."""
    listed = (_listed(code, year) for code in codes for year in _YEARS)
    return frozenset(name for days in listed for names in days.values() for name in _plain(names))


@functools.lru_cache(maxsize=1000)
def _in_year(codes: tuple[str, ...], worked: tuple[str, ...], year: int) -> Mapping[date, str]:
    found: dict[date, str] = {}
    for code in codes:
        for day, names in _listed(code, year).items():
            if not set(_plain(names)) <= set(worked):
                found.setdefault(day, names.replace(_NAMES_END, ", "))
    return found


def _listed(code: str, year: int) -> Mapping[date, str]:
    """Return the holidays of `code`, several names of one date joined."""
    import holidays

    country, _, part = code.partition("-")
    known = holidays.country_holidays(country, subdiv=part or None)
    # Said in any case: left out, the library would ask the machine for its language.
    language = "en_US" if "en_US" in known.supported_languages else known.default_language
    return dict(
        holidays.country_holidays(country, subdiv=part or None, years=year, expand=False, language=language).items()
    )


def _plain(names: str) -> Iterator[str]:
    """Yield single names without what is added in some years, such as "(observed)"."""
    for name in names.split(_NAMES_END):
        yield re.sub(r" \([^)]*\)$", "", name)
