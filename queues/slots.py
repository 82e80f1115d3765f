"""Windows in which customers may be called back (semantics.md section 13): cut from a queue's opening hours."""

from collections.abc import Iterator

from queues.hours import AHEAD, Hours
from queues.policy import QueuePolicy
from vocabulary.instants import DAY, Instant, Span

DAYS_MAX = 90


def windows(queue: QueuePolicy, hours: Hours | None, from_: Instant, until: Instant) -> Iterator[Instant]:
    """Yield the starts of the windows from `from_` to before `until`, in order.

    Each lasts the queue's `callback_slot` and is whole within one opening, counted from when it opens; a queue without
    hours, or that never closes, counts from midnight, UTC.
    """
    length = queue.callback_slot
    if hours is None:
        yield from range(-(-from_ // length) * length, until, length)
        return
    for begins, closes in hours.windows(from_, until + length):
        opens = _opened(hours, from_, length) if begins == from_ else begins
        first = opens - (opens - begins) // length * length
        for start in range(first, min(until, closes - length + 1), length):
            if start >= from_:
                yield start


def _opened(hours: Hours, at: Instant, length: Span) -> Instant:
    """Return when the opening that runs at `at` began, or from when its windows count if it has run for ever."""
    for days in (7, AHEAD):
        since = at - days * DAY
        *_, (opens, _) = hours.windows(since, at + 1)
        if opens > since:
            return opens
    return at // length * length


def is_window(queue: QueuePolicy, hours: Hours | None, start: Instant) -> bool:
    """Tell whether a window begins at `start`."""
    return next(windows(queue, hours, start, start + 1), None) == start
