"""One answer for many, as a supervisor gives it: who would get it and who would not, giving it, taking it back."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import structlog

from app.engine import Engine
from app.mailroom import answer_for_many
from autoresponders.article import Knowledge
from autoresponders.templates import Wordings
from queues.bulk import Bulk
from queues.interaction import Interaction
from queues.lifecycle import QUEUED, InteractionState
from router.bulk import against
from router.commands import AnswerInBulk, BeginAutomation, UndoInBulk
from router.decision import Refusal
from router.events import AnsweredByBot, Enqueued, Undone
from storage.codec import decode
from vocabulary.ids import InteractionId
from vocabulary.instants import DAY, HOUR, SECOND, Instant, Span
from vocabulary.records import AuditRow, BulkMemberRow, BulkRow, Change, InteractionRow, Put, Set
from vocabulary.stores import Store
from web.site import BulkDone, BulkPreview, BulkReport, BulkWish, Prepared

log = structlog.get_logger()

AT_ONCE = 100
"""So many in one command: what else comes in meanwhile waits for no longer than that takes."""
AGAIN: Span = 7 * DAY
"""Within this, something new of the same customer about the same shows that the answer did not help."""
MATTERLESS = frozenset({"", "unknown", "oos"})
"""Labels that say that nobody knows what it is about: how sure that is means nothing."""


class BulkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What configuration says of answers for many.

    `confidence`: how sure a label must be, `of_labels`: of some.
    `automate_for`, `automate_max`: how long, unless told otherwise, and how often one is given by itself at most.
    """

    confidence: float = 0.6
    automate_for: Span = 2 * HOUR
    automate_max: int = 500
    of_labels: dict[str, float] = {}


