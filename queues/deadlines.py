"""When time alone changes something: ask-me-when timers, without a clock."""

from collections.abc import Iterator
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

    __slots__ = ("_below", "_heap", "_next_below", "_rest_below", "_set")

    def __init__(self, below: "Deadlines | None" = None) -> None:
        self._below = below
        self._heap: list[Due] = []
        self._set: dict[DeadlineKey, Instant | None] = {}
        # What a fork overrules stays overruled, so it goes through the layer below only once.
        self._rest_below: Iterator[Due] = below.in_order() if below is not None else iter(())
        self._next_below: Due | None = None

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
        else:
            self._set[key] = at
        if at is not None:
            heappush(self._heap, (at, key))
        self._drop_stale()

    def first(self) -> Due | None:
        """Return the earliest deadline, or None if time alone changes nothing."""
        self._drop_stale()
        own = self._heap[0] if self._heap else None
        below = self._first_below()
        return min((due for due in (own, below) if due is not None), default=None)

    def _drop_stale(self) -> None:
        while self._heap and self._set.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)

    def _first_below(self) -> Due | None:
        """Return the earliest deadline of the layer below that this layer left alone, without changing that layer."""
        while self._next_below is None or self._next_below[1] in self._set:
            self._next_below = next(self._rest_below, None)
            if self._next_below is None:
                return None
        return self._next_below

    def in_order(self) -> Iterator[Due]:
        """Iterate over the deadlines, earliest first, and leave them as they are; valid until the next change.

        One that was taken away and set again may come twice.
        """
        look = [(self._heap[0], 0)] if self._heap else []
        while look:
            due, index = heappop(look)
            if self._set.get(due[1]) == due[0]:
                yield due
            for child in (2 * index + 1, 2 * index + 2):
                if child < len(self._heap):
                    heappush(look, (self._heap[child], child))
