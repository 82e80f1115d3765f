"""What people say, spell and mistype, in five languages."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customers.dates import birth_dates
from customers.folding import folded
from customers.likeness import date_likeness, distance, likeness, name_likeness, postcode_likeness
from customers.matching import Said, compared, likely_postcodes
from customers.spelling import spelled
from vocabulary.records import CustomerRow


@pytest.mark.parametrize(
    ("text", "language", "letters"),
    [
        ("double u one alpha", "en", "w1a"),
        ("double u 1 2", "en", "w12"),
        ("B for Bravo, see, double nine", "en", "bc99"),
        ("t for Tommy Q for Queen 6 all for Raja 4 S 4 Freddy alpha lima", "en", "tq6r4fal"),
        ("whiskey twenty 0 alpha bravo", "en", "w200ab"),
        ("a jak Adam, be jak Barbara, pięć", "pl", "ab5"),
        ("ka kaip Kaunas, trys", "lt", "k3"),
        ("dupla bé, hét", "hu", "bb7"),
        ("М как Михаил, пять", "ru", "m5"),
        ("vienas, keturios, nulis", "lt", "140"),
        ("четыре одна", "ru", "41"),
        ("osiemdziesiąt jedna", "pl", "81"),
        ("nyolcvankettő", "hu", "82"),
        # Words that only begin as numbers do.
        ("Семён, столик", "ru", "ss"),
    ],
)
def test_letters_are_spelled_in_many_ways(text: str, language: str, letters: str) -> None:
    assert spelled(text, language) == letters


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the third of may eighty two", "en"),
        ("May 3rd, 1982", "en"),
        ("3rd of the 5th 1980 2", "en"),
        ("03051982", "en"),
        ("0 305 1982", "en"),
        ("three five nineteen eighty-two", "en"),
        ("3/5/82", "en"),
        ("1982-05-03", "en"),
        ("trzeci maja osiemdziesiąt dwa", "pl"),
        ("3 maja 1982 r.", "pl"),
        ("trzeciego maja tysiąc dziewięćset osiemdziesiątego drugiego roku", "pl"),
        ("1982 m. gegužės 3 d.", "lt"),
        ("gegužės trečia, aštuoniasdešimt antri", "lt"),
        ("1982. május 3.", "hu"),
        ("ezerkilencszáz nyolcvankettő május harmadika", "hu"),
        ("3 мая 1982 года", "ru"),
        ("третье мая восемьдесят второго", "ru"),
        ("третьего мая тысяча девятьсот восемьдесят второго года", "ru"),
    ],
)
def test_dates_of_birth_are_said_in_many_ways(text: str, language: str) -> None:
    assert "1982-05-03" in {each.iso for each in birth_dates(text, [language])}
    assert date_likeness([text], "1982-05-03", [language]) == 1


@pytest.mark.parametrize("text", ["", "good morning", "42", "99 99 9999", "1" * 5_000])
def test_what_says_no_date_gives_none(text: str) -> None:
    assert not [each for each in birth_dates(text, ["en", "pl", "lt", "hu", "ru"]) if each.is_whole]


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("Katy Marshal", "Katie Marshall"),
        ("Jeffrey O Neill", "Geoffrey O'Neill"),
        ("Ka t h Ry n m AR TI n", "Kathryn Martin"),
        ("Marshall Katie", "Katie Marshall"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Simkunas Jonas", "Jonas Šimkūnas"),
        ("Иван Петров", "Ivan Petrov"),
        ("Nagy Agnes", "Nagy Ágnes"),
    ],
)
def test_names_are_recognised_as_heard_spelled_and_written_elsewhere(heard: str, name: str) -> None:
    assert name_likeness([heard], name) >= 0.8


def test_another_name_is_another_and_a_part_alone_is_not_the_whole() -> None:
    assert name_likeness(["Max Savage"], "Teresa Smith") < 0.6
    assert name_likeness(["Andrea"], "Andrea Jones") == 0.75
    assert name_likeness([], "Andrea Jones") == name_likeness(["..."], "Andrea Jones") == 0


def test_signs_that_sound_alike_differ_less() -> None:
    assert postcode_likeness(["b 16 5 x x", "the 1 6 5 x x"], "B16 5XX") == 1
    assert postcode_likeness(["p 16 5 x x"], "B16 5XX") > postcode_likeness(["w 16 5 x x"], "B16 5XX") > 0.5


@pytest.mark.parametrize(
    ("text", "language"), [("zero zero dziewięć pięć zero", "pl"), ("nulis nulis devyni penki nulis", "lt")]
)
def test_postcodes_are_said_in_any_of_the_languages(text: str, language: str) -> None:
    assert postcode_likeness([text], "00-950", ["en", language]) == 1
    assert "00950" in likely_postcodes(Said(postcodes=(text,), languages=("en", language)))
    (evidence,) = compared(
        Said(postcodes=(text,), languages=("en", language)), CustomerRow(id="c", created_at=0, postcode="00950")
    )
    assert evidence.reason == "postcode_same"


WORDS = st.text("ab1c", max_size=8)


@given(WORDS, WORDS)
def test_distance_is_none_only_between_the_same_and_the_same_both_ways(one: str, other: str) -> None:
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert 0 <= likeness(one, other) <= 1


@given(st.text(max_size=300), st.sampled_from(["en", "pl", "lt", "hu", "ru"]))
@example("\u2776 x\u00b2", "en")  # digits, but no numbers
def test_any_text_is_read_without_fault(text: str, language: str) -> None:
    folded(text)
    spelled(text, language)
    assert all(each.month for each in birth_dates(text, [language]))
    date_likeness([text], "1982-05-03", [language])
    name_likeness([text], "Jan Kowalski", [language])
