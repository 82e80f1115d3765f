"""Section 15: transfers, rooms, and what supervisors do with single interactions."""

from router.commands import (
    Assign,
    CancelTransfer,
    Close,
    JoinRoom,
    LeaveRoom,
    MarkSpam,
    StartOutbound,
    TakeOver,
    Transfer,
    UndoAct,
)
from tests.reference.leg import enqueue, let_go
from tests.reference.matching import rings_at, take
from tests.reference.owners import force_close, known_queue, owned
from tests.reference.rings import end_ask, end_hold, leave_room, lift_only, part_company, withdraw, withdraw_all
from tests.reference.staff import can_ever_take
from tests.reference.who import has_room, limit_of, serves
from tests.reference.world import OVER, QUEUED, Ask, Person, Piece, Refused, Work, World

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
        target=policy.segment_targets.get(work.segment or "", policy.target),
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
        _room_for(person, work)
    work.room[person.id] = order.mode
    cost = 0 if order.mode == "monitor" else limit_of(person.profile, work.medium).cost
    person.pieces[work.id] = Piece(work.medium, cost, "room")
    world.freed[person.id] = None


def _room_for(person: Person, work: Work) -> None:
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
        _room_for(person, work)
    end_ask(world, work, "taken_over")
    let_go(world, work, at=world.now)
    work.room.pop(person.id, None)
    _give(world, work, person)
    work.accepted_at, work.owner_gone_until = world.now, None


def _give(world: World, work: Work, person: Person) -> None:
    work.agent = person.id
    before = person.pieces.get(work.id)
    cost = limit_of(person.profile, work.medium).cost
    person.pieces[work.id] = Piece(work.medium, cost, "active")
    if before is not None and cost < before.cost:
        world.freed[person.id] = None
    if person.busy_from is None:
        person.busy_from = world.now


def start(world: World, order: StartOutbound) -> None:
    """Section 2: started by an agent. Reading: in the first queue that he serves."""
    if order.id in world.works:
        raise Refused("known", "known")
    if order.channel not in world.policy.channels:
        raise Refused("invalid", "unknown_channel")
    if order.queue is not None:
        known_queue(world, order.queue)
    person = world.person(order.agent)
    if not person.connected or person.presence not in ("available", "busy", "away"):
        raise Refused("conflict", "not_there")
    if not has_room(person, order.medium):
        raise Refused("conflict", "no_room")
    own = sorted((member.priority, name) for name, member in person.profile.queues.items())
    queue = order.queue or (own[0][1] if own else world.policy.rules[-1].then.queue)
    world.admitted += 1
    at, number = world.now, world.admitted
    work = Work(order.id, number, order.channel, order.medium, queue, 0, 0, (), (), (), at, at, "active", leg=1)
    world.works[work.id] = work
    work.accepted_at = world.now
    _give(world, work, person)


def assign(world: World, order: Assign) -> None:
    """A supervisor may assign beyond capacity only when flagged so; an agent may pull what he qualifies for."""
    work, person = world.work(order.interaction), world.person(order.agent)
    if work.state == "active" and work.agent == person.id:
        return
    if work.state not in QUEUED:
        raise Refused("conflict", "not_waiting")
    his = [id for id in work.rings if world.rings[id].person == person.id]
    _may_have(world, work, person, order, rings=bool(his))
    for id in work.rings:
        if id not in his:
            withdraw(world, id, "assigned")
    ring = world.rings[his[0]] if his else rings_at(world, work, person, world.now)
    take(world, ring)


def _may_have(world: World, work: Work, person: Person, order: Assign, *, rings: bool) -> None:
    if order.by == person.id:
        if not person.connected or person.presence not in ("available", "busy", "away"):
            raise Refused("conflict", "not_there")
        if not rings:
            _pulls(world, work, person)
    elif not (person.connected and person.presence in ("available", "busy")):
        raise Refused("conflict", "target_not_available")
    elif work.medium in person.media_off:
        raise Refused("conflict", "medium_off")
    if not rings and not order.beyond_capacity:
        _room_for(person, work)


