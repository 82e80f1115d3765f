"""Laws of chance: how long a service takes, how patient a customer is, how busy a day is."""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from random import Random

import msgspec

from vocabulary.instants import SECOND, span_of

Draw = Callable[[], float]
"""Returns the next value of a stream of draws: seconds, or a plain number for what has no unit."""


class Seconds(float):
    """A length of time; a scenario writes it "285s", "5m", or as a number of seconds."""

    __slots__ = ()


def seconds_of(value: object) -> Seconds:
    """Return the length of time that `value` of a scenario says.

    Raises:
        ValueError: it says none.
    """
    if isinstance(value, str):
        return Seconds(span_of(value) / SECOND)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return Seconds(value)
    raise ValueError(f'{value!r} is no time span: write a number and a unit, such as "20s", or a number of seconds')


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be more than 0, not {value:g}")


class Exponential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="distribution", tag="exponential"):
    """Without memory."""

    mean: Seconds

    def __post_init__(self) -> None:
        _positive(mean=self.mean)


class Deterministic(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="distribution", tag="deterministic"
):
    """Always the same."""

    mean: Seconds


class Lognormal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="distribution", tag="lognormal"):
    """`cv` is the standard deviation over the mean."""

    mean: Seconds
    cv: float

    def __post_init__(self) -> None:
        _positive(mean=self.mean, cv=self.cv)


class Erlang(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="distribution", tag="erlang"):
    """The sum of `k` exponential stages that last `mean` together."""

    mean: Seconds
    k: int

    def __post_init__(self) -> None:
        _positive(mean=self.mean, k=self.k)


class Gamma(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="distribution", tag="gamma"):
    """Mean `shape` x `scale`."""

    shape: float
    scale: Seconds

    def __post_init__(self) -> None:
        _positive(shape=self.shape, scale=self.scale)


class Empirical(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="distribution", tag="empirical"):
    """One of the values in the first column of `file`, in seconds, each as likely."""

    file: str


Law = Exponential | Deterministic | Lognormal | Erlang | Gamma | Empirical


def draws(law: Law, source: Random, columns: Mapping[str, Sequence[float]]) -> Draw:
    """Return a stream of draws by `law` from `source`; `columns` are the values of each file that laws name.

    Two laws of one kind that draw from equal sources give values in proportion: scenarios see the same customers.
    """
    match law:
        case Exponential(mean=mean):
            rate = 1 / mean
            return lambda: source.expovariate(rate)
        case Deterministic(mean=mean):
            return lambda: mean
        case Lognormal(mean=mean, cv=cv):
            variance = math.log1p(cv * cv)
            middle, spread = math.log(mean) - variance / 2, math.sqrt(variance)
            return lambda: source.lognormvariate(middle, spread)
        case Erlang(mean=mean, k=k):
            return lambda: source.gammavariate(k, mean / k)
        case Gamma(shape=shape, scale=scale):
            return lambda: source.gammavariate(shape, scale)
        case Empirical(file=file):
            values = columns[file]
            return lambda: source.choice(values)


def by_period(laws: Sequence[Law], starts: Sequence[int], draw_of: Callable[[Law], Draw]) -> Callable[[int], float]:
    """Return a function from an instant to a draw by the law of its period; `starts` as long as `laws`, ascending.

    What comes before the first period belongs to it.
    """
    streams = [draw_of(law) for law in laws]
    if len(streams) == 1:
        only = streams[0]
        return lambda _: only()
    return lambda at: streams[max(0, bisect_right(starts, at) - 1)]()


def substream(seed: int, *names: object) -> Random:
    """Return the generator of one purpose: what one purpose draws doesn't move what another draws."""
    return Random("/".join(map(str, (seed, *names))))  # noqa: S311  # a simulated day, no secret
