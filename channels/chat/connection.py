"""One open chat socket: reads, follows the news, looks things up and writes, all at once, until one of them ends."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

import msgspec
from aiohttp import WSMsgType, web

from channels.chat import frames
from channels.chat.actions import (
    Action,
    CallPerson,
    Close,
    Depart,
    FindWindows,
    Look,
    Say,
    Send,
    TakeCallback,
    TakeMessage,
    TellRead,
    TellTyping,
    Wish,
)
from channels.chat.conversations import Conversations
from channels.chat.outgoing import OutgoingQueue, Overfull
from channels.chat.session import POLICY_VIOLATION, Session
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import Lagged, Quarantined, TemporaryFailure
from vocabulary.instants import Instant

GOING_AWAY, TRY_AGAIN_LATER = 1001, 1013
_RETRY_AFTER_S = 2.0


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a socket waits, in seconds: for `hello`, to save a message, for a client to read, to close."""

    hello_s: float = 10.0
    save_s: float = 10.0
    stall_s: float = 10.0
    close_s: float = 3.0


class Cut(Exception):
    """The socket must be closed from this side."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """Carries out what the session of one socket asks for."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        session: Session,
        conversations: Conversations,
        *,
        channel: str,
        now: Callable[[], Instant],
        is_open: Callable[[Instant], bool],
        patience: Patience,
    ) -> None:
        self._ws = ws
        self._session = session
        self._conversations = conversations
        self._channel = channel
        self._now = now
        self._is_open = is_open
        self._patience = patience
        self._outgoing = OutgoingQueue()
        self._look_wanted = asyncio.Event()

    async def greet(self) -> str | None:
        """Return the visitor once he has said hello, or None if the client left before.

        Raises:
            Cut: he did not say it in time.
        """
        try:
            async with asyncio.timeout(self._patience.hello_s):
                while self._session.visitor is None and (frame := await self._frame()) is not None:
                    await self._do(self._session.receive(frame, self._now()))
                    await self._write_waiting()
        except TimeoutError as late:
            raise Cut(POLICY_VIOLATION, "no hello") from late
        return self._session.visitor

    async def run(self, *beside: Coroutine[None, None, None]) -> None:
        """Serve the socket until the client leaves, and do what is `beside` it as long as that lasts.

        Raises:
            Cut: this side must close it.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                others = [tasks.create_task(work) for work in (self._follow(), self._look(), self._write(), *beside)]
                await self._read()
                for task in others:
                    task.cancel()
        except* Cut as cuts:
            cut = _first(cuts)
        except* Overfull:
            cut = Cut(TRY_AGAIN_LATER, "the client does not read")
        except* TemporaryFailure:
            cut = Cut(TRY_AGAIN_LATER, "not available for the moment")
        else:
            return
        raise cut

    # -- the four loops

    async def _read(self) -> None:
        # One frame after the other: messages keep their order, and whoever floods waits for his own disk writes.
        while (frame := await self._frame()) is not None:
            await self._do(self._session.receive(frame, self._now()))

    async def _follow(self) -> None:
        assert self._session.visitor is not None
        while True:
            try:
                async with self._conversations.follow(self._session.visitor) as updates:
                    # Only now: what is read from here on and what is followed leave no gap between them.
                    self._look_wanted.set()
                    async for update in updates:
                        self._emit(self._session.updated(update))
            except Lagged:
                continue
            raise Cut(GOING_AWAY, "the server stops")

    async def _look(self) -> None:
        """Look whenever it is wanted. It is the only one that does, so that no look overtakes another."""
        assert self._session.visitor is not None
        while True:
            await self._look_wanted.wait()
            self._look_wanted.clear()
            glance = self._session.glance()
            conversation = await self._conversations.current(self._session.visitor)
            self._emit(self._session.found(glance, conversation, is_open=self._is_open(self._now())))
            if conversation is not None:
                await self._catch_up(conversation.id)
            self._emit(self._session.settled(glance))

    async def _catch_up(self, conversation: str) -> None:
        for message in await self._conversations.messages(conversation, self._session.last):
            # A long history goes as fast as the client reads it.
            await self._outgoing.room()
            self._emit(self._session.caught_up(conversation, message))

    async def _write(self) -> None:
        while True:
            await self._send(await self._outgoing.next())

    # -- their steps

    async def _frame(self) -> str | None:
        """Return the next frame, or None once the socket is closed. Bytes are no frame, and say so as an empty one."""
        message = await self._ws.receive()
        if message.type is WSMsgType.TEXT:
            text: str = message.data
            crashpoint("ws.recv")
            return text
        return "" if message.type is WSMsgType.BINARY else None

    async def _send(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience.stall_s):
                await self._ws.send_frame(frame, WSMsgType.TEXT)
            crashpoint("ws.acked")
        except TimeoutError as stalled:
            raise Cut(TRY_AGAIN_LATER, "the client does not read") from stalled
        except ConnectionError as lost:
            raise Cut(GOING_AWAY, "the connection is lost") from lost

    async def _write_waiting(self) -> None:
        """Send what waits; there is no writer before hello."""
        while self._outgoing:
            await self._send(await self._outgoing.next())

    def _emit(self, actions: Sequence[Action]) -> None:
        """Do what needs no waiting."""
        for action in actions:
            match action:
                case Send(frame):
                    self._outgoing.put(frames.encoded(frame), is_fleeting=isinstance(frame, frames.TypingOut))
                case Look():
                    self._look_wanted.set()
                case Close(code, reason):
                    raise Cut(code, reason)

    async def _do(self, actions: Sequence[Action]) -> None:
        """Do what a client's frame asks for."""
        for action in actions:
            match action:
                case Say(client_id, text):
                    await self._say(client_id, text)
                case TellTyping() | TellRead() | CallPerson() | Depart():
                    await self._tell(action)
                case FindWindows() | TakeCallback() | TakeMessage():
                    await self._ask(action)
                case _:
                    self._emit([action])

    async def _say(self, client_id: str, text: str) -> None:
        session = self._session
        assert session.visitor is not None
        try:
            async with asyncio.timeout(self._patience.save_s):
                said = await self._conversations.say(
                    session.visitor,
                    channel=self._channel,
                    client_id=client_id,
                    text=text,
                    language=session.language,
                    identity=session.identity,
                )
        except Quarantined:
            self._emit(session.kept_aside(client_id))
        except (TemporaryFailure, TimeoutError):
            self._emit(session.not_said(client_id, _RETRY_AFTER_S))
        else:
            self._emit(session.said(client_id, said))

    async def _ask(self, action: Wish) -> None:
        try:
            async with asyncio.timeout(self._patience.save_s):
                actions = await self._answered(action)
        except (TemporaryFailure, TimeoutError):
            client_id = None
            match action:
                case TakeCallback(_, wish):
                    client_id = wish.client_id
                case TakeMessage(_, left):
                    client_id = left.client_id
            actions = self._session.not_asked(client_id, _RETRY_AFTER_S)
        self._emit(actions)

    async def _answered(self, action: Wish) -> list[Action]:
        session, house = self._session, self._conversations
        assert session.visitor is not None
        match action:
            case FindWindows(conversation, after):
                return session.windows_found(await house.windows(conversation, after))
            case TakeCallback(conversation, wish):
                refused = await house.call_back(conversation, wish, language=session.language)
                return session.taken() if refused is None else session.not_taken(wish.client_id, refused)
            case TakeMessage(conversation, left):
                refused = await house.leave_message(session.visitor, conversation, left, identity=session.identity)
                return session.taken() if refused is None else session.not_taken(left.client_id, refused)

    async def _tell(self, action: TellTyping | TellRead | CallPerson | Depart) -> None:
        try:
            async with asyncio.timeout(self._patience.save_s):
                await self._told(action)
        except (TemporaryFailure, TimeoutError):
            if isinstance(action, CallPerson | Depart):
                self._emit(self._session.not_told(_RETRY_AFTER_S))

    async def _told(self, action: TellTyping | TellRead | CallPerson | Depart) -> None:
        match action:
            case TellTyping(conversation):
                await self._conversations.typing(conversation)
            case TellRead(conversation, seq):
                await self._conversations.read(conversation, seq)
            case CallPerson(conversation):
                await self._conversations.wants_person(conversation)
            case Depart(conversation):
                await self._conversations.leave(conversation)


def _first(cuts: BaseExceptionGroup[Cut]) -> Cut:
    cut = cuts.exceptions[0]
    return cut if isinstance(cut, Cut) else _first(cut)
