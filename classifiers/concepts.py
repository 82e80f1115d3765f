"""Words that mean the same in five languages: what one language's examples teach then holds in the others.

A few hundred examples hold each word once or twice at most. `concepts.csv` says that "faktura", "sąskaita", "számla"
and "счёт" are one thing, so that all of them speak for the same labels.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from classifiers.folding import folded

_TABLE = Path(__file__).parent / "concepts.csv"
_STEM_CHARS_MAX = 16
_WHOLE_WORD_CHARS_MAX = 3
"""Stems of so few letters stand for themselves only: "pin" is no "pinigai"."""

_DOUBLED = re.compile(r"(.)\1+")


@cache
def _stems() -> Mapping[str, tuple[str, ...]]:
    """Return stem -> the concepts that it speaks for."""
    found: dict[str, tuple[str, ...]] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            concept = row.pop("concept")
            for stem in dict.fromkeys(_undoubled(folded(" ".join(row.values()))).split()):
                found[stem] = (*found.get(stem, ()), concept)
    return found


def concepts_of(words: Sequence[str]) -> list[str]:
    """Return the concepts that `words` (folded) speak of, one entry for each time."""
    return [concept for word in words for concept in _concepts(word)]


@lru_cache(maxsize=16_384)
def _concepts(word: str) -> tuple[str, ...]:
    """Return the concepts of the longest stem that `word` begins with."""
    stems, word = _stems(), _undoubled(word)
    for size in range(min(len(word), _STEM_CHARS_MAX), 0, -1):
        concepts = stems.get(word[:size])
        if concepts and (size > _WHOLE_WORD_CHARS_MAX or size == len(word)):
            return concepts
    return ()


def _undoubled(text: str) -> str:
    """Return `text` with one letter for each run of equal ones: "pasword" and "parcell" are what people type."""
    return _DOUBLED.sub(r"\1", text)
