"""How much one socket may say, and how often one address may connect."""

from typing import Protocol

import msgspec

from vocabulary.instants import Instant, Span


class Limit(Protocol):
    """How often something may be tried by each of many."""

    def take(self, key: str, now: Instant) -> Span:
        """Count a try of `key` and return 0, or return how many ms are left until the next one is possible."""


class Bucket(msgspec.Struct):
    """A token bucket: `burst` at once, then `per_s` a second."""

    per_s: float
    burst: float
    taken: float = 0.0
    at: Instant = 0

    def take(self, now: Instant) -> Span:
        """Take one and return 0, or take none and return how many ms are left until there is one."""
        self.taken = max(0.0, self.taken - max(0, now - self.at) * self.per_s / 1000)
        self.at = now
        if self.taken > self.burst - 1:
            return 1 + int((self.taken - self.burst + 1) * 1000 / self.per_s)
        self.taken += 1
        return 0
