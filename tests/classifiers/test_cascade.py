"""Model first, then rules, then "unknown"; whatever happens, an answer."""

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from classifiers.cascade import Classification, classify
from classifiers.model import LABEL, Model
from classifiers.rules import DEFAULT_RULES, KeywordRule, labels_by_rules


def test_the_model_answers_first(shipped: Model) -> None:
    said = classify("Parcel", "Where is my parcel? The courier never came.", model=shipped)
    assert (said.labels[0][0], said.language, said.method) == ("delivery", "en", "model")
    assert len(said.labels) == 5
    assert "delivery" in said.reason


@pytest.mark.parametrize(
    ("text", "label", "language"),
    [
        ("I have a question about my last invoice", "invoice", "en"),
        ("Chciałbym wymienić to na gwarancji, proszę", "return", "pl"),
        ("prosze o duplikat faktury", "invoice", "pl"),
        ("Kur yra mano siunta, kurjeris neatvyko", "delivery", "lt"),
        ("negaliu prisijungti, pamirsau slaptazodi", "account", "lt"),
        ("Szeretném felmondani a szolgáltatást", "cancellation", "hu"),
        ("nem kaptam meg a szamlat", "invoice", "hu"),
        ("Почему такой большой счёт за этот месяц", "invoice", "ru"),
        ("где моя посылка, курьер не приехал", "delivery", "ru"),
        ("How do I send you my meter reading", "meter", "en"),
        ("przeprowadzam się, jak zrobić cesję", "moving", "pl"),
        ("kada atvyks meistras, noriu perkelti vizitą", "appointment", "lt"),
        ("hogyan iratkozhatok le, leiratkozás a hírlevélről", "privacy", "hu"),
        ("хочу добавить лампу в заказ", "order_change", "ru"),
    ],
)
def test_rules_answer_in_each_language_where_no_model_is(text: str, label: str, language: str) -> None:
    said = classify("", text, model=None)
    assert (said.labels[0][0], said.language, said.method) == (label, language, "rules")


def test_rules_answer_where_the_model_is_not_sure(shipped: Model) -> None:
    rules = [KeywordRule("gardening", ("rhododendron",))]
    said = classify("", "rhododendron qqq", model=shipped, rules=rules)
    assert (said.labels, said.method) == ((("gardening", 0.6),), "rules")
    assert "best guess" in said.reason


def test_nothing_known_is_unknown() -> None:
    said = classify("", "zzz", model=None)
    assert (said.labels, said.method) == ((("unknown", 0.0),), "none")


def test_more_words_win_and_a_tie_is_less_sure() -> None:
    rules = [KeywordRule("a", ("apple",)), KeywordRule("b", ("bread", "butter"))]
    assert labels_by_rules("apples, bread and butter", rules) == (("b", 0.6), ("a", 0.2))
    assert labels_by_rules("an apple with bread", rules) == (("a", 0.4), ("b", 0.2))


def test_short_stems_are_whole_words() -> None:
    rules = [KeywordRule("secret", ("pin",))]
    assert labels_by_rules("my PIN is wrong", rules)
    assert not labels_by_rules("a pine tree", rules)


def test_every_shipped_label_has_a_rule(shipped: Model) -> None:
    assert {rule.label for rule in DEFAULT_RULES} == set(shipped.labels)


def test_a_broken_model_gives_unknown_with_the_reason(shipped: Model) -> None:
    head = dataclasses.replace(shipped.heads[LABEL], weights=np.zeros((1, 1), np.float32))
    broken = dataclasses.replace(shipped, heads={LABEL: head})
    said = classify("", "where is my parcel", model=broken)
    assert (said.labels, said.method, said.language) == ((("unknown", 0.0),), "none", "en")
    assert said.reason.startswith("classification failed: IndexError")


def test_broken_rules_give_unknown_with_the_reason() -> None:
    said = classify("", "parcel", model=None, rules=cast(Sequence[KeywordRule], [None]))
    assert said.labels == (("unknown", 0.0),)
    assert said.reason.startswith("classification failed: AttributeError")


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "😀" * 10, "a" * 2_000_000, "\n" * 100_000, "ﷺ" * 5_000])
def test_any_text_gets_an_answer(shipped: Model, text: str) -> None:
    said = classify(text, text, model=shipped)
    assert isinstance(said, Classification)
    assert said.labels
    assert not said.reason.startswith("classification failed"), said.reason


def test_the_language_is_one_of_the_site_s() -> None:
    said = [
        classify("", text, model=None, languages=("de", "pl")).language for text in ("Wo ist mein Paket?", "my bill")
    ]
    assert said == ["de", None]


def test_russian_in_latin_letters_is_read_on_a_site_without_russian_too(shipped: Model) -> None:
    text = "zdravstvujte, gde moj zakaz"
    said = classify("", text, model=shipped, languages=("en",))
    assert (said.language, said.labels[0][0]) == (None, classify("", text, model=shipped).labels[0][0])


@pytest.mark.parametrize("text", ["12", "1234567890", "12:30", "?! 48 213"])
def test_a_text_without_a_letter_is_unknown(shipped: Model, text: str) -> None:
    said = classify("", text, model=shipped)
    assert (said.labels, said.method, said.out_of_scope, said.heads) == ((("unknown", 0.0),), "none", True, {})
    assert said.reason.startswith("there is no letter in it")
    assert classify("", f"meter reading {text}", model=shipped).labels[0][0] == "meter"


def test_a_number_may_be_known_to_keywords_of_the_site(shipped: Model) -> None:
    said = classify("", "48213", model=shipped, rules=[KeywordRule("number", ("0",))])
    assert (said.labels, said.method) == ((("number", 0.6),), "rules")


@pytest.mark.parametrize(
    "text",
    [
        "¿Dónde está mi paquete?",
        "Ich habe mein Passwort vergessen",
        "Guten Tag, wo ist mein Paket geblieben? Ich warte seit drei Tagen darauf.",
        "Je voudrais savoir quand ma commande sera livrée",
        "Od včera mi nefunguje televize ani telefon",
    ],
)
def test_a_model_has_no_say_of_a_language_that_it_has_not_learnt(shipped: Model, text: str) -> None:
    said = classify("", text, model=shipped)
    assert (said.labels, said.language, said.out_of_scope) == ((("unknown", 0.0),), None, True)
    assert said.reason.startswith("it is in a language that the model has not learnt")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Dzień dobry, gdzie jest moja paczka?", "delivery"),
        ("Pamiršau slaptažodį ir negaliu prisijungti", "account"),
        ("Szeretném felmondani a szerződésemet", "cancellation"),
        ("Где моя посылка, курьер не приехал", "delivery"),
    ],
)
def test_a_model_that_has_learnt_a_language_reads_it_where_the_site_lacks_it(
    shipped: Model, text: str, label: str
) -> None:
    said = classify("", text, model=shipped, languages=("en", "de"))
    assert (said.language, said.labels[0][0], said.method) == (None, label, "model")


def test_only_the_first_4000_characters_count(shipped: Model) -> None:
    parcel = "Where is my parcel? The courier never came. " * 91
    assert classify("", parcel[:4_000] + "I forgot my password. " * 1_000, model=shipped) == classify(
        "", parcel[:4_000], model=shipped
    )
