"""From the state to a `Snapshot`: all that decides when one interaction is served, as a plain value.

Taken on the writer's path, for the state changes under whoever looks at it later. Who may serve what is taken as it is
now: steps, delays, bars and holds that come due during the wait are left to the calibration.
"""

from collections.abc import Iterator, Mapping

from agents.agent import Agent, Profile
from agents.availability import is_staffing
from queues.backlog import Line
from queues.interaction import Interaction, OrderKey
from queues.lifecycle import InteractionState
from queues.measured import Measured
from router.expect import known_of
from router.facing import line_of, pools_of
from router.index import Pool
from router.policy import Policy
from router.snapshot import Crew, Snapshot, Stream, Worker
from router.state import State
from vocabulary.ids import InteractionId, QueueName
from vocabulary.instants import Instant

LINE_MAX = 2_000
"""So many of a line are looked at, where agents take all of it first."""
AGENTS_MAX = 500
"""Beyond so many agents, no further pools are added to those that compete for what is ahead."""
_RATIO = 1_000_000


def snapshot(
    state: State,
    policy: Policy,
    id: InteractionId,
    now: Instant,
    measured: Mapping[QueueName, Measured] | None = None,
) -> Snapshot | None:
    """Return all that decides when interaction `id` is served; None where `look_ahead` has nothing to say.

    That is: it doesn't wait, it waits for one agent alone, nobody is staffed, or there are too few samples.
    """
    interaction = state.interactions.get(id)
    if interaction is None or interaction.state is not InteractionState.WAITING or interaction.only_agent is not None:
        return None
    if known_of(state, interaction.queue, measured).handling.count < policy.estimate_samples_min:
        return None
    scene = _Scene(state, policy, interaction, now, measured)
    return scene.picture() if scene.can_be_served else None


