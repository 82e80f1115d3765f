"""The rows of rings of skills: whom to take first where some skills are wanted more, and what a second skill brings.

Published are the spreads of occupancy alone, of a ring whose loads are not given.
"""

from collections.abc import Sequence

from agents.agent import Membership, Profile
from benchmarks.policy_house import Crew, Kind, Setting, admitted, queue
from benchmarks.policy_row import HANDLING, Row, at_least, at_most, compared, mean_wait
from queues.policy import Strategy
from vocabulary.skills import Preference, Requirement

SKEWED = (10, 12, 14, 16, 14, 12)
"""Erlangs of six skills."""


def skewed_ring(number: int, seed: int) -> Row:
    """Return the row of a ring of skills, some of them asked for more than others."""
    found = compared(
        {
            "longest_idle": _ring(SKEWED, 2, "longest_idle"),
            "least_loaded": _ring(SKEWED, 2, "least_loaded"),
            "primary_skill_first": _ring(SKEWED, 2, "longest_idle", primary=True),
        },
        number,
        seed,
    )
    spread = {policy: outcome.spread for policy, outcome in found.items()}
    wait = {policy: mean_wait(outcome) for policy, outcome in found.items()}
    figures = {
        policy: {"occupancy_sd": round(spread[policy], 4), "mean_wait": round(wait[policy], 4)} for policy in found
    }
    return Row(
        "skewed_ring",
        f"six pools of 15 agents, each with the skills n and n + 1; {SKEWED} erlangs ask for one of them",
        number,
        figures,
        {"longest_idle": {"occupancy_sd": 0.0267}, "least_loaded": {"occupancy_sd": 0.0058}},
        [
            at_most("spread of occupancy, least loaded", spread["least_loaded"], 0.0058, "standard deviation"),
            at_most(
                "spread of occupancy, least loaded to longest idle",
                spread["least_loaded"] / spread["longest_idle"],
                round(0.0058 / 0.0267, 4),
                "ratio",
            ),
            at_most("wait, least loaded to longest idle", wait["least_loaded"] / wait["longest_idle"], 1.0, "ratio"),
            at_least(
                "wait, primary skill first to longest idle",
                wait["primary_skill_first"] / wait["longest_idle"],
                1.05,
                "ratio",
            ),
            at_least(
                "spread of occupancy, primary skill first to longest idle",
                spread["primary_skill_first"] / spread["longest_idle"],
                1.4,
                "ratio",
            ),
        ],
    )


def two_skills(number: int, seed: int) -> Row:
    """Return the row of how much of full pooling two skills an agent bring."""
    even = (14,) * 6
    found = compared({f"{held}": _ring(even, held, "longest_idle") for held in (1, 2, 6)}, number, seed)
    one, two, all_ = (mean_wait(outcome) for outcome in found.values())
    share = (one - two) / (one - all_)
    return Row(
        "two_skills",
        "six pools of 15 agents, 14 erlangs ask for each of six skills; an agent has one, two or all of them",
        number,
        {
            "mean_wait": {"one_skill": round(one, 4), "two_skills": round(two, 4), "all_skills": round(all_, 4)},
            "share_of_the_gain_of_full_pooling": round(share, 4),
        },
        {"share_of_the_gain_of_full_pooling": 0.965},
        [at_least("two skills, share of the gain of full pooling", share, 0.965, "share")],
    )


def _ring(loads: Sequence[float], held: int, strategy: Strategy, *, primary: bool = False) -> Setting:
    """Return a ring in which pool n has the skill n and those that follow, `held` in all; `primary`: n comes first."""
    kinds = [
        Kind(
            f"s{n}",
            load,
            HANDLING,
            admitted(
                "support",
                requirements=(Requirement(f"s{n}"),),
                preferences=(Preference(skill=f"s{n}", level=8),) if primary else (),
            ),
        )
        for n, load in enumerate(loads)
    ]
    crews = []
    for n in range(len(loads)):
        skills = {f"s{(n + step) % len(loads)}": 5 if step else 8 for step in range(held)}
        crews.append(Crew(f"pool{n}", 15, Profile(skills=skills, queues={"support": Membership(1)})))
    return Setting(kinds, crews, [queue("support", strategy=strategy)])
