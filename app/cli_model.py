"""The commands `model ...`: train models that tell what a text is about, try them, and ask how good they are."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli_common import MISUSED, fail, json_option, say, told

if TYPE_CHECKING:
    from classifiers.model import Model


_embedding = click.option("--embedding", help="A function, module:function, whose vectors of texts join the terms.")
Command = Callable[..., Any]


@click.group()
def model() -> None:
    """Train and try models that tell what a text is about; versions of the one that a running site uses."""


def _heads(command: Command) -> Command:
    """Add the options that name the columns of further answers."""
    values = {
        "department": "the departments",
        "urgency": "low, normal, high",
        "sentiment": "negative, neutral, positive",
    }
    for name, held in reversed(values.items()):
        text = f"Column of {held}; left out: `{name}`, if there is one."
        command = click.option(f"--{name}", help=text)(command)
    return command


def _named(heads: dict[str, str | None]) -> dict[str, str]:
    return {head: column for head, column in heads.items() if column is not None}


@model.command("train")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the model goes.")
@click.option("--text", "text_column", default="text", show_default=True, help="Column of the texts.")
@click.option("--label", "label_column", default="label", show_default=True, help="Column of the labels.")
@_heads
@click.option("--reject", is_flag=True, help="Answer `unknown` to texts unlike those of DATA, also without oos rows.")
@_embedding
@json_option
@told
def model_train(
    data: Path, out: Path, text_column: str, label_column: str, reject: bool, embedding: str | None, as_json: bool,
    **heads: str | None,
) -> None:  # fmt: skip
    """Train a model on the CSV file DATA; columns of department, urgency and sentiment are learnt too."""
    from app.clock import SystemClock
    from classifiers.training import train_file

    clock = SystemClock()
    with _progress() as shown:
        result = _made(
            lambda: train_file(
                data, out, text_column, label_column, reject,
                heads=_named(heads), embedding=embedding, clock=lambda: clock.now() / 1000, told=shown,
            )
        )  # fmt: skip
    _print(result, as_json)


@model.command("evaluate")
@click.argument("model_file", type=click.Path(path_type=Path))
@click.argument("test", type=click.Path(path_type=Path))
@_heads
@_embedding
@json_option
@told
def model_evaluate(model_file: Path, test: Path, embedding: str | None, as_json: bool, **heads: str | None) -> None:
    """Say how right MODEL_FILE is about the CSV file TEST; on department, urgency and sentiment too, if it has them."""
    from classifiers.evaluation import evaluate

    found = _made(lambda: evaluate(_loaded(model_file, embedding), test, heads=_named(heads)))
    lines = [f"{key}: {value}" for key, value in found.items() if not isinstance(value, dict)]
    for name, figures in found.get("heads", {}).items():
        lines.append(
            f"{name}: accuracy {figures['accuracy']}, macro F1 {figures['macro_f1']}, calibration error "
            f"{figures['calibration_error']}, {figures['n']} rows"
        )
    say(found, as_json, "\n".join(lines))


@model.command("predict")
@click.argument("model_file", type=click.Path(path_type=Path))
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True,
    help="More than one: all lines are read first, then answered by so many.",
)  # fmt: skip
@click.option(
    "--languages",
    help="Those of the site, as de,pl: another is none, and what is in one that the model hasn't learnt out of scope.",
)
@_embedding
@json_option
@told
def model_predict(
    model_file: Path, processes: int, languages: str | None, embedding: str | None, as_json: bool
) -> None:
    """Print what each line of standard input is about, with department, urgency and sentiment as far as known.

    Lines are read as a site reads them, typing mistakes and Russian in Latin letters included; keywords have no say.
    """
    from classifiers.evaluation import predict_lines

    # What is no UTF-8 is a text all the same: the other lines must have their answers.
    lines = TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    site = None if languages is None else [each.strip() for each in languages.split(",") if each.strip()]
    for prediction in predict_lines(_loaded(model_file, embedding), lines, languages=site, processes=processes):
        click.echo(json.dumps(prediction, ensure_ascii=False))


@model.command("report")
@click.argument("model_file", type=click.Path(path_type=Path))
@_embedding
@json_option
@told
def model_report(model_file: Path, embedding: str | None, as_json: bool) -> None:
    """Print what MODEL_FILE knows of itself: training set, accuracy, confusions, calibration."""
    from classifiers.evaluation import about

    found = about(_loaded(model_file, embedding))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo(_told_in_words(found))


def _loaded(model_file: Path, embedding: str | None) -> "Model":
    from classifiers.artifact import load
    from classifiers.embedding import embedding_of

    return load(model_file, embedding_of(embedding))


def _told_in_words(found: dict[str, Any]) -> str:
    lines = [f"{key}: {found[key]}" for key in ("rows", "fingerprint", "accuracy", "macro_f1", "calibration_error")]
    lines += [f"{label}: {figures['f1']:.2f} of {figures['n']}" for label, figures in found["per_class"].items()]
    lines += [f"{right} taken for {said}: {times}" for right, said, times in found["confusions"][:20]]
    return "\n".join(lines)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, and nothing elsewhere: standard output is the result's."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("training"), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _made(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return make()
    except ValueError as error:
        fail(str(error), MISUSED)


def _print(result: dict[str, Any], as_json: bool) -> None:
    lines = (f"{key}: {value}" for key, value in result.items() if not isinstance(value, dict))
    say(result, as_json, "\n".join(lines))
