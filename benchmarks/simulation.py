"""Customers a second that the simulation takes through the real router. `python -m benchmarks.simulation --json`.

SimPy's pool stands beside it where it is installed; it is no dependency. Rates are by process time.
"""

import argparse
import json
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from random import Random
from time import process_time
from typing import Any

from simulation.reading import scenario_of
from simulation.simulate import simulate

SERVICE = 285
GOAL = 60_000
GOAL_MANY = 40_000
HOUR = 3_600


def main() -> None:
    """Print figures and goals as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented text")
    parser.add_argument("--quick", action="store_true", help="a few thousand customers instead of many")
    chosen = parser.parse_args()
    print(json.dumps(measured(quick=chosen.quick), indent=None if chosen.json else 2))


def measured(*, quick: bool) -> dict[str, object]:
    """Return all figures and goals of one run."""
    customers = 3_000 if quick else 20_000
    pool = _run(_pool(customers))
    ring = _run(_ring(customers))
    many = _run(_many(customers))
    peers = _simpy(customers) if find_spec("simpy") is not None else None
    return {
        "benchmark": "simulation",
        "mm50": pool,
        "ring": ring,
        "many_skills": many,
        "simpy_mm50_per_s": peers,
        "ratio_to_simpy": round(pool["customers_per_s"] / peers, 2) if peers else None,
        "note": None if peers else "SimPy is not installed here: nothing measured beside",
        "goals": [
            _goal("M/M/50", pool["customers_per_s"], GOAL),
            _goal("ring of six pools", ring["customers_per_s"], GOAL),
            _goal("1,000 agents, 100 skills", many["customers_per_s"], GOAL_MANY),
        ],
    }


def _goal(name: str, value: float, goal: int) -> dict[str, object]:
    return {"name": name, "value": value, "goal": goal, "unit": "customers/s", "holds": value >= goal}


def _run(text: str) -> dict[str, float]:
    scenario = scenario_of(text, _no_file)
    began = process_time()
    figures = simulate(scenario)
    spent = process_time() - began
    offered = sum(stream["offered"] for stream in figures["streams"].values())
    return {
        "customers": offered,
        "customers_per_s": round(offered / spent),
        "decisions_per_s": round(figures["decisions"] / spent),
        "mean_wait_s": round(
            sum(each["wait_mean_s"] for each in figures["queues"].values()) / len(figures["queues"]), 3
        ),
        "seconds": round(spent, 2),
    }


def _no_file(name: str) -> str:
    raise AssertionError(name)


def _agents(group: str, count: int, queues: str, skills: str = "") -> str:
    return f'[[agents]]\ngroup = "{group}"\ncount = {count}\nqueues = {{ {queues} }}\nskills = {{ {skills} }}\n'


def _stream(name: str, queue: str, erlangs: float, needs: str = "") -> str:
    return f"""[[arrivals]]
stream = "{name}"
queue = "{queue}"
rate_per_hour = {erlangs * HOUR / SERVICE}
service = {{ distribution = "exponential", mean = {SERVICE} }}
requirements = [{needs}]
"""


def _pool(customers: int) -> str:
    """One pool of 50 agents with 48 erlangs."""
    tables = [_agents("all", 50, "support = 1"), '[[queues]]\nname = "support"\n', _stream("calls", "support", 48)]
    return f"[run]\ncustomers = {customers}\n" + "".join(tables)


def _ring(customers: int) -> str:
    """Six pools of 15 with 14 erlangs each; each class is served by two."""
    tables = []
    for place in range(6):
        queues = f"q{place} = 1, q{(place - 1) % 6} = 1"
        tables += [_agents(f"g{place}", 15, queues), f'[[queues]]\nname = "q{place}"\n']
        tables.append(_stream(f"s{place}", f"q{place}", 14))
    return f"[run]\ncustomers = {customers}\n" + "".join(tables)


def _many(customers: int) -> str:
    """100 groups of 10 with two skills each; every class needs one skill."""
    tables = ['[[queues]]\nname = "support"\n']
    for place in range(100):
        tables.append(_agents(f"g{place}", 10, "support = 1", f"s{place} = 5, s{(place + 1) % 100} = 5"))
        tables.append(_stream(f"s{place}", "support", 9.3, f'"s{place}>=3"'))
    return f"[run]\ncustomers = {customers}\n" + "".join(tables)


def _simpy(customers: int) -> float:
    """Return customers a second of SimPy's resource with the same load."""
    simpy: Any = import_module("simpy")
    draw = Random(1)
    environment = simpy.Environment()
    agents = simpy.Resource(environment, 50)

    def customer() -> Any:
        with agents.request() as request:
            yield request
            yield environment.timeout(draw.expovariate(1 / SERVICE))

    def source() -> Any:
        for _ in range(customers):
            yield environment.timeout(draw.expovariate(48 / SERVICE))
            environment.process(customer())

    return _rate(customers, environment, source)


def _rate(customers: int, environment: Any, source: Callable[[], Any]) -> float:
    environment.process(source())
    began = process_time()
    environment.run()
    return round(customers / (process_time() - began))


if __name__ == "__main__":
    main()
