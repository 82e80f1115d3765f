"""The row of bursts: 50 agents become free at one instant, many wait, and `optimal` assigns them together.

Beside it: the same agents freed one after the other, each taking what is best for him; and the usual greedy way, in
which each customer in turn gets the quickest agent who is left.

Published are the gains over the greedy way and no house. They depend on how many kinds of work there are: the more, the
more there is to find among 200. So there are three houses; the gain of 50 x 50 is asked of all, that of 50 x 200 of the
one with fewest kinds and the one with most.
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from statistics import fmean

from msgspec.structs import replace

from agents.agent import Membership, Profile
from benchmarks.policy_house import START, Crew, Setting, admitted, agent_id, queue
from benchmarks.policy_learning import taught
from benchmarks.policy_row import Goal, Row, at_least
from benchmarks.policy_specialists import AGENTS, SPREAD, specialists
from router import events as e
from router.commands import Command, End, SetPresence, Tick
from router.decide import advance, decide
from router.decision import Decision
from vocabulary.instants import SECOND, Instant, Span

LABELS = (10, 20, 50)
"""So many kinds of work there are, a house each."""
LEARNT = 10
"""So many contacts of each label every agent has had before, each as long as his mean."""
WRAP_UP: Span = 30 * SECOND
PROFILE = Profile(queues={"support": Membership(1), "before": Membership(1)})

Pair = tuple[str, str]
"""A label, and a crew of one agent."""


def bursts(houses: int, seed: int) -> Row:
    """Return the row of bursts, 50 and 200 waiting for 50 agents; figures are means over `houses`."""
    figures = {
        f"{labels}_labels": {
            f"50_x_{waiting}": _means([burst(waiting, seed + house, labels) for house in range(houses)])
            for waiting in (50, 200)
        }
        for labels in LABELS
    }
    few, most = figures[f"{LABELS[0]}_labels"], figures[f"{LABELS[-1]}_labels"]
    return Row(
        "bursts",
        f"{AGENTS} agents freed at once, {LABELS} labels; what an agent needs for one spread lognormally"
        f" (sigma {SPREAD}); the mean handling of what they take, in mean handling times",
        AGENTS * houses,
        figures,
        {"50_x_50": {"gain_over_greedy": 0.036}, "50_x_200": {"gain_over_greedy": 0.11}},
        [
            *(_gain("50_x_50", "quickest_agent", labels, each, 0.036) for labels, each in figures.items()),
            *(_gain("50_x_50", "one_by_one", labels, each, 0.036) for labels, each in figures.items()),
            _gain("50_x_200", "quickest_agent", f"{LABELS[0]}_labels", few, 0.11),
            _gain("50_x_200", "quickest_agent", f"{LABELS[-1]}_labels", most, 0.11),
            *(_gain("50_x_200", "one_by_one", labels, each, 0.0) for labels, each in figures.items()),
        ],
    )


def _gain(size: str, over: str, labels: str, figures: Mapping[str, Mapping[str, float]], goal: float) -> Goal:
    return at_least(
        f"{size.replace('_', ' ')}, {labels.replace('_', ' ')}: together over {over.replace('_', ' ')}",
        figures[size][f"gain_over_{over}"],
        goal,
        "share of handling",
    )


def _means(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    means = {way: fmean(each[way] for each in found) for way in found[0]}
    together = means["freed_together"]
    return {way: round(mean, 4) for way, mean in means.items()} | {
        "gain_over_one_by_one": round(1 - together / means["freed_one_by_one"], 4),
        "gain_over_quickest_agent": round(1 - together / means["quickest_agent_for_each"], 4),
    }


def burst(number: int, seed: int, labels_in_all: int) -> dict[str, float]:
    """Return the mean handling of what the agents of one house take of `number` that wait, by each way."""
    setting = specialists(1, "optimal", seed, labels_in_all)
    draw = Random(f"{seed}/burst")
    labels = [draw.choice(setting.kinds).name for _ in range(number)]
    hall = _Hall(setting)
    hall.all_wrap_up()
    hall.admit(labels)
    together = decide(Tick(), hall.state, hall.policy, hall.ends[-1])
    singly = [advance(Tick(), hall.state, hall.policy, at) for at in hall.ends]
    names = [crew.name for crew in setting.crews]
    ways = {
        "first_come": list(zip(labels, names, strict=False)),
        "quickest_agent_for_each": _quickest(setting.pace, labels, names),
        "freed_one_by_one": _taken(singly, labels),
        "freed_together": _taken([together], labels),
    }
    return {way: fmean(setting.pace[pair] for pair in pairs) for way, pairs in ways.items()}


def _quickest(pace: Mapping[Pair, float], labels: Sequence[str], crews: Sequence[str]) -> list[Pair]:
    left, pairs = set(crews), []
    for label in labels[: len(crews)]:
        crew = min(left, key=lambda each: (pace[label, each], each))
        left.remove(crew)
        pairs.append((label, crew))
    return pairs


def _taken(decisions: Iterable[Decision], labels: Sequence[str]) -> list[Pair]:
    events = [event for decision in decisions for event in decision.events if isinstance(event, e.OfferAccepted)]
    assert len(events) == AGENTS, f"{len(events)} were assigned"
    return [(labels[int(event.interaction)], event.agent.partition("/")[0]) for event in events]


class _Hall:
    """The core with agents whose wrap-ups end, each 1 ms behind the last. `ends`: when."""

    def __init__(self, setting: Setting) -> None:
        self._agents = [agent_id(crew, 0) for crew in setting.crews]
        self._admit = {kind.name: kind.admit for kind in setting.kinds}
        queues = [*setting.queues, queue("before", wrap_up="timed_forced", wrap_up_after=WRAP_UP)]
        crews = [Crew(crew.name, 1, PROFILE) for crew in setting.crews]
        setting = setting._replace(queues=queues, crews=crews)
        self.policy = setting.policy
        self.state = taught(setting, LEARNT, None)
        self.ends: list[Instant] = []

    def _do(self, command: Command, now: Instant) -> None:
        decision = advance(command, self.state, self.policy, now)
        assert decision.refusal is None, decision.refusal

    def all_wrap_up(self) -> None:
        """Let each agent be called, alone as he is, and end the call."""
        for agent in self._agents:
            self._do(SetPresence(agent, "available", by=agent), START)
            self._do(replace(admitted("before"), id=agent, customer=agent), START)
        for number, agent in enumerate(self._agents, 1):
            self._do(End(agent, agent), START + number)
            self.ends.append(START + number + WRAP_UP)

    def admit(self, labels: Sequence[str]) -> None:
        """Let customers come who have to wait; their ids are their numbers."""
        for number, label in enumerate(labels):
            self._do(replace(self._admit[label], id=f"{number}", customer=f"{number}"), START + SECOND)
