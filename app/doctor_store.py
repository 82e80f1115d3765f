"""What the doctor looks at in the store."""

from collections.abc import Iterator
from pathlib import Path

from app.clock import SystemClock
from app.findings import Finding, failed, ok, warning
from app.store_place import last_backup
from app.stores import is_embedded, store_path
from config.schema import Settings
from storage.snapshot import driver_of, snapshot
from storage.soundness import damage
from storage.upgrading import planned
from vocabulary.errors import PermanentFailure
from vocabulary.instants import DAY, MINUTE, rfc3339

BACKUP_AGE_MAX = 2 * DAY


def of_store(settings: Settings, folder: Path) -> list[Finding]:
    """Look at an embedded store; one in PostgreSQL is a neighbour (app/doctor_reach.py)."""
    if not is_embedded(settings):
        return []
    path = store_path(settings, folder)
    if not path.exists():
        return [ok("store", f"{path} is made at the first start")]
    try:
        return list(_looked_at(path))
    except PermanentFailure as failure:
        remedy = "keep a copy of it and of the -wal file beside it, then: centrala restore FILE"
        return [failed("store", str(failure), remedy)]


def _looked_at(path: Path) -> Iterator[Finding]:
    plan = planned(path)
    with snapshot(path) as connection:
        found = damage(driver_of(connection))
        last_at = connection.exec_driver_sql("SELECT at FROM journal ORDER BY seq DESC LIMIT 1").scalar()
    if found is not None:
        remedy = "keep a copy of it and of the -wal file beside it, then: centrala restore FILE"
        yield failed("store", f"{path} is damaged: {found}", remedy)
        return
    yield ok(
        "store", f"{path}: {path.stat().st_size / 1e6:,.1f} MB, sound at first sight (all of it: centrala db check)"
    )
    if plan.steps:
        remedy = f"done at the next start, about {plan.seconds} s, a copy is made first: centrala db upgrade --dry-run"
        yield warning(
            "schema", f"{plan.schema or 'none'}, {len(plan.steps)} step{'s' * (len(plan.steps) > 1)} behind", remedy
        )
    else:
        yield ok("schema", f"{plan.schema}, that of this Centrala")
    now = SystemClock().now()
    if last_at is not None and last_at > now + MINUTE:
        yield failed(
            "clock",
            f"it shows {rfc3339(now)}, the last event is of {rfc3339(last_at)}",
            "set it: with a clock that went back, nothing that waits for an instant happens until that comes again",
        )
    yield _backup(path, now)


def _backup(path: Path, now: int) -> Finding:
    taken = last_backup(path)
    if taken is None:
        return warning(
            "backup", "none was taken yet", "centrala backup FILE, each night: docs/how-to/back-up-and-restore.md"
        )
    found = f"{taken.file}, {rfc3339(taken.at)}"
    if now - taken.at > BACKUP_AGE_MAX:
        return warning("backup", found, "that is long ago: does the nightly job still run?")
    return ok("backup", found)
