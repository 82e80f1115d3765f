"""One chat socket's protocol, without the socket: frames and news in, actions out. Time comes in as an argument."""

from collections.abc import Sequence

import msgspec

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
)
from channels.chat.conversations import (
    ChatMessage,
    Conversation,
    Ended,
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
from channels.chat.limits import Bucket
from channels.chat.text import bytes_of, clean
from channels.chat.tokens import Keys, new_visitor, token_of, visitor_of
from channels.chat.ways import NO_WAYS, CallWish, LeftMessage, Taken, Way, WayRefused, Ways, Windows
from vocabulary.instants import SECOND, Instant, Span, instant_of, rfc3339

TEXT_BYTES_MAX = 4096
MESSAGES_PER_S, MESSAGES_BURST = 5, 20
FRAMES_PER_S, FRAMES_BURST = 20, 100
"""All frames together, the refused ones too: whoever goes on beyond that is cut off."""
TYPING_EVERY: Span = 3 * SECOND
POLICY_VIOLATION = 1008
_ELSEWHERE: dict[Way, str] = {"callback": "callback", "message": "email"}
"""Why the chat is over when it goes on another way."""


class Glance(msgspec.Struct, frozen=True):
    """What held when a look began: messages that wait for their `ack`, and how much news had come."""

    acks: tuple[tuple[str, int], ...]
    news: int


class Session:
    """What one socket knows. It sends each message of the conversation once and in order, whatever comes twice.

    Its one way of repair is a look: at first, behind a gap, after a lag and before an ack, it asks for everything
    behind the last message that it sent. Only numbers that follow each other pass without one.
    """

    def __init__(
        self, *, keys: Keys, bits: bytes, languages: Sequence[str], company: str, token: str | None = None
    ) -> None:
        """Begin. `bits` are random, for a new visitor; `token` came with the request and holds if `hello` has none.

        `languages`: what the site speaks, the default first.
        """
        self._keys = keys
        self._bits = bits
        self._languages = languages
        self._company = company
        self._token = token
        self._frames = Bucket(FRAMES_PER_S, FRAMES_BURST)
        self._messages = Bucket(MESSAGES_PER_S, MESSAGES_BURST)
        self._typing_from: Instant = 0
        self._resume = frames.Hello()
        self._welcomed = False
        self._conversation: str | None = None
        self._acks: list[tuple[str, int]] = []
        self._news = 0
        self._shown: Place | str | Taken | None = None
        self._ways = NO_WAYS
        self._refused: str | None = None
        self._read = 0
        self.visitor: str | None = None
        self.language = languages[0]
        self.identity = Identity()
        self.last = 0
        """Number of the last message that was sent here."""

    # -- from the client

    def receive(self, frame: str | bytes, now: Instant) -> list[Action]:
        """Return what to do about a frame that came in at `now`."""
        if self._frames.take(now):
            return [Close(POLICY_VIOLATION, "too many frames")]
        match frames.decoded(frame):
            case None:
                return [self._error("bad_frame", "not a frame that is known here: see the reference of sockets")]
            case frames.Hello() as hello if self.visitor is None:
                return self._hello(hello)
            case frames.Hello():
                return [self._error("bad_frame", "hello was said already")]
            case frames.Ping():
                return [Send(frames.Pong(seq=self.last, at=rfc3339(now)))]
            case _ if self.visitor is None:
                return [self._error("bad_frame", "begin with hello")]
            case frames.Message() as message:
                return self._message(message, now)
            case frames.Slots() | frames.Callback() | frames.LeaveMessage() as wish:
                return self._wish(wish, now)
            case frame_after_hello:
                return self._told(frame_after_hello, now)

    def _hello(self, hello: frames.Hello) -> list[Action]:
        tokens = (token for token in (hello.visitor_token, self._token) if token is not None)
        known = (visitor_of(token, self._keys) for token in tokens)
        self.visitor = next((visitor for visitor in known if visitor is not None), None) or new_visitor(self._bits)
        self.language = self._spoken(hello.language or "")
        claim = hello.identity or frames.Claim()
        self.identity = Identity(name=_said_or_none(claim.name), email=_said_or_none(claim.email))
        self._resume = hello
        # Nothing to send yet: the first look comes once the visitor's news is followed, so that none falls between.
        return []

    def _spoken(self, wanted: str) -> str:
        language = wanted.replace("_", "-").partition("-")[0].lower()
        return language if language in self._languages else self._languages[0]

    def _message(self, message: frames.Message, now: Instant) -> list[Action]:
        text, client_id = clean(message.text), message.client_id
        if bytes_of(text) > TEXT_BYTES_MAX:
            return [self._error("too_long", f"at most {TEXT_BYTES_MAX} bytes in one message", client_id)]
        if not text:
            return [self._error("bad_frame", "the message has no text", client_id)]
        if wait := self._messages.take(now):
            return [self._error("too_fast", "too many messages at once", client_id, retry_after_s=wait / 1000)]
        return [Say(client_id, text)]

    def _wish(self, frame: frames.Slots | frames.Callback | frames.LeaveMessage, now: Instant) -> list[Action]:
        """Return what to do about another way than to wait."""
        conversation, client_id = self._conversation, None if isinstance(frame, frames.Slots) else frame.client_id
        if conversation is None:
            return [self._error("not_waiting", "there is no conversation yet", client_id)]
        if wait := self._messages.take(now):
            return [self._error("too_fast", "too much at once", client_id, retry_after_s=wait / 1000)]
        try:
            match frame:
                case frames.Slots(after):
                    return [FindWindows(conversation, now if after is None else max(now, instant_of(after)))]
                case frames.Callback(client_id=id, phone=phone, slot=slot, time_zone=zone):
                    start = None if slot is None else instant_of(slot)
                    wish = CallWish(client_id=id, phone=phone, slot=start, time_zone=zone)
                    return [TakeCallback(conversation, wish)]
                case frames.LeaveMessage(client_id=id, email=email, text=text):
                    return self._left(conversation, LeftMessage(client_id=id, email=email.strip(), text=clean(text)))
        except ValueError as fault:
            return [self._error("bad_frame", str(fault), client_id)]

    def _left(self, conversation: str, left: LeftMessage) -> list[Action]:
        if bytes_of(left.text) > TEXT_BYTES_MAX:
            return [self._error("too_long", f"at most {TEXT_BYTES_MAX} bytes in one message", left.client_id)]
        return [TakeMessage(conversation, left)]

    def _told(self, frame: frames.AnyIncoming, now: Instant) -> list[Action]:
        """Return what to tell about the conversation; before there is one, there is nobody to tell."""
        if self._conversation is None:
            return []
        match frame:
            case frames.TypingHere() if now >= self._typing_from:
                self._typing_from = now + TYPING_EVERY
                return [TellTyping(self._conversation)]
            case frames.Read(seq) if self._read < seq <= self.last:
                self._read = seq
                return [TellRead(self._conversation, seq)]
            case frames.Person():
                return [CallPerson(self._conversation)]
            case frames.Leave():
                return [Depart(self._conversation)]
        return []

    def said(self, client_id: str, said: Said) -> list[Action]:
        """Return what to do once a message is durable.

        The ack goes out behind the message itself: a page that resumes after the number of an ack misses nothing.
        """
        if said.conversation.id == self._conversation and said.seq <= self.last:
            return [Send(frames.Ack(seq=said.seq, client_id=client_id))]
        self._acks.append((client_id, said.seq))
        return [Look()]

    def not_said(self, client_id: str, retry_after_s: float) -> list[Action]:
        """Return what to do if a message could not be made durable; the page keeps it until it has its ack."""
        return [self._error("busy", "it could not be saved yet", client_id, retry_after_s=retry_after_s)]

    def kept_aside(self, client_id: str) -> list[Action]:
        """Return what to do if a message can't be processed: it is kept for a person, and sending it again is vain."""
        return [self._error("quarantined", "it is kept, and a person will look at it", client_id)]

    def not_told(self, retry_after_s: float) -> list[Action]:
        """Return what to do if something else could not be done."""
        return [self._error("busy", "it could not be done yet", retry_after_s=retry_after_s)]

    def windows_found(self, windows: Windows) -> list[Action]:
        """Return the times that he may choose."""
        items = tuple(rfc3339(start) for start in windows.starts)
        length_s = windows.length // SECOND
        return [Send(frames.SlotsOut(seq=self.last, items=items, length_s=length_s, more=windows.more))]

    def taken(self) -> list[Action]:
        """Return what to do once another way is taken: a look shows it, whatever became of the news."""
        return [Look()]

    def not_taken(self, client_id: str, refused: WayRefused) -> list[Action]:
        """Return what to do if another way could not be taken."""
        return [self._error(refused.code, refused.detail, client_id)]

    def not_asked(self, client_id: str | None, retry_after_s: float) -> list[Action]:
        """Return what to do if nobody could be asked."""
        return [self._error("busy", "it could not be done yet", client_id, retry_after_s=retry_after_s)]

    # -- looks

    def glance(self) -> Glance:
        """Begin a look; `found`, `caught_up` for each message, and `settled` follow, with nothing else looking."""
        acks, self._acks = tuple(self._acks), []
        return Glance(acks, self._news)

    def found(self, glance: Glance, conversation: Conversation | None, *, is_open: bool) -> list[Action]:
        """Return what to do about the current conversation: greet, switch to it, show where it stands."""
        actions: list[Action] = []
        identity = None if conversation is None else conversation.id
        if not self._welcomed or identity != self._conversation:
            self._switch(conversation)
            actions.append(Send(self._welcome(conversation, is_open=is_open)))
            if conversation is not None:
                # The welcome tells them, so that a page that comes back changes in one step.
                self._ways, self._shown, self._refused = conversation.ways, conversation.taken, conversation.refused
        # News that came during the look is younger than what the look saw.
        if conversation is not None and glance.news == self._news:
            actions += self._stands(conversation)
        return actions

    def _switch(self, conversation: Conversation | None) -> None:
        resume, self._resume = self._resume, frames.Hello()
        self.last, self._read, self._shown, self._conversation = 0, 0, None, None
        self._ways = NO_WAYS
        self._welcomed = True
        if conversation is None:
            return
        self._conversation = conversation.id
        # A number of another conversation says nothing about this one.
        if resume.conversation in {None, conversation.id} and (resume.after or 0) <= conversation.seq:
            self.last = resume.after or 0

    def _welcome(self, conversation: Conversation | None, *, is_open: bool) -> frames.Welcome:
        assert self.visitor is not None
        return frames.Welcome(
            seq=self.last,
            visitor_token=token_of(self.visitor, self._keys),
            conversation=None
            if conversation is None
            else frames.ShownConversation(conversation.id, conversation.reference, conversation.state),
            language=self.language,
            open=is_open,
            company=self._company,
            ways=None if conversation is None else _shown_ways(conversation.ways),
            taken=None if conversation is None or conversation.taken is None else _shown_taken(conversation.taken),
        )

    def _stands(self, conversation: Conversation) -> list[Action]:
        now = conversation.agent or conversation.taken or conversation.place
        return [*([] if now is None else self._show(now)), *self._offer(conversation.ways)]

    def caught_up(self, conversation: str, message: ChatMessage) -> list[Action]:
        """Return what to do about a message that a look read, which begins behind `last`."""
        if conversation != self._conversation or message.seq <= self.last:
            return []
        return [self._out(message)]

    def settled(self, glance: Glance) -> list[Action]:
        """End a look: every message that was durable when it began has been sent, so its acks may follow."""
        acks = [Send(frames.Ack(seq=seq, client_id=client_id)) for client_id, seq in glance.acks]
        refused, self._refused = self._refused, None
        return [*acks, *([] if refused is None else self._over(frames.EndedOut(seq=self.last, reason=refused)))]

    # -- news

    def updated(self, update: Update) -> list[Action]:
        """Return what to do about news of the visitor's conversation."""
        if update.conversation != self._conversation:
            return [Look()]
        match update:
            case Spoken(message=message):
                return self._spoken_now(message)
            case Queued(place=place):
                return self._show(place)
            case Joined(name=name):
                return self._show(name)
            case Transferred():
                return self._over(frames.TransferredOut(seq=self.last))
            case Ended(reason=reason):
                return self._over(frames.EndedOut(seq=self.last, reason=reason))
            case Offered(ways=ways):
                return self._offer(ways)
            case Gone(taken=taken):
                return self._show(taken)
            case Typing():
                return [Send(frames.TypingOut(seq=self.last))]

    def _spoken_now(self, message: ChatMessage) -> list[Action]:
        if message.seq <= self.last:
            return []
        # A hole is a message that is not for customers, or one that we have missed: a look tells.
        return [self._out(message)] if message.seq == self.last + 1 else [Look()]

    def _show(self, what: Place | str | Taken) -> list[Action]:
        """Return the frame that shows a place, who joined or where it goes on, unless the page shows it already."""
        if what == self._shown:
            return []
        self._news += 1
        stayed, self._shown = not isinstance(self._shown, Taken), what
        match what:
            case Place(position, wait):
                return [Send(frames.QueueOut(seq=self.last, position=position, expected_wait=wait))]
            case Taken():
                self._ways = NO_WAYS
                # Pages that do not know the second frame are told by the first.
                over = [Send(frames.EndedOut(seq=self.last, reason=_ELSEWHERE[what.way]))] if stayed else []
                return [*over, Send(frames.TakenOut(seq=self.last, taken=_shown_taken(what)))]
            case name:
                self._ways = NO_WAYS
                return [Send(frames.JoinedOut(seq=self.last, name=name))]

    def _offer(self, ways: Ways) -> list[Action]:
        """Return the frame that shows what he may choose, unless the page shows it."""
        if ways == self._ways:
            return []
        self._news += 1
        self._ways = ways
        return [Send(frames.WaysOut(seq=self.last, ways=_shown_ways(ways)))]

    def _over(self, frame: frames.Outgoing) -> list[Action]:
        self._news += 1
        self._shown, self._ways = None, NO_WAYS
        return [Send(frame)]

    def _out(self, message: ChatMessage) -> Send:
        self.last = message.seq
        return Send(
            frames.MessageOut(
                seq=message.seq,
                author=message.author,
                name=message.name,
                text=message.text,
                at=rfc3339(message.at),
                client_id=message.client_id,
            )
        )

    def _error(self, code: str, detail: str, client_id: str | None = None, retry_after_s: float | None = None) -> Send:
        return Send(
            frames.Error(seq=self.last, code=code, detail=detail, client_id=client_id, retry_after_s=retry_after_s)
        )


def _said_or_none(text: str | None) -> str | None:
    return clean(text or "") or None


def _shown_ways(ways: Ways) -> frames.ShownWays | None:
    return None if ways == NO_WAYS else frames.ShownWays(**msgspec.structs.asdict(ways))


def _shown_taken(taken: Taken) -> frames.ShownTaken:
    return frames.ShownTaken(
        way=taken.way,
        to=taken.to,
        starts_at=None if taken.due_at is None else rfc3339(taken.due_at),
        ends_at=None if taken.ends_at is None else rfc3339(taken.ends_at),
        link=taken.link,
        calendar=taken.calendar,
    )
