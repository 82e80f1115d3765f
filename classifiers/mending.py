"""Mistyped words: one that a model doesn't know, a letter away from one that it knows, is read as that one too.

Found by deletions (SymSpell's way): two words are a letter apart if they, or what is left when a letter is taken out of
either, are the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from classifiers.features import Features, tokens

_CHARS_MIN = 4
"""Shorter words are too near to too many."""

_WORD = re.compile(r"\w+")
_READ_CHARS_MAX = 1_000
"""Only so much of a text is mended: long ones tell enough by their other words."""


def mended(features: Features, text: str) -> Mapping[str, str]:
    """Return words of `text` that `features` don't know (folded) -> the known word that is a letter away."""
    found: dict[str, str] = {}
    known = features.blocks[0].rows
    for word in tokens(text[:_READ_CHARS_MAX]):
        if len(word) >= _CHARS_MIN and word.isalpha() and word not in known and word not in found:
            nearest = _nearest(_index(features), word)
            if nearest is not None:
                found[word] = nearest
    return found


def read_mended(features: Features, text: str) -> str:
    """Return `text` with what its mistyped words mean behind it."""
    return _with(text, mended(features, text))


def with_mended(features: Features, text: str) -> tuple[str, Mapping[str, str]]:
    """Return the same, and what was meant: known word -> as it was typed."""
    found = mended(features, text)
    typed = {token: word for word in _WORD.findall(text[:_READ_CHARS_MAX]) for token in tokens(word)} if found else {}
    meant = {known: typed[word] for word, known in found.items() if word in typed and known not in typed}
    return _with(text, found), meant


def _with(text: str, found: Mapping[str, str]) -> str:
    return f"{text}\n{' '.join(found.values())}" if found else text


@lru_cache(maxsize=2)  # while one model takes the place of another
def _index(features: Features) -> Mapping[str, Sequence[str]]:
    """Return each known word under itself and under what is left without one of its letters; commoner words first."""
    block = features.blocks[0]
    words = [word for word in block.rows if len(word) >= _CHARS_MIN and word.isalpha()]
    words.sort(key=lambda word: (block.rarity[block.rows[word]], word))
    known: dict[str, list[str]] = {}
    for word in words:
        for key in _keys(word):
            known.setdefault(key, []).append(word)
    return known


def _nearest(index: Mapping[str, Sequence[str]], word: str) -> str | None:
    candidates = (known for key in _keys(word) for known in index.get(key, ()))
    return next((known for known in candidates if known[0] == word[0] and _is_near(known, word)), None)


def _keys(word: str) -> Iterator[str]:
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _is_near(one: str, other: str) -> bool:
    """Tell whether a letter was dropped, added, replaced, or swapped with the next."""
    if len(one) != len(other):
        shorter, longer = sorted((one, other), key=len)
        return len(longer) - len(shorter) == 1 and shorter in _keys(longer)
    differs = [at for at in range(len(one)) if one[at] != other[at]]
    if len(differs) == 1:
        return True
    if len(differs) != 2 or differs[1] != differs[0] + 1:
        return False
    return one[differs[0]] == other[differs[1]] and one[differs[1]] == other[differs[0]]
