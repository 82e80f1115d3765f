"""Automatic and suggested answers: what would be answered and why, what agents are offered, what it was worth."""

import msgspec

from vocabulary.instants import DAY
from web.answer_views import (
    AnswersReport,
    EvaluatePairs,
    EvaluationView,
    ForeseenView,
    JudgeSuggestion,
    PreviewQuestion,
    PromiseView,
    ProofView,
    ReportQuery,
    Suggestions,
    foreseen_view,
    promised_view,
    report_view,
    suggestion_view,
)
from web.call import Call
from web.endpoint import Endpoints
from web.knowing import JudgedPair, Question
from web.problems import Problem, instant_at, invalid

endpoints = Endpoints("knowledge")
PERIOD, PERIOD_MAX = 28 * DAY, 400 * DAY


@endpoints.post("/autoresponses/preview", "article.see", "What would be answered, and why or why not", repeats=False)
async def preview(call: Call, body: PreviewQuestion) -> ForeseenView:
    """Answer what a question would get by itself if it came in now; nothing is sent or kept.

    A rule that asks for what is not given here, such as a segment, does not apply. What depends on the sender (his
    address, how many replies he had) nobody can tell before he writes.
    """
    if body.channel is not None and body.channel not in call.site.policy.channels:
        raise invalid("channel", f"There is no channel {body.channel!r}.")
    question = Question(text=body.text, subject=body.subject, language=body.language, channel=body.channel)
    return foreseen_view(await call.site.knowledge.foreseen(question), call.language)


@endpoints.get("/interactions/{id}/suggestions", "interaction.read", "Answers that may help, at most three")
async def suggestions(call: Call, id: str) -> Suggestions:
    """Answer articles for what the customer has asked since somebody answered him, likeliest first."""
    found = await call.interaction(id, "interaction.read")
    return Suggestions(items=[suggestion_view(each) for each in await call.site.knowledge.suggestions(found)])


@endpoints.post("/interactions/{id}/suggestions/{article}/judge", "interaction.note", "Say whether an article answers")
async def judge(call: Call, id: str, article: str, body: JudgeSuggestion) -> Suggestions:
    """Write down whether an article answers: by such judgements promises are proven. A later one replaces it."""
    found = await call.interaction(id, "interaction.note")
    if not await call.site.knowledge.judge(found, article, right=body.right, by=call.actor):
        raise _no_candidate(article)
    return Suggestions(items=[suggestion_view(each) for each in await call.site.knowledge.suggestions(found)])


@endpoints.post("/interactions/{id}/suggestions/{article}/used", "interaction.note", "Say that a suggestion was used")
async def used(call: Call, id: str, article: str) -> None:
    """Write down that an agent put a suggestion into his answer."""
    found = await call.interaction(id, "interaction.note")
    if not await call.site.knowledge.inserted(found, article, call.actor):
        raise _no_candidate(article)


def _no_candidate(article: str) -> Problem:
    return Problem("not_found", f"Article {article!r} is not suggested here.", reason="not_suggested")


@endpoints.get("/autoresponses/proof", "article.see", "What is promised, and from which probability on it is proven")
async def proof(call: Call) -> ProofView:
    """Answer for each automatic answer what it promises and what of that the kept-back outcomes prove."""
    return ProofView(items=[promised_view(each) for each in await call.site.knowledge.proven()])


@endpoints.post("/autoresponses/evaluate", "article.edit", "Try labelled questions, and keep them if asked")
async def evaluate(call: Call, body: EvaluatePairs) -> EvaluationView:
    """Answer how many would be answered, and rightly, under each promise; kept ones prove from then on."""
    known = {row.id for row in await call.site.store.articles() if not row.removed}
    pairs = []
    for place, pair in enumerate(body.pairs):
        if pair.article is not None and pair.article not in known:
            raise invalid(f"pairs[{place}].article", f"There is no article {pair.article!r}.")
        pairs.append(JudgedPair(text=pair.text, article=pair.article or "", language=pair.language))
    found = await call.site.knowledge.evaluate(pairs, keep=body.keep, by=call.actor)
    return EvaluationView(
        n=found.n,
        found=found.found,
        right=found.right,
        kept=found.kept,
        promises=[PromiseView(**msgspec.structs.asdict(promise)) for promise in found.promises],
    )


@endpoints.get("/reports/autoresponses", "report.see", "What automatic answers were worth")
async def report(call: Call, query: ReportQuery) -> AnswersReport:
    """Answer outcomes, rates with their intervals, and the effect against what was held out, for a period."""
    now = call.site.now()
    until = now if query.to is None else instant_at("to", query.to)
    since = until - PERIOD if query.from_ is None else instant_at("from", query.from_)
    if not 0 < until - since <= PERIOD_MAX:
        raise invalid("from", "It must be before to, and at most 400 days.")
    return report_view(since, until, now, await call.site.knowledge.worths(since, until))
