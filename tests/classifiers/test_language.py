"""The language of a text, however short and however typed."""

import pytest

from classifiers.examples import LANGUAGES, shipped_rows
from classifiers.folding import folded
from classifiers.language import language_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_messages_are_recognised_with_and_without_diacritics(language: str) -> None:
    # Russian in Latin letters is among the examples for its topic; the alphabet tells another language.
    texts = [
        text
        for text, label in shipped_rows([language])
        if label != "oos" and len(text.split()) >= 4 and not (language == "ru" and text.isascii())
    ]
    for written in (texts, [folded(text) for text in texts], [text.upper() for text in texts]):
        right = sum(language_of(text) == language for text in written)
        assert right / len(written) >= 0.97


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I want", "en"),
        ("my bill", "en"),
        ("dzien dobry", "pl"),
        ("nie dziala", "pl"),
        ("laba diena", "lt"),
        ("kur siunta", "lt"),
        ("jó napot", "hu"),
        ("nincs net", "hu"),
        ("добрый день", "ru"),
        ("счет", "ru"),
    ],
)
def test_two_words_are_enough(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "  ", "12345", "?!", "😀", "https://example.org/path", "ann@example.org"])
def test_no_letters_no_language(text: str) -> None:
    assert language_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Guten Tag, wo ist mein Paket geblieben? Ich warte seit drei Tagen darauf.",
        "Bonjour, je voudrais savoir quand ma commande sera livrée, merci beaucoup.",
        "Добрий день, чому я досі не отримав свою посилку? Чекаю вже тиждень.",
    ],
)
def test_another_language_is_none_of_ours(text: str) -> None:
    assert language_of(text) is None


def test_the_languages_of_a_site_bound_the_answer() -> None:
    assert language_of("Guten Tag, wo ist mein Paket?", languages=("de", "en")) == "de"
    assert language_of("faktura", languages=("en", "pl")) == "pl"


def test_addresses_and_links_tell_nothing() -> None:
    assert (
        language_of("kur mano siunta https://example.org/where/is/my/parcel/please ann.the.customer@example.org")
        == "lt"
    )
