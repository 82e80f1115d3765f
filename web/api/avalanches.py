"""Avalanches: far more about one matter than usual, and one answer for all who wait with it."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from queues.bulk import Automation, Avalanche
from queues.interaction import Interaction
from queues.lifecycle import QUEUED
from reports.wording.text import signal_text
from router import commands as c
from router.decision import Refusal
from vocabulary.instants import rfc3339
from vocabulary.records import BulkRow, Put
from web.answers import (
    AutomationView,
    AvalanchesView,
    AvalancheView,
    BulkDoneView,
    BulkPreviewView,
    BulkReportView,
    BulksView,
    BulkView,
    PreparedView,
    WaitingView,
)
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import AnswerMany, EndOfAvalanche, LatestQuery, UndoMany
from web.problems import Problem, invalid, refused, span_at
from web.site import BulkDone, BulkWish

endpoints = Endpoints("avalanches")

ANY = "any"
"""In the place of a label: whatever it is about; then a queue must be named."""
_LABELS_MAX = 50


@endpoints.get("/avalanches", "avalanche.see", "What comes far more often than usual, and what waits by label")
async def get_avalanches(call: Call) -> AvalanchesView:
    """Answer avalanches with who waits and what may answer them, and all labels that somebody waits with."""
    return _everything(call)


def _everything(call: Call) -> AvalanchesView:
    state = call.site.state
    waiting = [each for each in state.interactions.values() if each.state in QUEUED]
    by_label: dict[str, list[Interaction]] = defaultdict(list)
    for each in waiting:
        by_label[each.label].append(each)
    labels = [_waiting(call, label, found) for label, found in by_label.items() if label]
    labels.sort(key=lambda each: (-each.waiting, each.label))
    known = {*(each.label for each in state.avalanches.values()), *(each.label for each in labels[:_LABELS_MAX])}
    return AvalanchesView(
        items=[_avalanche(call, each, by_label[each.label]) for each in state.avalanches.values()],
        automations=[_automation(label, each) for label, each in sorted(state.automations.items())],
        waiting=labels[:_LABELS_MAX],
        prepared={label: found for label in sorted(known) if (found := _prepared(call, label))},
        languages=call.site.bulk.languages,
        automate_for_s=call.site.bulk.automate_for / 1000,
        undo_s=call.site.policy.bulk_undo / 1000,
    )


def _avalanche(call: Call, found: Avalanche, waiting: Iterable[Interaction]) -> AvalancheView:
    here = [each for each in waiting if found.queue in (None, each.queue)]
    return AvalancheView(
        label=found.label,
        queue=found.queue,
        since=rfc3339(found.since),
        arrivals=found.arrivals,
        forecast=found.expected,
        window_s=found.window / 1000,
        waiting=_waiting(call, found.label, here),
        articles=_prepared(call, found.label),
    )


def _prepared(call: Call, label: str) -> list[PreparedView]:
    articles = call.site.bulk.prepared(label)
    return [PreparedView(id=each.id, titles=each.titles, texts=each.texts) for each in articles]


def _waiting(call: Call, label: str, found: list[Interaction]) -> WaitingView:
    bound = call.site.bulk.confidence_of(label)
    sure = [each.labels[0].confidence for each in found]
    return WaitingView(
        label=label,
        waiting=len(found),
        sure=sum(each >= bound for each in sure),
        confidence=round(sum(sure) / len(sure), 3) if sure else 0.0,
        languages=dict(sorted(Counter(each.language or "" for each in found).items())),
    )


def _automation(label: str, found: Automation) -> AutomationView:
    return AutomationView(
        label=label,
        bulk=found.bulk.id,
        until=rfc3339(found.until),
        by=found.by,
        answered=found.answered,
        most=found.most,
        while_it_lasts=found.lasts,
    )


@endpoints.post(
    "/avalanches/{label}/preview", "avalanche.see", "Who would get an answer, who would not and why, and what it says"
)
async def preview(call: Call, label: str, body: AnswerMany) -> BulkPreviewView:
    """Change nothing. `label` may be `any`, with a queue."""
    found = call.site.bulk.preview(_wish(call, label, body))
    if isinstance(found, Refusal):
        raise refused(found)
    return BulkPreviewView(reasons=_reasons(call, found.left_out), **msgspec.structs.asdict(found))


@endpoints.post("/avalanches/{label}/answer", "avalanche.answer", "Give all who wait with it the same answer")
async def answer(call: Call, label: str, body: AnswerMany) -> BulkDoneView:
    """Answer them, in any number, and what comes in meanwhile if `automate_for` says so. It can be taken back."""
    wish, id = _wish(call, label, body), call.new_id("b")
    audit = audit_line(
        call, "answer_in_bulk", id, label=wish.label, queue=wish.queue, article=wish.article, automate=body.automate_for
    )
    return _done(call, await call.site.bulk.answer(id, wish, call.actor, audit))


@endpoints.post("/avalanches/{label}/undo", "avalanche.answer", "Take the answer back")
async def undo(call: Call, label: str, body: UndoMany = UndoMany()) -> BulkDoneView:  # noqa: B008  (frozen)
    """Let all who still rest with it wait again as they did: mails that have not gone don't go, chats are told."""
    row = await _bulk(call, label, body.bulk)
    audit = audit_line(call, "undo_bulk", row.id, label=row.label)
    return _done(call, await call.site.bulk.undo(row, call.actor, audit))


