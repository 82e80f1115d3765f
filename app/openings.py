"""Times at which customers may be called back: the windows of a queue that have places left."""

from collections.abc import Iterator

from app.engine import Engine
from queues.slots import windows
from router.callbacks import bookable_until, places_left
from router.opening import hours_of
from vocabulary.ids import QueueName
from vocabulary.instants import Instant


def free_windows(engine: Engine, name: QueueName, after: Instant | None = None) -> Iterator[Instant]:
    """Yield the beginnings of windows that can be booked, after `after` or from now on; none of an unknown queue."""
    policy, now = engine.policy, engine.clock.now()
    queue = policy.queues.get(name)
    if queue is None:
        return
    first = max(now, now if after is None else after) + 1
    for start in windows(queue, hours_of(policy, queue), first, bookable_until(queue, now) + 1):
        if places_left(engine.state, queue, start):
            yield start
