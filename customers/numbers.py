"""Numbers that the house gives, such as those of customers and orders: found in texts by the site's own patterns."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from customers.evidence import EvidenceKind
from customers.likeness import SOUND_ALIKE
from customers.spelling import spelled
from customers.traits import plain_code

Check = Literal["luhn", "mod97", "ean"]

CUSTOMER, ORDER = "customer", "order"
TEXT_MAX = 4_000
FOUND_MAX = 10
"""A text with more numbers than this is a list, and tells of nobody."""
_SIGNS_MIN = 3
_DIGITS_MIN = 6
"""So many digits at least follow letters and a blank: fewer are an amount or a year."""
_HEAD = re.compile(r"([A-Za-z]{1,8})\\?-(?![*+{])\??")
"""How a pattern begins whose numbers begin with the same letters and a dash."""
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_LATIN = str.maketrans("АВЕКМНОРСТУХавекмнорстух", "ABEKMHOPCTYXabekmhopctyx")
"""Cyrillic letters that look like Latin ones."""
_WORDS = frozenset(
    "a ale an and ar are as at az be bo by co de do el es ez for go ha he i if im in ir is it iz ja jo ki ku le ma"
    " me my na nr no nu o od of on or ot par per po s se si so su ta te to tu u up us uz w we z za ze".split()
)
"""Words before an amount, in the languages of the house."""


class NumberKind(msgspec.Struct, frozen=True):
    r"""A kind of number: its name, how it looks (`K-\d{6}`), and how its check digits are counted."""

    name: str
    pattern: str
    check: Check | None = None

    @property
    def evidence(self) -> EvidenceKind:
        """What it is as evidence."""
        return {CUSTOMER: "customer_number", ORDER: "order_number"}.get(self.name, "number")  # type: ignore[return-value]  # three of its words


def numbers_in(text: str, kinds: Iterable[NumberKind]) -> list[tuple[NumberKind, str]]:
    """Return the numbers in `text`, each once, as they are compared; none whose check digits are wrong."""
    found: dict[tuple[str, str], tuple[NumberKind, str]] = {}
    for kind in kinds:
        for written in _written(text[:TEXT_MAX], kind.pattern):
            number = plain_code(written)
            if number and holds(number, kind.check):
                found.setdefault((kind.name, number), (kind, number))
    return list(found.values())[:FOUND_MAX]


def _written(text: str, pattern: str) -> Iterator[str]:
    """Yield what `pattern` finds, then, where it begins with letters and a dash, what people write instead of these.

    A letter before a blank may be a word of its own ("a 5000"), and Russian к is one: many digits must follow, and
    letters that no language of ours has as a word.
    """
    yield from _found(pattern, text)
    head = _HEAD.match(pattern)
    if head is None:
        return
    letters, rest = head[1], pattern[head.end() :]
    dashed = text.translate(_DASHES)
    yield from _found(f"{letters}-?{rest}", dashed.translate(_LATIN))
    if letters.casefold() not in _WORDS:
        for written in _found(f"{letters}[ \xa0]?-?[ \xa0]?{rest}", dashed):
            if sum(sign.isdecimal() for sign in written) >= _DIGITS_MIN:
                yield written


def _found(pattern: str, text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE))


def numbers_answered(text: str, kind: NumberKind, languages: Sequence[str]) -> tuple[str, ...]:
    """Return what may be the answer to the question for a number: as it stands, a part of it, or as it is spelled.

    What looks as the numbers of the house do comes first, then what was said in the languages that come first.
    """
    whole = plain_code(text)
    parts = [plain_code(part) for part in text.split()]
    read = [number for _, number in numbers_in(text, [kind])]
    said = [whole, *(plain_code(spelled(text, language)) for language in languages), *parts]
    likely = [*read, *_headed(said, kind), *(each for each in said if looks_right(each, kind))]
    return tuple(
        number
        for number in dict.fromkeys([*likely, *said])
        if _SIGNS_MIN <= len(number) <= 40 and any(sign.isdecimal() for sign in number) and holds(number, kind.check)
    )


def looks_right(number: str, kind: NumberKind) -> bool:
    """Tell whether a number, as it is compared, is written as the house writes that kind."""
    return any(found == number for _, found in numbers_in(number, [kind]))


def _headed(said: Iterable[str], kind: NumberKind) -> list[str]:
    """Return the number whose letters at the beginning were left out, if it can be only one."""
    head = _HEAD.match(kind.pattern)
    rest = kind.pattern[head.end() :] if head is not None else ""
    if head is None or "|" in rest:
        return []
    fitting = {each for each in said if re.fullmatch(rest, each, re.IGNORECASE)}
    return [plain_code(head[1]) + each for each in fitting] if len(fitting) == 1 else []


def one_sign_off(number: str) -> Iterator[str]:
    """Yield what `number` may have been meant to be: one sign sounds or looks alike, or two have changed places."""
    for place, sign in enumerate(number):
        small = sign.lower()
        alike = {other.upper() for group in SOUND_ALIKE if small in group for other in group if other != small}
        digits = set("0123456789") - {sign} if sign.isdecimal() else set()
        yield from (f"{number[:place]}{other}{number[place + 1 :]}" for other in sorted(alike | digits))
        following = number[place + 1 : place + 2]
        if following and following != sign:
            yield f"{number[:place]}{following}{sign}{number[place + 2 :]}"


def holds(number: str, check: Check | None) -> bool:
    """Tell whether the check digits of a number are right; without any, it always is."""
    return check is None or _CHECKS[check](number)


def _luhn(number: str) -> bool:
    """Source: ISO/IEC 7812-1, annex B."""
    digits = [int(sign) for sign in number if sign.isdecimal()][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return bool(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _mod97(number: str) -> bool:
    """Two check digits at the end, as ISO/IEC 7064 MOD 97-10 counts them; letters are 10 to 35."""
    digits = "".join(str(int(sign, 36)) for sign in number if sign.isascii())
    return bool(digits) and int(digits) % 97 == 1


def _ean(number: str) -> bool:
    """Source: GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    digits = [int(sign) for sign in number if sign.isdecimal()][::-1]
    return len(digits) > 1 and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


_CHECKS: Mapping[Check, Callable[[str], bool]] = {"luhn": _luhn, "mod97": _mod97, "ean": _ean}
