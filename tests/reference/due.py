"""What time alone changes: worked out anew each time from everything there is."""

from collections.abc import Iterator

from tests.reference import bulk, sendings
from tests.reference.clocks import mark_due, next_mark_of
from tests.reference.customers import left, to_a_person, unpark
from tests.reference.hours import next_closing
from tests.reference.leg import declare, enqueue, over, set_aside, wrapped_up
from tests.reference.overflow import watch
from tests.reference.rings import end_ask, end_hold, leave_rooms, lose, refused_by, wait_no_longer, withdraw_all_of
from tests.reference.staff import absence_over
from tests.reference.steps import step_due
from tests.reference.values import HELD, OVER, QUEUED, Person, Work
from tests.reference.who import sought
from tests.reference.world import World
from vocabulary.instants import MINUTE, SECOND, Instant, Span

Due = tuple[Instant, str, str]
COOL_DOWNS = (10 * SECOND, 20 * SECOND, 40 * SECOND)
ON_DUTY = ("available", "busy", "not_responding")


def next_due(world: World) -> Due | None:
    """Return what is due first. Reading: at one instant by the name of what is due, then by id."""
    return min(_all(world), default=None)


def run_due(world: World) -> None:
    """Do all that is due by now, earliest first. Reading: what comes late counts from now, not from when it was due."""
    due = next_due(world)
    while due is not None and due[0] <= world.now:
        _, kind, id = due
        _run(world, kind, id)
        later = next_due(world)
        assert later != due, f"{due} stays due"
        due = later


def _all(world: World) -> Iterator[Due]:
    for ring in world.rings.values():
        if ring.state == "pending":
            yield ring.expires_at, "offer", ring.id
    for person in world.people.values():
        if person.cooling_until is not None:
            yield person.cooling_until, "cool_down", person.id
        if person.away_until is not None:
            yield person.away_until, "absence", person.id
    for name, (_, until) in world.watched.items():
        if until is not None:
            yield until, "hours", name
    for label, automatic in world.automatic.items():
        yield automatic.until, "automation", label
    for work in world.works.values():
        for at, kind in _of_work(world, work):
            if at is not None:
                yield at, kind, work.id


def _of_work(world: World, work: Work) -> Iterator[tuple[Instant | None, str]]:
    yield next_mark_of(work), "sla"
    yield min((letter.due_at for letter in work.letters), default=None), "sending"
    if work.state in OVER:
        # What will still be sent is not forgotten.
        yield None if work.letters else work.reopen_until, "forget"
    elif work.state in QUEUED:
        yield work.hold_until, "hold"
        yield work.step_at, "step"
        yield work.customer_leaves_at, "customer"
        yield _next_overflow(world, work), "overflow"
        yield from _of_wait(world, work)
    elif work.state in HELD:
        yield work.owner_gone_until, "grace"
        if work.ask is not None:
            yield from _of_wait(world, sought(work))
            if not work.rings:
                yield work.ask.until, "consult"
        if work.state == "active":
            yield work.customer_leaves_at, "customer"
            yield work.silent_at, "silent"
        elif work.state == "wrap_up":
            yield work.wrap_up_until, "wrap_up"
        else:
            yield work.parked_until, "due"
            yield work.parked_close_at, "parked_close"
    elif work.state == "scheduled":
        yield work.scheduled_at, "due"
    else:
        yield work.confirm_until, "confirm"


def _next_overflow(world: World, work: Work) -> Instant | None:
    return min((work.enqueued_at + wait for wait in _waits(world, work) if wait > work.looked), default=None)


def _waits(world: World, work: Work) -> list[Span]:
    """Section 12: wait over T. Section 13: a retry is never made outside hours."""
    waits = [rule.when.wait for rule in world.queue(work.queue).overflow if rule.when.wait is not None]
    return waits if work.closes_at is None else [*waits, work.closes_at - work.enqueued_at]


def _of_wait(world: World, work: Work) -> Iterator[tuple[Instant | None, str]]:
    if work.barred:
        yield min(work.barred.values()), "bar"
    for need in work.requirements:
        if need.expires_after is not None and need not in work.expired:
            yield work.enqueued_at + need.expires_after, "requirement"
    for person in world.people.values():
        membership = person.profile.queues.get(work.queue)
        if membership is not None and membership.delay > work.waited:
            yield work.enqueued_at + membership.delay, "delay"


def _run(world: World, kind: str, id: str) -> None:
    if kind == "offer":
        _missed(world, id)
    elif kind in ("cool_down", "absence"):
        _of_person(world, kind, world.people[id])
    elif kind == "hours":
        watch(world, id)
    elif kind == "automation":
        bulk.stop(world, id, "time", "router")
    elif kind in ("bar", "hold", "requirement", "delay", "step"):
        _relaxed(world, kind, world.works[id])
    else:
        _of_one(world, kind, world.works[id])


