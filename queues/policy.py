"""What a queue's policy says. Values come from configuration; the core only reads them."""

from typing import Literal

import msgspec

from queues.overflow import Overflow
from vocabulary.ids import QueueName
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, Span
from vocabulary.media import CALLBACK, CHAT, EMAIL, VIDEO, VOICE

Strategy = Literal["least_loaded", "longest_idle", "best_skill", "fastest", "round_robin", "optimal"]
Placement = Literal["pack", "spread"]
Order = Literal["due", "wait_over_target"]
WrapUpMode = Literal["none", "optional", "timed", "timed_forced", "open"]
OnDisconnect = Literal["keep", "requeue", "close"]
OutsideHours = Literal["wait", "schedule"]
OnClose = Literal["keep", "callback", "message", "overflow"]

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

UNDO: Span = 10 * SECOND
"""How long a move, a change of priority or a forced close can be taken back (semantics.md section 15)."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a queue asks less, or whom it asks too, of what has waited `after` in a leg (semantics.md section 5).

    `drop`: skills that are no longer required. `lower`: skills with the level that is then enough. `groups`: agents who
    then serve it after all their own queues. `priority` is added. `guard`: not while it would overload those whom it
    adds (`router/lending.py`).
    """

    after: Span
    drop: tuple[str, ...] = ()
    lower: dict[str, int] = {}
    groups: tuple[str, ...] = ()
    priority: int = 0
    guard: bool = True


class QueuePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How one queue orders, offers and wraps up. Spans are ms. `hours` names a table of opening hours."""

    name: QueueName
    target: Span = 20 * SECOND
    segment_targets: dict[str, Span] = {}
    credit: Span = MINUTE
    short: Span = 5 * SECOND
    strategy: Strategy = "least_loaded"
    placement: Placement | None = None
    order: Order = "due"
    parallel: int = 1
    steps: tuple[Step, ...] = ()
    hours: str | None = None
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
    warm_wait: Span = 2 * MINUTE
    monitoring: bool = False
    callback_attempts: int = 3
    callback_retry: Span = 15 * MINUTE
    callback_slot: Span = 30 * MINUTE
    callback_places: int = 3
    callback_days_max: int = 90
    outside_hours: OutsideHours = "wait"
    on_close: OnClose = "keep"
    message_channel: str | None = None
    overflow: tuple[Overflow, ...] = ()
    sla: str | None = None
    silent_after: dict[str, Span] = {}
    parked_close_after: dict[str, Span] = {}
    undo: Span = 5 * SECOND
    letter: str | None = None
    ask: str | None = None

    @property
    def may_overflow(self) -> bool:
        """Whether it ever does anything with work that it can't serve."""
        return bool(self.overflow) or self.on_close in ("callback", "message")

    @property
    def overflow_waits(self) -> tuple[Span, ...]:
        """The waits at which a rule of overflow may come due, ascending."""
        return tuple(sorted({rule.when.wait for rule in self.overflow if rule.when.wait is not None}))

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
