"""Rows of agents who are quick at different things: strategy `optimal`, other strategies, and assignment on ticks."""

import math
from random import Random

from agents.agent import Membership, Profile
from benchmarks.policy_house import Crew, Kind, Outcome, Setting, admitted, customers, queue
from benchmarks.policy_row import HANDLING, Row, at_least, at_most, compared, mean_wait
from benchmarks.policy_ticks import by_ticks
from queues.interaction import Label
from queues.policy import Strategy
from vocabulary.instants import SECOND, Span

AGENTS, LABELS = 50, 5
SPREAD = 0.3
"""Standard deviation of the logarithm of what an agent needs for a label; the mean is that of `HANDLING`."""
LEARNT = 30
"""So many contacts of each label every agent has had before."""
EASY, FULL, BRIM = 48, 65, 68
"""Erlangs at the mean pace: as much as anybody can bear, as only `optimal` can, and nearly too much for it."""
TICK: Span = 5 * SECOND


def look_ahead(number: int, seed: int) -> Row:
    """Return the row of strategy `optimal` beside others and beside ticks."""
    strategies: tuple[Strategy, ...] = ("longest_idle", "fastest", "optimal")
    found: dict[int, dict[str, Outcome]] = {}
    for load in (EASY, FULL, BRIM):
        settings: dict[str, Setting] = {each: specialists(load, each, seed) for each in strategies}
        found[load] = compared(settings, number, seed, learnt=LEARNT)
        if load != EASY:
            setting = settings["optimal"]
            found[load]["ticks_of_5s"] = by_ticks(setting, customers(setting.kinds, number, seed), TICK)
    waits = {load: {name: mean_wait(each) for name, each in outcomes.items()} for load, outcomes in found.items()}
    full, brim = waits[FULL], waits[BRIM]
    worked = {name: outcome.occupancy() for name, outcome in found[EASY].items()}
    return Row(
        "look_ahead",
        f"50 agents, five labels; what an agent needs for a label is spread lognormally (sigma {SPREAD}), learnt from"
        f" {LEARNT} contacts of each before, and on; {EASY}, {FULL} and {BRIM} erlangs at the mean pace, contacts of"
        " 60 s",
        number,
        {f"load_{load}": {name: _told(each) for name, each in outcomes.items()} for load, outcomes in found.items()},
        {"ticks": "lose capacity near saturation"},
        [
            at_most("wait, optimal to first come", full["optimal"] / full["longest_idle"], 0.1, "ratio"),
            at_most("wait, optimal to fastest first", full["optimal"] / full["fastest"], 0.1, "ratio"),
            at_most(
                "time worked at 48 erlangs, optimal to first come",
                worked["optimal"] / worked["longest_idle"],
                0.8,
                "ratio",
            ),
            at_least(f"wait, ticks of 5 s to optimal, {FULL}", full["ticks_of_5s"] / full["optimal"], 1.5, "ratio"),
            at_least(f"wait, ticks of 5 s to optimal, {BRIM}", brim["ticks_of_5s"] / brim["optimal"], 1.5, "ratio"),
        ],
    )


def ticks(number: int, seed: int) -> Row:
    """Return the row of agents who are alike near saturation: assigned at every event, and on ticks."""
    kinds = [Kind("all", 48, HANDLING, admitted("support"))]
    setting = Setting(kinds, _crews(), [queue("support")])
    found = compared({"at_every_event": setting}, number, seed)
    for every in (SECOND, TICK):
        found[f"ticks_of_{every // SECOND}s"] = by_ticks(setting, customers(kinds, number, seed), every)
    waits = {name: mean_wait(outcome) for name, outcome in found.items()}
    return Row(
        "ticks",
        "50 agents who are alike, 48 erlangs, contacts of 60 s",
        number,
        {name: _told(outcome) for name, outcome in found.items()},
        {"ticks": "lose capacity near saturation"},
        [
            at_least("wait, ticks of 1 s to every event", waits["ticks_of_1s"] / waits["at_every_event"], 1.1, "ratio"),
            at_least("wait, ticks of 5 s to every event", waits["ticks_of_5s"] / waits["at_every_event"], 3, "ratio"),
        ],
    )


def _told(outcome: Outcome) -> dict[str, float]:
    return {"mean_wait": round(mean_wait(outcome), 4), "occupancy": round(outcome.occupancy(), 4)}


def specialists(load: float, strategy: Strategy, seed: int, number: int = LABELS) -> Setting:
    """Return a house in which each agent has a pace of his own for each of `number` labels."""
    draw = Random(f"{seed}/pace")
    middle = -SPREAD * SPREAD / 2
    labels = [f"label{n}" for n in range(number)]
    kinds = [Kind(each, load / number, HANDLING, admitted("support", labels=(Label(each, 1.0),))) for each in labels]
    crews = _crews()
    pace = {(label, crew.name): math.exp(draw.gauss(middle, SPREAD)) for label in labels for crew in crews}
    return Setting(kinds, crews, [queue("support", strategy=strategy)], pace)


def _crews() -> list[Crew]:
    return [Crew(f"agent{n:02}", 1, Profile(queues={"support": Membership(1)})) for n in range(AGENTS)]
