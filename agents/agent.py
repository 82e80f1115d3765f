"""An agent as the router sees him: skills, queues, presence, capacity (semantics.md sections 6, 9 and 11)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from vocabulary.ids import AgentId, InteractionId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.media import CALLBACK, CHAT, EMAIL, VIDEO, VOICE
from vocabulary.skills import Requirement

Presence = Literal["available", "busy", "away", "offline", "not_responding", "disconnected"]
DECLARED: tuple[Presence, ...] = ("available", "busy", "away", "offline")
"""What an agent may declare; the rest is set by the router alone."""

CAPACITY = 100


class Membership(msgspec.Struct, frozen=True):
    """How an agent serves a queue: `priority` 1 is first; he sees work once it has waited `delay` ms."""

    priority: int = 1
    delay: Span = 0


class MediumLimit(msgspec.Struct, frozen=True):
    """What one interaction of a medium costs of an agent's units, and how many he may hold at once."""

    cost: int
    max: int | None = None


MEDIA_DEFAULTS: Mapping[str, MediumLimit] = {
    CHAT: MediumLimit(33, 3),
    EMAIL: MediumLimit(20, 5),
    CALLBACK: MediumLimit(100),
    VOICE: MediumLimit(100),
    VIDEO: MediumLimit(100),
}
UNKNOWN_MEDIUM = MediumLimit(100)
_LEAST_COST = min(limit.cost for limit in MEDIA_DEFAULTS.values())


class Profile(msgspec.Struct, frozen=True):
    """What staff configures of an agent. Names live in the records."""

    skills: dict[str, int] = {}
    queues: dict[QueueName, Membership] = {}
    capacity: int = CAPACITY
    media: dict[str, MediumLimit] = {}

    def limit(self, medium: str) -> MediumLimit:
        """Return the cost and maximum of `medium` for this agent."""
        return self.media.get(medium) or MEDIA_DEFAULTS.get(medium, UNKNOWN_MEDIUM)

    @property
    def least_cost(self) -> int:
        """What the cheapest medium costs him: with less room than this he takes nothing."""
        if not self.media:
            return _LEAST_COST
        return min(limit.cost for limit in {**MEDIA_DEFAULTS, **self.media}.values())


class Hold(msgspec.Struct, frozen=True):
    """Units that an offer or an assignment occupies."""

    medium: str
    cost: int


class Agent(msgspec.Struct, frozen=True):
    """An agent at one instant; changed only by `evolve`, which puts a new value in its place."""

    id: AgentId
    profile: Profile
    presence: Presence = "offline"
    reason: str = ""
    since: Instant = 0
    connected: bool = False
    grace_until: Instant | None = None
    media_off: frozenset[str] = frozenset()
    after_current: str | None = None
    cooling_until: Instant | None = None
    misses: int = 0
    idle_since: Instant = 0
    holds: dict[InteractionId, Hold] = {}

    @property
    def used(self) -> int:
        """Units in use: offers in flight, assignments and wrap-ups."""
        return sum(hold.cost for hold in self.holds.values())

    @property
    def load(self) -> float:
        """Used units as a share of capacity."""
        return self.used / self.profile.capacity if self.profile.capacity else 1.0

    @property
    def may_take(self) -> bool:
        """Whether he may be offered anything at all; what he may not for other reasons is looked at one by one."""
        return (
            self.presence == "available"
            and self.connected
            and self.cooling_until is None
            and self.after_current is None
            and self.used + self.profile.least_cost <= self.profile.capacity
        )

    def has_room(self, medium: str) -> bool:
        """Tell whether one more interaction of `medium` fits his units and the medium's own maximum."""
        limit = self.profile.limit(medium)
        if self.used + limit.cost > self.profile.capacity:
            return False
        return limit.max is None or sum(hold.medium == medium for hold in self.holds.values()) < limit.max

    def holds_skills(self, requirements: tuple[Requirement, ...]) -> bool:
        """Tell whether he meets every one of `requirements`."""
        skills = self.profile.skills
        return all(skills.get(need.skill, 0) >= need.level for need in requirements)
