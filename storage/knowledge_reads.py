"""What is read from the records about the knowledge base."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, Table, literal, select

from storage import tables
from storage.mapping import maker_of
from vocabulary.records import ArticleFileRow, ArticleRow, JudgementRow

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")


class KnowledgeReads(ABC):
    """Part of a store: articles, their files, and how they were judged. Every call may raise TemporaryFailure."""

    @abstractmethod
    async def _all(self, query: Select[Any], make: Callable[[RowMapping], T], **values: Any) -> list[T]:
        """Return what `query` selects, each row made by `make`."""

    async def _made(self, kind: type[R], query: Select[Any]) -> list[R]:
        return await self._all(query, maker_of(kind))

    async def articles(self) -> Sequence[ArticleRow]:
        """Return every article by id, those that staff removed too."""
        return await self._made(ArticleRow, select(tables.articles).order_by(tables.articles.c.id))

    async def article(self, id: str) -> ArticleRow | None:
        """Return the article with that id."""
        query = select(tables.articles).where(tables.articles.c.id == id)
        return next(iter(await self._made(ArticleRow, query)), None)

    async def article_files(self, article: str | None = None) -> Sequence[ArticleFileRow]:
        """Return the files of an article, or of all, by name, each without its bytes."""
        columns = tables.article_files.c
        query = bare(tables.article_files, columns.content).order_by(columns.filename, columns.id)
        return await self._made(ArticleFileRow, query if article is None else query.where(columns.article == article))

    async def article_file(self, id: str) -> ArticleFileRow | None:
        """Return a file that goes with an article."""
        query = select(tables.article_files).where(tables.article_files.c.id == id)
        return next(iter(await self._made(ArticleFileRow, query)), None)

    async def judgements(self, *, interaction: str | None = None) -> Sequence[JudgementRow]:
        """Return how articles were judged, oldest first, for one interaction only if given."""
        columns = tables.judgements.c
        query = select(tables.judgements).order_by(columns.at, columns.id)
        if interaction is not None:
            query = query.where(columns.interaction == interaction)
        return await self._made(JudgementRow, query)


def bare(table: Table, content: ColumnElement[Any]) -> Select[Any]:
    """Select the rows of `table`, each without the bytes of its column `content`."""
    return select(*(literal(b"").label(each.name) if each is content else each for each in table.c))
