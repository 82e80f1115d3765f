"""Labelled texts: CSV files with a text and a label a row, and the ones that come with Centrala."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, cast

from vocabulary.errors import PermanentFailure

Row = tuple[str, str]
"""A text and its label."""

LANGUAGES = ("en", "pl", "lt", "hu", "ru")
_SHIPPED = Path(__file__).parent / "examples"


def shipped_rows(languages: Sequence[str] = LANGUAGES) -> list[Row]:
    """Return the labelled messages that come with Centrala, language after language."""
    return [row for language in languages for row in read_rows(_SHIPPED / f"{language}.csv")]


def read_rows(path: Path, text_column: str = "text", label_column: str = "label") -> list[Row]:
    """Return the rows of a CSV file in UTF-8 with a header; a name that ends in ".gz" is unpacked.

    Raises:
        PermanentFailure: the file can't be read, lacks a column or holds a row without a label; says file and line.
    """
    try:
        with _opened(path) as file:
            return list(_rows(file, path, text_column, label_column))
    except (OSError, EOFError) as error:
        raise PermanentFailure(f"{path}: can't be read ({error}): give a CSV file with a header") from error
    except UnicodeDecodeError as error:
        raise PermanentFailure(f"{path}: not UTF-8 at byte {error.start}: save the file as UTF-8") from error


def _opened(path: Path) -> TextIO:
    # "utf-8-sig" drops the mark that spreadsheets put in front of the first column's name.
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _rows(file: TextIO, path: Path, text_column: str, label_column: str) -> Iterator[Row]:
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        text_at, label_at = (_position(header, name, path) for name in (text_column, label_column))
        for fields in reader:
            if fields:
                yield _row(fields, text_at, label_at, f"{path}:{reader.line_num}")
    except csv.Error as error:
        raise PermanentFailure(f"{path}:{reader.line_num}: no valid CSV ({error}): check the quotes there") from error


def _position(header: Sequence[str], name: str, path: Path) -> int:
    if name not in header:
        there = ", ".join(header) or "nothing"
        raise PermanentFailure(f'{path}:1: no column "{name}" (the header has {there}): name it with --text or --label')
    return header.index(name)


def _row(fields: Sequence[str], text_at: int, label_at: int, place: str) -> Row:
    if len(fields) <= max(text_at, label_at):
        raise PermanentFailure(f"{place}: {len(fields)} fields, expected at least {max(text_at, label_at) + 1}")
    label = fields[label_at].strip()
    if not label:
        raise PermanentFailure(f"{place}: the label is empty: fill it in or remove the row")
    return fields[text_at], label
