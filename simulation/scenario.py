"""A scenario: who comes, who is there, how queues work. The tables of SCENARIO.toml, as they are written there."""

from bisect import bisect_right
from typing import TypeVar

import msgspec

from agents.agent import CAPACITY
from queues.policy import Order, Placement, Strategy
from simulation.laws import Law, Seconds
from vocabulary.instants import DAY, MINUTE, SECOND, Span
from vocabulary.media import CALLBACK
from vocabulary.skills import Preference, Requirement, preference_of, requirement_of

T = TypeVar("T")

MICROSECOND = 1_000_000
"""Units of the virtual clock in a second. Whole ones, so that its sums are exact; finer than the core's milliseconds,
so that what follows is rarely at the same instant."""


def micros(seconds: float) -> int:
    """Return `seconds` in units of the virtual clock."""
    return round(seconds * MICROSECOND)


def span(seconds: float) -> Span:
    """Return `seconds` as the core counts them."""
    return round(seconds * SECOND)


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: what it doesn't know is refused."""


class Run(Table, frozen=True, kw_only=True):
    """How much is simulated. Rates, counts, patience and service may be lists, one value a period."""

    seed: int = 1
    customers: int | None = None
    """Arrivals counted after the warm-up, all streams together; then it drains."""
    duration: Seconds | None = None
    periods: tuple[tuple[Seconds, Seconds], ...] = ()
    busyness: Law | None = None
    warm_up: Seconds = Seconds(0)
    replications: int = 1
    estimate_every: int = 500
    """The router is asked what to expect of every so-many-th customer who begins to wait; 0 = of nobody."""

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each period begins on the virtual clock."""
        return tuple(micros(start) for start, _ in self.periods)

    @property
    def end(self) -> int | None:
        """When arrivals end on the virtual clock, or None if only their number ends them."""
        if self.duration is not None:
            return micros(self.duration)
        return micros(self.periods[-1][1]) if self.periods else None

    def of_period(self, values: tuple[T, ...], at: int) -> T:
        """Return the one of `values` for the period at `at`; before the first period its value, later the last's."""
        return values[0] if len(values) == 1 else values[max(0, bisect_right(self.starts, at) - 1)]


class QueueMembership(Table, frozen=True, kw_only=True):
    """How a group serves a queue."""

    priority: int = 1
    delay: Seconds = Seconds(0)


class AgentGroup(Table, frozen=True, kw_only=True):
    """Agents who are alike. `shifts`: times of the day, every day; none = always there."""

    group: str
    count: int | tuple[int, ...]
    queues: dict[str, int | QueueMembership]
    skills: dict[str, int] = {}
    capacity: int = CAPACITY
    shifts: tuple[tuple[str, str], ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of agents, one value or one a period."""
        return self.count if isinstance(self.count, tuple) else (self.count,)


class OfferTerms(Table, frozen=True, kw_only=True):
    """How agents answer: at once where `timeout` is 0, else after a draw of `answer`; `miss` is the share ignored."""

    timeout: Seconds = Seconds(0)
    answer: Law | None = None
    miss: float = 0.0


class QueueTable(Table, frozen=True, kw_only=True):
    """A queue's policy."""

    name: str
    strategy: Strategy = "longest_idle"
    order: Order = "due"
    placement: Placement | None = None
    credit: Seconds = Seconds(MINUTE / SECOND)
    target: Seconds = Seconds(20)
    short: Seconds = Seconds(0)
    offer: OfferTerms = OfferTerms()
    wrap_up: Seconds = Seconds(0)


class Need(Table, frozen=True, kw_only=True):
    """A requirement that may expire."""

    skill: str
    level: int = 1
    expires_after: Seconds | None = None


class Stream(Table, frozen=True, kw_only=True, rename={"class_": "class"}):
    """Customers who are alike. They come by `rate_per_hour`, `profile` (start and rate) or `trace`."""

    stream: str
    queue: str
    service: Law | tuple[Law, ...]
    medium: str = CALLBACK
    rate_per_hour: float | tuple[float, ...] | None = None
    profile: tuple[tuple[Seconds, float], ...] | None = None
    trace: str | None = None
    service_by_group: dict[str, Law | tuple[Law, ...]] = {}
    patience: Law | tuple[Law, ...] | None = None
    requirements: tuple[str | Need, ...] = ()
    relaxation: tuple[Need, ...] = ()
    preferences: tuple[str, ...] = ()
    priority: int = 0
    class_: int = 0

    @property
    def rates(self) -> tuple[float, ...]:
        """Rates an hour, one value or one a period."""
        rates = self.rate_per_hour
        return rates if isinstance(rates, tuple) else (rates or 0.0,)

    def needs(self) -> tuple[Requirement, ...]:
        """Return what the core is told to require; `relaxation` gives an expiry to the requirement it names.

        Raises:
            ValueError: a requirement is not written as one.
        """
        found: dict[tuple[str, int], Requirement] = {}
        for need in (*self.requirements, *self.relaxation):
            known = requirement_of(need) if isinstance(need, str) else _requirement(need)
            found[known.skill, known.level] = known
        return tuple(found.values())

    def wishes(self) -> tuple[Preference, ...]:
        """Return who is rather taken, as the core is told.

        Raises:
            ValueError: a preference is not written as one.
        """
        return tuple(map(preference_of, self.preferences))


def _requirement(need: Need) -> Requirement:
    plain = requirement_of(f"{need.skill}>={need.level}")
    expiry = None if need.expires_after is None else span(need.expires_after)
    return Requirement(plain.skill, plain.level, expiry)


def laws_of(laws: Law | tuple[Law, ...] | None) -> tuple[Law, ...]:
    """Return the laws of the periods, or the only one."""
    if laws is None:
        return ()
    return laws if isinstance(laws, tuple) else (laws,)


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A checked scenario. `columns`: the numbers of each file that it names, traces ascending."""

    run: Run
    agents: tuple[AgentGroup, ...]
    queues: tuple[QueueTable, ...]
    arrivals: tuple[Stream, ...]
    columns: dict[str, tuple[float, ...]] = {}


def shift_times(shift: tuple[str, str]) -> tuple[int, int]:
    """Return when a shift begins and ends, µs after midnight; the end is behind the begin, maybe on the next day.

    Raises:
        ValueError: not two different times of the day, "08:00".
    """
    begin, end = (_time_of_day(text) for text in shift)
    if begin == end:
        raise ValueError(f"the shift {list(shift)} has no length")
    return begin, end if end > begin else end + micros(DAY / SECOND)


def _time_of_day(text: str) -> int:
    hours, _, minutes = text.partition(":")
    digits = len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isdecimal()
    if not digits or int(minutes) > 59 or int(hours) * 60 + int(minutes) > 24 * 60:
        raise ValueError(f'{text!r} is no time of the day: write hours and minutes, such as "08:00"')
    return micros((int(hours) * 60 + int(minutes)) * 60)
