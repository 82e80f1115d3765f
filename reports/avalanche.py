"""Avalanches: one label's arrivals exceed their forecast by more than chance explains, of the site or of one queue.

At each arrival the last 5, 15, 30, 60 and 180 minutes are compared with their forecast, as busy as the day is. An
avalanche begins where so many or more would come by chance less often than `false_alarms` a week, over everything that
is watched: the chance of one look is that number, shared among all labels and queues that are known and all windows,
over the looks of a week that don't tell the same (`_LOOKS`; benchmarks/avalanche.py counts what comes of it). Beside
that it must be many (`arrivals_min`), and so many times the forecast (`ratio`) that somebody would call it one. It ends
once `ends_after` has passed with no more than twice the usual deviation, or after a day: what goes on so long is usual.
"""

import math
from collections import deque
from collections.abc import Iterator
from datetime import UTC, tzinfo

import msgspec

from reports.forecast import CAP_SIGMAS, SLOT, WEEK, Expected, Known, Series, chance_of, place_of
from router import events as e
from vocabulary.ids import InteractionId, QueueName
from vocabulary.instants import DAY, HOUR, MINUTE, Instant, Span

WINDOWS: tuple[Span, ...] = (5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 180 * MINUTE)
_LOOKS = 0.2
"""Looks within the length of a window that don't tell the same, as counted: most meet fewer than would be many."""
LASTS_MAX: Span = 24 * HOUR
QUIET: Span = 12 * HOUR
"""How long nothing is said of a label of which somebody, or a whole day, has said that it is usual."""
_GAP_MAX: Span = 2 * DAY
_SERIES_MAX = 400
_KNOWN_DAYS, _IN_AVALANCHE = 5.0, 1.0
"""From so many days on, no more than so many deviations are learnt in an avalanche."""
_SAME = 0.9
"""A queue that gets more than this share of a label's arrivals is not watched beside the site."""
_SITE: QueueName = ""
_NOTHING = ("", "unknown")
"""Labels of what nobody has understood."""

SEEN: frozenset[type[e.Event]] = frozenset(
    {
        e.Admitted,
        e.Enqueued,
        e.Scheduled,
        e.Understood,
        e.AnsweredByBot,
        e.AnswerAsked,
        e.Closed,
        e.OutboundStarted,
        e.AvalancheBegan,
        e.AvalancheEnded,
    }
)
"""Events that tell a watch something."""

Of = tuple[str, QueueName]
"""A label, and the queue; "" for all of the site."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """When it is an avalanche.

    `false_alarms`: expected a week over all that is watched. `usual_per_hour`: what a label brings of which nothing is
    known yet. `learns_first`: nothing is told before arrivals have been followed for so long.
    """

    false_alarms: float = 0.5
    arrivals_min: int = 15
    ratio: float = 2.0
    ends_after: Span = 30 * MINUTE
    usual_per_hour: float = 4.0
    learns_first: Span = 0
    ignored: frozenset[str] = frozenset()
    own: dict[str, tuple[int, float]] = {}
    """`arrivals_min` and `ratio` of labels that have their own."""

    def of(self, label: str) -> tuple[int, float]:
        """Return the bounds of `label`."""
        return self.own.get(label, (self.arrivals_min, self.ratio))


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One began: `arrivals` within `window` ms, where `expected` were; so many come by chance once in 1 / `chance`."""

    label: str
    queue: QueueName | None
    arrivals: int
    expected: float
    window: Span
    chance: float


class Over(msgspec.Struct, frozen=True):
    """One is over."""

    label: str
    queue: QueueName | None


class Learnt(msgspec.Struct, kw_only=True):
    """All that is kept over a restart: behind event `seq`, up to the slot that began at `slot`."""

    seq: int = 0
    slot: Instant = 0
    known: Known = msgspec.field(default_factory=Known)
    series: dict[str, Series] = {}
    counts: dict[str, int] = {}


class _Line:
    """What is watched of one label in one place."""

    __slots__ = ("count", "expected", "quiet_until", "recent", "series", "since")

    def __init__(self, series: Series) -> None:
        self.series = series
        self.count = 0
        self.recent: deque[Instant] = deque()
        self.since: Instant | None = None
        self.quiet_until: Instant = 0
        self.expected: dict[Instant, Expected] = {}


