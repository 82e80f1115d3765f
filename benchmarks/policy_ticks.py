"""The naive way: work is assigned on ticks, to all who are free at once. It shares no rule with the core."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from msgspec.structs import replace

from benchmarks.policy_house import START, WARM_UP, Customer, Outcome, Setting
from router.assignment import cheapest
from vocabulary.instants import SECOND, Instant, Span

AHEAD = 50
"""So much is looked at beyond what can be assigned."""
WEIGHT = 3
"""What a second of handling counts against a second of waiting; with 1, ticks do worse."""


def by_ticks(setting: Setting, coming: Sequence[Customer], every: Span) -> Outcome:
    """Return how `coming` fare where work is assigned every `every` ms only, as cheaply as possible.

    The cost of a pair is when the customer came and what the agent needs, and every agent's true pace is known.
    """
    return _Ticks(setting, coming).live(every)


class _Ticks:
    def __init__(self, setting: Setting, coming: Sequence[Customer]) -> None:
        self._setting = setting
        self._everybody = [replace(each) for each in coming]
        self._free = [crew.name for crew in setting.crews]
        self._working: list[tuple[Instant, str]] = []
        warm = round(len(coming) * WARM_UP)
        self._counted = self._everybody[warm:]
        self._from, self._until = coming[warm].at, coming[-1].at
        self._busy: dict[str, Span] = dict.fromkeys(self._free, 0)

    def live(self, every: Span) -> Outcome:
        now, came = START, 0
        waiting: list[Customer] = []
        while came < len(self._everybody) or waiting:
            now += every
            while came < len(self._everybody) and self._everybody[came].at <= now:
                waiting.append(self._everybody[came])
                came += 1
            while self._working and self._working[0][0] <= now:
                self._free.append(heappop(self._working)[1])
            if waiting and self._free:
                for customer, agent in self._chosen(waiting[: len(self._free) + AHEAD]):
                    self._serve(customer, agent, now)
                waiting = [each for each in waiting if each.waited is None]
        fared: dict[str, list[Customer]] = {kind.name: [] for kind in self._setting.kinds}
        for customer in self._counted:
            fared[self._setting.kinds[customer.kind].name].append(customer)
        return Outcome(fared, {agent: busy / (self._until - self._from) for agent, busy in self._busy.items()})

    def _chosen(self, waiting: Sequence[Customer]) -> Iterator[tuple[Customer, str]]:
        """Yield who serves whom: as many pairs as there can be, the cheapest together."""
        free = list(self._free)
        costs = [[self._cost(customer, agent) for customer in waiting] for agent in free]
        if len(free) <= len(waiting):
            yield from ((waiting[column], agent) for agent, column in zip(free, cheapest(costs), strict=True))
        else:
            turned = list(zip(*costs, strict=True))
            yield from zip(waiting, (free[column] for column in cheapest(turned)), strict=True)

    def _cost(self, customer: Customer, agent: str) -> int:
        handling = self._setting.kinds[customer.kind].handling * SECOND
        return customer.at + round(WEIGHT * handling * self._pace(customer, agent))

    def _serve(self, customer: Customer, agent: str, now: Instant) -> None:
        customer.waited, customer.agent = now - customer.at, agent
        end = now + round(customer.work * self._pace(customer, agent))
        self._free.remove(agent)
        heappush(self._working, (end, agent))
        self._busy[agent] += max(0, min(end, self._until) - max(now, self._from))

    def _pace(self, customer: Customer, agent: str) -> float:
        return self._setting.pace.get((self._setting.kinds[customer.kind].name, agent), 1.0)