def _pulls(world: World, work: Work, person: Person) -> None:
    kept = work.only or (work.preferred if work.hold_until is not None else None)
    if kept is not None and kept != person.id:
        raise Refused("conflict", f"held_for:{kept}")
    if work.only != person.id and not serves(world, person, work):
        raise Refused("conflict", _why_not(world, person, work))


def _why_not(world: World, person: Person, work: Work) -> str:
    membership = person.profile.queues.get(work.queue)
    lent = any(group in work.groups for group in person.profile.groups)
    if not lent and membership is None:
        return "not_member"
    if not lent and membership is not None and world.now - work.enqueued_at < membership.delay:
        return "delay"
    missing = [need for need in work.in_force if person.profile.skills.get(need.skill, 0) < need.level]
    return f"requirement:{missing[0]}"


PUT_BACK = {
    "priority": "priority class_ target credit",
    "move": (
        "queue enqueued_at target credit by_ratio parallel requirements expired groups taken step_at kind waited "
        "preferred only hold_until"
    ),
    "close": (
        "reopen_until disposition unanswered_at customer_leaves_at hold_until only step_at confirm_until parked_until "
        "scheduled_at"
    ),
}


def undo(world: World, order: UndoAct) -> None:
    """Undoable for 10 s where that makes sense. Reading: what the act itself changed is put back, nothing else."""
    work = world.work(order.interaction)
    done = work.done
    if done is None:
        raise Refused("conflict", "nothing_to_undo")
    if world.now >= done.until:
        raise Refused("conflict", "undo_over")
    _check_undo(world, work, done.what, done.before)
    if done.what != "priority":
        withdraw_all(world, work, "undone")
    for name in PUT_BACK[done.what].split():
        setattr(work, name, getattr(done.before, name))
    work.done = None
    if done.what == "close":
        _open_as_before(world, work, done.before)
    if work.state == "waiting" and done.what != "priority":
        work.leg += 1
    _kept_for_nobody_gone(world, work)
    world.returned[work.id] = None


def _check_undo(world: World, work: Work, what: str, before: Work) -> None:
    alike = {
        "close": work.state == "closed",
        "move": work.state in QUEUED and work.leg == before.leg + 1,
        "priority": work.state not in OVER and (work.state in QUEUED) == (before.state in QUEUED),
    }
    if not alike[what]:
        taken = work.state == "active" and before.state in QUEUED
        raise Refused("conflict", "accepted_meanwhile" if taken else "changed_meanwhile")
    if what != "close" or before.state not in ("active", "parked"):
        return
    person = world.people.get(before.agent or "")
    gone = before.state == "active" and person is not None and (not person.connected or person.presence in GONE)
    if person is None or gone:
        raise Refused("conflict", "owner_gone")
    if before.state == "active" and not has_room(person, before.medium):
        raise Refused("conflict", "no_room")


def _open_as_before(world: World, work: Work, before: Work) -> None:
    work.state = "waiting" if before.state in QUEUED else before.state
    owner = world.people.get(work.agent or "")
    if owner is None:
        return
    if work.state == "active":
        _give(world, work, owner)
    elif work.state == "parked":
        owner.pieces[work.id] = Piece(work.medium, limit_of(owner.profile, work.medium).parked_cost, "parked")


def _kept_for_nobody_gone(world: World, work: Work) -> None:
    kept = work.only or (work.preferred if work.hold_until is not None else None)
    if kept is not None and (kept not in world.people or world.people[kept].presence in GONE):
        lift_only(world, work, kept)
        end_hold(world, work, kept)


def mark_spam(world: World, order: MarkSpam) -> None:
    """Section 2: an agent may mark spam; it is closed, whatever its state."""
    work = world.work(order.interaction)
    if not (work.disposition == "spam" and work.state in OVER):
        force_close(world, Close(work.id, "spam", order.by))
