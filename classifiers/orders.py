"""What a process that trains is told; apart from it, so that whoever orders need not load scikit-learn."""

import msgspec

from classifiers.background import NOTHING, Background
from classifiers.examples import LANGUAGES


class Lesson(msgspec.Struct, frozen=True):
    """A text of the site with its label and where that is known from, and what is known beside the text."""

    text: str
    label: str
    source: str
    known: Background = NOTHING


class Asked(msgspec.Struct, frozen=True):
    """An interaction of late: its id, its text and what is known beside that.

    `language`: as it was taken for. `number`: what people call it by.
    """

    id: str
    text: str
    known: Background = NOTHING
    language: str | None = None
    number: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to train on.

    Args:
        lessons: rows of the site.
        starter: CSV file in the place of the examples that come with Centrala.
        live: file of the model that is used now; None: there is none.
        week: interactions of late, to tell what would have changed.
        embedding: name of a function whose vectors join the terms (classifiers/embedding.py).
        languages: those of the site, as the model's answers are heard in work.
    """

    lessons: tuple[Lesson, ...] = ()
    starter: str | None = None
    live: str | None = None
    week: tuple[Asked, ...] = ()
    embedding: str | None = None
    languages: tuple[str, ...] = LANGUAGES
