"""What waits, sorted, by requirement signature: a decision looks at signatures, not at everything that waits."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from queues.interaction import Interaction, OrderKey, turn_of
from vocabulary.ids import QueueName
from vocabulary.instants import Span
from vocabulary.skills import Requirement

END = 1 << 200
"""Behind every turn: what the head of an empty line is."""

_DEAD_MAX = 64
_TURN = attrgetter("turn")


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

    __slots__ = ("_rows", "_start", "index", "signature")

    def __init__(self, index: int, signature: Signature) -> None:
        self.index = index
        self.signature = signature
        self._rows: list[Interaction] = []
        self._start = 0

    def add(self, row: Interaction) -> None:
        """Put `row` where its turn comes."""
        rows = self._rows
        if len(rows) == self._start or rows[-1].turn < row.turn:
            rows.append(row)
        else:
            insort(rows, row, self._start)

    def remove(self, row: Interaction) -> int:
        """Take `row` out, which must be there; return the turn of the first then, or END."""
        rows, start = self._rows, self._start
        if rows[start] is row:
            # What is taken from the head is cut off later, in one go.
            self._start = start = start + 1
            if start > _DEAD_MAX and 2 * start > len(rows):
                del rows[:start]
                self._start = start = 0
            return rows[start].turn if start < len(rows) else END
        at = bisect_left(rows, row, start)
        assert rows[at] is row, f"{row.id} does not wait here"
        del rows[at]
        return rows[start].turn

    @property
    def head(self) -> int:
        """The turn of the first, or END."""
        return self._rows[self._start].turn if self._start < len(self._rows) else END

    @property
    def first(self) -> Interaction:
        """The first; something must wait."""
        return self._rows[self._start]

    def ahead_of(self, key: OrderKey) -> int:
        """Return how many wait here with a lower key than `key`."""
        return bisect_left(self._rows, turn_of(*key), self._start, key=_TURN) - self._start

    def __len__(self) -> int:
        return len(self._rows) - self._start

    def __iter__(self) -> Iterator[Interaction]:
        rows = self._rows
        return (rows[at] for at in range(self._start, len(rows)))
