"""The knowledge folder: articles in files, and the questions that were kept back to judge how they are found."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from autoresponders.article import Article
from vocabulary.errors import PermanentFailure
from vocabulary.ids import derived_id
from vocabulary.instants import Instant, instant_of
from vocabulary.records import JudgementRow


class KnowledgeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the knowledge folder holds: articles, and questions that none of them answers."""

    articles: tuple[Article, ...] = ()
    unanswered: tuple[str, ...] = ()


def load_files(folder: Path, languages: Iterable[str]) -> dict[str, KnowledgeFile]:
    """Return what `folder` has, a file `LANGUAGE.toml` each, for those of `languages` that it has.

    Raises:
        PermanentFailure: a file can't be read; the message names it and says what is wrong.
    """
    files = {language: folder / f"{language}.toml" for language in languages}
    return {language: _read(file) for language, file in files.items() if file.is_file()}


def _read(file: Path) -> KnowledgeFile:
    try:
        return msgspec.convert(_dated(tomllib.loads(file.read_text("utf-8"))), KnowledgeFile)
    except (OSError, ValueError) as error:
        raise PermanentFailure(f"{file}: {error}") from error


def _dated(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with instants as numbers; a file writes `valid_until = 2026-12-31T00:00:00Z`."""
    found = document.get("articles")
    for article in found if isinstance(found, list) else ():
        for key in ("valid_from", "valid_until"):
            if isinstance(article, dict) and key in article:
                article[key] = instant_of(str(article[key]))
    return document


def pair_row(source: str, language: str, text: str, article: str, at: Instant, by: str = "") -> JudgementRow:
    """Return a question with the article that answers it, "" if none does; the same pair has the same id."""
    id = derived_id("j", source, language, text, article)
    return JudgementRow(id=id, at=at, source=source, article=article, language=language, by=by, text=text)
