"""How an interaction came in, from the first events of its log: each step of admission and its result."""

from collections.abc import Iterable, Iterator, Mapping

from queues.interaction import Heads
from router import events as e
from router.reasons import Code, Reason, reason
from router.state import IN_BULK

_URGENCY: Mapping[str, Code] = {"low": "urgency_low", "normal": "urgency_normal", "high": "urgency_high"}
_MOODS: Mapping[str, Code] = {"negative": "mood_negative", "neutral": "mood_neutral", "positive": "mood_positive"}

UNKNOWN = "unknown"
"""The label of what nobody could tell."""


def story(events: Iterable[e.AnyEvent]) -> list[Reason]:
    """Return the reasons of each step of an interaction's admission, and of looking anew while it waited.

    `events` are the first of its log, in order.
    """
    admitted_at = None
    found: list[Reason] = []
    for event in events:
        if admitted_at is None:
            admitted_at = event.at
        if event.at == admitted_at or isinstance(event, e.Understood):
            found += _told(event)
    return found


def _told(event: e.AnyEvent) -> Iterator[Reason]:
    match event:
        case e.Admitted():
            yield from _admitted(event)
        case e.Understood():
            yield from _understood(event)
        case e.WarningRaised(warning=warning):
            yield reason("warned", warning=warning)
        case e.AnsweredByBot(bulk=bulk) if bulk:
            yield reason("bulk_answered")
        case e.AnsweredByBot(article=article):
            yield reason("bot_answered", article=article)
        case e.AnswerAsked(articles=articles):
            yield reason("bot_asked", articles=articles)
        case e.AnswerHeldOut(article=article):
            yield reason("held_out", article=article)
        case e.AutoReplied(autoresponse=name, article=None, options=()):
            yield reason("auto_replied", autoresponse=name)
            if event.question is not None:
                yield reason("asked", question=event.question)
        case e.AutoReplySuppressed(autoresponse=name, reasons=signals) if name == IN_BULK:
            yield reason("bulk_held", signals=signals)
        case e.AutoReplySuppressed(autoresponse=name, reasons=signals):
            yield reason("auto_reply_held", autoresponse=name, signals=signals)
        case e.Closed(reason="blocked_sender"):
            yield reason("sender_blocked")
        case e.Closed(reason="imported"):
            yield reason("imported")


def _heads(heads: Heads | None) -> Iterator[Reason]:
    """Tell department, urgency and mood of the text, as far as known."""
    if heads is None:
        return
    if heads.department is not None:
        yield reason("for_department", department=heads.department.name, share=heads.department.confidence)
    for told, codes in ((heads.urgency, _URGENCY), (heads.sentiment, _MOODS)):
        if told is not None and told.name in codes:
            yield reason(codes[told.name], share=told.confidence)


def _admitted(event: e.Admitted) -> Iterator[Reason]:
    if event.follows is not None:
        yield reason("came_after", interaction=event.follows)
    yield from _about(event)
    if event.automatic:
        yield reason("automatic", signals=event.automatic)
    yield from _ruled(event)


def _understood(event: e.Understood) -> Iterator[Reason]:
    yield reason("read_anew")
    yield from _about(event)
    yield from _ruled(event)


def _about(event: e.Admitted | e.Understood) -> Iterator[Reason]:
    if event.labels and event.labels[0].name != UNKNOWN:
        yield reason("labelled", label=event.labels[0].name, share=event.labels[0].confidence)
    yield from _heads(event.heads)
    if event.language is not None:
        yield reason("spoken", language=event.language)


def _ruled(event: e.Admitted | e.Understood) -> Iterator[Reason]:
    for tried in event.reasons:
        rule, _, condition = tried.rpartition(":")
        yield reason("rule_skipped", rule=rule, condition=condition)
    if event.rule is not None:
        yield reason("rule_applied", rule=event.rule, queue=event.queue)
