"""Numbers that the house gives, such as those of customers and orders: found in texts by the site's own patterns."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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
        for match in re.finditer(rf"(?<![\w-])(?:{kind.pattern})(?![\w-])", text[:TEXT_MAX], re.IGNORECASE):
            number = plain_code(match[0])
            if number and holds(number, kind.check):
                found.setdefault((kind.name, number), (kind, number))
    return list(found.values())[:FOUND_MAX]


def numbers_answered(text: str, kind: NumberKind, language: str) -> tuple[str, ...]:
    """Return what may be the answer to the question for a number: as it stands, a part of it, or as it is spelled."""
    whole = plain_code(text)
    parts = (plain_code(part) for part in text.split())
    read = [number for _, number in numbers_in(text, [kind])]
    candidates = dict.fromkeys([*read, whole, plain_code(spelled(text, language)), *parts])
    return tuple(
        number
        for number in candidates
        if _SIGNS_MIN <= len(number) <= 40 and any(sign.isdigit() for sign in number) and holds(number, kind.check)
    )


def one_sign_off(number: str) -> Iterator[str]:
    """Yield what `number` may have been meant to be: one sign sounds or looks alike, or two have changed places."""
    for place, sign in enumerate(number):
        small = sign.lower()
        alike = {other.upper() for group in SOUND_ALIKE if small in group for other in group if other != small}
        digits = set("0123456789") - {sign} if sign.isdigit() else set()
        yield from (f"{number[:place]}{other}{number[place + 1 :]}" for other in sorted(alike | digits))
        following = number[place + 1 : place + 2]
        if following and following != sign:
            yield f"{number[:place]}{following}{sign}{number[place + 2 :]}"


def holds(number: str, check: Check | None) -> bool:
    """Tell whether the check digits of a number are right; without any, it always is."""
    return check is None or _CHECKS[check](number)


def _luhn(number: str) -> bool:
    """Source: ISO/IEC 7812-1, annex B."""
    digits = [int(sign) for sign in number if sign.isdigit()][::-1]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return bool(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _mod97(number: str) -> bool:
    """Two check digits at the end, as ISO/IEC 7064 MOD 97-10 counts them; letters are 10 to 35."""
    digits = "".join(str(int(sign, 36)) for sign in number if sign.isascii())
    return bool(digits) and int(digits) % 97 == 1


def _ean(number: str) -> bool:
    """Source: GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    digits = [int(sign) for sign in number if sign.isdigit()][::-1]
    return len(digits) > 1 and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


_CHECKS: Mapping[Check, Callable[[str], bool]] = {"luhn": _luhn, "mod97": _mod97, "ean": _ean}
