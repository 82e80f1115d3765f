"""The real router on the virtual clock against queueing theory: within four standard errors, never a fixed percentage.

Small runs of light cases; the long ones are in test_oracle.py.
"""

import pytest

from simulation.erlang import Load, erlang_c
from tests.simulation_core.scenes import agents, far, played, queue, run, stream, z_scores
from tests.simulation_core.theory import cobham, first_come_longest_idle, pool_figures

SERVICE = 100
"""Mean seconds of a contact."""


def rate(erlangs: float) -> float:
    """Return the arrivals an hour that keep so many agents busy."""
    return erlangs * 3600 / SERVICE


def test_single_pool_waits_as_erlang_c_says() -> None:
    figures = played(
        run('customers = 6000\nwarm_up = "2000s"'),
        agents(count=5),
        queue(more='target = "33s"'),
        stream(rate=rate(3.2), mean=SERVICE),
    )
    theory = erlang_c(Load(arrivals=3.2 / SERVICE, handling=SERVICE), 5, within=33)
    assert theory.asa_s is not None
    expected = {
        "p_wait": theory.p_wait,
        "wait_mean_s": theory.asa_s,
        "wait_mean_answered_s": theory.asa_s,
        "service_level": theory.service_level,
    }
    assert far(z_scores(figures, expected, "streams", "calls")) == {}
    assert far(z_scores(figures, {"occupancy": 0.64}, "groups", "all")) == {}


def test_pool_with_patience_loses_as_erlang_a_says() -> None:
    figures = played(
        run('customers = 6000\nwarm_up = "2000s"'),
        agents(count=6),
        queue(more='target = "33s"'),
        stream(rate=rate(6), mean=SERVICE, more='patience = { distribution = "exponential", mean = "200s" }'),
    )
    expected = pool_figures(6 / SERVICE, 1 / SERVICE, 6, 1 / 200, within=33)
    occupancy = expected.pop("occupancy")
    assert far(z_scores(figures, expected, "streams", "calls")) == {}
    assert far(z_scores(figures, {"occupancy": occupancy}, "groups", "all")) == {}


def test_strict_classes_wait_as_cobham_says() -> None:
    figures = played(
        run('customers = 6000\nwarm_up = "2000s"'),
        agents(count=4),
        stream("urgent", rate=rate(1.3), mean=SERVICE),
        stream("other", rate=rate(1.5), mean=SERVICE, more="class = 1"),
    )
    urgent, other = cobham([1.3 / SERVICE, 1.5 / SERVICE], 1 / SERVICE, 4)
    assert far(z_scores(figures, {"wait_mean_s": urgent}, "streams", "urgent")) == {}
    assert far(z_scores(figures, {"wait_mean_s": other}, "streams", "other")) == {}
    assert far(z_scores(figures, {"wait_mean_s": (1.3 * urgent + 1.5 * other) / 2.8}, "queues", "support")) == {}


@pytest.mark.parametrize(
    ("arrivals", "counts", "speeds", "compatible"),
    [
        pytest.param([1.0, 0.9], [2, 2], [1.0, 1.0], [[0, 1], [1]], id="N"),
        pytest.param([1.0, 1.0, 1.0], [2, 2, 2], [1.0, 1.0, 1.0], [[0, 1], [1, 2], [0, 2]], id="ring"),
        pytest.param([2.4], [2, 2], [1.2, 0.8], [[0, 1]], id="two speeds"),
    ],
)
def test_first_come_longest_idle_has_its_product_form(
    arrivals: list[float], counts: list[int], speeds: list[float], compatible: list[list[int]]
) -> None:
    figures = played(
        run('customers = 6000\nwarm_up = "2000s"'),
        *(_pool(place, counts[place], compatible) for place in range(len(counts))),
        *(queue(f"q{place}") for place in range(len(arrivals))),
        *(_stream(place, arrivals[place], speeds) for place in range(len(arrivals))),
    )
    waits, work = first_come_longest_idle(
        [each / SERVICE for each in arrivals], counts, [each / SERVICE for each in speeds], compatible
    )
    for place, p_wait in enumerate(waits):
        assert far(z_scores(figures, {"p_wait": p_wait}, "streams", f"s{place}")) == {}
    for place, occupancy in enumerate(work):
        assert far(z_scores(figures, {"occupancy": occupancy}, "groups", f"g{place}")) == {}


def _pool(place: int, count: int, compatible: list[list[int]]) -> str:
    served = [f"q{each}" for each, pools in enumerate(compatible) if place in pools]
    return agents(f"g{place}", count, ", ".join(f"{name} = 1" for name in served))


def _stream(place: int, erlangs: float, speeds: list[float]) -> str:
    laws = ", ".join(
        f'g{pool} = {{ distribution = "exponential", mean = {SERVICE / speed} }}' for pool, speed in enumerate(speeds)
    )
    return stream(
        f"s{place}", rate=rate(erlangs), mean=SERVICE, queue=f"q{place}", more=f"service_by_group = {{ {laws} }}"
    )
