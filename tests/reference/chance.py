"""Where choices come from: a seeded generator for long runs, hypothesis where a failure should shrink."""

from collections.abc import Sequence
from random import Random  # noqa: TID251 - here the seed comes in
from typing import Protocol, TypeVar

T = TypeVar("T")


class Chance(Protocol):
    """Something that chooses."""

    def of(self, options: Sequence[T]) -> T:
        """Return one of `options`; earlier ones are simpler."""

    def once_in(self, times: int) -> bool:
        """Return True about once in so many times."""


class Seeded:
    """Choices of a generator with a seed."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing secret

    def of(self, options: Sequence[T]) -> T:
        return options[int(self._random.random() * len(options))]

    def once_in(self, times: int) -> bool:
        return self._random.random() * times < 1
