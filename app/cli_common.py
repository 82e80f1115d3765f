"""What the commands share: options, answers, and the ways to fail. Exit codes: 0 done, 1 failed, 2 misused."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

from vocabulary.errors import PermanentFailure, TemporaryFailure

if TYPE_CHECKING:
    from config.schema import Settings

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

FAILED, MISUSED = 1, 2
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
config_option = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=Path("centrala.toml"),
    show_default=True,
    help="Configuration file.",
)
url_option = click.option(
    "--url",
    envvar="CENTRALA_URL",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="Where the site is; or CENTRALA_URL.",
)
token_option = click.option("--token", envvar="CENTRALA_TOKEN", help="Token of the API; or CENTRALA_TOKEN.")


def with_options(command: F, *options: Callable[[F], F]) -> F:
    """Give `command` all of `options`, shown in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def say(data: Any, as_json: bool, text: str) -> None:
    """Print `data` as JSON if that is asked for, else `text`."""
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else text)


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong, and exit."""
    click.echo(f"centrala: {message}", err=True)
    sys.exit(code)


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Turn failures of the world into one clear line."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (PermanentFailure, TemporaryFailure, OSError) as failure:
            fail(str(failure))

    return run


def settings_of(path: Path) -> "Settings":
    """Return the settings of the file at `path`, or say all that is wrong with it and exit."""
    from config.faults import ConfigurationError
    from config.loader import load

    try:
        return load(path)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(MISUSED)
