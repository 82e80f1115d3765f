"""Dates of birth as people say and write them: "the third of May eighty-two", "03.05.1982", "1982 m. gegužės 3 d."."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from customers.folding import words
from customers.spoken_words import HOMOPHONES, MONTHS, NUMBERS, WHOLE_MONTHS, spoken_in

YEAR_MIN, YEAR_MAX = 1900, 2029
_STEM_MIN = 3
_PARTS = re.compile(r"\d+|[a-z]+")
_TOKENS_MAX = 12
"""Whoever says more numbers says more than a date."""


class Reading(msgspec.Struct, frozen=True, order=True):
    """A date as it was understood; 0 is what was not said or can't be told."""

    year: int
    month: int
    day: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.year and self.month and self.day)

    @property
    def iso(self) -> str:
        """It as `1982-05-03`."""
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"


class Token(msgspec.Struct, frozen=True):
    """A number, or a named month. `digits`: as it was written; "" if it was said in words."""

    value: int
    digits: str = ""
    is_month: bool = False


def birth_dates(text: str, languages: Iterable[str] = ("en",)) -> frozenset[Reading]:
    """Return what date `text` may say; nothing if it says none. The day comes before the month, unless that is named.

    >>> sorted(each.iso for each in birth_dates("the third of may eighty two"))
    ['1982-05-03']
    """
    found: set[Reading] = set()
    for language in languages:
        tokens = tokens_of(text, language)[:_TOKENS_MAX]
        found |= {reading for reading in _readings(tokens) if _is_possible(reading)}
    return frozenset(found)


def digits_of(text: str, language: str = "en") -> str:
    """Return all digits that `text` says in order, a named month as two: to be compared as a whole."""
    return "".join(f"{token.value:02d}" if token.is_month else _written(token) for token in tokens_of(text, language))


def tokens_of(text: str, language: str) -> list[Token]:
    """Return the numbers and months of `text`, in order."""
    return [token for word in words(text) for part in _PARTS.findall(word) if (token := _token(part, language))]


def _token(part: str, language: str) -> Token | None:
    if part.isdecimal():
        return Token(int(part), part) if len(part) <= 12 else None
    if part in WHOLE_MONTHS:
        return Token(WHOLE_MONTHS[part], is_month=True)
    number = _number(part, language)
    if number is not None:
        return Token(number)
    for place, stem in enumerate(MONTHS[spoken_in(language)], 1):
        if part.startswith(stem):
            return Token(place, is_month=True)
    return None


def _number(word: str, language: str) -> int | None:
    """Return the number that a word says: by its whole, else by the longest beginning of a word for a number."""
    language = spoken_in(language)
    known = NUMBERS[language]
    if word in known or language == "en":
        return known.get(word)
    stem = next((word[:end] for end in range(len(word) - 1, _STEM_MIN - 1, -1) if word[:end] in known), None)
    if stem is None:
        return None
    # Hungarian writes "eighty-two" as one word.
    unit = _number(word[len(stem) :], language) if known[stem] >= 20 and language == "hu" else None
    return known[stem] + (unit or 0)


def says_number(word: str, language: str) -> bool:
    """Tell whether a folded word is a number in words, and nothing else: "to" and "for" are no such."""
    return word not in HOMOPHONES and _number(word, language) is not None


def _readings(tokens: Sequence[Token]) -> Iterator[Reading]:
    for place, token in enumerate(tokens):
        if token.is_month:
            yield from _around_month(tokens[:place], token.value, tokens[place + 1 :])
            return
    yield from _in_order(tokens)
    yield from _run_together("".join(map(_written, tokens)))


def _around_month(before: Sequence[Token], month: int, after: Sequence[Token]) -> Iterator[Reading]:
    """Yield the dates of "3 May 1982", "May 3 1982" and "1982 May 3"."""
    after = [token for token in after if not token.is_month]
    for day in _days(before[-2:]):
        yield from (Reading(year, month, day) for year in _years(after) or (0,))
    for split in range(1, len(after)):
        for day in _days(after[:split]):
            yield from (Reading(year, month, day) for year in _years(after[split:]))
    for year in _years(before):
        yield from (Reading(year, month, day) for day in _days(after) or (0,))
    if not before:
        yield from (Reading(year, month, 0) for year in _years(after))


def _in_order(tokens: Sequence[Token]) -> Iterator[Reading]:
    """Yield the dates of numbers alone: day, month, year, or the year first."""
    for first in range(1, len(tokens) - 1):
        for second in range(first + 1, len(tokens)):
            one, two, three = tokens[:first], tokens[first:second], tokens[second:]
            for month in _days(two):
                if month <= 12:
                    yield from (Reading(year, month, day) for day in _days(one) for year in _years(three))
                    yield from (Reading(year, month, day) for year in _years(one) for day in _days(three))


def _run_together(digits: str) -> Iterator[Reading]:
    """Yield the dates of digits without ends: "2 907 1997" is 29 07 1997."""
    if len(digits) == 8 and digits[:2] in ("19", "20"):
        yield Reading(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    for of_day in (2, 1):
        for of_month in (2, 1):
            year = digits[of_day + of_month :]
            if len(year) in (2, 4):
                day, month = int(digits[:of_day]), int(digits[of_day : of_day + of_month])
                yield from (Reading(each, month, day) for each in _years([Token(int(year), year)]))


def _days(tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return the number of 1 to 31 that the words say, as the only one."""
    if len(tokens) == 2 and not any(token.digits for token in tokens):
        tens, unit = (token.value for token in tokens)
        return (tens + unit,) if tens in (20, 30) and 0 < unit < 10 and tens + unit <= 31 else _days(tokens[1:])
    if not tokens or len(tokens) > 2:
        return ()
    last = tokens[-1]
    return (last.value,) if 1 <= last.value <= 31 and len(last.digits) <= 2 else ()


def _years(tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return the years that the words say: two where the century was left out."""
    values = [token.value for token in tokens]
    if not tokens or len(tokens) > 6:
        return ()
    if len(tokens) == 1:
        return _century(values[0]) if values[0] < 100 else (values[0],)
    first, *rest = values
    if first >= 1000 and first % 10 == 0 and sum(rest) < 100 and len(tokens[0].digits) == 4:
        # "1970 3", as recognisers write "nineteen seventy-three"; "2000 and 12".
        return (first + sum(rest),)
    if any(value in (100, 1000) or value >= 200 for value in values) and not all(token.digits for token in tokens):
        return (_sum_of(values),)
    if first in (18, 19, 20) and sum(rest) < 100:
        return (first * 100 + sum(rest),)
    written = "".join(map(_written, tokens))
    if len(written) == 4:
        return (int(written),)
    tens = sum(values)
    return _century(tens) if 20 <= first <= 90 and tens < 100 else ()


def _century(short: int) -> tuple[int, ...]:
    return (1900 + short, 2000 + short) if short <= YEAR_MAX % 100 else (1900 + short,)


def _sum_of(values: Sequence[int]) -> int:
    """Return what number words add up to: 2 1000 12 is 2012, 1000 900 80 2 is 1982."""
    total = group = 0
    for value in values:
        if value == 1000:
            total, group = total + (group or 1) * 1000, 0
        elif value == 100:
            group = (group or 1) * 100
        else:
            group += value
    return total + group


def _written(token: Token) -> str:
    return token.digits or str(token.value)


def _is_possible(reading: Reading) -> bool:
    in_time = reading.year == 0 or YEAR_MIN <= reading.year <= YEAR_MAX
    return in_time and 1 <= reading.month <= 12 and 0 <= reading.day <= 31
