"""What every writer needs: an object about to change, its state, what it occupies of an agent."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from agents.agent import BUSY, WORK, Agent, Hold, HoldKind
from agents.busy import share_after
from queues.interaction import Interaction, Offer, OfferState
from queues.lifecycle import WAYS, InteractionState
from router import events as e
from router.state import ABSENT, State, copy
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant

S = InteractionState
Writers = dict[type[Any], Callable[[State, Any], None]]
NOTHING: dict[Any, Any] = {}
"""One for all: what a field holds is never written into, and an empty dict for each would weigh as much as the rest."""

SLOT = "slot"


def changing(state: State, id: InteractionId) -> Interaction:
    """Return interaction `id`, which is about to change."""
    interaction = state.interactions[id]
    undo = state.undo
    if undo is not None and id not in undo.interactions:
        undo.interactions[id] = (interaction, copy(interaction))
    return interaction


def changing_agent(state: State, id: AgentId) -> Agent:
    """Return agent `id`, who is about to change."""
    agent = state.agents[id]
    undo = state.undo
    if undo is not None and id not in undo.agents:
        undo.agents[id] = (agent, copy(agent))
    state.index.touched[id] = agent
    return agent


def changing_offer(state: State, id: OfferId) -> Offer:
    """Return offer `id`, which is about to change."""
    offer = state.offers[id]
    undo = state.undo
    if undo is not None and id not in undo.offers:
        undo.offers[id] = (offer, copy(offer))
    return offer


def enter(state: State, table: dict[Any, Any], key: Any, value: Any) -> None:
    """Let `table` of the state have `value` at `key`."""
    if state.undo is not None:
        state.undo.entries.append((table, key, table.get(key, ABSENT)))
    table[key] = value


def leave_out(state: State, table: dict[Any, Any], key: Any) -> None:
    """Let `table` of the state have nothing at `key`."""
    if state.undo is not None:
        state.undo.entries.append((table, key, table[key]))
    del table[key]


def without(table: dict[Any, Any], key: Any) -> dict[Any, Any]:
    """Return `table` without `key`."""
    return {each: value for each, value in table.items() if each != key}


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
) -> Agent:
    """Let `interaction` occupy `cost` units of agent `id`, in the place of what it occupied before; return him."""
    agent = changing_agent(state, id)
    used = agent.used + cost
    before = agent.holds.get(interaction.id)
    if before is not None:
        used -= before.cost
        flagged = flagged or before.flagged
    agent.used = used
    beyond = flagged or used > agent.profile.capacity
    agent.holds = {**agent.holds, interaction.id: Hold(interaction.medium, cost, kind, beyond)}
    if kind == "active" and agent.busy_at is None:
        agent.busy_at = at
    return agent


def release(state: State, id: AgentId | None, interaction: InteractionId, at: Instant | None) -> None:
    """Free what `interaction` occupies; `at`: he is idle from now on. None leaves his place among the idle."""
    if id is None or id not in state.agents or interaction not in state.agents[id].holds:
        return
    agent = changing_agent(state, id)
    holds = agent.holds.copy()
    hold = holds.pop(interaction)
    agent.used -= hold.cost
    agent.holds = holds
    if at is not None and hold.kind in WORK:
        rest(agent, at)


def rest(agent: Agent, at: Instant) -> None:
    """Write down how busy he was until this release."""
    since, busy_at = agent.idle_since, agent.busy_at
    worked_from = at if busy_at is None else max(busy_at, since)
    agent.busy = share_after(agent.busy, worked_from - since, at - worked_from)
    agent.idle_since = at
    agent.busy_at = at if agent.holds and any(hold.kind in BUSY for hold in agent.holds.values()) else None


def hush(interaction: Interaction) -> None:
    """Let nobody wait for its customer to break a silence, whatever replies are taken back later."""
    interaction.silent_at = None
    if interaction.held_back:
        interaction.held_back = tuple(replace(each, silent_at=None) for each in interaction.held_back)


def end_offer(state: State, id: OfferId, to: OfferState, reason: str = "") -> None:
    """Let offer `id` be over."""
    offer = changing_offer(state, id)
    offer.state = to
    offer.reason = reason


def nothing(state: State, event: e.AnyEvent) -> None:
    """A fact for readers of the log that changes no state."""


WRITERS: Writers = {
    e.AutoReplySuppressed: nothing,
    e.WarningRaised: nothing,
    e.DeliveryReported: nothing,
    e.DeliveryAskedAgain: nothing,
    e.Assigned: nothing,
    e.SpamMarked: nothing,
    e.CustomerTold: nothing,
}
