"""The smallest number of agents, and the command that says it."""

import json

import pytest
from click.testing import CliRunner

from app.cli_simulation import staffing as command
from simulation.erlang import Load
from simulation.staffing import Target, fares, staffing, target_of


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--handle-time", "180s"], "give either --agents"),
        (["--handle-time", "180s", "--agents", "3", "--target", "0.8/20s"], "give either --agents"),
        (["--handle-time", "soon", "--agents", "3"], "is no time span"),
        (["--handle-time", "0s", "--agents", "3"], "handling must be more than 0"),
        (["--handle-time", "180s", "--agents", "0"], "from 1 to 1000000"),
        (["--handle-time", "180s", "--target", "80/20s"], "between 0 and 1"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(words: list[str], message: str) -> None:
    result = CliRunner().invoke(command, ["--arrivals-per-hour", "100", *words])
    assert result.exit_code == 2
    assert message in result.output
