"""Expected wait: how far predictions are from the best that can be known, beside what others show, in one run.

`python -m benchmarks.expected_wait [--json] [--quick]`. In four houses, some of those who have to wait are followed.
Each predictor's mean squared error is divided by that of the full-information predictor: the mean wait given the whole
state and the true rates. Ours knows only what it has measured in the same run. Speed is measured on the router itself.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from statistics import fmean, median
from time import perf_counter
from typing import Any

from agents.agent import MediumLimit, Membership, Profile
from benchmarks.waiting_house import HANDLING, Arrival, Design, House, full_information
from queues.calibration import Calibration, Interval, Outcome, calibrated, expected_wait_error
from queues.measured import Average, Measured
from queues.policy import ChannelPolicy, QueuePolicy
from router.closed_form import Estimate, Overtaking, wait_behind
from router.commands import Admit, Command, Connect, DefineAgent, SetPresence
from router.decide import advance
from router.expect import expected_wait, position
from router.lookahead import look_ahead
from router.policy import Action, Policy, Rule
from router.snapshot import Crew, Snapshot, Worker
from router.state import State
from router.surroundings import snapshot

SEED = 20260301
START = 1_772_357_400_000
ORACLE_RUNS = 200
AHEAD = 100

DESIGNS = {
    "single": Design((48,), ((0,),), (50,)),
    "single_leaving": Design((54,), ((0,),), (50,), leaving=0.5),
    "three_priorities": Design((12, 16, 19), ((0,), (0,), (0,)), (50,), ranked=True),
    "n_2x50": Design((46, 48), ((0, 1), (1,)), (50, 50)),
    "ring_of_six": Design((14,) * 6, tuple((pool, (pool - 1) % 6) for pool in range(6)), (15,) * 6),
}
GOALS = {"single": 1.02, "single_leaving": 1.02, "three_priorities": 1.02, "n_2x50": 1.10, "ring_of_six": 1.10}
CLOSED = ("single", "single_leaving", "three_priorities")


# -- predictions


def ours(name: str, design: Design, arrival: Arrival, number: int) -> Estimate:
    """Return what the router's functions say, from measured figures."""
    if name not in CLOSED:
        found = look_ahead(_pictured(design, arrival, number))
        assert found is not None
        return found
    known = arrival.measured
    handling = fmean(each.handling.mean for each in known)
    above = known[: arrival.class_] if design.ranked else ()
    rates = [each.arriving(class_, round(arrival.at)) for class_, each in enumerate(above)]
    release = sum(design.agents) / handling
    return wait_behind(arrival.ahead(design), release, known[0].leaving, tuple(map(Overtaking, rates)))


def _pictured(design: Design, arrival: Arrival, number: int) -> Snapshot:
    """Return the snapshot of a house without classes in which all agents take one piece of work at a time."""
    count = len(design.load)
    known = fmean(each.handling.mean for each in arrival.measured)
    return Snapshot(
        id=f"i-{number}",
        now=round(arrival.at),
        line=arrival.class_,
        key=(0, round(arrival.at), number),
        lines=tuple(tuple((0, int(at), -1) for at in line) for line in arrival.waiting),
        kinds=(0,) * count,
        handling=(known,),
        leaving=(0.0,) * count,
        crews=tuple(
            Crew(tuple(1 if pool in pools else None for pools in design.pools), (100,) * count)
            for pool in range(len(design.agents))
        ),
        workers=tuple(Worker(pool, 0, ((0, 100),)) for pool, busy in enumerate(arrival.busy) for _ in range(busy)),
    )


def best(name: str, design: Design, arrival: Arrival, draw: random.Random) -> float:
    """Return the mean wait given the whole state and the true rates: exact for one pool, else from many plain runs."""
    if name not in CLOSED:
        return full_information(design, arrival, draw, ORACLE_RUNS)
    above = sum(design.load[: arrival.class_]) if design.ranked else 0.0
    stages = range(arrival.ahead(design) + 1)
    return HANDLING * sum(1 / (sum(design.agents) - above + i * design.leaving) for i in stages)


def naive(design: Design, arrival: Arrival) -> dict[str, float]:
    """Return what others show."""
    skilled = sum(design.agents[pool] for pool in design.pools[arrival.class_])
    queue = arrival.ahead(design) if design.ranked else len(arrival.waiting[arrival.class_])
    return {
        "last_to_enter_service": arrival.last_wait,
        "head_of_line": arrival.head_wait,
        "queue_x_handling_by_skilled": (queue + 1) * HANDLING / skilled,
    }


# -- figures


