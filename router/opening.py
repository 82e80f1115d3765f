"""Opening hours of queues: what they say now, and who follows their changes (semantics.md section 12)."""

from queues.hours import Hours, Status
from queues.interaction import Interaction
from queues.overflow import Change
from queues.policy import QueuePolicy
from router import events as e
from router.draft import Draft
from router.policy import Policy
from vocabulary.ids import QueueName
from vocabulary.instants import Instant
from vocabulary.media import CALLBACK

RETRY = "retry"
"""Why a callback waits for another attempt."""


def hours_of(policy: Policy, queue: QueuePolicy) -> Hours | None:
    """Return the opening hours of `queue`; None if it never closes."""
    return policy.hours.get(queue.hours) if queue.hours is not None else None


def status_at(policy: Policy, queue: QueuePolicy, at: Instant) -> Status:
    """Return whether `queue` is open, closed, or closed for a holiday."""
    hours = hours_of(policy, queue)
    return hours.status(at) if hours is not None else "open"


def next_open(policy: Policy, queue: QueuePolicy, at: Instant) -> Instant:
    """Return the first instant from `at` on when `queue` is open; `at` itself if its hours name none."""
    hours = hours_of(policy, queue)
    opens = hours.next_open(at) if hours is not None else None
    return at if opens is None else opens


def is_retry(interaction: Interaction) -> bool:
    """Tell whether `interaction` is another attempt to call somebody who was not reached; never made outside hours."""
    return interaction.scheduled_for == RETRY and interaction.medium == CALLBACK


def next_closing(policy: Policy, queue: QueuePolicy, now: Instant) -> Instant | None:
    """Return when `queue` closes next, after it has opened if it is closed; None if it never closes, or never opens."""
    hours = hours_of(policy, queue)
    opens = hours.next_open(now) if hours is not None else None
    return None if hours is None or opens is None else hours.next_change(opens)


def watch(draft: Draft, name: QueueName) -> None:
    """Let the state know what the hours of a queue say now and when that changes, where something depends on it."""
    queue = draft.policy.queues.get(name)
    hours = hours_of(draft.policy, queue) if queue is not None and _matters(queue) else None
    now = Change("open", None) if hours is None else Change(hours.status(draft.now), hours.next_change(draft.now))
    known = draft.state.hours.get(name)
    if now != (known or Change("open", None)):
        draft.emit(e.HoursChanged(at=draft.now, queue=name, status=now.status, until=now.until))


def watch_all(draft: Draft) -> None:
    """Do so for every queue: hours may be new."""
    for name in sorted({*draft.policy.queues, *draft.state.hours}):
        watch(draft, name)


def _matters(queue: QueuePolicy) -> bool:
    """Tell whether something that waits in `queue` may depend on its hours."""
    return queue.on_close != "keep" or any(rule.when.closed or rule.when.holiday for rule in queue.overflow)
