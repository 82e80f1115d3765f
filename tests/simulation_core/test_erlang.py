"""Erlang's formulas against chains solved by linear algebra, sums in logarithms and known values."""

import numpy as np
import pytest

from simulation.erlang import Load, erlang_a, erlang_b, erlang_c
from tests.simulation_core.theory import erlang_c_by_sum, pool_figures


@pytest.mark.parametrize(
    ("agents", "erlangs", "blocked"), [(1, 1.0, 1 / 2), (2, 1.0, 1 / 5), (3, 1.0, 1 / 16), (10, 5.0, 0.0183845)]
)
def test_blocking_is_that_of_the_tables(agents: int, erlangs: float, blocked: float) -> None:
    assert erlang_b(agents, erlangs) == pytest.approx(blocked, rel=1e-5)


@pytest.mark.parametrize(("agents", "erlangs"), [(1, 0.3), (5, 4.0), (14, 10.0), (100, 97.0), (3000, 2950.0)])
def test_probability_to_wait_is_the_sum_by_definition(agents: int, erlangs: float) -> None:
    found = erlang_c(Load(arrivals=erlangs / 180, handling=180), agents, within=20)
    assert found.p_wait == pytest.approx(erlang_c_by_sum(agents, erlangs), rel=1e-9)


def test_waits_of_five_agents_with_four_erlangs_are_known() -> None:
    """0.8 / (1 - 0.8) of the exact values: C = 256/462, and with c mu - lambda = 1 the mean wait is C."""
    found = erlang_c(Load(arrivals=4, handling=1), 5, within=1 / 3)
    assert found.p_wait == pytest.approx(256 / 462)
    assert found.asa_s == pytest.approx(256 / 462)
    assert (found.occupancy, found.abandon_rate) == (0.8, 0.0)
    assert found.service_level == pytest.approx(1 - 256 / 462 * 2.718281828459045 ** (-1 / 3))


def test_too_few_agents_have_a_queue_that_grows_for_ever() -> None:
    found = erlang_c(Load(arrivals=5, handling=1), 5, within=20)
    assert (found.p_wait, found.asa_s, found.service_level, found.occupancy) == (1.0, None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("agents", "erlangs", "patience"), [(1, 0.7, 60.0), (5, 4.0, 120.0), (14, 10.0, 300.0), (20, 26.0, 90.0)]
)
def test_figures_with_patience_are_those_of_the_chain(agents: int, erlangs: float, patience: float) -> None:
    chain = pool_figures(erlangs / 180, 1 / 180, agents, 1 / patience, within=20)
    found = erlang_a(Load(arrivals=erlangs / 180, handling=180, patience=patience), agents, within=20)
    assert found.p_wait == pytest.approx(chain["p_wait"], rel=1e-8)
    assert found.abandon_rate == pytest.approx(chain["abandon_rate"], rel=1e-8)
    assert found.service_level == pytest.approx(chain["service_level"], rel=1e-8)
    assert found.occupancy == pytest.approx(chain["occupancy"], rel=1e-8)


@pytest.mark.parametrize(
    ("agents", "patience", "longest"), [(3, 50.0, 900), (60, 60.0, 200), (60, 6000.0, 2500), (2400, 600.0, 200)]
)
def test_mean_wait_of_the_answered_is_the_integral_of_who_is_still_to_be_answered(
    agents: int, patience: float, longest: float
) -> None:
    load = Load(arrivals=agents / 170, handling=180, patience=patience)
    found = erlang_a(load, agents, within=0.0)
    bounds = np.linspace(0.0, longest, 801)
    answered = 1 - found.abandon_rate
    late = np.array([answered - erlang_a(load, agents, within=float(bound)).service_level for bound in bounds])
    # Simpson's rule.
    weights = np.array([1.0, *[4.0, 2.0] * 399, 4.0, 1.0]) * (bounds[1] - bounds[0]) / 3
    assert late[-1] == pytest.approx(0.0, abs=1e-6)
    assert found.asa_s == pytest.approx(float(weights @ late) / answered, rel=1e-4)
    assert found.service_level == pytest.approx(1 - found.p_wait, rel=1e-9)
    assert found.occupancy == pytest.approx(load.erlangs * answered / agents)


def test_endless_patience_is_erlang_c() -> None:
    patient = erlang_a(Load(arrivals=0.5, handling=180, patience=3e7), 95, within=20)
    plain = erlang_c(Load(arrivals=0.5, handling=180), 95, within=20)
    assert patient.asa_s == pytest.approx(plain.asa_s, rel=1e-3)
    assert patient.service_level == pytest.approx(plain.service_level, rel=1e-4)
    assert patient.p_wait == pytest.approx(plain.p_wait, rel=1e-3)


def test_heavy_overload_of_thousands_answers_whom_it_can() -> None:
    found = erlang_a(Load(arrivals=100, handling=300, patience=7200), 5000, within=20)
    assert found.abandon_rate == pytest.approx(1 - 5000 / 30_000, rel=1e-9)
    assert found.p_wait == pytest.approx(1.0)
    assert found.occupancy == pytest.approx(1.0)
    assert found.service_level == pytest.approx(0.0, abs=1e-12)


def test_far_too_many_agents_let_nobody_wait() -> None:
    found = erlang_a(Load(arrivals=1, handling=10, patience=60), 5000, within=20)
    assert (found.p_wait, found.abandon_rate, found.service_level) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("wrong", [{"arrivals": 0}, {"handling": -1.0}, {"patience": 0.0}])
def test_load_without_a_size_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be more than 0"):
        Load(**({"arrivals": 1.0, "handling": 1.0, "patience": 1.0} | wrong))
