"""The language of a text, however short and however typed."""

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifiers.examples import LANGUAGES, shipped_rows
from classifiers.folding import folded
from classifiers.language import language_of
from vocabulary.languages import RECOGNISED


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


@pytest.mark.parametrize(
    "text",
    [
        "Where is my parcel?",
        "my bill",
        "Kur mano siunta, laukiu jau savaitę?",
        "где моя посылка",
        "zdravstvujte, gde moj zakaz",
        "¿Dónde está mi paquete?",
    ],
)
def test_a_language_that_is_not_the_site_s_is_none_though_we_know_it(text: str) -> None:
    assert language_of(text, languages=("de", "pl")) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Rechnung", "de"),
        ("mein Paket", "de"),
        ("Wo bleibt meine Bestellung?", "de"),
        ("faktura", "pl"),
        ("nie dziala", "pl"),
        ("gdzie moja paczka", "pl"),
    ],
)
def test_few_words_are_told_apart_in_a_language_of_which_no_spelling_was_counted(text: str, language: str) -> None:
    assert language_of(text, languages=("de", "pl")) == language


@pytest.mark.parametrize("languages", [("en", "pl"), ("en",), ("pl", "lt", "hu")])
def test_a_site_of_some_of_the_five_reads_two_words_as_one_of_all_does(languages: tuple[str, ...]) -> None:
    words = {"en": "my bill", "pl": "nie dziala", "lt": "laba diena", "hu": "nincs net", "ru": "добрый день"}
    for language, text in words.items():
        assert language_of(text, languages=languages) == (language if language in languages else None)


def test_the_usual_language_counts_only_among_the_site_s() -> None:
    assert language_of("router", languages=("en", "de"), usual="pl") == "en"


def test_croatian_is_not_taken_for_russian_in_latin_letters_where_the_site_speaks_it() -> None:
    assert language_of("gdje je moj paket, čekam ga već tjedan dana", languages=("hr", "ru")) == "hr"


def test_czech_without_diacritics_is_not_taken_for_russian_where_the_site_speaks_it() -> None:
    assert language_of("Neplacte, pane, zkusime to nastavit hovezim.", languages=("cs", "pl")) == "cs"
    assert language_of("zdravstvujte, gde moj zakaz", languages=("en", "pl")) is None


def test_the_languages_that_are_recognised_are_those_of_the_language_model() -> None:
    known = LanguageIdentifier.from_model_file(MODEL_FILE).rank("hello")
    assert frozenset(code for code, _ in known if len(code) == 2) == RECOGNISED
    assert language_of("Good morning, where is my parcel?", languages=("en", "xx")) == "en"


def test_addresses_and_links_tell_nothing() -> None:
    assert (
        language_of("kur mano siunta https://example.org/where/is/my/parcel/please ann.the.customer@example.org")
        == "lt"
    )


@pytest.mark.parametrize(
    "text",
    ["zdravstvujte, gde moj zakaz", "gde moy zakaz", "skolko stoit dostavka", "Kogda priedet master?", "spasibo"],
)
def test_russian_in_latin_letters_is_russian(text: str) -> None:
    assert language_of(text) == "ru"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Dzień dobry, gdzie jest moja paczka? Tracking says delivered.", "pl"),
        ("Laba diena, kur mano siunta, laukiu jau savaitę? Order number 48213, delivery by courier.", "lt"),
        ("Jó napot, hol van a csomagom? The tracking page is empty.", "hu"),
        ("Здравствуйте, где моя посылка? Tracking пишет delivered.", "ru"),
    ],
)
def test_of_two_languages_the_main_one_counts(text: str, language: str) -> None:
    assert language_of(text) == language


def test_what_the_customer_usually_writes_decides_where_a_word_leaves_a_doubt() -> None:
    assert language_of("router", usual="en") == "en"
    assert language_of("router", usual="pl") == "pl"
    assert language_of("Where is my parcel?", usual="pl") == "en"
    assert language_of("laba diena", usual="pl") == "lt"


@pytest.mark.parametrize(
    "text",
    [
        "Hola", "gracias", "Danke", "Rechnung falsch", "Wo ist mein Paket?", "Merci", "ne marche pas", "Ciao",
        "bedankt", "nefunguje internet", "Де моя посилка?", "Дякую", "Добрий день", "Labdien", "kiitos", "multumesc",
        "Gdje je moj paket", "hvala", "merhaba", "ayuda por favor", "obrigado", "Здравей",
    ],
)  # fmt: skip
def test_everyday_words_of_another_language_are_none_of_ours(text: str) -> None:
    assert language_of(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hej", "pl"),
        ("para butów", "pl"),
        ("telephone", "en"),
        ("перед праздником", "ru"),
        ("google переводчик", "ru"),
        ("no internet", "en"),
    ],
)
def test_words_that_others_have_too_are_ours(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("further", ["de", "es", "fr", "uk", "cs"])
def test_everyday_words_are_the_site_s_where_it_speaks_that_language(further: str) -> None:
    said = {"de": "hallo", "es": "hola", "fr": "merci", "uk": "де моя посилка", "cs": "děkuji"}[further]
    for other in ("en", "pl", "ru"):
        assert language_of(said, languages=(further, other)) == further


def test_hungarian_that_lost_its_letters_in_a_western_alphabet_is_hungarian() -> None:
    assert language_of("elõször") == "hu"


@pytest.mark.parametrize("word", ["příspěvek", "straße", "aktivitātes", "Українська", "größer"])
def test_letters_that_we_don_t_have_make_a_single_word_another_language(word: str) -> None:
    assert language_of(word) is None
