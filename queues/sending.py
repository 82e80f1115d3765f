"""Sendings: what is sent to a customer at an instant to come, and again if he doesn't answer. Values, and when.

`router/sendings.py` decides about them (docs/decisions/0018-sendings.md).
"""

from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from queues.hours import AHEAD, Hours
from queues.local_time import date_at, first_at
from vocabulary.ids import AgentId, QueueName
from vocabulary.instants import DAY, MINUTE, Instant, Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timing(msgspec.Struct, frozen=True):
    """When something goes: so long after what was before it, and at `at`, minutes after midnight, if that is set."""

    after: Span = 0
    at: int | None = None


class CallOn(msgspec.Struct, frozen=True):
    """When nobody has answered so long, the customer is called: a callback comes into `queue`."""

    timing: Timing
    queue: QueueName


class SendingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What configuration says of a document that is sent: its first message, and those that follow without an answer.

    `steps` has at least one; what follows another goes some time after it. `within`: the hours in which it goes, None:
    at any time. `zone`: where clocks show `at`. `unsubscribe`: who doesn't want such mail any more, gets none.
    """

    name: str
    steps: tuple[Timing, ...] = (Timing(),)
    within: str | None = None
    zone: tzinfo = UTC
    call: CallOn | None = None
    unsubscribe: bool = False


class Sending(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Something that will be sent in an interaction. Replaced, never changed.

    `plan` names what configuration has prepared; "": only words that somebody wrote. `step` is the number of the step
    that comes at `due_at`, counted from 0; behind the last one the customer is called. `agent`: in whose name the first
    message goes, None: it is automatic, as all later ones are. `address_hash`, `domain_hash` stand for where it goes.
    `written`: the first message has words of its own. `alone`: nothing follows the first message. `unless_answered`:
    the first message, too, is not sent if the customer writes before.
    """

    id: str
    due_at: Instant
    planned_at: Instant
    by: str
    plan: str = ""
    step: int = 0
    agent: AgentId | None = None
    address_hash: str | None = None
    domain_hash: str | None = None
    within: str | None = None
    written: bool = False
    alone: bool = False
    unless_answered: bool = False

    @property
    def waits_for_answer(self) -> bool:
        """Whether an answer of the customer ends it."""
        return self.step > 0 or self.unless_answered


def instant_of(timing: Timing, since: Instant, zone: tzinfo, hours: Hours | None) -> Instant:
    """Return when something goes that follows what was at `since`; `hours`: only while it is open.

    Whole days are those of the calendar: two days after Monday, 15:00 is Wednesday, 15:00, even if the clocks are
    changed between. With `at`, it is that date at this time, or the next day if it is over already. What would go
    outside hours goes on the next day on which it is open at that time; without `at`, when it opens.
    """
    if timing.at is None:
        return at_opening(hours, _days_later(since, timing.after, zone))
    day = date_at(zone, _days_later(since, timing.after, zone))
    first = first_at(zone, day, timing.at)
    if first <= since:
        day += timedelta(days=1)
        first = first_at(zone, day, timing.at)
    if hours is None:
        return first
    for shift in range(AHEAD):
        at = first_at(zone, day + timedelta(days=shift), timing.at)
        if hours.is_open(at):
            return at
    return at_opening(hours, first)


def at_opening(hours: Hours | None, at: Instant) -> Instant:
    """Return the first instant from `at` on when it is open; `at` itself if that never comes."""
    opens = hours.next_open(at) if hours is not None else at
    return at if opens is None else opens


def _days_later(since: Instant, after: Span, zone: tzinfo) -> Instant:
    days, rest = divmod(after, DAY)
    if not days:
        return since + rest
    wall = (_EPOCH + timedelta(milliseconds=since)).astimezone(zone)
    day = wall.date() + timedelta(days=days)
    return first_at(zone, day, wall.hour * 60 + wall.minute) + since % MINUTE + rest
