"""Routing: decisions a second through the core, beside a sorted list and the full scan of help desks, in one run.

`python -m benchmarks.routing [--json] [--quick] [--growth FILE.svg]`. Everybody is busy and thousands wait. One round
is an arrival and a release, each one command through `advance` (decide and evolve in one pass), with capacity,
priorities, wrap-up rules and events as they are. The freed agent gets the earliest that he qualifies for. The peers do
the same over plain lists, without events, capacity or deadlines: the sorted list takes the first match, the scan scores
every agent on arrival and looks at everything that waits on release. What comes is drawn before the clock starts, for
all three. Times are of the process's CPU; rates are the best of five parts of a run, for what else runs on the machine
only ever takes away.
"""

import argparse
import gc
import json
import resource
import statistics
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from time import perf_counter_ns, process_time
from typing import Any, Protocol

from benchmarks.chart import Curve, chart
from benchmarks.naive_routers import Scan, SortedList
from benchmarks.routing_house import POLICY, SPAN, House, Size
from router.commands import End
from router.decide import advance

SEED = 20260301

SMALL = Size(agents=1_000, skills=100, waiting=10_000)
LARGE = Size(agents=10_000, skills=500, waiting=1_000_000)
QUICK = Size(agents=100, skills=20, waiting=1_000)

BLOCKED = 100_000


PARTS = 5


class Router(Protocol):
    """Something that does rounds, drawn before."""

    def next_rounds(self, count: int) -> Any: ...

    def do_rounds(self, rounds: Any) -> int: ...


@dataclass(frozen=True)
class Spans:
    """Percentiles of single decisions, us."""

    p50: float
    p99: float
    p999: float


