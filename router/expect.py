"""Position and expected wait (semantics.md section 14)."""

import math

from agents.availability import is_staffing
from queues.backlog import Signature, signature_of
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router.policy import Policy
from router.state import State
from vocabulary.ids import AgentId, InteractionId, QueueName
from vocabulary.instants import Span

_Z90 = 1.2815515655446004
"""90th percentile of the standard normal distribution."""


def position(state: State, id: InteractionId) -> int | None:
    """Return 1 + how many that share an agent with interaction `id` would be served before it; None if it doesn't wait.

    An agent takes all of a queue that he serves first before any of another (semantics.md section 7); where the shared
    agents differ in that, the majority decides.
    """
    interaction = state.interactions.get(id)
    if interaction is None or interaction.state is not InteractionState.WAITING:
        return 1 if interaction is not None and interaction.state is InteractionState.OFFERED else None
    own = signature_of(interaction)
    mine = _servers(state, own)
    ahead = state.backlog.ahead_of(own, interaction.key)
    for signature in state.backlog.signatures():
        shared = mine & _servers(state, signature) if signature != own else set()
        if shared:
            ahead += _ahead_in(state, signature, interaction, shared)
    return 1 + ahead


def _ahead_in(state: State, signature: Signature, interaction: Interaction, shared: set[AgentId]) -> int:
    """Return how many under `signature` most of the `shared` agents would take before `interaction`."""
    queue = signature[0]
    served = [state.agents[agent].profile.queues for agent in shared]
    later = sum(queues[queue].priority > queues[interaction.queue].priority for queues in served)
    sooner = sum(queues[queue].priority < queues[interaction.queue].priority for queues in served)
    if 2 * later > len(served):
        return 0
    if 2 * sooner > len(served):
        return sum(1 for _ in state.backlog.waiting(signature))
    return state.backlog.ahead_of(signature, interaction.key)


def _servers(state: State, signature: Signature) -> set[AgentId]:
    queue, _, requirements = signature
    return {agent.id for agent in state.agents_of(queue) if agent.holds_skills(requirements)}


def staffed(state: State, queue: QueueName) -> int:
    """Return how many members of `queue` are connected and available or busy."""
    return sum(is_staffing(agent) for agent in state.agents_of(queue))


def expected_wait(state: State, policy: Policy, id: InteractionId) -> tuple[Span, Span] | None:
    """Return the 10th and 90th percentile of the wait still ahead of interaction `id`, ms; None if nobody can say.

    It waits for `position` releases of its servers. With handling times of mean m and n servers who hold k
    interactions each at most, releases come every m / (n k) on average, so the wait is Erlang distributed with
    `position` stages. Hidden when nobody is staffed or fewer recent samples than the policy asks for.
    """
    interaction = state.interactions.get(id)
    place = position(state, id)
    if interaction is None or place is None:
        return None
    samples = state.handling.get(interaction.queue, ())
    slots = sum(_slots(state, agent, interaction.medium) for agent in _servers(state, signature_of(interaction)))
    if not slots or len(samples) < policy.estimate_samples_min:
        return None
    mean = sum(samples) / len(samples) / slots
    return _erlang_quantile(place, mean, -_Z90), _erlang_quantile(place, mean, _Z90)


def _slots(state: State, id: AgentId, medium: str) -> int:
    """Return how many interactions of `medium` the agent can hold at once, 0 if he isn't staffed."""
    agent = state.agents[id]
    if not is_staffing(agent):
        return 0
    limit = agent.profile.limit(medium)
    fit = agent.profile.capacity // limit.cost if limit.cost else 1
    return min(fit, limit.max) if limit.max is not None else fit


def _erlang_quantile(stages: int, mean_of_stage: float, z: float) -> Span:
    """Return a quantile of an Erlang distribution, ms, by its normal score `z`.

    Source: Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684: the cube root of a gamma variable is nearly normal.
    """
    shrink = 1 / (9 * stages)
    root = max(0.0, 1 - shrink + z * math.sqrt(shrink))
    return round(stages * mean_of_stage * root * root * root)
