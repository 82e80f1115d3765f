"""Bodies and answers of the knowledge base's part of the API."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from autoresponders.article import ANSWER_MAX, ID, QUESTION_MAX, QUESTIONS_MAX, TITLE_MAX
from vocabulary.instants import Instant, rfc3339
from vocabulary.records import ArticleFileRow, ArticleRow
from web.answers import At, View
from web.payloads import Body, Language, Limit, Name, When

LANGUAGES_MAX = 20

ArticleId = Annotated[str, Meta(pattern=ID, description="Small letters, digits and dashes.")]
Question = Annotated[str, Meta(min_length=1, max_length=QUESTION_MAX)]
Title = Annotated[str, Meta(min_length=1, max_length=TITLE_MAX)]
Answer = Annotated[str, Meta(min_length=1, max_length=ANSWER_MAX)]


class ArticleText(Body, frozen=True, kw_only=True):
    """An article in one language."""

    title: Title
    answer: Answer
    questions: Annotated[tuple[Question, ...], Meta(max_length=QUESTIONS_MAX)] = ()


class NewArticle(Body, frozen=True, kw_only=True):
    """An article to write. `label`: what the questions it answers are about. Valid: from that instant on, before the
    other.
    """

    id: ArticleId | None = None
    label: Name
    languages: Annotated[dict[Language, ArticleText], Meta(min_length=1, max_length=LANGUAGES_MAX)]
    valid_from: When | None = None
    valid_until: When | None = None


class ArticleChange(Body, frozen=True, kw_only=True):
    """What changes of an article. A language that is null goes, one that is left out stays."""

    label: Name | msgspec.UnsetType = msgspec.UNSET
    languages: Annotated[dict[Language, ArticleText | None], Meta(max_length=LANGUAGES_MAX)] | None = None
    valid_from: When | msgspec.UnsetType | None = msgspec.UNSET
    valid_until: When | msgspec.UnsetType | None = msgspec.UNSET


class ArticleQuery(Body, frozen=True, kw_only=True):
    """Which articles: of a label, in a language, or with these words in them."""

    label: Name | None = None
    language: Language | None = None
    q: Annotated[str, Meta(max_length=200)] | None = None
    cursor: str | None = None
    limit: Limit = 50


class ArticleFileQuery(Body, frozen=True, kw_only=True):
    """The name of a file, and the language it is in; none: it goes with the answer in every language."""

    filename: Annotated[str, Meta(min_length=1, max_length=200)]
    language: Language | None = None


class ArticleImportQuery(Body, frozen=True, kw_only=True):
    """The name of a file of articles (.toml, .csv or .md), and the language of those that don't say theirs.

    `write` false: only tell what would change.
    """

    filename: Annotated[str, Meta(min_length=1, max_length=200)]
    language: Language | None = None
    write: bool = False


class ImportedArticle(View, frozen=True, kw_only=True):
    """An article in one language as a file has it from `line` on. `change`: new, changed or same.

    `fields`: what would be another then: label, title, answer, questions, valid_from, valid_until.
    """

    line: int
    id: str
    language: str
    label: str
    title: str
    questions: int
    change: str
    fields: list[str]


class ArticleFault(View, frozen=True, kw_only=True):
    """What is wrong in a line: kind, encoding, syntax, nothing, missing, invalid, long, twice or unknown."""

    line: int
    code: str
    value: str
    message: str


class ArticleImport(View, frozen=True, kw_only=True):
    """What a file of articles changes; with faults nothing is written. `kept_back`: so many questions judge them."""

    articles: list[ImportedArticle]
    kept_back: int
    faults: list[ArticleFault]
    written: bool


class ArticleTextView(View, frozen=True, kw_only=True):
    """An article in one language."""

    title: str
    answer: str
    questions: list[str]


class ArticleFileView(View, frozen=True, kw_only=True):
    """A file that goes with an article's answer; `language` null: in every language."""

    id: str
    filename: str
    content_type: str
    size: int
    language: str | None


class ArticleView(View, frozen=True, kw_only=True):
    """An article. `state`: valid, early (not yet) or over. `origin`: file, or staff once somebody changed it here."""

    id: str
    label: str
    languages: dict[str, ArticleTextView]
    valid_from: At | None
    valid_until: At | None
    state: str
    origin: str
    changed_at: At | None
    by: str | None
    files: list[ArticleFileView]


class Articles(View, frozen=True, kw_only=True):
    """Articles by id."""

    items: list[ArticleView]
    next: str | None


def article_view(row: ArticleRow, files: list[ArticleFileRow], now: Instant) -> ArticleView:
    """Return the view of an article with its `files`."""
    return ArticleView(
        id=row.id,
        label=row.label,
        languages={language: _text(text) for language, text in sorted(row.texts.items())},
        valid_from=_shown(row.valid_from),
        valid_until=_shown(row.valid_until),
        state=state_of(row, now),
        origin=row.origin,
        changed_at=_shown(row.changed_at or None),
        by=row.by or None,
        files=[file_view(file) for file in files],
    )


def state_of(row: ArticleRow, now: Instant) -> str:
    """Return whether an article answers at `now`: valid, early or over."""
    if row.valid_from is not None and now < row.valid_from:
        return "early"
    return "over" if row.valid_until is not None and now >= row.valid_until else "valid"


def file_view(row: ArticleFileRow) -> ArticleFileView:
    """Return the view of a file of an article."""
    return ArticleFileView(
        id=row.id,
        filename=row.filename,
        content_type=row.content_type,
        size=row.size,
        language=row.language or None,
    )


def _text(text: dict[str, Any]) -> ArticleTextView:
    return ArticleTextView(title=text["title"], answer=text["answer"], questions=list(text.get("questions", ())))


def _shown(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)
