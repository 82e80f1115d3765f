"""The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. Errors go to standard error.

Imports that cost time are made inside the commands, so that `centrala --help` answers at once.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Coroutine
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, TypeVar

import click

from app import cli_models
from app.cli_common import MISUSED
from app.cli_common import config_option as _config
from app.cli_common import json_option as _json
from app.cli_common import say as _say
from app.cli_common import settings_of as _settings
from app.cli_common import told as _told
from app.cli_customer import customer
from app.cli_health import doctor, status
from app.cli_knowledge import knowledge
from app.cli_mail import mail_import, mail_status
from app.cli_model import model
from app.cli_remote import agent, interaction, queue
from app.cli_replay import replay
from app.cli_simulation import simulate, staffing
from app.cli_store import backup, db, restore

R = TypeVar("R")


def _run(work: Coroutine[Any, Any, R]) -> R:
    return asyncio.run(work)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Centrala routes customers' chats, e-mails and callbacks to the people who can help."""


@main.command()
@_json
def version(as_json: bool) -> None:
    """Print the version."""
    number = _version()
    _say({"version": number}, as_json, f"centrala {number}")


def _version() -> str:
    try:
        return installed_version("centrala")
    except PackageNotFoundError:
        return "unknown (not installed)"


# -- running


@main.command()
@click.option("--port", default=8080, show_default=True, help="Port of the pages.")
@click.option("--smtp-port", default=2525, show_default=True, help="Port where mail comes in.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same customers.")
@click.option("--speed", default=1.0, show_default=True, help="How fast people act.", type=click.FloatRange(0.1, 100))
@click.option("--traffic/--no-traffic", default=True, help="With synthetic customers and agents, or without.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the store; a new temporary one if left out.")
@_told
def demo(port: int, smtp_port: int, seed: int, speed: float, traffic: bool, data: Path | None) -> None:
    """Run a whole contact center on this machine, with customers and agents, to look around in."""
    from app.demo.run import run_demo

    _run(run_demo(port=port, smtp_port=smtp_port, seed=seed, speed=speed, traffic=traffic, data=data))


@main.command()
@_config
@_told
def serve(path: Path) -> None:
    """Run the site that a configuration file describes."""
    # Nothing is garbage yet, and looking for it takes a tenth of the start; `run_site` begins with it once it is ready.
    gc.disable()
    from app.serve import run_site

    settings = _settings(path)
    _run(run_site(settings, folder=path.resolve().parent))


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
@_json
@_told
def init(directory: Path, as_json: bool) -> None:
    """Write a commented centrala.toml and a secret to DIRECTORY; nothing is ever overwritten."""
    from config.initial import init as write

    written = write(directory)
    next_step = (
        f"Next: edit {written[0]}, give its people passwords (centrala user list, centrala user reset LOGIN), "
        f"then: centrala serve --config {written[0]}"
    )
    _say(
        {"written": [str(each) for each in written]},
        as_json,
        "\n".join([*(f"Wrote {each}" for each in written), next_step]),
    )


@main.group()
def config() -> None:
    """Look after the configuration."""


@config.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@_json
def config_check(file: Path, as_json: bool) -> None:
    """Say everything that is wrong with FILE, by the same code as at start."""
    import msgspec

    from config.loader import check

    faults = check(file)
    if as_json:
        click.echo(msgspec.json.encode({"faults": faults}).decode())
    for fault in faults:
        if not as_json:
            click.echo(str(fault), err=True)
    bad = any(fault.severity == "fault" for fault in faults)
    if not as_json and not bad:
        click.echo(f"{file}: in order")
    sys.exit(MISUSED if bad else 0)


# -- people


@main.group()
def user() -> None:
    """Manage who can log in. Stop `centrala serve` first: one process at a time has the store."""


@user.command("add")
@click.argument("login")
@click.option("--name", default="", help="Name that colleagues and customers read; the login if left out.")
@click.option("--role", type=click.Choice(["operator", "supervisor", "admin"]), default="operator", show_default=True)
@click.option("--queue", "queues", multiple=True, help="Queue that he serves; repeat for several.")
@click.option("--skill", "skills", multiple=True, help='Skill and level, such as "billing=5"; repeat for several.')
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@_config
@_json
@_told
def user_add(
    login: str,
    name: str,
    role: str,
    queues: tuple[str, ...],
    skills: tuple[str, ...],
    password_stdin: bool,
    path: Path,
    as_json: bool,
) -> None:
    """Let LOGIN log in. With --queue he is an agent of these queues too."""
    from app import people

    settings = _settings(path)
    unknown = [queue for queue in queues if queue not in settings.queues]
    if unknown:
        raise click.BadParameter(f"there is no queue {unknown[0]!r}; there are: {', '.join(settings.queues)}")
    password = sys.stdin.readline().rstrip("\n") if password_stdin else _asked_password()
    person = people.Person(
        login=login, name=name or login, role=role, queues=queues, skills=_skills(skills), password=password
    )
    _run(people.add(_place(settings, path), person))
    _say({"login": login, "role": role, "queues": queues}, as_json, f"{login} can log in as {role}.")


