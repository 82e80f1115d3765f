"""Files of articles that are uploaded: the same articles in three kinds of file, and the line of each fault."""

from pathlib import Path

import msgspec
import pytest

import autoresponders
from autoresponders.importing import FAULTS, FAULTS_MAX, Written, read_articles
from autoresponders.knowledge import load_files

COPY = Written(
    line=1,
    id="invoice-copy",
    label="invoice",
    language="en",
    title="Copy of an invoice",
    answer="You find it\nunder My account.",
    questions=("Where can I find my invoice?", "I need a copy"),
    valid_until=1_893_456_000_000,
)
HOURS = Written(
    line=1, id="hours", label="hours", language="pl", title="Godziny", answer="Od 9.", questions=("Kiedy?",)
)

TOML = b'''
unanswered = ["What is the meaning of life?"]

[[articles]]
id = "invoice-copy"
label = "invoice"
title = "Copy of an invoice"
questions = ["Where can I find my invoice?", "I need a copy"]
answer = """
You find it
under My account."""
valid_until = 2030-01-01T00:00:00Z

[[articles]]
id = "hours"
language = "pl"
label = "hours"
title = "Godziny"
questions = ["Kiedy?"]
answer = "Od 9."
'''
CSV = b"""\xef\xbb\xbfid;label;title;answer;questions;language;valid_until
invoice-copy;invoice;Copy of an invoice;"You find it
under My account.";Where can I find my invoice?;;2030-01-01T00:00:00Z
hours;hours;Godziny;Od 9.;Kiedy?;pl;
invoice-copy;;;;I need a copy;;
;;;;What is the meaning of life?;;
"""
MARKDOWN = b"""# Copy of an invoice
id: invoice-copy
label: invoice
valid_until: 2030-01-01T00:00:00Z

- Where can I find my invoice?
- I need a copy

You find it
under My account.

# Godziny
id: hours
label: hours
language: pl

* Kiedy?

Od 9.
"""


@pytest.mark.parametrize(
    ("name", "content", "lines"), [("en.toml", TOML, (4, 14)), ("a.en.csv", CSV, (2, 4)), ("EN.md", MARKDOWN, (1, 12))]
)
def test_three_kinds_of_file_hold_the_same(name: str, content: bytes, lines: tuple[int, int]) -> None:
    found = read_articles(name, content)
    expected = tuple(msgspec.structs.replace(one, line=at) for one, at in zip((COPY, HOURS), lines, strict=True))
    assert (found.articles, found.faults) == (expected, ())
    assert found.unanswered == (() if name == "EN.md" else (("en", "What is the meaning of life?"),))
    assert read_articles(name, content.replace(b"\n", b"\r\n")) == found


def test_files_of_the_knowledge_folder_can_be_uploaded_too() -> None:
    folder = Path(autoresponders.__file__).parent / "knowledge"
    for language, file in load_files(folder, ("en", "pl", "lt", "hu", "ru")).items():
        found = read_articles(f"{language}.toml", (folder / f"{language}.toml").read_bytes())
        assert found.faults == ()
        assert [(each.id, each.answer, each.kept_back) for each in found.articles] == [
            (each.id, each.answer.strip(), each.kept_back) for each in file.articles
        ]
        assert len(found.unanswered) == len(file.unanswered)


@pytest.mark.parametrize(
    ("name", "content", "faults"),
    [
        ("en.docx", b"", [(1, "kind", "en.docx")]),
        ("en.md", b"# A\n\xff", [(2, "encoding", "")]),
        ("en.toml", b"[[articles]]\nid = ", [(2, "syntax", "Invalid value (at end of document)")]),
        ("en.toml", b"", [(1, "nothing", "")]),
        ("en.toml", b"article = 1", [(1, "unknown", "article")]),
        (
            "en.toml",
            b"\n[[articles]]\nid = 'A B'\nlabels = 1\nquestions = 'x'\n",
            [
                (2, "unknown", "labels"),
                (2, "invalid", "questions"),
                (2, "missing", "label"),
                (2, "missing", "title"),
                (2, "missing", "answer"),
                (2, "invalid", "id"),
            ],
        ),
        ("en.csv", b"id,text\n", [(1, "unknown", "text")]),
        ("en.csv", b"id,label\n", [(1, "missing", "questions")]),
        ("en.csv", b"id,questions\na,b,c\n", [(2, "syntax", "3 fields, expected 2")]),
        ("en.csv", b'id,questions\na,"b\n', [(2, "syntax", "unexpected end of data")]),
        ("en.csv", b"id,questions,label,title,answer\na,q,l,t,x\na,p,other,,\n", [(3, "twice", "label")]),
        ("en.csv", b"id,questions,label,title,answer\n,q,l,t,x\n", [(2, "missing", "id")]),
        ("en.md", b"no title\n", [(1, "missing", "# title")]),
        ("en.md", b"# T\nid: a\nlabel: l\nsize: 3\n\nx\n", [(4, "unknown", "size")]),
        ("articles.md", b"# T\nid: a\nlabel: l\n\nx\n", [(1, "missing", "language")]),
        ("en.md", b"# T\nid: a\nlabel: l\n\nx\n# U\nid: a\nlabel: l\n\ny\n", [(6, "twice", "a (en)")]),
        ("en.md", b"# " + b"T" * 201 + b"\nid: a\nlabel: l\n\nx\n", [(1, "long", "title")]),
        ("en.md", b"# T\nid: a\nlabel: l\nvalid_from: soon\n\nx\n", [(1, "invalid", "valid_from")]),
    ],
)
def test_faults_have_their_line(name: str, content: bytes, faults: list[tuple[int, str, str]]) -> None:
    found = read_articles(name, content)
    assert [(fault.line, fault.code, fault.value) for fault in found.faults] == faults
    assert all(fault.code in FAULTS and fault.message for fault in found.faults)


def test_the_language_that_is_asked_for_goes_before_that_of_the_name_and_behind_the_articles_own() -> None:
    found = read_articles("en.md", MARKDOWN, "hu")
    assert [each.language for each in found.articles] == ["hu", "pl"]
    found = read_articles("x.toml", b"unanswered = ['a']")
    assert (found.articles, found.unanswered) == ((), (("", "a"),))
    assert [fault.value for fault in found.faults] == ["language"]


@pytest.mark.parametrize("content", [b"a = " + b"1" * 5_000, b"a = " + b"[" * 5_000])
def test_what_no_reader_of_toml_foresees_is_a_fault_of_the_file(content: bytes) -> None:
    assert [fault.code for fault in read_articles("en.toml", content).faults] == ["syntax"]


def test_of_many_faults_the_first_ones_are_told() -> None:
    rows = "".join(f"a{number},,,,\n" for number in range(1_000))
    found = read_articles("en.csv", f"id,questions,label,title,answer\n{rows}".encode())
    assert (len(found.faults), found.faults[-1].line < 100) == (FAULTS_MAX, True)
