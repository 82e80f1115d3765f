"""How words of a language are spelt: the probability of each letter after the four before it.

Counted at the first text from the messages that come with Centrala and the lists of frequent words in `words/`, which
were written for this purpose. What py3langid knows of whole texts, this knows of single words.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from math import log
from pathlib import Path

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


def _likelihood(counts: Mapping[str, Mapping[str, float]], gram: str) -> float:
    """Return the probability of a letter, smoothed after Witten and Bell 1991, doi:10.1109/18.87000."""
    value = 1 / _LETTERS
    for size in range(len(gram)):
        seen = counts.get(gram[len(gram) - 1 - size : -1])
        if seen is None:
            break
        total, kinds = seen[""], len(seen) - 1
        value = (seen.get(gram[-1], 0.0) + kinds * value) / (total + kinds)
    return value


@cache
def _models() -> tuple[Mapping[str, Mapping[str, float]], ...]:
    """Return for each language: beginning -> the letters that follow, how often; under "", how often in all."""
    return tuple(_counted(_lexicon(language)) for language in LANGUAGES)


def _counted(lexicon: Mapping[str, float]) -> Mapping[str, Mapping[str, float]]:
    counts: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for word, weight in lexicon.items():
        padded = f" {word} "
        for at in range(1, len(padded)):
            for size in range(min(at + 1, _ORDER)):
                following = counts[padded[at - size : at]]
                following[padded[at]] = following.get(padded[at], 0.0) + weight
                following[""] = following.get("", 0.0) + weight
    return counts


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
