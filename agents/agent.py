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


class Membership(msgspec.Struct, frozen=True, gc=False):
    """How an agent serves a queue: `priority` 1 is first; he sees work once it has waited `delay` ms."""

    priority: int = 1
    delay: Span = 0


class MediumLimit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What one interaction of a medium costs of an agent's units, and how many he may hold at once.

    `wrap_up_cost` (None: the same) and `parked_cost` replace `cost` then. `interrupts`: media that this one may be
    offered on top of; work of those doesn't count as used for it.
    """

    cost: int
    max: int | None = None
    wrap_up_cost: int | None = None
    parked_cost: int = 0
    interrupts: tuple[str, ...] = ()

    @property
    def wrapping(self) -> int:
        """What an interaction costs during its wrap-up."""
        return self.cost if self.wrap_up_cost is None else min(self.cost, self.wrap_up_cost)


MEDIA_DEFAULTS: Mapping[str, MediumLimit] = {
    CHAT: MediumLimit(33, 3),
    EMAIL: MediumLimit(20, 5),
    CALLBACK: MediumLimit(100),
    VOICE: MediumLimit(100),
    VIDEO: MediumLimit(100),
}
UNKNOWN_MEDIUM = MediumLimit(100)


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What staff configures of an agent. Names live in the records."""

    skills: dict[str, int] = {}
    queues: dict[QueueName, Membership] = {}
    capacity: int = CAPACITY
    media: dict[str, MediumLimit] = {}
    groups: tuple[str, ...] = ()

    def limit(self, medium: str) -> MediumLimit:
        """Return the cost and maximum of `medium` for this agent."""
        return self.media.get(medium) or MEDIA_DEFAULTS.get(medium, UNKNOWN_MEDIUM)


HoldKind = Literal["offer", "active", "wrap_up", "parked", "room"]
"""Why an interaction is with an agent; `room`: he joined another's."""

OWNED: frozenset[HoldKind] = frozenset({"active", "wrap_up", "parked"})
BUSY: frozenset[HoldKind] = frozenset({"active", "wrap_up"})
"""Kinds that make time busy time; an offer that only rings does not."""
WORK: frozenset[HoldKind] = frozenset({"offer", "active", "wrap_up"})
"""Kinds that keep an agent at work; what he parked or only looks at does not."""


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Units that an interaction occupies of an agent, and why. `flagged`: allowed beyond his capacity."""

    medium: str
    cost: int
    kind: HoldKind
    flagged: bool = False


class Agent(msgspec.Struct, gc=False):
    """An agent at one instant. Only `evolve` changes him; it replaces what a field holds and never writes into it.

    `used`: units of all `holds`. `idle_since`: his last release. `busy`: share of time at work, decayed with a
    half-life of 30 min, as of that release; `busy_at`: when he began to work, or None. `offered_at`: his last offer.
    `handling`: count and sum of his handling times in ms, by label.
    """

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
    missed_at: Instant | None = None
    used: int = 0
    idle_since: Instant = 0
    busy: float = 0.0
    busy_at: Instant | None = None
    offered_at: Instant = 0
    holds: dict[InteractionId, Hold] = {}
    handling: dict[str, tuple[int, int]] = {}

    @property
    def load(self) -> float:
        """Used units as a share of capacity."""
        return self.used / self.profile.capacity if self.profile.capacity else 1.0

    @property
    def works(self) -> bool:
        """Whether something rings at him, or he works on it or wraps it up."""
        return any(hold.kind in WORK for hold in self.holds.values())

    def has_room(self, medium: str, instead: InteractionId | None = None) -> bool:
        """Tell whether one more interaction of `medium` fits his units and the medium's own maximum.

        `instead`: it takes the place of what he holds of this interaction now.
        """
        profile, holds, used = self.profile, self.holds, self.used
        limit = profile.media.get(medium) or MEDIA_DEFAULTS.get(medium, UNKNOWN_MEDIUM)
        if limit.interrupts and used:
            used -= sum(hold.cost for hold in holds.values() if hold.medium in limit.interrupts)
        if instead is not None and instead in holds and medium not in limit.interrupts:
            used -= holds[instead].cost
        if used + limit.cost > profile.capacity:
            return False
        if limit.max is None or not holds:
            return True
        return limit.max > sum(hold.medium == medium and hold.kind in WORK for hold in holds.values())

    def may_take(self, medium: str) -> bool:
        """Tell whether work of `medium` may be offered to him at all, as far as he himself is concerned."""
        if (
            self.presence != "available"
            or not self.connected
            or self.cooling_until is not None
            or self.after_current is not None
            or medium in self.media_off
        ):
            return False
        profile = self.profile
        limit = profile.media.get(medium) or MEDIA_DEFAULTS.get(medium, UNKNOWN_MEDIUM)
        if limit.max is None and not limit.interrupts:
            # Nearly always, and asked most often: without looking at what he holds.
            return self.used + limit.cost <= profile.capacity
        return self.has_room(medium)

    def holds_skills(self, requirements: tuple[Requirement, ...]) -> bool:
        """Tell whether he meets every one of `requirements`."""
        skills = self.profile.skills
        return all(skills.get(need.skill, 0) >= need.level for need in requirements)
