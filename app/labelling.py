"""What a text is about as the core hears it: one way for what comes in, what is foreseen and what judges articles."""

from collections.abc import Awaitable, Callable

import msgspec

from classifiers.background import Background
from classifiers.cascade import Classification
from queues.interaction import Heads, Label

TEXT_MAX = 4_000
"""Characters that rules and models look at."""

LABEL_MIN = 0.05
"""A label less likely than this is noise, to rules as to readers."""

Classify = Callable[[str, str, str | None, Background], Awaitable[Classification]]
"""Tells what a subject and a text are about, written by somebody who usually writes that language, and known so far."""


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """A text as far as it is looked at, and what it is about. `language`: what it tells of that by itself.

    `failure`: why nothing could be told, in words. `decided`: the same as the classifier said it.
    """

    text: str
    labels: tuple[Label, ...]
    heads: Heads | None
    language: str | None
    failure: str | None
    decided: Classification

    @property
    def out_of_scope(self) -> bool:
        """The model finds none of its labels; those that stand here are what keywords say."""
        return self.decided.out_of_scope


async def labelled(classify: Classify, text: str, usual: str | None, known: Background) -> Labelled:
    """Return what `text` is about; `usual`: the language that its writer uses otherwise."""
    text = text[:TEXT_MAX]
    said = await classify(known.subject, text, usual, known)
    best, *others = (Label(name, confidence) for name, confidence in said.labels)
    heads = {name: Label(*answer) for name, answer in said.heads.items()}
    return Labelled(
        text=text,
        labels=(best, *(label for label in others if label.confidence >= LABEL_MIN)),
        heads=Heads(**heads) if heads else None,
        language=said.language,
        failure=said.reason if said.failed else None,
        decided=said,
    )
