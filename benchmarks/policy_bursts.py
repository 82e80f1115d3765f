"""The row of bursts: 50 agents become free at one instant, many wait, and `optimal` assigns them together.

Beside it: the same agents freed one after the other, each taking what is best for him; and the usual greedy way, in
which each customer in turn gets the quickest agent who is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from statistics import fmean

from msgspec.structs import replace

from agents.agent import Membership, Profile
from benchmarks.policy_house import START, admitted, queue
from benchmarks.policy_row import Row, at_least
from benchmarks.policy_specialists import AGENTS, LABELS, SPREAD, specialists
from queues.interaction import Label
from queues.policy import ChannelPolicy
from router import events as e
from router.commands import Command, Connect, DefineAgent, End, SetPresence, Tick
from router.decide import advance, decide
from router.decision import Decision
from router.policy import Action, Policy, Rule
from router.state import State
from vocabulary.instants import MINUTE, SECOND, Instant, Span
from vocabulary.media import CALLBACK

HANDLING: Span = MINUTE
LEARNT = 20
"""So many contacts of each label an agent has had before."""
WRAP_UP: Span = 30 * SECOND
HOUSES = 4
"""The figures are means over so many houses."""
PROFILE = Profile(queues={"support": Membership(1), "before": Membership(1)})
WAYS = ("first_come", "quickest_agent_for_each", "freed_one_by_one", "freed_together")


def bursts(seed: int) -> Row:
    """Return the row of bursts, 50 and 200 waiting for 50 agents."""
    figures: dict[str, dict[str, float]] = {}
    for waiting in (50, 200):
        found = [burst(waiting, seed + house) for house in range(HOUSES)]
        means = {way: fmean(each[way] for each in found) for way in WAYS}
        together = means["freed_together"]
        figures[f"50_x_{waiting}"] = {way: round(mean, 4) for way, mean in means.items()} | {
            "gain_over_one_by_one": round(1 - together / means["freed_one_by_one"], 4),
            "gain_over_quickest_agent": round(1 - together / means["quickest_agent_for_each"], 4),
        }
    small, large = figures["50_x_50"], figures["50_x_200"]
    return Row(
        "bursts",
        f"{AGENTS} agents freed at once, {LABELS} labels, what an agent needs for one spread lognormally"
        f" (sigma {SPREAD}); the mean handling of what they take, in mean handling times",
        50 * HOUSES,
        figures,
        {"50_x_50": {"gain_over_greedy": 0.036}, "50_x_200": {"gain_over_greedy": 0.11}},
        [
            at_least("50 x 50, together over one by one", small["gain_over_one_by_one"], 0.025, "share of handling"),
            at_least("50 x 200, together over one by one", large["gain_over_one_by_one"], -0.001, "share of handling"),
            at_least(
                "50 x 200, together over the quickest agent for each",
                large["gain_over_quickest_agent"],
                0.02,
                "share of handling",
            ),
        ],
    )


def burst(number: int, seed: int) -> dict[str, float]:
    """Return the mean handling of what the agents of one house take of `number` that wait, by each way."""
    pace = specialists(0, "optimal", seed).pace
    agents = sorted({agent for _, agent in pace})
    labels = sorted({label for label, _ in pace})
    draw = Random(f"{seed}/burst")
    waiting = [draw.choice(labels) for _ in range(number)]
    hall = _Hall(pace)
    for agent in agents:
        hall.learns(agent, labels)
    hall.all_wrap_up(agents)
    for place, label in enumerate(waiting):
        hall.admit(f"burst-{place}", "support", label)
    over = hall.now + WRAP_UP + SECOND
    together = decide(Tick(), hall.state, hall.policy, over)
    singly = [advance(Tick(), hall.state, hall.policy, at) for at in hall.ends]
    return {
        "first_come": _mean(pace, zip(waiting, agents, strict=False)),
        "quickest_agent_for_each": _mean(pace, _quickest(pace, waiting, agents)),
        "freed_one_by_one": _mean(pace, _taken(singly, waiting)),
        "freed_together": _mean(pace, _taken([together], waiting)),
    }


def _quickest(
    pace: Mapping[tuple[str, str], float], waiting: Sequence[str], agents: Sequence[str]
) -> list[tuple[str, str]]:
    left, pairs = set(agents), []
    for label in waiting[: len(agents)]:
        agent = min(left, key=lambda each: (pace[label, each], each))
        left.remove(agent)
        pairs.append((label, agent))
    return pairs


def _taken(decisions: Iterable[Decision], waiting: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [
        (waiting[int(event.interaction.removeprefix("burst-"))], event.agent)
        for decision in decisions
        for event in decision.events
        if isinstance(event, e.OfferAccepted)
    ]
    assert len(pairs) == min(AGENTS, len(waiting)), f"{len(pairs)} were assigned"
    return pairs


def _mean(pace: Mapping[tuple[str, str], float], pairs: Iterable[tuple[str, str]]) -> float:
    return fmean(pace[pair] for pair in pairs)


class _Hall:
    """The core with agents who learn what they need for each label, and then all become free."""

    def __init__(self, pace: Mapping[tuple[str, str], float]) -> None:
        before = queue("before", wrap_up="timed_forced", wrap_up_after=WRAP_UP)
        support = queue("support", strategy="optimal")
        self.policy = Policy(
            queues={each.name: each for each in (support, before)},
            channels={CALLBACK: ChannelPolicy(name=CALLBACK, medium=CALLBACK, reopen=0)},
            rules=(Rule(name="all", then=Action(queue="support")),),
        )
        self.state = State()
        self.now = START
        self._pace = pace
        self.ends: list[Instant] = []

    def do(self, command: Command) -> None:
        decision = advance(command, self.state, self.policy, self.now)
        assert decision.refusal is None, decision.refusal

    def admit(self, id: str, to: str, label: str = "") -> None:
        labels = (Label(label, 1.0),) if label else ()
        self.do(replace(admitted(to, labels=labels), id=id, customer=id))

    def learns(self, agent: str, labels: Sequence[str]) -> None:
        """Let `agent` be alone with some contacts of each label, and away afterwards."""
        for command in (DefineAgent(agent, PROFILE), Connect(agent), SetPresence(agent, "available", by=agent)):
            self.do(command)
        for label in labels:
            for time in range(LEARNT):
                id = f"{agent}-{label}-{time}"
                self.admit(id, "support", label)
                self.now += round(HANDLING * self._pace[label, agent])
                self.do(End(id, agent))
        self.do(SetPresence(agent, "away", by=agent))

    def all_wrap_up(self, agents: Sequence[str]) -> None:
        """Let all agents be in a wrap-up; the wrap-ups end one after the other, 1 ms apart."""
        for agent in agents:
            self.do(SetPresence(agent, "available", by=agent))
            self.admit(f"before-{agent}", "before")
        for agent in agents:
            self.now += 1
            self.do(End(f"before-{agent}", agent))
            self.ends.append(self.now + WRAP_UP)
