"""One run through the queue ahead, on the matching rules (semantics.md section 7).

Whoever gets free takes the lowest (his priority for the queue, class, due_at, number) that he may serve and has room
for. Handling counts as exponential, so how long work has been going on doesn't matter, and neither does when an agent
gets free: only who is next. So a run draws the order of the events alone and adds the mean of each span between two.
"""

import math
from collections.abc import Callable

from queues.interaction import OrderKey
from router.plan import Plan
from router.snapshot import Slot

_STEPS_MAX = 200_000
"""Events of one run at most: work of higher classes may come for ever."""
_LATEST = 1 << 62
"""A newcomer's admission number: behind everybody who is there."""
_TARGET, _NOTHING = -1, -2
"""What is taken instead of something from a line."""


class Replication:
    """One run through the queue ahead. `slots`: work in progress by kind, for all of a kind ends at the same rate.

    `places`: how far each crew has got in its order. `pushed`: newcomers who wait, by stream. `roomy`: who has room.
    `clock` is the mean time of the events so far, `drawn` a time that is drawn: when a newcomer is due depends on it.
    """

    def __init__(self, plan: Plan, draw: Callable[[], float]) -> None:
        snapshot = plan.snapshot
        self.plan, self.draw = plan, draw
        self.clock = self.drawn = 0.0
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
        plan, draw, slots = self.plan, self.draw, self.slots
        changed, releasing, leaving, total, span, spread = True, 0.0, 0.0, 0.0, 0.0, 0.0
        for _ in range(_STEPS_MAX):
            if changed:
                releasing = sum(rate * len(working) for rate, working in zip(plan.rates, slots, strict=True))
                if not releasing:
                    return None
                leaving = plan.leaving * (plan.last + self.newcomers)
                total = releasing + leaving + plan.arriving
                span = 1 / total
            self.clock += span
            spread += span * span
            if plan.arriving:
                self.drawn -= math.log(1 - draw()) * span
            at = draw() * total
            served, changed = False, True
            if at < releasing:
                kind, place = self._slot_at(at)
                changed = not self._swap(kind, slots[kind][place])
                served = changed and self._release(slots[kind], place)
            elif at < releasing + leaving:
                self._leave((at - releasing) / plan.leaving)
                changed = plan.arriving > 0
            else:
                served = self._arrive(at - releasing - leaving)
            if served:
                break
        return self.clock, spread

    def _slot_at(self, at: float) -> tuple[int, int]:
        """Return the kind and the place of the work at `at` of all rates."""
        chosen, place = 0, 0
        for kind, rate in enumerate(self.plan.rates):
            count = len(self.slots[kind])
            if count:
                chosen, place = kind, int(at / rate)
                if place < count:
                    return kind, place
                at -= rate * count
        # Rounding may lead past the last one.
        return chosen, len(self.slots[chosen]) - 1

    def _swap(self, kind: int, slot: Slot) -> bool:
        """Let the agent of `slot` go on with another piece like it, which is the usual case; tell whether he could."""
        agent, cost = slot
        crew = self.plan.crews[agent]
        order = self.orders[crew]
        if order is None or self.newcomers or self.room[agent] >= self.plan.least[crew]:
            return False
        place = self.places[crew]
        while self.gone[order[place]]:
            place += 1
        self.places[crew] = place
        item = order[place]
        if item >= self.plan.last:
            return False
        line = self.plan.lines[item]
        if self.plan.snapshot.kinds[line] != kind or self.plan.snapshot.crews[crew].costs[line] != cost:
            return False
        self.gone[item] = 1
        return True

    def _release(self, working: list[Slot], place: int) -> bool:
        """End the work at `place` of `working`; tell whether the target is taken now."""
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
        crew = self.plan.crews[agent]
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

    def _leave(self, at: float) -> None:
        """Let whoever waits at `at` go, if he is still there and as impatient as the most impatient line."""
        plan, snapshot = self.plan, self.plan.snapshot
        item = min(int(at), plan.last + self.newcomers - 1)
        impatience = (at - item) * plan.leaving
        if item < plan.last:
            if impatience < snapshot.leaving[plan.lines[item]]:
                self.gone[item] = 1
            return
        item -= plan.last
        for stream, waiting in zip(snapshot.streams, self.pushed, strict=True):
            if item < len(waiting):
                if impatience < snapshot.leaving[stream.line]:
                    del waiting[item]
                    self.newcomers -= 1
                return
            item -= len(waiting)

    def _arrive(self, at: float) -> bool:
        """Let a newcomer wait in his line, or be taken by the first who has room for him."""
        snapshot = self.plan.snapshot
        number = 0
        while number < len(snapshot.streams) - 1 and at >= snapshot.streams[number].rate:
            at -= snapshot.streams[number].rate
            number += 1
        stream = snapshot.streams[number]
        due = snapshot.now + round(self.drawn) + stream.target
        self.pushed[number].append((stream.class_, due, _LATEST))
        self.newcomers += 1
        for agent in self.roomy:
            crew = snapshot.crews[self.plan.crews[agent]]
            if crew.priorities[stream.line] is not None and crew.costs[stream.line] <= self.room[agent]:
                return self._fill(agent)
        return False
