"""The simulator in the test run: some days with fresh seeds, the same day twice, planted faults."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.simulation.planted import FAULTS

QUICK = (
    "commits are not synced",
    "records and events in two",
    "a checkpoint claims",
)
"""Faults that are found within a few days."""


def simulated(*arguments: str, hash_seed: str = "random") -> tuple[int, dict[str, Any]]:
    """Run the command in a process of its own, as people do; return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.simulation", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def test_random_days_with_crashes_violate_nothing() -> None:
    code, found = simulated("--schedules", "6")
    assert (code, found["violations"]) == (0, [])
    assert found["schedules"] == 6
    assert found["crashes"] >= 6 * 5
    assert min(found["counts"].values()) > 0, "nothing happened"


def test_the_same_seed_is_the_same_day_in_every_process() -> None:
    _, one = simulated("--schedules", "2", "--seed", "77", "--processes", "1", hash_seed="1")
    _, other = simulated("--schedules", "2", "--seed", "77", "--processes", "1", hash_seed="2")
    assert one["counts"] == other["counts"]
    assert one["trace"] == other["trace"]
    _, another = simulated("--schedules", "2", "--seed", "78", "--processes", "1")
    assert another["trace"] != one["trace"]


def test_no_further_day_begins_once_the_time_is_over() -> None:
    code, found = simulated("--schedules", "1000", "--minutes", "0", "--seed", "77", "--processes", "1")
    assert (code, found["schedules"]) == (0, 1)


@pytest.mark.parametrize("name", QUICK)
def test_planted_faults_are_found(name: str) -> None:
    _, found = simulated("--schedules", "0", "--planted", "--only", name, "--within", "60", "--seed", "5")
    assert [each["found_after"] is not None for each in found["planted"]] == [True]


@pytest.mark.slow
def test_every_planted_fault_is_found_within_a_thousand_days() -> None:
    _, found = simulated("--schedules", "0", "--planted", "--within", "1000")
    assert len(found["planted"]) == len(FAULTS) >= 20
    assert {each["name"]: each["found_after"] for each in found["planted"] if each["found_after"] is None} == {}


@pytest.mark.slow
def test_ten_thousand_days_violate_nothing() -> None:
    code, found = simulated("--schedules", "10000")
    assert (code, found["violations"]) == (0, [])
