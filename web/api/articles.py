"""The knowledge base: articles by which questions are answered automatically, and suggested to agents."""

from typing import Any

import msgspec

from autoresponders.article import text_row
from router.commands import ChangeKnowledge
from vocabulary.errors import PermanentFailure
from vocabulary.files import kind_of, plain_name
from vocabulary.ids import derived_id
from vocabulary.instants import Instant
from vocabulary.records import ArticleFileRow, ArticleRow, Change, Put, Remove
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints, read_bytes
from web.knowledge_views import (
    ArticleChange,
    ArticleFileQuery,
    ArticleFileView,
    ArticleQuery,
    Articles,
    ArticleText,
    ArticleView,
    NewArticle,
    article_view,
    file_view,
)
from web.problems import Problem, instant_at, invalid

endpoints = Endpoints("knowledge")
FILE_BYTES_MAX = 10_000_000
FILES_MAX = 10


@endpoints.get("/articles", "article.see", "Articles of the knowledge base by id")
async def list_articles(call: Call, query: ArticleQuery) -> Articles:
    """Answer a page of them, those that are not valid now too."""
    found = [row for row in await call.site.store.articles() if not row.removed and _asked_for(row, query)]
    rest = [row for row in found if query.cursor is None or row.id > query.cursor]
    page = rest[: query.limit]
    files = await call.site.store.article_files()
    now = call.site.now()
    return Articles(
        items=[article_view(row, [file for file in files if file.article == row.id], now) for row in page],
        next=page[-1].id if len(rest) > len(page) else None,
    )


def _asked_for(row: ArticleRow, query: ArticleQuery) -> bool:
    words = (query.q or "").casefold().split()
    texts = (f"{text['title']} {text['answer']} {' '.join(text.get('questions', ()))}" for text in row.texts.values())
    whole = f"{row.id} {row.label} {' '.join(texts)}".casefold() if words else ""
    return (
        query.label in (None, row.label)
        and (query.language is None or query.language in row.texts)
        and all(word in whole for word in words)
    )


@endpoints.post("/articles", "article.edit", "Write an article; 200 if it is the same call again", status=201)
async def post_article(call: Call, body: NewArticle) -> ArticleView:
    """Write an article. It may answer from the next message on, on every node."""
    id = body.id or call.new_id("a")
    known = await call.site.store.article(id)
    if known is not None and not known.removed:
        if call.derived("a") == id:
            call.status = 200
            return await _shown(call, id)
        raise Problem("conflict", f"There is an article {id!r} already; change it with PATCH.", reason="known")
    row = ArticleRow(
        id=id,
        label=body.label,
        texts={language: _text(text) for language, text in body.languages.items()},
        valid_from=_instant("valid_from", body.valid_from),
        valid_until=_instant("valid_until", body.valid_until),
        changed_at=call.site.now(),
        by=call.actor,
    )
    await _write(call, row, "article_added")
    return await _shown(call, id)


@endpoints.get("/articles/{id}", "article.see", "One article")
async def get_article(call: Call, id: str) -> ArticleView:
    """Answer it in all its languages."""
    return await _shown(call, id)


@endpoints.patch("/articles/{id}", "article.edit", "Change an article")
async def patch_article(call: Call, id: str, body: ArticleChange) -> ArticleView:
    """Change what is given. From then on its file, if it came from one, no longer counts."""
    row = await _row(call, id)
    texts = {**row.texts, **{language: text and _text(text) for language, text in (body.languages or {}).items()}}
    texts = {language: text for language, text in texts.items() if text is not None}
    if not texts:
        raise invalid("languages", "An article has at least one language; remove it with DELETE.")
    changed = msgspec.structs.replace(
        row,
        label=row.label if body.label is msgspec.UNSET else body.label,
        texts=texts,
        valid_from=row.valid_from if body.valid_from is msgspec.UNSET else _instant("valid_from", body.valid_from),
        valid_until=row.valid_until if body.valid_until is msgspec.UNSET else _instant("valid_until", body.valid_until),
        origin="staff",
        changed_at=call.site.now(),
        by=call.actor,
    )
    await _write(call, changed, "article_changed")
    return await _shown(call, id)


