"""How much arrives about each label: a forecast by time of day and day of the week, learnt from the event log.

A week has 672 slots of a quarter of an hour. What is expected in one of them is a product, each factor drawn towards 1
as long as little is known of it (Poisson counts under gamma priors): the label's mean in that quarter of a day, what
the day of the week makes of it, and what that hour of that day of the week makes of both. Old weeks fade. What one slot
can teach is capped, so that an avalanche in the past is no part of the usual day; how much counts vary beyond chance
(overdispersion) is learnt from the same capped counts.

Source of the shrinkage: Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6 (Poisson counts, gamma prior).
"""

import math
from datetime import datetime, tzinfo

import msgspec

from vocabulary.instants import DAY, MINUTE, Instant, Span

SLOT: Span = 15 * MINUTE
SLOTS, HOURS, DAYS = 96, 168, 7
_WEIGHTS = ((-2, 1 / 9), (-1, 2 / 9), (0, 3 / 9), (1, 2 / 9), (2, 1 / 9))
"""How much the slots around one tell of it."""
_KEPT_SLOT, _KEPT_HOUR = 0.5 ** (1 / 14), 0.5 ** (1 / (6 * 4))
_KEPT_DAY, _KEPT_ALL, _KEPT_SPREAD = 0.5 ** (1 / (6 * SLOTS)), 0.5 ** (1 / (14 * SLOTS)), 0.5 ** (1 / (28 * SLOTS))
"""What is left of a count when its slot comes again: half-lives of 14 days, 6 weeks, 6 weeks, 14 and 28 days."""
_PRIOR_SLOTS, _PRIOR_DAYS, _PRIOR_DAY, _PRIOR_HOUR = 24.0, 0.5, 8.0, 6.0
"""How much has to be known before it counts: slots of anything, days of one slot, arrivals of a day and of an hour."""
_SPREAD, _SPREAD_SLOTS, _SPREAD_MIN = 0.05, 20.0, 0.005
"""Overdispersion that is assumed (the squared coefficient of variation of the rate), and until how much is known."""
CAP_SIGMAS, _CAP_MORE = 4.0, 2.0
_KEPT_DAYS = 0.5 ** (1 / 28)
_PAST, _BUSY_MAX = 32, 1.6
"""Slots that tell how busy a day is, and how busy it can be before that is no usual day."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a slot lies in the week, in the site's time zone: `slot` of the day 0-95, `hour` of the week 0-167."""

    day: int
    slot: int
    hour: int


