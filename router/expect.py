"""Position and expected wait (semantics.md section 14).

What stands here is quick enough for the writer's path. Where agents differ in what they serve (`one_pool` is False),
`router.lookahead` tells more, off that path.
"""

from collections.abc import Iterator, Mapping

import msgspec

from agents.agent import Agent
from agents.availability import is_staffing
from queues.calibration import calibrated
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from queues.measured import UNMEASURED, Measured
from router.closed_form import Estimate, Overtaking, wait_behind
from router.facing import Share, facing
from router.index import Pool
from router.policy import Policy
from router.state import State
from vocabulary.ids import InteractionId, QueueName
from vocabulary.instants import Instant, Span


def position(state: State, id: InteractionId, now: Instant | None = None) -> int | None:
    """Return 1 + how many that share an agent with interaction `id` would be served before it; None if it doesn't wait.

    An agent takes all of a queue that he serves first before any of another (semantics.md section 7); where the shared
    agents differ in that, the majority decides. `now` counts where queues order by wait over target.
    """
    interaction = state.interactions.get(id)
    if interaction is None or interaction.state is not InteractionState.WAITING:
        return 1 if interaction is not None and interaction.state is InteractionState.OFFERED else None
    return 1 + facing(state, interaction, now).ahead


def one_pool(state: State, id: InteractionId) -> bool:
    """Tell whether `expected_wait` is as good as it gets for `id`; otherwise a look-ahead tells more."""
    interaction = state.interactions.get(id)
    if interaction is None or interaction.state is not InteractionState.WAITING:
        return True
    return facing(state, interaction, None).one_pool


def staffed(state: State, queue: QueueName) -> int:
    """Return how many members of `queue` are connected and available or busy."""
    return sum(is_staffing(agent) for agent in state.agents_of(queue))


def expected_wait(
    state: State,
    policy: Policy,
    id: InteractionId,
    now: Instant | None = None,
    measured: Mapping[QueueName, Measured] | None = None,
) -> tuple[Span, Span] | None:
    """Return the 10th and 90th percentile of the wait still ahead of interaction `id`, ms; None if nobody can say.

    Corrected by what really happened. Hidden when nobody is staffed or fewer recent samples than the policy asks for.
    """
    estimate = closed_form(state, policy, id, now, measured)
    if estimate is None:
        return None
    return calibrated(estimate.interval, known_of(state, state.interactions[id].queue, measured).calibration)


def closed_form(
    state: State,
    policy: Policy,
    id: InteractionId,
    now: Instant | None = None,
    measured: Mapping[QueueName, Measured] | None = None,
) -> Estimate | None:
    """Return what the wait is expected to be if all who may serve `id` were one pool, uncorrected; None as above.

    `now` defaults to when `id` was enqueued, `measured` to what the state knows.
    """
    interaction = state.interactions.get(id)
    if interaction is None or interaction.state not in (InteractionState.WAITING, InteractionState.OFFERED):
        return None
    known = known_of(state, interaction.queue, measured)
    if known.handling.count < policy.estimate_samples_min:
        return None
    now = interaction.enqueued_at if now is None else now
    faced = facing(state, interaction, now)
    served = _places(state, faced.pools, interaction)
    if not served:
        return None
    ahead = faced.ahead if interaction.state is InteractionState.WAITING else 0
    traffic = tuple(_traffic(state, faced.pools, interaction, measured))
    return wait_behind(
        ahead,
        served / _handling(traffic, known, now),
        known.leaving,
        tuple(_overtaking(traffic, policy, interaction, now)),
    )


def known_of(state: State, queue: QueueName, measured: Mapping[QueueName, Measured] | None) -> Measured:
    """Return what `queue` has shown."""
    return (state.measured if measured is None else measured).get(queue, UNMEASURED)


def _places(state: State, pools: tuple[Pool, ...], interaction: Interaction) -> int:
    """Return how many of its medium all who are staffed and may serve `interaction` can hold at once."""
    if interaction.only_agent is not None:
        only = state.agents.get(interaction.only_agent)
        return places(only, interaction.medium) if only is not None else 0
    medium = interaction.medium
    return sum(places(agent, medium) for pool in pools for agent in pool.agents.values() if agent.connected)


def places(agent: Agent, medium: str) -> int:
    """Return how many interactions of `medium` the agent can hold at once, 0 if he isn't staffed."""
    if not is_staffing(agent):
        return 0
    limit = agent.profile.limit(medium)
    fit = agent.profile.capacity // limit.cost if limit.cost else 1
    return min(fit, limit.max) if limit.max is not None else fit


class Traffic(msgspec.Struct, frozen=True, gc=False):
    """What arrives in a queue for an interaction's agents: `part` of it, and whether they serve it sooner or later."""

    queue: QueueName
    known: Measured
    part: float
    share: Share


def _traffic(
    state: State, pools: tuple[Pool, ...], interaction: Interaction, measured: Mapping[QueueName, Measured] | None
) -> Iterator[Traffic]:
    """Iterate over the queues whose arrivals are measured and that agents of `pools` serve."""
    for queue, known in (state.measured if measured is None else measured).items():
        share = Share()
        for pool in pools:
            membership, own = pool.queues.get(queue), pool.queues.get(interaction.queue)
            if membership is not None:
                agents, mine = len(pool.agents), own.priority if own is not None else membership.priority
                share.agents += agents
                share.sooner += agents * (membership.priority < mine)
                share.later += agents * (membership.priority > mine)
        if share.agents:
            yield Traffic(queue, known, min(1.0, share.agents / len(state.members[queue])), share)


def _handling(traffic: tuple[Traffic, ...], own: Measured, now: Instant) -> float:
    """Return the mean handling of what the agents do, ms: of all their queues by how much arrives in each."""
    weights = work = 0.0
    for each in traffic:
        if each.known.handling.count:
            weight = each.part * each.known.arriving_in_all(now)
            weights += weight
            work += weight * each.known.handling.mean
    return work / weights if weights else own.handling.mean


def _overtaking(
    traffic: tuple[Traffic, ...], policy: Policy, interaction: Interaction, now: Instant
) -> Iterator[Overtaking]:
    """Iterate over the newcomers who go before `interaction`: of a higher class, or due earlier for some time."""
    for each in traffic:
        if 2 * each.share.later > each.share.agents:
            continue
        first = 2 * each.share.sooner > each.share.agents
        queue = policy.queues.get(each.queue)
        ahead_for = interaction.due_at - queue.target - now if queue is not None and not interaction.pace else 0
        for class_ in each.known.arrivals:
            rate = each.part * each.known.arriving(class_, now)
            if first or class_ < interaction.class_:
                yield Overtaking(rate)
            elif class_ == interaction.class_ and each.queue != interaction.queue and ahead_for > 0:
                yield Overtaking(rate, float(ahead_for))
