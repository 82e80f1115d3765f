"""A house of conversations in memory, as honest as the real one: what `say` returned is kept, over restarts too."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from channels.chat.conversations import (
    ChatMessage,
    Conversation,
    Ended,
    ExpectedWait,
    Identity,
    Joined,
    Place,
    Queued,
    Said,
    Spoken,
    Update,
)
from channels.chat.ways import CallWish, LeftMessage, WayRefused, Windows
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.instants import Instant


class Turn:
    """Lets everybody else go on once."""

    def __await__(self):  # type: ignore[no-untyped-def]  # a bare yield has no type to give
        yield


class Draws:
    """Numbers that look random and repeat with their seed."""

    def __init__(self, seed: int) -> None:
        self._state = seed * 2 + 1

    def below(self, n: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % n

    async def turns(self, most: int) -> None:
        for _ in range(self.below(most + 1)):
            await Turn()


class Talk:
    def __init__(self, id: str, visitor: str) -> None:
        self.id = id
        self.visitor = visitor
        self.state = "waiting"
        self.seq = 0
        self.messages: list[ChatMessage] = []
        self.place: Place | None = Place(3, ExpectedWait(60, 240))
        self.agent: str | None = None

    def shown(self) -> Conversation:
        return Conversation(
            id=self.id, reference=f"R-{self.id}", state=self.state, seq=self.seq, place=self.place, agent=self.agent
        )


class House:
    """Implements `Conversations`. With `draws`, everything takes a few turns of the loop."""

    def __init__(self, *, draws: Draws | None = None, inbox_max: int = 10_000) -> None:
        self._draws = draws
        self._inbox_max = inbox_max
        self._inboxes: defaultdict[str, list[asyncio.Queue[Update]]] = defaultdict(list)
        self._talks: dict[str, list[Talk]] = {}
        self._said: dict[tuple[str, str], Said] = {}
        self.log: list[tuple[str, ...]] = []
        self.logged = asyncio.Event()
        self.said_by: dict[str, tuple[str, str, Identity]] = {}
        self.fails = False
        self.free = Windows((), 0, more=False)
        self.refuses: WayRefused | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    # -- what sockets call

    async def current(self, visitor: str) -> Conversation | None:
        await self._slowly()
        talks = self._talks.get(visitor)
        return talks[-1].shown() if talks else None

    async def say(
        self, visitor: str, *, channel: str, client_id: str, text: str, language: str, identity: Identity
    ) -> Said:
        if self.fails:
            raise TemporaryFailure("the disk is full")
        await self._slowly()
        if (visitor, client_id) not in self._said:
            talk = self._talk_of(visitor)
            self._said[visitor, client_id] = Said(talk.shown(), talk.seq + 1)
            self.said_by[visitor] = (channel, language, identity)
            self.speak(talk, text, author="customer", client_id=client_id)
        # Durable from here, and not yet told: whatever is cut off here must be found by a repetition.
        await self._slowly()
        await self.gate.wait()
        return self._said[visitor, client_id]

    async def messages(self, conversation: str, after: int) -> Sequence[ChatMessage]:
        await self._slowly()
        talk = next(talk for talks in self._talks.values() for talk in talks if talk.id == conversation)
        found = [message for message in talk.messages if message.seq > after]
        await self._slowly()
        return found

    @asynccontextmanager
    async def follow(self, visitor: str) -> AsyncIterator[AsyncIterator[Update]]:
        await self._slowly()
        inbox: asyncio.Queue[Update] = asyncio.Queue()
        self._inboxes[visitor].append(inbox)
        try:
            yield self._updates(inbox)
        finally:
            self._inboxes[visitor].remove(inbox)

    async def _updates(self, inbox: asyncio.Queue[Update]) -> AsyncIterator[Update]:
        while True:
            if inbox.qsize() > self._inbox_max:
                raise Lagged("too slow")
            update = await inbox.get()
            await self._slowly()
            yield update

    async def typing(self, conversation: str) -> None:
        self._log("typing", conversation)

    async def read(self, conversation: str, seq: int) -> None:
        self._log("read", conversation, str(seq))

    async def wants_person(self, conversation: str) -> None:
        if self.fails:
            raise TemporaryFailure("the disk is full")
        self._log("person", conversation)

    async def windows(self, conversation: str, after: Instant) -> Windows:
        self._log("windows", conversation, str(after))
        return self.free

    async def call_back(self, conversation: str, wish: CallWish, *, language: str) -> WayRefused | None:
        if self.fails:
            raise TemporaryFailure("the disk is full")
        self._log("call_back", conversation, wish.phone, str(wish.slot), language)
        return self.refuses

    async def leave_message(
        self, visitor: str, conversation: str, left: LeftMessage, *, identity: Identity
    ) -> WayRefused | None:
        self._log("leave_message", conversation, left.email, left.text)
        return self.refuses

    async def leave(self, conversation: str) -> None:
        self._log("leave", conversation)
        talk = next(talk for talks in self._talks.values() for talk in talks if talk.id == conversation)
        self.end(talk)

    async def gone(self, visitor: str) -> None:
        self._log("gone", visitor)

    async def back(self, visitor: str) -> None:
        self._log("back", visitor)

    # -- what the rest of the house does

    def talk(self, visitor: str) -> Talk:
        return self._talks[visitor][-1]

    def begin(self, visitor: str) -> Talk:
        number = sum(len(talks) for talks in self._talks.values()) + 1
        talk = Talk(f"c{number}", visitor)
        self._talks.setdefault(visitor, []).append(talk)
        return talk

    def speak(
        self,
        talk: Talk,
        text: str,
        *,
        author: Literal["customer", "agent", "bot"] = "agent",
        client_id: str | None = None,
    ) -> None:
        talk.seq += 1
        message = ChatMessage(
            seq=talk.seq, author=author, name="Ola", text=text, at=1_000 * talk.seq, client_id=client_id
        )
        talk.messages.append(message)
        self._tell(talk, Spoken(talk.id, message))

    def note(self, talk: Talk) -> None:
        """Use a number up for something that the customer does not see."""
        talk.seq += 1

    def move(self, talk: Talk, position: int) -> None:
        talk.place = Place(position, None)
        self._tell(talk, Queued(talk.id, talk.place))

    def join(self, talk: Talk, name: str) -> None:
        talk.state, talk.place, talk.agent = "active", None, name
        self._tell(talk, Joined(talk.id, name))

    def end(self, talk: Talk) -> None:
        talk.state, talk.place, talk.agent = "closed", None, None
        self._tell(talk, Ended(talk.id, "left"))

    def tell(self, talk: Talk, update: Update) -> None:
        self._tell(talk, update)

    async def until_logged(self, *line: str) -> None:
        async with asyncio.timeout(20):
            while line not in self.log:
                self.logged.clear()
                await self.logged.wait()

    def _talk_of(self, visitor: str) -> Talk:
        talks = self._talks.get(visitor)
        return self.begin(visitor) if not talks or talks[-1].state == "closed" else talks[-1]

    def _tell(self, talk: Talk, update: Update) -> None:
        for inbox in self._inboxes[talk.visitor]:
            inbox.put_nowait(update)

    def _log(self, *line: str) -> None:
        self.log.append(line)
        self.logged.set()

    async def _slowly(self) -> None:
        if self._draws is not None:
            await self._draws.turns(4)
