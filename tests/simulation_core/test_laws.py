"""Draws by law: their moments, and what stays the same from scenario to scenario."""

from collections.abc import Sequence
from statistics import fmean, stdev

import pytest

from simulation.laws import (
    Deterministic,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Law,
    Lognormal,
    Seconds,
    by_period,
    draws,
    seconds_of,
    substream,
    whole_draws,
)

COUNT = 8000


def sample(law: Law, columns: dict[str, Sequence[float]] | None = None, name: str = "service") -> list[float]:
    draw = draws(law, substream(7, name), columns or {})
    return [draw() for _ in range(COUNT)]


@pytest.mark.parametrize(
    ("law", "mean", "cv"),
    [
        (Exponential(Seconds(285)), 285, 1.0),
        (Lognormal(Seconds(285), 1.3), 285, 1.3),
        (Erlang(Seconds(285), 4), 285, 0.5),
        (Gamma(28.7, Seconds(0.0348)), 28.7 * 0.0348, 28.7**-0.5),
    ],
)
def test_draws_have_the_mean_and_the_spread_of_their_law(law: Law, mean: float, cv: float) -> None:
    values = sample(law)
    assert fmean(values) == pytest.approx(mean, abs=4 * cv * mean / COUNT**0.5)
    assert stdev(values) / fmean(values) == pytest.approx(cv, rel=0.15)


def test_deterministic_law_is_always_its_mean() -> None:
    assert set(sample(Deterministic(Seconds(60)))) == {60.0}


def test_empirical_law_draws_every_value_of_its_file_and_no_other() -> None:
    values = sample(Empirical("calls.csv"), {"calls.csv": (10.0, 20.0, 60.0)})
    assert set(values) == {10.0, 20.0, 60.0}
    assert values.count(20.0) == pytest.approx(COUNT / 3, abs=4 * (COUNT * 2 / 9) ** 0.5)


@pytest.mark.parametrize(
    ("one", "three"),
    [
        (Exponential(Seconds(10)), Exponential(Seconds(30))),
        (Lognormal(Seconds(10), 0.7), Lognormal(Seconds(30), 0.7)),
        (Erlang(Seconds(10), 3), Erlang(Seconds(30), 3)),
        (Gamma(2.5, Seconds(10)), Gamma(2.5, Seconds(30))),
    ],
)
def test_longer_law_of_one_kind_makes_each_customer_longer_in_proportion(one: Law, three: Law) -> None:
    assert sample(three)[:200] == pytest.approx([3 * value for value in sample(one)[:200]])


def test_purposes_draw_apart_from_each_other() -> None:
    law = Exponential(Seconds(10))
    assert sample(law, name="service")[:5] != sample(law, name="patience")[:5]


def test_each_period_has_its_law_and_the_first_reaches_back() -> None:
    laws = [Deterministic(Seconds(10)), Deterministic(Seconds(20)), Deterministic(Seconds(30))]
    draw = by_period(laws, [100, 200, 300], lambda law, block: whole_draws(law, substream(1), {}, unit=1, block=block))
    assert [draw(at) for at in (0, 100, 199, 200, 299, 300, 9999)] == [10, 10, 10, 20, 20, 30, 30]


def test_block_of_draws_is_what_single_draws_are() -> None:
    singly = whole_draws(Lognormal(Seconds(10), 0.7), substream(1), {}, unit=1000)
    together = whole_draws(Lognormal(Seconds(10), 0.7), substream(1), {}, unit=1000, block=7)
    assert [singly() for _ in range(20)] == [together() for _ in range(20)]


def test_seconds_are_spans_or_numbers() -> None:
    assert [seconds_of(each) for each in ("285s", "1.5m", 30, 0.25)] == [285.0, 90.0, 30.0, 0.25]


@pytest.mark.parametrize("wrong", ["soon", -1, True, None, float("inf"), float("nan")])
def test_what_is_no_length_of_time_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="no time span"):
        seconds_of(wrong)
