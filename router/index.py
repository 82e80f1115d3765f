"""Who covers what: lines of waiting work, pools of agents who are alike, and who of them has room.

Everything here follows from the state's interactions and agents; nothing is decided and nothing of it is stored.
A pool holds the agents who are alike but for what they do, so what they may serve is worked out once. For each
medium a pool has a desk: a bit in `ready` tells whether somebody there has room, and a line's `cover` tells which desks
may serve it. Who comes first at a desk is kept in a bench for each way to rank agents, made when it is first asked for;
who comes first for a line that several desks serve, in a row, or in a stand where these are many.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from heapq import heapify, heappop, heappush, merge
from math import inf
from operator import itemgetter
from typing import Any

from agents.agent import Agent, Profile
from queues.backlog import END, Line, Signature, signature_of
from queues.consult import sought
from queues.interaction import IRREGULAR, NO_LINE, PERSONAL, PLAIN, Interaction
from queues.lifecycle import InteractionState
from router.eligibility import fails_because, reserved_for
from router.ranking import ORDERINGS, Ordering
from vocabulary.ids import AgentId, InteractionId, QueueName
from vocabulary.instants import SECOND, Instant, Span
from vocabulary.skills import GROUP, Requirement

S = InteractionState
LENT = 1_000_000
"""The priority of a queue for agents whom a step lends to it: after all their own."""
NOBODY = LENT + 1
INTERRUPTING = -1_000_000_000
_LINES = 2_048
"""So many lines may be empty before anybody looks."""
FEW = 64
"""Up to so many desks, looking at the first of each is quicker than keeping a stand for them."""

Entry = tuple[Any, ...]
NOBODY_THERE: Entry = (inf,)
"""Stands for who comes first at a desk where nobody has room: it comes after everybody."""

Seats = dict[AgentId, Entry]
"""The entry of everybody who has room for one medium, in one order; any other entry of his is stale."""


class Bench:
    """The agents of a desk who have room, in one order; stale entries are dropped when they come first.

    `firsts` has at the desk's number `at` the entry of who comes first.
    """

    __slots__ = ("_agents", "_at", "_firsts", "_heap", "_key", "seats", "stands")

    def __init__(
        self, key: Callable[[Agent], Entry], agents: dict[AgentId, Agent], seats: Seats, firsts: list[Entry], at: int
    ) -> None:
        self._key = key
        self._agents = agents
        self.seats = seats
        self.stands: list[Stand] = []
        self._heap: list[Entry] = []
        self._firsts = firsts
        self._at = at
        for agent in agents.values():
            self.put(agent)

    def put(self, agent: Agent) -> None:
        """Let `agent`, who is among the agents of the desk, sit where he belongs now."""
        entry = self.seats[agent.id] = self._key(agent)
        if len(self._agents) == 1:
            self._heap = [entry]
            self._firsts[self._at] = entry
        else:
            heappush(self._heap, entry)
            if len(self._heap) > 2 * len(self._agents) + 64:
                self._heap = self.entries()
                heapify(self._heap)
            self._firsts[self._at] = _first(self._heap, self.seats)
        for stand in self.stands:
            heappush(stand.heap, entry)
            if len(stand.heap) > stand.limit:
                stand.gather()

    def drop(self, id: AgentId) -> None:
        """Let agent `id`, who is no longer among the agents of the desk, sit here no more."""
        del self.seats[id]
        self._firsts[self._at] = _first(self._heap, self.seats) if self._agents else NOBODY_THERE

    def entries(self) -> list[Entry]:
        """Return the entries of all who sit here."""
        return [self.seats[id] for id in self._agents]

    def first(self) -> Entry:
        """Return the entry of who comes first; somebody must be there."""
        return self._firsts[self._at]


def _first(heap: list[Entry], seats: Seats) -> Entry:
    """Return the first entry that is not stale; there must be one."""
    entry = heap[0]
    while seats.get(entry[-1]) is not entry:
        heappop(heap)
        entry = heap[0]
    return entry


class Row:
    """A few desks that may serve one line, in one order."""

    __slots__ = ("_firsts", "_pick")

    def __init__(self, desks: list["Desk"], firsts: list[Entry]) -> None:
        self._firsts = firsts
        self._pick = itemgetter(*(desk.bit for desk in desks))

    def first(self) -> Entry:
        """Return the entry of who comes first at any of them; somebody must be there."""
        return min(self._pick(self._firsts))


class Stand:
    """Who may serve one line and has room, in one order, whatever desk he sits at; kept where many desks serve it."""

    __slots__ = ("_benches", "_seats", "heap", "limit")

    def __init__(self, benches: list[Bench]) -> None:
        self._benches = benches
        self._seats = benches[0].seats
        for bench in benches:
            bench.stands.append(self)
        self.gather()

    def gather(self) -> None:
        """Forget what is stale."""
        self.heap = [entry for bench in self._benches for entry in bench.entries()]
        heapify(self.heap)
        self.limit = 2 * len(self.heap) + 64

    def first(self) -> Entry:
        """Return the entry of who comes first; somebody must be there."""
        return _first(self.heap, self._seats)

    def leave(self) -> None:
        """Be told of nobody any more."""
        for bench in self._benches:
            bench.stands.remove(self)


class Desk:
    """The agents of a pool who have room for one medium."""

    __slots__ = ("_firsts", "_seats", "agents", "benches", "bit", "medium", "pool")

    def __init__(
        self,
        bit: int,
        pool: "Pool",
        medium: str,
        seats: dict[Ordering, Seats],
        firsts: dict[Ordering, list[Entry]],
    ) -> None:
        self._firsts = firsts
        self._seats = seats
        self.bit = bit
        self.pool = pool
        self.medium = medium
        self.agents: dict[AgentId, Agent] = {}
        self.benches: dict[Ordering, Bench] = {}

    def bench(self, ordering: Ordering) -> Bench:
        """Return the bench for `ordering`."""
        bench = self.benches.get(ordering)
        if bench is None:
            seats = self._seats.setdefault(ordering, {})
            firsts = self._firsts[ordering]
            bench = self.benches[ordering] = Bench(ORDERINGS[ordering], self.agents, seats, firsts, self.bit)
        return bench

    def first(self, ordering: Ordering) -> Entry:
        """Return the entry of the agent who comes first in `ordering`: its terms and his id."""
        return self.bench(ordering).first()


Pick = Callable[[list[int]], tuple[int, ...]]
Part = tuple[str, list[int], Pick | None]
Plain = tuple[QueueName, str, tuple[Requirement, ...], Span]
"""Queue, medium, requirements, pace: all that can differ while nothing seldom has happened."""


class Pool:
    """Agents with the same skills, queues, groups and capacity, and the lines that they may serve."""

    __slots__ = (
        "_lines",
        "_plan",
        "_profile",
        "agents",
        "capacity",
        "desks",
        "groups",
        "least",
        "queues",
        "ratio",
        "skills",
    )

    def __init__(self, profile: Profile) -> None:
        self.capacity = profile.capacity
        self.least = profile.capacity + 1
        """What the cheapest work that waits in any of their lines costs; who has less left needs not be asked."""
        self._profile = profile
        self.skills = profile.skills
        self.queues = profile.queues
        self.groups = profile.groups
        self.agents: dict[AgentId, Agent] = {}
        self.desks: dict[str, Desk] = {}
        self.ratio = False
        """Whether something that they serve is ordered by wait over target."""
        self._lines: dict[tuple[int, str], list[int]] = {}
        self._plan: list[tuple[int, list[Part]]] | None = None

    def limit(self, medium: str) -> int:
        """Return the least units that one more of `medium` takes of what an agent has left."""
        limit = self._profile.limit(medium)
        # Work that may be interrupted leaves room whatever it costs, even beyond the capacity.
        return INTERRUPTING if limit.interrupts else limit.cost

    def priority_of(self, signature: Signature) -> int | None:
        """Return the pool's priority for what waits under `signature`, or None if it may not serve it."""
        membership = self.queues.get(signature.queue)
        if membership is not None and membership.delay <= signature.seen:
            priority = membership.priority
        elif any(group in signature.groups for group in self.groups):
            priority = LENT
        else:
            return None
        skills = self.skills
        for need in signature.requirements:
            if skills.get(need.skill, 0) < need.level:
                return None
        return priority

    def covers(self, line: Line) -> bool:
        """Tell whether the pool may serve `line`, and remember it if so."""
        priority = self.priority_of(line.signature)
        if priority is None:
            return False
        self._lines.setdefault((priority, line.signature.medium), []).append(line.index)
        self.ratio = self.ratio or line.signature.pace > 0
        self._plan = None
        return True

    def forget(self) -> None:
        """Know no lines."""
        self._lines = {}
        self._plan = None
        self.ratio = False

    @property
    def plan(self) -> list[tuple[int, list[Part]]]:
        """What they may serve, by priority, lowest first: for each medium its lines, and how to get their heads."""
        if self._plan is None:
            self._plan = [
                (priority, [self._part(of, medium) for of, medium in sorted(self._lines) if of == priority])
                for priority in sorted({priority for priority, _ in self._lines})
            ]
        return self._plan

    def _part(self, priority: int, medium: str) -> Part:
        lines = self._lines[priority, medium]
        return medium, lines, itemgetter(*lines) if len(lines) > 1 else None


