"""What is learnt on the way: arrivals, waits, handling times."""

from agents.agent import Agent
from queues.backlog import signature_of
from queues.demand import Demand, key_of
from queues.interaction import PLAIN, Interaction
from queues.lifecycle import InteractionState
from queues.measured import Measured
from router.lending import is_own
from router.state import State
from router.writers.change import enter, leave_out
from vocabulary.ids import QueueName
from vocabulary.instants import Instant

S = InteractionState
STREAMS_MAX = 1_000
"""So many kinds of work at most are counted for the guard of steps."""


def count_arrival(state: State, interaction: Interaction, at: Instant) -> None:
    """Count an arrival; where too many kinds of work are known, the one that has not come for longest is forgotten."""
    signature = signature_of(interaction)
    key = interaction.stream = key_of(signature)
    known = state.demand.get(key)
    if known is None:
        known = Demand(signature.queue, signature.medium, signature.requirements)
        if len(state.demand) >= STREAMS_MAX:
            oldest = min(state.demand, key=lambda each: (state.demand[each].last, each))
            leave_out(state, state.demand, oldest)
    enter(state, state.demand, key, known.with_arrival(at))


def measured(state: State, queue: QueueName) -> Measured:
    """Return what `queue` has shown, which is about to change."""
    known, undo = state.measured.get(queue), state.undo
    if undo is None and known is not None:
        return known
    if undo is not None and queue not in undo.measured:
        undo.measured[queue] = None if known is None else known.copied()
    if known is None:
        known = state.measured[queue] = Measured()
    return known


def learn_wait(state: State, interaction: Interaction, at: Instant, left: bool = False) -> None:
    """Keep how long this leg waited, and how that agrees with what was expected."""
    if interaction.seldom is not PLAIN and interaction.rested:
        return
    known = measured(state, interaction.queue)
    known.add_wait(at - interaction.enqueued_at, left)
    if interaction.seldom is not PLAIN and not left:
        shown, asked_at = interaction.estimate, interaction.estimated_at
        if shown is not None and asked_at is not None:
            known.add_outcome(shown, at - asked_at)


def learn_handling(state: State, interaction: Interaction, agent: Agent | None, handling: int) -> None:
    """Keep how long it took: the queue's latest, and the agent's sum for the label; for the guard, by kind of work.

    `agent`: whose it was, who is changing; None: he is no more.
    """
    label = interaction.label
    measured(state, interaction.queue).handling.add(handling)
    count, total = state.typical.get(label, NO_HANDLING)
    enter(state, state.typical, label, (count + 1, total + handling))
    if agent is not None:
        sums = agent.handling
        count, total = sums.get(label, NO_HANDLING)
        agent.handling = {**sums, label: (count + 1, total + handling)}
        demand = state.demand.get(interaction.stream) if state.demand else None
        if demand is not None:
            known = demand.with_handling(handling, foreign=not is_own(agent, demand))
            enter(state, state.demand, interaction.stream, known)


NO_HANDLING = (0, 0)
