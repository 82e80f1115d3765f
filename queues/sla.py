"""Service-level agreements and their clocks (semantics.md section 16): arithmetic over calendar or business time."""

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import msgspec

from queues.hours import Hours
from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span

ClockName = Literal["first_response", "next_response", "resolution"]
CLOCKS: tuple[ClockName, ...] = get_args(ClockName)
Notify = Literal["page", "email", "webhook"]


class Agreement(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What was promised for one interaction when it came in; a target of None is not promised.

    `hours` names the table of opening hours in which its clocks run; None: they always run. They stand still while it
    is parked if `pause_while_parked`. `warn_before`: so long before a clock is due, in the clock's own time.
    """

    name: str
    first_response: Span | None = None
    next_response: Span | None = None
    resolution: Span | None = None
    hours: str | None = None
    pause_while_parked: bool = False
    warn_before: tuple[Span, ...] = ()

    def target(self, clock: ClockName) -> Span | None:
        """Return what is promised for `clock`."""
        found: Span | None = getattr(self, clock)
        return found


class Escalation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done before or at a breach: points of priority more, another queue for what waits, who is told."""

    priority: int = 0
    queue: QueueName | None = None
    notify: tuple[Notify, ...] = ()


class SlaPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement, whom it is for, and what is done when it is in danger.

    With `segments`, it is for their customers in every queue, or in `queues` only; it goes before the one that a queue
    names for everybody.
    """

    agreement: Agreement
    segments: tuple[str, ...] = ()
    queues: tuple[QueueName, ...] = ()
    at_warning: Escalation = Escalation()
    at_breach: Escalation = Escalation()

    def covers(self, queue: QueueName, segments: Sequence[str]) -> bool:
        """Tell whether it is for customers of any of `segments` in `queue`."""
        named = any(segment in self.segments for segment in segments)
        return named and (not self.queues or queue in self.queues)


class Clock(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One clock of one interaction, running until `stopped_at`.

    `next_at`: the next warning, or the breach; None if nothing more comes. `left`: what it had left when it was paused;
    None while it isn't. `met`: what it waits for came, in time or not.
    """

    started_at: Instant
    due_at: Instant
    next_at: Instant | None = None
    left: Span | None = None
    stopped_at: Instant | None = None
    met: bool = False
    breached: bool = False

    @property
    def runs(self) -> bool:
        """Whether it has not stopped; it may be paused."""
        return self.stopped_at is None


def agreement_for(
    agreements: Iterable[SlaPolicy], queue: QueueName, usual: SlaPolicy | None, segments: Sequence[str]
) -> Agreement | None:
    """Return the first agreement for customers of one of `segments` in `queue`, else the queue's `usual`, if any."""
    named = (policy for policy in agreements if policy.covers(queue, segments))
    found = next(named, usual)
    return None if found is None else found.agreement


def due_after(hours: Hours | None, since: Instant, span: Span) -> Instant:
    """Return when `span` of the clock's time is over; a table that never opens so long doesn't stop the clock."""
    found = hours.add_open(since, span) if hours is not None else None
    return since + span if found is None else found


def left_until(hours: Hours | None, now: Instant, due: Instant) -> Span:
    """Return how much of the clock's time is left until `due`; 0 if it is over."""
    if due <= now:
        return 0
    return hours.open_between(now, due) if hours is not None else due - now


def next_mark(hours: Hours | None, now: Instant, due: Instant, warn_before: Iterable[Span]) -> Instant:
    """Return the first instant after `now` when a warning comes, else `due`."""
    left = left_until(hours, now, due)
    before = max((span for span in warn_before if span < left), default=0)
    return due_after(hours, now, left - before) if before else due
