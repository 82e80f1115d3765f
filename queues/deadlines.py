"""When time alone changes something: ask-me-when timers, without a clock."""

from heapq import heappop, heappush
from typing import Literal

from vocabulary.instants import Instant

DeadlineKind = Literal[
    "offer",  # of an offer
    "cool_down",  # of an agent
    "absence",
    "wrap_up",  # of an interaction
    "bar",
    "hold",
    "requirement",
    "delay",
    "grace",
    "customer",
    "due",
    "confirm",
    "forget",
]
DeadlineKey = tuple[DeadlineKind, str]
"""What is due, and of whom."""

Due = tuple[Instant, DeadlineKey]


class Deadlines:
    """At most one instant per key. Forks like a `Table`; entries that were changed are skipped lazily."""

    __slots__ = ("_below", "_heap", "_set")

    def __init__(self, below: "Deadlines | None" = None) -> None:
        self._below = below
        self._heap: list[Due] = []
        self._set: dict[DeadlineKey, Instant | None] = {}

    def fork(self) -> "Deadlines":
        """Return deadlines that read like these and keep their changes to themselves."""
        return Deadlines(self)

    def at(self, key: DeadlineKey) -> Instant | None:
        """Return when `key` is due, or None if it isn't."""
        if key in self._set:
            return self._set[key]
        return self._below.at(key) if self._below is not None else None

    def put(self, key: DeadlineKey, at: Instant | None) -> None:
        """Let `key` be due `at`, in the place of an earlier instant; None = never."""
        if self.at(key) == at:
            return
        if at is None and self._below is None:
            del self._set[key]
            return
        self._set[key] = at
        if at is not None:
            heappush(self._heap, (at, key))

    def first(self) -> Due | None:
        """Return the earliest deadline, or None if time alone changes nothing."""
        while self._heap and self._set.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        own = self._heap[0] if self._heap else None
        below = self._first_below()
        return min((due for due in (own, below) if due is not None), default=None)

    def _first_below(self) -> Due | None:
        """Return the earliest deadline of the layer below that this layer left alone, without changing that layer."""
        if self._below is None:
            return None
        return min((due for due in self._below.candidates(set(self._set))), default=None)

    def candidates(self, hidden: set[DeadlineKey]) -> list[Due]:
        """Return deadlines among which the earliest one outside `hidden` is: the upper part of the heap."""
        found: list[Due] = []
        look = [0]
        while look:
            index = look.pop()
            if index >= len(self._heap):
                continue
            at, key = self._heap[index]
            if key not in hidden and self._set.get(key) == at:
                found.append((at, key))
            else:
                look += [2 * index + 1, 2 * index + 2]
        return found
