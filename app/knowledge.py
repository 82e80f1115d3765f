"""The knowledge base of one site: finds the articles that answer a question, and knows which promises are proven."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from app.engine import Engine
from app.labelling import Classify, Labelled, labelled
from autoresponders.article import WORDS_MAX, Article, Knowledge, content_of
from autoresponders.calibration import Features
from autoresponders.clarify import choice_of, is_thanks
from autoresponders.proof import Outcome, Proof, Threshold
from autoresponders.retrieval import Index, Match, gap
from classifiers.background import NOTHING
from classifiers.folding import folded
from queues.interaction import Interaction, Label
from queues.lifecycle import InteractionState
from router.commands import CONFIRMED, Candidate
from router.events import KnowledgeChanged
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.instants import MINUTE, SECOND, Instant, Span
from vocabulary.records import ArticleRow, JudgementRow
from vocabulary.stores import Store

log = structlog.get_logger()

CANDIDATES_MAX = 3
CHARS_MAX = 2_000
"""So much of a text is compared with articles."""
LOOK_EVERY = MINUTE
"""So often it is asked whether there are new judgements, or another model."""
TEXT_SOURCES = ("starter", "imported")
"""Judgements that keep their question: they are compared anew whenever articles or the model change."""
WORK_SOURCES = ("thumb", "confirmed", "corrected", "escalated", "recontacted")
"""Judgements that came from work, with the comparison of then."""
ARTICLE, CONTENT = "article", "content"
"""Attributes of a message that is an automatic answer: by what it answers, and what that said then (`content_of`)."""
OVERLAP: Span = 5 * MINUTE
"""So far behind the newest judgement it is looked for others: clocks of nodes differ, and writes take their time."""


class Found(msgspec.Struct, frozen=True):
    """An article that may answer: how it compares, with what probability it answers, and what is proven for that."""

    article: Article
    features: Features
    probability: float
    proven: float


class Compared(msgspec.Struct, frozen=True):
    """How an article and a question compared when it was judged, and how the other candidates did.

    `content`: what it said (`content_of`), "" where nobody wrote that down.
    """

    features: Features
    others: list[Features]
    is_first: bool
    content: str = ""


class KnowledgeBase:
    """Finds articles. Whoever changed one calls `load`; on other nodes `run` hears of it."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        classify: Classify | None = None,
        model: Callable[[], object] = lambda: None,
        articles: Knowledge | None = None,
    ) -> None:
        """Take what it works with.

        Args:
            engine: the writer.
            store: journal and records.
            classify: tells what kept-back questions are about; None: nobody can tell.
            model: what `classify` goes by; another one means that they are asked anew.
            articles: those to answer by until `load` takes the ones of the records.
        """
        self._engine = engine
        self._store = store
        self._classify = classify
        self._model = model
        self._use(articles or {})
        self._proof = Proof()
        self._turn = asyncio.Lock()
        self._learnt_by: tuple[object, Knowledge | None] = (None, None)
        self._judged: dict[str, tuple[Instant, bool]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._questions: dict[str, JudgementRow] = {}
        self._said: dict[str, Sequence[Label]] = {}

    # -- articles

    @property
    def articles(self) -> Knowledge:
        """All articles by language and id, those that are not valid now too."""
        return self._articles

    @property
    def proof(self) -> Proof:
        """What is proven of how well articles answer."""
        return self._proof

    def article(self, id: str, language: str | None) -> Article | None:
        """Return an article in `language`, valid or not."""
        return self._articles.get(language or "", {}).get(id)

    async def load(self) -> None:
        """Take the articles as they stand in the records now."""
        self._use(articles_of(await self._store.articles()))

    def _use(self, articles: Knowledge) -> None:
        self._articles = articles
        # Each with what it was made of: questions are looked up in a thread too, while others come.
        self._indexes = {language: (Index(known.values(), folded), known) for language, known in articles.items()}
        answers: dict[str, dict[str, str]] = {}
        for language, known in articles.items():
            for id, article in known.items():
                answers.setdefault(id, {})[language] = article.answer
        self._contents = {id: content_of(said) for id, said in answers.items()}

    # -- finding

    def found(self, text: str, language: str | None, labels: Iterable[Label]) -> list[Found]:
        """Return the articles that may answer `text` now, likeliest first, at most three."""
        matches, articles = self._matches(text, language)
        confidence = {label.name: label.confidence for label in labels}
        compared = [(match, _features(matches, place, confidence)) for place, match in enumerate(matches)]
        likely = sorted(compared, key=lambda each: (-self._alone(each[1]), each[0].article))[:CANDIDATES_MAX]
        said = self._proof.shares([features for _, features in likely])
        return [
            self._found(articles[match.article], features, share)
            for (match, features), share in zip(likely, said, strict=True)
        ]

    def _alone(self, features: Features) -> float:
        return self._proof.shares((features,))[0]

    def _found(self, article: Article, features: Features, said: float) -> Found:
        proven = self._proof.proven(article.id, said, self.precisions, self.content(article.id))
        return Found(article, features, round(said, 4), proven)

    def candidates(self, said: Labelled, language: str | None) -> tuple[Candidate, ...]:
        """Return what the core may answer by; nothing where no automatic answer is by articles.

        A long message is no simple question; a person reads it, and what the model finds to be about none of its
        labels: a keyword in it may route it, but is no ground to answer by.
        """
        answers = any(each.kind == "answer" for each in self._engine.policy.autoresponses.values())
        if not answers or said.out_of_scope or not 0 < len(said.text.split()) <= WORDS_MAX:
            return ()
        found = self.found(said.text, language, said.labels)
        return tuple(Candidate(each.article.id, each.probability, each.proven) for each in found)

    def chosen(self, held: Interaction, text: str) -> str | None:
        """Return what a customer's message says to the bot that has `held`: an article, that it helped, or nothing."""
        if held.state is not InteractionState.ANSWERED_BY_BOT:
            return None
        if held.asked is None:
            return CONFIRMED if is_thanks(text, folded) else None
        picked = choice_of(text, self.titles(held.asked.articles, held.language), folded)
        return held.asked.articles[picked] if isinstance(picked, int) else None

    def titles(self, articles: Iterable[str], language: str | None) -> list[str]:
        """Return the titles of articles in `language`; of one that is gone, its id."""
        known = self._articles.get(language or "", {})
        return [known[id].title if id in known else id for id in articles]

    @property
    def precisions(self) -> frozenset[float]:
        """The shares of right answers that automatic answers promise."""
        answers = self._engine.policy.autoresponses.values()
        return frozenset(answer.precision for answer in answers if answer.kind == "answer" and answer.precision)

    def threshold(self, article: str, precision: float) -> Threshold:
        """Return from which probability on `article`, as it is now, keeps `precision`."""
        return self._proof.threshold(article, precision, self.content(article))

    def content(self, article: str) -> str:
        """Return what stands for what an article says now, "" if there is none."""
        return self._contents.get(article, "")

    def _matches(self, text: str, language: str | None) -> tuple[list[Match], Mapping[str, Article]]:
        now = self._engine.clock.now()
        index, articles = self._indexes.get(language or "", (None, {}))
        matches = index.search(text[:CHARS_MAX]) if index is not None else []
        return [match for match in matches if articles[match.article].is_valid(now)], articles

    # -- learning

    async def learn(self) -> None:
        """Work out anew what is proven, from all that was judged."""
        async with self._turn:
            await self._read()
            await self._learn()

    async def learn_if_due(self) -> None:
        """Do so if something was judged, or judged otherwise, since, or the articles or the model are others."""
        async with self._turn:
            await self._read()
            model, articles = self._learnt_by
            if model is not self._model() or articles != self._articles:
                await self._learn()

    async def _learn(self) -> None:
        model, articles = self._model(), self._articles
        if model is not self._learnt_by[0]:
            self._said = {}
        told = [await self._tell(row) for row in list(self._questions.values()) if row.id not in self._said]
        # Four thousand outcomes take a tenth of a second, as many questions a second.
        self._proof, outcomes = await asyncio.to_thread(self._proven, dict(self._outcomes), dict(self._questions))
        # Only now, for whoever is stopped on the way has learnt nothing. What took too long to say is asked again.
        self._learnt_by = (model, articles if all(told) else None)
        log.info("answers_judged", outcomes=outcomes, articles=sum(map(len, self._articles.values())))

    async def _tell(self, row: JudgementRow) -> bool:
        """Have said what a question is about, and tell whether it could be."""
        said = await self._labelled(row)
        if said.failure is None:
            self._said[row.id] = said.labels
        return said.failure is None

    async def _read(self) -> None:
        """Take in what was judged since; where that is anything, what was learnt is not of all any more."""
        newest = max((at for at, _ in self._judged.values()), default=0)
        rows = await self._store.judgements(since=max(0, newest - OVERLAP))
        self._take([row for row in rows if self._judged.get(row.id) != _mark(row)])
        if len(self._judged) <= await self._store.judgement_count():
            return
        # Some are gone, with the file that they stood in.
        rows = await self._store.judgements()
        self._judged, self._outcomes, self._questions = {}, {}, {}
        self._learnt_by = (self._learnt_by[0], None)
        self._take(rows)

    def _take(self, rows: Sequence[JudgementRow]) -> None:
        if rows:
            self._learnt_by = (self._learnt_by[0], None)
        for row in rows:
            self._judged[row.id] = _mark(row)
            self._outcomes.pop(row.id, None)
            if row.source in TEXT_SOURCES and self._classify is not None:
                self._questions[row.id] = row
            elif (outcome := _of_work(row)) is not None:
                self._outcomes[row.id] = outcome

    def _proven(self, work: Mapping[str, Outcome], questions: Mapping[str, JudgementRow]) -> tuple[Proof, int]:
        asked = (self._of_question(row, self._said[id]) for id, row in questions.items() if id in self._said)
        outcomes = [*work.values(), *(outcome for outcome in asked if outcome is not None)]
        return Proof(outcomes), len(outcomes)

    async def outcome(self, row: JudgementRow) -> Outcome | None:
        """Return what a judgement says of the article that is found first; None: nothing would be found."""
        if row.source not in TEXT_SOURCES:
            return _of_work(row)
        if self._classify is None:
            return None
        return self._of_question(row, (await self._labelled(row)).labels)

    async def _labelled(self, row: JudgementRow) -> Labelled:
        assert self._classify is not None, "nobody can tell what a question is about"
        return await labelled(self._classify, row.text, row.language or None, NOTHING)

    def _of_question(self, row: JudgementRow, labels: Sequence[Label]) -> Outcome | None:
        found = self.found(row.text, row.language, labels)
        if not found:
            return None
        first, others = found[0], tuple(each.features for each in found[1:])
        return Outcome(row.id, first.article.id, first.features, first.article.id == row.article, others)

    async def run(self) -> None:
        """Follow what other nodes change, and learn from what is judged; cancel to stop."""
        while True:
            try:
                async with self._engine.subscribe() as events, asyncio.TaskGroup() as tasks:
                    await self.load()
                    learning = tasks.create_task(self._keep_learning())
                    try:
                        async for logged in events:
                            if isinstance(logged.event, KnowledgeChanged):
                                await self.load()
                    finally:
                        learning.cancel()
            except* (Lagged, TemporaryFailure):
                await self._engine.clock.sleep(SECOND)

    async def _keep_learning(self) -> None:
        while True:
            await self.learn_if_due()
            await self._engine.clock.sleep(LOOK_EVERY)


def _mark(row: JudgementRow) -> tuple[Instant, bool]:
    """Return what differs where an article is judged once more: that takes the place of the row."""
    return row.at, row.right


def _of_work(row: JudgementRow) -> Outcome | None:
    """Return what a judgement of work says of the article that stood first; None: nothing."""
    compared = msgspec.convert(row.features, Compared) if row.source in WORK_SOURCES and row.features else None
    # What did not stand first would not have been sent.
    if compared is None or not compared.is_first:
        return None
    others = tuple(compared.others)
    return Outcome(row.id, row.article, compared.features, row.right, others, compared.content)


def _features(matches: Sequence[Match], place: int, confidence: Mapping[str, float]) -> Features:
    match = matches[place]
    return Features(
        confidence=confidence.get(match.label, 0.0),
        coverage=round(match.coverage, 4),
        likeness=round(match.likeness, 4),
        gap=round(gap(matches, place), 4),
    )


def articles_of(rows: Iterable[ArticleRow]) -> Knowledge:
    """Return the articles of `rows` by language and id."""
    found: dict[str, dict[str, Article]] = {}
    for row in rows:
        for language, text in ({} if row.removed else row.texts).items():
            found.setdefault(language, {})[row.id] = _article(row, text)
    return found


def _article(row: ArticleRow, text: dict[str, Any]) -> Article:
    return Article(
        id=row.id,
        label=row.label,
        title=text["title"],
        questions=tuple(text.get("questions", ())),
        answer=text["answer"],
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def judged(
    source: str,
    found: Sequence[Found],
    place: int,
    *,
    content: str,
    id: str,
    at: Instant,
    language: str,
    right: bool,
    by: str,
    interaction: str,
) -> JudgementRow:
    """Return the row that says whether the candidate at `place` of `found` answered in `interaction`.

    `content`: what it said there.
    """
    one = found[place]
    others = [each.features for at, each in enumerate(found) if at != place]
    return JudgementRow(
        id=id,
        at=at,
        source=source,
        article=one.article.id,
        language=language,
        right=right,
        by=by,
        interaction=interaction,
        features=msgspec.to_builtins(Compared(one.features, others, is_first=place == 0, content=content)),
    )
