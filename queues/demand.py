"""How much of one kind arrives and how long it takes: what the guard of steps knows (semantics.md section 5).

Whole numbers only, and a bounded cost for each event: arrivals are counted by minutes of the clock.
"""

import msgspec

from queues.backlog import Signature
from vocabulary.ids import QueueName
from vocabulary.instants import MINUTE, Instant, Span
from vocabulary.skills import Requirement

MINUTES = 15
"""Arrivals of this minute and of those before it count, so many together."""
SAMPLES_MAX = 200
"""From so many handling times on, older ones count half, again and again."""


class Handling(msgspec.Struct, frozen=True, gc=False):
    """Count and sum of the latest handling times, ms."""

    count: int = 0
    total: Span = 0

    def with_sample(self, span: Span) -> "Handling":
        """Return the same, knowing one more."""
        if self.count < SAMPLES_MAX:
            return Handling(self.count + 1, self.total + span)
        return Handling(self.count // 2 + 1, self.total // 2 + span)


class Demand(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One kind of work: what asks for the same in the same queue by the same medium.

    `minutes`: numbers of minutes since 1970 with how many arrived in each, ascending. `own`: handled by agents who
    serve the queue and hold what was asked for; `foreign`: by those to whom it was lent.
    """

    queue: QueueName
    medium: str
    requirements: tuple[Requirement, ...] = ()
    minutes: tuple[tuple[int, int], ...] = ()
    own: Handling = Handling()
    foreign: Handling = Handling()

    def with_arrival(self, at: Instant) -> "Demand":
        """Return the same, knowing one more that arrived `at`, which is not before any other."""
        minute = at // MINUTE
        count = 1
        if self.minutes and self.minutes[-1][0] == minute:
            count += self.minutes[-1][1]
        kept = tuple(each for each in self.minutes if minute - MINUTES < each[0] < minute)
        return msgspec.structs.replace(self, minutes=(*kept, (minute, count)))

    def with_handling(self, span: Span, *, foreign: bool) -> "Demand":
        """Return the same, knowing that one more took `span`."""
        if foreign:
            return msgspec.structs.replace(self, foreign=self.foreign.with_sample(span))
        return msgspec.structs.replace(self, own=self.own.with_sample(span))

    def arrived(self, now: Instant) -> int:
        """Return how many arrived in this minute and the 14 before it."""
        first = now // MINUTE - MINUTES + 1
        return sum(count for minute, count in self.minutes if minute >= first)

    @property
    def last(self) -> int:
        """The minute of the last arrival, 0 if nothing ever arrived."""
        return self.minutes[-1][0] if self.minutes else 0


def window(now: Instant) -> Span:
    """Return how long the minutes are that `Demand.arrived` counts: from 14 to 15 minutes."""
    return now - (now // MINUTE - MINUTES + 1) * MINUTE


def key_of(signature: Signature) -> str:
    """Return what names the kind of work that waits under `signature`; steps and delays don't matter to it."""
    return "\n".join((signature.queue, signature.medium, *map(str, signature.requirements)))
