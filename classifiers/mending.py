"""Mistyped words: one that a model doesn't know, a letter away from one that it knows, is read as that one too.

Found by deletions (SymSpell's way): two words are a letter apart if they, or what is left when a letter is taken out of
either, are the same.
"""

import re
from collections.abc import Iterator, Mapping

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


def with_mended(features: Features, text: str) -> tuple[str, Mapping[str, str]]:
    """Return `text` with what its mistyped words mean behind it, and that: known word -> as it was typed."""
    found = mended(features, text)
    if not found:
        return text, {}
    typed = {token: word for word in _WORD.findall(text[:_READ_CHARS_MAX]) for token in tokens(word)}
    return f"{text}\n{' '.join(found.values())}", {
        known: typed[word] for word, known in found.items() if word in typed and known not in typed
    }


class _Index:
    """Each known word under itself and under what is left without one of its letters; commoner words first."""

    def __init__(self, features: Features) -> None:
        self.features = features
        block = features.blocks[0]
        words = [word for word in block.rows if len(word) >= _CHARS_MIN and word.isalpha()]
        words.sort(key=lambda word: (block.rarity[block.rows[word]], word))
        self.known: dict[str, list[str]] = {}
        for word in words:
            for key in _keys(word):
                self.known.setdefault(key, []).append(word)


_indexes: dict[int, _Index] = {}
_INDEXES_MAX = 2
"""The live model's, and that of one that runs beside it."""


def _index(features: Features) -> _Index:
    found = _indexes.get(id(features))
    if found is None or found.features is not features:
        if len(_indexes) >= _INDEXES_MAX:
            _indexes.clear()
        found = _indexes[id(features)] = _Index(features)
    return found


def _nearest(index: _Index, word: str) -> str | None:
    candidates = (known for key in _keys(word) for known in index.known.get(key, ()))
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
