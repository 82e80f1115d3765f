"""The guard of steps: whether those who would help out have enough to do already (semantics.md section 5).

Near saturation, early relaxation makes everybody wait: the help takes longer than the work of one's own.
"""

from collections.abc import Iterable

from agents.agent import Agent
from agents.availability import is_staffing
from queues.backlog import Signature
from queues.demand import Demand, window
from router.expect import places
from router.index import Pool
from router.state import State
from vocabulary.instants import Instant

SAMPLES_MIN = 20
"""Below so many handling times nobody knows the load, and the guard is open."""
FOREIGN = (5, 4)
"""How much longer foreign work takes, until it is measured: 1.25 times."""
_WHOLE = 1_000_000
"""One agent, in the parts that his share of the work is counted in."""


def lenders_load(state: State, before: Signature, after: Signature, stream: str, now: Instant) -> int | None:
    """Return the load of the lenders in per cent, rounded up; None if nobody knows or none of them is staffed.

    The lenders are the agents who may serve what waits under `after` and not what waits under `before`; `stream` is
    the kind of work that would be lent to them.

    Load = own arrivals per ms x handling time of own work x foreign factor / staffed lenders. In detail:

    - Own work of an agent is every kind of work (queue, medium, requirements on arrival) whose queue he serves and
      whose requirements he meets. Its arrivals in this minute of the clock and the 14 before it are spread evenly over
      all staffed agents who can do it.
    - Its handling time is the mean of the latest (100 to 200) that agents had whose own work it was; a kind without any
      gets the mean over the other kinds.
    - Work of which an agent may have several at once counts that much less of him: a chat of three is a third.
    - The foreign factor is the mean handling of `stream` by agents whose own work it was not, over the mean by the
      others, if there are 20 samples of both; else 1.25.
    """
    pools = [pool for pool in state.index.pools() if pool.agents]
    lenders = [pool for pool in pools if pool.priority_of(before) is None and pool.priority_of(after) is not None]
    staffed = sum(is_staffing(agent) for pool in lenders for agent in pool.agents.values())
    own = [demand for demand in state.demand.values() if any(is_own(pool, demand) for pool in lenders)]
    samples = sum(demand.own.count for demand in own)
    if not staffed or samples < SAMPLES_MIN:
        return None
    usual = sum(demand.own.total for demand in own) // samples
    known: dict[tuple[Pool, str], Shares] = {}
    work = sum(_work(demand, pools, lenders, usual, now, known) for demand in own)
    more, less = _foreign_factor(state.demand.get(stream))
    return -(-100 * work * more // (window(now) * staffed * _WHOLE * less))


def is_own(who: Pool | Agent, demand: Demand) -> bool:
    """Tell whether `demand` is own work of an agent, or of all agents of a pool."""
    has = who.profile if isinstance(who, Agent) else who
    skills = has.skills
    return demand.queue in has.queues and all(need.met_by(skills) for need in demand.requirements)


Shares = tuple[int, int]
"""How many agents are staffed and can do some work, and how much of them one each would take, in parts."""


def _work(
    demand: Demand,
    pools: list[Pool],
    lenders: list[Pool],
    usual: int,
    now: Instant,
    known: dict[tuple[Pool, str], Shares],
) -> int:
    """Return how long the lenders are busy with what arrived of `demand`: ms, times _WHOLE."""
    arrived = demand.arrived(now)
    if not arrived:
        return 0
    everybody, _ = _shares(demand, pools, known)
    _, lent = _shares(demand, lenders, known)
    handling = demand.own.total // demand.own.count if demand.own.count else usual
    return arrived * handling * lent // everybody if everybody else 0


def _shares(demand: Demand, pools: Iterable[Pool], known: dict[tuple[Pool, str], Shares]) -> Shares:
    """Return the shares of those agents of `pools` whose own work it is; `known` keeps what was worked out."""
    count = parts = 0
    for pool in pools:
        if is_own(pool, demand):
            key = pool, demand.medium
            if key not in known:
                known[key] = _shares_in(pool, demand.medium)
            count, parts = count + known[key][0], parts + known[key][1]
    return count, parts


def _shares_in(pool: Pool, medium: str) -> Shares:
    fits = [fit for agent in pool.agents.values() if (fit := places(agent, medium))]
    return len(fits), sum(_WHOLE // fit for fit in fits)


def _foreign_factor(demand: Demand | None) -> tuple[int, int]:
    """Return how much longer the work takes those to whom it is lent, as a fraction."""
    if demand is None or min(demand.own.count, demand.foreign.count) < SAMPLES_MIN or not demand.own.total:
        return FOREIGN
    return demand.foreign.total * demand.own.count, demand.own.total * demand.foreign.count