@endpoints.delete("/articles/{id}", "article.edit", "Remove an article")
async def delete_article(call: Call, id: str) -> None:
    """Remove it: nothing is answered by it any more. One that came from a file stays away though its file has it."""
    row = await _row(call, id)
    files = await call.site.store.article_files(id)
    gone = msgspec.structs.replace(row, removed=True, texts={}, origin="staff", by=call.actor)
    changes: list[Change] = [Remove(ArticleFileRow, file.id) for file in files]
    line = audit_line(call, "article_removed", id)
    await _submit(call, ChangeKnowledge(id, call.actor, removed=True), Put(gone), *changes, Put(line))


@endpoints.post(
    "/articles/{id}/files",
    "article.edit",
    "Add a file that goes with the answer; its bytes are the body",
    status=201,
    streams=True,
)
async def add_file(call: Call, id: str, query: ArticleFileQuery) -> ArticleFileView:
    """Keep a file of up to 10 MB; its bytes say what it is. An article has at most ten."""
    await _row(call, id)
    if len(await call.site.store.article_files(id)) >= FILES_MAX:
        raise Problem("conflict", f"Article {id!r} has {FILES_MAX} files; remove one first.", reason="too_many")
    content = await read_bytes(call.request, FILE_BYTES_MAX, "A file")
    try:
        name, content_type = _named(query.filename, content)
    except PermanentFailure as failure:
        raise invalid("", f"{query.filename!r} can't be taken: {failure}.") from failure
    row = ArticleFileRow(
        id=derived_id("k", id, query.language or "", name),
        article=id,
        language=query.language or "",
        filename=name,
        content_type=content_type,
        content=content,
        size=len(content),
    )
    await _submit(call, ChangeKnowledge(id, call.actor), Put(row), Put(audit_line(call, "article_changed", id)))
    return file_view(row)


@endpoints.delete("/articles/{id}/files/{file}", "article.edit", "Remove a file of an article")
async def remove_file(call: Call, id: str, file: str) -> None:
    """Remove a file: later answers go without it."""
    row = await call.site.store.article_file(file)
    if row is None or row.article != id:
        raise Problem("not_found", f"Article {id!r} has no file {file!r}.", reason="unknown_file")
    line = audit_line(call, "article_changed", id)
    await _submit(call, ChangeKnowledge(id, call.actor), Remove(ArticleFileRow, file), Put(line))


async def _row(call: Call, id: str) -> ArticleRow:
    row = await call.site.store.article(id)
    if row is None or row.removed:
        raise Problem("not_found", f"There is no article {id!r}.", reason="unknown_article")
    return row


async def _shown(call: Call, id: str) -> ArticleView:
    row = await _row(call, id)
    return article_view(row, list(await call.site.store.article_files(id)), call.site.now())


def require_answering(row: ArticleRow, path: str = "valid_until") -> None:
    """Raise the problem of an article that is never valid; `path`: where the caller wrote its end."""
    if row.valid_from is not None and row.valid_until is not None and row.valid_until <= row.valid_from:
        raise invalid(path, "It must be later than valid_from.")


async def _write(call: Call, row: ArticleRow, act: str) -> None:
    require_answering(row)
    await _submit(call, ChangeKnowledge(row.id, call.actor), Put(row), Put(audit_line(call, act, row.id)))


async def _submit(call: Call, command: ChangeKnowledge, *changes: Change) -> None:
    """Write it down, and answer by it from now on: other nodes hear of it by the log."""
    await call.submit(command, *changes)
    await call.site.knowledge.load()


def _named(filename: str, content: bytes) -> tuple[str, str]:
    name = plain_name(filename)
    return name, kind_of(name, content)


def _text(text: ArticleText) -> dict[str, Any]:
    return text_row(text.title, text.questions, text.answer)


def _instant(field: str, text: str | None) -> Instant | None:
    return None if text is None else instant_at(field, text)
