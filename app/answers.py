"""Answers beside the conversation: what would be answered and why, what agents are offered, how it was judged."""

from collections.abc import Sequence

import msgspec

from app.background import background_of
from app.engine import Engine
from app.foreseeing import SUGGESTED_MIN, Foreseeing, threshold_view
from app.knowledge import ARTICLE, CONTENT, Found, KnowledgeBase, judged
from app.labelling import Classify, labelled
from autoresponders.knowledge import pair_row
from autoresponders.proof import Outcome
from classifiers.background import NOTHING
from queues.interaction import Interaction
from reports.answers import WITHIN, AnswerLog, Asked, Worth, worth_of, worths
from router.events import AnsweredByBot, AnyEvent, Relabelled
from storage.codec import decode
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.ids import InteractionId, derived_id
from vocabulary.instants import DAY, SECOND, Instant, Span
from vocabulary.records import JudgementRow, MessageRow, Put, PutNew
from vocabulary.stores import Store
from web.knowing import (
    ALL,
    Evaluation,
    Foreseen,
    JudgedPair,
    Promise,
    Promised,
    Question,
    Suggestion,
)
from web.site import Logged

MESSAGES_MAX = 200
EVENTS = frozenset(
    "Admitted AnswerAsked AnsweredByBot AnswerHeldOut AnswerConfirmed Enqueued OfferAccepted WrappedUp Closed "
    "Forgotten".split()
)
"""Types of the events that `AnswerLog` looks at."""
BY_PEOPLE = ("thumb", "corrected")
"""Judgements of people who know what was asked: what a customer does never takes their place."""
BY_CUSTOMERS = {"confirmed": True, "escalated": False, "recontacted": False}
"""What a customer may do about an answer, and whether it was right then. Silence says nothing."""
LOOK_BACK: Span = 2 * WITHIN
"""So much of the log is read at first: an answer may be `WITHIN` old, and nobody may have listened for as long."""
PRECISIONS = (0.9, 0.95, 0.99)
"""What an evaluation tells of, beside what automatic answers promise."""


