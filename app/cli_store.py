"""The commands `backup`, `restore` and `db`: the store as a file, whether a site runs on it or not."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli_common import FAILED, config_option, json_option, say, settings_of, told

if TYPE_CHECKING:
    from app.store_check import Checked
    from config.schema import Settings
    from storage.snapshot import Contents
    from storage.upgrading import Plan

_DUMP = "pg_dump --format=custom --file={file} '{{url}}' (keep the site's secret file with it)"
_LOAD = "pg_restore --clean --if-exists --single-transaction --dbname='{{url}}' {file} (while no Centrala runs on it)"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with-secret", is_flag=True, help="Keep the site's secret beside it, as FILE.secret of mode 0600.")
@config_option
@json_option
@told
def backup(file: Path, path: Path, *, with_secret: bool, as_json: bool) -> None:
    """Copy the store to FILE, while the site runs or not. FILE is there once all of it is proven; never overwritten."""
    from app import secret_copy
    from app.clock import SystemClock
    from app.crash_at import arm_from_environment
    from app.store_place import Backup, embedded, note_backup
    from storage.backup import back_up, require_new

    settings, clock = settings_of(path), SystemClock()
    arm_from_environment()
    store = embedded(settings, path.resolve().parent, _DUMP.format(file=file))
    secret = settings.site.secret_file
    began = clock.now()
    require_new(file)
    kept = secret_copy.keep(secret, file) if with_secret else None
    held = back_up(store, file)
    size, seconds = file.stat().st_size, (clock.now() - began) / 1000
    note_backup(store, Backup(file=str(file.resolve()), at=began, seq=held.seq, bytes=size))
    answer = {
        "file": str(file),
        "bytes": size,
        "seq": held.seq,
        "digest": held.digest,
        "interactions": held.interactions,
        "seconds": seconds,
        "secret": str(kept) if kept is not None else None,
    }
    told_secret = (
        f"Secret: kept beside it as {kept}. Who has both can sign replies in your name."
        if kept is not None
        else f"Secret: not in it. Keep {secret} too, or customers' answers find their interactions no longer after a "
        "restore (--with-secret puts a copy beside the backup)."
    )
    lines = (
        f"{file}: {_held(held)}",
        f"{size / 1e6:,.1f} MB in {seconds:.1f} s, read back and found sound.",
        told_secret,
    )
    say(answer, as_json, "\n".join(lines))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@json_option
@told
def restore(file: Path, path: Path, *, as_json: bool) -> None:
    """Put the backup FILE in the place of the store, which is kept. Stop `centrala serve` first."""
    import msgspec

    from app import secret_copy
    from app.clock import SystemClock
    from app.store_place import embedded, stamp
    from storage.restore import restore as put

    settings = settings_of(path)
    store = embedded(settings, path.resolve().parent, _LOAD.format(file=file))
    at = stamp(SystemClock().now())
    restored = put(file, store, stamp=at)
    secret = secret_copy.put_back(file, settings.site.secret_file, stamp=at)
    kept = f"What stood there is kept as {restored.kept}; remove it when all is well." if restored.kept else ""
    answer = {
        "file": str(file),
        "store": str(store),
        **msgspec.to_builtins(restored.contents),
        "kept": str(restored.kept) if restored.kept else None,
        "secret": secret,
    }
    lines = (f"{store}: {_held(restored.contents)}", kept, secret, f"Next: centrala serve --config {path}")
    say(answer, as_json, "\n".join(filter(None, lines)))


def _held(held: "Contents") -> str:
    """Return in words what a store holds."""
    from vocabulary.instants import rfc3339

    last = f", the last at {rfc3339(held.last_at)}" if held.last_at is not None else ""
    closed = held.interactions - held.open
    return f"{held.seq:,} events{last}; {held.interactions:,} interactions, {held.open:,} open and {closed:,} closed."


@click.group()
def db() -> None:
    """Look after the store's schema, and whether it is sound."""


