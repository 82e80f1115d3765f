"""A day that others simulated and published: SimpleMSK of the library ContactCenters, `simulation/` in CENTRALA_DATA.

Three types of calls, two groups in the shape of a W, three periods of two hours, a busyness that multiplies the rates
of the day, patience. As its source (doc/examples/SimpleMSK.java) says:

- The second type goes to the first group if somebody is free there.
- A call that gave up within 20 s is not counted in the service level.
- The occupancy is that of the first group alone, from the morning until the last call has ended behind the last period.
  Of both groups together it would be about .81.
"""

import os
import re
from pathlib import Path
from statistics import stdev
from typing import NamedTuple

import pytest

from simulation.books import BATCHES, Books
from simulation.day import Day
from simulation.results import results
from simulation.scenario import MICROSECOND
from tests.simulation_core.scenes import T19, Figures, agents, queue, run, scene, stream

DAYS = int(os.environ.get("CENTRALA_MSK_DAYS", "120"))
RATES = ([4.2, 5.3, 3.2], [5.1, 4.3, 4.8], [6.3, 5.2, 4.8])
"""Calls a minute of each type in each period."""

PERIODS = range(3)
AWT = 20 * MICROSECOND
Z95 = 1.959964


class Published(NamedTuple):
    """A figure with the half width of its 95 % interval."""

    mean: float
    half: float


def report() -> str | None:
    path = Path(os.environ.get("CENTRALA_DATA", "none")) / "simulation" / "SimpleMSK.res"
    return path.read_text(encoding="utf-8") if path.exists() else None


def published(text: str) -> dict[str, Published]:
    """Return the figures of the report by name; its rows of a table are named themselves."""
    found = {}
    for name, interval in re.findall(r"==> (.*)\n(?:.*\n)*?.*confidence interval.*\((.*)\)", text):
        found[name] = _of(interval)
    for name, interval in re.findall(r"^(Type \d, period \d) .*95.0% \((.*)\)", text, re.MULTILINE):
        found[name] = _of(interval)
    return found


def _of(interval: str) -> Published:
    low, high = map(float, interval.split(","))
    return Published((low + high) / 2, (high - low) / 2)


def by_minute(rates: list[float]) -> str:
    laws = (f'{{ distribution = "exponential", mean = {60 / rate} }}' for rate in rates)
    return f"[{', '.join(laws)}]"


def day() -> list[str]:
    """Return the tables of the day: a stream for each type and period, so that each has figures of its own."""
    patience = f"patience = {by_minute([0.3, 0.4, 0.2])}"
    service = f"service = {by_minute([0.5, 0.6, 0.4])}"
    tables = [
        'busyness = { distribution = "gamma", shape = 28.7, scale = 0.034843205574912892 }',
        'periods = [["0h", "2h"], ["2h", "4h"], ["4h", "6h"]]',
        f"replications = {DAYS}",
    ]
    tables = [run("\n".join(tables))]
    tables += [agents("first", [12, 18, 9], "calls = 1", "skills = { a = 5, b = 5 }")]
    tables += [agents("second", [15, 20, 11], "calls = 1", "skills = { b = 5, c = 5 }")]
    tables += [queue("calls", 'target = "20s"\nshort = "20s"')]
    for type_, rates in enumerate(RATES):
        needs = f'requirements = ["{"abc"[type_]}"]' + ('\npreferences = ["group:first"]' if type_ == 1 else "")
        for period in PERIODS:
            only = [60 * rate if place == period else 0.0 for place, rate in enumerate(rates)]
            made = stream(f"Type {type_}, period {period}", only, "MEAN", f"{needs}\n{patience}", queue="calls")
            tables.append(re.sub(r"service = .*MEAN.*", service, made))
    return tables


def simulated() -> tuple[Figures, Books]:
    scenario = scene(*day())
    books = Books(scenario)
    for replication in range(DAYS):
        Day(scenario, scenario.run.seed, replication, books).run()
    return results(scenario, books), books


def half(figures: Figures, kind: str, name: str, figure: str) -> float:
    low, high = figures["ci95"][kind][name][figure]
    return float(high - low) / 2


def a_day(figures: Figures, kind: str, name: str, figure: str) -> Published:
    """Return a count as a number a day, with the half width of its interval."""
    return Published(figures[kind][name][figure] / DAYS, half(figures, kind, name, figure) / DAYS)


def in_time(books: Books, place: int) -> Published:
    """Return how many of a stream are answered within the target a day."""
    counts = [sum(wait <= AWT for wait in cell.answered) for cell in books.streams[place][:BATCHES]]
    return Published(sum(counts) / DAYS, T19 * stdev(counts) / BATCHES**0.5 * BATCHES / DAYS)


def occupancy(figures: Figures, books: Books, group: int, name: str) -> Published:
    """Return the busy share with what drains behind the last period, which the figures leave out."""
    shifts = books.groups[group]
    assert len(shifts) == BATCHES + 1
    whole = sum(shift.occupied for shift in shifts) / sum(shift.logged_in for shift in shifts)
    return Published(whole, half(figures, "groups", name, "occupancy"))


@pytest.mark.slow
@pytest.mark.skipif(report() is None, reason="needs SimpleMSK.res: set CENTRALA_DATA")
def test_published_day_of_simple_msk_comes_out() -> None:
    text = report()
    assert text is not None
    figures, books = simulated()
    served = a_day(figures, "queues", "calls", "answered")
    left = [a_day(figures, "queues", "calls", name) for name in ("abandoned", "short_abandoned")]
    ours = {
        "Number of served contacts": served,
        "Number of contacts having abandoned": Published(
            sum(each.mean for each in left), sum(each.half for each in left)
        ),
        "Occupancy ratio": occupancy(figures, books, 0, "first"),
    }
    ours |= {name: in_time(books, place) for place, name in enumerate(figures["streams"])}
    theirs = published(text)
    ours["Service level"] = Published(
        figures["queues"]["calls"]["service_level"], half(figures, "queues", "calls", "service_level")
    )
    assert ours.keys() == theirs.keys()
    scores = {name: _z(ours[name], theirs[name]) for name in theirs}
    print({name: round(score, 2) for name, score in scores.items()})  # noqa: T201  # shown with -s
    assert {name: score for name, score in scores.items() if abs(score) >= 4} == {}


def _z(ours: Published, theirs: Published) -> float:
    error = ((ours.half / T19) ** 2 + (theirs.half / Z95) ** 2) ** 0.5
    return float((ours.mean - theirs.mean) / error)
