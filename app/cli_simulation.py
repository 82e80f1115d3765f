"""The commands `simulate` and `staffing`; app/cli.py registers them. Exit codes as there."""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

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
    from simulation.reading import ScenarioFault, scenario_of
    from simulation.simulate import simulate as simulated

    clock = SystemClock()
    began = clock.now()
    try:
        described = scenario_of(_text(scenario), lambda name: _text(scenario.parent / name))
    except ScenarioFault as fault:
        _fail("\n".join(f"{scenario}: {line}" for line in str(fault).splitlines()), _MISUSED)
    figures = simulated(described, seed=seed, replications=replications)
    figures["seconds"] = (clock.now() - began) / 1000
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else _table(figures))


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
    lines.append(f"{figures['decisions']} decisions in {figures['seconds']:.1f} s")
    return "\n".join(lines)


def _shown(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    if key.endswith("_s"):
        return f"{value:.1f} s"
    return str(value) if isinstance(value, int) else f"{value:.1%}"


@click.command()
@click.option("--arrivals-per-hour", type=float, required=True, help="Customers who come in an hour.")
@click.option("--handle-time", required=True, help='Mean handling time, wrap-up included, such as "180s".')
@click.option("--patience", help="Mean patience; left out, nobody leaves.")
@click.option("--agents", type=int, help="How do so many agents fare?")
@click.option("--target", help='How many agents does it take? Share and time, such as "0.8/20s".')
@click.option("--within", default="20s", show_default=True, help="With --agents: the service level's bound.")
@_json
def staffing(
    arrivals_per_hour: float,
    handle_time: str,
    patience: str | None,
    agents: int | None,
    target: str | None,
    within: str,
    as_json: bool,
) -> None:
    """Say how many agents a load takes, or how so many agents fare: Erlang C, Erlang A with --patience."""
    import msgspec

    from simulation.erlang import Load
    from simulation.staffing import fares, target_of
    from simulation.staffing import staffing as smallest
    from vocabulary.instants import SECOND, span_of

    if (agents is None) == (target is None):
        _fail("give either --agents, a number, or --target, such as 0.8/20s", _MISUSED)
    try:
        load = Load(
            arrivals=arrivals_per_hour / 3600,
            handling=span_of(handle_time) / SECOND,
            patience=span_of(patience) / SECOND if patience is not None else None,
        )
        if target is not None:
            figures = smallest(load, target_of(target))
        else:
            assert agents is not None
            figures = fares(load, agents, span_of(within) / SECOND)
    except ValueError as error:
        _fail(str(error), _MISUSED)
    told = msgspec.to_builtins(figures)
    click.echo(json.dumps(told) if as_json else "\n".join(f"{key}: {_plain(value)}" for key, value in told.items()))


def _plain(value: object) -> str:
    if value is None:
        return "no end: the queue grows"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
