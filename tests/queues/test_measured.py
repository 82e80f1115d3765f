from random import Random  # noqa: TID251 (with its seed)

import pytest

from queues.calibration import Calibration
from queues.measured import MEMORY, Average, Measured, Rate
from vocabulary.instants import HOUR, MINUTE, SECOND

START = 1_772_357_400_000


def arrivals(per_hour: list[float], seed: int = 1) -> tuple[Rate, int]:
    """Return the rate after Poisson arrivals of so many an hour, one figure for each hour, and the end."""
    draw, rate = Random(seed), Rate(START, START)  # noqa: S311
    for hour, expected in enumerate(per_hour):
        at = START + hour * HOUR + draw.expovariate(expected / HOUR)
        while at < START + (hour + 1) * HOUR:
            rate.add(round(at))
            at += draw.expovariate(expected / HOUR)
    return rate, START + len(per_hour) * HOUR


def test_an_average_of_few_is_their_mean() -> None:
    found = Average()
    for span in (1_000, 2_000, 6_000):
        found.add(span)
    assert found.count == 3
    assert found.mean == pytest.approx(3_000)


def test_a_long_average_forgets_what_was_long_ago() -> None:
    average = Average()
    for _ in range(MEMORY):
        average.add(1_000)
    for _ in range(5 * MEMORY):
        average.add(2_000)
    assert average.mean == pytest.approx(2_000, rel=0.01)


def test_patience_is_the_time_waited_for_each_who_left() -> None:
    draw, known = Random(1), Measured()  # noqa: S311
    for _ in range(5_000):
        patience, offered = draw.expovariate(1 / 120_000), draw.expovariate(1 / 30_000)
        known.add_wait(round(min(patience, offered)), patience < offered)
    assert 1 / known.leaving == pytest.approx(120_000, rel=0.1)


def test_nobody_leaves_where_nobody_waited() -> None:
    assert Measured().leaving == 0.0


def test_a_steady_rate_is_known_well_after_hours() -> None:
    rate, now = arrivals([600.0] * 8)
    assert rate.per_ms(now) * HOUR == pytest.approx(600, rel=0.06)


@pytest.mark.parametrize(("before", "after"), [(600.0, 1_800.0), (1_800.0, 300.0)])
def test_a_jump_is_believed_within_the_hour(before: float, after: float) -> None:
    rate, now = arrivals([before] * 6 + [after])
    assert rate.per_ms(now) * HOUR == pytest.approx(after, rel=0.25)


def test_a_young_rate_counts_its_own_time_only() -> None:
    rate = Rate(START, START)
    for number in range(1, 11):
        rate.add(START + number * MINUTE)
    assert rate.per_ms(START + 10 * MINUTE) * MINUTE == pytest.approx(1, rel=0.05)
    assert Rate(START, START).per_ms(START) == 0.0


def test_arrivals_are_counted_by_class() -> None:
    known = Measured()
    for number in range(1, 61):
        known.add_arrival(0, START + number * MINUTE)
        if number % 3 == 0:
            known.add_arrival(-1, START + number * MINUTE)
    now = START + HOUR
    assert known.arriving(0, now) * MINUTE == pytest.approx(1, rel=0.1)
    assert known.arriving(-1, now) * MINUTE == pytest.approx(1 / 3, rel=0.15)
    assert known.arriving(1, now) == 0.0
    assert known.arriving_in_all(now) == known.arriving(0, now) + known.arriving(-1, now)


def test_what_was_copied_stays_as_it_was() -> None:
    known = Measured()
    known.handling.add(MINUTE)
    known.add_wait(SECOND, left=True)
    known.add_arrival(0, START)
    before, same = known.copied(), known.copied()
    known.handling.add(SECOND)
    known.add_wait(SECOND, left=False)
    known.add_arrival(0, START + SECOND)
    known.add_outcome((0, SECOND), MINUTE)
    assert before == same
    assert known.calibration == Calibration().with_wait((0, SECOND), MINUTE)
    assert (known.handling.count, known.arrivals[0].open) == (2, 2)
