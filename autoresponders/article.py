"""Articles: answers in one language, with the questions that they answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from vocabulary.ids import derived_id
from vocabulary.instants import Instant

WORDS_MAX = 60
"""A longer message is no simple question; a person reads it."""
ID = r"^[a-z0-9][a-z0-9-]{0,99}$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4})?$"
LABEL_MAX, TITLE_MAX, ANSWER_MAX, QUESTION_MAX = 200, 200, 20_000, 500
"""Characters of each."""
QUESTIONS_MAX = 200


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


def text_row(title: str, questions: Sequence[str], answer: str) -> dict[str, Any]:
    """Return what the records keep of an article in one language."""
    return {"title": title, "questions": list(questions), "answer": answer}


def content_of(answers: Mapping[str, str]) -> str:
    """Return what stands for the answers of an article, by language: whoever changes one has it judged anew.

    Titles and questions are no part of it: they tell how it is found, and that is compared whenever somebody asks.
    """
    return derived_id("c", *(part for language in sorted(answers) for part in (language, answers[language].strip())))


Knowledge = Mapping[str, Mapping[str, Article]]
"""Articles by language, then by id."""
