"""Section 15: transfers, and rooms."""

from router.commands import CancelTransfer, JoinRoom, LeaveRoom, TakeOver, Transfer
from tests.reference.leg import enqueue, let_go, target_in
from tests.reference.owners import known_queue, owned
from tests.reference.rings import end_ask, leave_room, part_company
from tests.reference.staff import can_ever_take
from tests.reference.values import Ask, Person, Piece, Work
from tests.reference.who import has_room, limit_of
from tests.reference.world import Refused, World

GONE = ("offline", "disconnected")


def transfer(world: World, order: Transfer) -> None:
    """Blind or warm, to an agent, queue or skill; an offline target is refused."""
    work = owned(world, order.interaction, order.agent, "active")
    by_skill = order.queue is not None or order.requirements is not None
    if by_skill == (order.to is not None):
        raise Refused("invalid", "transfer_target")
    if order.queue is not None:
        known_queue(world, order.queue)
    if order.to is not None:
        _check_target(world, work, order, order.to)
    if order.warm:
        _ask(world, work, order)
        return
    part_company(world, work, "transferred")
    enqueue(
        world,
        work,
        "transferred",
        queue=order.queue,
        requirements=order.requirements,
        last=order.agent,
        only=order.to,
    )


def _check_target(world: World, work: Work, order: Transfer, to: str) -> None:
    person = world.people.get(to)
    if person is None:
        raise Refused("invalid", "unknown_agent")
    if to == order.agent:
        raise Refused("conflict", "target_is_owner")
    if not person.connected or person.presence in GONE:
        raise Refused("conflict", "target_offline")
    if not can_ever_take(person, work.medium):
        raise Refused("conflict", "target_without_room")
    if order.warm and to in work.room:
        raise Refused("conflict", "in_room")


def _ask(world: World, work: Work, order: Transfer) -> None:
    """Warm: the target gets an offer; until accepted it stays active with the sender."""
    if work.ask is not None:
        raise Refused("conflict", "transfer_pending")
    policy = world.queue(order.queue or work.queue)
    as_it_is = order.requirements is None
    same = policy.name == work.queue
    work.ask = Ask(
        queue=policy.name,
        since=world.now,
        until=world.now + policy.warm_wait,
        only=order.to,
        target=target_in(world, work, policy.name),
        credit=policy.credit,
        by_ratio=policy.order == "wait_over_target",
        requirements=work.requirements if order.requirements is None else order.requirements,
        expired=work.expired if as_it_is else frozenset(),
        groups=work.groups if as_it_is and same else (),
        anew=not same or (order.requirements is not None and order.requirements != work.requirements),
    )
    world.returned[work.id] = None


def cancel(world: World, order: CancelTransfer) -> None:
    """The sender keeps it."""
    end_ask(world, owned(world, order.interaction, order.agent, "active"), "cancelled")


def _active(world: World, id: str) -> Work:
    work = world.work(id)
    if work.state != "active":
        raise Refused("conflict", "wrong_state")
    return work


def join_room(world: World, order: JoinRoom) -> None:
    """Rooms: more agents may join. Reading: each costs as the owner does; who only monitors costs nothing."""
    work, person = _active(world, order.interaction), world.person(order.agent)
    if work.room.get(person.id) == order.mode:
        return
    if work.agent == person.id:
        raise Refused("conflict", "is_owner")
    if work.id in person.pieces and person.pieces[work.id].kind == "offer":
        raise Refused("conflict", "offered")
    if not person.is_there:
        raise Refused("conflict", "target_offline")
    if order.mode == "monitor" and not world.queue(work.queue).monitoring:
        raise Refused("forbidden", "monitoring_off")
    if order.mode != "monitor" and not order.beyond_capacity:
        room_for(person, work)
    work.room[person.id] = order.mode
    cost = 0 if order.mode == "monitor" else limit_of(person.profile, work.medium).cost
    person.pieces[work.id] = Piece(work.medium, cost, "room")
    world.freed[person.id] = None


def room_for(person: Person, work: Work) -> None:
    """Section 9: beyond capacity only when flagged so."""
    if not has_room(person, work.medium, work.id):
        raise Refused("conflict", "no_room")


def leave(world: World, order: LeaveRoom) -> None:
    """He is in the room no longer."""
    work = world.work(order.interaction)
    if order.agent in work.room:
        leave_room(world, work, order.agent)


def take_over(world: World, order: TakeOver) -> None:
    """The leg and the room go on; the owner before is free."""
    work, person = _active(world, order.interaction), world.person(order.agent)
    if work.agent == person.id:
        return
    if not person.is_there:
        raise Refused("conflict", "target_offline")
    if not order.beyond_capacity:
        room_for(person, work)
    end_ask(world, work, "taken_over")
    let_go(world, work, at=world.now)
    work.room.pop(person.id, None)
    give(world, work, person)
    work.accepted_at, work.owner_gone_until = world.now, None
    world.freed[person.id] = None


def give(world: World, work: Work, person: Person) -> None:
    """He owns it, in the place of what he held of it before."""
    work.agent = person.id
    cost = limit_of(person.profile, work.medium).cost
    person.pieces[work.id] = Piece(work.medium, cost, "active")
    if person.busy_from is None:
        person.busy_from = world.now