class Index:
    """All lines, pools and desks of a state.

    `plain`: lines by all that tells them apart while nothing seldom has happened, and that lasts as it was sent.
    `touched`: agents who have changed; what they can take is looked at again before anybody asks.
    `irregular`: what waits but not for everybody alike: somebody is barred, or it rings at some already and may ring at
    more. `personal`: what is kept for one agent. Both are looked at one by one.
    """

    __slots__ = (
        "_by_queue",
        "_by_signature",
        "_by_skill",
        "_choices",
        "_firsts",
        "_kept_for",
        "_limit",
        "_pools",
        "_seats",
        "cover",
        "desks",
        "heads",
        "irregular",
        "lines",
        "personal",
        "plain",
        "pool_of",
        "ready",
        "touched",
    )

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.heads: list[int] = []
        self.cover: list[int] = []
        self.desks: list[Desk] = []
        self.ready = 0
        self.pool_of: dict[AgentId, Pool] = {}
        self.irregular: dict[InteractionId, Interaction] = {}
        self.personal: dict[AgentId, dict[InteractionId, Interaction]] = {}
        self._by_signature: dict[Signature, Line] = {}
        self.plain: dict[Plain, Line] = {}
        self._seats: dict[str, dict[Ordering, Seats]] = {}
        self._limit = _LINES
        self._firsts: dict[Ordering, list[Entry]] = {ordering: [] for ordering in ORDERINGS}
        self._choices: list[dict[Ordering, Bench | Row | Stand]] = []
        self._kept_for: dict[InteractionId, AgentId] = {}
        self._pools: dict[tuple[Any, ...], Pool] = {}
        self._by_skill: dict[str, list[Pool]] = {}
        self._by_queue: dict[str, list[Pool]] = {}
        self.touched: dict[AgentId, Agent] = {}

    # -- what waits

    def put(self, interaction: Interaction) -> None:
        """Bring `interaction` to where it waits as it is now."""
        if interaction.line != NO_LINE:
            self.take(interaction)
        if interaction.seldom is not PLAIN or interaction.terms.parallel > 1:
            if not self._is_regular(interaction):
                return
        elif interaction.state is not S.WAITING:
            return
        line = self._line_of(interaction)
        number = interaction.line = line.index
        line.add(interaction)
        if interaction.turn < self.heads[number]:  # noqa: PLR1730 - a call of min() takes longer
            self.heads[number] = interaction.turn

    def _is_regular(self, interaction: Interaction) -> bool:
        """Tell whether `interaction` waits for everybody alike; put it aside if it waits otherwise."""
        if interaction.state is S.WAITING:
            regular = not interaction.barred
        elif interaction.state is S.OFFERED and len(interaction.offers) < interaction.parallel:
            regular = False
        elif interaction.consult is not None and not interaction.offers:
            self._put_aside(sought(interaction))
            interaction.line = PERSONAL if interaction.id in self._kept_for else IRREGULAR
            return False
        else:
            return False
        if regular and reserved_for(interaction) is None:
            return True
        self._put_aside(interaction)
        return False

    def _put_aside(self, interaction: Interaction) -> None:
        """Keep for an agent, or among the irregular, what waits or stands in for what is handed over."""
        only, id = reserved_for(interaction), interaction.id
        if only is not None:
            interaction.line = PERSONAL
            self._kept_for[id] = only
            self.personal.setdefault(only, {})[id] = interaction
        else:
            interaction.line = IRREGULAR
            self.irregular[id] = interaction

    def wanted(self, interaction: Interaction) -> Interaction | None:
        """Return what agents are looked for: `interaction`, what stands in for it, or None if it wants no agent."""
        line = interaction.line
        if line == NO_LINE:
            return None
        if line >= 0:
            return interaction
        id = interaction.id
        return self.irregular[id] if line == IRREGULAR else self.personal[self._kept_for[id]][id]

    def take(self, interaction: Interaction) -> None:
        """Take `interaction` out of wherever it waits, if it does."""
        number = interaction.line
        if number == NO_LINE:
            return
        interaction.line = NO_LINE
        if number >= 0:
            self.heads[number] = self.lines[number].remove(interaction)
        elif number == IRREGULAR:
            del self.irregular[interaction.id]
        else:
            only = self._kept_for.pop(interaction.id)
            kept = self.personal[only]
            del kept[interaction.id]
            if not kept:
                del self.personal[only]

    def _line_of(self, interaction: Interaction) -> Line:
        """Return the line for `interaction`; from then on it shares the line's requirements, if they are the same."""
        seldom = interaction.seldom
        if seldom is not PLAIN and (seldom.expired or seldom.waited_seen or seldom.groups):
            return self.line(signature_of(interaction))
        plain = (interaction.queue, interaction.medium, interaction.requirements, interaction.terms.pace)
        line = self.plain.get(plain)
        if line is None:
            line = self.line(signature_of(interaction))
            if line.signature.requirements != interaction.requirements:
                return line
            self.plain[plain] = line
        interaction.requirements = line.signature.requirements
        return line

    def line(self, signature: Signature) -> Line:
        """Return the line of `signature`."""
        line = self._by_signature.get(signature)
        if line is None:
            if len(self.lines) >= self._limit:
                self._compact()
            line = Line(len(self.lines), signature)
            self._open(line)
        return line

    def _open(self, line: Line) -> None:
        """Let `line`, the next, be known to whoever may serve it."""
        self._by_signature[line.signature] = line
        self.lines.append(line)
        self.heads.append(line.head)
        self.cover.append(0)
        self._choices.append({})
        for pool in self._candidates(line.signature):
            self._cover(pool, line)

    def _compact(self) -> None:
        """Forget lines in which nothing waits; those that stay get new numbers."""
        live = [line for line in self.lines if len(line)]
        self._limit = max(_LINES, 2 * len(live))
        for number in range(len(self.lines)):
            self._choose_anew(number)
        self.plain = {plain: line for plain, line in self.plain.items() if len(line)}
        self.lines, self.heads, self.cover, self._choices, self._by_signature = [], [], [], [], {}
        for pool in self._pools.values():
            pool.forget()
        for number, line in enumerate(live):
            line.index = number
            for row in line:
                row.line = number
            self._open(line)

    def _candidates(self, signature: Signature) -> Iterable[Pool]:
        """Return pools among which are all that may serve `signature`, each once."""
        if signature.requirements:
            lists = [self._by_skill.get(need.skill, []) for need in signature.requirements]
            return min(lists, key=len)
        own = self._by_queue.get(signature.queue, [])
        lent = (pool for group in signature.groups for pool in self._by_queue.get(f"{GROUP}{group}", ()))
        return dict.fromkeys((*own, *lent)) if signature.groups else own

    def _cover(self, pool: Pool, line: Line) -> None:
        if pool.covers(line):
            at = line.index
            self.cover[at] |= 1 << self._desk(pool, line.signature.medium).bit
            self._choose_anew(at)

    def _choose_anew(self, at: int) -> None:
        """Forget how line `at` is looked for agents: other desks may serve it now."""
        if self._choices[at]:
            for choice in self._choices[at].values():
                if isinstance(choice, Stand):
                    choice.leave()
            self._choices[at] = {}

    def _choice(self, at: int, ordering: Ordering) -> Bench | Row | Stand:
        """Return what tells who comes first for line `at` in `ordering`."""
        desks = list(self._desks(self.cover[at]))
        benches = [desk.bench(ordering) for desk in desks]
        choice: Bench | Row | Stand
        if len(desks) == 1:
            choice = benches[0]
        else:
            choice = Row(desks, self._firsts[ordering]) if len(desks) <= FEW else Stand(benches)
        self._choices[at][ordering] = choice
        return choice

    def _desk(self, pool: Pool, medium: str) -> Desk:
        desk = pool.desks.get(medium)
        if desk is None:
            seats = self._seats.setdefault(medium, {})
            desk = pool.desks[medium] = Desk(len(self.desks), pool, medium, seats, self._firsts)
            for firsts in self._firsts.values():
                firsts.append(NOBODY_THERE)
            pool.least = min(pool.least, pool.limit(medium))
            self.desks.append(desk)
            self.touched.update(pool.agents)
        return desk

    def lines_of(self, queue: QueueName) -> Iterator[Line]:
        """Iterate over the lines of `queue` in which something waits."""
        return (line for line in self.lines if len(line) and line.signature.queue == queue)

    def signatures(self) -> Iterator[Signature]:
        """Iterate over the signatures under which something waits."""
        return (line.signature for line in self.lines if len(line))

    def waiting(self, signature: Signature) -> Iterator[Interaction]:
        """Iterate over what waits under `signature` for everybody alike, first come first."""
        line = self._by_signature.get(signature)
        return iter(line) if line is not None else iter(())

    def aside(self) -> Iterator[Interaction]:
        """Iterate over what waits in no line: irregular, or kept for one agent."""
        yield from self.irregular.values()
        for kept in self.personal.values():
            yield from kept.values()

    def __len__(self) -> int:
        return sum(map(len, self.lines)) + sum(1 for each in self.aside() if each.state is S.WAITING)

    # -- who is there

    def pools(self) -> Iterable[Pool]:
        """Return all pools, those that nobody is in any more too."""
        return self._pools.values()

    def put_agent(self, agent: Agent) -> None:
        """Let `agent` be in the pool of his profile."""
        pool = self._pool(agent.profile)
        old = self.pool_of.get(agent.id)
        if old is not pool:
            if old is not None:
                self._leave(agent.id, old)
            self.pool_of[agent.id] = pool
        pool.agents[agent.id] = agent
        self.touched[agent.id] = agent

    def take_agent(self, id: AgentId) -> None:
        """Let agent `id` be no more."""
        self._leave(id, self.pool_of.pop(id))
        self.touched.pop(id, None)

    def _leave(self, id: AgentId, pool: Pool) -> None:
        del pool.agents[id]
        for desk in pool.desks.values():
            if id in desk.agents:
                self._clear(desk, id)

    def _pool(self, profile: Profile) -> Pool:
        key = (
            tuple(sorted(profile.skills.items())),
            tuple((name, m.priority, m.delay) for name, m in sorted(profile.queues.items())),
            tuple(sorted(profile.groups)),
            profile.capacity,
            tuple(sorted(profile.media.items())),
        )
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(profile)
            for skill in profile.skills:
                self._by_skill.setdefault(skill, []).append(pool)
            for name in (*profile.queues, *(f"{GROUP}{group}" for group in profile.groups)):
                self._by_queue.setdefault(name, []).append(pool)
            for line in self.lines:
                self._cover(pool, line)
        return pool

    def refresh(self) -> None:
        """Bring the desks up to date with their agents."""
        pool_of = self.pool_of
        for id, agent in self.touched.items():
            pool = pool_of[id]
            some = agent.used + pool.least <= pool.capacity
            for desk in pool.desks.values():
                agents = desk.agents
                if some and agent.may_take(desk.medium):
                    if not agents:
                        self.ready |= 1 << desk.bit
                    agents[id] = agent
                    for bench in desk.benches.values():
                        bench.put(agent)
                elif id in agents:
                    self._clear(desk, id)
        self.touched.clear()

    def _clear(self, desk: Desk, id: AgentId) -> None:
        del desk.agents[id]
        for bench in desk.benches.values():
            bench.drop(id)
        if not desk.agents:
            self.ready &= ~(1 << desk.bit)

    def free(self, interaction: Interaction) -> int:
        """Return the desks that may serve `interaction` and where somebody has room, as bits."""
        line = interaction.line
        if line < 0:
            line = self.line(signature_of(interaction)).index
        if self.touched:
            self.refresh()
        return self.cover[line] & self.ready

    def first_free(self, interaction: Interaction, free: int, ordering: Ordering) -> Agent:
        """Return who comes first in `ordering` at the desks `free`, which are all that may serve `interaction` now."""
        at = interaction.line
        if at < 0:
            entry = min(desk.first(ordering) for desk in self._desks(free))
        else:
            entry = (self._choices[at].get(ordering) or self._choice(at, ordering)).first()
        id = entry[-1]
        return self.pool_of[id].agents[id]

    def free_agents(self, interaction: Interaction) -> Iterator[Agent]:
        """Iterate over the agents of all those desks."""
        for desk in self._desks(self.free(interaction)):
            yield from desk.agents.values()

    def _desks(self, free: int) -> Iterator[Desk]:
        while free:
            lowest = free & -free
            yield self.desks[lowest.bit_length() - 1]
            free ^= lowest

    # -- the first choice of an agent

    def first_for(self, agent: Agent, now: Instant) -> Interaction | None:
        """Return what `agent` should be offered now, or None.

        The lowest (his priority for the queue, class, due_at, number) over all that waits in all his queues; where
        they order by wait over target, the highest ratio in the lowest (priority, class).
        """
        pool = self.pool_of[agent.id]
        aside = bool(self.irregular) or agent.id in self.personal
        if agent.used + pool.least > pool.capacity and not aside:
            return None
        if pool.ratio:
            return self._first_by_ratio(agent, pool, now)
        heads = self.heads
        best, at, best_priority = END, NO_LINE, NOBODY
        asked, takes = "", False
        for priority, parts in pool.plan:
            for medium, lines, pick in parts:
                if medium != asked:
                    asked, takes = medium, agent.may_take(medium)
                if not takes:
                    continue
                if pick is None:
                    number = lines[0]
                    turn = heads[number]
                else:
                    turns = pick(heads)
                    turn = min(turns)
                    number = lines[turns.index(turn)]
                if turn < best:
                    best, at = turn, number
            if at != NO_LINE:
                best_priority = priority
                break
        first = self.lines[at].first if at != NO_LINE else None
        if aside:
            return self._first_aside(agent, now, best_priority, best) or first
        return first

    def ahead_for(self, agent: Agent, first: Interaction, wanted: Callable[[QueueName], bool]) -> Iterator[Interaction]:
        """Iterate over what `agent` could take of the same priority and class as `first`, his first choice, in order.

        Only of queues that are `wanted`, and only what waits for everybody alike.
        """
        own = priority_for(agent, first)
        lines = [
            self.lines[index]
            for priority, parts in self.pool_of[agent.id].plan
            if priority == own
            for medium, indexes, _ in parts
            if agent.may_take(medium)
            for index in indexes
            if wanted(self.lines[index].signature.queue)
        ]
        class_ = first.class_
        for each in merge(*lines):
            if each.class_ != class_:
                return
            yield each

    def _first_aside(self, agent: Agent, now: Instant, priority: int, best: int) -> Interaction | None:
        """Return what comes first for `agent` of what waits in no line, if it comes before (`priority`, `best`)."""
        found: Interaction | None = None
        for each in (*self.irregular.values(), *self.personal.get(agent.id, {}).values()):
            own = priority_for(agent, each)
            if (own, each.turn) < (priority, best) and fails_because(agent, each, now) is None:
                found, priority, best = each, own, each.turn
        return found

    def _first_by_ratio(self, agent: Agent, pool: Pool, now: Instant) -> Interaction | None:
        best: tuple[int, int, Fraction, Instant, int] | None = None
        found: Interaction | None = None
        for priority, parts in pool.plan:
            for medium, lines, _ in parts:
                if not agent.may_take(medium):
                    continue
                for index in lines:
                    if self.heads[index] == END:
                        continue
                    head = self.lines[index].first
                    key = _ratio_key(priority, head, now)
                    if best is None or key < best:
                        best, found = key, head
        for each in (*self.irregular.values(), *self.personal.get(agent.id, {}).values()):
            key = _ratio_key(priority_for(agent, each), each, now)
            if (best is None or key < best) and fails_because(agent, each, now) is None:
                best, found = key, each
        return found


def _ratio_key(priority: int, each: Interaction, now: Instant) -> tuple[int, int, Fraction, Instant, int]:
    """Return what orders by wait over target: the ratio less 1 is (now - due_at) / target."""
    class_, due_at, number = each.key
    return (priority, class_, Fraction(due_at - now, each.pace or SECOND), due_at, number)


def priority_for(agent: Agent, interaction: Interaction) -> int:
    """Return the priority that `interaction` has for `agent`, who may serve it."""
    membership = agent.profile.queues.get(interaction.queue)
    if membership is not None and membership.delay <= interaction.waited_seen:
        return membership.priority
    return 1 if interaction.only_agent == agent.id else LENT
