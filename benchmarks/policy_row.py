"""One row of the table of policies: a question, the same customers for each policy, what was measured and promised."""

from collections.abc import Mapping, Sequence
from random import Random
from statistics import fmean
from typing import Any, NamedTuple

from benchmarks.policy_house import House, Outcome, Setting, customers
from benchmarks.policy_learning import taught

Goal = dict[str, Any]
HANDLING = 60
"""Mean seconds of a contact; waits are printed in such means, but for the row with targets in seconds."""


class Row(NamedTuple):
    """What one question found. `setting`: the house in words. `published`: the figures that were to be reproduced."""

    name: str
    setting: str
    customers: int
    figures: Mapping[str, Any]
    published: Mapping[str, Any]
    goals: Sequence[Goal]

    @property
    def told(self) -> dict[str, Any]:
        """The row without its goals, for the output."""
        return {
            "setting": self.setting,
            "customers": self.customers,
            "figures": dict(self.figures),
            "published": dict(self.published),
        }


def at_least(name: str, value: float, goal: float, unit: str = "") -> Goal:
    """Return the goal that `value` is `goal` or more."""
    return {"name": name, "value": round(value, 4), "goal": goal, "unit": f"{unit}, at least", "holds": value >= goal}


def at_most(name: str, value: float, goal: float, unit: str = "") -> Goal:
    """Return the goal that `value` is `goal` or less."""
    return {"name": name, "value": round(value, 4), "goal": goal, "unit": f"{unit}, at most", "holds": value <= goal}


def compared(settings: Mapping[str, Setting], number: int, seed: int, *, learnt: int = 0) -> dict[str, Outcome]:
    """Return how the same customers fare in each of `settings`, which differ in policy alone.

    `learnt`: so many contacts of each kind every agent has had before.
    """
    first = next(iter(settings.values()))
    coming = customers(first.kinds, number, seed)
    assert all(_stream(each) == _stream(first) for each in settings.values()), "other customers come"
    return {
        name: House(setting, taught(setting, learnt, Random(f"{seed}/learnt")) if learnt else None).live(coming)
        for name, setting in settings.items()
    }


def _stream(setting: Setting) -> list[tuple[object, ...]]:
    return [(kind.name, kind.load, kind.handling, kind.patience) for kind in setting.kinds]


def mean_wait(outcome: Outcome, *kinds: str) -> float:
    """Return the mean wait of `kinds`, or of everybody, in mean handling times."""
    return fmean(outcome.waits(*kinds)) / HANDLING
