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
FULL, EASY = 68, 48
"""Erlangs at the mean pace: as much as `optimal` can just bear, and as much as anybody can."""
TICK: Span = 5 * SECOND


def look_ahead(number: int, seed: int) -> Row:
    """Return the row of strategy `optimal` beside others and beside ticks."""
    strategies: tuple[Strategy, ...] = ("longest_idle", "fastest", "optimal")
    full = compared({each: specialists(FULL, each, seed) for each in strategies}, number, seed, learnt=LEARNT)
    setting = specialists(FULL, "optimal", seed)
    full["ticks_of_5s"] = by_ticks(setting, customers(setting.kinds, number, seed), TICK)
    easy = compared({each: specialists(EASY, each, seed) for each in strategies}, number, seed, learnt=LEARNT)
    waits = {name: mean_wait(outcome) for name, outcome in full.items()}
    worked = {name: outcome.occupancy() for name, outcome in easy.items()}
    return Row(
        "look_ahead",
        f"50 agents, five labels; what an agent needs for a label is spread lognormally (sigma {SPREAD}), learnt from"
        f" {LEARNT} contacts of each before, and on; {FULL} and {EASY} erlangs at the mean pace, contacts of 60 s",
        number,
        {
            f"load_{FULL}": {name: _told(outcome) for name, outcome in full.items()},
            f"load_{EASY}": {name: _told(outcome) for name, outcome in easy.items()},
        },
        {"ticks": "lose capacity near saturation"},
        [
            at_most("wait, optimal to first come", waits["optimal"] / waits["longest_idle"], 0.1, "ratio"),
            at_most("wait, optimal to fastest first", waits["optimal"] / waits["fastest"], 0.1, "ratio"),
            at_most(
                "time worked at 48 erlangs, optimal to first come",
                worked["optimal"] / worked["longest_idle"],
                0.8,
                "ratio",
            ),
            at_least("wait, ticks of 5 s to optimal", waits["ticks_of_5s"] / waits["optimal"], 1.1, "ratio"),
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
