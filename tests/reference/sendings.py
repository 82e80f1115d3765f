"""What is sent later: planned, sent once each step, ended by an answer, handed to who calls (decision 0018)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from queues.hours import Hours
from queues.sending import Timing
from router.commands import Admit, CancelSending, PlanSending, StopSendings
from tests.reference.hours import date_at, first_shown, next_open, status
from tests.reference.replies import Where, count, limits, may_reply, stop_a_surge
from tests.reference.replies import within as sent_within
from tests.reference.values import OVER, Work
from tests.reference.world import Refused, World
from vocabulary.ids import derived_id
from vocabulary.instants import DAY, HOUR, MINUTE, Instant

YEAR = 366 * DAY


@dataclass(frozen=True, slots=True)
class Letter:
    """Something that will be sent. `own`: an agent's, `written`: in his words; `alone`: with nothing behind it."""

    id: str
    due_at: Instant
    plan: str
    within: str | None
    address: str | None
    domain: str | None
    own: str | None = None
    written: bool = False
    alone: bool = False
    unless: bool = False
    step: int = 0


def goes_at(timing: Timing, now: Instant, zone: tzinfo, hours: Hours | None) -> Instant:
    """Return when it goes. Reading: days are those of a calendar; a time that is over is the next day's."""
    days, rest = divmod(timing.after, DAY)
    later = now + rest
    if days:
        later = _shown_again(now - now % MINUTE, days, zone) + now % MINUTE + rest
    if timing.at is None:
        return opens(hours, later)
    day = date_at(zone, later)
    while first_shown(zone, day, timing.at) <= now:
        day += timedelta(days=1)
    for shift in range(400):
        at = first_shown(zone, day + timedelta(days=shift), timing.at)
        if status(hours, at) == "open":
            return at
    return opens(hours, first_shown(zone, day, timing.at))


