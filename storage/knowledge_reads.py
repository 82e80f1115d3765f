"""What is read from the records about the knowledge base."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, func, select

from storage import tables
from storage.reads import Reads, bare
from vocabulary.instants import Instant
from vocabulary.records import ArticleFileRow, ArticleRow, JudgementRow


class KnowledgeReads(Reads):
    """Part of a store: articles, their files, and how they were judged. Every call may raise TemporaryFailure."""

    async def articles(self) -> Sequence[ArticleRow]:
        """Return every article by id, those that staff removed too."""
        return await self._made(ArticleRow, select(tables.articles).order_by(tables.articles.c.id))

    async def article(self, id: str) -> ArticleRow | None:
        """Return the article with that id."""
        return await self._one(ArticleRow, id)

    async def article_files(self, article: str | None = None) -> Sequence[ArticleFileRow]:
        """Return the files of an article, or of all, by name, each without its bytes."""
        columns = tables.article_files.c
        query = bare(tables.article_files, columns.content).order_by(columns.filename, columns.id)
        return await self._made(ArticleFileRow, query if article is None else query.where(columns.article == article))

    async def article_file(self, id: str) -> ArticleFileRow | None:
        """Return a file that goes with an article."""
        return await self._one(ArticleFileRow, id)

    async def judgements(self, *, interaction: str | None = None, since: Instant = 0) -> Sequence[JudgementRow]:
        """Return how articles were judged from `since` on, oldest first, for one interaction only if given."""
        columns = tables.judgements.c
        query = select(tables.judgements).order_by(columns.at, columns.id)
        if interaction is not None:
            query = query.where(columns.interaction == interaction)
        if since:
            query = query.where(columns.at >= since)
        return await self._made(JudgementRow, query)

    async def judgement_count(self) -> int:
        """Return how many judgements there are."""
        (count,) = await self._all(select(func.count().label("count")).select_from(tables.judgements), _count)
        return count


def _count(columns: RowMapping) -> int:
    return int(columns["count"])
