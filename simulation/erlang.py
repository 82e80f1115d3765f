"""Erlang's formulas for one pool of agents, exact and stable for thousands of them."""

import math

import msgspec


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of work for one pool: arrivals a second, mean handling time and mean patience in seconds.

    Everything is exponential. `patience` None: nobody leaves.
    """

    arrivals: float
    handling: float
    patience: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("arrivals", self.arrivals), ("handling", self.handling), ("patience", self.patience)):
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be more than 0, not {value:g}")

    @property
    def erlangs(self) -> float:
        """The agents that the work would keep busy if nobody left."""
        return self.arrivals * self.handling


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How a pool fares in the long run. Shares are of all who come; `asa_s` is over the answered.

    `asa_s` is None where the queue grows without end.
    """

    model: str
    agents: int
    p_wait: float
    asa_s: float | None
    service_level: float
    abandon_rate: float
    occupancy: float


def erlang_b(agents: int, erlangs: float) -> float:
    """Return the share of time in which all `agents` are busy if nobody may wait.

    The recursion B(n) = a B(n-1) / (n + a B(n-1)) has no subtraction and no large number, so it is exact for any size.
    Source: Jagerman 1974, doi:10.1002/j.1538-7305.1974.tb02756.x.
    """
    blocked = 1.0
    for agent in range(1, agents + 1):
        blocked = erlangs * blocked / (agent + erlangs * blocked)
    return blocked


def erlang_c(load: Load, agents: int, within: float) -> Figures:
    """Return how `agents` fare with `load` if nobody leaves; `within` seconds is the service level's bound.

    P(wait > t) = C exp(-(c mu - lambda) t), C from Erlang B. With fewer agents than work everybody waits for ever.
    Source: Gans, Koole & Mandelbaum 2003, doi:10.1287/msom.5.2.79.16071.
    """
    share = load.erlangs / agents
    if share >= 1:
        return Figures(
            model="erlang-c", agents=agents, p_wait=1.0, asa_s=None, service_level=0.0, abandon_rate=0.0, occupancy=1.0
        )
    blocked = erlang_b(agents, load.erlangs)
    p_wait = blocked / (1 - share * (1 - blocked))
    surplus = (agents - load.erlangs) / load.handling
    return Figures(
        model="erlang-c",
        agents=agents,
        p_wait=p_wait,
        asa_s=p_wait / surplus,
        service_level=1 - p_wait * math.exp(-surplus * within),
        abandon_rate=0.0,
        occupancy=share,
    )


def erlang_a(load: Load, agents: int, within: float) -> Figures:
    """Return how `agents` fare with `load` if customers leave after an exponential patience.

    The chain M/M/c+M, with time in units of the mean patience: customers come at z = lambda / theta, agents get free
    at s = c mu / theta. That i wait has the weight z^i / ((s+1)...(s+i)) if that none waits and all are busy has 1.
    Who comes then is answered with probability s / (s+i+1), after the sum of 1 / (s+j), 1 <= j <= i+1, on average.
    All terms are positive: nothing cancels.
    Source: Baccelli & Hebuterne 1981, On queues with impatient customers; Zeltyn & Mandelbaum 2005, Queueing
    Systems 51:361-402.
    """
    assert load.patience is not None
    offered, servers = load.arrivals * load.patience, agents * load.patience / load.handling
    blocked = erlang_b(agents, load.erlangs)
    sums = _sums(offered, servers)
    # Where agents are so many that 1/B is beyond a float, nobody waits.
    free = (1 / blocked - 1) * math.exp(-sums.scale) if blocked > _TINY else math.inf
    total = free + sums.waiting
    lost = sums.lost / total
    late = math.exp(_log_answered_after(within / load.patience, offered, servers) - sums.scale)
    in_time = (sums.waiting - sums.lost - late) / total if total < math.inf else 0.0
    return Figures(
        model="erlang-a",
        agents=agents,
        p_wait=sums.waiting / total,
        asa_s=load.patience * sums.answered_wait / total / (1 - lost),
        service_level=min(1.0, 1 - sums.waiting / total + max(0.0, in_time)),
        abandon_rate=lost,
        occupancy=min(1.0, load.erlangs * (1 - lost) / agents),
    )


_TINY = 1e-300
_LARGE = 1e200


class _Sums(msgspec.Struct, frozen=True):
    """Sums over how many wait, times exp(-scale): weights, those of who will leave, those of waits of the answered."""

    waiting: float
    lost: float
    answered_wait: float
    scale: float


def _sums(offered: float, servers: float) -> _Sums:
    weight, scale = 1.0, 0.0
    waiting = lost = answered_wait = delay = 0.0
    rate = servers
    while True:
        rate += 1
        delay += 1 / rate
        waiting += weight
        lost += weight * (rate - servers) / rate
        answered_wait += weight * servers / rate * delay
        weight *= offered / rate
        if weight > _LARGE:
            weight, waiting, lost, answered_wait = (value / _LARGE for value in (weight, waiting, lost, answered_wait))
            scale += math.log(_LARGE)
        if _negligible(weight, offered / rate, waiting):
            return _Sums(waiting, lost, answered_wait, scale)


def _negligible(term: float, ratio: float, total: float) -> bool:
    """Tell whether what is left of a series, at most geometric from `term` on, is lost in `total`'s last digit."""
    return ratio < 1 and term < 1e-17 * total * (1 - ratio)


def _log_answered_after(bound: float, offered: float, servers: float) -> float:
    """Return the logarithm of the weight of those who are answered after more than `bound`.

    The wait that an arrival would have to bear has the density s exp(z (1 - exp(-x)) - s x), and he bears it with
    probability exp(-x). With y = exp(-bound), the integral is s / (s+1) exp(z (1-y)) y^(s+1) times the series of
    (z y)^k / ((s+2)...(s+1+k)), an incomplete gamma function.
    """
    left = math.exp(-bound)
    log_factor = math.log(servers / (servers + 1)) - offered * math.expm1(-bound) - (servers + 1) * bound
    return log_factor + _log_series(offered * left, servers + 1)


def _log_series(top: float, bottom: float) -> float:
    """Return the logarithm of the sum over k >= 0 of top^k / ((bottom+1)...(bottom+k))."""
    term, total, scale, rate = 1.0, 0.0, 0.0, bottom
    while True:
        rate += 1
        total += term
        term *= top / rate
        if term > _LARGE:
            term, total, scale = term / _LARGE, total / _LARGE, scale + math.log(_LARGE)
        if _negligible(term, top / rate, total):
            return math.log(total) + scale
