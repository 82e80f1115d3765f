"""Knowledge articles, and which of them may answer a question."""

from pathlib import Path

import pytest

import autoresponders
from autoresponders.knowledge import Article, candidates, load_knowledge
from queues.interaction import Label
from router.commands import Candidate
from vocabulary.errors import PermanentFailure

HOURS = Article("opening-hours", "hours", "Opening hours", ("When are you open?", "What are your hours?"), "9 to 5.")
RETURN = Article("return", "return", "Returns", ("How do I return a phone?",), "By post.")
KNOWN = {"en": {each.id: each for each in (HOURS, RETURN)}}
SURE = (Label("hours", 0.9), Label("return", 0.1))


def test_the_question_of_an_article_finds_it_with_the_confidence_of_its_label() -> None:
    found = candidates("When are you open?", "en", (Label("hours", 0.9),), KNOWN)
    assert found == (Candidate("opening-hours", 0.9),)


def test_case_and_spaces_do_not_matter() -> None:
    assert candidates("  WHEN are  you OPEN?\n", "en", (Label("hours", 1.0),), KNOWN)[0].probability == 1.0


def test_the_likeliest_article_comes_first() -> None:
    found = candidates("are you open today?", "en", SURE, KNOWN)
    assert [each.article for each in found] == ["opening-hours", "return"]
    assert found[0].probability > found[1].probability


def test_an_article_counts_only_if_its_label_does() -> None:
    assert candidates("When are you open?", "en", (Label("return", 0.9),), KNOWN)[0].article == "return"
    assert candidates("When are you open?", "en", (), KNOWN) == ()


@pytest.mark.parametrize("text", ["", "   ", "open " * 61])
def test_an_empty_or_long_message_is_no_simple_question(text: str) -> None:
    assert candidates(text, "en", SURE, KNOWN) == ()


@pytest.mark.parametrize("language", [None, "pl"])
def test_without_articles_in_the_language_there_are_none(language: str | None) -> None:
    assert candidates("When are you open?", language, SURE, KNOWN) == ()


def test_at_most_three_are_given() -> None:
    many = {"en": {f"a{n}": Article(f"a{n}", "hours", "Opening hours", (), "") for n in range(5)}}
    assert [each.article for each in candidates("hours", "en", SURE, many)] == ["a0", "a1", "a2"]


def test_the_shipped_articles_find_their_own_questions() -> None:
    knowledge = load_knowledge(Path(autoresponders.__file__).parent / "knowledge", ("en", "pl", "lt", "hu", "ru", "xx"))
    assert sorted(knowledge) == ["en", "hu", "lt", "pl", "ru"]
    ids = {language: sorted(articles) for language, articles in knowledge.items()}
    assert all(found == ids["en"] for found in ids.values())
    for language, articles in knowledge.items():
        for article in articles.values():
            for question in article.questions:
                (first, *_) = candidates(question, language, (Label(article.label, 0.8),), knowledge)
                assert first.probability == 0.8


@pytest.mark.parametrize("text", ["articles = 1", "not toml", "[[articles]]\nid = 'x'"])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "en.toml").write_text(text)
    with pytest.raises(PermanentFailure, match=r"en\.toml"):
        load_knowledge(tmp_path, ("en",))