def _shown_again(minute: Instant, days: int, zone: tzinfo) -> Instant:
    """Return the first minute, so many days later, when clocks show what they show at `minute`, or more."""
    wanted = datetime.fromtimestamp(minute // 1000, zone).replace(tzinfo=None) + timedelta(days=days)
    at = minute + days * DAY - 3 * HOUR
    while datetime.fromtimestamp(at // 1000, zone).replace(tzinfo=None) < wanted:
        at += MINUTE
    return at


def opens(hours: Hours | None, at: Instant) -> Instant:
    """Return when it may go at the earliest."""
    found = next_open(hours, at) if hours is not None else at
    return at if found is None else found


def by_rule(world: World, work: Work, order: Admit, name: str) -> None:
    """A rule sends a document. Reading: it is the automatic reply, and not sent to whom it is being sent already."""
    plan = world.policy.plans[name]
    nowhere = work.medium != "email" and world.queue(work.queue).message_channel is None
    running = any(letter.plan == name for _, letter in _to(world, work.customer))
    to = (order.mail_hash, order.mail_domain_hash)
    if not may_reply(world, work, name, to) or nowhere or running or (plan.unsubscribe and order.unsubscribed):
        return
    at_once = plan.steps[0] == Timing() and plan.within is None
    due = world.now if at_once else _when(world, name, plan.steps[0], plan.within)
    work.answered = work.auto_replied = True
    work.given = {*work.given, name}
    work.letters = (*work.letters, Letter(derived_id("s", work.id, name), due, name, plan.within, *to))


def plan(world: World, order: PlanSending) -> None:
    """Somebody wants something sent."""
    work = world.work(order.interaction)
    if order.sending in [letter.id for letter in work.letters]:
        raise Refused("known", "known")
    _check(world, work, order)
    known = world.policy.plans.get(order.plan)
    within = order.within or (known.within if known is not None else None)
    if order.at is not None:
        due = opens(world.policy.hours.get(within or ""), max(order.at, world.now))
    else:
        due = _when(world, order.plan, known.steps[0] if known is not None else Timing(), within)
    letter = Letter(order.sending, due, order.plan, within, order.address_hash, order.domain_hash, order.agent)
    letter = replace(letter, written=order.written, alone=order.alone, unless=order.unless_answered)
    work.letters = (*work.letters, letter)


def _check(world: World, work: Work, order: PlanSending) -> None:
    if order.plan and order.plan not in world.policy.plans:
        raise Refused("invalid", "unknown_plan")
    if not order.plan and not order.written:
        raise Refused("invalid", "nothing_to_send")
    if order.within is not None and order.within not in world.policy.hours:
        raise Refused("invalid", "unknown_hours")
    if work.medium != "email" and world.queue(work.queue).message_channel is None:
        raise Refused("conflict", "no_message_channel")
    if order.at is not None and order.at > world.now + YEAR:
        raise Refused("invalid", "sending_too_far")
    if len(work.letters) >= 20:
        raise Refused("conflict", "too_many_sendings")


def cancel(world: World, order: CancelSending) -> None:
    """It is not wanted any more."""
    work = world.work(order.interaction)
    found = [letter for letter in work.letters if letter.id == order.sending]
    if not found:
        raise Refused("conflict", "sending_over")
    end(world, work, found[0], order.reason)


def stop(world: World, order: StopSendings) -> None:
    """Nothing more goes to a customer; who unsubscribes, is sent what has nothing to unsubscribe from."""
    for work, letter in _to(world, order.customer):
        known = world.policy.plans.get(letter.plan)
        if order.reason != "unsubscribed" or (known is not None and known.unsubscribe):
            end(world, work, letter, order.reason)


def answered(world: World, customer: str, signals: tuple[str, ...] = ()) -> None:
    """He wrote: what follows up, or waits for that, ends. Reading: not if a machine wrote, as signals say."""
    if any(signal in ("list", "auto-submitted") for signal in signals):
        return
    for work, letter in _to(world, customer):
        if letter.step or letter.unless:
            end(world, work, letter, "answered")


def reported(world: World, work: Work, result: str) -> None:
    """Nothing follows what did not arrive; who complains gets nothing."""
    if result == "complained":
        for each, letter in _to(world, work.customer):
            end(world, each, letter, "complained")
    elif result in ("failed", "bounced"):
        for letter in work.letters:
            if letter.step:
                end(world, work, letter, "undeliverable")


def due(world: World, work: Work) -> None:
    """Do what is due of one interaction."""
    for letter in work.letters:
        if letter.due_at <= world.now:
            _next(world, work, letter)


def _next(world: World, work: Work, letter: Letter) -> None:
    known = world.policy.plans.get(letter.plan)
    steps = known.steps if known is not None else (Timing(),)
    if letter.step == len(steps):
        assert known is not None
        assert known.call is not None
        world.trace.append(("called", work.id, letter.id, known.call.queue))
        _leave_out(work, letter)
        return
    automatic, to = letter.own is None or letter.step > 0, (letter.address, letter.domain)
    until = _held_until(world, to) if automatic else world.now
    if until > world.now:
        until = opens(world.policy.hours.get(letter.within or ""), until)
        world.trace.append(("held", work.id, letter.id, letter.step, until))
        _replace(work, letter, replace(letter, due_at=until))
        return
    if automatic:
        count(world, to)
    world.trace.append(("sent", work.id, letter.id, letter.step, None if automatic else letter.own))
    if work.state in OVER and work.reopen_until is not None:
        reopen = world.channel(work).reopen_window
        work.reopen_until = max(work.reopen_until, world.now + max(7 * DAY, reopen))
    following = [*steps[letter.step + 1 :], *([known.call.timing] if known is not None and known.call else [])]
    if letter.alone or not following:
        _leave_out(work, letter)
    else:
        at = _when(world, letter.plan, following[0], letter.within)
        _replace(work, letter, replace(letter, step=letter.step + 1, due_at=at))
    if automatic:
        stop_a_surge(world)


def _held_until(world: World, to: Where) -> Instant:
    """Row 13: so many within a time; when the first of as many as may be falls out of it, there is room. While all are
    stopped it is looked at every hour.
    """
    if world.replies_stopped:
        return world.now + HOUR
    found = world.now
    for where, span, most in limits(world, to):
        if sent_within(world, where, span) >= most:
            found = max(found, sorted(world.replies[where])[-most] + span)
    return found


def end(world: World, work: Work, letter: Letter, reason: str) -> None:
    """What is left of it is not sent."""
    world.trace.append(("ended", work.id, letter.id, letter.step, reason))
    _leave_out(work, letter)


def _when(world: World, name: str, timing: Timing, within: str | None) -> Instant:
    known = world.policy.plans.get(name)
    zone = known.zone if known is not None else UTC
    return goes_at(timing, world.now, zone, world.policy.hours.get(within or ""))


def _to(world: World, customer: str) -> list[tuple[Work, Letter]]:
    his = sorted((work for work in world.works.values() if work.customer == customer), key=lambda work: work.number)
    return [(work, letter) for work in his for letter in work.letters]


def _leave_out(work: Work, letter: Letter) -> None:
    work.letters = tuple(each for each in work.letters if each.id != letter.id)


def _replace(work: Work, letter: Letter, new: Letter) -> None:
    work.letters = tuple(new if each.id == letter.id else each for each in work.letters)
