"""Knowledge articles, and which of them may answer a question."""

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from queues.interaction import Label
from router.commands import Candidate
from vocabulary.errors import PermanentFailure
from vocabulary.instants import Instant, instant_of

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
    kept_back: tuple[str, ...] = ()
    """Questions that it answers, and by which it is not found: they tell how well others are."""
    valid_from: Instant | None = None
    valid_until: Instant | None = None

    def is_valid(self, at: Instant) -> bool:
        """Tell whether it may answer at that instant."""
        early = self.valid_from is not None and at < self.valid_from
        return not early and (self.valid_until is None or at < self.valid_until)


class KnowledgeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the knowledge folder holds: articles, and questions that none of them answers."""

    articles: tuple[Article, ...] = ()
    unanswered: tuple[str, ...] = ()


Knowledge = Mapping[str, Mapping[str, Article]]
"""Articles by language, then by id."""


def load_files(folder: Path, languages: Iterable[str]) -> dict[str, KnowledgeFile]:
    """Return what `folder` has, a file `LANGUAGE.toml` each, for those of `languages` that it has.

    Raises:
        PermanentFailure: a file can't be read; the message names it and says what is wrong.
    """
    files = {language: folder / f"{language}.toml" for language in languages}
    return {language: _read(file) for language, file in files.items() if file.is_file()}


def load_knowledge(folder: Path, languages: Iterable[str]) -> Knowledge:
    """Return the articles in `folder`; errors as `load_files`."""
    files = load_files(folder, languages)
    return {language: {article.id: article for article in file.articles} for language, file in files.items()}


def _read(file: Path) -> KnowledgeFile:
    try:
        return msgspec.convert(_dated(tomllib.loads(file.read_text("utf-8"))), KnowledgeFile)
    except (OSError, ValueError) as error:
        raise PermanentFailure(f"{file}: {error}") from error


def _dated(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with instants as numbers; a file writes `valid_until = 2026-12-31T00:00:00Z`."""
    found = document.get("articles")
    for article in found if isinstance(found, list) else ():
        for key in ("valid_from", "valid_until"):
            if isinstance(article, dict) and key in article:
                article[key] = instant_of(str(article[key]))
    return document


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
