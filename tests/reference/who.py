"""Sections 6, 7 and 9: who may be offered what, who comes first, and what comes first for whom."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from agents.agent import MediumLimit, Profile
from queues.policy import QueuePolicy
from tests.reference.values import AT_WORK, Person, Work
from tests.reference.world import World
from vocabulary.skills import Preference

LENT = 1_000_000
DEFAULT_LIMITS = {"chat": MediumLimit(33, 3), "email": MediumLimit(20, 5)}


def limit_of(profile: Profile, medium: str) -> MediumLimit:
    """Section 9: defaults chat 33 (max 3), email 20 (max 5), callback 100, voice 100.

    Reading: any other medium costs 100, as they do.
    """
    return profile.media.get(medium) or DEFAULT_LIMITS.get(medium) or MediumLimit(100)


def has_room(person: Person, medium: str, instead: str | None = None) -> bool:
    """Section 6.4: used units + cost <= capacity, and the medium's own maximum is not reached.

    Section 9: interruptible work does not count as used for the interrupting medium.
    Reading: what he parked counts with its units, not towards the maximum. `instead`: it takes the place of this one.
    """
    limit = limit_of(person.profile, medium)
    used = 0
    as_many = 0
    for id, piece in person.pieces.items():
        if id != instead and piece.medium not in limit.interrupts:
            used += piece.cost
        if piece.medium == medium and piece.kind in AT_WORK:
            as_many += 1
    return used + limit.cost <= person.profile.capacity and (limit.max is None or as_many < limit.max)


def is_available(person: Person, medium: str) -> bool:
    """Section 6.1: available for the medium, a live connection, no cool-down, no pending "not after this one"."""
    return (
        person.presence == "available"
        and person.connected
        and person.cooling_until is None
        and person.after is None
        and medium not in person.media_off
    )


def serves(world: World, person: Person, work: Work) -> bool:
    """Sections 6.2 and 6.3: member of the queue, his delay is over; every unexpired requirement."""
    if own_priority(world, person, work) is None and not is_lent(person, work):
        return False
    for need in work.requirements:
        if need not in work.expired and person.profile.skills.get(need.skill, 0) < need.level:
            return False
    return True


def own_priority(world: World, person: Person, work: Work) -> int | None:
    """His priority for the queue; None if he is no member, or his delay is not over."""
    membership = person.profile.queues.get(work.queue)
    if membership is None or world.now - work.enqueued_at < membership.delay:
        return None
    return membership.priority


def is_lent(person: Person, work: Work) -> bool:
    """Section 5: agents have groups; a group added by a step serves that queue too."""
    return any(group in work.groups for group in person.profile.groups)


def sought(work: Work) -> Work:
    """Return what agents are looked for: the interaction, or what stands for it while a warm transfer is open.

    Reading: to one after the other; the sender, who has it, ranks last; nobody is preferred.
    """
    ask = work.ask
    if ask is None:
        return work
    return replace(
        work,
        state="waiting" if not work.rings else "offered",
        queue=ask.queue,
        enqueued_at=ask.since,
        waited=ask.waited,
        only=ask.only,
        target=ask.target,
        credit=ask.credit,
        by_ratio=ask.by_ratio,
        requirements=ask.requirements,
        expired=ask.expired,
        groups=ask.groups,
        parallel=1,
        preferred=None,
        hold_until=None,
        declined_by=work.declined_by | {work.agent or ""},
    )


def qualifies(world: World, person: Person, work: Work) -> bool:
    """Section 6: who may be offered it (all must hold). Nobody is offered the same twice at once."""
    if world.now < work.barred.get(person.id, 0) or work.id in person.pieces:
        return False
    if work.only is not None and work.only != person.id:
        return False
    if work.only is None and work.hold_until is not None and work.preferred != person.id:
        return False
    # Reading: who is named by a transfer needs neither the queue nor its skills.
    his = work.only == person.id or serves(world, person, work)
    return his and is_available(person, work.medium) and has_room(person, work.medium)


def may_ring(work: Work) -> bool:
    """Whether it waits, or rings at fewer agents than it may (section 8: `parallel`)."""
    return work.state == "waiting" or (work.state == "offered" and len(work.rings) < work.parallel)


def best_person(world: World, work: Work) -> Person | None:
    """Section 7: among qualifying agents rank by the queue's strategy."""
    work = sought(work)
    able = [person for person in world.people.values() if qualifies(world, person, work)]
    return min(able, key=lambda person: rank(world, person, work)) if able else None


