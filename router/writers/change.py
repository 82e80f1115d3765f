"""What every writer needs: an object about to change, its state, what it occupies of an agent."""

from collections.abc import Callable
from typing import Any

from agents.agent import BUSY, WORK, Agent, Hold, HoldKind
from agents.busy import share_after
from queues.interaction import Interaction, OfferState
from queues.lifecycle import WAYS, InteractionState
from router import events as e
from router.state import State
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant

S = InteractionState
Writers = dict[type[Any], Callable[[State, Any], None]]
NOTHING: dict[Any, Any] = {}
"""One for all: what a field holds is never written into, and an empty dict for each would weigh as much as the rest."""

SLOT = "slot"


def changing(state: State, id: InteractionId) -> Interaction:
    """Return interaction `id`, which is about to change."""
    if state.undo is not None:
        state.undo.interaction(id)
    return state.interactions[id]


def changing_agent(state: State, id: AgentId) -> Agent:
    """Return agent `id`, who is about to change."""
    if state.undo is not None:
        state.undo.agent(id)
    agent = state.agents[id]
    state.index.touch(agent)
    return agent


def enter(state: State, table: dict[Any, Any], key: Any, value: Any) -> None:
    """Let `table` of the state have `value` at `key`."""
    if state.undo is not None:
        state.undo.entry(table, key)
    table[key] = value


def go(interaction: Interaction, by: str, to: InteractionState) -> None:
    """Let an interaction be in another state, by a way that the lifecycle lists."""
    state = interaction.state
    assert (state, by, to) in WAYS, f"{interaction.id}: no way from {state} to {to} by {by!r}"
    interaction.state = to


def book(state: State, interaction: Interaction, by: int) -> None:
    """Take or give back a place in the window in which `interaction` is to be called."""
    assert interaction.scheduled_at is not None, f"{interaction.id} has no appointment"
    window = (interaction.queue, interaction.scheduled_at)
    enter(state, state.booked, window, state.booked.get(window, 0) + by)


def leave_window(state: State, interaction: Interaction) -> None:
    """Give back the place that `interaction` has booked, if it has."""
    if interaction.scheduled_for == SLOT and interaction.state is S.SCHEDULED:
        book(state, interaction, -1)
        interaction.scheduled_for = ""


def occupy(
    state: State,
    id: AgentId,
    interaction: Interaction,
    cost: int,
    kind: HoldKind,
    at: Instant,
    flagged: bool = False,
) -> None:
    """Let `interaction` occupy `cost` units of an agent, in the place of what it occupied before."""
    agent = changing_agent(state, id)
    before = agent.holds.get(interaction.id)
    if before is not None:
        agent.used -= before.cost
        flagged = flagged or before.flagged
    agent.used += cost
    beyond = flagged or agent.used > agent.profile.capacity
    agent.holds = {**agent.holds, interaction.id: Hold(interaction.medium, cost, kind, beyond)}
    if kind == "active" and agent.busy_at is None:
        agent.busy_at = at


def release(state: State, id: AgentId | None, interaction: InteractionId, at: Instant | None) -> None:
    """Free what `interaction` occupies; `at`: he is idle from now on. None leaves his place among the idle."""
    if id is None or id not in state.agents or interaction not in state.agents[id].holds:
        return
    agent = changing_agent(state, id)
    holds = dict(agent.holds)
    hold = holds.pop(interaction)
    agent.used -= hold.cost
    agent.holds = holds
    if at is not None and hold.kind in WORK:
        rest(agent, at)


def rest(agent: Agent, at: Instant) -> None:
    """Write down how busy he was until this release."""
    worked_from = at if agent.busy_at is None else max(agent.busy_at, agent.idle_since)
    agent.busy = share_after(agent.busy, worked_from - agent.idle_since, at - worked_from)
    agent.idle_since = at
    agent.busy_at = at if any(hold.kind in BUSY for hold in agent.holds.values()) else None


def end_offer(state: State, id: OfferId, to: OfferState, reason: str = "") -> None:
    """Let offer `id` be over."""
    if state.undo is not None:
        state.undo.offer(id)
    offer = state.offers[id]
    offer.state = to
    offer.reason = reason


def nothing(state: State, event: e.AnyEvent) -> None:
    """A fact for readers of the log that changes no state."""


WRITERS: Writers = {
    e.AutoReplySuppressed: nothing,
    e.WarningRaised: nothing,
    e.DeliveryReported: nothing,
    e.Assigned: nothing,
    e.SpamMarked: nothing,
    e.CustomerTold: nothing,
}
