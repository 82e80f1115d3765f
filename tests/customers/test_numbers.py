"""Numbers, phones and addresses in a text, and answers to the question who somebody is."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customers.answers import details_in, is_answer, may_be_number, skips
from customers.contacts import addresses_in, phones_in
from customers.numbers import NumberKind, holds, numbers_answered, numbers_in, one_sign_off
from customers.traits import plain_code

CUSTOMER = NumberKind("customer", r"K-\d{6}")
ORDER = NumberKind("order", r"\d{10}", "luhn")


def test_numbers_are_found_by_the_sites_patterns_whatever_stands_around_them() -> None:
    text = "(k-123456), order: 4561237894. Not K-1234567, XK-123456, K-123456-7 or 4561237895."
    assert [(kind.name, number) for kind, number in numbers_in(text, [CUSTOMER, ORDER])] == [
        ("customer", "K123456"),
        ("order", "4561237894"),
    ]


@pytest.mark.parametrize(
    "text", ["K777777", "k 777777", "K–777777", "(k - 777777)", "К-777777", "мой номер к777777.", "a–K-777777"]
)
def test_what_people_write_for_the_dash_and_letters_of_a_number_is_the_same_number(text: str) -> None:
    assert [number for _, number in numbers_in(text, [CUSTOMER])] == ["K777777"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"K-\d{6}", "XK777777, K7777771, K–777777–1, 5K777777"),
        (r"K-\d{6}", "к 777777 рублям"),
        (r"K-\d{4}", "k 2024"),
        (r"A-\d{6}", "I have paid a 100000 of it"),
        (r"\d{3}-\d{3}", "100–200, 100 200, 100200"),
    ],
)
def test_amounts_years_and_longer_numbers_are_none_of_the_house(pattern: str, text: str) -> None:
    assert numbers_in(text, [NumberKind("customer", pattern)]) == []


@pytest.mark.parametrize("text", ["mój numer to 654321", "654 321", "654321.", "six five four three two one"])
def test_letters_that_begin_a_number_may_be_left_out_of_an_answer(text: str) -> None:
    assert numbers_answered(text, CUSTOMER, ["en"])[0] == "K654321"


def test_of_two_numbers_without_letters_none_is_guessed() -> None:
    assert "K654321" not in numbers_answered("654321 or 654322", CUSTOMER, ["en"])
    assert "K654321" not in numbers_answered("654321", NumberKind("customer", r"K-\d{6}|C-\d{6}"), ["en"])


@pytest.mark.parametrize(
    ("number", "check", "right"),
    [
        ("79927398713", "luhn", True),
        ("79927398710", "luhn", False),
        ("4006381333931", "ean", True),
        ("4006381333932", "ean", False),
        ("79444", "mod97", True),
        ("79445", "mod97", False),
        ("anything", None, True),
        ("", "luhn", False),
    ],
)
def test_check_digits(number: str, check: str | None, right: bool) -> None:
    assert holds(number, check) == right  # type: ignore[arg-type]  # the table's words


def test_an_answer_is_read_as_it_stands_and_as_it_is_spelled() -> None:
    assert numbers_answered("It is K-123456, I think", CUSTOMER, ["en"])[0] == "K123456"
    assert "K123456" in numbers_answered("kay one two three four five six", CUSTOMER, ["en"])
    assert "K123456" in numbers_answered("ka jeden dwa trzy cztery pięć sześć", CUSTOMER, ["pl"])
    assert numbers_answered("no idea", CUSTOMER, ["en"]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "k six five four three two one",
        "k sześć pięć cztery trzy dwa jeden",
        "k sześćdziesiąt pięć czterdzieści trzy dwadzieścia jeden",
        "k šeši penki keturi trys du vienas",
        "k šeši penkios keturi trys dvi viena",
        "k hat öt négy három kettő egy",
        "k hatvanöt negyvenhárom huszonegy",
        "к шесть пять четыре три два один",
        "ка шестьдесят пять сорок три двадцать один",
    ],
)
@pytest.mark.parametrize("first", ["en", "ru"])
def test_a_number_may_be_said_in_any_language_of_the_site(text: str, first: str) -> None:
    languages = [first, "pl", "lt", "hu", "ru", "en"]
    assert numbers_answered(text, CUSTOMER, languages)[0] == "K654321"


@given(st.text("K0123456789", min_size=2, max_size=10))
def test_what_is_one_sign_off_has_as_many_signs_and_differs_a_little(number: str) -> None:
    near = set(one_sign_off(number))
    assert number not in near
    for other in near:
        differing = [place for place, (one, two) in enumerate(zip(number, other, strict=True)) if one != two]
        assert len(differing) <= 2


def test_phones_and_addresses_are_found_once_each() -> None:
    text = "601 234 567, +48 601-234-567 or Ola.Nowak+shop@Example.ORG; OLA.nowak+shop@example.org."
    assert phones_in(text, "PL") == ["+48601234567"]
    assert addresses_in(text) == ["ola.nowak+shop@example.org"]
    assert phones_in("601 234 567", "") == []


@pytest.mark.parametrize(
    "text", ["skip", "No.", "I don't have one", "nie mam", "Neturiu!", "nincs", "нет", "пропустить"]
)
def test_who_will_not_say_is_understood(text: str) -> None:
    assert skips(text)


@pytest.mark.parametrize(
    "text", ["", "K-123456", "no, it is K-123456", "not long ago I have ordered a very big parcel"]
)
def test_who_says_something_else_is_not_taken_for_that(text: str) -> None:
    assert not skips(text)


def test_only_what_is_short_or_has_a_digit_in_it_is_an_answer() -> None:
    assert is_answer("K-123456")
    assert is_answer("Ola Nowak")
    assert not is_answer("my parcel has not come and I would like to know where")
    assert is_answer("it should be kay one two three four five six, I believe")
    assert not is_answer("1" * 300)


@pytest.mark.parametrize(
    "text",
    [
        "K-123456",
        "numer 7",
        "kay one two three four five six",
        "kay twelve",
        "sześćset jedenaście dwa",
        "it should be kay one two three four five six, I believe",
    ],
)
def test_a_text_that_says_a_number_may_be_one(text: str) -> None:
    assert may_be_number(text, ["en", "pl"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "czy ktoś tam jest?",
        "to pilne, ekspres przecieka",
        "jeden moment",
        "one moment, please",
        "is anybody there",
        "I have to go to work",
        "egy kérdés",
        "Ola Nowak",
        "1" * 300,
    ],
)
def test_a_text_without_any_sign_of_a_number_is_none(text: str) -> None:
    assert not may_be_number(text, ["en", "pl", "lt", "hu", "ru"])


@given(st.text(max_size=400))
@example("\u2776 x\u00b2")  # digits, but no numbers
def test_any_text_is_read_without_fault(text: str) -> None:
    plain_code(text)
    numbers_in(text, [CUSTOMER, ORDER])
    numbers_answered(text, CUSTOMER, ["en"])
    phones_in(text, "PL")
    addresses_in(text)
    details_in(text, ["en", "pl"])
    may_be_number(text, ["en", "hu"])
