"""The command `knowledge`: articles of a running site, labelled questions, and what automatic answers were worth."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from app.cli_common import MISUSED, fail, say
from app.cli_remote import answered, asking, table

if TYPE_CHECKING:
    from app.remote import Remote

PAIRS_AT_ONCE = 1_000


@click.group()
def knowledge() -> None:
    """Look after the knowledge base of a running site."""


@knowledge.command("list")
@asking
def knowledge_list(url: str, token: str | None, as_json: bool) -> None:
    """List the articles."""
    found: dict[str, Any] = answered(url, token, _articles)
    rows = (
        (each["id"], each["label"], ", ".join(each["languages"]), each["state"], each["origin"])
        for each in found["items"]
    )
    say(found, as_json, table([("ID", "ABOUT", "LANGUAGES", "STATE", "ORIGIN"), *rows], "No article."))


async def _articles(site: "Remote") -> dict[str, Any]:
    items: list[Any] = []
    cursor: str | None = None
    while True:
        page = await site.get("/articles", limit=200, cursor=cursor)
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return {"items": items}


@knowledge.command("import")
@click.argument("files", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option("--language", help="Of articles that don't say theirs; left out: as the file's name says, en.toml.")
@click.option("--dry-run", is_flag=True, help="Only tell what would change, and what is wrong.")
@asking
def knowledge_import(
    files: Sequence[Path], language: str | None, dry_run: bool, url: str, token: str | None, as_json: bool
) -> None:
    """Write the articles of FILES: TOML, CSV or Markdown. A file with a fault changes nothing."""

    async def ask(site: "Remote") -> list[dict[str, Any]]:
        found = []
        for file in files:
            query = {"filename": file.name, "write": str(not dry_run).lower()}
            path = f"/articles/import?{urlencode(query | ({'language': language} if language else {}))}"
            told = await site.post_bytes(path, file.read_bytes(), "application/octet-stream")
            found.append({"file": str(file), **told})
        return found

    found: list[dict[str, Any]] = answered(url, token, ask)
    rows = [
        (each["file"], one["line"], one["id"], one["language"], one["change"], ", ".join(one["fields"]))
        for each in found
        for one in each["articles"]
    ]
    faults = [f"{each['file']}:{fault['line']}: {fault['message']}" for each in found for fault in each["faults"]]
    told = table([("FILE", "LINE", "ID", "LANGUAGE", "CHANGE", "FIELDS"), *rows], "") if rows else "No article."
    say({"files": found}, as_json, "\n".join([told, *faults]))


@knowledge.command("evaluate")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--keep", is_flag=True, help="Let them prove what is promised from now on.")
@asking
def knowledge_evaluate(file: Path, keep: bool, url: str, token: str | None, as_json: bool) -> None:
    """Try labelled questions of FILE, a CSV with the columns text, article and, if known, language.

    An empty article means that none answers. Leave out names and numbers of customers: with --keep the texts stay.
    """
    pairs = list(_pairs(file))

    async def ask(site: "Remote") -> dict[str, Any]:
        told: list[dict[str, Any]] = []
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            some = pairs[start : start + PAIRS_AT_ONCE]
            told.append(await site.post("/autoresponses/evaluate", {"pairs": some, "keep": keep}))
        return _together(told)

    found: dict[str, Any] = answered(url, token, ask)
    lines = [("PROMISED", "ANSWERED", "RIGHT")]
    lines += [(each["precision"], f"{each['answered']} of {each['n']}", each["right"]) for each in found["promises"]]
    head = f"{found['n']} questions: an article is found for {found['found']}, the right one for {found['right']}."
    say(found, as_json, f"{head}\n{table(lines, '')}")


def _pairs(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        if not {"text", "article"} <= set(rows.fieldnames or ()):
            fail(f"{file}: the first line has {rows.fieldnames}, expected the columns text and article", MISUSED)
        found = 0
        for row in rows:
            text = (row["text"] or "").strip()
            if text:
                found += 1
                yield {
                    "text": text,
                    "article": (row["article"] or "").strip() or None,
                    "language": (row.get("language") or "").strip() or None,
                }
        if not found:
            fail(f"{file}: no question in it", MISUSED)


def _together(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sum of what portions gave."""
    promises = [dict(each) for each in told[0]["promises"]]
    for more in told[1:]:
        for whole, part in zip(promises, more["promises"], strict=True):
            for key in ("answered", "right", "n"):
                whole[key] += part[key]
    return {**{key: sum(part[key] for part in told) for key in ("n", "found", "right", "kept")}, "promises": promises}


@knowledge.command("report")
@click.option("--from", "since", help="Begin of the period, RFC 3339; 28 days before its end if left out.")
@click.option("--to", "until", help="End of the period; now if left out.")
@asking
def knowledge_report(since: str | None, until: str | None, url: str, token: str | None, as_json: bool) -> None:
    """Tell what automatic answers were worth. Silence is no success; intervals are 95 %."""

    async def ask(site: "Remote") -> Any:
        return await site.get("/reports/autoresponses", **{"from": since, "to": until})

    found: dict[str, Any] = answered(url, token, ask)
    results = ("confirmed", "silent", "recontacted", "escalated", "open")
    lines: list[tuple[object, ...]] = [
        ("ANSWER", "SENT", *map(str.upper, results), "NEEDED A PERSON", "HELD OUT", "EFFECT", "ASKED WHICH")
    ]
    for each in found["items"]:
        counts = (each["results"][result] for result in results)
        figures = (_share(each["needed_person"]), each["held_out"], _share(each["effect"]))
        chose = f"{each['asked_which']}, {each['choices']['chosen']} chose" if each["asked_which"] else 0
        lines.append((each["autoresponse"] or "all", each["answered"], *counts, *figures, chose))
    say(found, as_json, f"{found['from']} to {found['to']}\n{table(lines, '')}")


def _share(interval: dict[str, float] | None) -> str | None:
    return None if interval is None else f"{interval['value']:.1%} ({interval['low']:.1%} to {interval['high']:.1%})"