def house_figures(name: str, customers: int, share: float) -> dict[str, Any]:
    """Return the errors of all predictors in one house, over that of full information, and our coverage."""
    design, draw = DESIGNS[name], random.Random(SEED)
    lowest = len(design.load) - 1

    def asked(class_: int) -> bool:
        return (not design.ranked or class_ == lowest) and draw.random() < share

    # The first tenth is warm-up: the house fills and figures are measured.
    followed = sorted(House(design, SEED, asked).run(customers), key=lambda arrival: arrival.at)
    followed = followed[len(followed) // 10 :]
    errors: dict[str, list[float]] = {}
    estimates = []
    for number, arrival in enumerate(followed):
        estimates.append(ours(name, design, arrival, number))
        said = {"ours": estimates[-1].mean, "full": best(name, design, arrival, draw), **naive(design, arrival)}
        for predictor, wait in said.items():
            errors.setdefault(predictor, []).append((wait - arrival.waited) ** 2)
    full = fmean(errors.pop("full"))
    return {
        "followed": len(followed),
        "mean_ahead": round(fmean(arrival.ahead(design) for arrival in followed), 1),
        "mse_ratio": {predictor: round(fmean(squares) / full, 3) for predictor, squares in errors.items()},
        "coverage": round(_coverage(followed, [each.interval for each in estimates]), 3),
        "coverage_uncorrected": round(_coverage(followed, [each.interval for each in estimates], learn=False), 3),
        # As if handling took twice as long as anybody knows: what the calibration makes of a wrong estimate.
        "coverage_of_half": round(_coverage(followed, [(low // 2, high // 2) for low, high in _bounds(estimates)]), 3),
    }


def _bounds(estimates: list[Estimate]) -> Iterator[Interval]:
    return (each.interval for each in estimates)


def _coverage(followed: list[Arrival], raw: list[Interval], *, learn: bool = True) -> float:
    """Return how many waits lay in the interval that was shown on arrival, corrected by those known by then."""
    calibration = Calibration()
    open_: list[tuple[float, Interval, float]] = []
    outcomes = []
    for arrival, interval in zip(followed, raw, strict=True):
        while learn and open_ and open_[0][0] <= arrival.at:
            _, shown, waited = heappop(open_)
            calibration = calibration.with_wait(shown, round(waited))
        shown = calibrated(interval, calibration)
        outcomes.append(Outcome(*shown, round(arrival.waited)))
        heappush(open_, (arrival.served, shown, arrival.waited))
    return expected_wait_error(outcomes).coverage or 0.0


# -- speed, on the router's state


class Desk:
    """A state where everybody is busy and `AHEAD` wait before the last."""

    def __init__(self, pools: int, agents: int, ahead: int) -> None:
        names = [f"q{number}" for number in range(pools)]
        self.state, self.now, self.last = State(), START, ""
        self.policy = Policy(
            queues={name: QueuePolicy(name=name, offer={"callback": 0}, wrap_up="none") for name in names},
            channels={"form": ChannelPolicy(name="form", medium="callback")},
            rules=(Rule(name="all", then=Action(queue=names[0])),),
        )
        for number in range(agents):
            own = {names[(number + step) % pools]: Membership() for step in range(min(2, pools))}
            agent = f"a{number:04}"
            profile = Profile({}, own, 100, {"callback": MediumLimit(100)})
            for command in (DefineAgent(agent, profile), Connect(agent), SetPresence(agent, "available", by=agent)):
                self.do(command)
        for number in range(agents + ahead + 1):
            self.last = f"i{number:05}"
            self.now += 1_000
            queue = names[number % pools]
            self.do(Admit(id=self.last, channel="form", medium="callback", customer="c", message="m", queue=queue))
        known = Measured(Average(1_000, HANDLING), waited=1e9, left=300.0)
        self.measured = dict.fromkeys(names, known)

    def do(self, command: Command) -> None:
        assert advance(command, self.state, self.policy, self.now).refusal is None


def microseconds(call: Callable[[], object], times: int) -> float:
    """Return the median time of a call."""
    spans = []
    for _ in range(times):
        began = perf_counter()
        assert call() is not None
        spans.append(perf_counter() - began)
    return median(spans) * 1e6


def speed(times: int) -> dict[str, float]:
    """Return what an estimate costs, `AHEAD` before it: one pool of 50, and six pools of 15 in a ring."""
    pool, ring = Desk(1, 50, AHEAD), Desk(6, 90, AHEAD)

    def picture() -> Snapshot | None:
        return snapshot(ring.state, ring.policy, ring.last, ring.now, ring.measured)

    scene = picture()
    assert scene is not None
    return {
        "position_us": round(microseconds(lambda: position(pool.state, pool.last), 10 * times), 1),
        "closed_form_us": round(
            microseconds(lambda: expected_wait(pool.state, pool.policy, pool.last, pool.now, pool.measured), times), 1
        ),
        "snapshot_us": round(microseconds(picture, times), 1),
        "look_ahead_ms": round(microseconds(lambda: look_ahead(scene), times) / 1_000, 2),
        "look_ahead_items": sum(map(len, scene.lines)),
    }


def goals(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what was promised beside what was measured."""
    for name, goal in GOALS.items():
        value = figures[name]["mse_ratio"]["ours"]
        yield {"name": f"squared error, {name}", "value": value, "goal": goal, "unit": "ratio", "holds": value <= goal}
    for name in GOALS:
        value = figures[name]["coverage"]
        holds = 0.78 <= value <= 0.82
        yield {"name": f"coverage, {name}", "value": value, "goal": "0.78-0.82", "unit": "share", "holds": holds}
    for what, goal, unit in (("closed_form_us", 200, "us"), ("look_ahead_ms", 5, "ms")):
        value = figures["speed"][what]
        yield {"name": what, "value": value, "goal": goal, "unit": unit, "holds": value <= goal}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.expected_wait", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the customers; goals left out")
    options = parser.parse_args()
    customers, times = (50_000, 50) if options.quick else (600_000, 300)
    figures: dict[str, Any] = {"speed": speed(times)}
    for name in DESIGNS:
        # Plain runs for full information take long where agents differ.
        share = 0.2 if name in CLOSED else 0.005
        figures[name] = house_figures(name, customers, share)
    promised = [] if options.quick else list(goals(figures))
    result = {"benchmark": "expected_wait", "quick": options.quick, "figures": figures, "goals": promised}
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
