"""Files of articles that somebody uploads, read with the line of every fault: TOML, CSV or Markdown.

TOML is what the knowledge folder has (autoresponders/knowledge.py). CSV has a row for each article and language; more
rows with the same id and language add questions, and the questions of rows without an id are answered by none. In
Markdown each article begins with its title:

    # Copy of an invoice
    id: invoice-copy
    label: invoice

    - Where can I find my invoice?
    - I need a copy of my bill

    You find it under My account > Invoices.
"""

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

import msgspec

from autoresponders.article import ANSWER_MAX, ID, LABEL_MAX, LANGUAGE, QUESTION_MAX, QUESTIONS_MAX, TITLE_MAX
from vocabulary.instants import Instant, instant_of

FAULTS: Mapping[str, str] = {
    "kind": "{value}: no .csv, .toml or .md file",
    "encoding": "not UTF-8: save the file as UTF-8",
    "syntax": "{value}",
    "nothing": "no article in it",
    "missing": "{value} is missing",
    "invalid": "{value} can't be that",
    "long": "{value} is too long, or too many",
    "twice": "{value} stands there twice",
    "unknown": "{value} is no field of an article",
}
"""What is wrong, by code; `value` says with what."""

FAULTS_MAX = 100
"""So many faults of a file are told, the first ones."""

_WORDS = ("id", "label", "language", "title", "answer", "valid_from", "valid_until")
_LISTS = ("questions", "kept_back")
_LONGEST = {"label": LABEL_MAX, "title": TITLE_MAX, "answer": ANSWER_MAX}
_NEEDED = ("id", "label", "language", "title", "answer")


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in which line, from 1 on; a code of `FAULTS`."""

    line: int
    code: str
    value: str = ""

    @property
    def message(self) -> str:
        """The same in words."""
        return FAULTS[self.code].format(value=self.value)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """An article in one language as a file has it, from `line` on."""

    line: int
    id: str
    label: str
    language: str
    title: str
    answer: str
    questions: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = ()
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class ArticleFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. With any of `faults` nothing of it counts.

    `unanswered`: questions that no article answers, each behind its language.
    """

    articles: tuple[Written, ...] = ()
    unanswered: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()


class _Raw(msgspec.Struct):
    """Fields as they stand there."""

    line: int
    words: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    faults: list[Fault] = []


def read_articles(filename: str, content: bytes, language: str | None = None) -> ArticleFile:
    """Return the articles in a file.

    Args:
        filename: its end says what it is; `pl.toml`, `articles.pl.md` say the language too.
        content: UTF-8.
        language: of articles that don't say theirs; None: the one that the name says.
    """
    name, dot, end = filename.lower().rpartition(".")
    spoken = language or _language_in(name)
    reader = {".toml": _of_toml, ".csv": _of_csv, ".md": _of_markdown, ".markdown": _of_markdown}.get(dot + end)
    if reader is None:
        return ArticleFile(faults=(Fault(1, "kind", filename),))
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return ArticleFile(faults=(Fault(line, "encoding"),))
    unanswered: list[tuple[str, str]] = []
    try:
        raws = list(reader(text, unanswered))
    except _Broken as broken:
        return ArticleFile(faults=(broken.fault,))
    return _checked(raws, unanswered, spoken)


