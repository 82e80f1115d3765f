"""The commands `simulate` and `staffing`; app/cli.py registers them. Exit codes as there."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from simulation.scenario import Scenario

_FAILED, _MISUSED = 1, 2
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="Instead of the scenario's seed: the same seed, the same customers.")
@click.option("--replications", type=click.IntRange(min=1), help="Instead of the scenario's number.")
@_json
def simulate(scenario: Path, seed: int | None, replications: int | None, as_json: bool) -> None:
    """Let the router serve the customers of SCENARIO.toml on a virtual clock, and say how they fared."""
    from app.clock import SystemClock
    from simulation.simulate import simulate as simulated

    clock = SystemClock()
    began = clock.now()
    figures = simulated(_scenario(scenario), seed=seed, replications=replications)
    figures["seconds"] = (clock.now() - began) / 1000
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else _table(figures))


def _scenario(path: Path) -> "Scenario":
    """Return the scenario of the file at `path`, or say all that is wrong with it and exit."""
    from simulation.reading import ScenarioFault, scenario_of

    try:
        return scenario_of(_text(path), lambda name: _text(path.parent / name))
    except ScenarioFault as fault:
        _fail("\n".join(f"{path}: {line}" for line in str(fault).splitlines()), _MISUSED)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        _fail(f"{path}: can't be read ({error.strerror}); give the path of a file", _MISUSED)
    except UnicodeDecodeError:
        _fail(f"{path}: is no text in UTF-8", _MISUSED)


def _fail(message: str, code: int) -> NoReturn:
    click.echo("\n".join(f"centrala: {line}" for line in message.splitlines()), err=True)
    sys.exit(code)


_COLUMNS = {
    "offered": "offered",
    "answered": "answered",
    "service_level": "service level",
    "wait_mean_s": "mean wait",
    "wait_p90_s": "90th percentile",
    "abandon_rate": "abandoned",
}


def _table(figures: dict[str, Any]) -> str:
    """Return the figures that people look at first, one line a stream and group."""
    lines = []
    for kind in ("streams", "queues"):
        for name, fared in figures[kind].items():
            told = ", ".join(f"{label} {_shown(key, fared[key])}" for key, label in _COLUMNS.items())
            lines.append(f"{kind[:-1]} {name}: {told}")
    for name, worked in figures["groups"].items():
        occupancy = _shown("occupancy", worked["occupancy"])
        lines.append(f"group {name}: occupancy {occupancy}, handled {worked['handled']}")
    times = figures["simulated_s"] / max(figures["seconds"], 0.001)
    lines.append(f"{figures['decisions']} decisions in {figures['seconds']:.1f} s, {times:,.0f} times as fast as life")
    return "\n".join(lines)


def _shown(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    if key.endswith("_s"):
        return f"{value:.1f} s"
    return str(value) if isinstance(value, int) else f"{value:.1%}"


@click.command()
@click.option("--arrivals-per-hour", type=float, help="Customers who come in an hour.")
@click.option("--handle-time", help='Mean handling time, wrap-up included, such as "180s".')
@click.option("--patience", help="Mean patience; left out, nobody leaves.")
@click.option("--classes", help='Shares of strict classes, the most urgent first, such as "0.3,0.7".')
@click.option("--scenario", type=click.Path(path_type=Path), help="Size the groups of a SCENARIO.toml by simulation.")
@click.option("--agents", type=int, help="How do so many agents fare?")
@click.option("--target", help='How many agents does it take? Share and time, such as "0.8/20s".')
@click.option("--within", default="20s", show_default=True, help="With --agents: the service level's bound.")
@_json
def staffing(
    arrivals_per_hour: float | None,
    handle_time: str | None,
    patience: str | None,
    classes: str | None,
    scenario: Path | None,
    agents: int | None,
    target: str | None,
    within: str,
    as_json: bool,
) -> None:
    """Say how many agents a load takes, or how so many agents fare.

    Erlang C; with --patience Erlang A; with --classes priorities as well, each of which has to reach the target; with
    --scenario any groups, skills and queues, by simulation.
    """
    import msgspec

    if scenario is not None:
        if target is None or agents is not None or arrivals_per_hour is not None or handle_time is not None:
            _fail("--scenario holds the load and its agents: give --target with it, such as 0.8/20s", _MISUSED)
        told = msgspec.to_builtins(_sized(scenario, target))
    else:
        if arrivals_per_hour is None or handle_time is None:
            _fail("give --arrivals-per-hour and --handle-time, or --scenario", _MISUSED)
        if (agents is None) == (target is None):
            _fail("give either --agents, a number, or --target, such as 0.8/20s", _MISUSED)
        load = (arrivals_per_hour, handle_time, patience, classes)
        told = msgspec.to_builtins(_by_formula(load, agents, target, within))
    click.echo(json.dumps(told) if as_json else "\n".join(f"{key}: {_plain(value)}" for key, value in told.items()))


def _sized(path: Path, target: str) -> Any:
    from simulation.sizing import sized
    from simulation.staffing import target_of

    try:
        return sized(_scenario(path), target_of(target))
    except ValueError as error:
        _fail(str(error), _MISUSED)


def _by_formula(
    told: tuple[float, str, str | None, str | None], agents: int | None, target: str | None, within: str
) -> Any:
    from simulation.erlang import Load
    from simulation.staffing import fares, shares_of, target_of
    from simulation.staffing import staffing as smallest
    from vocabulary.instants import SECOND, span_of

    arrivals_per_hour, handle_time, patience, classes = told
    try:
        load = Load(
            arrivals=arrivals_per_hour / 3600,
            handling=span_of(handle_time) / SECOND,
            patience=span_of(patience) / SECOND if patience is not None else None,
        )
        shares = shares_of(classes) if classes is not None else ()
        if target is not None:
            return smallest(load, target_of(target), shares)
        assert agents is not None
        return fares(load, agents, span_of(within) / SECOND, shares)
    except ValueError as error:
        _fail(str(error), _MISUSED)


def _plain(value: object) -> str:
    if value is None:
        return "no end: the queue grows"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
