"""`/ws/desk`: what an operator's page hears (docs/reference/sockets.md)."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode

from agents.agent import Agent
from queues.interaction import Interaction
from queues.lifecycle import HELD
from router import events as e
from router.events import AnyEvent
from vocabulary.errors import Lagged
from vocabulary.ids import reference
from vocabulary.instants import SECOND, rfc3339
from web.access import Principal
from web.answers import Colleague
from web.context import Context
from web.feed import FeedEnded, Inbox, agent_key, interaction_key
from web.limits import Window
from web.presence import LEASE
from web.sockets import Frame, Outgoing, SocketOver

AgentTyping = Callable[[str, str], Awaitable[None]]
"""Called with interaction and agent when an agent types to the customer."""

_OF_A_MESSAGE = (e.MessageAdded, e.MessageTakenBack, e.DeliveryBegun, e.DeliveryReported, e.DeliveryAskedAgain)
_ENDINGS: dict[type[Any], str] = {
    e.OfferAccepted: "accepted",
    e.OfferDeclined: "declined",
    e.OfferExpired: "expired",
    e.OfferWithdrawn: "withdrawn",
}


class Desk:
    """One page of one agent: what it has been told, and what it must hear next."""

    def __init__(
        self,
        context: Context,
        principal: Principal,
        agent: str,
        outgoing: Outgoing,
        inbox: Inbox,
        on_typing: AgentTyping | None,
        language: str,
    ) -> None:
        self._context = context
        self._site = context.site
        self._views = context.views
        self._staff = context.staff
        self._principal = principal
        self._agent = agent
        self._outgoing = outgoing
        self._inbox = inbox
        self._on_typing = on_typing
        self._language = language
        self._typing = Window(1, 2 * SECOND)
        self._seq = 0
        self._offers: dict[str, str] = {}
        self._held: set[str] = set()

    # -- what the page says

    async def hear(self, frame: Frame) -> None:
        """Take a frame of the page's. What is not known is let pass: an old server meets a new page."""
        match frame:
            case {"type": "ping"}:
                await self._ping()
            case {"type": "typing", "interaction": str(interaction)}:
                await self._types(interaction)

    async def _ping(self) -> None:
        self._put({"type": "pong", "at": rfc3339(self._site.now())}, key="pong")
        await self._site.keep_lease(self._agent, LEASE)
        # An open page is a session in use, or whoever waits for work would be logged out while he is available.
        if self._principal.session is not None:
            await self._context.sessions.touch(self._principal.session)

    async def _types(self, interaction: str) -> None:
        allowed = interaction in self._held and not self._typing.take(interaction, self._site.now())
        if allowed and self._on_typing is not None:
            await self._on_typing(interaction, self._agent)

    # -- what it hears

    async def tell(self) -> None:
        """Tell the page everything: the state first, then each event behind it, in order."""
        await self._snapshot()
        while True:
            try:
                logged = await self._inbox.next()
            except Lagged:
                await self._snapshot()
                continue
            except FeedEnded:
                raise SocketOver(WSCloseCode.GOING_AWAY, "restart") from None
            if logged.seq > self._seq:
                self._seq = logged.seq
                await self._event(logged.event)

    async def _snapshot(self) -> None:
        """Send all that he has. The inbox is open already, so nothing falls between this and the events behind it."""
        self._seq = self._site.seq
        agent: Agent | None = self._site.state.agents.get(self._agent)
        if agent is None:
            raise SocketOver(WSCloseCode.POLICY_VIOLATION, "no longer an agent")
        ringing = self._staff.ringing(agent)
        held = await self._all_held(agent)
        self._forget()
        for offer in ringing:
            self._learn_offer(offer.id, offer.interaction)
        for interaction in held:
            self._learn_held(interaction.id)
        self._put(
            {
                "type": "snapshot",
                "at": rfc3339(self._site.now()),
                "agent": await self._staff.agent(agent),
                "offers": [await self._views.offer(offer) for offer in ringing],
                "interactions": [await self._views.interaction(interaction) for interaction in held],
                "queues": sorted(self._site.policy.queues),
                "agents": await self._colleagues(),
            }
        )

    async def _all_held(self, agent: Agent) -> list[Interaction]:
        """Return what he owns: what costs him units, and what he has parked."""
        state = self._site.state
        known = set(agent.holds)
        rows = await self._site.store.interactions(state=[str(one) for one in HELD], agent=agent.id, limit=500)
        known.update(row.id for row in rows)
        found = [state.interactions[id] for id in known if id in state.interactions]
        return sorted((one for one in found if self._is_his(one)), key=lambda one: one.number)

    def _is_his(self, interaction: Interaction | None) -> bool:
        return interaction is not None and interaction.agent == self._agent and interaction.state in HELD

    async def _colleagues(self) -> list[Colleague]:
        names = await self._staff.names()
        agents = self._site.state.agents
        return [Colleague(id=id, name=names.get(id, id), presence=agents[id].presence) for id in sorted(agents)]

    async def _event(self, event: AnyEvent) -> None:
        match event:
            case e.Offered(agent=self._agent) if event.offer not in self._offers:
                await self._offered(event)
            case e.OfferAccepted() | e.OfferDeclined() | e.OfferExpired() | e.OfferWithdrawn():
                self._offer_ended(event)
            case e.WarmTransferEnded(interaction=id, agent=self._agent, reason=reason):
                self._put({"type": "transfer_ended", "interaction": id, "reason": reason})
        interaction = getattr(event, "interaction", None)
        monitors = isinstance(event, e.RoomJoined | e.RoomLeft) and event.mode == "monitor"
        if interaction is not None and not monitors:
            await self._compare(interaction, event)
        if isinstance(event, _OF_A_MESSAGE):
            await self._message_changed(event.interaction, event.message)
        if isinstance(event, e.DeliveryReported) and event.agent == self._agent:
            await self._undelivered(event.interaction, event.message)
        if getattr(event, "agent", None) == self._agent:
            await self._presence(event.by if isinstance(event, e.PresenceChanged) else None)

    async def _offered(self, event: e.Offered) -> None:
        offer = self._site.state.offers.get(event.offer)
        if offer is None or offer.state != "pending":
            return
        self._learn_offer(offer.id, offer.interaction)
        self._put({"type": "offer", "offer": await self._views.offer(offer)})

    def _offer_ended(self, event: e.OfferAccepted | e.OfferDeclined | e.OfferExpired | e.OfferWithdrawn) -> None:
        if self._offers.pop(event.offer, None) is None:
            return
        reason = getattr(event, "reason", "")
        ended = {"id": event.offer, "interaction": event.interaction, "state": _ENDINGS[type(event)], "reason": reason}
        self._put({"type": "offer_ended", **ended})
        self._unwatch(event.interaction)

    async def _compare(self, id: str, event: AnyEvent) -> None:
        """Tell what became of an interaction that he holds, or held by what the page knows."""
        current: Interaction | None = self._site.state.interactions.get(id)
        if current is not None and self._is_his(current):
            self._learn_held(id)
            view = await self._views.interaction(current)
            self._put({"type": "interaction", "interaction": view}, key=f"interaction:{id}")
            return
        # The state may be ahead of this event: what took it away comes behind it, and says why.
        reason = _gone_because(event)
        if id in self._held and reason is not None:
            self._held.discard(id)
            self._put({"type": "interaction_gone", "id": id, "reason": reason})
            self._unwatch(id)

    async def _message_changed(self, interaction: str, message: str) -> None:
        """Send a message, or its new delivery, if he holds its interaction."""
        if interaction not in self._held:
            return
        row = await self._site.store.message(message)
        if row is not None:
            view = await self._views.message(row, self._language)
            frame = {"type": "message", "interaction": interaction, "message": view}
            self._put(frame, key=f"message:{message}")

    async def _undelivered(self, interaction: str, message: str) -> None:
        """Tell that a mail of an interaction that he has, or had, did not arrive; it may be over long ago."""
        found = await self._views.find(interaction)
        row = await self._site.store.message(message)
        if found is None or row is None:
            return
        customer = await self._views.customers.brief(found.customer)
        frame = {
            "type": "undelivered",
            "interaction": interaction,
            "reference": reference(found.number),
            "customer": customer.name or customer.email or "",
            "message": await self._views.message(row, self._language),
        }
        self._put(frame, key=f"undelivered:{message}")

    def customer_types(self, interaction: str) -> None:
        """Tell that the customer is typing, if he holds the interaction."""
        if interaction in self._held:
            self._put({"type": "typing", "interaction": interaction}, key=f"typing:{interaction}")

    async def _presence(self, by: str | None) -> None:
        """Tell what he is now; `by`: who changed it, himself, a supervisor or the router."""
        agent: Agent | None = self._site.state.agents.get(self._agent)
        if agent is None:
            raise SocketOver(WSCloseCode.POLICY_VIOLATION, "no longer an agent")
        user = await self._site.store.user(by) if by is not None and by != self._agent else None
        shown = by if user is None else user.name
        frame = {"type": "presence", "agent": await self._staff.agent(agent), "by": shown}
        # Who changed it must not be lost under a later frame that nobody caused.
        self._put(frame, key="presence" if by in (None, self._agent) else f"presence:{self._seq}")

    def _put(self, frame: Frame, key: str | None = None) -> None:
        self._outgoing.put({**frame, "seq": self._seq}, key)

    # -- what the page knows

    def _learn_offer(self, offer: str, interaction: str) -> None:
        self._offers[offer] = interaction
        self._context.feed.watch(self._inbox, interaction_key(interaction))

    def _learn_held(self, interaction: str) -> None:
        self._held.add(interaction)
        self._context.feed.watch(self._inbox, interaction_key(interaction))

    def _unwatch(self, interaction: str) -> None:
        if interaction not in self._held and interaction not in self._offers.values():
            self._context.feed.leave(self._inbox, interaction_key(interaction))

    def _forget(self) -> None:
        self._offers.clear()
        self._held.clear()
        self._context.feed.leave(self._inbox, *[key for key in self._inbox.keys if key != agent_key(self._agent)])


def _gone_because(event: AnyEvent) -> str | None:
    """Return a code for why somebody no longer holds an interaction, None if `event` takes it from nobody."""
    match event:
        case e.WrappedUp():
            return "done"
        case e.Transferred() | e.WarmTransferAccepted():
            return "transferred"
        case e.TakenOver():
            return "taken_over"
        case e.Closed(reason=reason):
            return reason
        case e.OwnerLost(cause=cause) | e.Scheduled(cause=cause) | e.Enqueued(cause=cause):
            return cause
        case e.OfferAccepted():
            return "taken"
        case _:
            return None
