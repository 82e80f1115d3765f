"""Offers: wait for them, accept, decline."""

import asyncio
from typing import Any

from queues.interaction import Offer
from router import commands as c
from router.explain_offer import explain_offer
from vocabulary.errors import Lagged
from vocabulary.records import Put
from web.access import Tie, authorise, tie_to_agent
from web.answers import Offers, OfferView
from web.api.handling import audit_line
from web.call import Call
from web.codes import DECLINED, OTHER, known_or
from web.endpoint import Endpoints
from web.explaining import language_of, worded
from web.feed import FeedEnded, Inbox, agent_key
from web.payloads import DeclineBecause, ExplainQuery, OfferQuery
from web.problems import Problem

endpoints = Endpoints("offers")


@endpoints.get("/agents/{id}/offers", "agent.act", "What rings at an agent; waits for the first one")
async def list_offers(call: Call, id: str, query: OfferQuery) -> Offers:
    """Answer pending offers at once, or the first that comes within `wait` seconds, or none."""
    call.agent(id, "agent.act")
    await call.context.leases.renew(id)
    with call.context.feed.follow(agent_key(id)) as inbox:
        found = _ringing(call, id)
        if not found and query.wait:
            try:
                async with asyncio.timeout(query.wait):
                    found = await _first(call, id, inbox)
            except (TimeoutError, FeedEnded):
                found = _ringing(call, id)
    await call.context.leases.renew(id)
    return Offers(items=[await call.views.offer(offer) for offer in found])


def _ringing(call: Call, id: str) -> list[Offer]:
    agent = call.site.state.agents.get(id)
    return [] if agent is None else call.staff.ringing(agent)


async def _first(call: Call, id: str, inbox: Inbox) -> list[Offer]:
    while not (found := _ringing(call, id)):
        try:
            await inbox.next()
        except Lagged:
            continue
    return found


@endpoints.post("/offers/{id}/accept", "offer.answer", "Take the offer")
async def accept(call: Call, id: str) -> OfferView:
    """Take it. Repeating it changes nothing; too late is 409 with the reason."""
    agent = await _answering(call, id)
    await call.submit(c.AcceptOffer(id, agent))
    return await call.views.offer(call.site.state.offers[id])


@endpoints.post("/offers/{id}/decline", "offer.answer", "Don't take the offer")
async def decline(
    call: Call,
    id: str,
    body: DeclineBecause = DeclineBecause(),  # noqa: B008  (frozen)
) -> OfferView:
    """Give it back; it rings elsewhere. A reason in words stays in the audit log; the event then says `other`."""
    agent = await _answering(call, id)
    code = known_or(body.reason, DECLINED, OTHER)
    interaction = call.site.state.offers[id].interaction
    words = [] if code == body.reason else [Put(audit_line(call, "decline", interaction, reason=body.reason))]
    await call.submit(c.DeclineOffer(id, agent, code), *words)
    return await call.views.offer(call.site.state.offers[id])


async def _answering(call: Call, id: str) -> str:
    """Return the agent who answers offer `id`: the one it rings at.

    Raises:
        Problem: there is no such offer (404), or it is somebody else's (403).
    """
    offer = call.site.state.offers.get(id)
    if offer is None:
        raise Problem("not_found", f"There is no offer {id!r}, or it ended long ago.", reason="unknown_offer")
    authorise(call.principal, "offer.answer", tie_to_agent(call.principal, offer.agent))
    await call.context.leases.renew(offer.agent)
    return str(offer.agent)


@endpoints.get("/offers/{id}/explain", "interaction.see", "Why it came to this agent")
async def explain(call: Call, id: str, query: ExplainQuery) -> dict[str, Any]:
    """Answer the candidates in ranked order, with the terms of the ranking; `text` says the same in words."""
    offer = call.site.state.offers.get(id)
    if offer is None:
        raise Problem("not_found", f"There is no offer {id!r}, or it ended long ago.", reason="unknown_offer")
    if call.principal.role == "operator" and tie_to_agent(call.principal, offer.agent) is not Tie.OWNS:
        await call.interaction(offer.interaction, "interaction.see")
    language = language_of(call, query)
    return await worded(call, explain_offer(call.site.state, call.site.policy, id, call.site.now()) or {}, language)