class _Scene:
    """Lines and pools around one interaction: a line brings its pools, a pool its lines, as far as they matter."""

    def __init__(
        self,
        state: State,
        policy: Policy,
        interaction: Interaction,
        now: Instant,
        measured: Mapping[QueueName, Measured] | None,
    ) -> None:
        self.state, self.policy, self.interaction, self.now, self.measured = state, policy, interaction, now, measured
        self.own = line_of(state.index, interaction)
        self.lines: dict[int, tuple[OrderKey, ...]] = {}
        self.pools: list[Pool] = []
        self.agents: list[list[Agent]] = []
        self.sooner: set[QueueName] = set()
        self._gather()
        self.can_be_served = any(self.agents[: self.state.index.cover[self.own.index].bit_count()])
        self.kinds = {queue: kind for kind, queue in enumerate(self._queues())}

    def _gather(self) -> None:
        """Find lines and pools, nearest first."""
        index = self.state.index
        self.lines[self.own.index] = self._keys(self.own, whole=False)
        reached = [self.own]
        known: set[Pool] = set()
        count = 0
        for line in reached:
            for pool in pools_of(index, line):
                if not pool.agents:
                    continue
                if pool in known or (line is not self.own and count > AGENTS_MAX):
                    continue
                known.add(pool)
                self.pools.append(pool)
                self.agents.append([agent for agent in pool.agents.values() if is_staffing(agent)])
                count += len(self.agents[-1])
                reached += self._new_lines(pool)

    def _new_lines(self, pool: Pool) -> list[Line]:
        """Return the lines of `pool` that matter and were not known."""
        found: list[Line] = []
        last = len(pool.plan) - 1
        for level, (_, parts) in enumerate(pool.plan):
            for number in (number for _, lines, _ in parts for number in lines if number not in self.lines):
                line = self.state.index.lines[number]
                queue = line.signature.queue
                if level < last:
                    self.sooner.add(queue)
                keys = self._keys(line, whole=level < last)
                if keys or self._newcomers(queue):
                    self.lines[number] = keys
                    found.append(line)
        return found

    def _keys(self, line: Line, *, whole: bool) -> tuple[OrderKey, ...]:
        """Return the keys that wait in `line` and may matter: those before the interaction, or all of them."""
        own = self._key(self.interaction.key, self.interaction.pace)
        found: list[OrderKey] = []
        for each in line:
            key = self._key(each.key, line.signature.pace)
            if (key >= own and not whole) or len(found) == LINE_MAX:
                break
            if each is not self.interaction:
                found.append(key)
        return tuple(found)

    def _key(self, key: OrderKey, pace: int) -> OrderKey:
        """Return `key`; under wait over target, one that orders by the ratio as it is now."""
        if not pace:
            return key
        class_, due_at, number = key
        return class_, (due_at - pace - self.now) * _RATIO // pace, number

    def _newcomers(self, queue: QueueName) -> list[tuple[int, float]]:
        """Return the classes of which newcomers in `queue` may come first, each with how many arrive a ms."""
        return [
            (class_, rate.per_ms(self.now))
            for class_, rate in sorted(known_of(self.state, queue, self.measured).arrivals.items())
            if queue in self.sooner or self._may_overtake(queue, class_)
        ]

    def _may_overtake(self, queue: QueueName, class_: int) -> bool:
        own = self.interaction
        if class_ != own.class_ or own.pace or queue == own.queue:
            return class_ < own.class_
        policy = self.policy.queues.get(queue)
        return policy is not None and self.now + policy.target < own.due_at

    def _queues(self) -> Iterator[QueueName]:
        """Iterate over the queues whose work is done or waits here, each once."""
        found: dict[QueueName, None] = {self.interaction.queue: None}
        for number in self.lines:
            found[self.state.index.lines[number].signature.queue] = None
        for agents in self.agents:
            for agent in agents:
                for id, hold in agent.holds.items():
                    if hold.cost and id in self.state.interactions:
                        found[self.state.interactions[id].queue] = None
        return iter(found)

    def picture(self) -> Snapshot:
        """Return all of it as one value."""
        interaction, numbers = self.interaction, list(self.lines)
        signatures = [self.state.index.lines[number].signature for number in numbers]
        crews: dict[tuple[object, ...], tuple[int, Crew]] = {}
        workers = tuple(self._workers(crews))
        return Snapshot(
            id=interaction.id,
            now=self.now,
            line=0,
            key=self._key(interaction.key, interaction.pace),
            lines=tuple(self.lines.values()),
            kinds=tuple(self.kinds[signature.queue] for signature in signatures),
            handling=tuple(self._handling(queue) for queue in self.kinds),
            leaving=tuple(known_of(self.state, signature.queue, self.measured).leaving for signature in signatures),
            crews=tuple(crew for _, crew in crews.values()),
            workers=workers,
            streams=tuple(self._streams()),
        )

    def _handling(self, queue: QueueName) -> float:
        """Return the mean handling of `queue`; of the interaction's own where nothing was measured."""
        for name in (queue, self.interaction.queue):
            mean = known_of(self.state, name, self.measured).handling.mean
            if mean > 0:
                return mean
        return 1.0

    def _workers(self, crews: dict[tuple[object, ...], tuple[int, Crew]]) -> Iterator[Worker]:
        for number, (pool, agents) in enumerate(zip(self.pools, self.agents, strict=True)):
            for agent in agents:
                profile = agent.profile
                key = (number, profile.capacity, tuple(profile.media.items()))
                if key not in crews:
                    crews[key] = (len(crews), self._crew(pool, profile))
                place, crew = crews[key]
                yield self._worker(agent, place, crew)

    def _crew(self, pool: Pool, profile: Profile) -> Crew:
        served = {line: priority for priority, parts in pool.plan for _, lines, _ in parts for line in lines}
        media = [self.state.index.lines[number].signature.medium for number in self.lines]
        costs = tuple(_cost(profile, medium) for medium in media)
        fitting = zip(self.lines, costs, strict=True)
        return Crew(tuple(served.get(line) if cost <= profile.capacity else None for line, cost in fitting), costs)

    def _worker(self, agent: Agent, number: int, crew: Crew) -> Worker:
        work = [
            (self.kinds[self.state.interactions[id].queue], hold.cost)
            for id, hold in agent.holds.items()
            if hold.cost > 0 and id in self.state.interactions
        ]
        room = agent.profile.capacity - agent.used
        if crew.priorities[0] is not None:
            # It waits beside him, so something keeps him from it now: he comes as if he were at work.
            while room >= crew.costs[0]:
                work.append((self.kinds[self.interaction.queue], crew.costs[0]))
                room -= crew.costs[0]
        return Worker(number, room, tuple(work))

    def _streams(self) -> Iterator[Stream]:
        """Iterate over the newcomers, spread over the lines of their queue by what waits in each."""
        by_queue: dict[QueueName, list[tuple[int, int]]] = {}
        for at, (number, keys) in enumerate(self.lines.items()):
            by_queue.setdefault(self.state.index.lines[number].signature.queue, []).append((at, 1 + len(keys)))
        for queue, lines in by_queue.items():
            policy = self.policy.queues.get(queue)
            everything = sum(weight for _, weight in lines)
            for class_, rate in self._newcomers(queue):
                for at, weight in lines:
                    yield Stream(at, rate * weight / everything, class_, policy.target if policy is not None else 0)


def _cost(profile: Profile, medium: str) -> int:
    """Return what one of `medium` takes of an agent, so that no more than its own maximum fit; at least 1."""
    limit = profile.limit(medium)
    return max(1, limit.cost, profile.capacity // limit.max if limit.max else 1)
