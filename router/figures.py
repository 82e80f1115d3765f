"""Live figures of a queue that rules ask for (semantics.md section 3), and its hours."""

from collections.abc import Iterator

from queues.hours import Status
from queues.lifecycle import QUEUED
from router.expect import staffed
from router.policy import Condition, Policy
from router.state import State
from vocabulary.ids import InteractionId, QueueName
from vocabulary.instants import Instant, Span


def longest_wait(state: State, queue: QueueName, now: Instant) -> Span:
    """Return how long the oldest leg in `queue` has waited, ringing or not; 0 if nothing waits."""
    since = state.oldest.first(queue, lambda: _waiting(state, queue))
    return 0 if since is None else now - since


def _waiting(state: State, queue: QueueName) -> Iterator[tuple[Instant, InteractionId]]:
    return (
        (each.enqueued_at, each.id)
        for each in state.interactions.values()
        if each.queue == queue and each.state in QUEUED
    )


def free(state: State, queue: QueueName, medium: str) -> int:
    """Return how many members of `queue` could take work of `medium` at once; their delays are not looked at."""
    return sum(agent.may_take(medium) for agent in state.agents_of(queue))


def expected(state: State, queue: QueueName) -> Span | None:
    """Return the middle of the last expected wait that was recorded in `queue`, or None if none was."""
    recorded = state.estimates.get(queue)
    return None if recorded is None else sum(recorded) // 2


def status(policy: Policy, when: Condition, queue: QueueName, now: Instant) -> Status:
    """Return whether the table of hours that `when` asks about is open; without any, it always is."""
    named = when.hours_of
    if named is None and queue in policy.queues:
        named = policy.queues[queue].hours
    table = policy.hours.get(named or "")
    return "open" if table is None else table.status(now)


def figures_hold(
    when: Condition, rule_queue: QueueName, medium: str, state: State, policy: Policy, now: Instant
) -> Iterator[tuple[str, bool]]:
    """Yield each condition on hours and figures by name, and whether it holds for work of `medium`.

    They are about the queue that `when` names, else about the rule's. An expected wait that nobody knows is neither
    long nor short.
    """
    queue = when.queue or rule_queue
    if when.hours:
        yield "hours", status(policy, when, queue, now) in when.hours
    if when.waiting_min is not None or when.waiting_max is not None:
        yield "waiting", _within(state.waiting_in(queue), when.waiting_min, when.waiting_max)
    if when.longest_wait_min is not None:
        yield "longest_wait", longest_wait(state, queue, now) >= when.longest_wait_min
    if when.expected_wait_min is not None or when.expected_wait_max is not None:
        wait = expected(state, queue)
        yield "expected_wait", wait is not None and _within(wait, when.expected_wait_min, when.expected_wait_max)
    if when.staffed_min is not None or when.staffed_max is not None:
        yield "staffed", _within(staffed(state, queue), when.staffed_min, when.staffed_max)
    if when.free_min is not None or when.free_max is not None:
        yield "free", _within(free(state, queue, medium), when.free_min, when.free_max)


def _within(value: int, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
