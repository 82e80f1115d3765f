"""Section 2, `waiting --answered in bulk--> answered_by_bot`, and what answers by itself while an avalanche lasts.

Readings: what keeps automatic replies from going in circles keeps these too, but a receipt is none of them; who comes
back, waits since he first did; an answer in bulk is no reply of the programs' own, so their breaker doesn't count it.
"""

from copy import copy
from dataclasses import dataclass, replace

from queues.bulk import Bulk
from router import commands as c
from tests.reference.leg import enqueue
from tests.reference.replies import count, limits, within
from tests.reference.rings import withdraw_all
from tests.reference.supervisors import take_back
from tests.reference.values import QUEUED, Done, Work
from tests.reference.world import Refused, World
from vocabulary.instants import Instant, Span


@dataclass(frozen=True, slots=True)
class Automatic:
    """What is answered by itself: until when, how often yet, and only while its avalanche lasts."""

    bulk: Bulk
    until: Instant
    left: int
    by: str
    lasts: bool
    given: int = 0


def may_have(world: World, work: Work, bulk: Bulk) -> bool:
    """Whether it may get the answer: it is what the answer is for, and no circle can come of it."""
    if work.medium in ("callback", "voice", "video") or work.replied or work.only is not None:
        return False
    if bulk.label and (work.label != bulk.label or work.labels[0].confidence < bulk.confidence):
        return False
    if set(work.segments) & set(bulk.leave_out) or _words(work, bulk) is None:
        return False
    if work.automatic or work.address is None or "in_bulk" in work.given or world.replies_stopped:
        return False
    return all(within(world, where, span) < most for where, span, most in limits(world, (work.address, work.domain)))


def _words(work: Work, bulk: Bulk) -> str | None:
    language = bulk.fallback if work.language is None else work.language
    return language if language in bulk.languages else None


def answer(world: World, order: c.AnswerInBulk) -> None:
    """All of them that wait and may have it."""
    if not order.bulk.languages:
        raise Refused("invalid", "no_words")
    for id in order.interactions:
        work = world.works.get(id)
        if work is not None and work.state in QUEUED and may_have(world, work, order.bulk):
            withdraw_all(world, work, "answered")
            before = copy(work)
            before.clocks = dict(work.clocks)
            _give(world, work, order.bulk, order.by, world.policy.bulk_undo)
            work.done = Done("answer", world.now + world.policy.bulk_undo, before)


def _give(world: World, work: Work, bulk: Bulk, by: str, wait: Span) -> None:
    by_mail = work.medium == "email" or (work.medium == "callback" and work.mailable)
    goes = world.now + wait if wait and by_mail else None
    work.state = "answered_by_bot"
    work.confirm_until = world.now + wait + world.channel(work).confirmation
    work.bulk, work.answered, work.done = bulk.id, True, None
    work.given = {*work.given, "in_bulk"}
    count(world, (work.address, work.domain), by_itself=False)
    world.trace.append(("in_bulk", work.id, bulk.id, _words(work, bulk), by, goes))


def undo(world: World, order: c.UndoInBulk) -> None:
    """All that still rest with it wait again, and nothing more is answered so."""
    for id in order.interactions:
        work = world.works.get(id)
        if work is not None and work.bulk == order.bulk and work.done is not None and work.done.what == "answer":
            try:
                take_back(world, work)
            except Refused:
                continue
    for label in sorted(world.automatic):
        if world.automatic[label].bulk.id == order.bulk:
            stop(world, label, "undone", order.by)


def back_in_line(world: World, work: Work) -> None:
    """A person, please: at the old place, as if it had waited all the time."""
    enqueue(world, work, "not_satisfied", preferred=work.preferred, since=work.enqueued_at)


def by_itself(world: World, work: Work) -> bool:
    """What has just come in is answered, if something is about its label."""
    automatic = world.automatic.get(work.label)
    if automatic is None or not may_have(world, work, automatic.bulk):
        return False
    _give(world, work, automatic.bulk, automatic.by, 0)
    world.automatic[work.label] = replace(automatic, given=automatic.given + 1, left=automatic.left - 1)
    if automatic.left <= 1:
        stop(world, work.label, "most", "router")
    return True


def begin(world: World, order: c.BeginAutomation) -> None:
    """From now on; it takes the place of another one."""
    bulk = order.bulk
    if not bulk.label or not bulk.languages:
        raise Refused("invalid", "no_label")
    if order.span <= 0 or order.most <= 0:
        raise Refused("invalid", "no_time")
    if order.lasts and not any(label == bulk.label for label, _ in world.avalanches):
        raise Refused("conflict", "no_avalanche")
    end(world, c.EndAutomation(bulk.label, order.by))
    until = world.now + order.span
    world.automatic[bulk.label] = Automatic(bulk, until, order.most, order.by, order.lasts)
    world.trace.append(("automatic", bulk.label, bulk.id, until))


def end(world: World, order: c.EndAutomation) -> None:
    """No longer, if at all."""
    if order.label in world.automatic:
        stop(world, order.label, order.reason, order.by)


def stop(world: World, label: str, reason: str, by: str) -> None:
    """Nothing more about the label is answered by itself."""
    gone = world.automatic.pop(label)
    world.trace.append(("automatic_over", label, gone.bulk.id, reason, by, gone.given))


def report(world: World, order: c.ReportAvalanche) -> None:
    """One begins, unless it has."""
    if (order.label, order.queue) not in world.avalanches:
        world.avalanches.add((order.label, order.queue))
        world.trace.append(("avalanche", order.label, order.queue))


def over(world: World, order: c.EndAvalanche) -> None:
    """It is over; with the last one of its label goes what was to last as long."""
    if (order.label, order.queue) not in world.avalanches:
        raise Refused("conflict", "no_avalanche")
    world.avalanches.remove((order.label, order.queue))
    world.trace.append(("avalanche_over", order.label, order.queue))
    automatic = world.automatic.get(order.label)
    if automatic is not None and automatic.lasts and all(label != order.label for label, _ in world.avalanches):
        stop(world, order.label, "avalanche_over", order.by)
