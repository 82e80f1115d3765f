"""What a chat session asks its socket to do."""

import msgspec

from channels.chat.frames import Outgoing
from channels.chat.ways import CallWish, LeftMessage
from vocabulary.instants import Instant


class Send(msgspec.Struct, frozen=True):
    """Send `frame` to the client."""

    frame: Outgoing


class Look(msgspec.Struct, frozen=True):
    """Read the current conversation and its messages behind `Session.last`, and hand them to the session."""


class Say(msgspec.Struct, frozen=True):
    """Make this message durable, then call `said` or `not_said`."""

    client_id: str
    text: str


class TellTyping(msgspec.Struct, frozen=True):
    """Tell that the customer is typing."""

    conversation: str


class TellRead(msgspec.Struct, frozen=True):
    """Tell how far the customer has read."""

    conversation: str
    seq: int


class CallPerson(msgspec.Struct, frozen=True):
    """Tell that the customer wants a person."""

    conversation: str


class FindWindows(msgspec.Struct, frozen=True):
    """Look up the times after `after` at which the customer could be called, then call `windows_found`."""

    conversation: str
    after: Instant


class TakeCallback(msgspec.Struct, frozen=True):
    """Let it go on as a callback, then call `taken` or `not_taken`."""

    conversation: str
    wish: CallWish


class TakeMessage(msgspec.Struct, frozen=True):
    """Let it go on as e-mail, then call `taken` or `not_taken`."""

    conversation: str
    left: LeftMessage


class Depart(msgspec.Struct, frozen=True):
    """Tell that the customer left."""

    conversation: str


class Close(msgspec.Struct, frozen=True):
    """Close the socket."""

    code: int
    reason: str


Wish = FindWindows | TakeCallback | TakeMessage
Action = Send | Look | Say | TellTyping | TellRead | CallPerson | Wish | Depart | Close
