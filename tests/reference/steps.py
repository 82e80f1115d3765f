"""Section 5: steps, and the guard that holds them back while lending would overload the lenders.

Readings: a step that changes nothing is passed over; a taken step is known by its `after`; one that is due while
another is held back is taken all the same.
"""

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from queues.policy import QueuePolicy, Step
from tests.reference.values import QUEUED, Kind, Person, Work
from tests.reference.who import limit_of
from tests.reference.world import World
from vocabulary.instants import MINUTE, SECOND, Instant, Span
from vocabulary.skills import Requirement


def begin(world: World, work: Work, queue: QueuePolicy, *, anew: bool, counts: bool) -> None:
    """A leg begins: a move starts the new queue's steps; what was taken in the same queue stays so."""
    if anew:
        work.groups, work.taken, work.kind = (), (), None
    work.step_at = _first(work, queue, after=None)
    if counts and any(step.guard for each in world.policy.queues.values() for step in each.steps):
        needs = tuple(sorted({f"{need.skill}>={need.level}" for need in work.in_force}))
        work.kind = (work.queue, work.medium, needs)
        known = world.kinds.setdefault(work.kind, Kind(work.queue, work.medium, tuple(work.in_force)))
        known.arrivals.append(world.now)


def ahead(work: Work, queue: QueuePolicy) -> Iterator[tuple[Instant, Work]]:
    """Iterate over the steps to come: when, and what the interaction then is, each on top of the last."""
    for step in queue.steps:
        if step.after not in work.taken:
            then = relaxed(work, step)
            if _terms(then) != _terms(work):
                yield work.enqueued_at + step.after, then
                work = then


def _first(work: Work, queue: QueuePolicy, after: Instant | None) -> Instant | None:
    """Return when the first step comes due, of those that come due later than `after`."""
    for at, _ in ahead(work, queue):
        if after is None or at > after:
            return at
    return None


def relaxed(work: Work, step: Step) -> Work:
    """Drop or lower skills, add agent groups, raise priority. Reading: no level is raised; priority goes up to 100."""
    needs: list[Requirement] = []
    for need in work.in_force:
        if need.skill in step.drop:
            continue
        level = min(need.level, step.lower.get(need.skill, need.level))
        lowered = msgspec.structs.replace(need, level=level)
        if lowered not in needs:
            needs.append(lowered)
    return replace(
        work,
        requirements=tuple(needs),
        expired=frozenset(),
        groups=tuple(sorted({*work.groups, *step.groups})),
        priority=min(100, work.priority + step.priority),
        taken=(*work.taken, step.after),
    )


def _terms(work: Work) -> tuple[object, ...]:
    return work.in_force, work.groups, work.priority


def step_due(world: World, work: Work) -> None:
    """When a step comes due, the interaction is matched again at once."""
    queue = world.queue(work.queue)
    none_due, held = True, False
    for step in queue.steps:
        then = relaxed(work, step)
        if step.after in work.taken or work.enqueued_at + step.after > world.now or _terms(then) == _terms(work):
            continue
        none_due = False
        if step.guard and _overloads(world, work, then):
            held = True
            continue
        work.requirements, work.expired = then.requirements, frozenset()
        work.groups, work.priority, work.taken = then.groups, then.priority, then.taken
        work.step_at = _first(work, queue, after=world.now)
        world.returned[work.id] = None
    later = _first(work, queue, after=world.now)
    if held:
        # Looked at again every 10 s.
        again = world.now + 10 * SECOND
        work.step_at = again if later is None else min(again, later)
    elif none_due:
        work.step_at = later


def review(world: World) -> None:
    """A start of the house: steps that come sooner than was known are looked at then."""
    for work in world.works.values():
        follow(world, work)


def follow(world: World, work: Work) -> None:
    """Look at the steps of what waits sooner, if the next one comes sooner than was known.

    Reading: a step that could raise a priority no further may do so again once somebody has lowered it.
    """
    if work.state not in QUEUED:
        return
    for at in sorted(at for at, _ in ahead(work, world.queue(work.queue)))[:1]:
        # One that is overdue may be held back; then it is looked at again soon.
        latest = at if at > world.now else world.now + 10 * SECOND
        if work.step_at is None or work.step_at > latest:
            work.step_at = max(at, world.now)


def _overloads(world: World, work: Work, then: Work) -> bool:
    """Arrivals of the lenders over 15 min x measured handling x foreign factor / staffed lenders, over 1?

    Open with fewer than 20 samples or no lender staffed. Readings: router/lending.py, whose whole numbers these are.
    """
    lenders = [each for each in world.people.values() if not _may(world, each, work) and _may(world, each, then)]
    staffed = [each for each in lenders if is_staffed(each)]
    own = [kind for kind in world.kinds.values() if any(is_own(each, kind) for each in lenders)]
    samples = sum(len(kind.own) for kind in own)
    if not staffed or samples < 20:
        return False
    usual = sum(sum(kind.own) for kind in own) // samples
    first = world.now // MINUTE - 14
    busy = 0
    for kind in own:
        arrived = sum(1 for at in kind.arrivals if at // MINUTE >= first)
        handling = sum(kind.own) // len(kind.own) if kind.own else usual
        able = [each for each in world.people.values() if is_own(each, kind) and _places(each, kind.medium)]
        lent = sum(1_000_000 // _places(each, kind.medium) for each in able if each in lenders)
        busy += arrived * handling * lent // len(able) if able else 0
    more, less = _foreign_factor(world.kinds.get(work.kind) if work.kind is not None else None)
    window: Span = world.now - first * MINUTE
    load = -(-100 * busy * more // (window * len(staffed) * 1_000_000 * less))
    return load > 100


def _foreign_factor(kind: Kind | None) -> tuple[int, int]:
    """Measured, else 1.25."""
    if kind is None or len(kind.own) < 20 or len(kind.foreign) < 20 or not sum(kind.own):
        return 5, 4
    return sum(kind.foreign) * len(kind.own), sum(kind.own) * len(kind.foreign)


def _may(world: World, person: Person, work: Work) -> bool:
    """Whether he serves its queue, or is in a group that serves it too, and holds every requirement in force."""
    membership = person.profile.queues.get(work.queue)
    sees = membership is not None and membership.delay <= work.waited
    if not sees and not any(group in work.groups for group in person.profile.groups):
        return False
    return all(person.profile.skills.get(need.skill, 0) >= need.level for need in work.in_force)


def is_own(person: Person, kind: Kind) -> bool:
    """Own work: he serves its queue and holds what it asks for."""
    skills = person.profile.skills
    return kind.queue in person.profile.queues and all(skills.get(n.skill, 0) >= n.level for n in kind.requirements)


def is_staffed(person: Person) -> bool:
    """Section 14: connected and available or busy."""
    return person.connected and person.presence in ("available", "busy")


def _places(person: Person, medium: str) -> int:
    limit = limit_of(person.profile, medium)
    if not is_staffed(person):
        return 0
    fit = person.profile.capacity // limit.cost if limit.cost else 1
    return fit if limit.max is None else min(fit, limit.max)


def learn(world: World, work: Work, person: Person, span: Span) -> None:
    """One more handling time of its kind of work, own or foreign."""
    kind = world.kinds.get(work.kind) if work.kind is not None else None
    if kind is not None:
        (kind.own if is_own(person, kind) else kind.foreign).append(span)