def decisions_per_second(router: Router, rounds: int) -> float:
    """Return decisions a CPU-second; a round is two."""
    return max(_rate(router, max(1, rounds // PARTS)) for _ in range(PARTS))


def _rate(router: Router, rounds: int) -> float:
    drawn = router.next_rounds(rounds)
    began = process_time()
    decisions = router.do_rounds(drawn)
    return decisions / (process_time() - began)


def spans_of(house: House, rounds: int) -> tuple[Spans, list[float], list[float]]:
    """Return how long single decisions take, all together, arrivals and releases."""
    arrivals, releases = [], []
    state, agents = house.state, house.state.agents
    for arrival, agent in house.next_rounds(rounds):
        house.now += SPAN
        one = perf_counter_ns()
        advance(arrival, state, POLICY, house.now)
        two = perf_counter_ns()
        arrivals.append((two - one) / 1e3)
        held = agents[agent].holds
        if held:
            release = End(next(iter(held)), agent)
            two = perf_counter_ns()
            advance(release, state, POLICY, house.now)
            releases.append((perf_counter_ns() - two) / 1e3)
    cuts = statistics.quantiles(arrivals + releases, n=1000, method="inclusive")
    return Spans(cuts[499], cuts[989], cuts[998]), arrivals, releases


def measured(size: Size, rounds: int, list_rounds: int, scan_rounds: int) -> dict[str, Any]:
    """Return the figures of all three at `size`."""
    before = resident_mb()
    house = House(size, Random(SEED))
    after = resident_mb()
    gc.collect()
    gc.freeze()
    house.do_rounds(house.next_rounds(rounds // 10))
    ours = decisions_per_second(house, rounds)
    spans, arrivals, releases = spans_of(house, rounds)
    del house
    gc.unfreeze()
    first_match = decisions_per_second(SortedList(size, Random(SEED)), list_rounds)
    scan = decisions_per_second(Scan(size, Random(SEED)), scan_rounds)
    return {
        "decisions_per_s": round(ours),
        "sorted_list_decisions_per_s": round(first_match, 1),
        "scan_decisions_per_s": round(scan, 1),
        "times_the_sorted_list": round(ours / first_match, 2),
        "times_the_scan": round(ours / scan, 1),
        "p50_us": round(spans.p50, 1),
        "p99_us": round(spans.p99, 1),
        "p999_us": round(spans.p999, 1),
        "arrival_p50_us": round(statistics.median(arrivals), 1),
        "release_p50_us": round(statistics.median(releases), 1),
        "memory_mb": round(after),
        "memory_of_what_waits_mb": round(after - before),
    }


def arrival_with_idle_agent(size: Size, rounds: int) -> float:
    """Return the median time of an arrival that an idle agent takes, us.

    Everybody is idle and nearly nobody like another, so some 25 agents are compared. That whom the round before freed
    sits down again is part of it; what nobody can take is left out.
    """
    house = House(replace(size, waiting=0), Random(SEED), fill=False)
    gc.collect()
    gc.freeze()
    spans = []
    for _ in range(rounds):
        house.now += SPAN
        arrival = house.next_arrival()
        began = perf_counter_ns()
        advance(arrival, house.state, POLICY, house.now)
        span = perf_counter_ns() - began
        if house.end(arrival.id):
            spans.append(span / 1e3)
    gc.unfreeze()
    return statistics.median(spans)


def blocked_ahead(size: Size, rounds: int) -> dict[str, float]:
    """Return what it costs that 100,000 wait at the head for a skill that nobody has."""
    free, blocked = House(size, Random(SEED)), House(size, Random(SEED), blocked=BLOCKED)
    pairs = [(decisions_per_second(free, rounds), decisions_per_second(blocked, rounds)) for _ in range(5)]
    cost = statistics.median(1 - with_them / without for without, with_them in pairs)
    return {"free_per_s": round(pairs[-1][0]), "blocked_per_s": round(pairs[-1][1]), "cost": round(cost, 3)}


def resident_mb() -> float:
    """Return the most memory that this process has had so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


GROWTH: dict[str, tuple[Size, ...]] = {
    "agents": tuple(replace(SMALL, agents=count) for count in (100, 300, 1_000, 3_000, 10_000)),
    "skills": tuple(replace(SMALL, skills=count) for count in (10, 30, 100, 300, 1_000)),
    "signatures": tuple(replace(SMALL, skills=count, asked=2) for count in (3, 5, 8, 16, 30, 60)),
    "waiting": tuple(replace(SMALL, waiting=count) for count in (1_000, 3_000, 10_000, 30_000, 100_000)),
}


def growth(rounds: int) -> dict[str, list[dict[str, float]]]:
    """Return how the cost of a decision grows with each dimension, the others at the small size."""
    found: dict[str, list[dict[str, float]]] = {}
    for name, sizes in GROWTH.items():
        found[name] = []
        for size in sizes:
            house = House(size, Random(SEED))
            at = house.signatures if name == "signatures" else getattr(size, name)
            cost = 1e6 / decisions_per_second(house, rounds)
            found[name].append({"at": at, "us": round(cost, 2)})
    return found


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    small, large = figures["1000x100x10000"], figures["10000x500x1000000"]
    more = [
        ("decisions a CPU-second, 1,000 x 100 x 10,000", small["decisions_per_s"], 250_000, "1/s"),
        ("decisions a CPU-second, 10,000 x 500 x 1,000,000", large["decisions_per_s"], 150_000, "1/s"),
    ]
    less = [
        ("a decision, p50", small["p50_us"], 8, "us"),
        ("a decision, p99", small["p99_us"], 30, "us"),
        ("a decision, p99.9", small["p999_us"], 150, "us"),
        ("an arrival with an idle agent, p50", figures["arrival_with_idle_agent_p50_us"], 3, "us"),
        ("cost of 100,000 blocked ahead", figures["blocked_ahead"]["cost"], 0.1, "share"),
        ("memory with 1,000,000 waiting", large["memory_mb"], 450, "MB"),
    ]
    return [{"name": n, "value": v, "goal": g, "unit": u, "holds": v >= g} for n, v, g, u in more] + [
        {"name": n, "value": v, "goal": g, "unit": u, "holds": v <= g} for n, v, g, u in less
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="100 agents, 20 skills, 1,000 waiting; goals left out")
    parser.add_argument("--growth", type=Path, metavar="FILE", help="draw how the cost grows, and do nothing else")
    options = parser.parse_args()
    if options.growth is not None:
        grown = growth(5_000)
        curves = [Curve(name, [(point["at"], point["us"]) for point in points]) for name, points in grown.items()]
        options.growth.write_text(chart(curves, "µs a decision", "how many (logarithmic)"), "utf-8")
        print(json.dumps(grown))
        return
    figures: dict[str, Any]
    if options.quick:
        figures = {"100x20x1000": measured(QUICK, 2_000, 2_000, 1_000)}
    else:
        # The large one first: its memory is the process's own then.
        large = measured(LARGE, 20_000, 200, 10)
        figures = {
            "1000x100x10000": measured(SMALL, 20_000, 10_000, 500),
            "10000x500x1000000": large,
            "arrival_with_idle_agent_p50_us": round(arrival_with_idle_agent(SMALL, 20_000), 1),
            "blocked_ahead": blocked_ahead(SMALL, 10_000),
        }
    result = {
        "benchmark": "routing",
        "unit": "decisions/CPU-second",
        "figures": figures,
        "goals": [] if options.quick else goals(figures),
    }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