class BulkAnswers:
    """Gives answers for many. `languages` of the site: who speaks none that is known, gets the words of the first."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        wordings: Wordings,
        articles: Callable[[], Knowledge],
        settings: BulkSettings,
        languages: Sequence[str] = ("en",),
    ) -> None:
        self._engine = engine
        self._store = store
        self._wordings = wordings
        self._articles = articles
        self._settings = settings
        self.languages = list(languages)
        self._language = languages[0]

    # -- before

    def prepared(self, label: str) -> Sequence[Prepared]:
        """Return the articles about `label` that are valid now, by id, with their words in each language."""
        now = self._engine.clock.now()
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for language, articles in self._articles().items():
            for article in articles.values():
                if article.label == label and article.is_valid(now):
                    found.setdefault(article.id, {})[language] = (article.title, article.answer)
        return [
            Prepared(
                id=id, titles={each: words[each][0] for each in words}, texts={each: words[each][1] for each in words}
            )
            for id, words in sorted(found.items())
        ]

    def confidence_of(self, label: str) -> float:
        """Return how sure the label of whoever gets an answer must be, unless a supervisor says otherwise."""
        return 0.0 if label in MATTERLESS else self._settings.of_labels.get(label, self._settings.confidence)

    @property
    def automate_for(self) -> Span:
        """How long what comes in is answered by itself, unless a supervisor says otherwise."""
        return self._settings.automate_for

    def preview(self, wish: BulkWish) -> BulkPreview | Refusal:
        """Return who would get it, who would not and why, and what they would read."""
        words = self._words(wish)
        if isinstance(words, Refusal):
            return words
        texts, _ = words
        bulk = self._bulk("b", wish, texts)
        gets, left_out = self._sorted_out(wish, bulk)
        return BulkPreview(
            gets=len(gets),
            by_language=dict(sorted(Counter(bulk.words_for(each.language) or "" for each in gets).items())),
            by_medium=dict(sorted(Counter(each.medium for each in gets).items())),
            left_out=left_out,
            texts={language: answer_for_many(self._wordings, text, language) for language, text in texts.items()},
        )

    def concerned(self, wish: BulkWish) -> Iterator[Interaction]:
        """Iterate over what waits and the wish is about, those that came first first."""
        concerned = (each for each in self._engine.state.interactions.values() if _is_about(wish, each))
        return iter(sorted(concerned, key=lambda each: each.number))

    def _sorted_out(self, wish: BulkWish, bulk: Bulk) -> tuple[list[Interaction], dict[str, int]]:
        """Return who gets it, and how many don't by the first reason."""
        state, policy, now = self._engine.state, self._engine.policy, self._engine.clock.now()
        gets: list[Interaction] = []
        left_out: Counter[str] = Counter()
        for each in self.concerned(wish):
            reason = next(against(state, policy, now, each, bulk), None)
            if reason is None:
                gets.append(each)
            else:
                left_out[reason] += 1
        return gets, dict(left_out.most_common())

    def _bulk(self, id: str, wish: BulkWish, texts: dict[str, str]) -> Bulk:
        fallback = self._language if self._language in texts else min(texts)
        return Bulk(
            id=id,
            languages=tuple(sorted(texts)),
            label=wish.label,
            fallback=fallback,
            confidence=self.confidence_of(wish.label) if wish.confidence is None else wish.confidence,
            leave_out=() if wish.everybody else self._engine.policy.bulk_leave_out,
        )

    def _words(self, wish: BulkWish) -> tuple[dict[str, str], dict[str, str]] | Refusal:
        """Return texts and subjects by language: those of the article, and over them what was written."""
        texts: dict[str, str] = {}
        subjects: dict[str, str] = {}
        if wish.article is not None:
            found = {
                language: articles[wish.article]
                for language, articles in self._articles().items()
                if wish.article in articles and articles[wish.article].is_valid(self._engine.clock.now())
            }
            if not found:
                return Refusal("invalid", "unknown_article", f"There is no article {wish.article!r} that is valid now.")
            texts = {language: article.answer for language, article in found.items()}
            subjects = {language: article.title for language, article in found.items()}
        texts |= {language: text for language, text in wish.texts.items() if text.strip()}
        subjects |= {language: text for language, text in wish.subjects.items() if text.strip()}
        if not texts:
            return Refusal("invalid", "no_words", "Name an article, or write a text in one language at least.")
        return texts, subjects

    # -- doing it

    async def answer(self, id: str, wish: BulkWish, by: str, audit: AuditRow) -> BulkDone | Refusal:
        """Answer all whom the wish is about and who may get it, some at a time, and go on by itself if it says so."""
        words = self._words(wish)
        if isinstance(words, Refusal):
            return words
        if wish.automate is not None and not wish.label:
            return Refusal("invalid", "no_label", "What comes in can be answered by itself by its label only.")
        if wish.lasts and not any(each.label == wish.label for each in self._engine.state.avalanches.values()):
            return Refusal("conflict", "no_avalanche", f"There is no avalanche of {wish.label!r}.")
        bulk = self._bulk(id, wish, words[0])
        gets, left_out = self._sorted_out(wish, bulk)
        now = self._engine.clock.now()
        row = self._row(bulk, wish, words, by, now, left_out)
        await self._engine.write(Put(row), Put(audit))
        answered = await self._answer([each.id for each in gets], bulk, by)
        missed = len(gets) - answered
        if missed:
            left_out = {**left_out, "meanwhile": missed}
        await self._engine.write(Set(BulkRow, id, {"left_out": left_out}))
        until = await self._automate(bulk, wish, by) if wish.automate is not None else None
        log.info("answered_in_bulk", bulk=id, label=wish.label, answered=answered, left_out=sum(left_out.values()))
        return BulkDone(id=id, answered=answered, left_out=left_out, undo_until=row.undo_until, automated_until=until)

    def _row(
        self,
        bulk: Bulk,
        wish: BulkWish,
        words: tuple[dict[str, str], dict[str, str]],
        by: str,
        now: Instant,
        left_out: dict[str, int],
    ) -> BulkRow:
        return BulkRow(
            id=bulk.id,
            at=now,
            by=by,
            label=wish.label,
            texts=words[0],
            subjects=words[1],
            articles={} if wish.article is None else dict.fromkeys(words[0], wish.article),
            queue=wish.queue,
            terms={"confidence": bulk.confidence, "leave_out": list(bulk.leave_out), "channels": list(wish.channels)},
            left_out=left_out,
            undo_until=now + self._engine.policy.bulk_undo,
        )

    async def _answer(self, ids: Sequence[InteractionId], bulk: Bulk, by: str) -> int:
        answered = 0
        for start in range(0, len(ids), AT_ONCE):
            decision = await self._engine.submit(AnswerInBulk(bulk, tuple(ids[start : start + AT_ONCE]), by))
            answered += sum(isinstance(event, AnsweredByBot) for event in decision.events)
        return answered

    async def _automate(self, bulk: Bulk, wish: BulkWish, by: str) -> Instant | None:
        span: Span = wish.automate or 0
        command = BeginAutomation(bulk, span, self._settings.automate_max, by, wish.lasts)
        decision = await self._engine.submit(command)
        return None if decision.refusal is not None else self._engine.clock.now() + span

    # -- taking it back

    async def undo(self, row: BulkRow, by: str, audit: AuditRow) -> BulkDone | Refusal:
        """Take the answer back from all who still rest with it; nothing more is answered so."""
        now = self._engine.clock.now()
        if row.undone_at is not None:
            return Refusal("conflict", "nothing_to_undo", "It was taken back before.")
        if now >= row.undo_until:
            return Refusal("conflict", "undo_over", "The time in which it can be taken back is over.")
        members = [each.interaction for each in await self._store.bulk_members(row.id) if not each.by_itself]
        back = 0
        for start in range(0, max(1, len(members)), AT_ONCE):
            command = UndoInBulk(row.id, tuple(members[start : start + AT_ONCE]), by)
            decision = await self._engine.submit(command)
            back += sum(isinstance(event, Undone) for event in decision.events)
        changes: list[Change] = [Set(BulkRow, row.id, {"undone_at": now}), Put(audit)]
        await self._engine.write(*changes)
        log.info("bulk_answer_undone", bulk=row.id, back=back, stayed=len(members) - back)
        return BulkDone(
            id=row.id,
            answered=back,
            left_out={"meanwhile": len(members) - back} if len(members) > back else {},
            undo_until=row.undo_until,
        )

    # -- after

    async def report(self, row: BulkRow) -> BulkReport:
        """Return what has become of all who got it."""
        members = await self._store.bulk_members(row.id)
        counts = Counter(await self._outcomes(row, members))
        handling = self._handling(row.label)
        stayed = counts["confirmed"] + counts["silent"] + counts["left"] + counts["resting"]
        return BulkReport(
            got=len(members),
            by_itself=sum(each.by_itself for each in members),
            confirmed=counts["confirmed"],
            resting=counts["resting"],
            silent=counts["silent"],
            left=counts["left"],
            came_back=counts["came_back"],
            again=counts["again"],
            undone=counts["undone"],
            handling_s=handling,
            saved_min_s=None if handling is None else round(handling * counts["confirmed"], 1),
            saved_max_s=None if handling is None else round(handling * stayed, 1),
        )

    async def _outcomes(self, row: BulkRow, members: Sequence[BulkMemberRow]) -> list[str]:
        """Return what has become of each, by a few reads for all of them."""
        kept = {each.id: each for each in await self._store.interactions_of([each.interaction for each in members])}
        now = {id: self._now(each) for id, each in kept.items()}
        gone = [id for id, each in now.items() if each.bulk != row.id]
        ways = await self._ways_out(gone, {each.interaction: each.at for each in members})
        rest = [each.customer for id, each in kept.items() if id not in ways and not now[id].confirmed]
        began: dict[tuple[str, str | None], list[Instant]] = {}
        for contact in await self._store.contacts(sorted(set(rest)), row.at):
            began.setdefault((contact.customer, contact.label), []).append(contact.at)

        def outcome(member: BulkMemberRow) -> str:
            if (it := kept.get(member.interaction)) is None:
                return "silent"
            interaction = now[it.id]
            if it.id in ways:
                return ways[it.id]
            if interaction.confirmed:
                return "confirmed"
            if any(member.at < at <= member.at + AGAIN for at in began.get((it.customer, it.label), ())):
                return "again"
            if interaction.state is InteractionState.ANSWERED_BY_BOT:
                return "resting"
            return "left" if interaction.disposition == "customer_left" else "silent"

        return [outcome(member) for member in members]

    def _now(self, row: InteractionRow) -> Interaction:
        held = self._engine.state.interactions.get(row.id)
        return held if held is not None else msgspec.json.decode(row.body, type=Interaction)

    async def _ways_out(self, ids: Sequence[InteractionId], got: Mapping[InteractionId, Instant]) -> dict[str, str]:
        """Return whether it was taken back, or the customer came back: what was first after he `got` it."""
        ways = dict.fromkeys(ids, "")
        since = min((got[id] for id in ids), default=0)
        for entry in await self._store.entries_of(ids, (Undone.__name__, Enqueued.__name__), since):
            id = entry.interaction
            if id is None or ways[id] or entry.at < got[id]:
                continue
            match decode(entry):
                case Undone():
                    ways[id] = "undone"
                case Enqueued(cause="not_satisfied" | "customer_wrote"):
                    ways[id] = "came_back"
        return {id: way or "came_back" for id, way in ways.items()}

    def _handling(self, label: str) -> float | None:
        """Return how long agents take for one about `label` as a rule, s."""
        count, total = self._engine.state.typical.get(label, (0, 0))
        return round(total / count / SECOND, 1) if count else None


def _is_about(wish: BulkWish, found: Interaction) -> bool:
    """Tell whether it waits and `wish` is about it."""
    return (
        found.state in QUEUED
        and (not wish.label or found.label == wish.label)
        and (wish.queue is None or found.queue == wish.queue)
        and (not wish.channels or found.channel in wish.channels)
        and (not wish.languages or (found.language or "") in wish.languages)
    )
