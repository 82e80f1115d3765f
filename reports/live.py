"""The figures of the wallboard: what waits now from the state, what happened today from the event log.

Intervals are cohorts by the instant a leg was enqueued, so that
`offered_legs = answered + abandoned + short_abandoned + flow_outs + open` always holds.
"""

from collections.abc import Callable, Iterable

import msgspec

from agents.availability import is_staffing
from queues.lifecycle import OPEN, InteractionState
from router import events as e
from router.expect import expected_wait, staffed
from router.policy import Policy
from router.state import State
from vocabulary.ids import InteractionId, QueueName
from vocabulary.instants import DAY, Instant, Span

S = InteractionState


class LegCounts(msgspec.Struct):
    """What became of the legs that one queue was offered since `Stats.since`. Waits are ms, summed."""

    offered_legs: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    flow_outs: int = 0
    wait_ms: Span = 0

    @property
    def open(self) -> int:
        """Legs that still wait."""
        ended = self.answered + self.abandoned + self.short_abandoned + self.flow_outs
        return self.offered_legs - ended


class OpenLeg(msgspec.Struct, frozen=True):
    """A leg that has neither been answered nor left."""

    queue: QueueName
    enqueued_at: Instant
    counted: bool


Day = Callable[[Instant], tuple[Instant, Instant]]
"""Gives the beginning and the end of the day in which an instant lies, in the site's time zone (23 to 25 hours)."""


def days_from(first: Instant) -> Day:
    """Return days of 24 hours that are counted from `first`."""

    def day(now: Instant) -> tuple[Instant, Instant]:
        since = now - (now - first) % DAY
        return since, since + DAY

    return day


utc_day = days_from(0)


class Figures(msgspec.Struct, frozen=True):
    """Stats as a value: what a checkpoint keeps of them."""

    since: Instant
    queues: dict[QueueName, LegCounts]
    open: dict[InteractionId, OpenLeg]


class Stats:
    """Figures of the day, built from the event log alone. The same log gives the same figures."""

    def __init__(self, now: Instant, day: Day = utc_day) -> None:
        self._day = day
        self.since, self.until = day(now)
        self.queues: dict[QueueName, LegCounts] = {}
        self._open: dict[InteractionId, OpenLeg] = {}

    def figures(self) -> Figures:
        """Return them as a value, valid until the next event."""
        return Figures(self.since, self.queues, self._open)

    def go_on(self, figures: Figures) -> bool:
        """Begin with `figures`, and tell whether that was possible: only with those of the same day."""
        if figures.since != self.since:
            return False
        self.queues, self._open = dict(figures.queues), dict(figures.open)
        return True

    def counts(self, queue: QueueName) -> LegCounts:
        """Return the counts of `queue`."""
        return self.queues.setdefault(queue, LegCounts())

    def roll(self, now: Instant) -> None:
        """Begin anew if the day is over (legs that are open stay known and count for their cohort)."""
        if now >= self.until:
            self.since, self.until = self._day(now)
            self.queues = {}
            self._open = {id: OpenLeg(leg.queue, leg.enqueued_at, False) for id, leg in self._open.items()}

    def observe(self, event: e.AnyEvent, targets: dict[QueueName, Span]) -> None:
        """Count `event`. `targets`: the service-level target of each queue, ms."""
        self.roll(event.at)
        match event:
            case e.Enqueued(interaction=id, queue=queue, at=at, since=since):
                self._begin(id, queue, at if since is None else since, at, targets)
            case e.WarmTransferAccepted(interaction=id, queue=queue, at=at):
                self._begin(id, queue, at, at, targets)
            case e.Undone(interaction=id, kind="move" | "close" | "answer", state="waiting", queue=queue, at=at):
                self._begin(id, queue, event.enqueued_at, at, targets)
            case e.OfferAccepted(interaction=id, at=at):
                self._end(id, "answered", at, targets)
            case e.Abandoned(interaction=id, at=at, short=short):
                self._end(id, "short_abandoned" if short else "abandoned", at, targets)
            case e.Closed(interaction=id, at=at) | e.Scheduled(interaction=id, at=at):
                self._end(id, "flow_outs", at, targets)
            case e.AnsweredByBot(interaction=id, at=at) | e.AnswerAsked(interaction=id, at=at):
                self._end(id, "flow_outs", at, targets)
            case _:
                pass

    def _begin(
        self, id: InteractionId, queue: QueueName, since: Instant, at: Instant, targets: dict[QueueName, Span]
    ) -> None:
        """Count a leg that waits in `queue` since `since`; the one before, if it is open, flowed out `at`."""
        self._end(id, "flow_outs", at, targets)
        self._open[id] = OpenLeg(queue, since, True)
        self.counts(queue).offered_legs += 1

    def _end(self, id: InteractionId, outcome: str, at: Instant, targets: dict[QueueName, Span]) -> None:
        leg = self._open.pop(id, None)
        if leg is None or not leg.counted:
            return
        counts = self.counts(leg.queue)
        setattr(counts, outcome, getattr(counts, outcome) + 1)
        if outcome == "answered":
            wait = at - leg.enqueued_at
            counts.wait_ms += wait
            counts.answered_in_target += wait <= targets.get(leg.queue, 0)

    def overdue(self, queue: QueueName, target: Span, now: Instant) -> int:
        """Return how many open legs of `queue` have already waited beyond `target`: they are misses."""
        return sum(
            1 for leg in self._open.values() if leg.counted and leg.queue == queue and now - leg.enqueued_at > target
        )


