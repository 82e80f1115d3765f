"""Which articles a question may be about: BM25F over questions, titles and answers, and how alike the nearest one is.

BM25F: Robertson, Zaragoza & Taylor 2004, doi:10.1145/1031171.1031181. Words are cut to their first letters, so that
endings don't matter, and letters are compared too, so that slips don't.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from autoresponders.article import Article

Fold = Callable[[str], str]
"""Brings letters to those that customers type: small, without marks."""

FIELDS: Mapping[str, float] = {"questions": 3.0, "title": 2.0, "answer": 1.0}
"""How much a word counts by where it stands."""
SATURATION, LENGTH_SHARE = 1.2, 0.5
"""k1 and b of BM25."""
STEM, GRAM = 5, 4
COMPARED_MAX = 24
"""So many of the best by words are compared by letters too."""
_WORD = re.compile(r"\w+")


class Match(msgspec.Struct, frozen=True, gc=False):
    """An article that may answer. `coverage`: the share of what the question says that the article says too, 0-1.

    `likeness`: how alike the question and the nearest of the article's are, 0-1.
    """

    article: str
    label: str
    coverage: float
    likeness: float

    @property
    def score(self) -> float:
        """Return what orders matches."""
        return (self.coverage + self.likeness) / 2


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """An article as it is compared: the weight of each word, and letters and length of each question."""

    id: str
    label: str
    weights: dict[str, float]
    questions: tuple[tuple[Counter[str], float], ...]


class Index:
    """The articles of one language, ready to be searched."""

    def __init__(self, articles: Iterable[Article], fold: Fold = str.casefold) -> None:
        self._fold = fold
        known = list(articles)
        means = {name: max(1.0, _mean(len(self._words(_field(each, name))) for each in known)) for name in FIELDS}
        self._entries = [self._entry(article, means) for article in known]
        self._holders: dict[str, list[int]] = {}
        for place, entry in enumerate(self._entries):
            for word in entry.weights:
                self._holders.setdefault(word, []).append(place)

    def search(self, text: str) -> list[Match]:
        """Return the articles that share something with `text`, best first; ties go to the lower id."""
        asked = Counter(self._words(text))
        letters = _grams(self._fold(text))
        length = _length(letters)
        said = sum(count * self._rarity(word) for word, count in asked.items())
        found = self._covering(asked)
        near = sorted(found, key=lambda place: (-found[place], self._entries[place].id))[:COMPARED_MAX]
        if len(self._entries) <= COMPARED_MAX:
            near = list(range(len(self._entries)))
        matches = [
            Match(
                entry.id, entry.label, found.get(place, 0.0) / said if said else 0.0, _nearest(letters, length, entry)
            )
            for place, entry in ((place, self._entries[place]) for place in near)
        ]
        return sorted((each for each in matches if each.score > 0), key=lambda each: (-each.score, each.article))

    def _covering(self, asked: Mapping[str, int]) -> dict[int, float]:
        found: dict[int, float] = {}
        for word, count in asked.items():
            rarity = self._rarity(word)
            for place in self._holders.get(word, ()):
                weight = self._entries[place].weights[word]
                found[place] = found.get(place, 0.0) + count * rarity * weight / (SATURATION + weight)
        return found

    def _rarity(self, word: str) -> float:
        """Return the inverse document frequency; a word that nobody uses is the rarest."""
        holders, all_ = len(self._holders.get(word, ())), len(self._entries)
        return math.log(1 + (all_ - holders + 0.5) / (holders + 0.5))

    def _entry(self, article: Article, means: Mapping[str, float]) -> _Entry:
        weights: dict[str, float] = {}
        for name, weight in FIELDS.items():
            words = self._words(_field(article, name))
            length = 1 - LENGTH_SHARE + LENGTH_SHARE * len(words) / means[name]
            for word, count in Counter(words).items():
                weights[word] = weights.get(word, 0.0) + weight * count / length
        questions = (_grams(self._fold(each)) for each in (article.title, *article.questions))
        return _Entry(article.id, article.label, weights, tuple((grams, _length(grams)) for grams in questions))

    def _words(self, text: str) -> list[str]:
        return [word[:STEM] for word in _WORD.findall(self._fold(text))]


def _field(article: Article, name: str) -> str:
    match name:
        case "questions":
            return "\n".join(article.questions)
        case "title":
            return article.title
        case _:
            return article.answer


def _mean(numbers: Iterable[int]) -> float:
    counts = list(numbers)
    return sum(counts) / len(counts) if counts else 0.0


def _grams(text: str) -> Counter[str]:
    padded = f" {' '.join(_WORD.findall(text))} "
    return Counter(padded[start : start + GRAM] for start in range(max(1, len(padded) - GRAM + 1)))


def _length(grams: Mapping[str, int]) -> float:
    return math.sqrt(sum(count * count for count in grams.values()))


def _nearest(letters: Mapping[str, int], length: float, entry: _Entry) -> float:
    """Return the cosine of the letters of a question and those of the nearest of the article's."""
    return max((_shared(letters, other) / (length * norm) for other, norm in entry.questions), default=0.0)


def _shared(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    return sum(count * other[gram] for gram, count in one.items() if gram in other)


def gap(matches: Sequence[Match], place: int) -> float:
    """Return how far the match at `place` is ahead of the best other one, from -1 to 1."""
    others = (each.score for at, each in enumerate(matches) if at != place)
    return matches[place].score - max(others, default=0.0)
