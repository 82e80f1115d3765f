"""Windows in which customers may be called back (semantics.md section 13): cut from a queue's opening hours."""

from collections.abc import Iterator

from queues.hours import Hours
from queues.policy import QueuePolicy
from vocabulary.instants import DAY, Instant

DAYS_MAX = 90


def windows(queue: QueuePolicy, hours: Hours | None, from_: Instant, until: Instant) -> Iterator[Instant]:
    """Yield the starts of the windows from `from_` to before `until`, in order.

    Each lasts the queue's `callback_slot` and is whole within one opening, counted from when it opens; a queue without
    hours, or open for more than a week, counts from midnight, UTC.
    """
    length = queue.callback_slot
    if hours is None:
        yield from range(-(-from_ // length) * length, until, length)
        return
    # An opening that began before is counted from its beginning; one that never seems to begin, like no hours at all.
    earliest = from_ - 7 * DAY
    for began, closes in hours.windows(earliest, until + length):
        opens = began if began > earliest else -(-began // length) * length
        first = opens if opens >= from_ else opens - (opens - from_) // length * length
        for start in range(first, min(until, closes - length + 1), length):
            if start >= from_:
                yield start


def is_window(queue: QueuePolicy, hours: Hours | None, start: Instant) -> bool:
    """Tell whether a window begins at `start`."""
    return next(windows(queue, hours, start, start + 1), None) == start
