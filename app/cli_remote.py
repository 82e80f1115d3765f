"""The commands `interaction`, `queue` and `agent`: they ask a running site through its HTTP API."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click

from app.cli_common import MISUSED, fail, json_option, say, token_option, url_option, with_options
from vocabulary.errors import PermanentFailure, TemporaryFailure

if TYPE_CHECKING:
    from app.remote import Remote

F = TypeVar("F", bound=Callable[..., Any])


def asking(command: F) -> F:
    """Give a command the options by which it finds the site, and --json."""
    return with_options(command, url_option, token_option, json_option)


def answered(url: str, token: str | None, ask: "Callable[[Remote], Awaitable[Any]]") -> Any:
    """Return what the site answers to `ask`, or say in one line why it doesn't and exit."""
    from app.remote import reached

    if not token:
        fail("no token: make one with `centrala token create` and give it in CENTRALA_TOKEN or with --token", MISUSED)

    async def asked() -> Any:
        async with reached(url, token) as site:
            return await ask(site)

    try:
        return asyncio.run(asked())
    except (PermanentFailure, TemporaryFailure) as failure:
        fail(str(failure))


def table(rows: Iterable[Sequence[object]], empty: str) -> str:
    """Return `rows` in columns as wide as they need."""
    texts = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in texts)
    return "\n".join(line.rstrip() for line in lines) or empty


def _facts(answer: dict[str, Any]) -> str:
    """Return the fields of `answer` that say something, one a line."""
    lines = []
    for name, value in answer.items():
        if value in (None, "", [], {}):
            continue
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        lines.append((f"{name}:", shown))
    return table(lines, "")


# -- interactions


@click.group()
def interaction() -> None:
    """Look at interactions of a running site, and move them."""


@interaction.command("list")
@click.option("--state", help="Of these states only, such as waiting,offered.")
@click.option("--queue", help="In this queue only.")
@click.option("--agent", help="Of this agent only.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="So many at most.")
@asking
def interaction_list(
    state: str | None,
    queue: str | None,
    agent: str | None,
    limit: int,
    url: str,
    token: str | None,
    as_json: bool,
) -> None:
    """List interactions, newest first."""
    answer = answered(
        url, token, lambda site: site.get("/interactions", state=state, queue=queue, agent=agent, limit=limit)
    )
    rows = [
        (each["id"], each["state"], each["queue"], each["medium"], each["agent"], each["arrived_at"])
        for each in answer["items"]
    ]
    say(answer, as_json, table(rows, "None."))


@interaction.command("show")
@click.argument("id")
@asking
def interaction_show(id: str, url: str, token: str | None, as_json: bool) -> None:
    """Show all that is known of interaction ID."""
    answer = answered(url, token, lambda site: site.get(f"/interactions/{_part(id)}"))
    say(answer, as_json, _facts(answer))


@interaction.command("explain")
@click.argument("id")
@click.option("--language", help="en, pl, lt, hu or ru; English if left out.", default="en")
@asking
def interaction_explain(id: str, language: str, url: str, token: str | None, as_json: bool) -> None:
    """Say why interaction ID is where it is: rules, place, what each agent lacks, and what comes."""
    answer = answered(url, token, lambda site: site.get(f"/interactions/{_part(id)}/explain", language=language))
    say(answer, as_json, answer["text"])


@interaction.command("move")
@click.argument("id")
@click.argument("queue")
@click.option("--reason", required=True, help="Why; it stands in the audit log.")
@asking
def interaction_move(id: str, queue: str, reason: str, url: str, token: str | None, as_json: bool) -> None:
    """Put interaction ID, which waits, into QUEUE."""
    body = {"queue": queue, "reason": reason}
    answer = answered(url, token, lambda site: site.post(f"/interactions/{_part(id)}/move", body))
    say(answer, as_json, f"{answer['id']} is {answer['state']} in queue {answer['queue']}.")


# -- queues


@click.group()
def queue() -> None:
    """Look at the queues of a running site."""


@queue.command("list")
@asking
def queue_list(url: str, token: str | None, as_json: bool) -> None:
    """List the queues with what goes on in them."""

    async def ask(site: "Remote") -> list[dict[str, Any]]:
        names = [each["name"] for each in (await site.get("/queues"))["items"]]
        return [await site.get(f"/queues/{_part(name)}/live") for name in names]

    answer = answered(url, token, ask)
    heads = ("queue", "waiting", "longest_wait_s", "staffed", "free")
    rows = [heads, *((each["name"], *(each[head] for head in heads[1:])) for each in answer)]
    say({"items": answer}, as_json, table(rows, ""))


@queue.command("show")
@click.argument("name")
@asking
def queue_show(name: str, url: str, token: str | None, as_json: bool) -> None:
    """Show the settings of queue NAME and its figures now."""

    async def ask(site: "Remote") -> dict[str, Any]:
        settings: dict[str, Any] = await site.get(f"/queues/{_part(name)}")
        return {**settings, "live": await site.get(f"/queues/{_part(name)}/live")}

    answer = answered(url, token, ask)
    say(answer, as_json, _facts(answer))


# -- agents


@click.group()
def agent() -> None:
    """Look at the agents of a running site, and set their presence."""


@agent.command("list")
@asking
def agent_list(url: str, token: str | None, as_json: bool) -> None:
    """List the agents."""
    answer = answered(url, token, lambda site: site.get("/agents"))
    rows = [
        (each["id"], each["presence"], each["reason"], f"{each['used']}/{each['capacity']}", each["name"])
        for each in answer["items"]
    ]
    say(answer, as_json, table(rows, "None."))


@agent.command("show")
@click.argument("id")
@asking
def agent_show(id: str, url: str, token: str | None, as_json: bool) -> None:
    """Show all that is known of agent ID."""
    answer = answered(url, token, lambda site: site.get(f"/agents/{_part(id)}"))
    say(answer, as_json, _facts(answer))


@agent.command("presence")
@click.argument("id")
@click.argument("presence", type=click.Choice(["available", "busy", "away", "offline"]))
@click.option("--reason", default="", help="A code, such as lunch.")
@click.option("--after-current", is_flag=True, help="Only when the current work is done.")
@asking
def agent_presence(
    id: str, presence: str, reason: str, after_current: bool, url: str, token: str | None, as_json: bool
) -> None:
    """Set the presence of agent ID."""
    body = {"presence": presence, "reason": reason, "after_current": after_current}
    answer = answered(url, token, lambda site: site.post(f"/agents/{_part(id)}/presence", body))
    later = f", then {presence}" if after_current and answer["presence"] != presence else ""
    say(answer, as_json, f"{answer['id']} is {answer['presence']}{later}.")


def _part(id: str) -> str:
    return quote(id, safe="")
