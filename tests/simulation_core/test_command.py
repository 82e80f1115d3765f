"""`centrala simulate`: from a file to figures, or to faults."""

import json
from pathlib import Path

from click.testing import CliRunner

from app.cli_simulation import simulate
from tests.simulation_core.scenes import agents, queue, run, stream

SMALL = agents(count=2) + queue() + stream(rate=60)


def written(folder: Path, text: str) -> str:
    path = folder / "day.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_figures_are_printed_as_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(simulate, [written(tmp_path, run("customers = 50") + SMALL), "--json"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert list(figures) == ["streams", "queues", "groups", "ci95", "decisions", "simulated_s", "seconds"]
    assert figures["streams"]["calls"]["offered"] == 50


def test_seed_and_replications_of_the_command_win(tmp_path: Path) -> None:
    path = written(tmp_path, run('duration = "1h"') + SMALL)
    outputs = [
        json.loads(CliRunner().invoke(simulate, [path, "--json", *more]).output)["streams"]["calls"]["offered"]
        for more in ([], ["--seed", "5"], ["--replications", "4"])
    ]
    assert len(set(outputs)) == 3
    assert outputs[2] > 2 * outputs[0]


def test_people_get_lines(tmp_path: Path) -> None:
    result = CliRunner().invoke(simulate, [written(tmp_path, run("customers = 50") + SMALL)])
    stream_line, queue_line, group_line, last = result.output.splitlines()
    assert stream_line.startswith("stream calls: offered 50, answered 50, service level ")
    assert queue_line.startswith("queue support: offered 50")
    assert group_line.startswith("group all: occupancy ")
    assert " decisions in " in last
    assert last.endswith(" times as fast as life")


def test_trace_is_read_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("at\n1\n2\n", encoding="utf-8")
    text = agents() + queue() + stream(rate=None, more='trace = "calls.csv"')
    result = CliRunner().invoke(simulate, [written(tmp_path, text), "--json"])
    assert json.loads(result.output)["streams"]["calls"]["offered"] == 2


def test_each_fault_has_its_line_and_the_exit_code_is_2(tmp_path: Path) -> None:
    path = written(
        tmp_path, run("customers = 50") + agents(count=-1) + queue() + stream(more="preferences = ['group:al']")
    )
    result = CliRunner().invoke(simulate, [path])
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        f"centrala: {path}: agents[0].count: at least 0",
        f"centrala: {path}: arrivals[0].preferences: there is no group 'al'; did you mean 'all'?",
    ]


def test_missing_file_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(simulate, [str(tmp_path / "no.toml")])
    assert result.exit_code == 2
    assert "no.toml: can't be read (No such file or directory)" in result.output
