"""What the router expects of waits, measured by what became of them."""

import math

import pytest

from simulation.estimates import Asked, bears, quality
from simulation.full_information import FullInformation
from simulation.laws import (
    Deterministic,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Law,
    Lognormal,
    Seconds,
    draws,
    substream,
)
from tests.simulation_core.scenes import agents, played, queue, run, scene, stream

EVERY = "estimate_every = 3"


def asked(mean: float, low: int, high: int, waited: int, best: float | None, weight: float = 1.0) -> Asked:
    return Asked(at=0, mean=mean, low=low, high=high, best=best, waited=waited, weight=weight)


def test_quality_is_the_share_within_and_the_error_over_the_least() -> None:
    told = quality([asked(10.0, 5, 15, 12, 11.0), asked(10.0, 5, 15, 20, 16.0)])
    assert told == {"coverage": 0.5, "mse_ratio": (4 + 100) / (1 + 16)}


def test_outcomes_count_by_their_weight() -> None:
    told = quality([asked(10.0, 5, 15, 12, 11.0, weight=3.0), asked(10.0, 5, 15, 20, None)])
    assert told == {"coverage": 0.75, "mse_ratio": None}
    assert quality([]) == {"coverage": None, "mse_ratio": None}


@pytest.mark.parametrize(
    "law",
    [
        Exponential(Seconds(30)),
        Deterministic(Seconds(30)),
        Lognormal(Seconds(30), 0.8),
        Erlang(Seconds(30), 3),
        Empirical("file"),
    ],
)
def test_share_who_bear_a_wait_is_that_of_the_draws(law: Law) -> None:
    columns = {"file": (10.0, 20.0, 30.0, 40.0, 100.0)}
    draw = draws(law, substream(3), columns)
    patience = [draw() for _ in range(4000)]
    for wait in (0.0, 15.0, 29.0, 60.0):
        told = bears(law, wait, columns)
        assert told == pytest.approx(sum(each > wait for each in patience) / 4000, abs=0.035)
    assert bears(Gamma(2.0, Seconds(1)), 5.0, {}) is None


def test_one_pool_is_expected_as_well_as_can_be_and_the_interval_holds_four_of_five() -> None:
    figures = played(
        run(f'customers = 6000\nwarm_up = "4000s"\n{EVERY}'), agents(count=10), stream(rate=36 * 9.2, mean=100)
    )
    told = figures["streams"]["calls"]["expected_wait"]
    assert told["coverage"] == pytest.approx(0.8, abs=0.05)
    assert told["mse_ratio"] == pytest.approx(1.0, abs=0.05)
    low, high = figures["ci95"]["queues"]["support"]["expected_wait"]["coverage"]
    assert low < told["coverage"] < high


def test_who_left_does_not_make_waits_look_short() -> None:
    patience = 'patience = { distribution = "exponential", mean = "200s" }'
    figures = played(
        run(f'customers = 6000\nwarm_up = "4000s"\n{EVERY}'),
        agents(count=10),
        stream(rate=36 * 11, mean=100, more=patience),
    )
    told = figures["streams"]["calls"]["expected_wait"]
    assert told["coverage"] == pytest.approx(0.8, abs=0.05)
    assert told["mse_ratio"] == pytest.approx(1.0, abs=0.06)


def test_where_agents_differ_there_is_no_closed_form_to_compare_with() -> None:
    figures = played(
        run(f'customers = 1500\nwarm_up = "4000s"\n{EVERY}'),
        agents("one", 5, "a = 1"),
        agents("both", 5, "a = 1, b = 1"),
        queue("a"),
        queue("b"),
        stream("a", rate=36 * 4.5, queue="a"),
        stream("b", rate=36 * 4.5, queue="b"),
    )
    told = figures["queues"]["b"]["expected_wait"]
    assert 0.6 < told["coverage"] < 0.95
    assert told["mse_ratio"] is None


def test_nobody_is_asked_where_that_is_turned_off() -> None:
    figures = played(run("customers = 1500\nestimate_every = 0"), agents(count=2), stream(rate=70))
    assert figures["streams"]["calls"]["expected_wait"] == {"coverage": None, "mse_ratio": None}


def test_asking_changes_nothing_of_the_day() -> None:
    tables = (agents(count=2), stream(rate=60, more='patience = { distribution = "exponential", mean = "200s" }'))
    often, never = (played(run(f"customers = 800\nestimate_every = {every}"), *tables) for every in (1, 0))
    assert often["streams"]["calls"].pop("expected_wait") != never["streams"]["calls"].pop("expected_wait")
    assert often["streams"] == never["streams"]
    assert often["groups"] == never["groups"]


# -- full information

HANDLING = 100_000


def test_full_information_of_one_pool_is_the_sum_over_those_ahead() -> None:
    plain = FullInformation(scene(run("customers = 9"), agents(count=4), stream(rate=100)))
    assert plain.mean("calls", 2) == pytest.approx(3 * HANDLING / 4)
    leaving = stream(rate=100, more='patience = { distribution = "exponential", mean = "50s" }')
    patient = FullInformation(scene(run("customers = 9"), agents(count=4), leaving))
    stages = [4 / HANDLING + ahead / 50_000 for ahead in range(3)]
    assert patient.mean("calls", 2) == pytest.approx(math.fsum(1 / stage for stage in stages))


def test_full_information_of_classes_leaves_out_what_pushes_in() -> None:
    tables = (agents(count=4), stream("urgent", rate=36), stream("other", rate=36, more="class = 1"))
    told = FullInformation(scene(run("customers = 9"), *tables))
    assert told.mean("urgent", 1) == pytest.approx(2 * HANDLING / 4)
    assert told.mean("other", 1) == pytest.approx(2 * HANDLING / 3)


@pytest.mark.parametrize(
    "tables",
    [
        [agents(more='shifts = [["08:00", "16:00"]]')],
        [agents(more="capacity = 200")],
        [agents(), agents("idle", queues="other = 1"), queue("other"), queue()],
        [queue(more='wrap_up = "5s"')],
        [queue(more='order = "wait_over_target"')],
        [stream(), stream("slow", mean=200)],
        [stream(), stream("dear", more="priority = 5")],
        [stream(more='requirements = ["billing"]')],
        [stream(rate=None, more="profile = [[0, 10]]")],
        [stream(), stream("leaving", more='patience = { distribution = "exponential", mean = "50s" }')],
    ],
)
def test_there_is_no_full_information_where_customers_or_agents_differ(tables: list[str]) -> None:
    given = scene(run("customers = 9"), *tables)
    assert FullInformation(given).mean(given.arrivals[0].stream, 0) is None
