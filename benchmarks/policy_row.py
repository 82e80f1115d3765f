"""One row of the table of policies: a question, what was measured, what was promised."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Goal = dict[str, Any]


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
