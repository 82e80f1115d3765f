"""Articles that are uploaded as a file: what they would change is told before anything is written."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from autoresponders.article import text_row
from autoresponders.importing import ArticleFile, Written, read_articles
from autoresponders.knowledge import pair_row
from router.commands import ChangeKnowledge
from vocabulary.records import ArticleRow, Change, Put, PutNew
from web.api.articles import require_answering
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints, read_bytes
from web.knowledge_views import ArticleFault, ArticleImport, ArticleImportQuery, ImportedArticle
from web.problems import Fault, Problem

endpoints = Endpoints("knowledge")
IMPORT_BYTES_MAX = 5_000_000
SOURCE = "imported"
"""Of the questions that judge; as those that `POST /autoresponses/evaluate` keeps."""


@endpoints.post(
    "/articles/import", "article.edit", "Write the articles of a file, or tell what they would change", streams=True
)
async def import_articles(call: Call, query: ArticleImportQuery) -> ArticleImport:
    """Take a file of articles as TOML, CSV or Markdown; its bytes are the body.

    An article's other languages, and what the file leaves out, stay. With a fault anywhere nothing is written.
    """
    content = await read_bytes(call.request, IMPORT_BYTES_MAX, "A file")
    read = await asyncio.to_thread(read_articles, query.filename, content, query.language)
    known = {row.id: row for row in await call.site.store.articles() if not row.removed}
    rows = [] if read.faults else _rows(read, known)
    if query.write:
        if read.faults:
            told = [Fault(f"line {fault.line}", f"{fault.message}.") for fault in read.faults]
            first = f"{query.filename}, line {read.faults[0].line}: {read.faults[0].message}."
            raise Problem("invalid", first, errors=told, reason="faulty_file")
        await _write(call, read, rows, known)
    return ArticleImport(
        articles=[_imported(each, known.get(each.id)) for each in read.articles],
        kept_back=len(read.unanswered) + sum(len(each.kept_back) for each in read.articles),
        faults=[
            ArticleFault(line=fault.line, code=fault.code, value=fault.value, message=fault.message)
            for fault in read.faults
        ],
        written=query.write,
    )


async def _write(call: Call, read: ArticleFile, rows: Sequence[ArticleRow], known: Mapping[str, ArticleRow]) -> None:
    """Write what is new or other, an article after another: written twice it is the same."""
    now = call.site.now()
    for row in rows:
        act = "article_changed" if row.id in known else "article_added"
        changed = msgspec.structs.replace(row, changed_at=now, by=call.actor)
        await call.submit(ChangeKnowledge(row.id, call.actor), Put(changed), Put(audit_line(call, act, row.id)))
    pairs = [
        *(
            pair_row(SOURCE, each.language, text, each.id, now, call.actor)
            for each in read.articles
            for text in each.kept_back
        ),
        *(pair_row(SOURCE, language, text, "", now, call.actor) for language, text in read.unanswered),
    ]
    changes: list[Change] = [PutNew(pair) for pair in pairs]
    if changes:
        await call.site.write(*changes)
    await call.site.knowledge.load()
    await call.site.knowledge.learn()


def _rows(read: ArticleFile, known: Mapping[str, ArticleRow]) -> list[ArticleRow]:
    """Return the articles that become others.

    Raises:
        Problem: one would never answer.
    """
    wanted: dict[str, list[Written]] = {}
    for each in read.articles:
        wanted.setdefault(each.id, []).append(each)
    rows = [
        _with(known.get(id), parts)
        for id, parts in wanted.items()
        if any(_changes(each, known.get(id)) for each in parts)
    ]
    for row in rows:
        require_answering(row, f"{row.id}: valid_until")
    return rows


def _with(before: ArticleRow | None, parts: Sequence[Written]) -> ArticleRow:
    """Return the article with the languages that a file has of it; what the file leaves out stays."""
    first = parts[0]
    return ArticleRow(
        id=first.id,
        label=first.label,
        texts={**(before.texts if before else {}), **{each.language: _text(each, before) for each in parts}},
        valid_from=first.valid_from if first.valid_from is not None or before is None else before.valid_from,
        valid_until=first.valid_until if first.valid_until is not None or before is None else before.valid_until,
        origin="staff",
    )


def _text(one: Written, before: ArticleRow | None) -> dict[str, Any]:
    kept = before.texts.get(one.language, {}) if before is not None else {}
    return text_row(one.title, one.questions or kept.get("questions", ()), one.answer)


def _imported(one: Written, before: ArticleRow | None) -> ImportedArticle:
    fields = _changes(one, before)
    new = before is None or one.language not in before.texts
    return ImportedArticle(
        line=one.line,
        id=one.id,
        language=one.language,
        label=one.label,
        title=one.title,
        questions=len(one.questions),
        change="new" if new else "changed" if fields else "same",
        fields=[] if new else fields,
    )


def _changes(one: Written, before: ArticleRow | None) -> list[str]:
    """Return the fields in which an article would become another; all that it has where it is new."""
    text = before.texts.get(one.language, {}) if before is not None else {}
    was = {
        "label": before and before.label,
        "title": text.get("title"),
        "answer": text.get("answer"),
        "questions": list(text.get("questions", ())) if text else None,
        "valid_from": before and before.valid_from,
        "valid_until": before and before.valid_until,
    }
    told = _text(one, before)
    now = {**told, "label": one.label, "valid_from": one.valid_from, "valid_until": one.valid_until}
    return [name for name, value in was.items() if now[name] not in (None, value)]
