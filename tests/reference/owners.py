"""Sections 8, 10 and 13: what owners and supervisors do with work."""

from dataclasses import replace

from router.commands import (
    AcceptOffer,
    Close,
    DeclineOffer,
    End,
    ExtendWrapUp,
    Move,
    Park,
    Reprioritise,
    Resume,
    WrapUp,
)
from tests.reference.customers import resume as again
from tests.reference.leg import end, enqueue, over, set_aside, target_of, wrapped_up
from tests.reference.matching import take
from tests.reference.rings import end_hold, lift_only, lose, part_company, refused_by, withdraw_all
from tests.reference.steps import follow
from tests.reference.values import OVER, QUEUED, Done, Ring, Work
from tests.reference.who import has_room
from tests.reference.world import Refused, World
from vocabulary.instants import SECOND


def _ring(world: World, id: str, person: str) -> Ring:
    ring = world.rings.get(id)
    if ring is None or ring.person != person:
        raise Refused("not_found", "unknown_offer")
    return ring


def accept(world: World, order: AcceptOffer) -> None:
    """Section 8: accept is idempotent; a late accept gets a clear refusal."""
    ring = _ring(world, order.offer, order.agent)
    if ring.state == "accepted" and world.works[ring.work].agent == order.agent:
        return
    if ring.state != "pending":
        raise Refused("conflict", f"offer_{ring.state}")
    take(world, ring)


def decline(world: World, order: DeclineOffer) -> None:
    """Section 8: a decline bars this pair for 10 s, and he is ranked last for it after."""
    ring = _ring(world, order.offer, order.agent)
    if ring.state == "declined":
        return
    if ring.state != "pending":
        raise Refused("conflict", f"offer_{ring.state}")
    work = world.works[ring.work]
    world.trace.append(("declined", work.id, order.agent))
    lose(world, ring, "declined")
    work.barred[order.agent] = world.now + 10 * SECOND
    work.declined_by |= {order.agent}
    end_hold(world, work, order.agent)
    refused_by(world, work, order.agent, "declined")
    lift_only(world, work, order.agent)
    world.returned[work.id] = None
    world.freed[order.agent] = None


def owned(world: World, id: str, person: str, *states: str) -> Work:
    work = world.work(id)
    if work.agent != person or work.state in OVER:
        raise Refused("conflict", "not_owner")
    if work.state not in states:
        raise Refused("conflict", "wrong_state")
    return work


def end_contact(world: World, order: End) -> None:
    """`active` -> `wrap_up`; `parked` -> `closed`."""
    work = owned(world, order.interaction, order.agent, "active", "parked")
    if work.state == "parked":
        over(world, work, "closed", "ended")
    else:
        end(world, work, order.wrap_up)


def wrap_up(world: World, order: WrapUp) -> None:
    """Section 10: may end early, but for `timed_forced`; disposition codes per queue, required or not."""
    work = owned(world, order.interaction, order.agent, "wrap_up")
    policy = world.queue(work.queue)
    if policy.wrap_up == "timed_forced":
        raise Refused("conflict", "wrap_up_forced")
    if order.disposition is None and policy.disposition_required:
        raise Refused("invalid", "disposition_required")
    if order.disposition is not None and policy.dispositions and order.disposition not in policy.dispositions:
        raise Refused("invalid", "unknown_disposition")
    wrapped_up(world, work, order.disposition)


def extend_wrap_up(world: World, order: ExtendWrapUp) -> None:
    """Section 10: +30 s, at most N times."""
    work = owned(world, order.interaction, order.agent, "wrap_up")
    policy = world.queue(work.queue)
    if work.wrap_up_until is None:
        raise Refused("conflict", "wrap_up_untimed")
    if work.extensions >= policy.wrap_up_extensions_max:
        raise Refused("conflict", "no_more_extensions")
    work.extensions += 1
    work.wrap_up_until += policy.wrap_up_extension


def known_queue(world: World, queue: str) -> None:
    if queue not in world.policy.queues:
        raise Refused("invalid", "unknown_queue")


def keep(world: World, work: Work, what: str) -> None:
    """Section 15: undoable for 10 s."""
    before = replace(work, barred=dict(work.barred), room=dict(work.room), clocks={}, done=None)
    work.done = Done(what, world.now + 10 * SECOND, before)


def check_priority(priority: int | None) -> None:
    """Section 4: `priority` an integer from -100 to 100."""
    if priority is not None and not -100 <= priority <= 100:
        raise Refused("invalid", "priority_out_of_range")


def move(world: World, order: Move) -> None:
    """A supervisor moves what waits; offers are withdrawn."""
    work = world.work(order.interaction)
    known_queue(world, order.queue)
    if work.state not in QUEUED:
        raise Refused("conflict", "not_waiting")
    withdraw_all(world, work, "moved")
    keep(world, work, "move")
    enqueue(world, work, "moved", queue=order.queue)


def reprioritise(world: World, order: Reprioritise) -> None:
    """Section 4: a priority change applies to the next decision."""
    work = world.work(order.interaction)
    check_priority(order.priority)
    if work.state in OVER:
        raise Refused("conflict", "not_open")
    keep(world, work, "priority")
    work.priority = order.priority
    work.target, work.credit = target_of(world, work), world.queue(work.queue).credit
    if order.class_ is not None:
        work.class_ = order.class_
    follow(world, work)


def park(world: World, order: Park) -> None:
    """`active` -> `parked`."""
    set_aside(world, owned(world, order.interaction, order.agent, "active"), order.until)


def resume(world: World, order: Resume) -> None:
    """`parked` -> `active`, if there is room. Reading: nobody takes work up who is not there."""
    work = owned(world, order.interaction, order.agent, "parked")
    if not world.people[order.agent].is_there:
        raise Refused("conflict", "not_there")
    if not has_room(world.people[order.agent], work.medium, work.id):
        raise Refused("conflict", "no_room")
    again(world, work)


def force_close(world: World, order: Close) -> None:
    """Ended by staff, whatever its state; closing what is closed changes nothing."""
    work = world.work(order.interaction)
    if work.state in OVER:
        return
    withdraw_all(world, work, "closed")
    if work.state == "wrap_up":
        wrapped_up(world, work, order.reason)
    else:
        # Reading: what it was before its room and its warm transfer ended with it, but for these.
        part_company(world, work, "closed")
        keep(world, work, "close")
        done = work.done
        over(world, work, "closed", order.reason)
        work.done = done
