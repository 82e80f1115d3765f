"""Articles and kept-back questions of the knowledge folder, brought into the records; what staff have changed stays."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from autoresponders.article import text_row
from autoresponders.knowledge import KnowledgeFile, load_files, pair_row
from vocabulary.instants import Instant
from vocabulary.records import ArticleRow, Change, JudgementRow, Put, Remove, Transaction
from vocabulary.stores import Store

log = structlog.get_logger()

STARTER = "starter"
"""Source of pairs that come with the files of articles."""


async def seed_articles(folder: Path, languages: Iterable[str], store: Store, now: Instant) -> None:
    """Bring the articles of the files, as they are now, into the records; what staff have changed there stays.

    Raises:
        PermanentFailure: a file can't be read.
    """
    files = load_files(folder, languages)
    changes = [
        *_article_changes(files, await store.articles(), now),
        *_pair_changes(files, await store.judgements(), now),
    ]
    if changes:
        await store.commit(Transaction(changes=tuple(changes)))
        log.info("articles_seeded", rows=len(changes))


def _article_changes(files: dict[str, KnowledgeFile], known: Sequence[ArticleRow], now: Instant) -> Iterator[Change]:
    rows = {row.id: row for row in known}
    wanted = _rows(files)
    for id, row in wanted.items():
        before = rows.get(id)
        if before is None or (before.origin == "file" and _as_seeded(before) != _as_seeded(row)):
            yield Put(msgspec.structs.replace(row, changed_at=now))
    for id, row in rows.items():
        if row.origin == "file" and id not in wanted:
            yield Remove(ArticleRow, id)


def _rows(files: dict[str, KnowledgeFile]) -> dict[str, ArticleRow]:
    """Return the articles of all files; label and validity of the first language that has one count."""
    found: dict[str, ArticleRow] = {}
    for language, file in files.items():
        for article in file.articles:
            row = found.get(article.id) or ArticleRow(
                id=article.id,
                label=article.label,
                valid_from=article.valid_from,
                valid_until=article.valid_until,
                origin="file",
            )
            text = text_row(article.title, article.questions, article.answer)
            found[article.id] = msgspec.structs.replace(row, texts={**row.texts, language: text})
    return found


def _as_seeded(row: ArticleRow) -> tuple[Any, ...]:
    return (row.label, row.texts, row.valid_from, row.valid_until, row.removed)


def _pair_changes(files: dict[str, KnowledgeFile], known: Sequence[JudgementRow], now: Instant) -> Iterator[Change]:
    before = {row.id: row for row in known if row.source == STARTER}
    wanted = {row.id: row for language, file in files.items() for row in _pairs(language, file, now)}
    yield from (Put(row) for id, row in wanted.items() if id not in before)
    yield from (Remove(JudgementRow, id) for id in before if id not in wanted)


def _pairs(language: str, file: KnowledgeFile, now: Instant) -> Iterator[JudgementRow]:
    for article in file.articles:
        yield from (pair_row(STARTER, language, text, article.id, now) for text in article.kept_back)
    yield from (pair_row(STARTER, language, text, "", now) for text in file.unanswered)
