"""A copy of an embedded store as it is at one instant, taken while a site writes to it, and proven before it counts."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.migrations import VERSIONS, Versions
from storage.snapshot import Contents, contents, driver_of, snapshot, verified
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import PermanentFailure

PAGES_AT_ONCE = 1_024
"""4 MB between two looks at whether it should go on."""


def back_up(source: Path, target: Path, *, versions: Versions = VERSIONS) -> Contents:
    """Copy the store at `source` to `target`, mode 0600, and return what the copy holds.

    `versions`: the steps of the schema that are known.

    Until all of it is on the disk and has been read back and found sound, it is called `target`.part.

    Raises:
        PermanentFailure: `target` exists, `source` is no sound store, or the disk is full; there is no `target` then.
    """
    require_new(target)
    if not source.exists():
        raise PermanentFailure(f"{source}: there is no store to back up; storage.url says where it is")
    part = target.with_name(f"{target.name}.part")
    try:
        with _own(part):
            held = _copied(source, part)
            if _found(part, source, versions) != held:
                raise PermanentFailure(f"{part} holds something else than {source} did: the disk is not to be trusted")
            sync(part)
            publish(part, target)
    except sqlite3.Error as error:
        raise PermanentFailure(f"{source} could not be copied to {target}: {error}") from error
    except OSError as error:
        raise PermanentFailure(f"{target} can't be written: {error.strerror or error}") from error
    return held


def require_new(target: Path) -> None:
    """Raise PermanentFailure if there is something at `target`."""
    if target.exists() or target.is_symlink():
        raise PermanentFailure(f"{target} exists already, and nothing is ever overwritten: choose another name")


@contextmanager
def _own(part: Path) -> Iterator[None]:
    """Hold the unfinished file `part`, empty and ours alone; it is gone in the end, whatever happens but a kill."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PermanentFailure(f"another backup writes {part} just now") from error
        os.fchmod(descriptor, 0o600)
        # What a killed backup left.
        os.ftruncate(descriptor, 0)
        try:
            yield
        finally:
            part.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _copied(source: Path, part: Path) -> Contents:
    """Copy one instant of `source` into the empty file `part`, and return what it held then."""
    with snapshot(source) as reading, closing(sqlite3.connect(part, isolation_level=None)) as copy:
        # The file counts only once it is whole and synced, so that a log of the copying would serve nobody.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        # The snapshot's transaction is open: otherwise each commit of the site would begin the copy anew.
        held = contents(reading)
        driver_of(reading).backup(copy, pages=PAGES_AT_ONCE, progress=_passed)
        # One file, without a log beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        return held


def _found(part: Path, source: Path, versions: Versions) -> Contents:
    try:
        return verified(part, versions=versions)
    except PermanentFailure as failure:
        # The copy is what was read; what is wrong with it is wrong with the store.
        raise PermanentFailure(f"{failure}. Nothing was kept".replace(str(part), str(source))) from failure


def _passed(_status: int, _remaining: int, _total: int) -> None:
    crashpoint("backup.copy")


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(part: Path, target: Path) -> None:
    """Give the finished file `part` the name `target`, unless somebody was faster.

    Raises:
        PermanentFailure: `target` exists.
    """
    try:
        # A rename would replace what is there.
        os.link(part, target)
    except FileExistsError as error:
        raise PermanentFailure(f"{target} exists already, and nothing is ever overwritten") from error
    except OSError:
        # A file system without hard links.
        require_new(target)
        part.rename(target)
    part.unlink(missing_ok=True)
    sync(target.parent)
