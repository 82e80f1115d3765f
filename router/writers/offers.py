"""Writers of offers."""

from typing import Any

from queues.interaction import PLAIN, Interaction, Offer, OfferState
from queues.lifecycle import InteractionState
from router import events as e
from router.state import State
from router.writers.change import Writers, changing, changing_agent, end_offer, enter, go, occupy, release
from router.writers.learned import learn_wait
from vocabulary.instants import Instant

S = InteractionState


def _offer_lost(state: State, event: Any, to: OfferState, reason: str, barred_until: Instant | None) -> Interaction:
    """An offer ended unaccepted: the interaction is back at its place unless another agent still has an offer."""
    end_offer(state, event.offer, to, reason)
    release(state, event.agent, event.interaction, None)
    interaction = changing(state, event.interaction)
    interaction.offers = tuple(offer for offer in interaction.offers if offer != event.offer)
    if barred_until is not None:
        interaction.barred = {**interaction.barred, event.agent: barred_until}
        state.deadlines.put(barred_until, "bar", interaction.id)
    if interaction.consult is None:
        go(interaction, "offer ended", S.OFFERED if interaction.offers else S.WAITING)
    else:
        state.deadlines.put(interaction.consult.until, "consult", interaction.id)
    state.index.put(interaction)
    return interaction


def _offered(state: State, event: e.Offered) -> None:
    at, id = event.at, event.offer
    interaction = changing(state, event.interaction)
    if state.undo is not None:
        state.undo.offers[id] = None
    state.offers[id] = Offer(
        id=id,
        interaction=event.interaction,
        agent=event.agent,
        state="pending",
        offered_at=at,
        expires_at=event.expires_at,
    )
    if event.expires_at > at:
        state.deadlines.put(event.expires_at, "offer", id)
    if interaction.seldom is PLAIN or interaction.consult is None:
        go(interaction, "offered", S.OFFERED)
    interaction.offers = (*interaction.offers, id) if interaction.offers else (id,)
    interaction.offers_made += 1
    if interaction.terms.parallel > 1:
        state.index.put(interaction)
    else:
        state.index.take(interaction)
    occupy(state, event.agent, interaction, event.cost, "offer", at, event.flagged).offered_at = at


def _offer_accepted(state: State, event: e.OfferAccepted) -> None:
    at = event.at
    end_offer(state, event.offer, "accepted")
    interaction = changing(state, event.interaction)
    if interaction.state is S.OFFERED:
        learn_wait(state, interaction, at)
        go(interaction, "accepted", S.ACTIVE)
    else:
        go(interaction, "warm transfer accepted", S.ACTIVE)
    state.index.take(interaction)
    interaction.agent = event.agent
    interaction.accepted_at = at
    interaction.offers = ()
    if interaction.seldom is not PLAIN:
        interaction.hold_until = None
        interaction.only_agent = None
    cost = state.agents[event.agent].holds[event.interaction].cost
    occupy(state, event.agent, interaction, cost, "active", at).misses = 0


def _offer_declined(state: State, event: e.OfferDeclined) -> None:
    interaction = _offer_lost(state, event, "declined", event.reason, event.barred_until)
    interaction.declined_by |= {event.agent}


def _offer_expired(state: State, event: e.OfferExpired) -> None:
    _offer_lost(state, event, "expired", "timeout", None)
    agent = changing_agent(state, event.agent)
    agent.misses = event.misses
    agent.missed_at = event.at
    agent.cooling_until = event.cooling_until
    state.deadlines.put(event.cooling_until, "cool_down", agent.id)


def _offer_withdrawn(state: State, event: e.OfferWithdrawn) -> None:
    _offer_lost(state, event, "withdrawn", event.reason, event.barred_until)


def _breaker_tripped(state: State, event: e.BreakerTripped) -> None:
    enter(state, state.tripped, event.queue, event.until)


WRITERS: Writers = {
    e.Offered: _offered,
    e.OfferAccepted: _offer_accepted,
    e.OfferDeclined: _offer_declined,
    e.OfferExpired: _offer_expired,
    e.OfferWithdrawn: _offer_withdrawn,
    e.BreakerTripped: _breaker_tripped,
}
