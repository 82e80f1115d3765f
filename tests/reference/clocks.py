"""Section 16: clocks of first response, next response and resolution.

Readings, which are those of router/clocks.py: the agreement is that of admission, in whatever queue it gets to; taking
it is the reply where people talk; the resolution goes on with its old instant when it opens again; a clock that was
late says nothing more.
"""

from dataclasses import replace

from queues.hours import Hours
from queues.sla import Agreement, Escalation
from router.commands import RenewSla
from tests.reference.hours import after, open_between
from tests.reference.leg import enqueue
from tests.reference.rings import withdraw_all
from tests.reference.second_thoughts import renewed
from tests.reference.values import OVER, QUEUED, Clock, Work
from tests.reference.world import Refused, World
from vocabulary.instants import Instant, Span

NAMES = ("first_response", "next_response", "resolution")


def promised(world: World, work: Work) -> Agreement | None:
    """Per queue and segment: the first agreement for customers of the segment, else the queue's."""
    for policy in world.policy.sla.values():
        if set(work.segments) & set(policy.segments) and (not policy.queues or work.queue in policy.queues):
            return policy.agreement
    usual = world.policy.sla.get(world.queue(work.queue).sla or "")
    return usual.agreement if usual is not None else None


def keep_clocks(world: World) -> None:
    """Start, stop, pause and resume every clock as everything is now."""
    for work in world.works.values():
        for name in NAMES:
            if work.promise is not None and _target(work, name) is not None:
                _keep(world, work, name)


def _keep(world: World, work: Work, name: str) -> None:
    clock = work.clocks.get(name)
    runs = clock is not None and clock.stopped_at is None
    if not _should_run(work, name):
        if clock is not None and runs:
            met = _has_come(work, name)
            work.clocks[name] = replace(clock, next_at=None, left=None, stopped_at=world.now, met=met)
        return
    if not runs:
        work.clocks[name] = _started(world, work, name)
    _pause(world, work, name)


def _should_run(work: Work, name: str) -> bool:
    if work.state in OVER:
        return False
    if name == "next_response":
        return work.replied and work.unanswered_at is not None
    # A slot that has not come yet is no work yet; mail that is held outside hours is.
    begun = work.leg > 0 or (work.state == "scheduled" and work.scheduled_for == "hours")
    if name == "resolution":
        return begun
    answered = _has_come(work, name) or (name in work.clocks and work.clocks[name].met)
    return begun and not answered and work.state != "answered_by_bot"


def _has_come(work: Work, name: str) -> bool:
    if name == "first_response":
        talks = work.medium in ("callback", "voice", "video")
        return work.replied or (talks and work.accepted_at is not None)
    if name == "next_response":
        return work.state not in OVER and work.state != "wrap_up"
    return work.state == "closed"


def _target(work: Work, name: str) -> Span | None:
    target: Span | None = getattr(work.promise, name)
    return target


def _hours(world: World, work: Work) -> Hours | None:
    """Clock in calendar or business time."""
    return world.policy.hours.get(work.promise.hours or "") if work.promise is not None else None


def _started(world: World, work: Work, name: str) -> Clock:
    before = work.clocks.get(name)
    if name == "resolution" and before is not None:
        return _running(world, work, before.started_at, before.due_at, breached=before.breached)
    since = work.arrived_at
    if name == "next_response" and work.unanswered_at is not None:
        since = work.unanswered_at
    # Reading: what comes back from an answer in bulk is late only once.
    late = name == "first_response" and before is not None and before.started_at == since and before.breached
    return _running(world, work, since, after(_hours(world, work), since, _target(work, name) or 0), breached=late)


def _running(world: World, work: Work, since: Instant, due: Instant, *, breached: bool = False) -> Clock:
    return Clock(since, due, None if breached else _next_mark(world, work, due), breached=breached)


def _left(world: World, work: Work, due: Instant) -> Span:
    return open_between(_hours(world, work), world.now, due) if due > world.now else 0


def _next_mark(world: World, work: Work, due: Instant) -> Instant:
    """Return when the next warning comes, so long before it is due in the clock's own time; else when it is due."""
    assert work.promise is not None
    marks = [due]
    left = _left(world, work, due)
    for span in work.promise.warn_before:
        if 0 < span < left:
            marks.append(after(_hours(world, work), world.now, left - span))
    return min(marks)


def _pause(world: World, work: Work, name: str) -> None:
    """Paused while parked (if configured)."""
    clock = work.clocks[name]
    assert work.promise is not None
    parked = work.state == "parked" and work.promise.pause_while_parked
    if parked and clock.left is None:
        work.clocks[name] = replace(clock, next_at=None, left=_left(world, work, clock.due_at))
    elif not parked and clock.left is not None:
        due = clock.due_at if clock.breached else after(_hours(world, work), world.now, clock.left)
        work.clocks[name] = _running(world, work, clock.started_at, due, breached=clock.breached)


def next_mark_of(work: Work) -> Instant | None:
    """Return when the next of its clocks warns or is late."""
    marks = [clock.next_at for clock in work.clocks.values() if clock.next_at is not None]
    return min(marks) if marks and work.state not in OVER else None


def mark_due(world: World, work: Work) -> None:
    """Before and at breach: events and actions."""
    for name in NAMES:
        clock = work.clocks.get(name)
        if clock is None or clock.next_at is None or clock.next_at > world.now:
            continue
        late = clock.due_at <= world.now
        todo = _escalation(world, work, late=late)
        if late:
            work.clocks[name] = replace(clock, next_at=None, breached=True)
        else:
            work.clocks[name] = replace(clock, next_at=_next_mark(world, work, clock.due_at))
        world.trace.append(("late" if late else "soon_late", work.id, name, clock.due_at, todo.notify))
        _escalate(world, work, todo)


def _escalation(world: World, work: Work, *, late: bool) -> Escalation:
    policy = world.policy.sla.get(work.promise.name if work.promise is not None else "")
    if policy is None:
        return Escalation()
    return policy.at_breach if late else policy.at_warning


def _escalate(world: World, work: Work, todo: Escalation) -> None:
    """Raise priority, move. Reading: what an agent began was told no credit; that of its queue counts."""
    priority = min(100, work.priority + todo.priority)
    if priority > work.priority:
        work.credit = work.credit or world.queue(work.queue).credit
        work.priority, work.done = priority, None
    if work.state in QUEUED and todo.queue in world.policy.queues and todo.queue != work.queue:
        withdraw_all(world, work, "moved")
        work.done = None
        enqueue(world, work, "moved", queue=todo.queue)


def renew(world: World, order: RenewSla) -> None:
    """Due times follow configuration changes only for interactions admitted after them, unless asked."""
    work = world.work(order.interaction)
    if work.state in OVER:
        raise Refused("conflict", "not_open")
    new = promised(world, work)
    if new is None:
        raise Refused("conflict", "no_sla")
    if new == work.promise:
        return
    work.promise = new
    renewed(work)
    for name, clock in list(work.clocks.items()):
        target = _target(work, name)
        if clock.stopped_at is None and target is not None:
            due = after(_hours(world, work), clock.started_at, target)
            work.clocks[name] = _running(world, work, clock.started_at, due)
        elif clock.stopped_at is None:
            work.clocks[name] = replace(clock, next_at=None, left=None, stopped_at=world.now, met=False)
