"""One run through the queue ahead, on the matching rules (semantics.md section 7).

Whoever gets free takes the lowest (his priority for the queue, class, due_at, number) that he may serve and has room
for. Handling counts as exponential, so how long work has been going on doesn't matter, and neither does when an agent
gets free: only who is next. So a run draws the order of the events alone and adds the mean of each span between two.
"""

import math
from collections.abc import Callable

from queues.interaction import OrderKey
from router.snapshot import Crew, Slot, Snapshot

_STEPS_MAX = 200_000
"""Events of one run at most: work of higher classes may come for ever."""
_LATEST = 1 << 62
"""A newcomer's admission number: behind everybody who is there."""
_TARGET, _NOTHING = -1, -2
"""What is taken instead of something from a line."""


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


class Replication:
    """One run through the queue ahead. `slots`: work in progress by kind, for all of a kind ends at the same rate.

    `places`: how far each crew has got in its order. `pushed`: newcomers who wait, by stream. `roomy`: who has room.
    """

    def __init__(self, plan: Plan, draw: Callable[[], float]) -> None:
        snapshot = plan.snapshot
        self.plan, self.draw = plan, draw
        self.clock = 0.0
        self.gone = bytearray(plan.last + 2)
        self.places = [0] * len(snapshot.crews)
        self.orders: list[list[int] | None] = [None] * len(snapshot.crews)
        self.room = plan.room.copy()
        self.roomy = plan.roomy.copy()
        self.slots = [slots.copy() for slots in plan.slots]
        self.pushed: list[list[OrderKey]] = [[] for _ in snapshot.streams]
        self.newcomers = 0

    def play(self) -> tuple[float, float] | None:
        """Return mean and variance of the wait, given the order of the events; None if it never ends."""
        plan, draw, kinds = self.plan, self.draw, list(zip(self.plan.rates, self.slots, strict=True))
        spread = 0.0
        for _ in range(_STEPS_MAX):
            releasing = 0.0
            for rate, working in kinds:
                releasing += rate * len(working)
            if not releasing:
                return None
            leaving = plan.leaving * (plan.last + self.newcomers)
            total = releasing + leaving + plan.arriving
            self.clock += 1 / total
            spread += 1 / (total * total)
            at = draw() * total
            if at < releasing:
                served = self._release(at)
            elif at < releasing + leaving:
                served = self._leave((at - releasing) / plan.leaving)
            else:
                served = self._arrive(at - releasing - leaving)
            if served:
                break
        return self.clock, spread

    def _release(self, at: float) -> bool:
        """End the work at place `at` of all rates; tell whether the target is taken now."""
        working: list[Slot] = []
        place = 0
        for rate, slots in zip(self.plan.rates, self.slots, strict=True):
            if slots:
                working, place = slots, int(at / rate)
                if place < len(slots):
                    break
                at -= rate * len(slots)
        place = min(place, len(working) - 1)
        agent, cost = working[place]
        count = len(working)
        working[place] = working[-1]
        working.pop()
        self.room[agent] += cost
        served = self._fill(agent)
        if len(working) == count:
            # His next piece stands where the last one stood, so that a mirrored draw means other agents to the end.
            working[place], working[-1] = working[-1], working[place]
        return served

    def _fill(self, agent: int) -> bool:
        """Let `agent` take what he has room for; tell whether the target is among it."""
        snapshot = self.plan.snapshot
        crew = snapshot.workers[agent].crew
        costs = snapshot.crews[crew].costs
        room = self.room[agent]
        while room > 0:
            line = self._take(crew, costs, room)
            if line < 0:
                if line == _TARGET:
                    return True
                break
            room -= costs[line]
            self.slots[snapshot.kinds[line]].append((agent, costs[line]))
        self.room[agent] = room
        if room > 0:
            self.roomy[agent] = None
        else:
            self.roomy.pop(agent, None)
        return False

    def _take(self, crew: int, costs: tuple[int, ...], room: int) -> int:
        """Take the first that `crew` serves and that costs at most `room`; return its line, _TARGET or _NOTHING."""
        plan, gone = self.plan, self.gone
        order = self.orders[crew]
        if order is None:
            order = self.orders[crew] = plan.order(crew)
        place = self.places[crew]
        while gone[order[place]]:
            place += 1
        self.places[crew] = place
        item, last = order[place], plan.last
        while item < last and (gone[item] or costs[plan.lines[item]] > room):
            place += 1
            item = order[place]
        if item == last and costs[plan.lines[last]] > room:
            item += 1
        if self.newcomers:
            newcomer = self._newcomer_before(item, crew, costs, room)
            if newcomer is not None:
                return newcomer
        if item >= last:
            return _TARGET if item == last else _NOTHING
        gone[item] = 1
        return plan.lines[item]

    def _newcomer_before(self, item: int, crew: int, costs: tuple[int, ...], room: int) -> int | None:
        """Take the newcomer whom `crew` serves before `item`, if there is one; return his line."""
        snapshot = self.plan.snapshot
        best, chosen = self.plan.rank(crew, item), -1
        for number, stream in enumerate(snapshot.streams):
            priority = snapshot.crews[crew].priorities[stream.line]
            if self.pushed[number] and priority is not None and costs[stream.line] <= room:
                rank = (priority, self.pushed[number][0])
                if rank < best:
                    best, chosen = rank, number
        if chosen < 0:
            return None
        self.pushed[chosen].pop(0)
        self.newcomers -= 1
        return snapshot.streams[chosen].line

    def _leave(self, at: float) -> bool:
        """Let whoever waits at `at` go, if he is still there and as impatient as the most impatient line."""
        plan, snapshot = self.plan, self.plan.snapshot
        item = min(int(at), plan.last + self.newcomers - 1)
        impatience = (at - item) * plan.leaving
        if item < plan.last:
            if impatience < snapshot.leaving[plan.lines[item]]:
                self.gone[item] = 1
            return False
        item -= plan.last
        for stream, waiting in zip(snapshot.streams, self.pushed, strict=True):
            if item < len(waiting):
                if impatience < snapshot.leaving[stream.line]:
                    del waiting[item]
                    self.newcomers -= 1
                break
            item -= len(waiting)
        return False

    def _arrive(self, at: float) -> bool:
        """Let a newcomer wait in his line, or be taken by the first who has room for him."""
        snapshot = self.plan.snapshot
        number = 0
        while number < len(snapshot.streams) - 1 and at >= snapshot.streams[number].rate:
            at -= snapshot.streams[number].rate
            number += 1
        stream = snapshot.streams[number]
        due = snapshot.now + round(self.clock) + stream.target
        self.pushed[number].append((stream.class_, due, _LATEST))
        self.newcomers += 1
        for agent in self.roomy:
            crew = snapshot.crews[snapshot.workers[agent].crew]
            if crew.priorities[stream.line] is not None and crew.costs[stream.line] <= self.room[agent]:
                return self._fill(agent)
        return False
