"""The smallest number of agents, and the command that says it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli_simulation import staffing as command
from simulation.erlang import Load
from simulation.priorities import PriorityFigures
from simulation.scenario import Scenario
from simulation.simulate import simulate
from simulation.sizing import sized
from simulation.staffing import Target, fares, staffing, target_of
from tests.simulation_core.scenes import agents, queue, run, scene, stream
from tests.simulation_core.theory import cobham


@pytest.mark.parametrize("patience", [None, 120.0])
@pytest.mark.parametrize("arrivals", [0.001, 0.05, 1.0, 12.0])
def test_one_agent_less_misses_the_target(arrivals: float, patience: float | None) -> None:
    load, target = Load(arrivals=arrivals, handling=180, patience=patience), Target(0.8, 20)
    found = staffing(load, target)
    assert found.service_level >= 0.8
    assert found.agents == 1 or fares(load, found.agents - 1, 20).service_level < 0.8


def test_target_is_a_share_and_a_time() -> None:
    assert target_of("0.8/20s") == Target(0.8, 20.0)
    assert target_of(" .95 / 1m 30s") == Target(0.95, 90.0)


@pytest.mark.parametrize("text", ["80/20", "0.8", "1/20s", "0/20s", "0.8/soon", ""])
def test_other_targets_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"0\.8|20s"):
        target_of(text)


def said(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(command, [*words, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.output)
    return found


def test_command_prints_what_the_contract_names() -> None:
    found = said("--arrivals-per-hour", "100", "--handle-time", "180s", "--patience", "120s", "--target", "0.8/20s")
    assert list(found) == ["model", "agents", "p_wait", "asa_s", "service_level", "abandon_rate", "occupancy"]
    assert (found["model"], found["agents"]) == ("erlang-a", 7)


def test_command_without_patience_uses_erlang_c() -> None:
    found = said("--arrivals-per-hour", "100", "--handle-time", "180s", "--agents", "8")
    assert (found["model"], found["agents"], found["abandon_rate"]) == ("erlang-c", 8, 0.0)


def test_queue_without_end_has_no_mean_wait() -> None:
    assert said("--arrivals-per-hour", "100", "--handle-time", "180s", "--agents", "5")["asa_s"] is None


def test_classes_wait_as_cobham_says_and_are_answered_as_the_published_case_says() -> None:
    """P2 of the closed forms: 8 and 9 erlangs on 20 agents; a third of the mean handling time is the bound."""
    found = fares(Load(arrivals=17, handling=1), 20, 1 / 3, (8 / 17, 9 / 17))
    assert isinstance(found, PriorityFigures)
    assert [each.asa_s for each in found.classes] == pytest.approx(cobham([8, 9], 1, 20))
    assert [each.service_level for each in found.classes] == pytest.approx([0.99294745, 0.80081626], abs=1e-7)


def test_one_class_is_erlang_c() -> None:
    load = Load(arrivals=0.5, handling=100)
    found = fares(load, 56, 20.0, (1.0,))
    assert isinstance(found, PriorityFigures)
    assert found.classes[0].service_level == pytest.approx(fares(load, 56, 20.0).service_level, abs=1e-7)


def test_urgent_class_is_answered_where_the_other_has_no_end() -> None:
    found = fares(Load(arrivals=11, handling=1), 10, 0.1, (0.5, 0.5))
    assert isinstance(found, PriorityFigures)
    urgent, other = found.classes
    assert urgent.asa_s == pytest.approx(1 / (10 - 5.5))
    assert (other.asa_s, other.service_level) == (None, 0.0)


def test_least_staff_serves_the_last_class_too() -> None:
    load, target = Load(arrivals=0.2, handling=180), Target(0.8, 20)
    plain, classes = staffing(load, target), staffing(load, target, (0.3, 0.7))
    assert classes.agents == plain.agents + 1
    assert isinstance(classes, PriorityFigures)
    assert min(each.service_level for each in classes.classes) >= 0.8


# -- by simulation


POOL = (run("customers = 3000\nwarm_up = 2000"), queue())


def test_sizing_of_one_pool_is_that_of_erlang_c() -> None:
    load = Load(arrivals=0.04, handling=100)
    found = sized(scene(*POOL, agents(count=1), stream(rate=144)), Target(0.8, 20))
    exact = staffing(load, Target(0.8, 20))
    assert abs(found.agents - exact.agents) <= 1
    assert found.service_level["support"] >= 0.8


def skilled(both: int, one: int) -> Scenario:
    return scene(
        *POOL,
        agents("both", both, more="skills = { a = 5, b = 5 }"),
        agents("one", one, more="skills = { a = 5 }"),
        stream("a", rate=100, more='requirements = ["a"]'),
        stream("b", rate=40, more='requirements = ["b"]'),
    )


def test_sizing_leaves_nobody_who_could_be_spared() -> None:
    found = sized(skilled(both=2, one=2), Target(0.7, 20))
    both, one = found.groups["both"], found.groups["one"]
    assert found.agents == both + one
    assert simulate(skilled(both, one))["queues"]["support"]["service_level"] >= 0.7
    assert both > 0
    assert simulate(skilled(both - 1, one))["queues"]["support"]["service_level"] < 0.7
    assert one == 0 or simulate(skilled(both, one - 1))["queues"]["support"]["service_level"] < 0.7


def test_sizing_without_customers_or_with_counts_by_period_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody comes to queue 'idle'"):
        sized(scene(*POOL, queue("idle"), stream(rate=10)), Target(0.8, 20))
    periods = run('periods = [["0h", "1h"], ["1h", "2h"]]')
    with pytest.raises(ValueError, match="write one count"):
        sized(scene(periods, agents(count=[1, 2]), stream(rate=10)), Target(0.8, 20))


def test_command_sizes_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_text(run("customers = 500") + agents() + queue() + stream(rate=60), encoding="utf-8")
    found = said("--scenario", str(path), "--target", "0.8/20s")
    assert found["model"] == "simulation"
    assert found["groups"] == {"all": found["agents"]}


def test_command_tells_of_classes() -> None:
    found = said("--arrivals-per-hour", "600", "--handle-time", "100s", "--agents", "20", "--classes", "0.4,0.6")
    classes: Any = found["classes"]
    assert [each["share"] for each in classes] == [0.4, 0.6]
    assert classes[0]["asa_s"] < classes[1]["asa_s"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--handle-time", "180s"], "give either --agents"),
        (["--handle-time", "180s", "--agents", "3", "--target", "0.8/20s"], "give either --agents"),
        (["--handle-time", "soon", "--agents", "3"], "is no time span"),
        (["--handle-time", "0s", "--agents", "3"], "handling must be more than 0"),
        (["--handle-time", "180s", "--agents", "0"], "from 1 to 1000000"),
        (["--handle-time", "180s", "--target", "80/20s"], "between 0 and 1"),
        (["--target", "0.8/20s"], "give --arrivals-per-hour and --handle-time, or --scenario"),
        (["--scenario", "x.toml", "--target", "0.8/20s"], "--scenario holds the load"),
        (["--handle-time", "180s", "--agents", "9", "--classes", "0.4"], "make 1 together"),
        (["--handle-time", "180s", "--agents", "9", "--classes", "a,b"], "are no shares"),
        (
            ["--handle-time", "180s", "--agents", "9", "--classes", "0.4,0.6", "--patience", "1m"],
            "no closed form for classes with patience",
        ),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(words: list[str], message: str) -> None:
    result = CliRunner().invoke(command, ["--arrivals-per-hour", "100", *words])
    assert result.exit_code == 2
    assert message in result.output
