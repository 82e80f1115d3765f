"""Words of the pages in the visitor's language: the same catalogues that the pages' scripts use."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

from aiohttp import web
from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from babel.dates import format_date
from babel.numbers import format_decimal

from reports.wording.text import LANGUAGES

Entry = str | Mapping[str, str]
FALLBACK = "en"
_HOLE = re.compile(r"{(\w+)}")


class Translate(Protocol):
    """Words by key: `t("login.title")`, `t("queue.waiting", count=3)`."""

    def __call__(self, key: str, /, **values: object) -> str: ...


class Catalogues:
    """The catalogues in `folder`, one JSON file a language. A changed file is seen at the next start."""

    def __init__(self, folder: Path) -> None:
        self._entries: dict[str, dict[str, Entry]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
        }

    @property
    def languages(self) -> list[str]:
        """The languages that there are; English first."""
        return sorted(self._entries, key=lambda language: (language != FALLBACK, language))

    def translator(self, language: str) -> Translate:
        """Return what translates into `language`; what is missing there is said in English, else by its key."""

        def translate(key: str, /, **values: object) -> str:
            for tongue in (language, FALLBACK):
                entry = self._entries.get(tongue, {}).get(key)
                if entry is not None:
                    return _filled(entry, tongue, values)
            return key

        return translate

    def negotiated(self, request: web.Request, wish: str | None = None) -> str:
        """Return the language for `request`: ?lang=, the cookie `lang`, `wish` (the user's own), Accept-Language."""
        wishes = [request.query.get("lang"), request.cookies.get("lang"), wish]
        known = [*(_tag(one) for one in wishes if one), *accepted_languages(request)]
        return negotiate_locale(known, self.languages, sep="-") or FALLBACK


def spoken_language(request: web.Request) -> str:
    """Return the language for words in answers: that of the browser's pages (the cookie `lang`), or Accept-Language."""
    chosen = [_tag(request.cookies["lang"])] if "lang" in request.cookies else []
    return negotiate_locale([*chosen, *accepted_languages(request)], LANGUAGES, sep="-") or FALLBACK


def accepted_languages(request: web.Request) -> list[str]:
    """Return the languages of the request's Accept-Language, best first."""
    return [_tag(one) for one in _by_quality(request.headers.get("Accept-Language", ""))]


def day_name(language: str, day: date) -> str:
    """Return a day as people write it, such as "Tuesday, December 1, 2026"."""
    return format_date(day, format="full", locale=_locale(language))


def ordinal_form(language: str, number: int) -> str:
    """Return in which form `number` says which one it is (CLDR): one for 1st, two for 2nd."""
    return str(_locale(language).ordinal_form(number))


def own_name(language: str) -> str:
    """Return the name of a language in itself, as it stands in a menu: everybody finds his own."""
    try:
        name = _locale(language).get_display_name()
    except (UnknownLocaleError, ValueError):
        name = None
    return language if name is None else name[:1].upper() + name[1:]


def _tag(text: str) -> str:
    return text.strip().replace("_", "-")[:35]


def _by_quality(header: str) -> Iterable[str]:
    """Return the languages of an Accept-Language header, best first (RFC 9110 section 12.5.4)."""
    found: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, weight = part.partition(";q=")
        try:
            found.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for quality, tag in sorted(found, key=lambda one: -one[0]) if quality > 0 and tag not in ("", "*")]


def _filled(entry: Entry, language: str, values: Mapping[str, object]) -> str:
    """Return the text with its holes filled; `count` chooses the plural form (CLDR)."""
    text = entry if isinstance(entry, str) else _plural(entry, language, values.get("count", 0))

    def fill(hole: re.Match[str]) -> str:
        value = values.get(hole[1], hole[0])
        if isinstance(value, int | float) and not isinstance(value, bool):
            return format_decimal(value, locale=_locale(language))
        return str(value)

    return _HOLE.sub(fill, text)


def _plural(forms: Mapping[str, str], language: str, count: object) -> str:
    number = count if isinstance(count, int | float) else 0
    return forms.get(_locale(language).plural_form(number), forms["other"])


def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")
