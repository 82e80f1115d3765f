"""Which articles are found: by words whatever their endings, by letters whatever the slips, and how sure that is."""

from importlib.resources import files
from pathlib import Path

import pytest

from autoresponders.article import Article
from autoresponders.knowledge import load_files
from autoresponders.retrieval import Index, gap
from classifiers.folding import folded

LANGUAGES = ("en", "pl", "lt", "hu", "ru")
FOLDER = Path(str(files("autoresponders"))) / "knowledge"
HOURS = Article("hours", "hours", "Opening hours", ("When are you open?", "open on sunday"), "From nine to five.")
PRICES = Article("prices", "prices", "Price list", ("How much are visits?",), "A visit is ten euros when booked.")


def test_an_article_is_found_by_its_own_question_before_all_others() -> None:
    first, second = Index([PRICES, HOURS], folded).search("When are you open?")
    assert (first.article, second.article) == ("hours", "prices")
    assert first.likeness == pytest.approx(1)
    assert first.coverage > 0.5


def test_endings_marks_and_slips_do_not_matter_much() -> None:
    index = Index([PRICES, HOURS], folded)
    for text in ("are you OPENED on sundays", "when are yuo opne", "ópen on súnday"):
        assert index.search(text)[0].article == "hours"


def test_what_shares_nothing_finds_nothing() -> None:
    assert Index([PRICES, HOURS], folded).search("zzz qqq") == []
    assert Index([], folded).search("When are you open?") == []
    assert Index([HOURS], folded).search("") == []


def test_a_word_in_an_answer_counts_less_than_in_a_question() -> None:
    in_answer = Article("a", "x", "First", ("one two",), "pelican")
    in_question = Article("b", "x", "Second", ("pelican",), "one two")
    found = {match.article: match.coverage for match in Index([in_answer, in_question], folded).search("pelican")}
    assert found["b"] > found["a"] > 0


def test_the_gap_is_how_far_ahead_one_is_of_the_best_other() -> None:
    found = Index([PRICES, HOURS], folded).search("When are you open?")
    assert gap(found, 0) == pytest.approx(found[0].score - found[1].score)
    assert gap(found, 1) == pytest.approx(-gap(found, 0))
    assert gap(found[:1], 0) == found[0].score


@pytest.mark.parametrize("language", LANGUAGES)
def test_kept_back_questions_of_the_starter_articles_find_them(language: str) -> None:
    file = load_files(FOLDER, (language,))[language]
    index = Index(file.articles, folded)
    pairs = [(text, article.id) for article in file.articles for text in article.kept_back]
    found = sum(index.search(text)[0].article == id for text, id in pairs)
    assert len(pairs) >= 50
    assert found / len(pairs) >= 0.8
