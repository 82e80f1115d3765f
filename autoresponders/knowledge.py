"""Knowledge articles, and which of them may answer a question."""

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from queues.interaction import Label
from router.commands import Candidate
from vocabulary.errors import PermanentFailure

WORDS_MAX = 60
"""A longer message is no simple question; a person reads it."""
_GRAM = 4


class Article(msgspec.Struct, frozen=True):
    """An answer in one language, with the questions it answers."""

    id: str
    label: str
    title: str
    questions: tuple[str, ...]
    answer: str


class _File(msgspec.Struct, frozen=True):
    articles: tuple[Article, ...]


Knowledge = Mapping[str, Mapping[str, Article]]
"""Articles by language, then by id."""


def load_knowledge(folder: Path, languages: Iterable[str]) -> Knowledge:
    """Return the articles in `folder`, a file `LANGUAGE.toml` each, for those of `languages` that it has.

    Raises:
        PermanentFailure: a file can't be read; the message names it and says what is wrong.
    """
    files = {language: folder / f"{language}.toml" for language in languages}
    return {language: _articles(file) for language, file in files.items() if file.is_file()}


def _articles(file: Path) -> dict[str, Article]:
    try:
        found = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File).articles
    except (OSError, ValueError) as error:
        raise PermanentFailure(f"{file}: {error}") from error
    return {article.id: article for article in found}


def candidates(text: str, language: str | None, labels: Sequence[Label], knowledge: Knowledge) -> tuple[Candidate, ...]:
    """Return the articles that may answer `text`, likeliest first, at most three.

    An article counts only if its label is among `labels`; its probability is the label's confidence times how alike
    the text and its nearest question are (cosine of character n-grams, 0-1). Messages of more than 60 words get none.
    """
    if not 0 < len(text.split()) <= WORDS_MAX:
        return ()
    confidence = {label.name: label.confidence for label in labels}
    asked = _grams(text)
    found = [
        Candidate(article.id, round(confidence[article.label] * _likeness(asked, article), 4))
        for article in knowledge.get(language or "", {}).values()
        if article.label in confidence
    ]
    return tuple(sorted(found, key=lambda each: (-each.probability, each.article))[:3])


def _likeness(asked: Counter[str], article: Article) -> float:
    return max((_cosine(asked, _grams(question)) for question in (article.title, *article.questions)), default=0.0)


def _grams(text: str) -> Counter[str]:
    padded = f" {' '.join(text.casefold().split())} "
    return Counter(padded[start : start + _GRAM] for start in range(max(1, len(padded) - _GRAM + 1)))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[gram] for gram, count in one.items() if gram in other)
    return shared / math.sqrt(_square(one) * _square(other)) if shared else 0.0


def _square(counts: Counter[str]) -> int:
    return sum(count * count for count in counts.values())
