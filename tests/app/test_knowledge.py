"""Articles of files in the records: they follow their files until staff change them."""

from pathlib import Path

import msgspec
import pytest

from app.knowledge import articles_of
from app.knowledge_seeds import seed_articles
from storage.sqlite import SqliteStore
from vocabulary.errors import PermanentFailure
from vocabulary.records import Put, Transaction

FIRST = """
unanswered = ["what is the meaning of life"]

[[articles]]
id = "hours"
label = "hours"
title = "Opening hours"
questions = ["When are you open?"]
kept_back = ["until when can I come today"]
valid_until = 2030-01-01T00:00:00Z
answer = "From nine to five."
"""


async def seeded(store: SqliteStore, folder: Path, text: str) -> None:
    (folder / "en.toml").write_text(text, "utf-8")
    await seed_articles(folder, ("en", "pl"), store, 5)


async def test_a_file_seeds_articles_and_kept_back_questions_once(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    await seeded(store, tmp_path, FIRST)
    (row,) = await store.articles()
    assert (row.origin, row.changed_at, row.valid_until) == ("file", 5, 1_893_456_000_000)
    assert articles_of([row])["en"]["hours"].answer == "From nine to five."
    pairs = {(each.text, each.article) for each in await store.judgements()}
    assert pairs == {("until when can I come today", "hours"), ("what is the meaning of life", "")}
    await seed_articles(tmp_path, ("en", "pl"), store, 9)
    assert (await store.articles())[0].changed_at == 5
    await store.close()


async def test_a_changed_file_changes_its_articles_but_not_those_that_staff_have_changed(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    await seeded(store, tmp_path, FIRST)
    await seeded(store, tmp_path, FIRST.replace("nine to five", "eight to four"))
    (row,) = await store.articles()
    assert row.texts["en"]["answer"] == "From eight to four."
    mine = msgspec.structs.replace(row, origin="staff", texts={"en": {"title": "T", "questions": [], "answer": "Mine"}})
    await store.commit(Transaction(changes=(Put(mine),)))
    await seeded(store, tmp_path, FIRST)
    assert await store.articles() == [mine]
    await store.close()


async def test_an_article_that_its_file_no_longer_has_goes_with_its_questions(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    await seeded(store, tmp_path, FIRST)
    await seeded(store, tmp_path, "")
    assert (await store.articles(), await store.judgements()) == ([], [])
    await store.close()


async def test_a_slip_in_a_file_is_told_with_the_file(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "centrala.db")
    with pytest.raises(PermanentFailure, match=r"en\.toml.*label"):
        await seeded(store, tmp_path, '[[articles]]\nid = "hours"\n')
    await store.close()
