"""The commands `status` and `doctor`: how a site is doing, and what keeps it from doing well."""

import asyncio
import sys
from pathlib import Path

import click

from app.cli_common import FAILED, config_option, json_option, say, settings_of, told


@click.command()
@config_option
@json_option
@told
def status(path: Path, *, as_json: bool) -> None:
    """Say how the site is doing: whether it runs, what waits, what is stuck. Exit code 1 if it takes no work in."""
    import msgspec

    from app.clock import SystemClock
    from app.status import as_text, is_well
    from app.status import status as look
    from app.stores import is_embedded, store_path

    settings = settings_of(path)
    store = store_path(settings, path.resolve().parent) if is_embedded(settings) else None
    found = asyncio.run(look(settings, store, SystemClock().now()))
    say(msgspec.to_builtins(found), as_json, as_text(found))
    sys.exit(0 if is_well(found) else FAILED)


@click.command()
@config_option
@json_option
@told
def doctor(path: Path, *, as_json: bool) -> None:
    """Look at everything a site needs, and say what to do about what is wrong. Exit code 1 if anything is."""
    import msgspec

    from app.doctor import examined
    from app.findings import as_text

    findings = examined(path)
    bad = any(finding.state == "failed" for finding in findings)
    say({"ok": not bad, "checks": msgspec.to_builtins(findings)}, as_json, as_text(findings))
    sys.exit(FAILED if bad else 0)
