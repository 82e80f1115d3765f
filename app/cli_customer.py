"""The commands about customers: export, erase, import-purchases, segments.

They go through a running site, or work in its store while none runs.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import quote

import click

from app.cli_common import FAILED, MISUSED, fail, json_option, token_option, url_option, with_options
from vocabulary.errors import PermanentFailure, TemporaryFailure

if TYPE_CHECKING:
    from app.compose import Application
    from app.remote import Remote
    from web.site import PurchasesTaken

_BY = "command-line"
_config = click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=Path("centrala.toml"),
    show_default=True,
    help="Configuration file of the site that does not run.",
)
_BODY_MAX = 900_000
"""Bytes of rows that are sent at once: a site takes a MiB, and 1,000 long rows may have more."""
F = TypeVar("F", bound=Callable[..., Any])


def _somewhere(command: F) -> F:
    """Give a command the options by which it finds the site or its store."""
    return with_options(command, url_option, token_option, _config, json_option)


@click.group()
def customer() -> None:
    """Export and erase what is known of a person (GDPR), bring what customers bought, calculate their segments.

    With a token, the running site is asked. Where none answers, or without a token, the store of --config is opened.
    """


@customer.command("export")
@click.argument("id")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; it must not be there.")
@_somewhere
def customer_export(id: str, out: Path, url: str, token: str | None, path: Path, as_json: bool) -> None:
    """Write all that is known of customer ID to a file, as one JSON document."""

    async def ask(site: "Remote") -> None:
        await _write(out, site.pieces(f"/customers/{quote(id, safe='')}/export"))

    async def read(application: "Application") -> None:
        from app.export import Exporter

        pieces = await Exporter(application.store).document(id, application.clock.now())
        if pieces is None:
            raise PermanentFailure(f"there is no customer {id!r}")
        await _write(out, pieces)

    if out.exists():
        fail(f"{out} is there already; name another file", MISUSED)
    _run(_asked_or_opened(_Place(url, token, path, path.exists()), ask, read))
    size = out.stat().st_size
    click.echo(json.dumps({"out": str(out), "bytes": size}) if as_json else f"Wrote {out}, {size} bytes.")


@customer.command("erase")
@click.argument("id")
@click.option("--force", is_flag=True, help="Close what is open of his first.")
@click.option("--yes", is_flag=True, help="Don't ask; there is no way back.")
@_somewhere
def customer_erase(id: str, force: bool, yes: bool, url: str, token: str | None, path: Path, as_json: bool) -> None:
    """Erase what is known of customer ID and what was said with him. Figures stay, nothing personal does."""

    async def ask(site: "Remote") -> None:
        await site.delete(f"/customers/{quote(id, safe='')}", **({"force": "true"} if force else {}))

    async def erase(application: "Application") -> None:
        from app.erasure import Eraser

        eraser = Eraser(engine=application.engine, store=application.store, standstill=lambda _who, _id: nullcontext())
        await eraser.finish_all()
        refusal = await eraser.erase(id, _BY, force=force)
        if refusal is not None:
            raise PermanentFailure(refusal.detail)

    if not yes:
        click.confirm(f"Erase customer {id} for good?", abort=True)
    _run(_asked_or_opened(_Place(url, token, path, path.exists()), ask, erase))
    told = f"Customer {id} is erased. Backups from before still hold him; what to do about them: export-and-erase.md."
    click.echo(json.dumps({"erased": id}) if as_json else told)


@customer.command("import-purchases")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and write nothing.")
@_somewhere
def customer_import_purchases(
    file: Path, dry_run: bool, url: str, token: str | None, path: Path, as_json: bool
) -> None:
    """Bring the purchases of the CSV file FILE; what is known already costs a look, so it can be done again.

    Its columns: order_id, at, amount, currency, one of external_id, email and phone; name, language, product and
    contract_end if there are any. Segments follow within minutes, or at once by `centrala customer segments`.
    """
    from app.purchase_file import PurchaseFile, Unreadable

    try:
        run = PurchaseFile(file, dry_run=dry_run, say=lambda line: click.echo(line, err=True))
    except Unreadable as refused:
        fail(str(refused), MISUSED)

    async def ask(site: "Remote") -> None:
        await run.bring(lambda rows: _posted(site, rows, dry_run=dry_run))

    async def keep(application: "Application") -> None:
        application.make_segmenting()
        await run.bring(lambda rows: application.purchases.take(rows, dry_run=dry_run))

    _run(_asked_or_opened(_Place(url, token, path, path.exists()), ask, keep))
    counts = run.counts
    told = (
        f"{file}: {counts['rows']:,} rows: {counts['new']:,} new, {counts['changed']:,} corrected, "
        f"{counts['known']:,} known, {counts['faults']:,} with faults; {counts['customers_new']:,} new customers."
    )
    click.echo(json.dumps(counts) if as_json else told + (" Nothing was written." if dry_run else ""))
    if counts["faults"]:
        sys.exit(FAILED)


async def _posted(site: "Remote", rows: "Sequence[Mapping[str, str]]", *, dry_run: bool) -> "PurchasesTaken":
    import msgspec

    from web.site import PurchasesTaken

    items = [{name: value for name, value in row.items() if value} for row in rows]
    if len(items) > 1 and len(json.dumps(items)) > _BODY_MAX:
        half = len(rows) // 2
        return _joined([await _posted(site, some, dry_run=dry_run) for some in (rows[:half], rows[half:])], half)
    answer = await site.post("/customers/purchases", {"items": items, "dry_run": dry_run})
    return msgspec.convert(answer, PurchasesTaken)


def _joined(taken: "Sequence[PurchasesTaken]", half: int) -> "PurchasesTaken":
    """Return what became of two halves as if they had been one; the second begins at `half`."""
    import msgspec

    first, second = taken
    for name in ("new", "changed", "known", "customers_new"):
        setattr(first, name, getattr(first, name) + getattr(second, name))
    first.faults += [msgspec.structs.replace(fault, item=fault.item + half) for fault in second.faults]
    return first


@customer.command("segments")
@_somewhere
def customer_segments(url: str, token: str | None, path: Path, as_json: bool) -> None:
    """Calculate everybody's segments now, and say how many customers are what and how good the estimates are."""
    found: dict[str, Any] = {}

    async def ask(site: "Remote") -> None:
        found.update(await site.post("/customers/segments", {}))

    async def calculate(application: "Application") -> None:
        from vocabulary.instants import rfc3339

        application.make_segmenting()
        report = await application.segmenting.calculate()
        assert report is not None, "nobody else calculates here"
        found.update({**report, "at": rfc3339(report["at"])})

    _run(_asked_or_opened(_Place(url, token, path, path.exists()), ask, calculate))
    click.echo(json.dumps(found) if as_json else _told_segments(found))


