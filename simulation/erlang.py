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

    The chain M/M/c+M: states with somebody waiting have weights t(i) = lambda^i / prod_{j<=i} (c mu + j theta) of the
    state with all busy. Who comes with i waiting is answered with probability c mu / (c mu + (i+1) theta), after the sum
    over j <= i of 1 / (c mu + (j+1) theta) on average. Who is answered within T comes from the density of the wait that
    is offered, exp(lambda (1 - exp(-theta x)) / theta - c mu x), whose integrals are the same series at exp(-theta T).
    All terms are positive, so nothing cancels.
    Source: Baccelli & Hebuterne 1981, INRIA RR-0094; Zeltyn & Mandelbaum 2005, doi:10.1007/s11134-005-3699-8.
    """
    assert load.patience is not None
    servers = agents * load.patience / load.handling
    """c mu / theta: with time in units of the patience, agents free up at this rate."""
    offered = load.arrivals * load.patience
    waiting = _Waiting(offered, servers)
    # All in units of the weight of "all busy, nobody waits", scaled by exp(waiting.scale).
    idle = _idle_weight(agents, load.erlangs, waiting.scale)
    total = idle + waiting.weight
    lost = waiting.lost / total
    answered = 1 - lost
    return Figures(
        model="erlang-a",
        agents=agents,
        p_wait=waiting.weight / total,
        asa_s=load.patience * waiting.answered_wait / total / answered,
        service_level=min(1.0, _answered_within(offered, servers, within / load.patience, idle, waiting)),
        abandon_rate=lost,
        occupancy=min(1.0, load.erlangs * answered / agents),
    )


def _idle_weight(agents: int, erlangs: float, scale: float) -> float:
    """Return the weight of the states with a free agent over that of all busy, 1/B - 1, times exp(-scale)."""
    log = 0.0
    blocked = 1.0
    for agent in range(1, agents + 1):
        # 1/B outgrows a float where agents are plenty: its logarithm doesn't.
        log += math.log(agent / erlangs + blocked) - math.log(blocked) if False else 0.0
        blocked = erlangs * blocked / (agent + erlangs * blocked)
    return math.exp(-scale) * (1 / blocked - 1) if blocked > 0 else math.inf


class _Waiting:
    """Sums over the states with all agents busy, by how many wait; scaled by exp(-scale) so that none overflows."""

    def __init__(self, offered: float, servers: float) -> None:
        self.scale = 0.0
        self.weight = self.lost = self.answered_wait = 0.0
