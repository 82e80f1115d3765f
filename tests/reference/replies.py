"""Automatic replies, and what a customer is told."""

from router.commands import ReleaseAutoReplies
from tests.reference.values import Work
from tests.reference.world import World
from vocabulary.instants import HOUR, Instant, Span

Where = tuple[str | None, str | None]
"""An address and its domain, where automatic mail goes."""


def may_reply(world: World, work: Work, name: str, to: Where | None = None) -> bool:
    """Section 20.8: at most one to each message, none to automatic mail; reliability.md 4.2, row 13: the limits."""
    address, domain = to if to is not None else (work.address, work.domain)
    if work.automatic or address is None or work.answered or name in work.given or world.replies_stopped:
        return False
    return all(within(world, where, span) < most for where, span, most in limits(world, (address, domain)))


def limits(world: World, to: Where) -> list[tuple[str, Span, int]]:
    """Return where automatic mail to `to` is counted, within what time, and how much at most."""
    policy = world.policy
    address = (to[0], policy.auto_replies_within, policy.auto_replies_max)
    domain = (to[1], policy.auto_replies_domain_within, policy.auto_replies_domain_max)
    return [(where, span, most) for where, span, most in (address, domain) if where is not None]


def within(world: World, where: str, span: Span) -> int:
    return sum(1 for at in world.replies.get(where, ()) if at > world.now - span)


def reply(
    world: World,
    work: Work,
    name: str,
    article: str | None = None,
    options: tuple[str, ...] = (),
    *,
    question: str | None = None,
) -> None:
    """The reply goes out. Reading: a question and its answer are two replies."""
    count(world, (work.address, work.domain))
    work.answered = work.auto_replied = True
    work.given = {*work.given, (name, "?") if options else name}
    if question is not None:
        work.who, work.who_tries = question, work.who_tries + 1
    world.trace.append(("replied", work.id, name, article, options))
    stop_a_surge(world)


def count(world: World, to: Where, *, by_itself: bool = True) -> None:
    """It counts where it goes, and among all of its hour that programs send by themselves."""
    for where in {where for where in to if where is not None}:
        world.replies.setdefault(where, []).append(world.now)
    if by_itself:
        world.replies_sent.append(world.now)


def stop_a_surge(world: World) -> None:
    """Row 13's breaker. Reading: the usual hour is the lower median of the week's hours in which any did."""
    now = world.now // HOUR
    week = [at // HOUR for at in world.replies_sent if now - 168 < at // HOUR <= now]
    counts = sorted(week.count(hour) for hour in set(week) if hour != now)
    usual = counts[(len(counts) - 1) // 2] if counts else 0
    times, least = world.policy.auto_replies_surge, world.policy.auto_replies_surge_min
    if len(counts) < world.policy.auto_replies_surge_hours:
        return
    if times and week.count(now) >= max(least, times * usual):
        world.replies_stopped = True
        world.trace.append(("replies_stopped", week.count(now), usual))


def release(world: World, order: ReleaseAutoReplies) -> None:
    """Somebody has looked; that hour counts no more."""
    if world.replies_stopped:
        last = max(world.replies_sent) // HOUR
        world.replies_sent = [at for at in world.replies_sent if at // HOUR != last]
        world.replies_stopped = False


def tell(world: World, work: Work, notice: str, due: Instant | None = None) -> None:
    """Something that the customer must know about what he asked for."""
    world.trace.append(("told", work.id, notice, due))
