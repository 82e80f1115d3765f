"""Sections 2, 4 and 5: how an interaction gets into a queue, out of somebody's hands, and to its end."""

from agents.busy import share_after
from tests.reference.hours import next_closing
from tests.reference.rings import end_holds, leave_rooms, part_company, wait_no_longer
from tests.reference.second_thoughts import dealt_with, hush
from tests.reference.steps import begin, learn
from tests.reference.values import OVER, Ask, Person, Work
from tests.reference.who import limit_of
from tests.reference.world import World
from vocabulary.instants import DAY, HOUR, SECOND, Instant, Span
from vocabulary.skills import Requirement

SAME_OPENING = ("moved", "transferred", "owner_lost", "overflowed", "converted")


def enqueue(
    world: World,
    work: Work,
    cause: str,
    *,
    queue: str | None = None,
    arrived_at: Instant | None = None,
    preferred: str | None = None,
    requirements: tuple[Requirement, ...] | None = None,
    last: str | None = None,
    only: str | None = None,
    since: Instant | None = None,
) -> None:
    """A leg begins. Section 4: `arrived_at` survives; section 5: what has expired stays so, unless set anew.

    Reading: who gave it away is ranked last in this opening, as one who declined it.
    """
    let_go(world, work, at=world.now)
    if work.state in OVER:
        work.attempts, work.scheduled_for = 0, ""
    policy = world.queue(queue or work.queue)
    moved = policy.name != work.queue
    work.state, work.queue, work.leg = "waiting", policy.name, work.leg + 1
    work.arrived_at = work.arrived_at if arrived_at is None else arrived_at
    work.enqueued_at, work.waited = world.now if since is None else since, 0
    work.target, work.credit, work.parallel = target_of(world, work), policy.credit, policy.parallel
    work.by_ratio = policy.order == "wait_over_target"
    work.rings = ()
    work.barred = {agent: until for agent, until in work.barred.items() if until > world.now}
    if cause not in SAME_OPENING:
        work.declined_by, work.left, work.ways = frozenset(), (), ()
    if cause == "converted":
        work.ways = ()
    if cause != "moved":
        work.done = None
    if last is not None:
        work.declined_by |= {last}
    if requirements is not None:
        work.requirements, work.expired = requirements, frozenset()
    anew = requirements is not None or cause == "moved" or moved
    begin(world, work, policy, anew=anew, counts=cause != "owner_lost" and since is None)
    forget_the_past(work)
    if work.is_retry:
        work.closes_at = next_closing(world.hours(work.queue), world.now)
    work.only = only
    _hold(world, work, preferred)
    world.returned[work.id] = None
    if work.enqueued_at == world.now:
        # Who has his place keeps it, however long the queue is meanwhile.
        world.joined[work.id] = None


def forget_the_past(work: Work) -> None:
    """A new leg knows nothing of the one before."""
    work.agent = work.accepted_at = work.owner_gone_until = work.parked_until = None
    work.scheduled_at = work.confirm_until = work.reopen_until = work.estimate = None
    work.bulk = ""
    work.question = None
    hush(work)
    work.looked, work.applied, work.closes_at = 0, (), None


def _hold(world: World, work: Work, preferred: str | None) -> None:
    """Section 7: a hold starts with the leg if he is not offline. Reading: and if he serves the queue.

    Defaults 30 s chat, 8 h e-mail. Reading: 30 s for other media.
    """
    person = world.people.get(preferred or "")
    work.preferred = person.id if person is not None else None
    work.hold_until = None
    if person is not None and person.presence != "offline" and work.queue in person.profile.queues:
        default = 8 * HOUR if work.medium == "email" else 30 * SECOND
        work.hold_until = world.now + world.queue(work.queue).hold.get(work.medium, default)


def target_of(world: World, work: Work) -> Span:
    """Section 4: the queue's (or segment's) service-level target."""
    return target_in(world, work, work.queue)


def target_in(world: World, work: Work, queue: str) -> Span:
    """Reading: the customer's first segment that has a target counts, the queue's own one for it before any other."""
    policy = world.queue(queue)
    for segment in work.segments:
        anywhere = world.policy.segments.get(segment)
        found = policy.segment_targets.get(segment, anywhere.target if anywhere is not None else None)
        if found is not None:
            return found
    return policy.target


def begin_warm(world: World, work: Work, ask: Ask) -> None:
    """Section 15: a warm transfer opens its leg when it is accepted; `arrived_at` stays. The sender is free."""
    sender = work.agent
    let_go(world, work, at=world.now)
    work.queue, work.leg, work.enqueued_at, work.waited = ask.queue, work.leg + 1, world.now, 0
    work.target, work.credit, work.by_ratio = ask.target, ask.credit, ask.by_ratio
    work.requirements, work.expired, work.groups = ask.requirements, ask.expired, ask.groups
    if ask.anew:
        work.taken, work.kind = (), None
    work.step_at = work.preferred = work.owner_gone_until = work.done = work.ask = None
    work.declined_by |= {sender or ""}


def let_go(world: World, work: Work, at: Instant) -> None:
    """Free what the interaction occupies of its owner: he can perhaps take other work."""
    owner = world.people.get(work.agent or "")
    if owner is None:
        return
    piece = owner.pieces.pop(work.id, None)
    if piece is not None and piece.kind != "parked":
        rest(owner, at)
    world.freed[owner.id] = None


def rest(person: Person, at: Instant) -> None:
    """Section 7: busy time decayed with a half-life of 30 min, as of this release; idle from now on.

    Busy is who has accepted work that is active or in wrap-up. The arithmetic is that of agents.busy, so that both
    round alike; what it means is tested there.
    """
    from_ = at if person.busy_from is None else max(person.busy_from, person.idle_since)
    person.busy = share_after(person.busy, from_ - person.idle_since, at - from_)
    person.idle_since = at
    still = any(piece.kind in ("active", "wrap_up") for piece in person.pieces.values())
    person.busy_from = at if still else None


