"""Disks that fail: connections to pass to the store in the place of the real ones, and what happens to files."""

import sqlite3
import threading
from pathlib import Path
from random import Random  # noqa: TID251 (with its seed)
from typing import Any

from alembic import command
from sqlalchemy import create_engine

from storage import migrations


class Disk:
    """What the connections of one store do; a test turns the switches."""

    def __init__(self) -> None:
        self.commits = 0
        self.opened = 0
        self.fails_at_commit: str | None = None
        self.fails_after_commit: str | None = None
        self.pages_max: int | None = None
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def connect(self, path: Path, *, read_only: bool) -> sqlite3.Connection:
        connection = _Connection(path, check_same_thread=False)
        if read_only:
            return connection
        self.opened += 1
        connection.disk = self
        if self.pages_max is not None:
            connection.execute(f"PRAGMA max_page_count = {self.pages_max}")
        return connection


class _Connection(sqlite3.Connection):
    disk: Disk | None = None

    def commit(self) -> None:
        disk = self.disk
        if disk is None:
            super().commit()
            return
        disk.entered.set()
        assert disk.gate.wait(30)
        _fail(disk.fails_at_commit)
        super().commit()
        disk.commits += 1
        _fail(disk.fails_after_commit)


def _fail(message: str | None) -> None:
    if message is not None:
        raise sqlite3.OperationalError(message)


def rewrite(path: Path, statement: str, *parameters: Any) -> None:
    """Change a closed database behind the store's back."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, parameters)
    connection.close()


def damage(path: Path, seed: int) -> None:
    """Overwrite 64 bytes in 20 places behind the first page."""
    draw = Random(seed)  # noqa: S311 (no secret)
    content = bytearray(path.read_bytes())
    for _ in range(20):
        place = draw.randrange(4096, len(content) - 64)
        content[place : place + 64] = draw.randbytes(64)
    path.write_bytes(content)


def move(path: Path, target: Path) -> Path:
    return path.replace(target)


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def files_beside(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir())


def make_with_schema(path: Path, revision: str) -> None:
    """Make a store as an older Centrala would have, that knew the schema up to `revision` only."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = migrations._config(migrations.VERSIONS)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
