"""The reference page of the command line, from the commands themselves."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from app.cli import main

INTRODUCTION = """\
# Command line

Made from the program itself by `python -m docs.generate`. `centrala COMMAND --help` says the same.

- Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.
- What went wrong goes to standard error, what was asked for to standard output. `--json` prints it for programs.
- From a clone, `centrala` is `.venv/bin/centrala`.
- Commands that take `--config` look for `centrala.toml` in the folder you are in.
- One process at a time has the store. `user`, `token`, `restore` and `db upgrade` are refused while `centrala serve`
  runs on the same file; `backup`, `db check`, `status` and `doctor` are not.
"""


def page() -> str:
    """Return the reference page, Markdown."""
    return "\n".join([INTRODUCTION, *_sections(main, "centrala")])


def _sections(command: click.Command, name: str) -> Iterator[str]:
    """Yield a section for each command below `command` that does something by itself."""
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            yield from _sections(command.commands[child], f"{name} {child}")
        return
    context = click.Context(command, info_name=name)
    arguments = [
        parameter.make_metavar(context) for parameter in command.params if isinstance(parameter, click.Argument)
    ]
    lines = [f"## `{name}`", "", cleandoc(command.help or ""), "", f"`{' '.join([name, '[OPTIONS]', *arguments])}`", ""]
    yield "\n".join([*lines, *_options(command, context)])


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the table of a command's options; `--help` is left out, since every command has it."""
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    records = (option.get_help_record(context) for option in options)
    rows = [f"| `{_cell(names)}` | {_cell(meaning)} |" for names, meaning in filter(None, records)]
    if rows:
        yield from ("| option | meaning |", "|---|---|", *rows, "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