async def _bulk(call: Call, label: str, id: str | None) -> BulkRow:
    if id is not None:
        found = await call.site.store.bulk_answer(id)
    else:
        wanted = "" if label == ANY else label
        latest = await call.site.store.bulk_answers(limit=200)
        found = next((row for row in latest if row.label == wanted and row.undone_at is None), None)
    if found is None:
        raise Problem("not_found", f"There is no answer for many about {label!r} to take back.", reason="unknown_bulk")
    return found


@endpoints.post("/avalanches/{label}/end", "avalanche.answer", "It is none, or nothing is to be answered by itself")
async def end(call: Call, label: str, body: EndOfAvalanche = EndOfAvalanche()) -> AvalanchesView:  # noqa: B008  (frozen)
    """Let what comes count as usual from now on, and stop answering by itself; 409 if there is neither."""
    automated = label in call.site.state.automations
    line = Put(audit_line(call, "end_avalanche", label, queue=body.queue, automation_only=body.automation_only))
    if automated:
        await call.submit(c.EndAutomation(label, call.actor), line)
    there = any((each.label, each.queue) == (label, body.queue) for each in call.site.state.avalanches.values())
    if (there or not automated) and not body.automation_only:
        await call.submit(c.EndAvalanche(label, body.queue, call.actor), *(() if automated else (line,)))
    elif body.automation_only and not automated:
        raise Problem("conflict", f"Nothing about {label!r} is answered by itself.", reason="no_automation")
    return _everything(call)


@endpoints.get("/bulk-answers", "avalanche.see", "The latest answers for many")
async def get_bulk_answers(call: Call, query: LatestQuery) -> BulksView:
    """Answer them, newest first."""
    return BulksView(items=[_view(row) for row in await call.site.store.bulk_answers(limit=query.limit)])


@endpoints.get("/bulk-answers/{id}", "avalanche.see", "What has become of an answer for many")
async def get_report(call: Call, id: str) -> BulkReportView:
    """Answer how many got it, came back or were silent, and what time of agents that may have saved."""
    row = await call.site.store.bulk_answer(id)
    if row is None:
        raise Problem("not_found", f"There is no answer for many {id!r}.", reason="unknown_bulk")
    found = await call.site.bulk.report(row)
    return BulkReportView(bulk=_view(row), **msgspec.structs.asdict(found))


def _view(row: BulkRow) -> BulkView:
    return BulkView(
        id=row.id,
        at=rfc3339(row.at),
        by=row.by,
        label=row.label,
        queue=row.queue,
        texts=row.texts,
        articles=row.articles,
        left_out=row.left_out,
        undo_until=rfc3339(row.undo_until),
        undone_at=None if row.undone_at is None else rfc3339(row.undone_at),
    )


def _wish(call: Call, label: str, body: AnswerMany) -> BulkWish:
    """Return what the call wants.

    Raises:
        Problem: a queue or channel is unknown, `any` has no queue, or a time can't be read (422).
    """
    include, policy = body.include, call.site.policy
    if include.queue is not None and include.queue not in policy.queues:
        raise invalid("include.queue", f"There is no queue {include.queue!r}.")
    if label == ANY and include.queue is None:
        raise invalid("include.queue", "Name the queue whose waiting ones are to be answered, or a label.")
    for channel in include.channels:
        if channel not in policy.channels:
            raise invalid("include.channels", f"There is no channel {channel!r}.")
    return BulkWish(
        label="" if label == ANY else label,
        queue=include.queue,
        languages=include.languages,
        channels=include.channels,
        confidence=include.confidence,
        everybody=include.everybody,
        article=body.article,
        texts=dict(body.texts),
        subjects=dict(body.subjects),
        automate=_span(body.automate_for),
        lasts=body.while_it_lasts,
    )


def _span(text: str | None) -> int | None:
    if text is None:
        return None
    span = span_at("automate_for", text)
    if not 60_000 <= span <= 7 * 86_400_000:
        raise invalid("automate_for", f"It must be from 1 minute to 7 days, not {text!r}.")
    return span


def _done(call: Call, found: BulkDone | Refusal) -> BulkDoneView:
    if isinstance(found, Refusal):
        raise refused(found)
    return BulkDoneView(
        id=found.id,
        answered=found.answered,
        left_out=found.left_out,
        reasons=_reasons(call, found.left_out),
        undo_until=rfc3339(found.undo_until),
        automated_until=None if found.automated_until is None else rfc3339(found.automated_until),
    )


def _reasons(call: Call, codes: Iterable[str]) -> dict[str, str]:
    return {code: signal_text(code, call.language) for code in codes}
