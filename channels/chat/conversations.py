"""What a chat socket needs from the house behind it; the shell implements it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec

from channels.chat.ways import NO_WAYS, CallWish, LeftMessage, Taken, WayRefused, Ways, Windows
from vocabulary.instants import Instant


class Identity(msgspec.Struct, frozen=True):
    """Who a visitor says he is. Nobody has checked it."""

    name: str | None = None
    email: str | None = None


class ExpectedWait(msgspec.Struct, frozen=True):
    """The range in which the wait will end, in whole seconds."""

    low_s: int
    high_s: int


class Place(msgspec.Struct, frozen=True):
    """Where a conversation stands in its queue; 1 is next."""

    position: int
    expected_wait: ExpectedWait | None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as its customer may see it.

    `seq` is the number of its last message, 0 if it has none. `place` is None unless it waits; `agent` is the shown
    name of the agent who has it now, or None. `refused`: why nobody will answer it. `ways`: what he may choose instead
    of waiting. `taken`: it goes on elsewhere.
    """

    id: str
    reference: str
    state: str
    seq: int
    place: Place | None = None
    agent: str | None = None
    refused: str | None = None
    ways: Ways = NO_WAYS
    taken: Taken | None = None


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its customer may see it. Numbers rise, with holes where something is not for him (notes)."""

    seq: int
    author: Literal["customer", "agent", "bot"]
    name: str
    text: str
    at: Instant
    client_id: str | None = None


class Said(msgspec.Struct, frozen=True):
    """What became of a customer's message: it is durable, in this conversation, with this number."""

    conversation: Conversation
    seq: int


class Spoken(msgspec.Struct, frozen=True):
    """A message became durable, whoever wrote it."""

    conversation: str
    message: ChatMessage


class Queued(msgspec.Struct, frozen=True):
    """It waits, or its place changed."""

    conversation: str
    place: Place


class Joined(msgspec.Struct, frozen=True):
    """An agent has it now."""

    conversation: str
    name: str


class Transferred(msgspec.Struct, frozen=True):
    """The agent passed it on; it waits again."""

    conversation: str


class Ended(msgspec.Struct, frozen=True):
    """It is over."""

    conversation: str
    reason: str


class Offered(msgspec.Struct, frozen=True):
    """He is offered other ways than to wait, or no longer."""

    conversation: str
    ways: Ways


class Gone(msgspec.Struct, frozen=True):
    """It goes on elsewhere."""

    conversation: str
    taken: Taken


class Typing(msgspec.Struct, frozen=True):
    """The agent is typing."""

    conversation: str


Update = Spoken | Queued | Joined | Transferred | Ended | Offered | Gone | Typing


class Conversations(Protocol):
    """The visitors' conversations. Every call may raise TemporaryFailure."""

    async def current(self, visitor: str) -> Conversation | None:
        """Return the conversation that the visitor's page shows, or None if there is none.

        It may be over, or go on elsewhere; once he begins another one, that is the one.
        """

    async def say(
        self,
        visitor: str,
        *,
        channel: str,
        client_id: str,
        text: str,
        language: str,
        identity: Identity,
    ) -> Said:
        """Add a message to the visitor's conversation, begin one if need be, and return once it is durable.

        The same visitor and `client_id` again: the same answer, and no second message. A call may be cancelled at any
        point and is then repeated.
        """

    async def messages(self, conversation: str, after: int) -> Sequence[ChatMessage]:
        """Return all messages with a number above `after`, in order: no durable one is missing."""

    def follow(self, visitor: str) -> AbstractAsyncContextManager[AsyncIterator[Update]]:
        """Follow the visitor's current conversation from now on, also one that he has yet to begin.

        The context is entered once nothing can be missed any more. A reader who is too slow gets `Lagged`
        (vocabulary.errors); the iterator ends when the process stops.
        """

    async def typing(self, conversation: str) -> None:
        """Tell the agent that the customer is typing."""

    async def read(self, conversation: str, seq: int) -> None:
        """Note that the customer has seen all messages up to `seq`."""

    async def wants_person(self, conversation: str) -> None:
        """Pass the conversation from the bot to a person; anybody else's stays as it is."""

    async def windows(self, conversation: str, after: Instant) -> Windows:
        """Return the next times after `after` at which the customer could be called."""

    async def call_back(self, conversation: str, wish: CallWish, *, language: str) -> WayRefused | None:
        """Let it go on as a callback; None once that is durable, and again if it was."""

    async def leave_message(
        self, visitor: str, conversation: str, left: LeftMessage, *, identity: Identity
    ) -> WayRefused | None:
        """Let it go on as e-mail; None once that is durable, and again if it was."""

    async def leave(self, conversation: str) -> None:
        """End it: the customer left."""

    async def gone(self, visitor: str) -> None:
        """Note that the visitor has no socket here any more."""

    async def back(self, visitor: str) -> None:
        """Note that the visitor has a socket here, the first or again."""
