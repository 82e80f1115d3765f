"""What a customer's segments bring his work: priority and target (docs/explanation/segments.md)."""

from collections.abc import Sequence

from queues.interaction import PRIORITY_MAX, PRIORITY_MIN
from queues.policy import QueuePolicy
from router.commands import Admit
from router.policy import Policy
from vocabulary.instants import Span


def segments_of(command: Admit) -> tuple[str, ...]:
    """Return what the customer is, by precedence."""
    return () if command.segment is None else (command.segment, *command.also_segments)


def raised(priority: int, segments: Sequence[str], policy: Policy) -> int:
    """Return a rule's `priority` with the largest that his segments add."""
    terms = [policy.segments[segment].priority for segment in segments if segment in policy.segments]
    return max(PRIORITY_MIN, min(PRIORITY_MAX, priority + max(terms))) if terms else priority


def goes_first(segments: Sequence[str], policy: Policy) -> bool:
    """Tell whether one of `segments` raises the priority of a customer's work, or brings it a target."""
    terms = (policy.segments[segment] for segment in segments if segment in policy.segments)
    return any(each.priority > 0 or each.target is not None for each in terms)


def target_for(policy: Policy, queue: QueuePolicy, segments: Sequence[str]) -> Span:
    """Return the target in `queue`: of the first of `segments` that has one there or anywhere, else the queue's."""
    for segment in segments:
        if segment in queue.segment_targets:
            return queue.segment_targets[segment]
        terms = policy.segments.get(segment)
        if terms is not None and terms.target is not None:
            return terms.target
    return queue.target
