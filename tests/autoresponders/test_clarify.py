"""What short messages say to the bot, in five languages; anything else is for a person."""

import pytest

from autoresponders.clarify import PERSON, choice_of, is_thanks
from classifiers.folding import folded

TITLES = ("Opening hours and phone line", "Copy of an invoice", "Nyitvatartás")


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("1", 0), (" 2. ", 1), ("(3)", 2), ("Number 2", 1), ("nr 1", 0), ("номер 3", 2), ("4", PERSON), ("5", None),
        ("0", None), ("copy of an invoice", 1), ("Invoice", 1), ("nyitvatartas", 2), ("a person please", PERSON),
        ("Chcę rozmawiać z człowiekiem", PERSON), ("noriu kalbėti su žmogumi", PERSON), ("ügyintézővel", PERSON),
        ("позовите оператора", None), ("оператор", PERSON), ("", None), ("my invoice is wrong by 20 euros", None),
        ("1 but also something else", None), ("2 invoices are missing", None),
    ],
)  # fmt: skip
def test_a_choice_is_understood_or_left_to_a_person(text: str, picked: int | str | None) -> None:
    assert choice_of(text, TITLES, folded) == picked


@pytest.mark.parametrize(
    "text",
    ["Thanks!", "thank you very much", "Thanks, that helped", "It worked :)", "Dziękuję, to pomogło", "dzięki, super!",
     "Ačiū, tai padėjo", "Labai ačiū", "Köszönöm, ez segített", "Köszi szépen",
     "Спасибо, это помогло", "большое спасибо"],
)  # fmt: skip
def test_thanks_are_thanks(text: str) -> None:
    assert is_thanks(text, folded)


@pytest.mark.parametrize(
    "text",
    ["Thanks, but when on Sunday?", "thanks for nothing", "It did not help", "ok", "", "Nie pomogło", "nepadėjo",
     "nem segített", "не помогло", "Спасибо, а где офис?", "Dziękuję. A w niedzielę?"],
)  # fmt: skip
def test_anything_else_is_for_a_person(text: str) -> None:
    assert not is_thanks(text, folded)
