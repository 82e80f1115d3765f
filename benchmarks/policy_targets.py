"""The row of several service levels on one pool: which order suits them, at a load that it bears and in overload.

Published are 50 agents, 48 erlangs and the targets. Contacts of 60 s are what gives first come, first served its .496
there (exactly .502, by Erlang C), whatever the shares of the classes are. The overload is not published: with 51
erlangs and a patience of two contacts both figures for it come out, within .01.
"""

from typing import Any

from agents.agent import Membership, Profile
from benchmarks.policy_house import Crew, Kind, Outcome, Setting, admitted, queue
from benchmarks.policy_row import HANDLING, Row, at_least, compared
from queues.policy import Order
from vocabulary.instants import SECOND

CLASSES = ((10, 0.2), (30, 0.3), (120, 0.5))
"""Targets in seconds, and their shares of the customers."""


def service_levels(number: int, seed: int) -> Row:
    """Return the row of several targets on one pool, at a load that it can bear and in overload."""
    figures: dict[str, Any] = {}
    for name, load, patience, share in (("load_48", 48.0, None, 1.0), ("overload_51", 51.0, 120.0, 0.5)):
        settings = {
            "first_come": _targets(load, patience, alike=True),
            "strict_priority": _targets(load, patience, strict=True),
            "wait_over_target": _targets(load, patience, order="wait_over_target"),
            "due_time": _targets(load, patience),
        }
        found = compared(settings, round(share * number), seed)
        figures[name] = {policy: _levels(outcome) for policy, outcome in found.items()}
    worst = {load: {policy: each["worst"] for policy, each in found.items()} for load, found in figures.items()}
    usual, over = worst["load_48"], worst["overload_51"]
    return Row(
        "several_targets",
        "50 agents, 48 erlangs, contacts of 60 s; 20 % with a target of 10 s, 30 % of 30 s, 50 % of 120 s;"
        " in overload 51 erlangs and customers who leave after 120 s on average",
        number,
        figures,
        {
            "load_48": {"first_come": 0.496, "strict_priority": 0.908, "wait_over_target": 0.899, "due_time": 0.932},
            "overload_51": {"wait_over_target": 0.904, "due_time": 0.888},
        },
        [
            at_least("worst class, due time", usual["due_time"], 0.932, "service level"),
            at_least(
                "worst class, due time over first come", usual["due_time"] - usual["first_come"], 0.436, "service level"
            ),
            at_least(
                "worst class, due time over strict priority",
                usual["due_time"] - usual["strict_priority"],
                0.024,
                "service level",
            ),
            at_least(
                "worst class, due time over wait/target",
                usual["due_time"] - usual["wait_over_target"],
                0.033,
                "service level",
            ),
            at_least("worst class in overload, wait/target", over["wait_over_target"], 0.904, "service level"),
            at_least(
                "worst class in overload, wait/target over due time",
                over["wait_over_target"] - over["due_time"],
                0.016,
                "service level",
            ),
        ],
    )


def _targets(
    load: float, patience: float | None, *, order: Order = "due", strict: bool = False, alike: bool = False
) -> Setting:
    names = [f"within_{target}s" for target, _ in CLASSES]
    kinds = [
        Kind(name, share * load, HANDLING, admitted(name, class_=place if strict else 0), patience)
        for place, (name, (_, share)) in enumerate(zip(names, CLASSES, strict=True))
    ]
    # Where all are due equally soon, first come is first served.
    queues = [
        queue(name, target=(20 if alike else target) * SECOND, order=order)
        for name, (target, _) in zip(names, CLASSES, strict=True)
    ]
    return Setting(kinds, [Crew("all", 50, Profile(queues={name: Membership(1) for name in names}))], queues)


def _levels(outcome: Outcome) -> dict[str, float]:
    levels = {
        kind: outcome.service_level(kind, target) for kind, (target, _) in zip(outcome.fared, CLASSES, strict=True)
    }
    return {name: round(level, 4) for name, level in (*levels.items(), ("worst", min(levels.values())))}
