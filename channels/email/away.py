"""Automatic answers of somebody who is away, and the day until which, where they say it plainly."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from vocabulary.instants import Instant

_TEXT_MAX = 4_000
_DAYS_MAX = 366
_AWAY = re.compile(
    r"out of (?:the )?office|on (?:annual |parental |sick )?leave|vacation|holiday|away (?:from|until)|abwesen|urlaub"
    r"|poza biurem|nieobecn|urlop|nesu biure|atostog|neb[uū]siu|házon kívül|irodán kívül|szabads[aá]g|távol"
    r"|вне офиса|отпуск|отсутству|absence du bureau|en cong[eé]|fuera de la oficina",
    re.IGNORECASE,
)
_MONTHS = (
    "jan|styc|saus|янв", "feb|lut|vasar|фев", "mar[^a-z]|march|mär|márc|marz|marca|kov|март|марта",
    "apr|kwie|bal|ápr|апр", "may|maj|geg|máj|май|мая|mai", "jun|czerw|birž|birz|jún|июн",
    "jul|lip(?:ca|iec)|liep|júl|июл", "aug|sierp|rugpj|авг", "sep|wrze|rugs|szept|сен", "oct|okt|paźdz|pazdz|spal|окт",
    "nov|listopad|lapkr|ноя", "dec|dez|grud|дек",
)  # fmt: skip
_MONTH = [re.compile(stem, re.IGNORECASE) for stem in _MONTHS]
_ISO = re.compile(r"\b(20\d\d)-(\d{1,2})-(\d{1,2})\b")
_DOTTED = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](20\d\d)\b")
_YEAR_FIRST = re.compile(r"\b(20\d\d)\.\s?(\d{1,2})\.\s?(\d{1,2})\b")
_DAY_WORD = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?([^\W\d_]{3,12})\.?,?(?:\s+(20\d\d))?")
_WORD_DAY = re.compile(r"\b([^\W\d_]{3,12})\.?\s+(\d{1,2})(?!\d)(?:st|nd|rd|th|\.|\s?d\.)?(?:,?\s+(20\d\d))?")


def is_away(subject: str, text: str) -> bool:
    """Tell whether an automatic answer says that somebody is away; of other answers this means nothing."""
    return _AWAY.search(f"{subject}\n{text[:_TEXT_MAX]}") is not None


def away_until(text: str, now: Instant) -> Instant | None:
    """Return noon (UTC, so that nearly every zone reads that day) of the latest day within a year that `text` names."""
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    days = [day for day in _days(text[:_TEXT_MAX], today) if today <= day <= today + timedelta(days=_DAYS_MAX)]
    if not days:
        return None
    last = max(days)
    return int(datetime(last.year, last.month, last.day, 12, tzinfo=UTC).timestamp() * 1000)


def _days(text: str, today: date) -> Iterator[date]:
    for pattern in (_ISO, _YEAR_FIRST):
        for match in pattern.finditer(text):
            yield from _day(int(match[1]), int(match[2]), int(match[3]))
    for match in _DOTTED.finditer(text):
        yield from _day(int(match[3]), int(match[2]), int(match[1]))
    for match in _DAY_WORD.finditer(text):
        yield from _named(match[3], match[2], int(match[1]), today)
    for match in _WORD_DAY.finditer(text):
        yield from _named(match[3], match[1], int(match[2]), today)


def _named(year: str | None, word: str, day: int, today: date) -> Iterator[date]:
    month = next((at for at, stem in enumerate(_MONTH, start=1) if stem.match(f"{word} ")), None)
    if month is None:
        return
    if year is not None:
        yield from _day(int(year), month, day)
        return
    for found in _day(today.year, month, day):
        # Without a year, a day that is over is next year's.
        yield found if found >= today else next(_day(today.year + 1, month, day), found)


def _day(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return
