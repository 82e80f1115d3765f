"""Laws of chance: how long a service takes, how patient a customer is, how busy a day is."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

import msgspec

from vocabulary.instants import SECOND, span_of

Draw = Callable[[], float]
"""Returns the next value of a stream of draws: seconds, or a plain number for what has no unit."""

WholeDraw = Callable[[], int]
"""Returns the next value of a stream of draws in whole units, such as µs."""

BLOCK = 512
"""Values that are drawn together where only one law draws from a source: that costs a third of drawing them singly."""


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
    several = _several(law, source, columns)
    return lambda: several(1)[0]


def whole_draws(
    law: Law, source: Random, columns: Mapping[str, Sequence[float]], *, unit: int, block: int = 1
) -> WholeDraw:
    """Return a stream of draws as `draws` gives them, times `unit` and rounded; `block` of them are drawn together."""

    def values() -> Iterator[int]:
        several = _several(law, source, columns)
        while True:
            yield from [round(value * unit) for value in several(block)]

    return values().__next__


def _several(law: Law, source: Random, columns: Mapping[str, Sequence[float]]) -> Callable[[int], Sequence[float]]:
    """Return a function from a number to so many draws."""
    match law:
        case Exponential(mean=mean):
            uniform, log = source.random, math.log
            return lambda number: [-mean * log(1.0 - uniform()) for _ in range(number)]
        case Deterministic(mean=mean):
            return lambda number: [mean] * number
        case Lognormal(mean=mean, cv=cv):
            variance = math.log1p(cv * cv)
            middle, spread = math.log(mean) - variance / 2, math.sqrt(variance)
            return lambda number: [source.lognormvariate(middle, spread) for _ in range(number)]
        case Erlang(mean=mean, k=k):
            return lambda number: [source.gammavariate(k, mean / k) for _ in range(number)]
        case Gamma(shape=shape, scale=scale):
            return lambda number: [source.gammavariate(shape, scale) for _ in range(number)]
        case Empirical(file=file):
            values = columns[file]
            return lambda number: [source.choice(values) for _ in range(number)]


def by_period(
    laws: Sequence[Law], starts: Sequence[int], draw_of: Callable[[Law, int], WholeDraw]
) -> Callable[[int], int]:
    """Return a function from an instant to a draw by the law of its period; `starts` as long as `laws`, ascending.

    What comes before the first period belongs to it. `draw_of` makes the stream of a law with a size of its blocks:
    several laws take turns at one source, so they draw singly.
    """
    if len(laws) == 1:
        only = draw_of(laws[0], BLOCK)
        return lambda _: only()
    streams = [draw_of(law, 1) for law in laws]
    return lambda at: streams[max(0, bisect_right(starts, at) - 1)]()


def substream(seed: int, *names: object) -> Random:
    """Return the generator of one purpose: what one purpose draws doesn't move what another draws."""
    return Random("/".join(map(str, (seed, *names))))  # noqa: S311  # a simulated day, no secret
