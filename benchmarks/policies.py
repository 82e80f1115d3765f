"""Policies of routing, on the core itself: the same customers, agents and seeds for every policy of a row.

`python -m benchmarks.policies [--json] [--quick] [--seed N]`. Each row is one question: which order suits several
targets, which agent comes first, when others help out, what is gained by looking ahead and lost by ticks. Waits are in
mean handling times unless a name says otherwise. What the naive way does is measured in the same call.
"""

import argparse
import json
from collections.abc import Callable
from time import process_time
from typing import Any, NamedTuple

from benchmarks.policy_agents import chats_beside_voice, unequal_speed
from benchmarks.policy_bursts import bursts
from benchmarks.policy_rings import skewed_ring, two_skills
from benchmarks.policy_row import Row
from benchmarks.policy_specialists import look_ahead, ticks
from benchmarks.policy_steps import bullseye
from benchmarks.policy_targets import service_levels

SEED = 20260301


class Question(NamedTuple):
    """How a row is measured, with how many customers a policy (bursts: houses), and with how many in a quick run."""

    row: Callable[[int, int], Row]
    full: int
    quick: int


QUESTIONS = (
    Question(service_levels, 300_000, 8_000),
    Question(skewed_ring, 250_000, 18_000),
    Question(unequal_speed, 200_000, 12_000),
    Question(chats_beside_voice, 100_000, 10_000),
    Question(bullseye, 150_000, 12_000),
    Question(two_skills, 100_000, 10_000),
    Question(look_ahead, 40_000, 5_000),
    Question(ticks, 60_000, 10_000),
    Question(bursts, 10, 2),
)


def main() -> None:
    """Print figures and goals as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented text")
    parser.add_argument("--quick", action="store_true", help="fewer customers: directions hold, figures are rough")
    parser.add_argument("--seed", type=int, default=SEED, help=f"other customers, {SEED} unless given")
    chosen = parser.parse_args()
    found = measured(quick=chosen.quick, seed=chosen.seed)
    print(json.dumps(found, indent=None if chosen.json else 2))


def measured(*, quick: bool, seed: int = SEED) -> dict[str, Any]:
    """Return all figures and goals of one run."""
    began = process_time()
    rows = [question.row(question.quick if quick else question.full, seed) for question in QUESTIONS]
    return {
        "benchmark": "policies",
        "quick": quick,
        "seed": seed,
        "figures": {row.name: row.told for row in rows},
        "goals": [goal for row in rows for goal in row.goals],
        "seconds": round(process_time() - began, 1),
    }


if __name__ == "__main__":
    main()
