"""Small scenarios, and how far a simulated figure is from the theory."""

import math
from typing import Any

from simulation.reading import scenario_of
from simulation.scenario import Scenario
from simulation.simulate import simulate

T19 = 2.093024054408263
Figures = dict[str, Any]


def no_file(name: str) -> str:
    raise AssertionError(f"no scenario of the test names a file, and this one names {name}")


def agents(group: str = "all", count: object = 1, queues: str = "support = 1", more: str = "") -> str:
    return f'[[agents]]\ngroup = "{group}"\ncount = {count}\nqueues = {{ {queues} }}\n{more}\n'


def queue(name: str = "support", more: str = "") -> str:
    return f'[[queues]]\nname = "{name}"\n{more}\n'


def stream(name: str = "calls", rate: object = 36, mean: object = 100, more: str = "", queue: str = "support") -> str:
    service = f'{{ distribution = "exponential", mean = {mean} }}'
    lines = [f'stream = "{name}"', f'queue = "{queue}"', f"service = {service}", more]
    if rate is not None:
        lines.append(f"rate_per_hour = {rate}")
    return "[[arrivals]]\n" + "\n".join(lines) + "\n"


def run(more: str) -> str:
    return f"[run]\n{more}\n"


def scene(*tables: str) -> Scenario:
    """Return the scenario of `tables`; an agent, a queue and a stream stand in where none is given."""
    text = "\n".join(tables)
    standard = (("[run]", run("customers = 100")), ("[[agents]]", agents()), ("[[queues]]", queue()))
    missing = [table for head, table in (*standard, ("[[arrivals]]", stream())) if head not in text]
    return scenario_of("\n".join([text, *missing]), no_file)


def played(*tables: str, **chosen: int) -> Figures:
    return simulate(scene(*tables), **chosen)


def z_scores(figures: Figures, expected: dict[str, float], *place: str) -> dict[str, float]:
    """Return by how many standard errors, from 20 batch means, each figure at `place` misses what is expected."""
    values: Figures = figures
    intervals: Figures = figures["ci95"]
    for name in place:
        values, intervals = values[name], intervals[name]
    scores = {}
    for name, theory in expected.items():
        low, high = intervals[name]
        error = (high - low) / 2 / T19
        scores[name] = (values[name] - theory) / error if error else math.copysign(math.inf, values[name] - theory)
    return scores


def far(scores: dict[str, float]) -> dict[str, float]:
    """Return the scores that chance doesn't explain."""
    return {name: round(score, 2) for name, score in scores.items() if not abs(score) < 4}