def end(world: World, work: Work, wrap_up: bool) -> None:
    """Sections 9 and 10: the contact ends, wrap-up begins as the queue's mode says; `wrap_up_cost` replaces the cost.

    Reading: a wrap-up never costs more than the contact.
    """
    part_company(world, work, "ended")
    policy, owner = world.queue(work.queue), world.people[work.agent or ""]
    timed = policy.wrap_up in ("timed", "timed_forced") or (policy.wrap_up == "optional" and wrap_up)
    limit = limit_of(owner.profile, work.medium)
    work.state = "wrap_up"
    work.wrap_up_until = world.now + policy.wrap_up_after if timed else None
    work.extensions = 0
    work.customer_leaves_at = work.owner_gone_until = None
    dealt_with(work)
    piece = owner.pieces[work.id]
    before, piece.kind = piece.cost, "wrap_up"
    piece.cost = limit.cost if limit.wrap_up_cost is None else min(limit.cost, limit.wrap_up_cost)
    if piece.cost < before:
        world.freed[owner.id] = None
    if policy.wrap_up == "none" or (policy.wrap_up == "optional" and not wrap_up):
        wrapped_up(world, work, None)
    else:
        await_owner(world, work)


def wrapped_up(world: World, work: Work, disposition: str | None) -> None:
    """The wrap-up is done: closed, and one more handling time is known for agent and label."""
    owner = world.people[work.agent or ""]
    if work.accepted_at is not None:
        count, total = owner.handling.get(work.label, (0, 0))
        owner.handling[work.label] = (count + 1, total + world.now - work.accepted_at)
        count, total = world.typical.get(work.label, (0, 0))
        world.typical[work.label] = (count + 1, total + world.now - work.accepted_at)
        learn(world, work, owner, world.now - work.accepted_at)
    over(world, work, "closed", disposition)


def over(world: World, work: Work, state: str, disposition: str | None = None) -> None:
    """Closed or abandoned; section 2: it opens again within the window (24 h chat, 7 days e-mail)."""
    assert state in OVER
    part_company(world, work, "closed")
    let_go(world, work, at=world.now)
    channel = world.channel(work)
    default = 7 * DAY if channel.medium == "email" else DAY
    if state == "closed" and work.state != "wrap_up":
        work.done = None
    work.state = state
    work.reopen_until = world.now + (default if channel.reopen is None else channel.reopen)
    work.disposition = disposition if state == "closed" else work.disposition
    work.wrap_up_until = work.owner_gone_until = work.confirm_until = None
    work.parked_until = work.scheduled_at = work.customer_leaves_at = None
    work.hold_until = work.only = None
    dealt_with(work)
    if work.scheduled_for == "slot":
        work.scheduled_for = ""


def lose_owner(world: World, work: Work) -> None:
    """Section 11: re-queued, at the old place; section 4: from parking, as of the oldest unanswered message."""
    part_company(world, work, "owner_lost")
    arrived = work.arrived_at
    if work.state == "parked":
        arrived = work.unanswered_at or world.now
    enqueue(world, work, "owner_lost", arrived_at=arrived, last=work.agent)


def await_owner(world: World, work: Work) -> None:
    """Section 11: what an absent agent has waits for him for a grace; a timed wrap-up's timer runs on."""
    owner = world.people[work.agent or ""]
    if owner.is_there or work.owner_gone_until is not None or work.wrap_up_until is not None:
        return
    policy = world.queue(work.queue)
    kept_long = work.medium == "email" and work.state != "wrap_up"
    span: Span = policy.owner_hold if kept_long else policy.disconnect_grace
    work.owner_gone_until = world.now + span


def set_aside(world: World, work: Work, until: Instant | None) -> None:
    """Parked: `parked_cost` (default 0) replaces the cost. Section 2: auto-close time over -> `closed`.

    Reading: what is to come back by itself does not close by itself.
    """
    part_company(world, work, "parked")
    owner = world.people[work.agent or ""]
    work.state, work.parked_until = "parked", until
    after = world.queue(work.queue).parked_close_after.get(work.medium)
    work.parked_close_at = None if after is None or until is not None else world.now + after
    hush(work)
    work.customer_leaves_at = work.owner_gone_until = None
    piece = owner.pieces[work.id]
    piece.kind, piece.cost = "parked", limit_of(owner.profile, work.medium).parked_cost
    rest(owner, world.now)
    world.freed[owner.id] = None


def go_home(world: World, id: str) -> None:
    """Section 11: "after this one" takes effect when the current work ends."""
    person = world.people.get(id)
    if person is None or person.after is None or person.at_work:
        return
    presence, reason = person.after
    declare(world, person, presence, reason)
    if presence == "offline":
        end_holds(world, id)
        wait_no_longer(world, id, "agent_offline")
        leave_rooms(world, id)


def declare(world: World, person: Person, presence: str, reason: str) -> None:
    """He is `presence` from now on. Becoming available begins anew: no misses, no cool-down, idle from now.

    What waited for him to come back does so no longer once he is there.
    """
    person.after, person.reason = None, reason
    if presence != person.presence:
        person.presence = presence
        if presence == "available":
            rest(person, world.now)
            person.misses, person.cooling_until = 0, None
        if presence in ("disconnected", "offline"):
            person.away_until = None
    owner_is_back(world, person)


def owner_is_back(world: World, person: Person) -> None:
    if person.is_there:
        for id in person.pieces:
            if world.works[id].agent == person.id:
                world.works[id].owner_gone_until = None