class Watch:
    """Follows the event log. It reads no clock: `observe` takes its instants from events, `tick` is told the time."""

    def __init__(self, terms: Terms, zone: tzinfo = UTC, learnt: Learnt | None = None) -> None:
        self._terms = terms
        self._zone = zone
        self._learnt = learnt or Learnt()
        self._lines = {_of(key): _Line(series) for key, series in self._learnt.series.items()}
        for key, count in self._learnt.counts.items():
            self._lines[_of(key)].count = count
        self._admitted: dict[InteractionId, e.Admitted] = {}
        self._not_understood: set[InteractionId] = set()
        self._watched = len(self._lines)

    def learnt(self, seq: int) -> Learnt:
        """Return what has been learnt, behind event `seq`, valid until the next event."""
        learnt = self._learnt
        learnt.seq = seq
        learnt.series = {_key(of): line.series for of, line in self._lines.items()}
        learnt.counts = {_key(of): line.count for of, line in self._lines.items() if line.count}
        return learnt

    # -- what happens

    def observe(self, event: e.AnyEvent) -> list[Found]:
        """Count `event`; return the avalanches that begin with it."""
        match event:
            case e.Admitted(interaction=id):
                self._admitted[id] = event
            case (
                e.Enqueued(cause="admitted", interaction=id)
                | e.Scheduled(interaction=id)
                | e.AnsweredByBot(interaction=id)
                | e.AnswerAsked(interaction=id)
            ):
                admitted = self._admitted.pop(id, None)
                return self._arrived(admitted) if admitted is not None else []
            case e.Understood(interaction=id, labels=labels) if id in self._not_understood:
                # Who says hello first arrives with what he says next.
                if (label := labels[0].name if labels else "") not in _NOTHING:
                    self._not_understood.discard(id)
                    self._roll(event.at)
                    return self._came(label, event.queue, event.at)
            case e.Closed(interaction=id) | e.OutboundStarted(interaction=id):
                # Nobody's question: history, a blocked sender, or what we began ourselves.
                self._admitted.pop(id, None)
                self._not_understood.discard(id)
            case e.AvalancheBegan(label=label, queue=queue, at=at):
                self._line((label, queue or _SITE)).since = at
            case e.AvalancheEnded(label=label, queue=queue, at=at, by=by):
                line = self._line((label, queue or _SITE))
                lasted = at - (line.since or at)
                line.since = None
                if by != "router" or lasted >= LASTS_MAX:
                    line.quiet_until = at + QUIET
            case _:
                pass
        return []

    def _arrived(self, admitted: e.Admitted) -> list[Found]:
        label = admitted.labels[0].name if admitted.labels else ""
        self._roll(admitted.at)
        if admitted.automatic:
            return []
        if label in _NOTHING:
            self._not_understood.add(admitted.interaction)
        return self._came(label, admitted.queue, admitted.at) if label else []

    def _came(self, label: str, queue: QueueName, at: Instant) -> list[Found]:
        site, apart = (label, _SITE), (label, queue)
        for of in (site, apart):
            line = self._line(of)
            line.count += 1
            line.recent.append(at)
        found = self._look(site, at)
        if found is None and self._is_apart(apart):
            found = self._look(apart, at)
        return [found] if found is not None else []

    def goes_on(self, label: str, queue: QueueName | None, since: Instant) -> None:
        """Know of an avalanche that began before anybody watched."""
        self._line((label, queue or _SITE)).since = since

    def forget(self, label: str, queue: QueueName | None) -> None:
        """Take back that an avalanche began: nobody was told."""
        self._line((label, queue or _SITE)).since = None

    def tick(self, now: Instant) -> list[Over]:
        """Let time pass; return the avalanches that are over."""
        self._roll(now)
        return [Over(of[0], of[1] or None) for of, line in self._lines.items() if self._is_over(line, now)]

    def forecast(self, label: str, queue: QueueName | None, now: Instant, window: Span) -> Expected:
        """Return what is expected of `label` within the `window` ms before `now`."""
        return self._expected(self._line((label, queue or _SITE)), now, window)

    # -- what it is compared with

    def _look(self, of: Of, now: Instant) -> Found | None:
        line, (least, ratio) = self._lines[of], self._terms.of(of[0])
        while line.recent and line.recent[0] <= now - WINDOWS[-1]:
            line.recent.popleft()
        site = self._line((of[0], _SITE))
        covered = line.since is not None or site.since is not None
        if (
            covered
            or now < max(line.quiet_until, site.quiet_until)
            or of[0] in self._terms.ignored
            or not self._learnt.known.has_seen(self._terms.learns_first)
            or len(line.recent) < least
        ):
            return None
        for window, count in self._counts(line, now):
            if count < least:
                continue
            expected = self._expected(line, now, window)
            if count < ratio * expected.mean:
                continue
            chance = chance_of(count, expected.mean, expected.unsure)
            if chance <= self._chance_max(window):
                line.since = now
                return Found(
                    label=of[0],
                    queue=of[1] or None,
                    arrivals=count,
                    expected=expected.mean,
                    window=window,
                    chance=chance,
                )
        return None

    def _is_apart(self, of: Of) -> bool:
        """Tell whether a queue's arrivals of a label are not just the site's."""
        return self._lines[of].series.total < _SAME * self._lines[(of[0], _SITE)].series.total

    def _counts(self, line: _Line, now: Instant) -> Iterator[tuple[Span, int]]:
        """Iterate over the windows, the shortest first, with how many came in them."""
        recent, count = line.recent, 0
        for window in WINDOWS:
            while count < len(recent) and recent[-1 - count] > now - window:
                count += 1
            yield window, count

    def _chance_max(self, window: Span) -> float:
        """Return below which chance one look is none by chance."""
        return self._terms.false_alarms / (len(WINDOWS) * max(1, self._watched) * _LOOKS * WEEK / window)

    def _expected(self, line: _Line, now: Instant, window: Span) -> Expected:
        mean = spread = 0.0
        at = now - window
        while at < now:
            slot = at - at % SLOT
            until = min(now, slot + SLOT)
            one = self._of_slot(line, slot)
            part = one.mean * (until - at) / SLOT
            mean, spread = mean + part, spread + part * one.unsure
            at = until
        busy = line.series.busy(now - window)
        unsure = spread / mean if mean > 0 else 1.0
        return Expected(max(mean * busy.mean, 1e-6), line.series.spread(window) + unsure + busy.unsure)

    def _of_slot(self, line: _Line, slot: Instant) -> Expected:
        found = line.expected.get(slot)
        if found is None:
            place = place_of(slot, self._zone)
            found = line.expected[slot] = line.series.expected(self._learnt.known, place, self._usual)
        return found

    def _is_over(self, line: _Line, now: Instant) -> bool:
        if line.since is None or now - line.since < self._terms.ends_after:
            return False
        expected = self._expected(line, now, self._terms.ends_after)
        count = sum(1 for at in line.recent if at > now - self._terms.ends_after)
        sigma = (expected.mean + expected.unsure * expected.mean**2) ** 0.5
        few = count <= max(expected.mean + 2 * sigma, self._terms.arrivals_min / 5)
        return few or now - line.since >= LASTS_MAX

    # -- slots

    @property
    def _usual(self) -> float:
        return self._terms.usual_per_hour * SLOT / HOUR

    def _line(self, of: Of) -> _Line:
        line = self._lines.get(of)
        if line is None:
            if len(self._lines) >= _SERIES_MAX:
                self._forget_rarest(of[0])
            line = self._lines[of] = _Line(Series())
        return line

    def _forget_rarest(self, label: str) -> None:
        """Make room for a line of `label`; its others stay, and so does what somebody has been told of."""
        able = [each for each, line in self._lines.items() if each[0] != label and line.since is None]
        if able:
            del self._lines[min(able, key=lambda each: (self._lines[each].series.total, each))]

    def _roll(self, now: Instant) -> None:
        """Learn the slots that are over by `now`, those without arrivals too; not what was while nobody looked."""
        learnt, begun = self._learnt, now - now % SLOT
        if not learnt.slot or begun - learnt.slot > _GAP_MAX:
            learnt.slot = begun
            for line in self._lines.values():
                line.count = 0
        while learnt.slot < begun:
            self._learn(learnt.slot)
            learnt.slot += SLOT

    def _learn(self, slot: Instant) -> None:
        place = place_of(slot, self._zone)
        for of, line in self._lines.items():
            site = self._lines.get((of[0], _SITE), line)
            since = min((each.since for each in (line, site) if each.since is not None), default=None)
            if slot < max(line.quiet_until, site.quiet_until):
                sigmas = math.inf
            elif since is not None and since < slot + SLOT and self._learnt.known.near(place.slot) >= _KNOWN_DAYS:
                # An avalanche teaches little of the usual day; where nothing is known yet, it may be that.
                sigmas = _IN_AVALANCHE
            else:
                sigmas = CAP_SIGMAS
            known = self._learnt.known
            expected = line.series.learn(known, place, slot, line.count, self._usual, sigmas=sigmas)
            line.count = 0
            # What came in a slot is compared with what was known before it.
            line.expected = {at: one for at, one in line.expected.items() if slot - WINDOWS[-1] <= at < slot}
            line.expected[slot] = expected
        self._learnt.known.see(place)
        self._watched = sum(of[1] == _SITE or self._is_apart(of) for of in self._lines if (of[0], _SITE) in self._lines)


def _key(of: Of) -> str:
    return f"{of[1]}/{of[0]}"


def _of(key: str) -> Of:
    queue, _, label = key.partition("/")
    return label, queue