def _told_segments(found: dict[str, Any]) -> str:
    lines = [f"{found['customers']:,} customers, {found['buyers']:,} of them buyers; {found['changed']:,} changed."]
    lines += [f"  {name:<20} {count:>9,}" for name, count in sorted(found["segments"].items())]
    if found["unrated"]:
        lines.append(f"Without a rate in [customers] rates, and not counted: {', '.join(found['unrated'])}.")
    return "\n".join([*lines, *(_told_model(name, found[name]) for name in ("alive", "value", "churn"))])


_ESTIMATES = {"alive": "Who still buys", "value": "What they will bring", "churn": "Who will not renew a contract"}
_REFUSALS = {
    "too_few_customers": "fewer than 100 buyers",
    "too_few_repeats": "fewer than 40 who bought twice",
    "too_few_examples": "fewer than 200 contracts that are over",
    "too_few_of_a_kind": "fewer than 30 contracts that were renewed, or that were not",
    "no_better_than_the_share": "no better than to foretell the same of everybody",
    "not_calibrated": "it was more than 10 % off about the last 90 days",
    "no_fit": "no parameters fit",
}


def _told_model(name: str, report: dict[str, Any]) -> str:
    if report.get("refused"):
        return f"{_ESTIMATES[name]}: not estimated, {_REFUSALS.get(report['refused'], report['refused'])}."
    if report.get("calibration_error") is None:
        return f"{_ESTIMATES[name]}: estimated."
    return (
        f"{_ESTIMATES[name]}: calibration error {report['calibration_error']:.3f}, Brier {report['brier']:.3f} "
        f"(same for everybody: {report['brier_of_the_share']:.3f}), AUROC {report['auroc']:.3f}."
    )


class _Place(NamedTuple):
    """Where the site is, and where its store."""

    url: str
    token: str | None
    config: Path
    has_config: bool


async def _asked_or_opened(
    place: _Place,
    ask: "Callable[[Remote], Awaitable[None]]",
    open_: "Callable[[Application], Awaitable[None]]",
) -> None:
    """Ask the site that runs; if none answers there, do it in its store."""
    from app.remote import Unreached, reached

    if place.token:
        try:
            async with reached(place.url, place.token) as site:
                await ask(site)
        except Unreached:
            if not place.has_config:
                raise
        else:
            return
    async with _opened(place.config) as application:
        await open_(application)


@asynccontextmanager
async def _opened(path: Path) -> "AsyncIterator[Application]":
    from app import logs
    from app.compose import Application
    from app.stores import ensure_secret
    from config.faults import ConfigurationError
    from config.loader import load

    try:
        settings = load(path)
    except ConfigurationError as error:
        fail(f"{error}\nGive a token in CENTRALA_TOKEN to ask a running site, or name its file with --config", MISUSED)
    logs.set_up("error", "text")
    folder = path.resolve().parent  # noqa: ASYNC240  # one look, before anything runs
    await ensure_secret(settings, folder, os.environ)
    application = Application(settings, folder=folder, environment=os.environ)
    try:
        await application.start_offline()
        yield application
    finally:
        await application.stop()


async def _write(out: Path, pieces: AsyncIterator[bytes]) -> None:
    """Write `pieces` to `out`, for its owner's eyes only; nothing is left if they break off."""
    part = out.with_name(f"{out.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: ASYNC230, PTH123  # one command, one file, and its mode
            async for piece in pieces:
                file.write(piece)
        part.rename(out)
    finally:
        part.unlink(missing_ok=True)


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except (PermanentFailure, TemporaryFailure, OSError) as failure:
        fail(str(failure))
