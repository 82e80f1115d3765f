"""Section 8: how offers end, and section 15: how what waits for one agent alone, or a warm transfer, ends with them."""

from tests.reference.values import Person, Ring, Work
from tests.reference.who import may_ring, sought
from tests.reference.world import World
from vocabulary.instants import SECOND


def lose(world: World, ring: Ring, how: str) -> None:
    """The offer ends unaccepted; the interaction waits at its place again unless it still rings elsewhere.

    Section 15: while a warm transfer is asked for, it stays active with the sender.
    """
    ring.state = how
    work = world.works[ring.work]
    work.rings = tuple(id for id in work.rings if id != ring.id)
    if work.ask is None:
        work.state = "offered" if work.rings else "waiting"
    del world.people[ring.person].pieces[work.id]


def withdraw(world: World, id: str, reason: str) -> None:
    """Section 8: a withdrawal bars only this pair, for 10 s."""
    ring = world.rings[id]
    world.trace.append(("withdrawn", ring.work, ring.person, reason))
    lose(world, ring, "withdrawn")
    world.works[ring.work].barred[ring.person] = world.now + 10 * SECOND
    world.freed[ring.person] = None
    world.returned[ring.work] = None


def withdraw_all(world: World, work: Work, reason: str) -> None:
    """Take back all offers of one interaction."""
    for id in work.rings:
        withdraw(world, id, reason)


def withdraw_all_of(world: World, person: Person, reason: str) -> None:
    """Take back all that rings at him. Reading: in the order of admission."""
    for work in sorted(world.works.values(), key=lambda each: each.number):
        for id in work.rings:
            if world.rings[id].person == person.id:
                withdraw(world, id, reason)
                refused_by(world, work, person.id, reason)


def end_hold(world: World, work: Work, person: str) -> None:
    """Section 7: a hold ends on his miss, decline, going offline."""
    if work.hold_until is not None and work.preferred == person:
        work.hold_until = None
        world.returned[work.id] = None


def end_holds(world: World, person: str) -> None:
    """He went offline, or is no more."""
    for work in world.works.values():
        end_hold(world, work, person)


def end_ask(world: World, work: Work, reason: str) -> None:
    """Section 15: a refusal is told to the sender, with whom it stays."""
    if work.ask is not None:
        withdraw_all(world, work, "transfer_over")
        work.ask = None
        world.trace.append(("not_transferred", work.id, reason))


def refused_by(world: World, work: Work, person: str, reason: str) -> None:
    """The one agent whom a warm transfer asks does not take it."""
    if work.ask is not None and work.ask.only == person:
        end_ask(world, work, reason)


def lift_only(world: World, work: Work, person: str) -> None:
    """Reading: what was handed to somebody who declines or goes is anybody's of its queue."""
    if work.only == person:
        work.only = None
        world.returned[work.id] = None


def wait_no_longer(world: World, person: str, reason: str) -> None:
    """Nothing waits for him alone any more; what rings at him does not wait."""
    for work in sorted(world.works.values(), key=lambda each: each.number):
        if may_ring(sought(work)):
            lift_only(world, work, person)
            refused_by(world, work, person, reason)


def leave_room(world: World, work: Work, person: str) -> None:
    """He is in the room no longer."""
    del work.room[person]
    del world.people[person].pieces[work.id]
    world.freed[person] = None


def leave_rooms(world: World, person: str) -> None:
    """He is in no room any more."""
    for work in world.works.values():
        if person in work.room:
            leave_room(world, work, person)


def part_company(world: World, work: Work, reason: str) -> None:
    """The owner gives it up: nobody else is asked for it, and its room is over."""
    end_ask(world, work, reason)
    for person in sorted(work.room):
        leave_room(world, work, person)
