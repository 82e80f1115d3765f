"""Sections 7 and 8: every offer that is possible is made in the same decision, and how an offer ends."""

from queues.policy import QueuePolicy
from tests.reference.leg import begin_warm, go_home
from tests.reference.optimal import assigned, first_choice
from tests.reference.rings import withdraw
from tests.reference.values import Person, Piece, Ring, Work
from tests.reference.who import best_person, limit_of, may_ring, qualifies, rank, sought
from tests.reference.world import World
from vocabulary.instants import SECOND, Instant, Span

TIMEOUTS = {"chat": 30 * SECOND, "callback": 60 * SECOND, "email": 300 * SECOND}


def timeout_of(queue: QueuePolicy, medium: str) -> Span:
    """Section 8: timeouts per medium and queue (defaults: chat 30 s, callback 60 s, e-mail 5 min)."""
    return queue.offer[medium] if medium in queue.offer else TIMEOUTS[medium]


def settle(world: World) -> None:
    """Section 7, liveness: whenever an interaction waits and an agent qualifies, an offer exists.

    Reading: agents who can take work choose before what has come is placed, for something that waits already may come
    first for them; the least loaded chooses first, then who is idle longest, then the lower id. What has come is placed
    by key. Who is freed by that, by a warm transfer that is taken without asking, chooses then.
    """
    once = True
    while once or world.freed:
        once = False
        while world.freed:
            _choose(world)
        returned = [world.works[id] for id in world.returned if id in world.works]
        if len(returned) > 1 and all(world.queue(work.queue).strategy == "optimal" for work in returned):
            _choose_among(world, returned)
        for work in sorted(returned, key=lambda each: each.key):
            _place(world, work)


def _choose_among(world: World, works: list[Work]) -> None:
    """Look-ahead: a burst is solved once as a linear assignment. Reading: where all that comes at once looks ahead."""
    for person in world.people.values():
        if any(may_ring(sought(work)) and qualifies(world, person, sought(work)) for work in works):
            world.freed[person.id] = None
    while world.freed:
        _choose(world)


def _choose(world: World) -> None:
    for id in list(world.freed):
        go_home(world, id)
    freed = [world.people[id] for id in world.freed if id in world.people]
    freed.sort(key=_turn)
    world.freed.clear()
    if len(freed) > 1:
        for person, work in assigned(world, freed):
            if may_ring(sought(work)) and qualifies(world, person, sought(work)):
                ring(world, work, person)
    for person in freed:
        _fill(world, person)


def _fill(world: World, person: Person) -> None:
    choice = first_choice(world, person)
    while choice is not None:
        ring(world, choice, _taker(world, choice, person))
        choice = first_choice(world, person)


def _turn(person: Person) -> tuple[float, int, str]:
    load = person.used / person.profile.capacity if person.profile.capacity else 1.0
    return (load, person.idle_since, person.id)


def _place(world: World, work: Work) -> None:
    """Offer it to the best agent. Reading: unless something else that has come too comes first for him."""
    while may_ring(sought(work)):
        person = best_person(world, work)
        if person is None:
            return
        choice = first_choice(world, person)
        assert choice is not None
        ring(world, choice, _taker(world, choice, person))


def _taker(world: World, work: Work, person: Person) -> Person:
    """Return `person`, whose first choice `work` is; if it has just come, the best of those whose first choice it is.

    Reading: both directions of section 7 hold at once: nobody is passed over by the queue's strategy only because
    somebody else was looked at first.
    """
    asked = sought(work)
    if work.id not in world.returned or asked.hold_until is not None or asked.only is not None:
        return person
    able = [each for each in world.people.values() if qualifies(world, each, asked)]
    for each in sorted(able, key=lambda other: rank(world, other, asked)):
        if first_choice(world, each) is work:
            return each
    return person


def ring(world: World, work: Work, person: Person) -> None:
    """Section 8: an offer in flight occupies capacity; timeout 0 = assign without asking."""
    span = timeout_of(world.queue(sought(work).queue), work.medium)
    new = rings_at(world, work, person, world.now + span)
    if span == 0:
        take(world, new)


def rings_at(world: World, work: Work, person: Person, until: Instant) -> Ring:
    """Let it ring at him."""
    work.rings_made += 1
    new = Ring(f"{work.id}.{work.rings_made}", work.id, person.id, until)
    cost = limit_of(person.profile, work.medium).cost
    world.rings[new.id] = new
    world.trace.append(("offered", work.id, person.id, cost, new.expires_at))
    if work.ask is None:
        work.state = "offered"
    work.rings = (*work.rings, new.id)
    person.pieces[work.id] = Piece(work.medium, cost, "offer")
    person.offered_at = world.now
    return new


def take(world: World, ring: Ring) -> None:
    """Section 8: first acceptance wins, the others are withdrawn; accepting resets the count of misses."""
    work, person = world.works[ring.work], world.people[ring.person]
    for other in work.rings:
        if other != ring.id:
            withdraw(world, other, "lost_race")
    if work.ask is not None:
        begin_warm(world, work, work.ask)
    world.trace.append(("accepted", work.id, person.id))
    ring.state = "accepted"
    work.state, work.agent, work.accepted_at, work.rings = "active", person.id, world.now, ()
    work.hold_until = work.only = None
    person.misses = 0
    person.pieces[work.id].kind = "active"
    if person.busy_from is None:
        person.busy_from = world.now