class LiveQueue(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the wallboard. Shares are 0-1; None where there is nothing to divide by."""

    name: QueueName
    waiting: int
    longest_wait_since: Instant | None
    longest_wait_s: float
    offered_legs: int
    answered: int
    abandoned: int
    short_abandoned: int
    flow_outs: int
    service_level: float | None
    asa_s: float | None
    abandon_rate: float | None
    expected_wait: tuple[Span, Span] | None
    staffed: int
    free: int
    ringing: int
    busy: int
    wrap_up: int
    away: int
    offers_pending: int
    backlog: int
    target_s: float


def live(state: State, stats: Stats, policy: Policy, queue: QueueName, now: Instant) -> LiveQueue:
    """Return the figures of `queue` at `now`."""
    rows = [found for found in state.interactions.values() if found.queue == queue and found.state in OPEN]
    queued = [row for row in rows if row.state in (S.WAITING, S.OFFERED)]
    oldest = min((row.enqueued_at for row in queued), default=None)
    last = max(queued, key=lambda row: row.key, default=None)
    counts = stats.counts(queue)
    target = policy.queues[queue].target
    return LiveQueue(
        name=queue,
        waiting=len(queued),
        longest_wait_since=oldest,
        longest_wait_s=(now - oldest) / 1000 if oldest is not None else 0.0,
        offered_legs=counts.offered_legs,
        answered=counts.answered,
        abandoned=counts.abandoned,
        short_abandoned=counts.short_abandoned,
        flow_outs=counts.flow_outs,
        service_level=_service_level(counts, stats.overdue(queue, target, now)),
        asa_s=counts.wait_ms / counts.answered / 1000 if counts.answered else None,
        abandon_rate=_share(counts.abandoned, counts.offered_legs - counts.short_abandoned),
        expected_wait=expected_wait(state, policy, last.id) if last is not None else None,
        offers_pending=sum(len(row.offers) for row in queued),
        backlog=len(queued) + sum(1 for row in rows if row.state is S.ACTIVE and row.unanswered_at is not None),
        target_s=target / 1000,
        **_agents(state, queue),
    )


def _service_level(counts: LegCounts, overdue: int) -> float | None:
    """Return answered within target / (answered + abandoned), with legs that still wait beyond it as misses."""
    return _share(counts.answered_in_target, counts.answered + counts.abandoned + overdue)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _agents(state: State, queue: QueueName) -> dict[str, int]:
    """Return how many members of `queue` are free, ringing, busy, wrapping up or away; each counts once."""
    found = {"staffed": staffed(state, queue), "free": 0, "ringing": 0, "busy": 0, "wrap_up": 0, "away": 0}
    for agent in state.agents_of(queue):
        held = [hold.kind for hold in agent.holds.values()]
        if "offer" in held:
            found["ringing"] += 1
        elif "active" in held or (agent.presence == "busy" and agent.connected):
            found["busy"] += 1
        elif "wrap_up" in held:
            found["wrap_up"] += 1
        elif agent.presence == "available" and is_staffing(agent):
            found["free"] += 1
        elif agent.presence == "away":
            found["away"] += 1
    return found


def replayed(events: Iterable[e.AnyEvent], since: Instant, targets: dict[QueueName, Span]) -> Stats:
    """Return the figures that `events`, in their order, give from `since` on, in days of 24 hours."""
    stats = Stats(since, days_from(since))
    for event in events:
        if event.at >= since:
            stats.observe(event, targets)
    return stats
