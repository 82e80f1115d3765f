"""When time alone changes something: ask-me-when timers, without a clock."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Literal

from vocabulary.instants import Instant

DeadlineKind = Literal[
    "offer",  # of an offer
    "cool_down",  # of an agent
    "absence",
    "wrap_up",  # of an interaction
    "bar",
    "hold",
    "consult",
    "requirement",
    "delay",
    "step",
    "grace",
    "customer",
    "due",
    "confirm",
    "overflow",
    "silent",
    "parked_close",
    "sla",
    "sending",
    "forget",
    "hours",  # of a queue
    "automation",  # of a label
]

Due = tuple[Instant, DeadlineKind, str]
"""When, what is due, and of whom."""

_ROOM = 1024


class Deadlines:
    """Instants at which to look again. An entry counts only while what it is about still says the same instant.

    So nothing is ever taken out: `stands` tells whether an entry still counts, and stale ones are dropped when they
    come first, or all at once when they are the greater part. Nothing is due before `heap[0][0]`.
    """

    __slots__ = ("_limit", "_stands", "heap")

    def __init__(self, stands: Callable[[Due], bool]) -> None:
        self.heap: list[Due] = []
        self._limit = _ROOM
        self._stands = stands

    def put(self, at: Instant, kind: DeadlineKind, of: str) -> None:
        """Look at `of` again `at`."""
        heappush(self.heap, (at, kind, of))
        if len(self.heap) > self._limit:
            self._compact()

    def first(self) -> Due | None:
        """Return the earliest that stands, or None if time alone changes nothing."""
        heap = self.heap
        while heap:
            if self._stands(heap[0]):
                return heap[0]
            heappop(heap)
        return None

    def due(self, now: Instant) -> Due | None:
        """Return the earliest that stands and is due by `now`, or None."""
        heap = self.heap
        while heap and heap[0][0] <= now:
            if self._stands(heap[0]):
                return heap[0]
            heappop(heap)
        return None

    def _compact(self) -> None:
        self.heap = [*{due: None for due in self.heap if self._stands(due)}]
        heapify(self.heap)
        self._limit = max(_ROOM, 2 * len(self.heap))

    def __len__(self) -> int:
        return len(self.heap)
