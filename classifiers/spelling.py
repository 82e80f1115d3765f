"""How words of a language are spelt: the probability of each letter after the four before it.

Counted at the first text from the messages that come with Centrala and the lists of frequent words in `words/`, which
were written for this purpose. What py3langid knows of whole texts, this knows of single words.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from math import log
from pathlib import Path
from typing import NamedTuple

from classifiers.examples import LANGUAGES, shipped_rows
from classifiers.folding import folded

WORD = re.compile(r"[^\W\d_]+")
_WORDS = Path(__file__).parent / "words"
_ORDER = 5
_LETTERS = 100
"""A letter never seen anywhere is one of so many."""

_FOLDED_SHARE = 0.3
"""How much a word counts as typed without its diacritics, beside 1 as it is written."""

_CYRILLIC_WORD = re.compile("[а-яё]+")


def scores(words: Sequence[str]) -> list[float]:
    """Return the log probability of `words` (lower case) in each of `LANGUAGES`."""
    found = [0.0] * len(LANGUAGES)
    for word in words:
        for place, value in enumerate(_word(word)):
            found[place] += value
    return found


@lru_cache(maxsize=8_192)
def _word(word: str) -> tuple[float, ...]:
    padded = f" {word} "
    letters = [_letter(padded[max(0, at + 1 - _ORDER) : at + 1]) for at in range(1, len(padded))]
    return tuple(sum(column) for column in zip(*letters, strict=True))


@lru_cache(maxsize=32_768)
def _letter(gram: str) -> tuple[float, ...]:
    """Return in each language the log probability of the last character of `gram` after the others."""
    return tuple(log(_likelihood(counts, gram)) for counts in _models())


def _likelihood(counts: "_Counts", gram: str) -> float:
    """Return the probability of a letter, smoothed after Witten and Bell 1991, doi:10.1109/18.87000."""
    value = 1 / _LETTERS
    for start in range(len(gram) - 1, -1, -1):
        before = gram[start:-1]
        kinds = counts.kinds.get(before)
        if kinds is None:
            break
        value = (counts.often.get(gram[start:], 0.0) + kinds * value) / (counts.often[before] + kinds)
    return value


class _Counts(NamedTuple):
    """How often a language has some letters in a row, and how many different ones follow them."""

    often: Mapping[str, float]
    kinds: Mapping[str, int]


@cache
def _models() -> tuple[_Counts, ...]:
    return tuple(_counted(_lexicon(language)) for language in LANGUAGES)


def _counted(lexicon: Mapping[str, float]) -> _Counts:
    sizes: list[defaultdict[str, float]] = [defaultdict(float) for _ in range(_ORDER + 1)]
    for word, weight in lexicon.items():
        padded = f" {word} "
        for end in range(2, len(padded) + 1):
            longest = padded[max(0, end - _ORDER) : end]
            sizes[len(longest)][longest] += weight
    # Each has the shorter ones that it ends with in it: a third of the work of counting all, for which a start waits.
    often: dict[str, float] = {}
    for size in range(_ORDER, 0, -1):
        often |= sizes[size]
        for gram, weight in sizes[size].items():
            sizes[size - 1][gram[1:]] += weight
    kinds = Counter(gram[:-1] for gram in often)
    # Nothing is before every letter.
    return _Counts(often | sizes[0], kinds)


def words_known(words: Iterable[str]) -> Counter[str]:
    """Return how many of `words` (lower case) each language has; of others than ours, we know a few everyday ones."""
    known = _known()
    return Counter(language for word in {*words} for language in known.get(word, ()))


@cache
def _known() -> Mapping[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    alike: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(words: Iterable[str], language: str) -> None:
        for word in words:
            languages = (*known.get(word, ()), language)
            known[word] = alike.setdefault(languages, languages)

    for language in LANGUAGES:
        add(_lexicon(language), language)
    # Whoever types Russian in Latin letters leaves the soft sign out.
    add({word.replace("ь", "") for word in _lexicon("ru")} - known.keys(), "ru")
    for line in (_WORDS / "elsewhere.txt").read_text(encoding="utf-8").splitlines():
        language, said = line.split(maxsplit=1)
        everyday = [word for word in WORD.findall(said) if len(word) > 1]
        add({*everyday, *map(folded, everyday)}, language)
    return known


@cache
def _lexicon(language: str) -> Mapping[str, float]:
    """Return the known words of `language` and their weights: a frequent word has hardly more than a rare one."""
    counts = Counter(
        word for text, label in shipped_rows((language,)) if label != "oos" for word in _words(text, language)
    )
    lexicon: defaultdict[str, float] = defaultdict(float)
    for word, count in counts.items():
        lexicon[word] += 1 + log(count)
    for word in _words((_WORDS / f"{language}.txt").read_text(encoding="utf-8"), language):
        lexicon[word] += 1
    for word, weight in list(lexicon.items()):
        if folded(word) != word:
            lexicon[folded(word)] += _FOLDED_SHARE * weight
    return lexicon


def _words(text: str, language: str) -> Iterator[str]:
    """Yield the words of `text`; of Russian, only those in Cyrillic letters."""
    pattern = _CYRILLIC_WORD if language == "ru" else WORD
    return (word for word in pattern.findall(text.lower()))
