"""What waits, sorted, by requirement signature: a decision looks at signatures, not at everything that waits."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import NamedTuple

from queues.interaction import Interaction, Place
from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span
from vocabulary.skills import Requirement

END = Place(1_000_000, 0, 0, -1, "")
"""Behind every place: what the head of an empty line is."""

_DEAD_MAX = 64


class Signature(NamedTuple):
    """All that decides who may serve an interaction, but for what concerns single agents.

    `requirements`: those in force, sorted, without their expiry. `seen`: the longest agents' delay that it has waited.
    `groups`: agent groups that its steps have added. `pace`: the target, where the queue orders by wait over target.
    """

    queue: QueueName
    medium: str
    requirements: tuple[Requirement, ...] = ()
    seen: Span = 0
    groups: tuple[str, ...] = ()
    pace: Span = 0


def signature_of(interaction: Interaction) -> Signature:
    """Return the signature under which `interaction` waits."""
    needs = interaction.requirements
    if needs and (len(needs) > 1 or interaction.expired or needs[0].lasting is not needs[0]):
        needs = tuple(sorted({need.lasting for need in interaction.in_force}))
    return Signature(
        interaction.queue, interaction.medium, needs, interaction.waited_seen, interaction.groups, interaction.pace
    )


class Line:
    """What waits under one signature, lowest key first."""

    __slots__ = ("_places", "_start", "index", "signature")

    def __init__(self, index: int, signature: Signature) -> None:
        self.index = index
        self.signature = signature
        self._places: list[Place] = []
        self._start = 0

    def add(self, place: Place) -> None:
        """Put `place` where its key belongs."""
        places = self._places
        if len(places) == self._start or places[-1] < place:
            places.append(place)
        else:
            insort(places, place, self._start)

    def remove(self, place: Place) -> None:
        """Take `place` out; it must be there."""
        places, start = self._places, self._start
        if places[start] is place:
            # What is taken from the head is cut off later, in one go.
            self._start = start + 1
            if self._start > _DEAD_MAX and 2 * self._start > len(places):
                del places[: self._start]
                self._start = 0
            return
        at = bisect_left(places, place, start)
        assert places[at] is place, f"{place.id} does not wait here"
        del places[at]

    @property
    def head(self) -> Place:
        """The first place, or END."""
        return self._places[self._start] if self._start < len(self._places) else END

    def ahead_of(self, key: tuple[int, Instant, int]) -> int:
        """Return how many wait here with a lower key than `key`."""
        return bisect_left(self._places, Place(*key, -1, ""), self._start) - self._start

    def __len__(self) -> int:
        return len(self._places) - self._start

    def __iter__(self) -> Iterator[Place]:
        places = self._places
        return (places[at] for at in range(self._start, len(places)))
