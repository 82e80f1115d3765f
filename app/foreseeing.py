"""What a question would get if it came in now, and why or why not: the core's own choice; nothing is kept."""

import math
from collections.abc import Sequence

import msgspec

from app.engine import Engine
from app.knowledge import Found, KnowledgeBase
from app.labelling import Classify, Labelled, labelled
from autoresponders.article import WORDS_MAX
from classifiers.background import Background
from router.admission import articles_for, is_by_a_guess
from router.commands import Admit, Candidate
from router.policy import Autoresponse
from router.reasons import Reason, reason
from router.state import ALL_REPLIES
from router.triage import Verdict, triage
from web.knowing import Answerable, Foreseen, Question, Threshold

SUGGESTED_MIN = 0.2
"""A suggestion less likely than this would only cost the agent time."""


class Foreseeing:
    """Tells what would be answered."""

    def __init__(self, *, engine: Engine, knowledge: KnowledgeBase, classify: Classify) -> None:
        self._engine = engine
        self._knowledge = knowledge
        self._classify = classify

    async def foreseen(self, question: Question) -> Foreseen:
        known = Background(question.subject, question.channel or "")
        said = await labelled(self._classify, question.text, question.language, known)
        language = question.language or said.language
        found = self._knowledge.found(said.text, language, said.labels)
        words = len(said.text.split())
        command = self._as_it_would_come(question, said, language)
        verdict = triage(command, self._engine.state, self._engine.policy, self._engine.clock.now())
        response, chosen = self._response(verdict, command)
        return Foreseen(
            labels=said.labels,
            language=language,
            rule=verdict.rule,
            queue=verdict.then.queue,
            autoresponse=response.name if response is not None else None,
            outcome=_outcome(response, chosen, found),
            articles=tuple(each.article for each in chosen),
            candidates=tuple(self._answerable(each, verdict) for each in found),
            reasons=(
                *self._reasons(verdict, said, chosen, found, words=words if words > WORDS_MAX else 0),
                *self._guards(),
            ),
        )

    def _as_it_would_come(self, question: Question, said: Labelled, language: str | None) -> Admit:
        policy = self._engine.policy
        channel = policy.channels.get(question.channel or "")
        return Admit(
            id="preview",
            channel=channel.name if channel is not None else "",
            medium=channel.medium if channel is not None else "chat",
            customer="preview",
            subject=question.subject,
            text=said.text,
            labels=said.labels,
            heads=said.heads,
            language=language,
            out_of_scope=said.out_of_scope,
            candidates=self._knowledge.candidates(said, language),
        )

    def _response(self, verdict: Verdict, command: Admit) -> tuple[Autoresponse | None, tuple[Candidate, ...]]:
        """Return the automatic answer that would be given, and by what: the core's own choice."""
        name, known = verdict.then.autoresponse, self._engine.policy.autoresponses
        response = known.get(name or "")
        while response is not None and response.kind == "answer":
            chosen = articles_for(response, command.candidates)
            if chosen or response.otherwise is None:
                return response, chosen
            response = known.get(response.otherwise)
        if response is not None and response.kind == "document" and is_by_a_guess(command, verdict):
            return None, ()
        return response, ()

    def _answerable(self, found: Found, verdict: Verdict) -> Answerable:
        first = self._answer_of(verdict)
        precision = first.precision if first is not None else None
        return Answerable(
            article=found.article.id,
            title=found.article.title,
            label=found.article.label,
            probability=found.probability,
            features=msgspec.structs.asdict(found.features),
            threshold=threshold_view(self._knowledge, found.article.id, precision) if precision is not None else None,
            confidence=first.confidence if first is not None and precision is None else None,
        )

    def _answer_of(self, verdict: Verdict) -> Autoresponse | None:
        response = self._engine.policy.autoresponses.get(verdict.then.autoresponse or "")
        return response if response is not None and response.kind == "answer" else None

    def _reasons(
        self,
        verdict: Verdict,
        said: Labelled,
        chosen: Sequence[Candidate],
        found: Sequence[Found],
        *,
        words: int,
    ) -> list[Reason]:
        reasons = [reason("rule_applied", rule=verdict.rule, queue=verdict.then.queue)]
        asked = self._answer_of(verdict)
        if asked is None:
            return [*reasons, reason("no_answering")]
        if words:
            return [*reasons, reason("too_long_to_answer", count=words)]
        if said.out_of_scope:
            return [*reasons, reason("out_of_scope")]
        if not found:
            return [*reasons, reason("no_article")]
        if len(chosen) == 1:
            return [*reasons, reason("would_answer", article=chosen[0].article, share=chosen[0].probability)]
        if chosen:
            return [*reasons, reason("would_ask", articles=tuple(each.article for each in chosen))]
        return [*reasons, self._why_not(found[0], asked)]

    def _why_not(self, first: Found, asked: Autoresponse) -> Reason:
        id, said = first.article.id, first.probability
        if asked.precision is None:
            return reason("below_confidence", article=id, share=said, least=asked.confidence)
        known = self._knowledge.threshold(id, asked.precision)
        if math.isfinite(known.least):
            return reason("below_proven", article=id, share=said, least=round(known.least, 4))
        return reason("nothing_proven", precision=asked.precision, right=known.right, number=known.n)

    def _guards(self) -> list[Reason]:
        """Return what keeps every automatic reply back just now; what depends on the sender, nobody can tell here."""
        return [reason("replies_are_stopped")] if ALL_REPLIES in self._engine.state.replies_stopped else []


def threshold_view(knowledge: KnowledgeBase, article: str, precision: float) -> Threshold:
    """Return from which probability on `article` keeps `precision`, as pages see it."""
    known = knowledge.threshold(article, precision)
    return Threshold(
        precision=precision,
        least=known.least if math.isfinite(known.least) else None,
        scope=known.scope,
        n=known.n,
        right=known.right,
        bound=round(known.bound, 4),
    )


def _outcome(response: Autoresponse | None, chosen: Sequence[Candidate], found: Sequence[Found]) -> str:
    if chosen:
        return "answers" if len(chosen) == 1 else "asks"
    if found and found[0].probability >= SUGGESTED_MIN:
        return "suggests"
    return "nothing" if response is None or response.kind == "answer" else "replies"
