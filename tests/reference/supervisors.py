"""Sections 2 and 15: what supervisors do with single interactions, and what agents begin or pull themselves."""

from queues.interaction import Label
from router.commands import Assign, Close, MarkSpam, Relabel, StartOutbound, UndoAct
from tests.reference.callbacks import check_place
from tests.reference.matching import rings_at, take
from tests.reference.owners import force_close, known_queue
from tests.reference.replies import tell
from tests.reference.rings import end_hold, lift_only, withdraw, withdraw_all
from tests.reference.second_thoughts import asks_again
from tests.reference.sendings import end as end_letter
from tests.reference.steps import follow
from tests.reference.transfers import GONE, give, room_for
from tests.reference.values import OVER, QUEUED, Person, Piece, Work
from tests.reference.who import has_room, limit_of, serves
from tests.reference.world import Refused, World


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
    work.customer = order.customer
    world.works[work.id] = work
    work.accepted_at = world.now
    give(world, work, person)


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
        room_for(person, work)


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
        "preferred only hold_until looked applied left ways closes_at"
    ),
    "close": (
        "reopen_until disposition customer_leaves_at hold_until only step_at confirm_until parked_until "
        "scheduled_at scheduled_for"
    ),
    "answer": "confirm_until bulk answered automatic given",
}


def undo(world: World, order: UndoAct) -> None:
    """Undoable for 10 s where that makes sense. Reading: what the act itself changed is put back, nothing else."""
    take_back(world, world.work(order.interaction))


def take_back(world: World, work: Work) -> None:
    """Let it be as it was before what was done to it last."""
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
        asks_again(work, done.before.unanswered_at)
        _open_as_before(world, work, done.before)
    if done.what == "answer":
        asks_again(work, done.before.unanswered_at)
        _as_if_never_answered(world, work, done.before)
    if work.state == "waiting" and done.what != "priority":
        work.leg += 1
    _kept_for_nobody_gone(world, work)
    follow(world, work)
    world.returned[work.id] = None


def _check_undo(world: World, work: Work, what: str, before: Work) -> None:
    alike = {
        "close": work.state == "closed",
        "answer": work.state == "answered_by_bot",
        "move": work.state in QUEUED and work.leg == before.leg + 1,
        "priority": work.state not in OVER and (work.state in QUEUED) == (before.state in QUEUED),
    }
    if not alike[what]:
        taken = work.state == "active" and before.state in QUEUED
        raise Refused("conflict", "accepted_meanwhile" if taken else "changed_meanwhile")
    if what == "close" and (before.state, before.scheduled_for) == ("scheduled", "slot"):
        check_place(world, before.queue, before.scheduled_at or 0)
    if what != "close" or before.state not in ("active", "parked"):
        return
    person = world.people.get(before.agent or "")
    gone = before.state == "active" and person is not None and (not person.connected or person.presence in GONE)
    if person is None or gone:
        raise Refused("conflict", "owner_gone")
    if before.state == "active" and not has_room(person, before.medium):
        raise Refused("conflict", "no_room")


def _as_if_never_answered(world: World, work: Work, before: Work) -> None:
    """At the old place; clocks as they were, but for that of the resolution, which ran on."""
    work.state = "waiting"
    stopped = {name: clock for name, clock in before.clocks.items() if name != "resolution"}
    work.clocks = {name: clock for name, clock in work.clocks.items() if name == "resolution"} | stopped
    if work.medium != "email" and not (work.medium == "callback" and work.mailable):
        tell(world, work, "answer_taken_back")


def _open_as_before(world: World, work: Work, before: Work) -> None:
    work.state = "waiting" if before.state in QUEUED else before.state
    owner = world.people.get(work.agent or "")
    if owner is None:
        return
    if work.state == "active":
        give(world, work, owner)
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
        for letter in work.letters:
            end_letter(world, work, letter, "spam")
        force_close(world, Close(work.id, "spam", order.by))


def relabel(world: World, order: Relabel) -> None:
    """A person says what it is about, or takes that back; nothing else about it changes."""
    work = world.work(order.interaction)
    if order.label is not None:
        work.guessed = work.labels if work.guessed is None else work.guessed
        work.labels = (Label(order.label, 1.0),)
    elif work.guessed is None:
        raise Refused("conflict", "not_corrected")
    else:
        work.labels, work.guessed = work.guessed, None
