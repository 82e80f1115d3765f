"""Other ways than to wait in the chat: a callback, or a message that is answered by e-mail."""

from typing import Literal

import msgspec

from vocabulary.instants import Instant, Span

Way = Literal["callback", "message"]


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer who waits is offered instead; `text` says so, in `language`."""

    callback: bool = False
    message: bool = False
    text: str = ""
    language: str = ""
    phone_example: str = ""


NO_WAYS = Ways()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The way that the customer took: to which number or address, when if he chose a time, where he changes it."""

    way: Way
    to: str
    due_at: Instant | None = None
    ends_at: Instant | None = None
    link: str | None = None
    calendar: str | None = None


class Windows(msgspec.Struct, frozen=True):
    """Times that he may choose, in order, each so long. `more`: there are later ones."""

    starts: tuple[Instant, ...]
    length: Span
    more: bool


class CallWish(msgspec.Struct, frozen=True, kw_only=True):
    """The customer wants to be called: now, or in the window that begins at `slot`. Times are told in `time_zone`."""

    client_id: str
    phone: str
    slot: Instant | None = None
    time_zone: str | None = None


class LeftMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The customer wants an answer by e-mail; `text` is what he adds, if he does."""

    client_id: str
    email: str
    text: str = ""


class WayRefused(msgspec.Struct, frozen=True):
    """It can't be done, and why: a code such as `slot_full` or `phone.too_short`."""

    code: str
    detail: str
