"""What `decide` answers."""

from typing import Literal

import msgspec

from router.events import AnyEvent

RefusalCode = Literal["not_found", "conflict", "invalid", "known", "forbidden"]


class Refusal(msgspec.Struct, frozen=True):
    """Why a command changed nothing.

    `code`: not_found, conflict (it was possible once, or will be: HTTP 409), invalid (never: 422), known (a repeat),
    forbidden (not this agent's). `reason` is a code such as `offer_expired`; `detail` is a sentence for people.
    """

    code: RefusalCode
    reason: str
    detail: str


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Events to append, or a refusal; a command that changes nothing has neither."""

    events: tuple[AnyEvent, ...] = ()
    refusal: Refusal | None = None
