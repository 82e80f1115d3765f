"""The command `replay`; app/cli.py registers it. Exit codes as there."""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from config.schema import Settings
    from router.events import AnyEvent
    from router.policy import Policy
    from simulation.readmission import Written
    from vocabulary.stores import Store

_FAILED, _MISUSED = 1, 2
_SITE = Path("centrala.toml")


@click.command()
@click.option("--from", "first", type=click.IntRange(min=1), default=1, show_default=True, help="First event.")
@click.option("--until", "last", type=click.IntRange(min=1), help="Last event; the newest if left out.")
@click.option(
    "--config", "other", type=click.Path(path_type=Path), help="Rules to replay under; those of the site if left out."
)
@click.option(
    "--site", type=click.Path(path_type=Path), default=_SITE, show_default=True, help="Whose journal is replayed."
)
@click.option("--seed", default=1, show_default=True, help="Of what the journal can't tell and has to be drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(first: int, last: int | None, other: Path | None, site: Path, seed: int, *, as_json: bool) -> None:
    """Say how the recorded time would have gone under other rules. The site may be running."""
    from app.clock import SystemClock
    from app.stores import is_embedded, store_path
    from vocabulary.errors import PermanentFailure, TemporaryFailure

    clock = SystemClock()
    began = clock.now()
    if other is not None and site == _SITE and not site.exists():
        # The file to replay under may be all there is, and then it says where the journal lies.
        site = other
    settings = _settings(site)
    folder = site.resolve().parent
    if is_embedded(settings) and not (path := store_path(settings, folder)).exists():
        _fail(f"{path}: there is no store yet; start the site once, or name its file with --site", _MISUSED)
    rules = None if other is None else _settings(other)
    try:
        told = asyncio.run(_replayed(settings, folder, rules, (first, last), seed))
    except (PermanentFailure, TemporaryFailure, OSError, sqlite3.Error) as failure:
        _fail(str(failure), _FAILED)
    told["seconds"] = (clock.now() - began) / 1000
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _table(told))


def _settings(path: Path) -> "Settings":
    from config.faults import ConfigurationError
    from config.loader import load

    try:
        return load(path)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(_MISUSED)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"centrala: {message}", err=True)
    sys.exit(code)


async def _replayed(
    settings: "Settings", place: Path, rules: "Settings | None", bounds: tuple[int, int | None], seed: int
) -> dict[str, Any]:
    from simulation.reading_past import past_of
    from simulation.readmission import Rules
    from simulation.replayed import compared

    async with _journal(settings, place) as store:
        before = await _policy(settings, store)
        after = before if rules is None else await _policy(rules, None)
        first, last = bounds
        ahead, events = await _events(store, first, last)
        written = await _written(store, events, after)
    past = past_of(ahead, events)
    if past is None:
        _fail(f"the journal has no events from {first} on", _MISUSED)
    told = compared(past, Rules(after, before, written), seed=seed)
    return {"from": first, "until": first + len(events) - 1, **told}


@asynccontextmanager
async def _journal(settings: "Settings", place: Path) -> AsyncIterator["Store"]:
    """Open what the site has recorded, beside a site that may be running."""
    from app.stores import is_embedded, open_store, store_path
    from storage.sqlite import SqliteStore

    with tempfile.TemporaryDirectory(prefix="centrala-replay-") as folder:
        if is_embedded(settings):
            store: Store = await SqliteStore.open(_copy(store_path(settings, place), Path(folder)))
        else:
            store = await open_store(settings, place, os.environ)
        try:
            yield store
        finally:
            await store.close()


def _copy(path: Path, folder: Path) -> Path:
    """Return a copy of the store as it is at one instant: a running site keeps the store itself to itself."""
    copy = folder / path.name
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


async def _policy(settings: "Settings", store: "Store | None") -> "Policy":
    """Return the policy of a file, with what was set by API over it where `store` is given."""
    import msgspec

    from app.queue_settings import saved_queues
    from app.site import API_CHANNEL
    from config.policy import policy_of
    from queues.policy import ChannelPolicy

    policy = policy_of(settings)
    channels = {API_CHANNEL: ChannelPolicy(name=API_CHANNEL, medium="api"), **policy.channels}
    queues = {**policy.queues, **(await saved_queues(store) if store is not None else {})}
    return msgspec.structs.replace(policy, channels=channels, queues=queues)


async def _events(store: "Store", first: int, last: int | None) -> tuple[list["AnyEvent"], list["AnyEvent"]]:
    """Return the events ahead of number `first`, and those from it until `last`."""
    from storage.codec import decode

    ahead: list[AnyEvent] = []
    events: list[AnyEvent] = []
    async for entry in store.read(0):
        if last is not None and entry.seq > last:
            break
        (ahead if entry.seq < first else events).append(decode(entry))
    return ahead, events


async def _written(store: "Store", events: list["AnyEvent"], policy: "Policy") -> Mapping[str, "Written"]:
    """Return what the rules may look at in the records, by interaction; nothing of what has been erased."""
    from app.standing import segments_by_precedence
    from router import events as e
    from simulation.readmission import Written
    from vocabulary.records import is_erased

    customers = {event.interaction: event.customer for event in events if isinstance(event, e.Admitted)}
    firsts = {event.interaction: event for event in events if isinstance(event, e.MessageAdded) and event.number == 1}
    segmented = bool(policy.segments) or any(rule.when.segment for rule in policy.rules)
    found = {}
    for id, customer in customers.items():
        first = firsts.get(id)
        row = await store.message(first.message) if first is not None else None
        if first is not None and (row is None or is_erased(row)):
            continue
        known = await store.customer(customer) if segmented else None
        kept = await store.standing(customer) if known is not None else None
        segments = segments_by_precedence(policy, known, kept) if known is not None else ()
        found[id] = Written(
            subject=row.subject if row is not None else "",
            text=row.text if row is not None else "",
            segments=segments,
        )
    return found


_COLUMNS = {
    "service_level": "service level",
    "wait_mean_s": "mean wait",
    "abandon_rate": "abandoned",
    "occupancy": "occupancy",
}


def _table(told: dict[str, Any]) -> str:
    """Return the figures that people look at first: recorded, replayed, and how sure the difference is."""
    lines = [f"events {told['from']} to {told['until']}, {told['recorded']['offered']} offered"]
    for key, label in _COLUMNS.items():
        interval = told["ci95"][key]
        sure = f" (95 %: {_shown(key, interval[0])} to {_shown(key, interval[1])})" if interval is not None else ""
        lines.append(
            f"{label}: recorded {_shown(key, told['recorded'][key])}, replayed {_shown(key, told['replayed'][key])}, "
            f"difference {_shown(key, told['difference'][key])}{sure}"
        )
    lines.append(f"not replayable: {told['not_replayable']} {told['not_replayable_reasons'] or ''}".rstrip())
    return "\n".join(lines)


def _shown(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f} s" if key.endswith("_s") else f"{value:.1%}"
