"""Overflow (semantics.md section 12): what a queue does with work that it can't serve as it should.

A rule is looked at for one interaction when its leg begins, when a wait in it is over, when its expected wait is
recorded, or when an offer of it ends unaccepted; for all that waits in a queue when its last member goes, when its
hours change and when its emergency switch is set. What rings is left alone until the offer ends.

Each rule applies at most once in a leg, and in one opening nothing moves back this way into a queue that it overflowed
from: so it comes to an end.
"""

from collections.abc import Iterator

from queues.interaction import PRIORITY_MAX, PRIORITY_MIN, Interaction
from queues.lifecycle import InteractionState
from queues.order import due_at
from queues.overflow import CLOSING, EMERGENCY, NO_CONTACT, NO_MARKS, Do, When
from queues.policy import QueuePolicy
from router import events as e
from router.callbacks import to_message
from router.commands import RecordEstimate
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import close, enqueue
from router.opening import RETRY, is_retry, next_closing, next_open, status_at, watch
from router.relax import follow_steps
from router.replies import may_reply, reply
from vocabulary.ids import InteractionId, QueueName
from vocabulary.media import CALLBACK, EMAIL

S = InteractionState
NOTHING = Do()


def record_estimate(draft: Draft, command: RecordEstimate) -> Refusal | None:
    """Write down an expected wait; of what no longer waits, nothing: it was worked out beside the writer."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    estimate = (command.low_ms, command.high_ms)
    if not 0 <= command.low_ms <= command.high_ms:
        return refuse("invalid", "bad_estimate", f"An expected wait must rise from 0 on, not {estimate}.")
    if interaction.state not in (S.WAITING, S.OFFERED) or interaction.estimate == estimate:
        return None
    draft.emit(e.WaitEstimated(at=draft.now, interaction=interaction.id, low_ms=estimate[0], high_ms=estimate[1]))
    if interaction.overflow is not None:
        draft.may_overflow(interaction.id)
    return None


def wait_over(draft: Draft, id: InteractionId) -> None:
    """A wait is over that a rule names."""
    interaction = draft.state.interactions[id]
    waited = draft.now - interaction.enqueued_at
    reached = max(span for span in (interaction.overflow or NO_MARKS).after if span <= waited)
    closes = None
    if is_retry(interaction):
        # It may wait on beyond a closing: it rang then, or the alarm was late.
        closes = next_closing(draft.policy, draft.queue(interaction.queue), draft.now)
    again = None if closes is None else closes - interaction.enqueued_at
    draft.emit(e.OverflowDue(at=draft.now, interaction=id, wait_ms=reached, again=again))
    draft.may_overflow(id)


def hours_changed(draft: Draft, name: QueueName) -> None:
    """A queue opens, closes, or its day becomes a holiday."""
    watch(draft, name)
    for interaction in waiting_in(draft, name):
        draft.may_overflow(interaction.id)


def waiting_in(draft: Draft, queue: QueueName) -> list[Interaction]:
    """Return what waits in `queue`, rings excepted."""
    state = draft.state
    lines = (each for line in state.index.lines_of(queue) for each in line)
    aside = (each for each in state.index.aside() if each.queue == queue)
    return [each for each in (*lines, *aside) if each.state is S.WAITING]


def before_matching(draft: Draft) -> None:
    """Let overflow what may, before anybody is offered it. The length of a queue counts only after that."""
    _see_emptied(draft)
    while fresh := [id for id, seen in (draft.overflowing or {}).items() if not seen]:
        for id in fresh:
            draft.seen_overflowing(id)
        for interaction in _in_order(draft, fresh):
            _consider(draft, interaction, matched=False)


def after_matching(draft: Draft) -> None:
    """Let overflow what nobody could take, where its queue is too long, or has been left meanwhile."""
    _see_emptied(draft)
    for interaction in _in_order(draft, list(draft.overflowing or ())):
        _consider(draft, interaction, matched=True)


def _see_emptied(draft: Draft) -> None:
    for queue in list(draft.state.emptied):
        _nobody_left(draft, queue)
    draft.state.emptied.clear()


def _nobody_left(draft: Draft, name: QueueName) -> None:
    queue = draft.queue(name)
    if not draft.state.staffing.get(name) and any(rule.when.unstaffed for rule in queue.overflow):
        for interaction in waiting_in(draft, name):
            draft.may_overflow(interaction.id)


def _in_order(draft: Draft, ids: list[InteractionId]) -> list[Interaction]:
    found = [interaction for id in ids if (interaction := draft.interaction(id)) is not None]
    return sorted(found, key=lambda interaction: interaction.key)


def _consider(draft: Draft, interaction: Interaction, *, matched: bool) -> None:
    """Apply each rule that holds, until one takes the interaction out of its queue."""
    queue, leg = draft.queue(interaction.queue), interaction.leg
    if not _waits(interaction, leg):
        return
    watch(draft, queue.name)
    if is_retry(interaction) and _waits_for_opening(draft, interaction, queue):
        return
    for number, when, do in _rules(draft, queue):
        if number in (interaction.overflow or NO_MARKS).done or (when.length is not None and not matched):
            continue
        because = _because(draft, interaction, queue, number, when)
        able = _able(draft, interaction, queue, do) if because else NOTHING
        if because and able != NOTHING:
            _apply(draft, interaction, number, because, able)
        if not _waits(interaction, leg):
            return


def _waits_for_opening(draft: Draft, interaction: Interaction, queue: QueuePolicy) -> bool:
    """Put off another attempt of a callback that nobody could take before closing; tell whether it was."""
    opens = next_open(draft.policy, queue, draft.now)
    if opens > draft.now:
        draft.emit(e.Scheduled(at=draft.now, interaction=interaction.id, due=opens, cause=RETRY))
    return opens > draft.now


def _waits(interaction: Interaction, leg: int) -> bool:
    """Tell whether it waits, still in that leg."""
    return interaction.state is S.WAITING and interaction.leg == leg


def _rules(draft: Draft, queue: QueuePolicy) -> Iterator[tuple[int, When, Do]]:
    """Yield the rules of `queue` by number: the switch first, what is done on closing last."""
    switch = draft.state.emergencies.get(queue.name)
    if switch is not None:
        yield EMERGENCY, When(emergency=True), switch
    for number, rule in enumerate(queue.overflow):
        yield number, rule.when, rule.do
    if queue.on_close == "callback":
        yield CLOSING, When(), Do(callback=True)
    elif queue.on_close == "message":
        yield CLOSING, When(), Do(message=True)


def _because(draft: Draft, interaction: Interaction, queue: QueuePolicy, number: int, when: When) -> tuple[str, ...]:
    """Return the names of the conditions that hold; none if one does not."""
    conditions = list(_conditions(draft, interaction, queue, when))
    if number == CLOSING:
        conditions = [("closing", _closes(draft, interaction, queue))]
    return tuple(name for name, _ in conditions) if all(holds for _, holds in conditions) else ()


def _conditions(draft: Draft, interaction: Interaction, queue: QueuePolicy, when: When) -> Iterator[tuple[str, bool]]:
    if when.wait is not None:
        yield "wait", draft.now - interaction.enqueued_at >= when.wait
    if when.length is not None:
        # Who joins a queue that is too long, not who has his place in it.
        joins = interaction.enqueued_at == draft.now and _has_joined(draft, interaction)
        yield "length", joins and draft.state.waiting_in(queue.name) > when.length
    if when.expected_wait is not None:
        low, high = interaction.estimate or (0, 0)
        yield "expected_wait", (low + high) / 2 > when.expected_wait
    if when.unstaffed:
        yield "unstaffed", not draft.state.staffing.get(queue.name)
    if when.closed:
        yield "closed", _came_late(draft, interaction, queue) and _status(draft, queue) != "open"
    if when.holiday:
        yield "holiday", _came_late(draft, interaction, queue) and _status(draft, queue) == "holiday"
    if when.emergency:
        yield "emergency", queue.name in draft.state.emergencies


def _has_joined(draft: Draft, interaction: Interaction) -> bool:
    """Tell whether its leg began in this decision, and not in another one of the same millisecond."""
    return any(type(event) is e.Enqueued and event.interaction == interaction.id for event in draft.events)


def _status(draft: Draft, queue: QueuePolicy) -> str:
    return status_at(draft.policy, queue, draft.now)


def _came_late(draft: Draft, interaction: Interaction, queue: QueuePolicy) -> bool:
    """Tell whether closing concerns it: it came when it was closed already, or closing does not spare what waits."""
    return queue.on_close == "overflow" or status_at(draft.policy, queue, interaction.enqueued_at) != "open"


def _closes(draft: Draft, interaction: Interaction, queue: QueuePolicy) -> bool:
    """Tell whether it waited when the queue closed."""
    return _status(draft, queue) != "open" and status_at(draft.policy, queue, interaction.enqueued_at) == "open"


def _able(draft: Draft, interaction: Interaction, queue: QueuePolicy, do: Do) -> Do:
    """Return what of `do` can be done with `interaction`, and would change something."""
    marks = interaction.overflow or NO_MARKS
    back = do.move in (queue.name, *marks.left)
    may_write = queue.message_channel in draft.policy.channels and interaction.medium != EMAIL
    asked = "message" in marks.ways and not (interaction.contact or NO_CONTACT).email
    return Do(
        priority=_raised(interaction, do) - interaction.priority,
        groups=tuple(group for group in do.groups if group not in interaction.groups),
        callback=do.callback and interaction.medium not in (CALLBACK, EMAIL) and "callback" not in marks.ways,
        reply=do.reply,
        move=None if back or do.move not in draft.policy.queues else do.move,
        message=do.message and may_write and not asked,
        close=do.close,
    )


def _raised(interaction: Interaction, do: Do) -> int:
    return max(PRIORITY_MIN, min(PRIORITY_MAX, interaction.priority + do.priority))


def _apply(draft: Draft, interaction: Interaction, number: int, because: tuple[str, ...], do: Do) -> None:
    id = interaction.id
    draft.emit(
        e.Overflowed(
            at=draft.now,
            interaction=id,
            queue=interaction.queue,
            rule=number,
            because=because,
            groups=do.groups,
            to=do.move,
        )
    )
    draft.look_at(id)
    if do.priority:
        _prioritise(draft, interaction, interaction.priority + do.priority)
    if do.callback:
        draft.emit(e.WayOffered(at=draft.now, interaction=id, way="callback"))
    if do.reply is not None and may_reply(draft, interaction, do.reply):
        reply(draft, interaction, do.reply)
    if do.move is not None:
        enqueue(draft, interaction, "overflowed", queue=do.move)
    elif do.message:
        _leave_message(draft, interaction)
    elif do.close is not None:
        close(draft, interaction, do.close, "router")


def _prioritise(draft: Draft, interaction: Interaction, priority: int) -> None:
    due = due_at(interaction.arrived_at, interaction.target, priority, interaction.credit)
    draft.emit(
        e.Reprioritised(
            at=draft.now,
            interaction=interaction.id,
            priority=priority,
            class_=interaction.class_,
            due_at=due,
            by="router",
        )
    )
    if draft.queue(interaction.queue).steps:
        # A step that could raise it no further may do so again.
        follow_steps(draft, interaction)


def _leave_message(draft: Draft, interaction: Interaction) -> None:
    """It becomes e-mail; a customer without an address is asked for one and waits on."""
    if (interaction.contact or NO_CONTACT).email:
        to_message(draft, interaction)
    else:
        draft.emit(e.WayOffered(at=draft.now, interaction=interaction.id, way="message"))