@db.command("upgrade")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing. The site may be running.")
@config_option
@json_option
@told
def upgrade(path: Path, *, dry_run: bool, as_json: bool) -> None:
    """Bring the store to the schema of this Centrala; it is copied first. `centrala serve` does the same at start."""
    import msgspec

    from app import logs
    from app.crash_at import arm_from_environment
    from app.store_place import embedded
    from app.stores import is_embedded
    from storage.sqlite_file import upgraded
    from storage.upgrading import planned
    from vocabulary.errors import PermanentFailure

    logs.set_up("error", "text")
    arm_from_environment()
    instead = "start the new version of Centrala once; take a dump before: pg_dump --format=custom --file=FILE '{url}'"
    settings = settings_of(path)
    if dry_run and not is_embedded(settings):
        _announce_on_postgresql(settings, as_json=as_json)
        return
    store = embedded(settings, path.resolve().parent, instead)
    if not store.exists():
        raise PermanentFailure(f"{store}: there is no store yet; `centrala serve` makes one with today's schema")
    plan = planned(store)
    if plan.steps and not dry_run:
        upgraded(store)
    answer = msgspec.to_builtins(plan, enc_hook=str) | {"dry_run": dry_run}
    say(answer, as_json, "\n".join(_planned(store, plan, dry_run)))


def _announce_on_postgresql(settings: "Settings", *, as_json: bool) -> None:
    """Say which steps the next start would take; the server knows how long, and dumps are the operator's."""
    import os

    import msgspec

    from app.stores import server_of

    server = server_of(settings, os.environ)
    schema, steps = server.pending()
    answer = {"schema": schema, "steps": msgspec.to_builtins(steps), "dry_run": True}
    lines = [f"{server.name}: schema {schema or 'none'}, {len(steps)} steps to go; nothing was changed."]
    lines += [f"Step {step.revision}: {step.what.rstrip('.')}" for step in steps]
    say(answer, as_json, "\n".join(lines))


def _planned(store: Path, plan: "Plan", dry_run: bool) -> list[str]:
    if not plan.steps:
        return [f"{store}: schema {plan.schema}, nothing to do."]
    doing = "would be" if dry_run else "was"
    lines = [f"{store}: schema {plan.schema or 'none'}, {len(plan.steps)} step{'s' * (len(plan.steps) > 1)} to go."]
    if plan.backup is not None:
        lines.append(f"Copied first: {plan.backup} {doing} made.")
    for step in plan.steps:
        rows = plan.rows.get(step.revision, 0)
        work = f" ({rows:,} rows)" if rows else ""
        lines.append(f"Step {step.revision}: {step.what.rstrip('.')}{work}")
    lines.append(f"That takes about {plan.seconds} s; nothing was changed." if dry_run else "Done.")
    return lines


@db.command("check")
@config_option
@json_option
@told
def check(path: Path, *, as_json: bool) -> None:
    """Read all of the store and say what is wrong with it; exit code 1 if anything is. The site may be running."""
    from app import store_check
    from app.store_place import embedded
    from vocabulary.errors import PermanentFailure

    instead = "pg_amcheck '{url}'; the journal's chain and conservation are checked by a running site (/metrics)"
    store = embedded(settings_of(path), path.resolve().parent, instead)
    if not store.exists():
        raise PermanentFailure(f"{store}: there is no store yet")
    found = store_check.checked(store)
    say(store_check.as_json(found), as_json, f"{store}: {_held(found.contents)}\n{_sound(found)}")
    if found.problems and not as_json:
        for problem in found.problems:
            click.echo(f"{problem.what}\n  {problem.remedy}", err=True)
    sys.exit(FAILED if found.problems else 0)


def _sound(found: "Checked") -> str:
    if found.problems:
        return f"{len(found.problems)} problems:"
    return (
        "Sound: structure, references, every journal entry and its chain, raw mails; the journal replayed from its "
        f"beginning gives the states of {found.checkpoints} checkpoints, and the records agree with it."
    )