def _place(settings: Any, path: Path) -> Any:
    from app.people import Place

    return Place(settings, path.resolve().parent)


def _asked_password() -> str:
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _skills(texts: tuple[str, ...]) -> dict[str, int]:
    skills = {}
    for text in texts:
        name, _, level = text.rpartition("=")
        if not name or not level.isdecimal() or not 1 <= int(level) <= 10:
            raise click.BadParameter(f'{text!r}: write a skill and a level from 1 to 10, such as "billing=5"')
        skills[name] = int(level)
    return skills


@user.command("list")
@_config
@_json
@_told
def user_list(path: Path, as_json: bool) -> None:
    """List who can log in."""
    from app import people

    rows = _run(people.listed(_place(_settings(path), path)))
    lines = [f"{row['login']:<20} {row['role']:<11} {'disabled' if row['disabled'] else row['name']}" for row in rows]
    _say({"users": rows}, as_json, "\n".join(lines) or "Nobody yet: centrala user add LOGIN")


@user.command("reset")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@_config
@_told
def user_reset(login: str, password_stdin: bool, path: Path) -> None:
    """Set a new password for LOGIN; his sessions end."""
    from app import people

    password = sys.stdin.readline().rstrip("\n") if password_stdin else _asked_password()
    _run(people.reset(_place(_settings(path), path), login, password))
    click.echo(f"{login} has a new password.")


@user.command("disable")
@click.argument("login")
@_config
@_told
def user_disable(login: str, path: Path) -> None:
    """Keep LOGIN from logging in."""
    from app import people

    _run(people.disable(_place(_settings(path), path), login))
    click.echo(f"{login} can't log in any more.")


@main.group()
def token() -> None:
    """Manage API tokens. Stop `centrala serve` first: one process at a time has the store."""


@token.command("create")
@click.option(
    "--role",
    type=click.Choice(["operator", "supervisor", "admin", "integration"]),
    required=True,
    help="What it may do.",
)
@click.option("--agent", help="The agent that it acts for.")
@click.option("--name", default="", help="What it is for.")
@_config
@_json
@_told
def token_create(role: str, agent: str | None, name: str, path: Path, as_json: bool) -> None:
    """Make a token for the HTTP API and print it, this once."""
    from app import people

    place = _place(_settings(path), path)
    made = _run(people.create_token(place, role=role, agent=agent, name=name))
    _say({"token": made, "role": role, "agent": agent}, as_json, made)


# -- mail


@main.group()
def mail() -> None:
    """Look at mail, bring it from elsewhere, see how it comes in."""


mail.add_command(mail_import)
mail.add_command(mail_status)


@mail.command("inspect")
@click.argument("files", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line (this is what it prints anyway).")
@click.option("--authserv-id", "ids", multiple=True, help="Your mail server's name in Authentication-Results.")
@click.option("--dns", "ask_dns", is_flag=True, help="Check signatures and policy of the sender; asks name servers.")
def mail_inspect(files: tuple[str, ...], as_json: bool, ids: tuple[str, ...], ask_dns: bool) -> None:
    """Print what each of FILES (`-`: standard input) is understood to be, one JSON object a line."""
    from app.inspecting import inspected

    for found in inspected(files, ids=ids, ask_dns=ask_dns):
        click.echo(json.dumps(found, ensure_ascii=False))


for each in (cli_models.retrain, cli_models.versions, cli_models.use, cli_models.rollback, cli_models.shadow):
    model.add_command(each)
for command in (backup, restore, db, status, doctor):
    main.add_command(command)
main.add_command(replay)
main.add_command(model)
main.add_command(customer)
main.add_command(interaction)
main.add_command(queue)
main.add_command(agent)
main.add_command(knowledge)
main.add_command(simulate)
main.add_command(staffing)


if __name__ == "__main__":
    main()
