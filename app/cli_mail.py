"""The commands `mail import` and `mail status`: they ask a running site through its HTTP API."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import click

from app.cli_common import FAILED, say
from app.cli_remote import answered, asking, table

if TYPE_CHECKING:
    from app.remote import Remote


@click.command("import")
@click.argument("places", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--channel", required=True, help="The e-mail channel that they belong to.")
@click.option("--closed", is_flag=True, help="They are history: kept and closed, no work for anybody.")
@click.option("--answer", is_flag=True, help="Automatic answers may go out to them.")
@asking
def mail_import(
    places: tuple[Path, ...], channel: str, closed: bool, answer: bool, url: str, token: str | None, as_json: bool
) -> None:
    """Bring mails to a running site: files of one mail, mailbox files, or folders of them (Maildir too).

    Dates are kept, and what the channel has already is known again, so that it can be run once more.
    """
    from app.importing import Import

    query = urlencode({"closed": str(closed).lower(), "answer": str(answer).lower()})
    path = f"/channels/{quote(channel, safe='')}/mail?{query}"

    async def bring(site: "Remote") -> dict[str, Any]:
        run = Import(site, path, lambda line: click.echo(line, err=True))
        try:
            await run.run(places)
        finally:
            counts = {name: getattr(run.counts, name) for name in run.counts.__struct_fields__}
            if run.counts.mails and not as_json:
                click.echo(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()))
        return counts

    counts = answered(url, token, bring)
    if as_json:
        click.echo(json.dumps(counts))
    if counts["failed"]:
        raise SystemExit(FAILED)


@click.command("status")
@asking
def mail_status(url: str, token: str | None, as_json: bool) -> None:
    """Say how mail comes in by each e-mail channel of a running site."""
    answer = answered(url, token, lambda site: site.get("/mailboxes"))
    heads = ("channel", "folder", "state", "server", "stored", "last mail", "trouble")
    rows = [
        (
            each["channel"],
            each["folder"] or each["protocol"],
            each["state"],
            each["server"],
            f"{each['stored_count']}/{each['server_count']}" if each["protocol"] == "imap" else each["taken"],
            each["last_mail_at"],
            each["told"] or None,
        )
        for each in answer["items"]
    ]
    say(answer, as_json, table([heads, *rows], "") if rows else "There is no e-mail channel.")
