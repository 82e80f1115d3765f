"""Chats as their customers see them: implements `channels.chat.conversations.Conversations` over the writer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Literal, cast

import msgspec

from app.chat_ways import ChatWays
from app.engine import Engine
from app.identifying import visitor_id
from app.intake import Intake
from app.wishes import Wishes
from channels.chat.conversations import (
    ChatMessage,
    Conversation,
    Ended,
    ExpectedWait,
    Gone,
    Identity,
    Joined,
    Offered,
    Place,
    Queued,
    Said,
    Spoken,
    Transferred,
    Typing,
    Update,
)
from channels.chat.ways import CallWish, LeftMessage, WayRefused, Windows
from channels.message import Address, InboundMessage
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import events as e
from router.commands import BLOCKED_SENDER, CustomerBack, CustomerGone, Leave, WantPerson
from router.expect import expected_wait, position
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import Lagged
from vocabulary.ids import CustomerId, InteractionId, reference
from vocabulary.instants import SECOND, Instant
from vocabulary.media import CALLBACK, CHAT, EMAIL
from vocabulary.records import MessageRow
from vocabulary.stores import Store
from web.site import Logged

S = InteractionState
UPDATES_MAX = 256
_SHOWN = ("customer", "agent", "bot")

Inbox = asyncio.Queue[Update | None]


class ChatConversations:
    """The chats of one site. `run` must be running for followers to hear anything."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        intake: Intake,
        ways: ChatWays,
        company: str,
        elsewhere: Callable[[CustomerId], bool] = lambda _: False,
    ) -> None:
        """`elsewhere` tells whether another node has a socket of a customer."""
        self._engine = engine
        self._store = store
        self._intake = intake
        self._ways = ways
        self._company = company
        self._elsewhere = elsewhere
        self._followers: dict[CustomerId, dict[Inbox, None]] = {}
        self._places: dict[InteractionId, Place] = {}
        self.typed: asyncio.Queue[InteractionId] = asyncio.Queue(UPDATES_MAX)

    @property
    def customers(self) -> Collection[CustomerId]:
        """Who has a socket here."""
        return self._followers.keys()

    # -- what a socket asks for

    async def current(self, visitor: str) -> Conversation | None:
        interaction = await self._shown(visitor)
        return await self._conversation(interaction) if interaction is not None else None

    async def say(
        self, visitor: str, *, channel: str, client_id: str, text: str, language: str, identity: Identity
    ) -> Said:
        current = await self._shown(visitor)
        # What went on elsewhere goes on there; here something new begins.
        goes_on = current is not None and current.medium == CHAT
        message = InboundMessage(
            channel=channel,
            medium=CHAT,
            external_id=f"{visitor}:{client_id}",
            received_at=self._engine.clock.now(),
            text=text,
            reply_text=text,
            sender=Address(identity.name or "", identity.email or ""),
            visitor=visitor,
        )
        admission = await self._intake.receive(
            message,
            continues=current.id if current is not None and goes_on else None,
            wishes=Wishes(page_language=language),
        )
        crashpoint("ws.committed")
        row = await self._store.message(admission.message or "")
        interaction = await self._interaction(admission.interaction)
        assert row is not None, f"{admission.message} was taken in, so it is in the records"
        assert row.number is not None, "what is durable has a number"
        return Said(await self._conversation(interaction), row.number)

    async def messages(self, conversation: str, after: int) -> Sequence[ChatMessage]:
        rows = await self._store.messages(conversation, after=after, limit=100_000)
        return [await self._message(row) for row in rows if self._is_shown(row)]

    @asynccontextmanager
    async def follow(self, visitor: str) -> AsyncIterator[AsyncIterator[Update]]:
        customer = await self._customer(visitor)
        inbox: Inbox = asyncio.Queue(UPDATES_MAX)
        self._followers.setdefault(customer, {})[inbox] = None
        try:
            yield _each(inbox)
        finally:
            self._followers[customer].pop(inbox, None)
            if not self._followers[customer]:
                del self._followers[customer]

    async def typing(self, conversation: str) -> None:
        if not self.typed.full():
            self.typed.put_nowait(conversation)

    async def read(self, conversation: str, seq: int) -> None:
        """Nothing yet depends on what the customer has seen."""

    async def wants_person(self, conversation: str) -> None:
        await self._engine.submit(WantPerson(conversation))

    async def windows(self, conversation: str, after: Instant) -> Windows:
        return await self._ways.windows(conversation, after)

    async def call_back(self, conversation: str, wish: CallWish, *, language: str) -> WayRefused | None:
        return await self._ways.call_back(conversation, wish, language=language)

    async def leave_message(
        self, visitor: str, conversation: str, left: LeftMessage, *, identity: Identity
    ) -> WayRefused | None:
        return await self._ways.leave_message(visitor, conversation, left, identity=identity)

    async def leave(self, conversation: str) -> None:
        await self._engine.submit(Leave(conversation))

    async def gone(self, visitor: str) -> None:
        interaction = await self._current(visitor)
        if interaction is not None and not self._elsewhere(interaction.customer):
            await self._engine.submit(CustomerGone(interaction.id))

    async def back(self, visitor: str) -> None:
        interaction = await self._current(visitor)
        if interaction is not None:
            await self._engine.submit(CustomerBack(interaction.id))

    def forgotten(self, customer: CustomerId) -> None:
        """Have the open chats of an erased customer begin anew: whoever sits there is a stranger now."""
        for inbox in self._followers.get(customer, ()):
            _cut_off(inbox)

    def agent_types(self, interaction: InteractionId) -> None:
        """Tell the customer that his agent is typing."""
        held = self._engine.state.interactions.get(interaction)
        if held is not None:
            self._tell(held.customer, Typing(interaction))

    # -- what happens meanwhile

    async def run(self) -> None:
        """Tell followers what happens in their conversations; cancel to stop."""
        while True:
            async with self._engine.subscribe() as events, asyncio.TaskGroup() as tasks:
                places = tasks.create_task(self._watch_places())
                try:
                    async for logged in events:
                        await self._on(logged)
                except Lagged:
                    self._cut_everybody_off()
                finally:
                    places.cancel()

    async def _on(self, logged: Logged) -> None:
        event = logged.event
        interaction = self._engine.state.interactions.get(getattr(event, "interaction", None) or "")
        if interaction is None or interaction.customer not in self._followers:
            return
        chats = interaction.medium == CHAT
        update = await (self._update(event) if chats else self._news_of_elsewhere(event, interaction))
        if update is not None:
            self._tell(interaction.customer, update)
        if chats and isinstance(event, e.Enqueued | e.Offered | e.WayOffered):
            self._tell_place(interaction)
            self._tell(interaction.customer, Offered(interaction.id, self._ways.offered(interaction)))

    async def _news_of_elsewhere(self, event: e.AnyEvent, interaction: Interaction) -> Update | None:
        """Return what the chat is told of what goes on as a callback or e-mail."""
        match event:
            case e.MessageAdded():
                return await self._spoken(event)
            case e.Converted() | e.Scheduled() | e.Enqueued():
                taken = await self._ways.taken(interaction)
                return None if taken is None else Gone(interaction.id, taken)
            case e.Closed(interaction=id, reason=reason):
                return Ended(id, reason)
            case e.Abandoned(interaction=id):
                return Ended(id, "customer_left")
            case _:
                return None

    async def _spoken(self, event: e.MessageAdded) -> Update | None:
        row = await self._store.message(event.message)
        return Spoken(event.interaction, await self._message(row)) if row is not None and self._is_shown(row) else None

    def _is_shown(self, row: MessageRow) -> bool:
        """Tell whether the visitor sees it here: not notes, nor mails, which he gets as such."""
        channel = self._engine.policy.channels.get(row.channel)
        mailed = channel is not None and channel.medium == EMAIL
        return row.author in _SHOWN and row.number is not None and not mailed

    async def _update(self, event: e.AnyEvent) -> Update | None:
        match event:
            case e.MessageAdded():
                return await self._spoken(event)
            case e.OfferAccepted(interaction=id, agent=agent):
                return Joined(id, await self._agent_name(agent))
            case (
                e.TakenOver(interaction=id, agent=agent)
                | e.RoomJoined(interaction=id, agent=agent, mode="participant" | "barge")
            ):
                return Joined(id, await self._agent_name(agent))
            case e.Transferred(interaction=id) | e.OwnerLost(interaction=id):
                return Transferred(id)
            case e.Ended(interaction=id, by=by):
                return Ended(id, by)
            case e.Closed(interaction=id, reason=reason):
                return Ended(id, reason)
            case e.Abandoned(interaction=id):
                return Ended(id, "customer_left")
            case _:
                return None

    async def _watch_places(self) -> None:
        """Places change when others come and go; once a second is often enough for people."""
        while True:
            await self._engine.clock.sleep(SECOND)
            chats = (each for each in self._engine.state.interactions.values() if each.medium == CHAT)
            followed = {chat.id: chat for chat in chats if chat.customer in self._followers}
            # A place that nobody follows any more is told anew to who comes back.
            self._places = {id: place for id, place in self._places.items() if id in followed}
            for chat in followed.values():
                self._tell_place(chat)

    def _tell_place(self, interaction: Interaction) -> None:
        place = self._place(interaction)
        if place is None:
            self._places.pop(interaction.id, None)
        elif self._places.get(interaction.id) != place:
            self._places[interaction.id] = place
            self._tell(interaction.customer, Queued(interaction.id, place))

    def _tell(self, customer: CustomerId, update: Update) -> None:
        for inbox in list(self._followers.get(customer, ())):
            if inbox.full():
                _cut_off(inbox)
            else:
                inbox.put_nowait(update)

    def _cut_everybody_off(self) -> None:
        for inboxes in self._followers.values():
            for inbox in inboxes:
                _cut_off(inbox)

    # -- as a customer may see it

    async def _customer(self, visitor: str) -> CustomerId:
        return await visitor_id(self._store, visitor)

    async def _shown(self, visitor: str) -> Interaction | None:
        """Return what the visitor's page shows: the latest chat that has not been forgotten, wherever it went on."""
        return await self._latest(visitor, elsewhere=True)

    async def _current(self, visitor: str) -> Interaction | None:
        """Return the visitor's latest chat that has not been forgotten."""
        return await self._latest(visitor, elsewhere=False)

    async def _latest(self, visitor: str, *, elsewhere: bool) -> Interaction | None:
        customer = await self._customer(visitor)
        rows = await self._store.interactions(customer=customer, limit=5)
        for row in rows:
            found = self._engine.state.interactions.get(row.id)
            if found is None:
                continue
            if found.medium == CHAT or (elsewhere and await self._began_here(visitor, found)):
                return found
        return None

    async def _began_here(self, visitor: str, interaction: Interaction) -> bool:
        """Tell whether a callback or e-mail was this visitor's chat. Nothing else of his customer is for his page."""
        if interaction.medium not in (CALLBACK, EMAIL):
            return False
        first = await self._store.messages(interaction.id, limit=1)
        return bool(first) and (first[0].external_id or "").startswith(f"{visitor}:")

    async def _interaction(self, id: InteractionId) -> Interaction:
        """Return the interaction, from the records once the core has forgotten it."""
        found: Interaction | None = self._engine.state.interactions.get(id)
        if found is not None:
            return found
        row = await self._store.interaction(id)
        assert row is not None, f"{id} took a message in, so it is in the records"
        return msgspec.json.decode(row.body, type=Interaction)

    async def _conversation(self, interaction: Interaction) -> Conversation:
        joined = interaction.agent if interaction.state in (S.ACTIVE, S.PARKED) and interaction.medium == CHAT else None
        return Conversation(
            id=interaction.id,
            reference=reference(interaction.number),
            state=str(interaction.state),
            seq=interaction.messages,
            place=self._place(interaction),
            agent=await self._agent_name(joined) if joined is not None else None,
            refused=BLOCKED_SENDER if interaction.disposition == BLOCKED_SENDER else None,
            ways=self._ways.offered(interaction),
            taken=await self._ways.taken(interaction),
        )

    def _place(self, interaction: Interaction) -> Place | None:
        if interaction.state not in (S.WAITING, S.OFFERED) or interaction.medium != CHAT:
            return None
        where = position(self._engine.state, interaction.id)
        wait = expected_wait(self._engine.state, self._engine.policy, interaction.id)
        shown = ExpectedWait(*(round(each / SECOND) for each in wait)) if wait is not None else None
        return Place(where, shown) if where is not None else None

    async def _message(self, row: MessageRow) -> ChatMessage:
        assert row.number is not None
        name = row.sender_name
        if row.author == "agent":
            name = await self._agent_name(row.agent or "")
        elif row.author == "bot":
            name = self._company
        client_id = (row.external_id or "").partition(":")[2] or None
        author = cast(Literal["customer", "agent", "bot"], row.author)
        return ChatMessage(seq=row.number, author=author, name=name, text=row.text, at=row.at, client_id=client_id)

    async def _agent_name(self, agent: str) -> str:
        return next((row.name for row in await self._store.agents() if row.id == agent), self._company)


def _cut_off(inbox: Inbox) -> None:
    """The reader is too slow: he resyncs."""
    while not inbox.empty():
        inbox.get_nowait()
    inbox.put_nowait(None)


async def _each(inbox: Inbox) -> AsyncIterator[Update]:
    while (update := await inbox.get()) is not None:
        yield update
    raise Lagged("updates were missed; read the messages from the last number you have")
