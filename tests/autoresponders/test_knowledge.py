"""Articles in files."""

from pathlib import Path

import pytest

import autoresponders
from autoresponders.knowledge import load_files
from autoresponders.retrieval import Index
from vocabulary.errors import PermanentFailure


def test_the_shipped_articles_are_the_same_in_five_languages_and_find_their_own_questions() -> None:
    files = load_files(Path(autoresponders.__file__).parent / "knowledge", ("en", "pl", "lt", "hu", "ru", "xx"))
    knowledge = {language: {each.id: each for each in file.articles} for language, file in files.items()}
    assert sorted(knowledge) == ["en", "hu", "lt", "pl", "ru"]
    ids = {language: sorted(articles) for language, articles in knowledge.items()}
    assert all(found == ids["en"] for found in ids.values())
    for articles in knowledge.values():
        index = Index(articles.values())
        asked = [(question, article.id) for article in articles.values() for question in article.questions]
        assert [index.search(question)[0].article for question, _ in asked] == [id for _, id in asked]


@pytest.mark.parametrize("text", ["articles = 1", "not toml", "[[articles]]\nid = 'x'"])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "en.toml").write_text(text)
    with pytest.raises(PermanentFailure, match=r"en\.toml"):
        load_files(tmp_path, ("en",))
