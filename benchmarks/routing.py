"""Routing: decisions a second through `decide` and `evolve`, beside the full scan that help desks do, in one run.

`python -m benchmarks.routing [--json] [--quick]`. Everybody is busy and thousands wait. One round is an arrival and a
release: two commands, so two decisions; the freed agent gets the earliest that he qualifies for. The scan does the same
over plain lists, without events, capacity or deadlines: every agent on arrival, all that waits on release.
"""

import argparse
import json
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

from agents.agent import MediumLimit, Membership, Profile
from queues.policy import ChannelPolicy, QueuePolicy
from router.commands import Admit, Command, Connect, DefineAgent, End, SetPresence
from router.decide import advance
from router.policy import Action, Policy, Rule
from router.state import State
from vocabulary.instants import SECOND
from vocabulary.skills import Requirement

SEED = 20260301
START = 1_772_357_400_000
QUEUE = "all"
SKILLS_HELD, SKILLS_ASKED = 3, 1

POLICY = Policy(
    queues={QUEUE: QueuePolicy(name=QUEUE, offer={"chat": 0}, wrap_up="none")},
    channels={"web": ChannelPolicy(name="web", medium="chat")},
    rules=(Rule(name="all", then=Action(queue=QUEUE)),),
)


@dataclass(frozen=True)
class Size:
    """How large the house is, and how many rounds each side does."""

    agents: int
    skills: int
    waiting: int
    rounds: int
    scan_rounds: int


SIZES = {
    "1000x100x10000": Size(1_000, 100, 10_000, 2_000, 1_000),
    "quick_100x20x1000": Size(100, 20, 1_000, 1_000, 1_000),
}


class Core:
    """The core as it is: one state, every command through `decide`, every event through `evolve`."""

    def __init__(self, size: Size, draws: random.Random) -> None:
        self.state, self.now, self.number = State(), START, 0
        self.size, self.draws = size, draws
        self.spans: list[float] = []
        for number in range(size.agents):
            agent = f"a{number:05}"
            held = draws.sample(range(size.skills), SKILLS_HELD)
            profile = Profile(
                {f"s{skill}": draws.randint(1, 10) for skill in held},
                {QUEUE: Membership()},
                100,
                {"chat": MediumLimit(100)},
            )
            for command in (
                DefineAgent(agent, profile),
                Connect(agent),
                SetPresence(agent, "available", by=agent),
            ):
                self.do(command)
        while len(self.state.index) < size.waiting:
            self.arrival()
        self.busy = sorted(id for id, agent in self.state.agents.items() if agent.holds)

    def do(self, command: Command) -> None:
        decision = advance(command, self.state, POLICY, self.now)
        assert decision.refusal is None, decision.refusal

    def arrival(self) -> None:
        self.number += 1
        asked = self.draws.sample(range(self.size.skills), SKILLS_ASKED)
        needs = tuple(Requirement(f"s{skill}", self.draws.randint(1, 5)) for skill in asked)
        id = f"i{self.number:08}"
        self.do(Admit(id=id, channel="web", medium="chat", customer="c", message=f"m{id}", requirements=needs))

    def release(self) -> None:
        agent = self.busy[self.draws.randrange(len(self.busy))]
        held = next(iter(self.state.agents[agent].holds))
        self.do(End(held, agent))
        if not self.state.agents[agent].holds:
            self.busy.remove(agent)

    def round(self) -> None:
        self.now += SECOND // 10
        for step in (self.arrival, self.release):
            began = perf_counter()
            step()
            self.spans.append(perf_counter() - began)


class Scan:
    """What help desks do: every agent scored on arrival, everything that waits looked at on release."""

    def __init__(self, size: Size, draws: random.Random) -> None:
        self.size, self.draws, self.number = size, draws, 0
        self.agents: list[dict[str, Any]] = [
            {
                "skills": {skill: draws.randint(1, 10) for skill in draws.sample(range(size.skills), SKILLS_HELD)},
                "busy": True,
                "since": 0,
            }
            for _ in range(size.agents)
        ]
        self.waiting: list[dict[str, Any]] = []
        for _ in range(size.waiting):
            self.arrival()

    def arrival(self) -> None:
        self.number += 1
        asked = self.draws.sample(range(self.size.skills), SKILLS_ASKED)
        interaction = {"key": self.number, "needs": {skill: self.draws.randint(1, 5) for skill in asked}}
        able = [each for each in self.agents if not each["busy"] and qualifies(each, interaction)]
        if able:
            min(able, key=lambda each: each["since"])["busy"] = True
        else:
            self.waiting.append(interaction)

    def release(self) -> None:
        agent = self.agents[self.draws.randrange(len(self.agents))]
        able = [each for each in self.waiting if qualifies(agent, each)]
        agent["since"] = self.number
        agent["busy"] = bool(able)
        if able:
            self.waiting.remove(min(able, key=lambda each: each["key"]))

    def round(self) -> None:
        self.arrival()
        self.release()


def qualifies(agent: dict[str, Any], interaction: dict[str, Any]) -> bool:
    """Tell whether `agent` of the scan holds what `interaction` asks for."""
    return all(agent["skills"].get(skill, 0) >= level for skill, level in interaction["needs"].items())


def decisions_per_second(round_: Callable[[], None], rounds: int) -> float:
    """Return decisions a CPU-second; a round is two."""
    began = process_time()
    for _ in range(rounds):
        round_()
    return 2 * rounds / (process_time() - began)


def measured(size: Size) -> dict[str, Any]:
    """Return the figures of both sides at `size`."""
    core = Core(size, random.Random(SEED))
    core.spans.clear()
    ours = decisions_per_second(core.round, size.rounds)
    spans = [span * 1e6 for span in core.spans]
    percentiles = statistics.quantiles(spans, n=1000, method="inclusive")
    scan = decisions_per_second(Scan(size, random.Random(SEED)).round, size.scan_rounds)
    return {
        "decisions_per_s": round(ours),
        "scan_decisions_per_s": round(scan),
        "times_the_scan": round(ours / scan, 2),
        "p50_us": round(percentiles[499], 1),
        "p99_us": round(percentiles[989], 1),
        "p999_us": round(percentiles[998], 1),
        "arrival_p50_us": round(statistics.median(spans[::2]), 1),
        "release_p50_us": round(statistics.median(spans[1::2]), 1),
    }


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    more = [("decisions a CPU-second", figures["decisions_per_s"], 250_000, "1/s")]
    less = [(f"a decision, {name}", figures[f"{name}_us"], goal, "us") for name, goal in _SPANS.items()]
    return [
        {"name": name, "value": value, "goal": goal, "unit": unit, "holds": value >= goal}
        for name, value, goal, unit in more
    ] + [
        {"name": name, "value": value, "goal": goal, "unit": unit, "holds": value <= goal}
        for name, value, goal, unit in less
    ]


_SPANS = {"p50": 8, "p99": 30, "p999": 150}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="100 agents, 20 skills, 1,000 waiting; goals left out")
    options = parser.parse_args()
    name = "quick_100x20x1000" if options.quick else "1000x100x10000"
    figures = measured(SIZES[name])
    result = {
        "benchmark": "routing",
        "size": name,
        "unit": "decisions/CPU-second",
        "figures": figures,
        "goals": [] if options.quick else goals(figures),
    }
    if options.json:
        print(json.dumps(result))
        return
    for each, value in figures.items():
        print(f"{each:24}{value:>12,}")


if __name__ == "__main__":
    main()
