"""How classes fare that go strictly before each other in one pool: nobody leaves, nobody is interrupted."""

import math
from collections.abc import Callable

import msgspec

from simulation.erlang import Figures, Load, erlang_c

_TERMS = 11
_ROUNDING = 18.4
"""Parameters of the inversion below: about eight digits."""


class ClassFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How one class fares in the long run. `asa_s` is None where its queue grows without end."""

    share: float
    asa_s: float | None
    service_level: float


class PriorityFigures(Figures, frozen=True, kw_only=True):
    """How a pool fares, and each of its classes, the most urgent first."""

    classes: tuple[ClassFigures, ...]


def with_classes(load: Load, agents: int, within: float, shares: tuple[float, ...]) -> PriorityFigures:
    """Return how `agents` fare with `load` if it is made of classes with `shares` of the customers.

    All classes together fare as with Erlang C. Somebody of a class who waits finds a geometric number of his class and
    those above ahead of him, and each newcomer above pushes in with all who come above during his own time: a busy
    period of one server. Mean: Cobham 1954, Operations Research 2:70-76; distribution: Davis 1966, Operations Research
    14:133-136, inverted numerically.

    Raises:
        ValueError: the shares are not of one whole, or somebody leaves.
    """
    if load.patience is not None:
        raise ValueError("there is no closed form for classes with patience; use --scenario")
    if not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError("the shares of the classes must be more than 0 and make 1 together, such as 0.3,0.7")
    plain = erlang_c(load, agents, within)
    classes = []
    above = 0.0
    for share in shares:
        classes.append(_class(load, plain, (above, share), within))
        above += share
    return PriorityFigures(**msgspec.structs.asdict(plain), classes=tuple(classes))


def _class(load: Load, plain: Figures, shares: tuple[float, float], within: float) -> ClassFigures:
    """Return how a class fares; `shares`: of the classes above it together, and its own."""
    release = plain.agents / load.handling
    above = shares[0] * load.arrivals
    slack = release - above - shares[1] * load.arrivals
    if slack <= 0:
        return ClassFigures(share=shares[1], asa_s=None, service_level=0.0)
    asa = plain.p_wait * release / (release - above) / slack

    def transform(s: complex) -> complex:
        """The Laplace transform of the wait of who waits."""
        pushed = s
        if above:
            total = above + release + s
            pushed = s + above - (total - (total * total - 4 * above * release) ** 0.5) / 2
        return slack / (slack + pushed)

    late = 1.0 if within <= 0 else _tail(transform, within)
    return ClassFigures(share=shares[1], asa_s=asa, service_level=1 - plain.p_wait * late)


def _tail(transform: Callable[[complex], complex], at: float) -> float:
    """Return P(W > at) of the law with this Laplace transform.

    Euler's summation of the Fourier series. Source: Abate & Whitt 1995, ORSA Journal on Computing 7:36-43.
    """

    def term(k: int) -> float:
        s = complex(_ROUNDING, 2 * math.pi * k) / (2 * at)
        return float(((1 - transform(s)) / s).real)

    total = term(0) / 2
    sums = []
    for k in range(1, 15 + _TERMS + 1):
        total += -term(k) if k % 2 else term(k)
        if k >= 15:
            sums.append(total)
    mean = sum(math.comb(_TERMS, k) * each for k, each in enumerate(sums)) / (1 << _TERMS)
    return min(1.0, max(0.0, math.exp(_ROUNDING / 2) / at * mean))
