import math
from random import Random  # noqa: TID251 (with its seed)
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.closed_form import Estimate, Overtaking, matched, wait_behind
from tests.simulation_core.theory import cobham, erlang_c_by_sum, pool

RATES = st.floats(1e-6, 1e-1)
AHEAD = st.integers(0, 3_000)


def waits(
    ahead: int, release: float, leaving: float, arriving: float, seed: int = 1, count: int = 4_000
) -> list[float]:
    """Return `count` waits of a birth and death chain: one more with a newcomer, one fewer with a release or leaver."""
    draw, found = Random(seed), []  # noqa: S311
    for _ in range(count):
        left, clock = ahead + 1, 0.0
        while left:
            down = release + (left - 1) * leaving
            clock += draw.expovariate(down + arriving)
            left += 1 if draw.random() * (down + arriving) < arriving else -1
        found.append(clock)
    return sorted(found)


@pytest.mark.parametrize("ahead", [0, 1, 7, 200, 20_000])
def test_without_leavers_the_mean_is_one_release_for_each_ahead_and_one_more(ahead: int) -> None:
    assert wait_behind(ahead, 0.5).mean == pytest.approx((ahead + 1) / 0.5)


@pytest.mark.parametrize("ahead", [0, 1, 15, 100, 5_000])
def test_with_leavers_the_mean_is_the_sum_over_the_queue_ahead(ahead: int) -> None:
    release, leaving = 50.0, 0.5
    exact = sum(1 / (release + i * leaving) for i in range(ahead + 1))
    assert wait_behind(ahead, release, leaving).mean == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("ahead", [0, 4, 40])
def test_a_higher_class_takes_its_arrivals_from_the_releases(ahead: int) -> None:
    found = wait_behind(ahead, 50.0, overtaking=(Overtaking(20.0), Overtaking(10.0)))
    assert found.mean == pytest.approx((ahead + 1) / (50 - 30))


@pytest.mark.parametrize(
    ("ahead", "leaving", "arriving"),
    [(0, 0, 0), (5, 0, 0), (60, 0, 0), (20, 0.5, 0), (3, 0, 30), (30, 0, 40), (50, 0.5, 30), (10, 0.3, 20)],
)
def test_the_interval_covers_four_fifths_of_the_waits_of_the_chain(ahead: int, leaving: float, arriving: float) -> None:
    found = wait_behind(ahead, 50.0, leaving, (Overtaking(arriving),) if arriving else ())
    sample = waits(ahead, 50.0, leaving, arriving)
    assert found.mean == pytest.approx(fmean(sample), rel=0.05)
    assert sum(found.low <= wait <= found.high for wait in sample) / len(sample) == pytest.approx(0.8, abs=0.035)


def test_estimates_of_all_who_arrive_average_to_erlang_c() -> None:
    arrivals, service, agents = 48.0, 1.0, 50
    states = pool(arrivals, service, agents, 0.0, 1_500)
    mean = sum(p * wait_behind(n, agents * service).mean for n, p in enumerate(states[agents:]))
    assert mean == pytest.approx(erlang_c_by_sum(agents, arrivals / service) / (agents * service - arrivals), rel=1e-4)


def test_estimates_of_the_lowest_class_average_to_cobham() -> None:
    """Whoever waits is before the lowest class when one of it comes, and who waits in all doesn't depend on classes."""
    arrivals, service, agents = [12.0, 16.0, 19.0], 1.0, 50
    states = pool(sum(arrivals), service, agents, 0.0, 1_500)
    streams = tuple(Overtaking(rate) for rate in arrivals[:-1])
    mean = sum(p * wait_behind(n, agents * service, 0.0, streams).mean for n, p in enumerate(states[agents:]))
    assert mean == pytest.approx(cobham(arrivals, service, agents)[-1], rel=1e-4)


def test_who_pushes_in_for_a_while_costs_more_than_nobody_and_less_than_for_ever() -> None:
    means = [wait_behind(40, 1.0, 0.0, (Overtaking(0.5, until),)).mean for until in (0.0, 20.0, 60.0, math.inf)]
    assert means == sorted(means)
    assert [means[0], means[-1]] == pytest.approx([41, 82])
    # Half of the releases of the first 20 ms are lost, so 10 more are needed later.
    assert means[1] == pytest.approx(41 + 10, rel=0.1)


def test_a_higher_class_that_fills_the_pool_leaves_a_finite_wait() -> None:
    found = wait_behind(9, 1.0, overtaking=(Overtaking(5.0),))
    assert math.isfinite(found.high)
    assert found.mean == pytest.approx(200)


def test_a_gamma_distribution_of_one_stage_is_exponential() -> None:
    found = matched(10.0, 100.0)
    assert [found.low, found.high] == pytest.approx([1.05, 23.03], rel=0.1)


def test_no_wait_has_no_interval() -> None:
    assert matched(0.0, 0.0) == Estimate(0.0, 0.0, 0.0)
    assert matched(0.0, 0.0).interval == (0, 0)


@given(AHEAD, RATES, RATES, st.booleans())
def test_bounds_stand_around_the_mean_and_grow_with_the_queue(
    ahead: int, release: float, leaving: float, patient: bool
) -> None:
    lost = 0.0 if patient else leaving
    here, behind = wait_behind(ahead, release, lost), wait_behind(ahead + 1, release, lost)
    assert 0 <= here.low <= here.mean <= here.high
    # Blocks of stages differ by a little from one length to the next.
    assert here.mean <= behind.mean * 1.0005
    assert here.low <= behind.low * 1.005


@given(AHEAD, RATES, RATES, st.floats(1.0, 10.0))
def test_more_agents_never_make_the_wait_longer(ahead: int, release: float, arriving: float, more: float) -> None:
    streams = (Overtaking(arriving),)
    assert wait_behind(ahead, release * more).mean <= wait_behind(ahead, release).mean
    assert (
        wait_behind(ahead, release * more, 0.0, streams).mean <= wait_behind(ahead, release, 0.0, streams).mean * 1.001
    )
