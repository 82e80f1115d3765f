from random import Random  # noqa: TID251 (with its seed)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.calibration import Calibration, Outcome, WaitError, calibrated, expected_wait_error

BOUNDS = st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)).map(lambda pair: (min(pair), max(pair)))


def coverage(raw_share: tuple[float, float], seed: int, turn: int | None = None, count: int = 6_000) -> float:
    """Return how many of `count` exponential waits lie in intervals of these raw bounds (means), after calibration.

    `turn`: from this one on, waits are twice as long as anybody thinks.
    """
    draw, calibration, hits = Random(seed), Calibration(), 0  # noqa: S311
    for number in range(count):
        thought = draw.uniform(20_000, 200_000)
        shown = calibrated((round(raw_share[0] * thought), round(raw_share[1] * thought)), calibration)
        waited = round(draw.expovariate(1 / thought)) * (2 if turn is not None and number >= turn else 1)
        hits += shown[0] <= waited <= shown[1]
        calibration = calibration.with_wait(shown, waited)
    return hits / count


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("raw", [(0.105, 2.303), (0.5, 0.9), (0.0, 5.0), (0.9, 3.0)])
def test_whatever_the_raw_interval_is_four_fifths_of_the_waits_are_covered(raw: tuple[float, float], seed: int) -> None:
    assert 0.78 <= coverage(raw, seed) <= 0.82


def test_the_coverage_holds_when_the_world_changes() -> None:
    assert 0.78 <= coverage((0.105, 2.303), 1, turn=3_000) <= 0.82


def test_without_outcomes_nothing_is_corrected() -> None:
    assert calibrated((1_000, 5_000), Calibration()) == (1_000, 5_000)


def test_a_miss_pushes_its_bound_out_nine_times_as_far_as_a_hit_draws_it_in() -> None:
    missed = Calibration().with_wait((1_000, 2_000), 3_000)
    assert [missed.below, missed.above] == pytest.approx([-0.005, 0.045])


@given(BOUNDS, st.floats(-0.9, 20), st.floats(-0.9, 20))
def test_bounds_stay_in_order_and_never_fall_below_nothing(
    interval: tuple[int, int], below: float, above: float
) -> None:
    low, high = calibrated(interval, Calibration(below, above))
    assert 0 <= low <= high


@given(st.lists(st.tuples(BOUNDS, st.integers(0, 10**8)), max_size=200))
def test_corrections_stay_within_reason(waits: list[tuple[tuple[int, int], int]]) -> None:
    calibration = Calibration()
    for shown, waited in waits:
        calibration = calibration.with_wait(shown, waited)
    assert -0.9 <= calibration.below <= 20
    assert -0.9 <= calibration.above <= 20


def test_error_and_coverage_of_what_was_shown() -> None:
    outcomes = [Outcome(10, 30, 20), Outcome(10, 30, 5), Outcome(10, 30, 60), Outcome(10, 30, 30)]
    found = expected_wait_error(outcomes)
    assert (found.count, found.coverage, found.below, found.above) == (4, 0.5, 0.25, 0.25)
    assert [found.bias_ms, found.error_ms] == pytest.approx([-8.75, ((0 + 225 + 1600 + 100) / 4) ** 0.5])


def test_nothing_is_known_of_no_outcomes() -> None:
    assert expected_wait_error([]) == WaitError(count=0)
