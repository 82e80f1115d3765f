"""Bodies and queries of callbacks, and of the emergency switch."""

from typing import Annotated, Literal

from msgspec import Meta

from web.payloads import Body, Limit, Name, NewCustomer, OverflowDo, Priority, Text, When

TimeZone = Annotated[str, Meta(max_length=64, description='An IANA time zone such as "Europe/Warsaw".')]


class CallbackQuery(Body, frozen=True, kw_only=True):
    """Which callbacks; `state` may name several with commas."""

    state: str | None = None
    queue: str | None = None
    customer: str | None = None
    cursor: Annotated[int, Meta(ge=1)] | None = None
    limit: Limit = 50


class SlotQuery(Body, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Windows of `queue` from an instant on; none: from now. `time_zone` is the customer's."""

    queue: Name
    from_: When | None = None
    time_zone: TimeZone | None = None
    limit: Limit = 100


class NewCallback(Body, frozen=True, kw_only=True):
    """Somebody wants to be called: now, or in the window that begins at `slot`.

    `interaction`: what he waits with already, which becomes the callback and keeps its place.
    """

    customer: NewCustomer = NewCustomer()
    interaction: Name | None = None
    channel: Name | None = None
    external_id: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    queue: Name | None = None
    priority: Priority | None = None
    subject: Annotated[str, Meta(max_length=1000)] = ""
    text: Text = ""
    slot: When | None = None
    time_zone: TimeZone | None = None


class NewSlot(Body, frozen=True, kw_only=True):
    """Another window."""

    slot: When


class CancelBecause(Body, frozen=True, kw_only=True):
    """Who cancels: the customer (default), or staff for him."""

    by: Literal["customer", "staff"] = "customer"


class LeftMessage(Body, frozen=True, kw_only=True):
    """Where the answer goes, and what the customer adds."""

    email: Annotated[str, Meta(min_length=3, max_length=320)]
    text: Text = ""


EmergencyWord = Literal["overflow", "callback", "message", "close"]


class Emergency(Body, frozen=True, kw_only=True):
    """The emergency switch; `action` null turns it off.

    Words: `overflow` does what the queue's rules with `emergency` say, `callback` offers one, `message` turns work into
    e-mail, `close` closes it.
    """

    action: OverflowDo | EmergencyWord | None
    reason: Annotated[str, Meta(max_length=1000)] = ""
