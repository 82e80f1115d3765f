"""Which messages a person should look at first: those of which the model is least sure, of many kinds."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log

import msgspec

ALIKE = 0.6
"""Texts with so large a share of words in common are asked for once."""
AGAIN = 0.75
"""What a further one between the same two labels is worth, each time."""
_WORD = re.compile(r"\w+")


class Unsure(msgspec.Struct, frozen=True):
    """A message, its text, and what the model said: labels with probabilities, best first."""

    id: str
    text: str
    labels: tuple[tuple[str, float], ...]


def doubt_of(labels: Sequence[tuple[str, float]]) -> float:
    """Return how unsure the labels are, 0 (one is certain) to 1: the mean of closeness of the best two and of entropy.

    Where nothing is known, 1.
    """
    chances = [min(max(chance, 0.0), 1.0) for _, chance in labels]
    if not chances or chances[0] == 0:
        return 1.0
    second = chances[1] if len(chances) > 1 else 0.0
    rest = max(0.0, 1.0 - sum(chances))
    shares = [share for share in (*chances, rest) if share > 0]
    spread = -sum(share * log(share) for share in shares) / log(max(2, len(chances) + 1))
    return min(1.0, (1.0 - (chances[0] - second) + spread) / 2)


def most_telling(unsure: Sequence[Unsure], most: int) -> list[tuple[Unsure, float]]:
    """Return up to `most` messages to ask about, with their doubt, the most telling first.

    One that reads like another already chosen is left out; of those between the same two labels each next one counts
    less. Source of the idea: batch active learning by margin and diversity, e.g. Settles 2009, section 6.
    """
    left = {each.id: (each, doubt_of(each.labels), _words(each.text)) for each in unsure}
    chosen: list[tuple[Unsure, float]] = []
    pairs: Counter[tuple[str, ...]] = Counter()
    while left and len(chosen) < most:
        best = max(left, key=lambda id: (left[id][1] * AGAIN ** pairs[_pair(left[id][0])], id))
        one, doubt, words = left.pop(best)
        chosen.append((one, doubt))
        pairs[_pair(one)] += 1
        left = {id: each for id, each in left.items() if not _alike(words, each[2])}
    return chosen


def _pair(one: Unsure) -> tuple[str, ...]:
    return tuple(sorted(label for label, _ in one.labels[:2]))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    either = len(one | other)
    return bool(either) and len(one & other) / either > ALIKE
