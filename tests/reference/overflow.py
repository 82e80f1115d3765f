"""Section 12: what a queue does with work that it can't serve as it should; and the emergency switch.

Readings: all rules that hold apply, in their order, each once in a leg, until one takes the work out of its queue; the
switch first, what is done on closing last. What can't be done, or would change nothing, is passed over. Nothing moves
back into a queue that it overflowed from in this opening. Closing concerns what came since, unless `on_close` says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queues.overflow import Do, When
from router.commands import RecordEstimate, SetEmergency
from tests.reference.callbacks import put_off, to_message
from tests.reference.hours import next_change, status
from tests.reference.leg import enqueue, over
from tests.reference.replies import may_reply, reply
from tests.reference.rings import withdraw_all
from tests.reference.steps import follow, is_staffed
from tests.reference.values import QUEUED, Work
from tests.reference.world import Refused, World

SWITCH, CLOSING = -1, -2


@dataclass
class Ways:
    """What of an action can be done with one interaction, and would change something."""

    priority: int
    groups: tuple[str, ...]
    callback: bool
    reply: str | None
    move: str | None
    message: bool
    close: str | None

    @property
    def any(self) -> bool:
        some = self.priority or self.groups or self.callback or self.message
        return bool(some) or any(each is not None for each in (self.reply, self.move, self.close))


def before_matching(world: World) -> bool:
    """Let overflow what may, until nothing does; the length of a queue counts only for whom nobody could take."""
    some = False
    while _pass(world, matched=False):
        some = True
    return some


def after_matching(world: World) -> bool:
    """Let overflow what nobody could take, where its queue is too long too; tell whether anything did."""
    passed = _pass(world, matched=True)
    return before_matching(world) or passed


def _pass(world: World, *, matched: bool) -> bool:
    some = False
    for work in world.waiting():
        leg = work.leg
        watch(world, work.queue)
        if put_off(world, work):
            some = True
            continue
        for number, when, do in list(_rules(world, work)):
            if _apply_if(world, work, number, when, do, matched=matched):
                some = True
            if work.state != "waiting" or work.leg != leg:
                break
    return some


def _rules(world: World, work: Work) -> Iterator[tuple[int, When, Do]]:
    queue = world.queue(work.queue)
    if queue.name in world.emergencies:
        yield SWITCH, When(emergency=True), world.emergencies[queue.name]
    for number, rule in enumerate(queue.overflow):
        yield number, rule.when, rule.do
    if queue.on_close in ("callback", "message"):
        yield CLOSING, When(), Do(callback=queue.on_close == "callback", message=queue.on_close == "message")


def _apply_if(world: World, work: Work, number: int, when: When, do: Do, *, matched: bool) -> bool:
    if number in work.applied or (when.length is not None and not matched):
        return False
    because = ("closing",) if number == CLOSING and _was_open(world, work) else _because(world, work, when)
    able = _able(world, work, do)
    if not because or not able.any:
        return False
    _apply(world, work, number, because, able)
    return True


def _because(world: World, work: Work, when: When) -> tuple[str, ...]:
    """Return the names of all conditions, if all of them hold."""
    held = status(world.hours(work.queue), world.now)
    low, high = work.estimate or (0, 0)
    waiting = sum(1 for each in world.waiting() if each.queue == work.queue)
    late = _concerns(world, work)
    conditions = (
        ("wait", when.wait is not None, world.now - work.enqueued_at >= (when.wait or 0)),
        ("length", when.length is not None, work.id in world.joined and waiting > (when.length or 0)),
        ("expected_wait", when.expected_wait is not None, (low + high) / 2 > (when.expected_wait or 0)),
        ("unstaffed", when.unstaffed, not any(map(is_staffed, world.members(work.queue)))),
        ("closed", when.closed, late and held != "open"),
        ("holiday", when.holiday, late and held == "holiday"),
        ("emergency", when.emergency, work.queue in world.emergencies),
    )
    asked = [(name, holds) for name, is_asked, holds in conditions if is_asked]
    return tuple(name for name, _ in asked) if all(holds for _, holds in asked) else ()


def _concerns(world: World, work: Work) -> bool:
    """`on_close` for what still waits: `keep`; with `overflow`, rules for closing concern it too."""
    came_late = status(world.hours(work.queue), work.enqueued_at) != "open"
    return came_late or world.queue(work.queue).on_close == "overflow"


def _was_open(world: World, work: Work) -> bool:
    """`on_close` for what still waits."""
    hours = world.hours(work.queue)
    return status(hours, work.enqueued_at) == "open" and status(hours, world.now) != "open"


def _able(world: World, work: Work, do: Do) -> Ways:
    queue = world.queue(work.queue)
    back = do.move == work.queue or do.move in work.left
    asked = "message" in work.ways and not work.mailable
    return Ways(
        priority=min(100, max(-100, work.priority + do.priority)) - work.priority,
        groups=tuple(group for group in do.groups if group not in work.groups),
        callback=do.callback and work.medium not in ("callback", "email") and "callback" not in work.ways,
        reply=do.reply,
        move=do.move if do.move in world.policy.queues and not back else None,
        message=do.message and work.medium != "email" and queue.message_channel in world.policy.channels and not asked,
        close=do.close,
    )


def _apply(world: World, work: Work, number: int, because: tuple[str, ...], do: Ways) -> None:
    """Raise priority, add agents, offer a callback, auto-reply, move, leave a message, close: in this order."""
    world.trace.append(("overflowed", work.id, work.queue, number, because, do.groups, do.move))
    world.returned[work.id] = None
    work.applied = (*work.applied, number)
    work.groups = tuple(sorted({*work.groups, *do.groups}))
    if do.priority:
        work.priority, work.done = work.priority + do.priority, None
        follow(world, work)
    if do.callback:
        _offer(world, work, "callback")
    if do.reply is not None and may_reply(world, work, do.reply):
        reply(world, work, do.reply)
    if do.move is not None:
        if work.queue not in work.left:
            work.left = (*work.left, work.queue)
        enqueue(world, work, "overflowed", queue=do.move)
    elif do.message and work.mailable:
        to_message(world, work)
    elif do.message:
        _offer(world, work, "message")
    elif do.close is not None:
        over(world, work, "closed", do.close)


def _offer(world: World, work: Work, way: str) -> None:
    work.ways = (*work.ways, way)
    world.trace.append(("way", work.id, way))


def watch(world: World, name: str) -> None:
    """Follow the hours of a queue, where something that waits in it may depend on them."""
    queue = world.queue(name)
    matters = queue.on_close != "keep" or any(rule.when.closed or rule.when.holiday for rule in queue.overflow)
    hours = world.hours(name)
    if not matters or hours is None:
        return
    until = world.watched[name][1] if name in world.watched else world.now
    if until is not None and until <= world.now:
        world.watched[name] = status(hours, world.now), next_change(hours, world.now)


def record_estimate(world: World, order: RecordEstimate) -> None:
    """Section 14: rules and overflow use the last estimate, which is recorded as an event.

    Reading: of what no longer waits, or says the same again, nothing is recorded.
    """
    work = world.work(order.interaction)
    if not 0 <= order.low_ms <= order.high_ms:
        raise Refused("invalid", "bad_estimate")
    if work.state in QUEUED and work.estimate != (order.low_ms, order.high_ms):
        work.estimate = world.estimates[work.queue] = (order.low_ms, order.high_ms)


def set_emergency(world: World, order: SetEmergency) -> None:
    """Withdraws pending offers in the same decision (no miss), applies its action to waiting and new work."""
    if order.queue not in world.policy.queues:
        raise Refused("not_found", "unknown_queue")
    if order.action is None:
        world.emergencies.pop(order.queue, None)
        return
    _check(world, order.queue, order.action)
    if world.emergencies.get(order.queue) == order.action:
        return
    world.emergencies[order.queue] = order.action
    for work in world.works.values():
        if work.queue == order.queue:
            work.applied = tuple(number for number in work.applied if number != SWITCH)
            if work.state in QUEUED:
                withdraw_all(world, work, "emergency")


def _check(world: World, queue: str, action: Do) -> None:
    if [action.move is not None, action.message, action.close is not None].count(True) > 1:
        raise Refused("invalid", "several_ends")
    if action.move is not None and (action.move == queue or action.move not in world.policy.queues):
        raise Refused("invalid", "unknown_queue")
    if action.reply is not None and action.reply not in world.policy.autoresponses:
        raise Refused("invalid", "unknown_autoresponse")
    if action.message and world.queue(queue).message_channel not in world.policy.channels:
        raise Refused("invalid", "no_message_channel")
