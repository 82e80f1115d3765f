"""What all runs of a look-ahead share: made once from its snapshot."""

import math

from queues.interaction import OrderKey
from router.snapshot import Crew, Slot, Snapshot


class Plan:
    """What all replications share: the items in the order of their keys, and for each crew its own order of them.

    An item is its rank; `last` stands for the target and `last + 1` for nothing: neither is ever gone.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.items = sorted((key, line) for line, keys in enumerate(snapshot.lines) for key in keys)
        self.last = len(self.items)
        self.items.append((snapshot.key, snapshot.line))
        self.lines = [line for _, line in self.items]
        self.rates = [1 / span for span in snapshot.handling]
        self.leaving = max(snapshot.leaving)
        self.arriving = sum(stream.rate for stream in snapshot.streams)
        self.crews = [worker.crew for worker in snapshot.workers]
        self.least = [min(crew.costs) for crew in snapshot.crews]
        self.room = [worker.room for worker in snapshot.workers]
        self.roomy = {agent: None for agent, room in enumerate(self.room) if room > 0}
        self.slots: list[list[Slot]] = [[] for _ in snapshot.handling]
        for agent, worker in enumerate(snapshot.workers):
            for kind, cost in worker.work:
                self.slots[kind].append((agent, cost))
        self._orders: dict[int, list[int]] = {}

    def order(self, crew: int) -> list[int]:
        """Return the items in the order in which `crew` takes them, up to the target; ends with it or with nothing."""
        order = self._orders.get(crew)
        if order is None:
            order = self._orders[crew] = self._order(self.snapshot.crews[crew])
        return order

    def _order(self, crew: Crew) -> list[int]:
        mine = crew.priorities[self.snapshot.line]
        found: list[tuple[int, OrderKey, int]] = []
        for item, (key, line) in enumerate(self.items):
            priority = crew.priorities[line]
            if priority is not None and (mine is None or (priority, key) <= (mine, self.snapshot.key)):
                found.append((priority, key, item))
        order = [item for _, _, item in sorted(found)]
        return order if mine is not None else [*order, self.last + 1]

    def rank(self, crew: int, item: int) -> tuple[float, OrderKey]:
        """Return what orders `item` among what `crew` serves; nothing comes after everything."""
        if item > self.last:
            return math.inf, self.snapshot.key
        key, line = self.items[item]
        priority = self.snapshot.crews[crew].priorities[line]
        assert priority is not None, "crews look at what they serve"
        return priority, key
