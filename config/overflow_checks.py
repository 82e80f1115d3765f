"""What is wrong with overflow, closing and callbacks of queues: rules that never apply, names that lead nowhere."""

from collections.abc import Iterator

from config.channel_schema import EmailChannel
from config.crosschecks import Checks
from config.faults import KeyPath, found_text
from config.overflow_schema import OverflowDo, OverflowTable, OverflowWhen
from config.schema import Queue
from vocabulary.instants import DAY, span_text


def check_overflow(checks: Checks) -> None:
    """Look over what queues do with work that they can't serve."""
    mailboxes = [name for name, each in checks.settings.channels.items() if isinstance(each, EmailChannel)]
    for name, queue in checks.settings.queues.items():
        path = ("queues", name)
        checks.refer((*path, "message_channel"), queue.message_channel, mailboxes, "a mailbox")
        _check_hours(checks, path, queue)
        for place, rule in enumerate(queue.overflow):
            _check_rule(checks, (*path, "overflow", place), name, rule)
        _check_order(checks, path, queue)
    _check_circles(checks)


def _check_hours(checks: Checks, path: KeyPath, queue: Queue) -> None:
    if not checks.sound(path):
        return
    if queue.hours is None and queue.outside_hours == "schedule":
        checks.note((*path, "outside_hours"), '"schedule" without hours', "hours beside it")
    if queue.hours is None and queue.on_close != "keep":
        checks.note((*path, "on_close"), f"{found_text(queue.on_close)} without hours", "hours beside it")
    if queue.on_close == "message" and queue.message_channel is None:
        checks.note((*path, "on_close"), '"message" without message_channel', "a mailbox in message_channel")
    if queue.on_close == "overflow" and not any(rule.when.closed or rule.when.holiday for rule in queue.overflow):
        expected = "a rule in overflow with closed or holiday"
        checks.note((*path, "on_close"), '"overflow" without a rule for it', expected)
    if queue.callback_slot > DAY:
        checks.note((*path, "callback_slot"), found_text(span_text(queue.callback_slot)), "at most 1d")


def _check_rule(checks: Checks, path: KeyPath, name: str, rule: OverflowTable) -> None:
    queue, when, do = checks.settings.queues[name], rule.when, rule.do
    checks.refer((*path, "do", "move"), do.move, checks.queues - {name}, "another queue")
    checks.refer((*path, "do", "reply"), do.reply, checks.autoresponses, "an automatic answer")
    documents = {answer.name for answer in checks.settings.autoresponses if answer.kind == "document"}
    if do.reply in documents:
        expected = 'an automatic answer of kind "acknowledge" or "answer"'
        checks.note((*path, "do", "reply"), f"{found_text(do.reply)}, a document", expected)
    if when == OverflowWhen() and checks.sound((*path, "when")):
        checks.note((*path, "when"), "no condition", 'one, such as wait = "5m"')
    if do == OverflowDo() and checks.sound((*path, "do")):
        checks.note((*path, "do"), "nothing that is done", 'something, such as move = "backup"')
    ends = [key for key in ("move", "message", "close") if getattr(do, key)]
    if len(ends) > 1:
        checks.note((*path, "do", ends[1]), f"it beside {ends[0]}", "one of move, message and close")
    if (when.closed or when.holiday) and queue.hours is None and checks.sound(("queues", name)):
        key = "closed" if when.closed else "holiday"
        checks.note((*path, "when", key), "a queue without hours", "hours of the queue")
    if do.message and queue.message_channel is None and checks.sound(("queues", name)):
        checks.note((*path, "do", "message"), "no mailbox for it", "message_channel of the queue")
    if do.close is not None and do.reply is None and checks.sound((*path, "do")):
        checks.note((*path, "do", "close"), "no words for the customer", "reply beside it", severity="warning")


def _check_order(checks: Checks, path: KeyPath, queue: Queue) -> None:
    """Note a rule behind one that always takes the work out of the queue first."""
    for place, rule in enumerate(queue.overflow):
        for number, other in enumerate(queue.overflow[:place]):
            if _ends(other.do) and _implied(other.when, rule.when) and checks.sound((*path, "overflow", place)):
                expected = f"conditions that overflow[{number}] leaves over, or this rule before it"
                checks.note((*path, "overflow", place), "a rule that never applies", expected)
                return


def _ends(do: OverflowDo) -> bool:
    # A move that would lead back is not made, and who left no address waits on: then the next rules apply.
    return do.close is not None


def _implied(one: OverflowWhen, other: OverflowWhen) -> bool:
    """Tell whether `one` holds whenever `other` does."""
    bounds = ("wait", "length", "expected_wait")
    for key in bounds:
        mine, its = getattr(one, key), getattr(other, key)
        if mine is not None and (its is None or its < mine):
            return False
    closed = not one.closed or other.closed or other.holiday
    flags = all(not getattr(one, key) or getattr(other, key) for key in ("unstaffed", "holiday", "emergency"))
    return closed and flags


def _check_circles(checks: Checks) -> None:
    """Warn where moves lead in a circle: nothing goes round, but what comes back to its start waits where it is."""
    noted: set[frozenset[str]] = set()
    for name, queue in checks.settings.queues.items():
        for place, rule in enumerate(queue.overflow):
            way = next(_ways(checks, rule.do.move or "", (name,)), None) if rule.do.move else None
            if way is not None and frozenset(way) not in noted:
                noted.add(frozenset(way))
                path = ("queues", name, "overflow", place, "do", "move")
                shown = " -> ".join((*way, name))
                expected = "moves that end: nothing moves back into a queue that it overflowed from"
                checks.note(path, f"a circle, {shown}", expected, severity="warning")


def _ways(checks: Checks, at: str, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the ways by which moves lead from `at` back to the start of `way`."""
    if at == way[0]:
        yield way
    elif at in checks.settings.queues and at not in way:
        for rule in checks.settings.queues[at].overflow:
            if rule.do.move is not None:
                yield from _ways(checks, rule.do.move, (*way, at))
