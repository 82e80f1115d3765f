"""How single values are written in the file: spans, sizes, addresses, skills. The schema names these kinds.

A kind is a type with a `Kind` in its `Meta`: `Annotated[int, Meta(extra={"kind": SPAN})]` reads "20s" to 20000.
"""

import functools
import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from config.faults import closest, found_text
from vocabulary.bounds import Bound, bound_of
from vocabulary.instants import span_of, span_text
from vocabulary.skills import GROUP, LEVEL_MAX, LEVEL_MIN, preference_of, requirement_of


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One way to write a value.

    `read` takes the text and the folder that relative paths count from, and returns the value or raises ValueError;
    what it doesn't take is refused with `expected`. `show` writes a value back. `guess` returns what the writer may
    have meant by a refused value. `relative`: a default, too, counts from the folder. `told` is how a refused value is
    shown.
    """

    expected: str
    read: Callable[[str, Path], object]
    show: Callable[..., str] = str
    guess: Callable[[object], str | None] = lambda _: None
    relative: bool = False
    told: Callable[[object], str] = found_text


class Shorthand(msgspec.Struct, frozen=True, kw_only=True):
    """A short way to write a table: `read` returns the table that a value stands for.

    It raises ValueError or TypeError for what it doesn't take.
    """

    expected: str
    read: Callable[[object], dict[str, object]]


def size_text(size: int) -> str:
    """Return `size` bytes as the file writes it, "25MB"."""
    for unit, bytes_ in reversed(_SIZES.items()):
        if size % bytes_ == 0:
            return f"{size // bytes_}{unit}"
    return f"{size}B"


def _size(text: str, _: Path) -> int:
    match = re.fullmatch(r"(\d{1,12})\s*(B|kB|MB|GB)", text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * _SIZES[match[2]]


def _span(text: str, _: Path) -> int:
    if len(text) > 40:
        raise ValueError(text)
    return span_of(text)


def _span_guess(value: object) -> str | None:
    """Return the span that a bare number or a long unit stands for: 20 or "20 sec" is "20s"."""
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d+)?)\s*(ms|[smhd]?)[a-z]*\s*", str(value), re.IGNORECASE)
    return f"{match[1]}{match[2].lower() or 's'}" if match and not isinstance(value, bool) else None


def _small(value: object) -> str | None:
    """Return the language code that "PL" or "pl-PL" begins with."""
    match = re.fullmatch(r"([A-Za-z]{2})(?:[-_][A-Za-z]+)?", str(value))
    return match[1].lower() if match else None


def _path(text: str, folder: Path) -> Path:
    if not text or "\0" in text:
        raise ValueError(text)
    return folder / text


_REDIS = {"redis", "rediss", "unix"}


def _store(text: str, _: Path) -> str:
    kinds = ("sqlite:///", "postgresql://")
    if not text.startswith(kinds) or text in kinds or "\0" in text:
        raise ValueError(text)
    # As written: the demonstration keeps the same file's store in a folder of its own choice.
    return text


def _masked(value: object) -> str:
    """Return a refused address without the password that may be in it."""
    return found_text(re.sub(r"//([^/@:]*):[^/]*@", r"//\1:...@", value) if isinstance(value, str) else value)


def _bus(text: str, _: Path) -> str:
    place = urlsplit(text)
    # A port that is no number is refused by asking for it.
    is_redis = place.scheme in _REDIS and place.port != 0 and (place.hostname or place.path.strip("/"))
    if text != "memory:" and not is_redis:
        raise ValueError(text)
    return text


def _origin(text: str, _: Path) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(text)
    if "@" in parts.netloc or parts.port == 0:
        raise ValueError(text)
    return text.lower()


def _public_url(text: str, folder: Path) -> str:
    return _origin(text.removesuffix("/"), folder)


def _https_url(text: str, _: Path) -> str:
    parts = urlsplit(text)
    is_local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if not parts.hostname or not (parts.scheme == "https" or is_local) or "@" in parts.netloc or parts.port == 0:
        raise ValueError(text)
    return text


def _network(text: str, _: Path) -> str:
    return str(ipaddress.ip_network(text))


@functools.cache
def _time_zones() -> frozenset[str]:
    # It looks through a folder of files each time.
    return frozenset(zoneinfo.available_timezones())


def _time_zone(text: str, _: Path) -> str:
    if text not in _time_zones():
        raise ValueError(text)
    return text


def _at_least(text: str, _: Path) -> float:
    match = re.fullmatch(r"\s*>=\s*(0(?:\.\d+)?|1(?:\.0+)?|\.\d+)\s*", text)
    if match is None:
        raise ValueError(text)
    return float(match[1])


def _share(text: str, _: Path) -> float:
    match = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,4})?)\s*%\s*", text)
    if match is None:
        raise ValueError(text)
    return float(match[1]) / 100


def _bound(text: str, _: Path) -> Bound:
    bound = bound_of(text)
    if bound is None:
        raise ValueError(text)
    return bound


def _matching(pattern: str) -> Callable[[str, Path], str]:
    """Return a reader of texts that `pattern` matches as a whole."""
    compiled = re.compile(pattern)

    def read(text: str, _: Path) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(text)
        return text

    return read


def _number_pattern(text: str, _: Path) -> str:
    """Return a pattern that finds numbers: whole signs only, and never nothing."""
    try:
        compiled = re.compile(text)
    except re.error as fault:
        raise ValueError(text) from fault
    if compiled.fullmatch("") is not None:
        raise ValueError(text)
    return text


def _number(value: object) -> dict[str, object]:
    if not isinstance(value, str):
        raise TypeError(value)
    return {"pattern": value}


def _requirement(value: object) -> dict[str, object]:
    if not isinstance(value, str):
        raise TypeError(value)
    requirement = requirement_of(value)
    return {"skill": requirement.skill, "level": requirement.level}


def _preference(value: object) -> dict[str, object]:
    if not isinstance(value, str):
        raise TypeError(value)
    wish = preference_of(value)
    return {"group": wish.group} if wish.group is not None else {"skill": wish.skill, "level": wish.level}


def _membership(value: object) -> dict[str, object]:
    if type(value) is not int or not 1 <= value <= PLACE_MAX:
        raise ValueError(value)
    return {"priority": value}


PLACE_MAX = 99
"""Queue priorities of an agent go from 1 to this."""

_SIZES = {"B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}
_HOST_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_MAILBOX = rf"[A-Za-z0-9!#$%&'*/=?^_`{{|}}~.+-]+@{_HOST_NAME}"

SPAN = Kind(expected='a time span such as "20s", "5m", "2h" or "7d"', read=_span, show=span_text, guess=_span_guess)
SIZE = Kind(expected='a size such as "500kB" or "25MB"', read=_size, show=size_text)
PATH = Kind(expected="a path", read=_path, relative=True)
STORE = Kind(
    expected='the address of a store, "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"', read=_store, told=_masked
)
BUS = Kind(
    expected='the address of a bus, "memory:" (one process) or "redis://HOST:PORT/DATABASE"', read=_bus, told=_masked
)
ORIGIN = Kind(expected='an origin such as "https://www.example.org" (no path)', read=_origin)
PUBLIC_URL = Kind(expected='an address such as "https://desk.example.org" (no path)', read=_public_url)
HTTPS_URL = Kind(expected='an address such as "https://login.example.org/token"', read=_https_url)
NETWORK = Kind(expected='an IP address or network such as "10.0.0.0/8"', read=_network)
ZONE = Kind(
    expected='an IANA time zone such as "Europe/Warsaw"',
    read=_time_zone,
    guess=lambda value: closest(str(value), _time_zones()),
)
AT_LEAST = Kind(expected='a bound such as ">=0.7", from 0 to 1', read=_at_least, show=lambda bound: f">={bound:g}")
SHARE = Kind(expected='a share such as "5%"', read=_share, show=lambda share: f"{100 * share:g}%")
BOUND = Kind(expected='a bound such as ">=0.6" or "<1000"', read=_bound)
CURRENCY = Kind(expected='a currency code (ISO 4217) such as "EUR"', read=_matching("[A-Z]{3}"))
LANGUAGE = Kind(expected='a language code of two small letters, such as "pl"', read=_matching("[a-z]{2}"), guess=_small)
COUNTRY = Kind(
    expected='a country code of two capital letters, such as "PL"',
    read=_matching("[A-Z]{2}"),
    guess=lambda value: str(value).upper() if re.fullmatch("[A-Za-z]{2}", str(value)) else None,
)
NAME = Kind(
    expected="a name of letters, digits, dots, dashes and underlines",
    read=_matching(r"\w[\w.-]{0,62}"),
)
SKILL = Kind(expected='a skill name such as "billing" or "lang:pl"', read=_matching(r"[^\s<>=]{1,63}"))
VARIABLE = Kind(
    expected='the name of an environment variable such as "SMTP_PASSWORD"', read=_matching("[A-Za-z_][A-Za-z0-9_]*")
)
HOST = Kind(
    expected='a host name or IP address such as "127.0.0.1" or "mail.example.org"',
    read=_matching(rf"{_HOST_NAME}|[0-9a-fA-F:]+:[0-9a-fA-F:.]*"),
)
DOMAIN = Kind(expected='a domain such as "example.org"', read=_matching(_HOST_NAME))
SERVER_ID = Kind(
    expected='the name of a mail server such as "mx.example.org", or "-"', read=_matching(r"[A-Za-z0-9._-]{1,253}")
)
MAILBOX = Kind(expected='an e-mail address such as "support@example.org"', read=_matching(_MAILBOX))
TEXT = Kind(expected="text that is not empty", read=_matching(r"(?s)\s*\S.*"))

NUMBER_PATTERN = Kind(
    expected=r"a regular expression that finds at least one sign, such as 'K-\d{6}'", read=_number_pattern
)
NUMBER = Shorthand(
    expected=r"a regular expression such as 'K-\d{6}', or a table such as { pattern = '\d{10}', check = 'luhn' }",
    read=_number,
)
REQUIREMENT = Shorthand(expected='a skill and a least level from 1 to 10, such as "billing>=3"', read=_requirement)
PREFERENCE = Shorthand(
    expected=f'a group such as "{GROUP}general", or a skill and a least level such as "billing>=3"', read=_preference
)
MEMBERSHIP = Shorthand(
    expected=f'a priority from 1 to {PLACE_MAX}, or a table such as {{ priority = 1, delay = "30s" }}', read=_membership
)

Level = Annotated[int, Meta(ge=LEVEL_MIN, le=LEVEL_MAX)]
Span = Annotated[int, Meta(extra={"kind": SPAN})]
Size = Annotated[int, Meta(extra={"kind": SIZE})]
File = Annotated[Path, Meta(extra={"kind": PATH})]
StoreUrl = Annotated[str, Meta(extra={"kind": STORE})]
BusUrl = Annotated[str, Meta(extra={"kind": BUS})]
Origin = Annotated[str, Meta(extra={"kind": ORIGIN})]
PublicUrl = Annotated[str, Meta(extra={"kind": PUBLIC_URL})]
HttpsUrl = Annotated[str, Meta(extra={"kind": HTTPS_URL})]
Network = Annotated[str, Meta(extra={"kind": NETWORK})]
Zone = Annotated[str, Meta(extra={"kind": ZONE})]
AtLeast = Annotated[float, Meta(extra={"kind": AT_LEAST})]
Language = Annotated[str, Meta(extra={"kind": LANGUAGE})]
Country = Annotated[str, Meta(extra={"kind": COUNTRY})]
Name = Annotated[str, Meta(extra={"kind": NAME})]
Skill = Annotated[str, Meta(extra={"kind": SKILL})]
Variable = Annotated[str, Meta(extra={"kind": VARIABLE})]
Host = Annotated[str, Meta(extra={"kind": HOST})]
Domain = Annotated[str, Meta(extra={"kind": DOMAIN})]
ServerId = Annotated[str, Meta(extra={"kind": SERVER_ID})]
Mailbox = Annotated[str, Meta(extra={"kind": MAILBOX})]
Text = Annotated[str, Meta(extra={"kind": TEXT})]
NumberPattern = Annotated[str, Meta(extra={"kind": NUMBER_PATTERN})]
