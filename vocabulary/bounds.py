"""Bounds on numbers as people write them: ">=0.6", "<1000"."""

import re
from collections.abc import Sequence
from functools import cache
from math import isfinite
from typing import Any, Literal

import msgspec

_WRITTEN = re.compile(r"\s*(>=|<=|>|<)\s*(-?\d{1,15}(?:\.\d{1,15})?)\s*")


class Bound(msgspec.Struct, frozen=True):
    """What a number is compared with."""

    sign: Literal[">=", "<=", ">", "<"]
    limit: float

    def __str__(self) -> str:
        return f"{self.sign}{self.limit:g}"

    def holds(self, number: float) -> bool:
        """Tell whether `number` is within."""
        match self.sign:
            case ">=":
                return number >= self.limit
            case "<=":
                return number <= self.limit
            case ">":
                return number > self.limit
            case _:
                return number < self.limit


@cache
def bound_of(text: str) -> Bound | None:
    """Return the bound that `text` writes, None if it is none."""
    match = _WRITTEN.fullmatch(text)
    return None if match is None else Bound(match[1], float(match[2]))  # type: ignore[arg-type]  # the pattern has those signs only


def is_any(value: Any, wanted: Sequence[str]) -> bool:
    """Tell whether an attribute is one of what is `wanted`, or within a bound among that.

    True and false are written in small letters, numbers as they are; what is missing (None) is nothing of it.
    """
    if value is None:
        return False
    if (str(value).lower() if isinstance(value, bool) else str(value)) in wanted:
        return True
    number = number_of(value)
    return number is not None and any(bound.holds(number) for bound in map(bound_of, wanted) if bound is not None)


def number_of(value: Any) -> float | None:
    """Return an attribute as a number: one, or the text of one; None if it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
