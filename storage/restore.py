"""Putting a backup in the place of an embedded store; what stood there is kept."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from storage.backup import sync
from storage.snapshot import Contents, contents, snapshot, verified
from storage.sqlite_file import FileLock, connect, open_writer
from vocabulary.errors import PermanentFailure


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the store's place now, and where what stood there before is kept (None: nothing did)."""

    contents: Contents
    kept: Path | None


def restore(backup: Path, target: Path, *, stamp: str) -> Restored:
    """Put a copy of `backup` in the place of the store at `target`.

    Whenever it is killed, the old store or the new one stands there, and the old one is lost in no case: it is kept as
    `target`.before-restore-`stamp`.

    Raises:
        PermanentFailure: a Centrala uses the store; the backup is damaged, unfinished or of a newer Centrala; the disk
            is full. Nothing was changed then.
    """
    _require_finished(backup)
    lock = FileLock(target)
    part = target.with_name(f"{target.name}.restoring")
    try:
        part.unlink(missing_ok=True)
        held = _copied(backup, part)
        kept = _set_aside(target, target.with_name(f"{target.name}.before-restore-{stamp}"))
        part.rename(target)
        sync(target.parent)
        # Once more, as the next start will find it.
        with snapshot(target) as connection:
            if contents(connection) != held:
                raise PermanentFailure(f"{target} holds something else than {backup}: the disk is not to be trusted")
    except OSError as error:
        raise PermanentFailure(f"{target} can't be restored: {error.strerror or error} ({error.filename})") from error
    finally:
        part.unlink(missing_ok=True)
        lock.release()
    return Restored(contents=held, kept=kept)


def _require_finished(backup: Path) -> None:
    if not backup.is_file():
        raise PermanentFailure(f"{backup}: there is no such backup")
    if backup.suffix == ".part":
        raise PermanentFailure(f"{backup} is a backup that was not finished; take another one")
    for tail in ("-wal", "-journal"):
        log = backup.with_name(backup.name + tail)
        if log.exists() and log.stat().st_size:
            raise PermanentFailure(
                f"{log} lies beside it: {backup} is a database that somebody has open, or was copied while in use. "
                "Use a file that `centrala backup` wrote"
            )


def _copied(backup: Path, part: Path) -> Contents:
    """Copy `backup` to `part`, and return what the copy holds, sound and on the disk."""
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy, backup.open("rb") as source:
        shutil.copyfileobj(source, copy, 4 * 1024 * 1024)
        copy.flush()
        os.fsync(copy.fileno())
    try:
        return verified(part)
    except PermanentFailure as failure:
        # The copy is what was read, the backup is what it's about.
        raise PermanentFailure(str(failure).replace(str(part), str(backup))) from failure


def _set_aside(target: Path, aside: Path) -> Path | None:
    """Keep the store at `target` as `aside` too; leave no log in its place that the next one would take for its own.

    A sound store is whole without its log; a damaged one is kept together with it.
    """
    log = target.with_name(f"{target.name}-wal")
    if not target.exists():
        log.unlink(missing_ok=True)
        target.with_name(f"{target.name}-shm").unlink(missing_ok=True)
        return None
    _empty_log(target)
    os.link(target, aside)
    if log.exists() and log.stat().st_size:
        os.link(log, aside.with_name(f"{aside.name}-wal"))
    sync(target.parent)
    log.unlink(missing_ok=True)
    target.with_name(f"{target.name}-shm").unlink(missing_ok=True)
    return aside


def _empty_log(target: Path) -> None:
    """Bring what the store's log holds into the store, if it can still be opened."""
    try:
        with closing(open_writer(target, connect)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        # Damaged; that may be why somebody restores.
        return
