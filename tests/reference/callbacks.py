"""Section 13: callbacks now and in windows, retries, and messages left instead."""

from router.commands import AcceptCallback, CallAttempted, CancelCallback, LeaveMessage, RescheduleCallback
from tests.reference.customers import left
from tests.reference.hours import joined, next_open, opened_at, status
from tests.reference.leg import enqueue, let_go, over, wrapped_up
from tests.reference.owners import owned
from tests.reference.replies import tell
from tests.reference.rings import part_company, withdraw_all
from tests.reference.sendings import answered
from tests.reference.values import OVER, QUEUED, Work
from tests.reference.world import Refused, World
from vocabulary.instants import DAY, Instant


def booked(world: World, queue: str, start: Instant) -> int:
    """Return how many have a place in the window of `queue` that begins at `start`."""
    places = 0
    for work in world.works.values():
        if work.state == "scheduled" and work.scheduled_for == "slot":
            places += (work.queue, work.scheduled_at) == (queue, start)
    return places


def check_slot(world: World, name: str, start: Instant) -> None:
    """Bookable windows of the queue's hours with limited places, up to 90 days."""
    queue = world.queue(name)
    if start <= world.now:
        raise Refused("conflict", "slot_over")
    if start > world.now + min(90, queue.callback_days_max) * DAY:
        raise Refused("invalid", "slot_too_far")
    if not _is_window(world, name, start):
        raise Refused("invalid", "no_slot")
    check_place(world, name, start)


def check_place(world: World, queue: str, start: Instant) -> None:
    """Limited places."""
    if booked(world, queue, start) >= world.queue(queue).callback_places:
        raise Refused("conflict", "slot_full")


def _is_window(world: World, name: str, start: Instant) -> bool:
    """Reading: whole within one opening, counted from when it opens; from midnight UTC where it never closes."""
    hours, length = world.hours(name), world.queue(name).callback_slot
    if status(hours, start) != "open":
        return False
    opened = None if hours is None else opened_at(hours, start)
    if hours is None or opened is None:
        return start % length == 0
    closes = [until for since, until in joined(hours, opened, start + length) if since <= start < until]
    return (start - opened) % length == 0 and start + length <= closes[0]


def schedule(world: World, work: Work, due: Instant, why: str) -> None:
    """It waits for an instant: a slot, a retry, or opening hours."""
    let_go(world, work, at=world.now)
    work.state, work.scheduled_at, work.scheduled_for = "scheduled", due, why
    work.wrap_up_until = None


def book(world: World, work: Work, start: Instant) -> None:
    """A window is his; the customer is told."""
    schedule(world, work, start, "slot")
    tell(world, work, "callback_confirmed", start)


def _queued(world: World, id: str) -> Work:
    work = world.work(id)
    if work.state not in QUEUED:
        raise Refused("conflict", "not_waiting")
    return work


def accept(world: World, order: AcceptCallback) -> None:
    """Now: takes the place of the chat or form request (`arrived_at` kept). Slot: waits for its start."""
    work = _queued(world, order.interaction)
    if order.slot is not None:
        check_slot(world, work.queue, order.slot)
    elif work.medium == "callback":
        return
    withdraw_all(world, work, "converted")
    if work.medium != "callback":
        # Section 2: a callback never becomes abandoned because its customer is offline.
        work.medium, work.customer_leaves_at = "callback", None
    if order.slot is not None:
        book(world, work, order.slot)
    else:
        enqueue(world, work, "converted")
        tell(world, work, "callback_confirmed")


def leave_message(world: World, order: LeaveMessage) -> None:
    """Section 12: leave a message (becomes e-mail)."""
    work = _queued(world, order.interaction)
    if work.medium == "email":
        return
    if world.queue(work.queue).message_channel not in world.policy.channels:
        raise Refused("conflict", "no_message_channel")
    if order.address_hash is not None:
        work.address, work.domain = order.address_hash, order.domain_hash
    to_message(world, work)


def to_message(world: World, work: Work) -> None:
    """It goes on as e-mail, at its place."""
    withdraw_all(world, work, "converted")
    work.medium, work.customer_leaves_at = "email", None
    work.channel = world.queue(work.queue).message_channel or ""
    if not wait_for_opening(world, work):
        enqueue(world, work, "converted")


def wait_for_opening(world: World, work: Work) -> bool:
    """Section 2: `scheduled`: e-mail outside hours when the queue says so."""
    hours = world.hours(work.queue)
    if work.medium != "email" or world.queue(work.queue).outside_hours != "schedule" or hours is None:
        return False
    opens = next_open(hours, world.now)
    if opens is None or status(hours, world.now) == "open":
        return False
    schedule(world, work, opens, "hours")
    return True


def put_off(world: World, work: Work) -> bool:
    """Retries never outside hours: one that nobody took before closing waits for the next opening."""
    hours = world.hours(work.queue)
    opens = next_open(hours, world.now)
    if not work.is_retry or opens is None or status(hours, world.now) == "open":
        return False
    schedule(world, work, opens, "retry")
    return True


def _callback(world: World, id: str) -> Work:
    work = world.work(id)
    if work.medium != "callback":
        raise Refused("invalid", "not_a_callback")
    if work.state != "scheduled" and work.state not in QUEUED:
        raise Refused("conflict", "wrong_state")
    return work


def reschedule(world: World, order: RescheduleCallback) -> None:
    """Another window; what it had before is free again."""
    work = _callback(world, order.interaction)
    if work.state == "scheduled" and (work.scheduled_for, work.scheduled_at) == ("slot", order.slot):
        return
    check_slot(world, work.queue, order.slot)
    withdraw_all(world, work, "moved")
    book(world, work, order.slot)


def cancel(world: World, order: CancelCallback) -> None:
    """`scheduled` -> `closed`. Reading: who cancels while it waits has left; staff closes it for him."""
    known = world.work(order.interaction)
    if known.medium == "callback" and known.state in OVER and known.disposition == "cancelled":
        return
    work = _callback(world, order.interaction)
    if work.state in QUEUED and order.by == "customer":
        left(world, work)
        return
    withdraw_all(world, work, "closed")
    over(world, work, "closed", "cancelled")


def attempted(world: World, order: CallAttempted) -> None:
    """Retries up to N, at least T apart, never outside hours; then the customer is told.

    Section 2: `active`: callback not reached -> `scheduled` or `closed`; `wrap_up`: to be retried -> `scheduled`.
    Reading: but not before the time of a wrap-up that is forced.
    """
    work = owned(world, order.interaction, order.agent, "active", "wrap_up")
    if work.medium != "callback":
        raise Refused("invalid", "not_a_callback")
    policy = world.queue(work.queue)
    if work.state == "wrap_up" and policy.wrap_up == "timed_forced":
        raise Refused("conflict", "wrap_up_forced")
    work.attempts += 1
    if order.outcome == "reached":
        work.scheduled_for = ""
        answered(world, work.customer)
    if order.outcome == "wrong_number":
        _give_up(world, work, "wrong_number")
    elif order.outcome != "reached":
        part_company(world, work, "callback_retry")
        if work.attempts >= policy.callback_attempts:
            _give_up(world, work, "not_reached")
            tell(world, work, "callback_not_reached")
        else:
            soonest = world.now + policy.callback_retry
            opens = next_open(world.hours(work.queue), soonest)
            # Reading: a queue that never opens again tries at once.
            schedule(world, work, soonest if opens is None else opens, "retry")


def _give_up(world: World, work: Work, reason: str) -> None:
    if work.state == "wrap_up":
        wrapped_up(world, work, reason)
    else:
        over(world, work, "closed", reason)