def rank(world: World, person: Person, work: Work) -> tuple[Any, ...]:
    """Section 7: preferences and the preferred agent come before the strategy; ties: lower agent id.

    Section 8: who declined is ranked last. Reading: the preferred agent before preferences, these one by one.
    """
    wishes = [not _meets(person.profile, wish) for wish in work.preferences]
    not_preferred = work.preferred is not None and work.preferred != person.id
    terms = _strategy(person, work, world.queue(work.queue))
    return (person.id in work.declined_by, not_preferred, *wishes, *terms, person.id)


def _meets(profile: Profile, wish: Preference) -> bool:
    if wish.group is not None:
        return wish.group in profile.groups
    return wish.skill is not None and profile.skills.get(wish.skill, 0) >= wish.level


def _strategy(person: Person, work: Work, queue: QueuePolicy) -> tuple[Any, ...]:
    if queue.strategy == "longest_idle":
        return (person.idle_since,)
    if queue.strategy == "round_robin":
        return (person.offered_at,)
    if queue.strategy == "best_skill":
        return (-_score(person.profile.skills, work), person.idle_since)
    if queue.strategy in ("fastest", "optimal"):
        return (_mean_handling(person, work.label), person.idle_since)
    load = person.used / person.profile.capacity if person.profile.capacity else 1.0
    packed = queue.placement == "pack" and work.medium == "chat"
    return (-load if packed else load, person.busy, person.idle_since)


def _score(skills: dict[str, int], work: Work) -> int:
    """The sum of level x weight over requirements and preferences. Reading: an expired requirement counts no more."""
    total = 0
    for need in work.in_force:
        total += need.weight * skills.get(need.skill, 0)
    for wish in work.preferences:
        if wish.skill is not None:
            total += wish.weight * skills.get(wish.skill, 0)
    return total


def _mean_handling(person: Person, label: str) -> float:
    """Least measured handling time for this label. Reading: else over all labels; who has none comes first."""
    count, total = person.handling.get(label, (0, 0))
    if not count:
        count = sum(n for n, _ in person.handling.values())
        total = sum(ms for _, ms in person.handling.values())
    return total / count if count else 0.0


def own_choice(world: World, person: Person) -> Work | None:
    """Section 7: among all that he qualifies for, over all his queues: the lowest place."""
    best: Work | None = None
    lowest: tuple[Any, ...] = ()
    for work in world.works.values():
        asked = sought(work)
        if may_ring(asked) and qualifies(world, person, asked):
            here = place(world, person, asked)
            if best is None or here < lowest:
                best, lowest = work, here
    return best


def place(world: World, person: Person, work: Work) -> tuple[Any, ...]:
    """Section 7: (agent's queue priority, class, due_at, number); section 4: or by the ratio of wait over target.

    Reading: equal ratios go by due_at, then number.
    """
    own = own_priority(world, person, work)
    if own is None:
        # Section 5: after all its agents' own queues. Reading: what is for him alone is as if of a first queue.
        own = 1 if work.only == person.id else LENT
    if not work.by_ratio:
        return (own, work.class_, work.due_at, work.number)
    waited = world.now - work.arrived_at + work.priority * work.credit
    return (own, work.class_, -Fraction(waited, work.target), work.due_at, work.number)
