"""Bodies and answers of the API about automatic and suggested answers."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reports.answers import Worth
from reports.intervals import Interval
from reports.wording.text import text_of
from vocabulary.instants import Instant, rfc3339
from web.answers import At, View
from web.knowing import Answerable, Foreseen, Promised, Suggestion, Threshold
from web.payloads import Body, Language, Name, SomeText, When

HIGH, MEDIUM = 0.8, 0.5
"""From these probabilities on a suggestion stands in that band."""
PAIRS_MAX = 5_000


class PreviewQuestion(Body, frozen=True, kw_only=True):
    """What somebody could ask, and where."""

    text: SomeText
    subject: Annotated[str, Meta(max_length=1000)] = ""
    language: Language | None = None
    channel: Name | None = None


class JudgeSuggestion(Body, frozen=True, kw_only=True):
    """Whether an article answers what the customer asks."""

    right: bool


class Pair(Body, frozen=True, kw_only=True):
    """A question, and the id of the article that answers it; none if no article does."""

    text: SomeText
    article: Annotated[str, Meta(max_length=100)] | None = None
    language: Language | None = None


class EvaluatePairs(Body, frozen=True, kw_only=True):
    """Pairs to try; with `keep` they prove what is promised from now on."""

    pairs: Annotated[tuple[Pair, ...], Meta(min_length=1, max_length=PAIRS_MAX)]
    keep: bool = False


class ReportQuery(Body, frozen=True, kw_only=True):
    """The period of a report; the last 28 days if left out."""

    from_: When | None = msgspec.field(name="from", default=None)
    to: When | None = None


class ThresholdView(View, frozen=True, kw_only=True):
    """From which probability on `precision` is proven: by the outcomes of the article (`scope` "article") or of all.

    `least` null: from none on. Of the `n` kept-back outcomes from there on `right` were right, so that the true share
    is at least `bound` (one-sided 95 %, Clopper-Pearson).
    """

    precision: float
    least: float | None
    scope: str
    n: int
    right: int
    bound: float


class CandidateView(View, frozen=True, kw_only=True):
    """An article that may answer. `confidence`: the fixed bound where no precision is promised."""

    article: str
    title: str
    label: str
    probability: float
    features: dict[str, Any]
    threshold: ThresholdView | None
    confidence: float | None


class LabelShare(View, frozen=True, kw_only=True):
    """A label with its confidence."""

    name: str
    confidence: float


class ForeseenView(View, frozen=True, kw_only=True):
    """What would be answered, by `articles`. `outcome`: answers, asks, suggests, replies or nothing.

    `reasons`: codes with their terms; `text`: the same in words.
    """

    outcome: str
    autoresponse: str | None
    articles: list[str]
    labels: list[LabelShare]
    language: str | None
    rule: str
    queue: str
    candidates: list[CandidateView]
    reasons: list[dict[str, Any]]
    text: str


class SuggestionView(View, frozen=True, kw_only=True):
    """An answer that an agent may use; it is never sent by itself. `band`: high, medium or low.

    `sent`: the customer had it automatically. `judged`: what an agent said of it. `source`: where the article is.
    """

    article: str
    title: str
    answer: str
    language: str
    probability: float
    band: str
    sent: bool
    judged: bool | None
    source: str


class Suggestions(View, frozen=True, kw_only=True):
    """Answers that may help, likeliest first, at most three."""

    items: list[SuggestionView]


class PromisedView(View, frozen=True, kw_only=True):
    """What an automatic answer promises, and from which probability on that is proven, over all and by article."""

    autoresponse: str
    precision: float | None
    confidence: float | None
    overall: ThresholdView | None
    articles: dict[str, ThresholdView]
    kept: int
    right: int


class ProofView(View, frozen=True, kw_only=True):
    """What is promised and proven."""

    items: list[PromisedView]


class PromiseView(View, frozen=True, kw_only=True):
    """How a promise holds on pairs: of `n`, `answered` would be answered, `right` of them rightly."""

    precision: float
    answered: int
    right: int
    n: int


class EvaluationView(View, frozen=True, kw_only=True):
    """How pairs come out: of `n`, an article is found for `found`, the right one for `right`."""

    n: int
    found: int
    right: int
    kept: int
    promises: list[PromiseView]


class IntervalView(View, frozen=True, kw_only=True):
    """A value with its 95 % interval, from `n` cases."""

    value: float
    low: float
    high: float
    n: int


class WorthView(View, frozen=True, kw_only=True):
    """What automatic answers were worth; `autoresponse` null: all of them. The fields are defined in `definitions`."""

    autoresponse: str | None
    answered: int
    results: dict[str, int]
    complete: int
    confirmed: IntervalView | None
    needed_person: IntervalView | None
    held_out: int
    held_out_complete: int
    held_out_recontacted: IntervalView | None
    effect: IntervalView | None
    handling_s: float | None
    saved_s: IntervalView | None
    asked_which: int
    choices: dict[str, int]


class AnswersReport(View, frozen=True, kw_only=True):
    """What automatic answers of a period were worth, as known `as_of`."""

    from_: At = msgspec.field(name="from")
    to: At
    as_of: At
    definitions: dict[str, str]
    definitions_version: int
    items: list[WorthView]


DEFINITIONS = {
    "answered": "articles sent by themselves, those that the customer picked included",
    "results": "the first that holds within 7 days: escalated (wrote again, or asked for a person, before it closed), "
    "recontacted (opened it again, or wrote anew about the same label), confirmed (said that it helped), silent; open: "
    "7 days are not over. Silence is no success",
    "complete": "answers whose 7 days are over; rates count only these",
    "confirmed": "share of complete answers of which the customer said that they helped",
    "needed_person": "share of complete answers that were escalated or re-contacted",
    "held_out": "questions that could have been answered and went to agents instead, by a draw from their ids",
    "held_out_recontacted": "share of complete held-out questions with a new contact about the same",
    "effect": "needed_person, without what customers chose when asked which, minus held_out_recontacted: how many more "
    "came back than after an agent's answer",
    "handling_s": "mean work of agents on a held-out question, from accepting to the end of wrap-up, in seconds",
    "saved_s": "seconds of agents that an answer saved: handling_s minus what agents worked on answered ones, without "
    "what customers chose",
    "asked_which": "customers who were asked which of close answers they mean; of these nothing is held out",
    "choices": "what became of that: chosen (answered by that), person (they said something else, or nothing in time), "
    "open: they may still choose",
}


def foreseen_view(found: Foreseen, language: str) -> ForeseenView:
    """Return the view of what would be answered, with its reasons in `language`."""
    reasons = msgspec.to_builtins(found.reasons)
    return ForeseenView(
        outcome=found.outcome,
        autoresponse=found.autoresponse,
        articles=list(found.articles),
        labels=[LabelShare(name=label.name, confidence=label.confidence) for label in found.labels],
        language=found.language,
        rule=found.rule,
        queue=found.queue,
        candidates=[_candidate(each) for each in found.candidates],
        reasons=reasons,
        text=text_of(reasons, language),
    )


def _candidate(one: Answerable) -> CandidateView:
    return CandidateView(**{**msgspec.structs.asdict(one), "threshold": _threshold(one.threshold)})


def _threshold(known: Threshold | None) -> ThresholdView | None:
    return None if known is None else ThresholdView(**msgspec.structs.asdict(known))


def suggestion_view(one: Suggestion) -> SuggestionView:
    """Return the view of a suggestion."""
    band = "high" if one.probability >= HIGH else "medium" if one.probability >= MEDIUM else "low"
    fields = msgspec.structs.asdict(one)
    return SuggestionView(**fields, band=band, source=f"/api/v1/articles/{one.article}")


def promised_view(one: Promised) -> PromisedView:
    """Return the view of a promise."""
    articles = {id: _threshold(known) for id, known in one.articles.items()}
    return PromisedView(**{**msgspec.structs.asdict(one), "overall": _threshold(one.overall), "articles": articles})


def worth_view(worth: Worth) -> WorthView:
    """Return the view of what answers were worth."""
    fields = {name: getattr(worth, name) for name in Worth.__struct_fields__ if name != "name"}
    shown: dict[str, Any] = {
        name: _interval(value) if isinstance(value, Interval) else value for name, value in fields.items()
    }
    return WorthView(autoresponse=worth.name or None, **shown)


def _interval(interval: Interval) -> IntervalView:
    rounded = {name: round(getattr(interval, name), 4) for name in ("value", "low", "high")}
    return IntervalView(n=interval.n, **rounded)


def report_view(since: Instant, until: Instant, now: Instant, found: list[Worth]) -> AnswersReport:
    """Return the report of a period."""
    return AnswersReport(
        from_=rfc3339(since),
        to=rfc3339(until),
        as_of=rfc3339(now),
        definitions=DEFINITIONS,
        definitions_version=2,
        items=[worth_view(each) for each in found],
    )
