"""Frames of the chat socket as they travel (docs/reference/sockets.md). What a client sends is checked here."""

from typing import Annotated

import msgspec

from channels.chat.conversations import ExpectedWait

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
"""A number of a message. A page's numbers are exact up to 2**53."""

_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Token = Annotated[str, msgspec.Meta(max_length=500)]
_ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class Claim(msgspec.Struct, frozen=True):
    """Who the client says his user is."""

    name: _Short | None = None
    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None


class Incoming(msgspec.Struct, frozen=True, tag_field="type"):
    """A frame from a client. Fields that we do not know are ignored, so that newer pages can talk to us."""


class Hello(Incoming, tag="hello", frozen=True, kw_only=True):
    """The first frame. `conversation`: the one that `after` counts in; left out, it is the current one."""

    visitor_token: _Token | None = None
    language: _Short | None = None
    identity: Claim | None = None
    after: Count | None = None
    conversation: _Short | None = None


class Message(Incoming, tag="message", frozen=True):
    """Something said. `client_id` is the page's own id of it; the same one is said once."""

    client_id: _ClientId
    text: str


class TypingHere(Incoming, tag="typing", frozen=True):
    """The customer is typing."""


class Read(Incoming, tag="read", frozen=True):
    """The customer has seen everything up to `seq`."""

    seq: Count


class Person(Incoming, tag="person", frozen=True):
    """The customer wants a person, not the bot."""


class Slots(Incoming, tag="slots", frozen=True):
    """When could he be called? `after`: only later times."""

    after: _Short | None = None


class Callback(Incoming, tag="callback", frozen=True, kw_only=True):
    """The customer would rather be called: as soon as possible, or in the window that begins at `slot`."""

    client_id: _ClientId
    phone: Annotated[str, msgspec.Meta(max_length=40)]
    slot: _Short | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class LeaveMessage(Incoming, tag="leave_message", frozen=True, kw_only=True):
    """The customer would rather have an answer by e-mail."""

    client_id: _ClientId
    email: Annotated[str, msgspec.Meta(max_length=254)]
    text: str = ""


class Leave(Incoming, tag="leave", frozen=True):
    """The customer ends the conversation."""


class Ping(Incoming, tag="ping", frozen=True):
    """Is anybody there? A page cannot see the protocol's own pings."""


AnyIncoming = Hello | Message | TypingHere | Read | Person | Slots | Callback | LeaveMessage | Leave | Ping


class Outgoing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """A frame to a client. Every message of the conversation up to `seq` was sent before it, or is this frame."""

    seq: int


class ShownConversation(msgspec.Struct, frozen=True):
    """A conversation in `welcome`."""

    id: str
    reference: str
    state: str


class ShownWays(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a customer who waits may choose instead; `text` says so, in `language`."""

    callback: bool = False
    message: bool = False
    text: str = ""
    language: str = ""
    phone_example: str = ""


class ShownTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where it goes on: the number or address, the window, the pages where he changes and saves it."""

    way: str
    to: str
    starts_at: str | None = None
    ends_at: str | None = None
    link: str | None = None
    calendar: str | None = None


class Welcome(Outgoing, tag="welcome", frozen=True):
    """First, and again when another conversation takes the place of the last; then show that one instead."""

    visitor_token: str
    conversation: ShownConversation | None
    language: str
    open: bool
    company: str
    ways: ShownWays | None = None
    taken: ShownTaken | None = None


class MessageOut(Outgoing, tag="message", frozen=True):
    """A message. `client_id` stands in those that the visitor sent, so that his page finds its own."""

    author: str
    name: str
    text: str
    at: str
    client_id: str | None = None


class Ack(Outgoing, tag="ack", frozen=True):
    """The message is on disk, and has been sent to this socket as well."""

    client_id: str


class QueueOut(Outgoing, tag="queue", frozen=True):
    """The place in the queue."""

    position: int
    expected_wait: ExpectedWait | None


class JoinedOut(Outgoing, tag="joined", frozen=True):
    """An agent is here."""

    name: str


class TransferredOut(Outgoing, tag="transferred", frozen=True):
    """Another agent will come."""


class EndedOut(Outgoing, tag="ended", frozen=True):
    """The conversation is over."""

    reason: str


class WaysOut(Outgoing, tag="ways", frozen=True):
    """What he may choose instead of waiting has changed; null: nothing."""

    ways: ShownWays | None


class TakenOut(Outgoing, tag="taken", frozen=True):
    """It goes on elsewhere."""

    taken: ShownTaken


class SlotsOut(Outgoing, tag="slots", frozen=True):
    """Beginnings of the times that he may choose, each `length_s` long. `more`: ask for what is after the last one."""

    items: tuple[str, ...]
    length_s: int
    more: bool = False


class TypingOut(Outgoing, tag="typing", frozen=True):
    """The agent is typing."""


class Pong(Outgoing, tag="pong", frozen=True):
    """Somebody is."""

    at: str


class Error(Outgoing, tag="error", frozen=True):
    """What was wrong with a frame; with `retry_after_s`, the same frame may do later."""

    code: str
    detail: str
    client_id: str | None = None
    retry_after_s: float | None = None


_decoder: msgspec.json.Decoder[AnyIncoming] = msgspec.json.Decoder(AnyIncoming)
_encoder = msgspec.json.Encoder()


def decoded(frame: str | bytes) -> AnyIncoming | None:
    """Return what a client sent, or None if it is no frame of ours."""
    try:
        return _decoder.decode(frame)
    # Brackets nested a thousand deep end in RecursionError, even in a field that would be ignored.
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def encoded(frame: Outgoing) -> bytes:
    """Return `frame` as JSON."""
    return _encoder.encode(frame)
