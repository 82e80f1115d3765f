"""Where a site's embedded store is, and what lies beside it."""

import os
from pathlib import Path

import msgspec

from app.stores import is_embedded, store_path
from config.schema import Settings
from vocabulary.errors import PermanentFailure
from vocabulary.instants import Instant, rfc3339


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """The backup that was taken last."""

    file: str
    at: Instant
    seq: int
    bytes: int


def embedded(settings: Settings, folder: Path, instead: str) -> Path:
    """Return the file of the embedded store.

    Args:
        settings: of the site.
        folder: of its configuration.
        instead: what to do where the store is in PostgreSQL; {url} stands for its address.

    Raises:
        PermanentFailure: the store is in PostgreSQL.
    """
    url = settings.storage.url
    if not is_embedded(settings):
        raise PermanentFailure(
            f"the store is in PostgreSQL, which has its own tools for this: {instead.format(url=url)}"
        )
    return store_path(settings, folder)


def stamp(now: Instant) -> str:
    """Return an instant as file names have it: 20261128T223000Z."""
    return rfc3339(now).partition(".")[0].replace("-", "").replace(":", "") + "Z"


def note_backup(store: Path, backup: Backup) -> None:
    """Remember beside the store that a backup was taken."""
    note = _note(store)
    half = note.with_name(f"{note.name}.{os.getpid()}.part")
    half.write_bytes(msgspec.json.encode(backup) + b"\n")
    half.replace(note)


def last_backup(store: Path) -> Backup | None:
    """Return what `note_backup` remembered, None if nothing or nothing that can be read."""
    try:
        return msgspec.json.decode(_note(store).read_bytes(), type=Backup)
    except (OSError, msgspec.MsgspecError):
        return None


def _note(store: Path) -> Path:
    return store.with_name(f"{store.name}.last-backup")