def place_of(at: Instant, zone: tzinfo) -> Place:
    """Return where `at` lies; a day with 23 or 25 hours leaves out slots or has them twice."""
    local = datetime.fromtimestamp(at / 1000, zone)
    day, hour = local.weekday(), local.hour
    return Place(day, hour * 4 + local.minute // 15, day * 24 + hour)


class Known(msgspec.Struct):
    """How often each slot has been seen, fading: shared by all labels, since not to arrive is known too."""

    slots: list[float] = msgspec.field(default_factory=lambda: [0.0] * SLOTS)
    total: float = 0.0

    def see(self, place: Place) -> None:
        """Know one more slot."""
        self.slots[place.slot] = self.slots[place.slot] * _KEPT_SLOT + 1
        self.total = self.total * _KEPT_ALL + 1

    def has_seen(self, span: Span) -> bool:
        """Tell whether slots of `span` together have been seen; what has faded since counts too."""
        faded: float = (1 - _KEPT_ALL ** (span // SLOT)) / (1 - _KEPT_ALL)
        return self.total >= faded - 1e-9

    def near(self, slot: int) -> float:
        """Return how many days are known of `slot`, those around it counted as far as they tell."""
        return sum(weight * self.slots[(slot + step) % SLOTS] for step, weight in _WEIGHTS)


class Expected(msgspec.Struct, frozen=True, gc=False):
    """What is expected in a slot: `mean` arrivals, and how unsure that is: a squared coefficient of variation."""

    mean: float
    unsure: float


class Past(msgspec.Struct, frozen=True, gc=False):
    """What came in the slot that began at `at`, and what was expected of it as a usual day's."""

    at: Instant
    came: float
    meant: float


class Spread(msgspec.Struct):
    """How much a rate itself varies (overdispersion), as a squared coefficient of variation, learnt from counts."""

    excess: float = 0.0
    squares: float = 0.0

    @property
    def value(self) -> float:
        """Return it."""
        return max(_SPREAD_MIN, (self.excess + _SPREAD * _SPREAD_SLOTS) / (self.squares + _SPREAD_SLOTS))

    def learn(self, count: float, mean: float) -> None:
        """Know one more count, where `mean` were expected."""
        self.excess = self.excess * _KEPT_SPREAD + (count - mean) ** 2 - mean
        self.squares = self.squares * _KEPT_SPREAD + mean * mean

    def learn_seldom(self, count: float, mean: float) -> None:
        """Know one more day's count; it weighs as one, however many came."""
        if mean >= 1:
            self.excess = self.excess * _KEPT_DAYS + (count / mean - 1) ** 2 - 1 / mean
            self.squares = self.squares * _KEPT_DAYS + 1


class Series(msgspec.Struct):
    """What has been learnt of one label: counts by slot, by day and hour of the week, and what was expected there."""

    slots: list[float] = msgspec.field(default_factory=lambda: [0.0] * SLOTS)
    days: list[float] = msgspec.field(default_factory=lambda: [0.0] * DAYS)
    days_expected: list[float] = msgspec.field(default_factory=lambda: [0.0] * DAYS)
    hours: list[float] = msgspec.field(default_factory=lambda: [0.0] * HOURS)
    hours_expected: list[float] = msgspec.field(default_factory=lambda: [0.0] * HOURS)
    total: float = 0.0
    of_slots: Spread = msgspec.field(default_factory=Spread)
    of_hours: Spread = msgspec.field(default_factory=Spread)
    of_days: Spread = msgspec.field(default_factory=Spread)
    hour: tuple[float, float] = (0.0, 0.0)
    """What came in the last hour that is not over, and what was expected; `day`: the same of the day."""
    day: tuple[float, float] = (0.0, 0.0)
    past: tuple[Past, ...] = ()
    """The last slots, the latest last: how busy this day is."""

    def expected(self, known: Known, place: Place, usual: float) -> Expected:
        """Return what is expected in the slot at `place`; `usual`: arrivals a slot where nothing is known yet."""
        base = self._base(known, place.slot, usual)
        of_day = base * self._of_day(place.day)
        mean = of_day * (self.hours[place.hour] + _PRIOR_HOUR) / (self.hours_expected[place.hour] + _PRIOR_HOUR)
        days = known.near(place.slot)
        seen = 4 * sum(weight * self.slots[(place.slot + step) % SLOTS] for step, weight in _WEIGHTS)
        unsure = 1 / (2 + seen) if days else 1.0
        return Expected(mean, unsure + 0.5 / (1 + 2 * days))

    def spread(self, window: Span) -> float:
        """Return how much the rate of `window` ms varies: what differs from slot to slot evens out in an hour."""
        slots, hours = self.of_slots.value, self.of_hours.value
        return slots if window <= SLOT else min(slots, hours) if window >= 4 * SLOT else (slots + min(slots, hours)) / 2

    def busy(self, until: Instant) -> Expected:
        """Return how many times as busy as a usual one this day is, of what came in the hours before `until`.

        A rate that varies from day to day as a gamma variate, learnt of Poisson counts.
        """
        shape = 1 / self.of_days.value
        came = meant = shape
        for each in self.past:
            if each.at + SLOT <= until:
                came, meant = came + each.came, meant + each.meant
        return Expected(min(_BUSY_MAX, max(1 / _BUSY_MAX, came / meant)), 1 / came)

    def learn(
        self, known: Known, place: Place, at: Instant, count: int, usual: float, *, sigmas: float = CAP_SIGMAS
    ) -> Expected:
        """Learn that `count` arrived in the slot that began `at`, not `known` yet; return what was expected of it.

        No more is learnt than `sigmas` deviations above that.
        """
        expected = self.expected(known, place, usual)
        mean = expected.mean * self.busy(at).mean
        sigma = math.sqrt(mean + self.of_slots.value * mean * mean)
        value = min(float(count), mean + sigmas * sigma + _CAP_MORE)
        base = self._base(known, place.slot, usual)
        of_day = base * self._of_day(place.day)
        self._count(place, value, base, of_day)
        self.total = self.total * _KEPT_ALL + value
        if known.near(place.slot) >= 2:
            self._vary(place, value, mean, expected.mean)
        self.past = (*self.past[1 - _PAST :], Past(at, value, expected.mean))
        return expected

    def _vary(self, place: Place, value: float, mean: float, usual: float) -> None:
        self.of_slots.learn(value, mean)
        came, meant = self.day if place.slot else (0.0, 0.0)
        self.day = (came + value, meant + usual)
        if place.slot == SLOTS - 1:
            self.of_days.learn_seldom(*self.day)
        came, meant = self.hour if place.slot % 4 else (0.0, 0.0)
        self.hour = (came + value, meant + mean)
        if place.slot % 4 == 3:
            self.of_hours.learn(*self.hour)

    def _count(self, place: Place, value: float, base: float, of_day: float) -> None:
        self.slots[place.slot] = self.slots[place.slot] * _KEPT_SLOT + value
        self.days[place.day] = self.days[place.day] * _KEPT_DAY + value
        self.days_expected[place.day] = self.days_expected[place.day] * _KEPT_DAY + base
        self.hours[place.hour] = self.hours[place.hour] * _KEPT_HOUR + value
        self.hours_expected[place.hour] = self.hours_expected[place.hour] * _KEPT_HOUR + of_day

    def _base(self, known: Known, slot: int, usual: float) -> float:
        anytime = (self.total + _PRIOR_SLOTS * usual) / (known.total + _PRIOR_SLOTS)
        near = sum(weight * self.slots[(slot + step) % SLOTS] for step, weight in _WEIGHTS)
        return (near + _PRIOR_DAYS * anytime) / (known.near(slot) + _PRIOR_DAYS)

    def _of_day(self, day: int) -> float:
        return (self.days[day] + _PRIOR_DAY) / (self.days_expected[day] + _PRIOR_DAY)


def chance_of(count: int, mean: float, spread: float) -> float:
    """Return how likely `count` or more are where `mean` are expected: the tail of a negative binomial distribution.

    Args:
        count: >= 0.
        mean: > 0.
        spread: squared coefficient of variation of the rate, > 0.

    The terms above the mean fall at least geometrically, so the sum is of what counts.
    """
    if count <= mean:
        return 1.0
    shape = 1 / spread
    first = (
        math.lgamma(count + shape)
        - math.lgamma(shape)
        - math.lgamma(count + 1)
        + shape * math.log(shape / (shape + mean))
        + count * math.log(mean / (shape + mean))
    )
    if first < -700:
        return 0.0
    term = total = math.exp(first)
    number, ratio = count, mean / (shape + mean)
    while term > total * 1e-9:
        term *= ratio * (number + shape) / (number + 1)
        number += 1
        total += term
    return min(1.0, total)


WEEK: Span = 7 * DAY