def _of_person(world: World, kind: str, person: Person) -> None:
    if kind == "cool_down":
        person.cooling_until = None
        world.freed[person.id] = None
    else:
        declare(world, person, "disconnected", "connection_lost")
        wait_no_longer(world, person.id, "agent_disconnected")
        leave_rooms(world, person.id)


def _relaxed(world: World, kind: str, work: Work) -> None:
    """Section 5: when a step comes due, the interaction is matched again at once, not at the next poll."""
    if kind == "step":
        step_due(world, work)
        return
    if kind == "bar":
        work.barred = {agent: until for agent, until in work.barred.items() if until > world.now}
    elif kind == "hold":
        work.hold_until = None
    else:
        # What has waited: the interaction, or what a warm transfer asks for in its place.
        asked = sought(work)
        waited = world.now - asked.enqueued_at
        changes = work if work.ask is None else work.ask
        if kind == "requirement":
            lasting = [need for need in asked.requirements if need.expires_after is None]
            over_now = {need for need in asked.requirements if (need.expires_after or 0) <= waited}
            changes.expired |= over_now - set(lasting)
        else:
            for person in world.members(asked.queue):
                delay = person.profile.queues[asked.queue].delay
                if changes.waited < delay <= waited:
                    changes.waited = delay
    world.returned[work.id] = None


def _of_one(world: World, kind: str, work: Work) -> None:
    if kind == "consult":
        end_ask(world, work, "nobody")
    elif kind == "grace":
        absence_over(world, work)
    elif kind == "wrap_up":
        wrapped_up(world, work, "timeout")
    elif kind == "overflow":
        work.looked = max(wait for wait in _waits(world, work) if wait <= world.now - work.enqueued_at)
        if work.is_retry:
            work.closes_at = next_closing(world.hours(work.queue), world.now)
    elif kind == "sla":
        mark_due(world, work)
    elif kind == "sending":
        sendings.due(world, work)
    elif kind == "silent":
        set_aside(world, work, None)
    elif kind == "parked_close":
        over(world, work, "closed", "parked_too_long")
    elif kind == "customer":
        # Section 2: left, if no agent has answered yet; parked, if one has.
        if work.state == "active":
            set_aside(world, work, None)
        else:
            left(world, work)
    elif kind == "confirm" and work.question is not None:
        to_a_person(world, work)
    elif kind == "confirm":
        over(world, work, "closed", "answered_by_bot")
    elif kind == "forget":
        for number in range(1, work.rings_made + 1):
            del world.rings[f"{work.id}.{number}"]
        del world.works[work.id]
    elif work.state == "parked":
        unpark(world, work, "due")
    else:
        # Section 4: a slot arrives at its start, a retry at its due instant, mail held outside hours keeps its receipt.
        # Reading: a retry prefers who tried last.
        arrived = work.arrived_at if work.scheduled_for == "hours" else work.scheduled_at
        enqueue(world, work, "due", arrived_at=arrived, preferred=work.agent or work.preferred)


def _missed(world: World, id: str) -> None:
    """Section 8: he cools down 10 s, then 20 s, 40 s; after `misses_max` in a row he is not responding."""
    ring = world.rings[id]
    work, person = world.works[ring.work], world.people[ring.person]
    lose(world, ring, "expired")
    person.misses += 1
    person.missed_at = world.now
    person.cooling_until = world.now + COOL_DOWNS[min(person.misses, 3) - 1]
    world.trace.append(("expired", work.id, person.id, person.misses))
    queue = sought(work).queue
    enough = person.misses >= world.queue(queue).misses_max
    if enough and person.presence == "available" and not _breaker(world, queue):
        declare(world, person, "not_responding", "missed_offers")
        withdraw_all_of(world, person, "agent_unavailable")
        wait_no_longer(world, person.id, "not_responding")
    end_hold(world, work, person.id)
    refused_by(world, work, person.id, "expired")
    world.returned[work.id] = None
    world.freed[person.id] = None


def _breaker(world: World, queue: str) -> bool:
    """Section 8: if more than half of a queue's agents (at least 4) miss within a minute, nobody is taken off.

    Reading: at least 4 have missed; of those who are connected and available, busy or not responding.
    """
    there = [each for each in world.members(queue) if each.connected and each.presence in ON_DUTY]
    missed = [each for each in there if each.missed_at is not None and each.missed_at > world.now - MINUTE]
    if len(missed) < 4 or 2 * len(missed) <= len(there):
        return False
    if world.quiet_until.get(queue, 0) <= world.now:
        world.quiet_until[queue] = world.now + MINUTE
        world.trace.append(("breaker", queue, tuple(each.id for each in missed)))
    return True
