"""Offers: accept, decline, expire (semantics.md section 8)."""

from queues.consult import sought
from queues.interaction import Offer
from queues.policy import BARRED, BREAKER_MIN, BREAKER_WINDOW, COOL_DOWNS
from router import events as e
from router.commands import AcceptOffer, DeclineOffer
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import end_hold_of, give, lift_only, refused_by, wait_no_longer, withdraw

_ENDED = {
    "accepted": "It was accepted already.",
    "declined": "It was declined.",
    "expired": "Its time to answer was over.",
    "withdrawn": "It was withdrawn.",
}


def accept(draft: Draft, command: AcceptOffer) -> Refusal | None:
    """Give the interaction to the agent. A second accept by him changes nothing; anybody else's comes too late.

    What is due was done first, so an accept behind the deadline finds the offer expired: the deadline is the server's.
    """
    offer: Offer | None = draft.state.offers.get(command.offer)
    if offer is None or offer.agent != command.agent:
        return unknown("offer", command.offer)
    if offer.state == "accepted" and draft.state.interactions[offer.interaction].agent == command.agent:
        return None
    if offer.state != "pending":
        return refuse("conflict", f"offer_{offer.state}", _detail(offer))
    give(draft, offer.id)
    return None


def decline(draft: Draft, command: DeclineOffer) -> Refusal | None:
    """Take the offer back; the interaction returns to its place and rings elsewhere."""
    offer: Offer | None = draft.state.offers.get(command.offer)
    if offer is None or offer.agent != command.agent:
        return unknown("offer", command.offer)
    if offer.state == "declined":
        return None
    if offer.state != "pending":
        return refuse("conflict", f"offer_{offer.state}", _detail(offer))
    draft.emit(
        e.OfferDeclined(
            at=draft.now,
            offer=offer.id,
            interaction=offer.interaction,
            agent=offer.agent,
            reason=command.reason,
            barred_until=draft.now + BARRED,
        )
    )
    _after(draft, offer)
    lift_only(draft, draft.state.interactions[offer.interaction], offer.agent, "declined")
    return None


def expire(draft: Draft, id: str) -> None:
    """Nobody answered: the agent cools down, and after too many in a row he is not responding."""
    offer: Offer = draft.state.offers[id]
    agent = draft.state.agents[offer.agent]
    misses = agent.misses + 1
    draft.emit(
        e.OfferExpired(
            at=draft.now,
            offer=id,
            interaction=offer.interaction,
            agent=offer.agent,
            misses=misses,
            cooling_until=draft.now + COOL_DOWNS[min(misses, len(COOL_DOWNS)) - 1],
        )
    )
    queue = sought(draft.state.interactions[offer.interaction]).queue
    enough = misses >= draft.queue(queue).misses_max and agent.presence == "available"
    if enough and not _breaker_holds(draft, queue):
        draft.emit(
            e.PresenceChanged(
                at=draft.now, agent=offer.agent, presence="not_responding", reason="missed_offers", by="router"
            )
        )
        withdraw_all(draft, offer.agent, "agent_unavailable")
        wait_no_longer(draft, offer.agent, "not_responding")
    _after(draft, offer)


def _breaker_holds(draft: Draft, queue: str) -> bool:
    """Tell whether so many of the queue's agents miss at once that the fault is hardly theirs; an alert says so."""
    there = [agent for agent in draft.state.agents_of(queue) if agent.connected and agent.presence in _ON_DUTY]
    since = draft.now - BREAKER_WINDOW
    missed = tuple(agent.id for agent in there if agent.missed_at is not None and agent.missed_at > since)
    if len(missed) < BREAKER_MIN or 2 * len(missed) <= len(there):
        return False
    if draft.state.tripped.get(queue, 0) <= draft.now:
        draft.emit(e.BreakerTripped(at=draft.now, queue=queue, missed=missed, until=draft.now + BREAKER_WINDOW))
    return True


_ON_DUTY = ("available", "busy", "not_responding")


def _pending_offers(draft: Draft, agent: str) -> list[str]:
    held = sorted(
        (draft.state.interactions[id] for id in draft.state.agents[agent].holds), key=lambda each: each.number
    )
    return [id for interaction in held for id in interaction.offers if draft.state.offers[id].agent == agent]


def withdraw_all(draft: Draft, agent: str, reason: str) -> None:
    """Take back all that rings at `agent`."""
    for id in _pending_offers(draft, agent):
        withdraw(draft, id, reason)
        refused_by(draft, draft.state.interactions[draft.state.offers[id].interaction], agent, reason)


def _after(draft: Draft, offer: Offer) -> None:
    end_hold_of(draft, draft.interaction(offer.interaction), offer.agent)
    refused_by(draft, draft.state.interactions[offer.interaction], offer.agent, offer.state)
    draft.look_at(offer.interaction)
    draft.look_at_agent(offer.agent)
    if draft.state.interactions[offer.interaction].overflow is not None:
        draft.may_overflow(offer.interaction)


def _detail(offer: Offer) -> str:
    reason = f" ({offer.reason})" if offer.reason else ""
    return f"This offer is over: {_ENDED[offer.state]}{reason}"
