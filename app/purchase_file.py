"""Purchases of a CSV file, brought in portions: read as it goes, so that a file of any length needs no memory."""

import csv
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from customers.purchases import COLUMNS
from vocabulary.errors import PermanentFailure
from web.site import PurchasesTaken

PORTION = 1_000
SHOWN_MAX = 100
"""So many faults are told; of a file with the wrong columns every row has one."""
_NEEDED = ("order_id", "at", "amount", "currency")
_ANY = ("external_id", "email", "phone")

Rows = Sequence[dict[str, str]]
Take = Callable[[Rows], Awaitable[PurchasesTaken]]


class Unreadable(PermanentFailure):
    """The file is no list of purchases; the message says what to do."""


class PurchaseFile:
    """One file. Brought again it takes up where it was: what is known costs a look."""

    def __init__(self, file: Path, *, dry_run: bool, say: Callable[[str], None]) -> None:
        """Take the file, and who hears of what is wrong with its rows.

        Raises:
            Unreadable: its first line doesn't name the columns that are needed.
        """
        self._file = file
        self._say = say
        self._dry_run = dry_run
        self._delimiter = _checked_header(file)
        self.counts = dict.fromkeys(("rows", "new", "changed", "known", "faults", "customers_new"), 0)

    async def bring(self, take: Take) -> None:
        """Bring all rows, a portion after another.

        Raises:
            TemporaryFailure, PermanentFailure: what `take` raises; what came before stays.
            Unreadable: it breaks off in the middle, or is no UTF-8.
        """
        portion: list[tuple[int, dict[str, str]]] = []
        for line, row in self._rows():
            portion.append((line, row))
            if len(portion) == PORTION:
                await self._bring(portion, take)
                portion = []
        if portion:
            await self._bring(portion, take)
        if self.counts["faults"] > SHOWN_MAX:
            self._say(f"{self._file}: and {self.counts['faults'] - SHOWN_MAX:,} faults more")

    async def _bring(self, portion: list[tuple[int, dict[str, str]]], take: Take) -> None:
        taken = await take([row for _, row in portion])
        self.counts["rows"] += len(portion)
        for name in ("new", "changed", "known", "customers_new"):
            self.counts[name] += getattr(taken, name)
        for fault in taken.faults:
            self.counts["faults"] += 1
            if self.counts["faults"] <= SHOWN_MAX:
                self._say(f"{self._file}:{portion[fault.item][0]}: {fault.field} {fault.message}")

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row with the line on which it begins."""
        try:
            with self._file.open(encoding="utf-8-sig", newline="") as stream:
                reader = csv.DictReader(stream, delimiter=self._delimiter)
                line = 2
                for row in reader:
                    yield line, {name: row.get(name) or "" for name in COLUMNS}
                    line = reader.line_num + 1
        except UnicodeDecodeError as error:
            raise Unreadable(f"{self._file}: is no UTF-8 ({error.reason}); save it as CSV in UTF-8") from error
        except csv.Error as error:
            raise Unreadable(f"{self._file}: is no CSV: {error}") from error


def _checked_header(file: Path) -> str:
    """Return the delimiter of the file's first line, if that names all columns that are needed."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline(10_000)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file}:1: is no UTF-8 ({error.reason}); save it as CSV in UTF-8") from error
    delimiter = max(",;\t", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    missing = [name for name in _NEEDED if name not in names]
    if missing or not set(_ANY) & set(names):
        lacks = missing or [f"one of {', '.join(_ANY)}"]
        raise Unreadable(f"{file}:1: lacks the column {', '.join(lacks)}; the first line names {', '.join(COLUMNS)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unreadable(f"{file}:1: names the column {twice[0]} twice")
    return delimiter
