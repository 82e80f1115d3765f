"""Strategy `optimal` (semantics.md section 7): who is quick at what, weighed against who waits.

A freed agent looks at the first interactions that are open to him and takes the one with the least cost: when it is
due, plus how much longer than others he needs for it, weighed by how many wait behind. A second that he saves is a
second for the one that he takes and a tenth of one for each behind it: whoever is free a second sooner moves all of
them up. So with nobody else waiting something that is due 20 s later goes first only if he saves more than 20 s by it;
with 10 behind, if he saves more than 10 s; with 49, which is the most that counts, if he saves more than 3.4 s. Hence
overtaking is bounded: by less than six times what he saves. docs/decisions/0014 has the figures.

Several agents who choose at once (a restart, the start of a shift, wrap-ups that end at one instant) and who could take
what comes due at one instant are assigned together, as cheaply as possible. Nothing ever waits for such a moment.
"""

from collections.abc import Sequence
from itertools import islice

from agents.agent import Agent
from queues.interaction import Interaction
from router.assignment import cheapest
from router.policy import Policy
from router.state import State
from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span

AHEAD = 50
"""So many interactions a freed agent looks at."""
TOGETHER = 50
"""So many agents are assigned at once; more go in turns."""
TOGETHER_AHEAD = 200
"""So many interactions each of them looks at."""
BEHIND = 10
"""A second saved is worth as much for so many who wait behind as for the one that is taken."""
OWN_FROM = 5
"""An agent's own mean counts as much as everybody's once he has handled so many."""


def predicted(agent: Agent, label: str, state: State) -> Span:
    """Return how long `agent` will need for `label`, ms: his own mean drawn towards everybody's while he has few."""
    usual = typical(label, state)
    count, total = agent.handling.get(label, (0, 0))
    return (total + OWN_FROM * usual) // (count + OWN_FROM)


def typical(label: str, state: State) -> Span:
    """Return the mean handling time of `label` over all agents, ms; 0 if nobody knows."""
    count, total = state.typical.get(label, (0, 0))
    return total // count if count else 0


def best_for(agent: Agent, first: Interaction, state: State, policy: Policy) -> Interaction:
    """Return which of the first interactions that are open to `agent` he should take; `first` comes first of them."""
    open_to_him = _ahead(agent, first, state, policy, AHEAD)
    behind = len(open_to_him) - 1
    return min(open_to_him, key=lambda each: (_cost(agent, each, state, behind), each.key), default=first)


def _cost(agent: Agent, interaction: Interaction, state: State, behind: int) -> int:
    """Return what it costs that `agent` takes `interaction` while `behind` others wait on; in ms times `BEHIND`."""
    label = interaction.label
    longer = predicted(agent, label, state) - typical(label, state)
    return BEHIND * interaction.due_at + (BEHIND + min(behind, AHEAD - 1)) * longer


def _ahead(agent: Agent, first: Interaction, state: State, policy: Policy, at_most: int) -> list[Interaction]:
    """Return the first interactions that `agent` could take, of the same priority and class as `first`, in order.

    What is kept for him, or may not go to everybody, is taken as it comes.
    """
    if first.line < 0:
        return [first]
    ahead = state.index.ahead_for(agent, first, lambda queue: looks_ahead(policy, queue))
    return list(islice(ahead, at_most))


def looks_ahead(policy: Policy, queue: QueueName) -> bool:
    """Tell whether `queue` has this strategy."""
    found = policy.queues.get(queue)
    return found is not None and found.strategy == "optimal"


def together(agents: Sequence[Agent], state: State, policy: Policy, now: Instant) -> list[tuple[Agent, Interaction]]:
    """Return which of `agents` should take what, all at once; those who find nothing are left out.

    Each gets at most one interaction, of the lowest priority and class that is open to him.
    """
    open_to: list[tuple[Agent, list[Interaction]]] = []
    for agent in agents[:TOGETHER]:
        first = state.index.first_for(agent, now)
        if first is not None and looks_ahead(policy, first.queue):
            open_to.append((agent, _ahead(agent, first, state, policy, TOGETHER_AHEAD)))
    columns = sorted({each.id: each for _, mine in open_to for each in mine}.values(), key=lambda each: each.key)
    if not columns:
        return []
    place = {each.id: column for column, each in enumerate(columns)}
    behind = max(0, len(columns) - len(open_to))
    # Nothing costs as much as leaving an agent without work beside some that he could do.
    dues = [each.due_at for each in columns]
    never = 4 * (BEHIND + AHEAD) * (max(dues) - min(dues) + _DEAR) * len(open_to)
    costs = []
    for agent, mine in open_to:
        row = [never] * (len(columns) + len(open_to))
        for each in mine:
            row[place[each.id]] = _cost(agent, each, state, behind) - BEHIND * columns[0].due_at
        costs.append(row)
    chosen = zip(open_to, cheapest(costs), strict=True)
    return [
        (agent, columns[column])
        for (agent, mine), column in chosen
        if column < len(columns) and any(each is columns[column] for each in mine)
    ]


_DEAR = 1 << 32
"""Longer than any handling time, ms."""
