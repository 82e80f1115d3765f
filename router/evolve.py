"""`evolve`: write an event into the state. The only writer of `State`; it decides nothing."""

from collections.abc import Callable
from typing import Any

from agents.agent import Agent
from agents.availability import is_staffing
from queues.interaction import PLAIN, Interaction, Offer, queue_terms
from queues.lifecycle import InteractionState
from router import events as e
from router.state import State, schedule, schedule_agent
from router.writers import change, clocks, company, contacts, legs, offers, people, sendings, waiting
from router.writers.change import SLOT, book
from router.writers.people import index_members, staff
from router.writers.sendings import expect


def evolve(state: State, event: e.AnyEvent) -> None:
    """Write `event` into `state`."""
    WRITERS[type(event)](state, event)


def restore_interaction(state: State, interaction: Interaction) -> None:
    """Put an interaction of a checkpoint into `state`."""
    terms = interaction.terms
    interaction.terms = queue_terms(terms.credit, terms.target, terms.pace, terms.parallel)
    if interaction.seldom == PLAIN:
        interaction.seldom = PLAIN
    state.interactions[interaction.id] = interaction
    state.index.put(interaction)
    schedule(state, interaction)
    if interaction.scheduled_for == SLOT and interaction.state is InteractionState.SCHEDULED:
        book(state, interaction, 1)
    if interaction.agreement is not None:
        state.promised[interaction.id] = None
    if interaction.sendings:
        expect(state, interaction)


def restore_agent(state: State, agent: Agent) -> None:
    """Put an agent of a checkpoint into `state`."""
    state.agents[agent.id] = agent
    state.index.put_agent(agent)
    schedule_agent(state, agent)
    index_members(state, agent.id, {}, agent.profile.queues)
    if is_staffing(agent):
        staff(state, agent, 1)


def restore_offer(state: State, offer: Offer) -> None:
    """Put an offer of a checkpoint into `state`."""
    state.offers[offer.id] = offer
    if offer.state == "pending":
        state.deadlines.put(offer.expires_at, "offer", offer.id)


WRITERS: dict[type[Any], Callable[[State, Any], None]] = {
    **change.WRITERS,
    **legs.WRITERS,
    **waiting.WRITERS,
    **offers.WRITERS,
    **contacts.WRITERS,
    **company.WRITERS,
    **clocks.WRITERS,
    **people.WRITERS,
    **sendings.WRITERS,
}