class Answers:
    """Implements `web.knowing.Knowing`."""

    def __init__(self, *, engine: Engine, store: Store, knowledge: KnowledgeBase, classify: Classify) -> None:
        self._engine = engine
        self._store = store
        self._knowledge = knowledge
        self._classify = classify
        self._foreseeing = Foreseeing(engine=engine, knowledge=knowledge, classify=classify)
        self._log = AnswerLog()
        self._seq: int | None = None
        self._left_at: Instant = 0
        self._told: dict[InteractionId, Asked] = {}

    async def load(self) -> None:
        await self._knowledge.load()

    async def learn(self) -> None:
        await self._knowledge.learn()

    async def foreseen(self, question: Question) -> Foreseen:
        return await self._foreseeing.foreseen(question)

    # -- what agents are offered

    async def suggestions(self, found: Interaction) -> list[Suggestion]:
        rows = await self._store.messages(found.id, limit=MESSAGES_MAX)
        candidates = await self._found_for(rows, found)
        judged_before = {row.article: row for row in await self._store.judgements(interaction=found.id)}
        sent = await self._sent(found.id)
        missing = sent - {each.article.id for each in candidates}
        if missing:
            # What was sent is shown to be judged, whatever the customer has asked since.
            candidates = [
                *candidates,
                *(each for each in self._found_when_sent(rows, found) if each.article.id in missing),
            ]
        shown = [each for each in candidates if each.probability >= SUGGESTED_MIN or each.article.id in sent]
        return [
            Suggestion(
                article=each.article.id,
                title=each.article.title,
                answer=each.article.answer,
                language=found.language or "",
                probability=each.probability,
                sent=each.article.id in sent,
                judged=_mark(judged_before.get(each.article.id)),
            )
            for each in shown
        ]

    async def _found_for(self, rows: Sequence[MessageRow], found: Interaction) -> list[Found]:
        """Return the articles that may answer what the customer has said since somebody answered him."""
        asked = _open_question(rows)
        if not asked:
            return []
        text = "\n".join(row.text for row in asked)
        said = await labelled(self._classify, text, found.language, background_of(asked[0]))
        return self._knowledge.found(said.text, found.language or said.language, said.labels)

    def _found_when_sent(self, rows: Sequence[MessageRow], found: Interaction) -> list[Found]:
        """Return the articles that may answer the first message, by what it was taken to be about then.

        Nobody is asked once more: after a start the model may not be there yet, and what it says may have changed.
        """
        labels = found.labels if found.corrected is None else found.corrected.before
        return self._knowledge.found(rows[0].text, found.language, labels) if rows else []

    async def _sent(self, id: InteractionId) -> frozenset[str]:
        entries = await self._store.entries(0, 1_000, interaction=id)
        events = [decode(entry) for entry in entries if entry.type == "AnsweredByBot"]
        # What many were answered at once is no article.
        return frozenset(event.article for event in events if isinstance(event, AnsweredByBot) and event.article)

    async def judge(self, found: Interaction, article: str, *, right: bool, by: str) -> bool:
        """Write down whether an article answers; False: it is none of the candidates."""
        source = "corrected" if article in await self._sent(found.id) and not right else "thumb"
        return await self._write_judgement(found, article, source, right=right, by=by)

    async def inserted(self, found: Interaction, article: str, by: str) -> bool:
        """Write down that an agent used a suggestion."""
        return await self._write_judgement(found, article, "inserted", right=True, by=by)

    async def _write_judgement(self, found: Interaction, article: str, source: str, *, right: bool, by: str) -> bool:
        rows = await self._store.messages(found.id, limit=MESSAGES_MAX)
        sent = article in await self._sent(found.id)
        candidates = self._found_when_sent(rows, found) if sent else await self._found_for(rows, found)
        place = next((at for at, each in enumerate(candidates) if each.article.id == article), None)
        if place is None:
            return False
        kind = "inserted" if source == "inserted" else "judged"
        row = judged(
            source,
            candidates,
            place,
            content=_content_sent(rows, article) or self._knowledge.content(article),
            id=_judgement_id(found.id, article, kind),
            at=self._engine.clock.now(),
            language=found.language or "",
            right=right,
            by=by,
            interaction=found.id,
        )
        await self._engine.write(Put(row))
        return True

    # -- what was judged

    async def proven(self) -> list[Promised]:
        answers = [each for each in self._engine.policy.autoresponses.values() if each.kind == "answer"]
        ids = sorted({id for known in self._knowledge.articles.values() for id in known})
        kept = self._knowledge.proof.kept
        return [
            Promised(
                autoresponse=answer.name,
                precision=answer.precision,
                confidence=answer.confidence if answer.precision is None else None,
                overall=threshold_view(self._knowledge, ALL, answer.precision)
                if answer.precision is not None
                else None,
                articles={id: threshold_view(self._knowledge, id, answer.precision) for id in ids}
                if answer.precision
                else {},
                kept=len(kept),
                right=sum(right for _, _, right in kept),
            )
            for answer in answers
        ]

    async def evaluate(self, pairs: Sequence[JudgedPair], *, keep: bool, by: str) -> Evaluation:
        now = self._engine.clock.now()
        rows = [pair_row("imported", await self._language_of(pair), pair.text, pair.article, now, by) for pair in pairs]
        outcomes = [await self._knowledge.outcome(row) for row in rows]
        answered = [outcome for outcome in outcomes if outcome is not None]
        if keep:
            await self._engine.write(*(PutNew(row) for row in rows))
            await self._knowledge.learn()
        precisions = sorted({*PRECISIONS, *self._knowledge.precisions})
        return Evaluation(
            n=len(rows),
            found=len(answered),
            right=sum(outcome.right for outcome in answered),
            kept=len(rows) if keep else 0,
            promises=tuple(self._kept_promise(precision, answered, len(rows)) for precision in precisions),
        )

    async def _language_of(self, pair: JudgedPair) -> str:
        return pair.language or (await self._classify("", pair.text, None, NOTHING)).language or ""

    def _kept_promise(self, precision: float, outcomes: Sequence[Outcome], n: int) -> Promise:
        proof = self._knowledge.proof
        taken = [
            each.right
            for each in outcomes
            if proof.shares((each.features, *each.others))[0]
            >= self._knowledge.threshold(each.article, precision).least
        ]
        return Promise(precision=precision, answered=len(taken), right=sum(taken), n=n)

    async def worths(self, since: Instant, until: Instant) -> list[Worth]:
        """Return what the answers of a period were worth, those of each autoresponse and (as "") of all."""
        log, now = AnswerLog(), self._engine.clock.now()
        after = await self._store.seq_before(since)
        async for entry in self._store.read(after):
            if entry.at >= until + WITHIN:
                break
            if entry.type in EVENTS:
                log.observe(decode(entry))
        asked = [each for each in log.asked if since <= each.at < until]
        choices = [each for each in log.choices if since <= each.at < until]
        return [worth_of("", asked, choices, now), *worths(asked, choices, now)]

    async def run(self) -> None:
        """Judge answers by what is heard of them; cancel to stop."""
        while True:
            try:
                async with self._engine.subscribe() as events:
                    await self.catch_up()
                    async for logged in events:
                        await self.see(logged)
            except (Lagged, TemporaryFailure):
                await self._engine.clock.sleep(SECOND)

    async def catch_up(self) -> None:
        """Read what the log has behind what was seen, and judge by all of it at once."""
        if self._seq is None:
            self._seq = await self._store.seq_before(self._engine.clock.now() - LOOK_BACK)
        async for entry in self._store.read(self._seq):
            if entry.type in EVENTS:
                self._count(decode(entry))
            self._seq = entry.seq
        await self._settle()

    async def see(self, logged: Logged) -> None:
        """Judge by an event that has just become durable; what was seen is passed over."""
        if self._seq is None or logged.seq > self._seq:
            self._seq = logged.seq
            await self.heard(logged.event)

    async def heard(self, event: AnyEvent) -> None:
        """Judge an answer by what a customer or an agent did; the same event leads to the same judgement."""
        self._count(event)
        if isinstance(event, Relabelled):
            await self._relabelled(event)
        await self._settle()

    def _count(self, event: AnyEvent) -> None:
        self._told |= {asked.interaction: asked for asked in self._log.observe(event) if not asked.held_out}
        if event.at >= self._left_at + DAY:
            self._left_at = event.at
            self._log.leave(event.at - WITHIN)

    async def _settle(self) -> None:
        """Write down what became of answers; what the store doesn't take now stays for the next time."""
        for asked in list(self._told.values()):
            await self._fell_out(asked)
            del self._told[asked.interaction]

    async def _fell_out(self, asked: Asked) -> None:
        """Have one judgement of an answer, however often and by whatever way its customer came back."""
        source = asked.result(asked.at)
        row = await self._store.interaction(asked.interaction)
        if source not in BY_CUSTOMERS or row is None:
            return
        id = _judgement_id(asked.interaction, asked.article, "judged")
        known = [row.source for row in await self._store.judgements(interaction=asked.interaction) if row.id == id]
        if not {source, *BY_PEOPLE}.intersection(known):
            found = msgspec.json.decode(row.body, type=Interaction)
            await self._write_judgement(found, asked.article, source, right=BY_CUSTOMERS[source], by="customer")

    async def _relabelled(self, event: Relabelled) -> None:
        """Somebody says what it is about: an article about something else was no answer."""
        held = self._engine.state.interactions.get(event.interaction)
        if held is None or not held.labels:
            return
        for id in await self._sent(held.id):
            article = self._knowledge.article(id, held.language)
            if article is not None and article.label != held.labels[0].name:
                await self._write_judgement(held, id, "corrected", right=False, by=event.by)


def _open_question(rows: Sequence[MessageRow]) -> list[MessageRow]:
    """Return what the customer has written since the last answer; all that he wrote if nobody has answered."""
    spoken = [row for row in rows if row.author in ("customer", "agent", "bot")]
    last = max((at for at, row in enumerate(spoken) if row.author == "agent"), default=-1)
    return [row for row in spoken[last + 1 :] if row.author == "customer"]


def _content_sent(rows: Sequence[MessageRow], article: str) -> str:
    """Return what stands for what `article` said when it was sent, "" if it was not."""
    sent = (row.attributes for row in rows if row.author == "bot" and row.attributes.get(ARTICLE) == article)
    return next((str(attributes.get(CONTENT, "")) for attributes in sent), "")


def _judgement_id(interaction: InteractionId, article: str, kind: str) -> str:
    return derived_id("j", interaction, article, kind)


def _mark(row: JudgementRow | None) -> bool | None:
    """Return how somebody has judged it; that a customer came back is no word of his about it."""
    return row.right if row is not None and row.source in ("thumb", "corrected", "confirmed") else None
