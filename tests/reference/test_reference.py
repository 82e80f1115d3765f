"""The core and the reference model decide alike, whatever happens; hypothesis shrinks what sets them apart."""

from collections.abc import Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from router.commands import Command, Tick
from router.state import next_deadline
from tests.reference.houses import house
from tests.reference.orders import Kind, kinds, opening
from tests.reference.planted import FAULTS, found_after
from tests.reference.setting import Setting
from tests.reference.sides import HOUSES, RETRIES, Sides, Step, run, shrunk, told
from tests.reference.sides import Kind as Houses
from vocabulary.instants import DAY, MINUTE, SECOND, Instant

T = TypeVar("T")
SPANS = (0, 1, SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 16 * MINUTE, DAY + 1, 8 * DAY)
RINGS_MAX = 200
"""So often at most the alarm rings while time passes."""


class Drawn:
    """Choices that hypothesis makes, and makes simpler where a test fails."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def of(self, options: Sequence[T]) -> T:
        return self._data.draw(st.sampled_from(options))

    def once_in(self, times: int) -> bool:
        return self._data.draw(st.integers(0, times - 1)) == times - 1


class TwoRouters(RuleBasedStateMachine):
    """Any command at any time, on both sides of a random house."""

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        chance = Drawn(data)
        self.steps: list[Step] = []
        self.sides = Sides(house(chance))
        self.setting = Setting(chance, self.sides.policy)
        for command in opening(self.setting):
            self.do(command)

    def do(self, command: Command, at: Instant | None = None) -> None:
        at = self.sides.now if at is None else at
        self.steps.append((at, command))
        found = self.sides.do(at, command)
        assert not found, "\n" + told(self.sides.policy, self.steps, found)

    @rule(data=st.data(), kind=st.sampled_from(kinds()))
    def somebody_does_something(self, data: st.DataObject, kind: Kind) -> None:
        self.setting.chance = Drawn(data)
        self.do(kind(self.setting, self.sides.state, self.sides.now))

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: int) -> None:
        """The alarm rings at what is due on the way; not all week long, where something is looked at every 10 s."""
        until = self.sides.now + span
        for _ in range(RINGS_MAX):
            due = next_deadline(self.sides.state)
            if due is None or due > until:
                break
            self.do(Tick(), max(due, self.sides.now))
        self.sides.now = until

    @rule(span=st.sampled_from(SPANS))
    def nobody_looks_at_the_clock(self, span: int) -> None:
        self.sides.now += span


def _settings(examples: int, steps: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, print_blob=True
    )


def _alike(seed: str, operations: int, kind: Houses = HOUSES) -> None:
    """Drive random houses by so many commands in all; a difference is told by as few of them as show it."""
    done = number = 0
    while done < operations:
        result = run(f"{seed}/{number}", 400, kind)
        if result.found:
            steps, found = shrunk(result.policy, result.steps)
            pytest.fail(f"house {seed}/{number}:\n{told(result.policy, steps, found)}", pytrace=False)
        done += len(result.steps)
        number += 1


def test_core_and_model_decide_alike_whatever_is_done() -> None:
    run_state_machine_as_test(TwoRouters, settings=_settings(40, 40))


def test_core_and_model_decide_alike_in_random_houses() -> None:
    _alike("short", 8_000)


def test_core_and_model_decide_alike_where_callbacks_reach_nobody() -> None:
    _alike("retries", 4_000, RETRIES)


@pytest.mark.slow
def test_core_and_model_decide_alike_through_many_examples() -> None:
    run_state_machine_as_test(TwoRouters, settings=_settings(1_000, 100))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_core_and_model_decide_alike_in_many_random_houses(part: int) -> None:
    _alike(f"long-{part}", 25_000)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str) -> None:
    assert found_after(fault, 40_000, "planted") is not None
