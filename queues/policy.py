"""What a queue's policy says. Values come from configuration; the core only reads them."""

from typing import Literal

import msgspec

from vocabulary.ids import QueueName
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, Span
from vocabulary.media import CALLBACK, CHAT, EMAIL, VIDEO, VOICE

Strategy = Literal["least_loaded", "longest_idle", "best_skill", "fastest", "round_robin", "optimal"]
Placement = Literal["pack", "spread"]
Order = Literal["due", "wait_over_target"]
WrapUpMode = Literal["none", "optional", "timed", "timed_forced", "open"]
OnDisconnect = Literal["keep", "requeue", "close"]

OFFER_TIMEOUTS: dict[str, Span] = {
    CHAT: 30 * SECOND,
    EMAIL: 5 * MINUTE,
    CALLBACK: 60 * SECOND,
    VOICE: 20 * SECOND,
    VIDEO: 20 * SECOND,
}
OFFER_TIMEOUT: Span = 30 * SECOND
PREFERRED_HOLDS: dict[str, Span] = {EMAIL: 8 * HOUR}
PREFERRED_HOLD: Span = 30 * SECOND
BREAKER_WINDOW: Span = MINUTE
BREAKER_MIN = 4
"""If more than half of a queue's agents, and at least so many, miss within the window, nobody is taken off."""
COOL_DOWNS: tuple[Span, ...] = (10 * SECOND, 20 * SECOND, 40 * SECOND)
BARRED: Span = 10 * SECOND
"""How long a decline or a withdrawal keeps one interaction from one agent (semantics.md section 8)."""


class QueuePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How one queue orders, offers and wraps up. Spans are ms."""

    name: QueueName
    target: Span = 20 * SECOND
    credit: Span = MINUTE
    short: Span = 5 * SECOND
    strategy: Strategy = "least_loaded"
    placement: Placement | None = None
    order: Order = "due"
    parallel: int = 1
    offer: dict[str, Span] = {}
    hold: dict[str, Span] = {}
    misses_max: int = 3
    wrap_up: WrapUpMode = "timed"
    wrap_up_after: Span = 30 * SECOND
    wrap_up_extension: Span = 30 * SECOND
    wrap_up_extensions_max: int = 3
    dispositions: tuple[str, ...] = ()
    disposition_required: bool = False
    on_disconnect: dict[str, OnDisconnect] = {}
    disconnect_grace: Span = MINUTE
    owner_hold: Span = DAY
    callback_attempts: int = 3
    callback_retry: Span = 15 * MINUTE

    def offer_timeout(self, medium: str) -> Span:
        """Return how long an offer of `medium` rings; 0 = assigned without asking."""
        return self.offer.get(medium, OFFER_TIMEOUTS.get(medium, OFFER_TIMEOUT))

    def hold_of(self, medium: str) -> Span:
        """Return how long the preferred agent has an interaction of `medium` to himself."""
        return self.hold.get(medium, PREFERRED_HOLDS.get(medium, PREFERRED_HOLD))

    def disconnect_action(self, medium: str) -> OnDisconnect:
        """Return what becomes of active work when its agent stays away beyond the grace."""
        return self.on_disconnect.get(medium, "requeue" if medium == CHAT else "keep")

    def grace_of(self, medium: str) -> Span:
        """Return how long active work waits for an agent who was cut off."""
        return self.owner_hold if medium == EMAIL else self.disconnect_grace


REOPEN_WINDOWS: dict[str, Span] = {EMAIL: 7 * DAY}
REOPEN_WINDOW: Span = DAY


class ChannelPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the core must know of a channel."""

    name: str
    medium: str
    customer_grace: Span = 2 * MINUTE
    reopen: Span | None = None
    confirmation: Span = DAY
    """How long an answer of the bot waits for an objection before the interaction closes."""

    @property
    def reopen_window(self) -> Span:
        """How long after its end an interaction opens again when the customer writes."""
        return self.reopen if self.reopen is not None else REOPEN_WINDOWS.get(self.medium, REOPEN_WINDOW)
