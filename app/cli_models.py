"""The commands `model retrain`, `list`, `use`, `rollback`, `shadow`: versions of a running site's model."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from app.cli_common import fail, say
from app.cli_remote import answered, asking, table

if TYPE_CHECKING:
    from app.remote import Remote

POLL_S = 1.0
STEPS = {
    "rows": "reading the rows",
    "train": "training",
    "judge": "comparing on the rows that only judge",
    "week": "looking at last week",
}
_WIDTH = 30
_yes_option = click.option(
    "--yes", is_flag=True, help="Use it even if it is worse than the one in use, or was not compared with it."
)


@click.command("retrain")
@click.option("--use", "at_once", is_flag=True, help="Use it at once if it is no worse.")
@_yes_option
@asking
def retrain(at_once: bool, yes: bool, url: str, token: str | None, as_json: bool) -> None:
    """Train a new version from what work has taught, and say how it compares with the one in use."""

    async def ask(site: "Remote") -> dict[str, Any]:
        await site.post("/understanding/retrain", {})
        told = await _watched(site, quiet=as_json)
        if told["state"] == "failed":
            fail(f"the training failed: {told['problem']}")
        path = _of(told["version"])
        if at_once or yes:
            await site.post(f"{path}/use", {"yes": yes})
        found: dict[str, Any] = await site.get(path)
        return found

    made = answered(url, token, ask)
    say(made, as_json, _compared(made))


async def _watched(site: "Remote", *, quiet: bool) -> dict[str, Any]:
    """Return how the training ended; meanwhile show how far it is."""
    while True:
        told: dict[str, Any] = (await site.get("/understanding"))["training"]
        if told["state"] != "running":
            if not quiet:
                click.echo(err=True)
            return told
        if not quiet:
            done = round(told["share"] * _WIDTH)
            step = STEPS.get(told["step"], told["step"])
            click.echo(f"\r[{'#' * done}{'.' * (_WIDTH - done)}] {step:<40}", nl=False, err=True)
        await site.pause(POLL_S)


def _compared(made: dict[str, Any]) -> str:
    """Return in words what was measured of a version."""
    report = made["report"]
    gate, week, rows = report.get("gate", {}), report.get("week", {}), report.get("rows", {})
    lines = [
        f"Version {made['id']} ({made['state']}), trained on {made['rows']} rows, {rows.get('site', 0)} of them yours."
    ]
    if made["accuracy_before"] is not None:
        sure = gate.get("confidence")
        lines.append(
            f"Right on {gate['n']} texts that no version is trained on: {made['accuracy_after']:.1%}, before "
            f"{made['accuracy_before']:.1%}. It alone is right {gate['only_after']} times, the one before "
            f"{gate['only_before']} times"
            + ("." if sure is None else f"; {'no worse' if gate['passes'] else 'WORSE'}, {sure:.0%} sure.")
        )
    if made["judged"] == "against_another":
        lines.append("It was not compared with the version that is in use now.")
    if week.get("messages"):
        lines.append(f"Of {week['messages']} messages of last week, {week['changed']} would have another label:")
        lines += [f"  {was} -> {now}: {count}" for was, now, count in week["pairs"][:10]]
    if rows.get("left_out"):
        lines.append(
            "Not learnt yet, too few rows: " + ", ".join(f"{name} ({n})" for name, n in rows["left_out"].items())
        )
    if made["state"] != "live":
        lines.append(f"Use it: centrala model use {made['id']}" + ("" if made["passes"] else " --yes"))
    return "\n".join(lines)


@click.command("list")
@asking
def versions(url: str, token: str | None, as_json: bool) -> None:
    """List the versions of the site's model, newest first."""
    answer = answered(url, token, lambda site: site.get("/understanding/models"))
    rows = [
        (each["id"], each["state"], each["at"], each["rows"], _share(each["accuracy_after"]), each["by"])
        for each in answer["items"]
    ]
    say(answer, as_json, table([("version", "state", "made", "rows", "right", "by"), *rows], "") if rows else "None.")


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


@click.command("use")
@click.argument("version")
@_yes_option
@asking
def use(version: str, yes: bool, url: str, token: str | None, as_json: bool) -> None:
    """Let VERSION classify from now on, on every node and without a restart."""
    answer = answered(url, token, lambda site: site.post(f"{_of(version)}/use", {"yes": yes}))
    say(answer, as_json, f"{answer['id']} is {answer['state']}.")


@click.command("rollback")
@asking
def rollback(url: str, token: str | None, as_json: bool) -> None:
    """Use the version again that was in use before."""
    answer = answered(url, token, lambda site: site.post("/understanding/rollback", {}))
    say(answer, as_json, f"{answer['live']} is live.")


@click.command("shadow")
@click.argument("version")
@click.option("--off", is_flag=True, help="Run it no longer.")
@asking
def shadow(version: str, off: bool, url: str, token: str | None, as_json: bool) -> None:
    """Let VERSION run beside the one in use, deciding nothing; the page counts how they differ."""
    answer = answered(url, token, lambda site: site.post(f"{_of(version)}/shadow", {"on": not off}))
    say(answer, as_json, f"{answer['id']} is {answer['state']}.")


def _of(version: str) -> str:
    return f"/understanding/models/{quote(version, safe='')}"