class _Broken(Exception):
    """The file can't be read on from there."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _language_in(name: str) -> str:
    last = re.split(r"[./\\]", name)[-1]
    return last if re.fullmatch(r"[a-z]{2}(-[a-z]{2})?", last) else ""


# -- what each kind of file says


def _of_toml(text: str, unanswered: list[tuple[str, str]]) -> Iterator[_Raw]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number or a nesting without end is no TOMLDecodeError
        place = re.search(r"line (\d+)", str(error))
        raise _Broken(Fault(int(place[1]) if place else text.count("\n") + 1, "syntax", str(error))) from error
    lines = [at for at, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[\s*articles\s*\]\]", line)]
    tables = document.pop("articles", [])
    said = document.pop("unanswered", [])
    if not isinstance(tables, list) or len(lines) < len(tables) or not all(isinstance(each, dict) for each in tables):
        raise _Broken(Fault(1, "invalid", "articles"))
    if not _is_list(said):
        raise _Broken(Fault(1, "invalid", "unanswered"))
    unanswered += [("", question) for question in said]
    for line, table in zip(lines, tables, strict=False):
        yield _from_table(line, table)
    if document:
        raise _Broken(Fault(1, "unknown", next(iter(document))))


def _from_table(line: int, table: Mapping[str, Any]) -> _Raw:
    raw = _Raw(line)
    for key, value in table.items():
        if key in _LISTS:
            if _is_list(value):
                raw.lists[key] = value
            else:
                raw.faults.append(Fault(line, "invalid", key))
        elif key in ("valid_from", "valid_until"):
            raw.words[key] = str(value)
        elif key in _WORDS and isinstance(value, str):
            raw.words[key] = value
        else:
            raw.faults.append(Fault(line, "invalid" if key in _WORDS else "unknown", key))
    return raw


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _of_csv(text: str, unanswered: list[tuple[str, str]]) -> Iterator[_Raw]:
    first = text.partition("\n")[0]
    # Spreadsheets of half of Europe put semicolons there.
    reader = csv.reader(
        StringIO(text, newline="\n"), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
    )
    begun: dict[tuple[str, str], _Raw] = {}
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        for name in header:
            if name not in (*_WORDS, *_LISTS):
                raise _Broken(Fault(1, "unknown", name))
        for name in ("id", "questions"):
            if name not in header:
                raise _Broken(Fault(1, "missing", name))
        before = reader.line_num
        for fields in reader:
            line, before = before + 1, reader.line_num
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(header):
                raise _Broken(Fault(line, "syntax", f"{len(fields)} fields, expected {len(header)}"))
            raw = _from_row(line, dict(zip(header, fields, strict=True)))
            of = (raw.words.get("id", ""), raw.words.get("language", ""))
            if not raw.words.keys() - {"language"}:
                unanswered += [(of[1], question) for question in raw.lists["questions"]]
            elif of in begun:
                _add(begun[of], raw)
            else:
                begun[of] = raw
    except csv.Error as error:
        raise _Broken(Fault(reader.line_num, "syntax", str(error))) from error
    yield from begun.values()


def _from_row(line: int, row: Mapping[str, str]) -> _Raw:
    words = {name: row[name].strip() for name in _WORDS if row.get(name, "").strip()}
    return _Raw(line, words, {name: row[name].split("\n") for name in _LISTS if name in row})


def _add(first: _Raw, more: _Raw) -> None:
    """Add the questions of a further row; what else it says must be the same."""
    for name, value in more.words.items():
        if first.words.get(name, value) != value:
            first.faults.append(Fault(more.line, "twice", name))
    for name, questions in more.lists.items():
        first.lists.setdefault(name, []).extend(questions)


def _of_markdown(text: str, unanswered: list[tuple[str, str]]) -> Iterator[_Raw]:
    raw: _Raw | None = None
    answer: list[str] = []
    part = "fields"
    for at, line in enumerate(text.split("\n"), 1):
        if line.startswith("# "):
            if raw is not None:
                yield _with_answer(raw, answer)
            raw, answer, part = _Raw(at, {"title": line[2:].strip()}), [], "fields"
        elif raw is None:
            if line.strip():
                raise _Broken(Fault(at, "missing", "# title"))
        elif part == "fields" and (field := re.fullmatch(r"([a-z_]+):\s*(.*)", line)):
            if field[1] in _WORDS and field[1] not in ("title", "answer"):
                raw.words[field[1]] = field[2].strip()
            else:
                raw.faults.append(Fault(at, "unknown", field[1]))
        elif part != "answer" and (question := re.fullmatch(r"[-*]\s+(.*)", line)):
            part = "questions"
            raw.lists.setdefault("questions", []).append(question[1])
        elif line.strip() or part == "answer":
            part = "answer"
            answer.append(line)
        elif part == "fields" and len(raw.words) > 1:
            part = "questions"
    if raw is not None:
        yield _with_answer(raw, answer)


def _with_answer(raw: _Raw, answer: Sequence[str]) -> _Raw:
    if text := "\n".join(answer).strip():
        raw.words["answer"] = text
    return raw


# -- what an article must be


def _checked(raws: Sequence[_Raw], unanswered: Iterable[tuple[str, str]], spoken: str) -> ArticleFile:
    faults: list[Fault] = []
    articles: dict[tuple[str, str], Written] = {}
    firsts: dict[str, Written] = {}
    for raw in raws:
        made = _written(raw, spoken)
        if isinstance(made, list):
            faults += made
            continue
        if (made.id, made.language) in articles:
            faults.append(Fault(raw.line, "twice", f"{made.id} ({made.language})"))
        first = firsts.setdefault(made.id, made)
        shared = {name: getattr(first, name) for name in ("label", "valid_from", "valid_until")}
        faults += [
            Fault(raw.line, "twice", name) for name, value in shared.items() if getattr(made, name) not in (None, value)
        ]
        articles[made.id, made.language] = msgspec.structs.replace(made, **shared)
    asked = tuple(dict.fromkeys((own or spoken, text.strip()) for own, text in unanswered if text.strip()))
    if not all(re.fullmatch(LANGUAGE, own) for own, _ in asked):
        faults.append(Fault(1, "missing", "language"))
    if not articles and not asked and not faults:
        faults.append(Fault(1, "nothing"))
    faults.sort(key=lambda fault: fault.line)
    return ArticleFile(articles=tuple(articles.values()), unanswered=asked, faults=tuple(faults[:FAULTS_MAX]))


def _written(raw: _Raw, spoken: str) -> Written | list[Fault]:
    """Return the article, or all that is wrong with it."""
    line, faults = raw.line, list(raw.faults)
    words = {"language": spoken, **raw.words}
    lists = {name: _cleaned(raw.lists.get(name, ())) for name in _LISTS}
    faults += [Fault(line, "missing", name) for name in _NEEDED if not words.get(name, "").strip()]
    faults += [Fault(line, "long", name) for name, most in _LONGEST.items() if len(words.get(name, "")) > most]
    faults += [
        Fault(line, "long", name)
        for name, questions in lists.items()
        if len(questions) > QUESTIONS_MAX or any(len(each) > QUESTION_MAX for each in questions)
    ]
    for name, pattern in (("id", ID), ("language", LANGUAGE)):
        if words.get(name) and not re.fullmatch(pattern, words[name]):
            faults.append(Fault(line, "invalid", name))
    bounds: dict[str, Instant | None] = {}
    for name in ("valid_from", "valid_until"):
        try:
            bounds[name] = instant_of(words[name]) if words.get(name) else None
        except ValueError:
            faults.append(Fault(line, "invalid", name))
    since, until = bounds.get("valid_from"), bounds.get("valid_until")
    if since is not None and until is not None and until <= since:
        faults.append(Fault(line, "invalid", "valid_until"))
    if faults:
        return faults
    return Written(
        line=line,
        id=words["id"],
        label=words["label"],
        language=words["language"],
        title=words["title"],
        answer=words["answer"],
        questions=lists["questions"],
        kept_back=lists["kept_back"],
        valid_from=since,
        valid_until=until,
    )


def _cleaned(questions: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in questions if each.strip()))
