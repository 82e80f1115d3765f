"""What pages and API need of the site's knowledge base; the shell implements it."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from queues.interaction import Interaction, Label
from reports.answers import Worth
from router.reasons import Reason
from vocabulary.instants import Instant

ALL = ""
"""In the place of an article's id: all of them."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody could ask."""

    text: str
    subject: str = ""
    language: str | None = None
    channel: str | None = None


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """From which probability on a precision is proven; `least` None: from none on. See `autoresponders.proof`."""

    precision: float
    least: float | None
    scope: str
    n: int
    right: int
    bound: float


class Answerable(msgspec.Struct, frozen=True, kw_only=True):
    """An article that may answer. `confidence`: the fixed bound where no precision is promised."""

    article: str
    title: str
    label: str
    probability: float
    features: dict[str, Any]
    threshold: Threshold | None
    confidence: float | None


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What would be answered: by `articles`, if any. `outcome`: answers, asks, suggests, replies (with something
    fixed) or nothing.
    """

    labels: tuple[Label, ...]
    language: str | None
    rule: str
    queue: str
    autoresponse: str | None
    outcome: str
    articles: tuple[str, ...]
    candidates: tuple[Answerable, ...]
    reasons: tuple[Reason, ...]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that an agent may use. `sent`: the customer had it automatically. `judged`: what was said of it."""

    article: str
    title: str
    answer: str
    language: str
    probability: float
    sent: bool
    judged: bool | None


class Promised(msgspec.Struct, frozen=True, kw_only=True):
    """What an automatic answer promises, and from which probability on that is proven, over all and by article."""

    autoresponse: str
    precision: float | None
    confidence: float | None
    overall: Threshold | None
    articles: dict[str, Threshold]
    kept: int
    right: int


class JudgedPair(msgspec.Struct, frozen=True, kw_only=True):
    """A question and the article that answers it, "" if none does."""

    text: str
    article: str
    language: str | None = None


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """How a promise holds on pairs: of `n`, so many would be answered, and so many of them rightly."""

    precision: float
    answered: int
    right: int
    n: int


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """How pairs come out: of `n`, an article is found for `found`, the right one for `right`.

    `kept` prove from now on.
    """

    n: int
    found: int
    right: int
    kept: int
    promises: tuple[Promise, ...]


class Knowing(Protocol):
    """The knowledge base of a site."""

    async def load(self) -> None:
        """Take the articles as they stand in the records now."""

    async def learn(self) -> None:
        """Work out anew what is proven."""

    async def foreseen(self, question: Question) -> Foreseen:
        """Return what would be answered, and why or why not."""

    async def suggestions(self, found: Interaction) -> list[Suggestion]:
        """Return the answers that may help an agent with `found`, likeliest first, at most three."""

    async def judge(self, found: Interaction, article: str, *, right: bool, by: str) -> bool:
        """Write down whether an article answers; False: it is none of the candidates."""

    async def inserted(self, found: Interaction, article: str, by: str) -> bool:
        """Write down that an agent used a suggestion."""

    async def proven(self) -> list[Promised]:
        """Return what is promised, and what of that is proven."""

    async def evaluate(self, pairs: Sequence[JudgedPair], *, keep: bool, by: str) -> Evaluation:
        """Return how `pairs` come out; with `keep` they are judgements from now on."""

    async def worths(self, since: Instant, until: Instant) -> list[Worth]:
        """Return what the answers of a period were worth: of all together (as ""), then of each autoresponse."""
