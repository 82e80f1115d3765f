"""A disk that forgets: SQLite on a file system that knows which writes were synced, and a power switch.

SQLite itself (apsw's own copy) runs on a virtual file system that keeps, for each file, what stood there before each
write since the last sync. A killed process loses nothing of that, the kernel has it. A power cut keeps an arbitrary
part of it, and may tear writes in the middle.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed
from typing import Any

import apsw

SECTOR = 512

_names = iter(range(10**9))
_RAISED = (
    (apsw.ConstraintError, sqlite3.IntegrityError),
    (apsw.MismatchError, sqlite3.IntegrityError),
    (apsw.RangeError, sqlite3.ProgrammingError),
    (apsw.BindingsError, sqlite3.ProgrammingError),
    (apsw.TooBigError, sqlite3.DataError),
    (apsw.NotADBError, sqlite3.DatabaseError),
    (apsw.CorruptError, sqlite3.DatabaseError),
    (apsw.Error, sqlite3.OperationalError),
)


class PowerIsOff(OSError):
    """The machine is dead: whatever still runs of it does nothing."""


class Write:
    """One write that was not synced yet."""

    def __init__(self, offset: int, data: bytes, before: bytes, size_before: int) -> None:
        self.offset, self.data, self.before, self.size_before = offset, data, before, size_before


class Disk:
    """The folder of one machine. After `die` it takes nothing more; `successor` is what the next boot finds."""

    def __init__(self, folder: Path, draw: Random) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.draw = draw
        self.dead = False
        self.gone = False
        self.full = False
        self.syncs = 0
        self.writes = 0
        self.stall_s = 0.0
        """So long each sync takes; meanwhile the whole process stands."""
        self.stall: Callable[[float], None] = lambda _seconds: None
        self.before_write: Callable[[], None] = lambda: None
        """Called before each write and sync: the schedule may pull the plug here."""
        self.fails_to_sync = 0
        """So many of the next syncs fail (EIO)."""
        self.unsynced: dict[str, list[Write]] = {}
        self._name = f"forgetful{next(_names)}"
        self._vfs = _Vfs(self._name, self)
        self._connections: list[apsw.Connection] = []

    def connect(self, path: Path, *, read_only: bool) -> Any:
        """Open a connection, as storage/sqlite_file.py asks for it."""
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        with _translated():
            raw = apsw.Connection(str(path), flags=flags, vfs=self._name)
        self._connections.append(raw)
        return Connection(raw, self)

    def connection(self) -> Any:
        """Return a new connection that reads the site's database."""
        return self.connect(self.folder / "centrala.db", read_only=True)

    def mend(self) -> None:
        """It has room, is quick and doesn't fail."""
        self.full, self.stall_s, self.fails_to_sync = False, 0.0, 0

    def is_in_trouble(self) -> bool:
        """Tell whether it is full, slow or about to fail."""
        return self.full or bool(self.stall_s) or bool(self.fails_to_sync)

    def die(self) -> None:
        """From now on nothing is written."""
        self.dead = True

    def successor(self, folder: Path, *, power_lost: bool) -> "Disk":
        """Return the disk as the next boot finds it in `folder`."""
        assert self.dead
        heir = Disk(folder, self.draw)
        for path in sorted(self.folder.iterdir()):
            if path.name.endswith(("-shm", ".lock")):
                continue
            content = path.read_bytes()
            if power_lost:
                content = self._after_the_cut(content, self.unsynced.get(path.name, ()))
            (folder / path.name).write_bytes(content)
            (folder / path.name).chmod(path.stat().st_mode)
        self.release()
        return heir

    def release(self) -> None:
        """Let connections and files go."""
        self.die()
        # SQLite tidies up as the last connection closes: here that comes to nothing, but is no error either.
        self.gone = True
        for raw in self._connections:
            with suppress(apsw.Error):
                raw.close(True)  # whatever it still holds
        self._connections.clear()
        self._vfs.unregister()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _after_the_cut(self, content: bytes, unsynced: Sequence[Write]) -> bytes:
        """Return what the disk holds: everything synced, and any of the later writes, one of them perhaps torn."""
        bare = bytearray(content)
        for write in reversed(unsynced):
            del bare[write.size_before :]
            bare[write.offset : write.offset + len(write.before)] = write.before
        share = self.draw.choice((0.0, 0.5, 0.9, 1.0))
        for write in unsynced:
            if self.draw.random() >= share:
                continue
            data = write.data
            if self.draw.random() < 0.05 and len(data) > SECTOR:
                data = data[: SECTOR * self.draw.randrange(1, len(data) // SECTOR + 1)]
            if len(bare) < write.offset:
                bare += bytes(write.offset - len(bare))
            bare[write.offset : write.offset + len(data)] = data
        return bytes(bare)


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        if self._disk.gone:
            return
        if self._disk.dead:
            raise PowerIsOff
        self._disk.unsynced.pop(Path(filename).name, None)
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: Disk) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        disk = self._disk
        if disk.gone:
            return
        disk.writes += 1
        disk.before_write()
        if disk.dead:
            raise PowerIsOff
        if disk.full:
            raise apsw.FullError("database or disk is full")
        content = bytes(data)
        size = super().xFileSize()
        old = min(max(0, size - offset), len(content))
        before = super().xRead(old, offset) if old else b""
        disk.unsynced.setdefault(self._name, []).append(Write(offset, content, before, size))
        super().xWrite(content, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        if self._disk.gone:
            return
        if self._disk.dead:
            raise PowerIsOff
        # Taken as done at once: SQLite truncates logs only when all they held is synced elsewhere.
        self._disk.unsynced.pop(self._name, None)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        disk = self._disk
        if disk.gone:
            return
        disk.syncs += 1
        disk.before_write()
        if disk.dead:
            raise PowerIsOff
        if disk.stall_s:
            disk.stall(disk.stall_s)
        if disk.fails_to_sync:
            disk.fails_to_sync -= 1
            # The kernel has marked the pages clean: nobody will ever write them.
            raise apsw.IOError("disk I/O error")
        disk.unsynced.pop(self._name, None)


class _translated:  # noqa: N801  # reads as a word
    """Errors of apsw become those of the standard library's sqlite3."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, PowerIsOff):
            raise sqlite3.OperationalError("the power is off") from error
        for theirs, ours in _RAISED:
            if isinstance(error, theirs):
                raise ours(str(error)) from error


class Connection:
    """As much of sqlite3.Connection as the store and SQLAlchemy use."""

    def __init__(self, raw: apsw.Connection, disk: Disk) -> None:
        self._raw = raw
        self._disk = disk
        self.isolation_level: str | None = None

    def cursor(self) -> "Cursor":
        return Cursor(self._raw)

    def execute(self, statement: str, parameters: Any = ()) -> "Cursor":
        return self.cursor().execute(statement, parameters)

    def executemany(self, statement: str, rows: Iterable[Any]) -> "Cursor":
        return self.cursor().executemany(statement, rows)

    def commit(self) -> None:
        if not self._raw.getautocommit():
            self.execute("COMMIT")

    def rollback(self) -> None:
        if not self._raw.getautocommit():
            self.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        return not self._raw.getautocommit()

    def create_function(self, *_: Any, **__: Any) -> None:
        """SQLAlchemy's own functions: no query of ours uses them."""

    def close(self) -> None:
        if self._disk.dead:
            # A last connection that closes would tidy up; the dead don't.
            return
        with _translated():
            self._raw.close()
        if self._raw in self._disk._connections:
            self._disk._connections.remove(self._raw)


class Cursor:
    """As much of sqlite3.Cursor as the store and SQLAlchemy use."""

    arraysize = 1
    lastrowid = None
    rowcount = -1

    def __init__(self, raw: apsw.Connection) -> None:
        self._raw = raw.cursor()
        # Asked before the first step: an empty result has columns too, but says so only here.
        self._raw.exec_trace = self._described
        self._rows: Iterator[Any] = iter(())
        self.description: Any = None

    def execute(self, statement: str, parameters: Any = ()) -> "Cursor":
        with _translated():
            self._raw.execute(statement, parameters)
            # All at once: a reader that stands would keep the log from being cut back.
            self._rows = iter(self._raw.fetchall() if self.description else ())
        return self

    def _described(self, cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
        self.description = [(name, *[None] * 6) for name, _ in cursor.get_description()] or None
        return True

    def executemany(self, statement: str, rows: Iterable[Any]) -> "Cursor":
        with _translated():
            self._raw.executemany(statement, [_plain(row) for row in rows])
            self.description = None
        return self

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [row for row, _ in zip(self._rows, range(size or self.arraysize), strict=False)]

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def close(self) -> None:
        self._rows = iter(())


def _plain(row: Any) -> Any:
    """apsw takes no str subclasses such as enums."""
    return tuple(str(value) if isinstance(value, str) and type(value) is not str else value for value in row)
