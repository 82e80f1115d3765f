"""Labelled texts: CSV files with a text and a label a row, and the ones that come with Centrala."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from classifiers.background import NOTHING, Background
from classifiers.features import whole_text
from vocabulary.errors import PermanentFailure

Row = tuple[str, str]
"""A text and its label."""

LANGUAGES = ("en", "pl", "lt", "hu", "ru")
_SHIPPED = Path(__file__).parent / "examples"


HEADS = ("department", "urgency", "sentiment")
"""What rows may tell beside their label: the names of the columns, and of the heads that learn them."""

BACKGROUND = ("subject", "channel", "segment", "former")
"""What rows may tell beside their text: the names of the columns."""

URGENCY, SENTIMENT = ("low", "normal", "high"), ("negative", "neutral", "positive")

Answers = Mapping[str, Sequence[str]]
"""Name of a head -> its answer for each row; "" where there is none."""


def shipped_rows(languages: Sequence[str] = LANGUAGES) -> list[Row]:
    """Return the labelled messages that come with Centrala, language after language."""
    return [row for language in languages for row in read_rows(_SHIPPED / f"{language}.csv")]


def shipped_answers(rows: Sequence[Row], starter: Path | None = None) -> Answers:
    """Return urgency and sentiment of `rows`, as far as they come with Centrala or stand in the file `starter`.

    What too few rows say can't be learnt, and is left out.
    """
    told = [_by_text(_SHIPPED / f"{language}.csv") for language in LANGUAGES]
    if starter is not None:
        told.append(_by_text(starter))
    found: dict[str, list[str]] = {}
    for name in HEADS:
        known = {text: answer for each in told for text, answer in each.get(name, {}).items() if answer}
        answers = [known.get(text, "") for text, _ in rows]
        sizes = Counter(answer for answer in answers if answer)
        enough = {answer for answer, size in sizes.items() if size >= _ANSWER_ROWS_MIN}
        if len(enough) > 1:
            found[name] = [answer if answer in enough else "" for answer in answers]
    return found


_ANSWER_ROWS_MIN = 5


def _by_text(path: Path) -> Mapping[str, Mapping[str, str]]:
    texts = [text for text, _ in read_messages(path)[0]]
    return {name: dict(zip(texts, answers, strict=True)) for name, answers in read_answers(path).items()}


def read_rows(path: Path, text_column: str = "text", label_column: str = "label") -> list[Row]:
    """Return the rows of a CSV file in UTF-8 with a header; a name that ends in ".gz" is unpacked.

    Raises:
        PermanentFailure: the file can't be read, lacks a column or holds a row without a label; says file and line.
    """
    return [_row(fields, place) for fields, place in _columns(path, {text_column: "--text", label_column: "--label"})]


def read_messages(
    path: Path, text_column: str = "text", label_column: str = "label"
) -> tuple[list[Row], list[Background]]:
    """Return the same, and what is known of each row beside its text.

    That stands in columns called subject, channel, segment and former (labels with ";" between them), as far as there
    are such columns; a text begins with its subject.

    Raises:
        PermanentFailure: as for `read_rows`.
    """
    # What is to be told is no background.
    beside = [name for name in BACKGROUND if name not in (text_column, label_column)]
    rows, given = read_rows(path, text_column, label_column), _there(path, beside)
    if not given:
        return rows, [NOTHING] * len(rows)
    told = _columns(path, {name: f"--{name}" for name in given})
    known = [_background(dict(zip(given, fields, strict=True))) for fields, _ in told]
    if "subject" in given:
        rows = [(whole_text(one.subject, text), label) for (text, label), one in zip(rows, known, strict=True)]
    return rows, known


def _background(given: Mapping[str, str]) -> Background:
    former = tuple(label.strip() for label in given.get("former", "").split(";") if label.strip())
    return Background(given.get("subject", ""), given.get("channel", ""), given.get("segment", ""), former)


def _there(path: Path, names: Sequence[str]) -> list[str]:
    with _reading(path) as file:
        header = next(csv.reader(file), [])
    return [name for name in names if name in header]


def read_answers(path: Path, columns: Mapping[str, str] | None = None) -> Answers:
    """Return what the columns of a CSV file tell beside the labels, for each of its rows.

    Args:
        path: as for `read_rows`.
        columns: head -> column, which must be there; for other heads, columns of their own names count that are there.

    Raises:
        PermanentFailure: as for `read_rows`, or a row says what is no urgency or sentiment.
    """
    columns = {name: name for name in _there(path, HEADS)} | dict(columns or {})
    if not columns:
        return {}
    rows = list(_columns(path, {column: f"--{head}" for head, column in columns.items()}))
    return {
        head: [_answer(head, fields[at].strip(), place) for fields, place in rows] for at, head in enumerate(columns)
    }


def _answer(head: str, answer: str, place: str) -> str:
    allowed = {"urgency": URGENCY, "sentiment": SENTIMENT}.get(head)
    if answer and allowed is not None and answer not in allowed:
        raise PermanentFailure(f'{place}: "{answer}" is no {head}: write {", ".join(allowed)}, or nothing')
    return answer


def _columns(path: Path, named: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    """Yield the fields of the columns `named` (column -> the option that names it) of each row, and its place."""
    with _reading(path) as file:
        yield from _rows(file, path, named)


@contextmanager
def _reading(path: Path) -> Iterator[TextIO]:
    try:
        with _opened(path) as file:
            yield file
    except (OSError, EOFError) as error:
        raise PermanentFailure(f"{path}: can't be read ({error}): give a CSV file with a header") from error
    except UnicodeDecodeError as error:
        raise PermanentFailure(f"{path}: not UTF-8 at byte {error.start}: save the file as UTF-8") from error


def _opened(path: Path) -> TextIO:
    # "utf-8-sig" drops the mark that spreadsheets put in front of the first column's name.
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _rows(file: TextIO, path: Path, named: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        places = [_position(header, name, option, path) for name, option in named.items()]
        for fields in reader:
            if fields:
                place = f"{path}:{reader.line_num}"
                if len(fields) <= max(places):
                    raise PermanentFailure(f"{place}: {len(fields)} fields, expected at least {max(places) + 1}")
                yield [fields[at] for at in places], place
    except csv.Error as error:
        raise PermanentFailure(f"{path}:{reader.line_num}: no valid CSV ({error}): check the quotes there") from error


def _position(header: Sequence[str], name: str, option: str, path: Path) -> int:
    if name not in header:
        there = ", ".join(header) or "nothing"
        options = "--text or --label" if option in ("--text", "--label") else option
        raise PermanentFailure(f'{path}:1: no column "{name}" (the header has {there}): name it with {options}')
    return header.index(name)


def _row(fields: Sequence[str], place: str) -> Row:
    label = fields[-1].strip()
    if not label:
        raise PermanentFailure(f"{place}: the label is empty: fill it in or remove the row")
    return fields[0], label
