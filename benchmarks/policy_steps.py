"""The row of the bullseye: when others help out who need longer, and what the guard of steps is for.

Published are the waits, and no house. Of 5 agents and 3.9 erlangs who help nobody customers wait .469, by Erlang C,
which is the published .471; with three types the other two figures stand to it as published, within a twentieth.
"""

from typing import Any

from agents.agent import Membership, Profile
from benchmarks.policy_house import Crew, Kind, Outcome, Setting, admitted, queue
from benchmarks.policy_row import HANDLING, Row, at_least, at_most, compared, mean_wait
from queues.policy import Step
from vocabulary.instants import SECOND
from vocabulary.skills import Preference, Requirement

TYPES = ("red", "green", "blue")
FOREIGN = 1.25
"""How much longer the work of another type takes."""
THIRD = HANDLING * SECOND // 3
FULL_SHARE = 0.4
"""So many of the customers of the roomy house come to the one near saturation."""


def bullseye(number: int, seed: int) -> Row:
    """Return the row of relaxation: at once, after a third of the mean handling time, never; and near saturation."""
    roomy = compared(
        {
            "everybody_at_once": _one_queue(5, 3.9, at_once=True),
            "lent_after_a_third": _lending(5, 3.9, THIRD, guard=False),
            "never": _lending(5, 3.9, None),
        },
        number,
        seed,
    )
    full = compared(
        {
            "never": _lending(20, 19.2, None),
            "skill_dropped_without_guard": _one_queue(20, 19.2, guard=False),
            "skill_dropped_with_guard": _one_queue(20, 19.2, guard=True),
            "lent_without_guard": _lending(20, 19.2, THIRD, guard=False),
            "lent_with_guard": _lending(20, 19.2, THIRD, guard=True),
        },
        round(FULL_SHARE * number),
        seed,
    )
    waits = {name: mean_wait(outcome) for name, outcome in roomy.items()}
    near = {name: mean_wait(outcome) for name, outcome in full.items()}
    figures = {"load_78": {name: _told(each) for name, each in roomy.items()}} | {
        "load_96": {name: _told(each) for name, each in full.items()}
    }
    return Row(
        "bullseye",
        "three types of 5 agents and 3.9 erlangs, work of another type takes 25 % longer. At once: everybody serves"
        " everything as it is due, one's own first on arrival. Lent: a step adds the other groups, after their own work."  # noqa: E501
        " Near saturation: 20 agents and 19.2 erlangs a type; a step after 20 s drops the skill, or lends",
        number,
        figures,
        {"load_78": {"everybody_at_once": 0.424, "lent_after_a_third": 0.183, "never": 0.471}},
        [
            at_most("wait, lent after a third", waits["lent_after_a_third"], 0.183, "handling times"),
            at_most(
                "wait, lent after a third to at once",
                waits["lent_after_a_third"] / waits["everybody_at_once"],
                round(0.183 / 0.424, 4),
                "ratio",
            ),
            at_most(
                "wait, lent after a third to never",
                waits["lent_after_a_third"] / waits["never"],
                round(0.183 / 0.471, 4),
                "ratio",
            ),
            at_most(
                "wait, at once to never", waits["everybody_at_once"] / waits["never"], round(0.424 / 0.471, 4), "ratio"
            ),
            at_least(
                "near saturation, skill dropped without guard: wait to never",
                near["skill_dropped_without_guard"] / near["never"],
                3,
                "ratio",
            ),
            at_least(
                "near saturation, skill dropped without guard: growth",
                full["skill_dropped_without_guard"].growth(),
                1.5,
                "ratio",
            ),
            at_most(
                "near saturation, skill dropped with guard: wait to never",
                near["skill_dropped_with_guard"] / near["never"],
                1.1,
                "ratio",
            ),
            at_most(
                "near saturation, lent with guard: wait to never", near["lent_with_guard"] / near["never"], 1.1, "ratio"
            ),
        ],
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "mean_wait": round(mean_wait(outcome), 4),
        "occupancy": round(outcome.occupancy(), 4),
        "second_half_to_first": round(outcome.growth(), 2),
    }


def _one_queue(agents: int, load: float, *, at_once: bool = False, guard: bool = False) -> Setting:
    """Return a house with one queue, in which a type is a skill that isn't asked for, or that a step drops."""
    kinds = [
        Kind(
            name,
            load,
            HANDLING,
            admitted(
                "support",
                requirements=() if at_once else (Requirement(name),),
                preferences=(Preference(skill=name),),
            ),
        )
        for name in TYPES
    ]
    crews = [Crew(name, agents, Profile(skills={name: 5}, queues={"support": Membership(1)})) for name in TYPES]
    steps = () if at_once else (Step(after=THIRD, drop=TYPES, guard=guard),)
    return Setting(kinds, crews, [queue("support", steps=steps)], _pace())


def _lending(agents: int, load: float, after: int | None, *, guard: bool = False) -> Setting:
    """Return a house with a queue for each type, to which a step lends the groups of the others."""
    kinds = [Kind(name, load, HANDLING, admitted(name, preferences=(Preference(group=name),))) for name in TYPES]
    crews = [Crew(name, agents, Profile(queues={name: Membership(1)}, groups=(name,))) for name in TYPES]
    queues = []
    for name in TYPES:
        others = tuple(other for other in TYPES if other != name)
        steps = () if after is None else (Step(after=after, groups=others, guard=guard),)
        queues.append(queue(name, steps=steps))
    return Setting(kinds, crews, queues, _pace())


def _pace() -> dict[tuple[str, str], float]:
    return {(kind, crew): FOREIGN for kind in TYPES for crew in TYPES if kind != crew}
