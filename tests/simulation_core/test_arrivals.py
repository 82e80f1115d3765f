"""When customers come."""

from itertools import pairwise

import pytest

from simulation.arrivals import arrivals
from simulation.laws import substream
from simulation.scenario import MICROSECOND, Scenario
from tests.simulation_core.scenes import run, scene, stream

HOUR = 3600 * MICROSECOND


def times(scenario: Scenario, busyness: float = 1.0, seed: int = 1) -> list[int]:
    (only,) = scenario.arrivals
    return list(arrivals(only, scenario.run, substream(seed, "arrivals"), busyness, scenario.columns))


def between(instants: list[int], start: float, end: float) -> int:
    return sum(start * HOUR <= at < end * HOUR for at in instants)


def poisson(mean: float) -> object:
    return pytest.approx(mean, abs=4 * mean**0.5)


def test_each_period_has_its_rate_and_nobody_comes_between_periods() -> None:
    periods = 'periods = [["1h", "2h"], ["2h", "3h"], ["4h", "5h"]]'
    found = times(scene(run(periods), stream(rate=[600, 1200, 300])))
    assert [between(found, *hours) for hours in ((0, 1), (3, 4))] == [0, 0]
    assert [between(found, *hours) for hours in ((1, 2), (2, 3), (4, 5))] == [poisson(600), poisson(1200), poisson(300)]
    assert found == sorted(found)
    assert found[-1] < 5 * HOUR


def test_profile_holds_from_each_start_to_the_next() -> None:
    profile = stream(rate=None, more='profile = [["0s", 300], ["1h", 0], ["2h", 900]]')
    found = times(scene(run('duration = "3h"'), profile))
    assert [between(found, hour, hour + 1) for hour in (0, 1, 2)] == [poisson(300), 0, poisson(900)]


def test_busyness_multiplies_the_rates_of_the_day() -> None:
    assert len(times(scene(run('duration = "4h"'), stream(rate=250)), busyness=2.0)) == poisson(2000)


def test_doubled_rate_brings_the_same_customers_in_half_the_time() -> None:
    slow = times(scene(run('duration = "4h"'), stream(rate=100)))
    fast = times(scene(run('duration = "2h"'), stream(rate=200)))
    assert fast == pytest.approx([at / 2 for at in slow], abs=1)


def test_gaps_are_exponential() -> None:
    found = times(scene(run('duration = "20h"'), stream(rate=360)))
    gaps = [later - earlier for earlier, later in pairwise(found)]
    share = sum(gap > 10 * MICROSECOND for gap in gaps) / len(gaps)
    assert share == pytest.approx(2.718281828**-1, abs=4 * (0.23 / len(gaps)) ** 0.5)


def test_no_rate_brings_nobody() -> None:
    assert times(scene(run('duration = "2h"'), stream(rate=0))) == []
