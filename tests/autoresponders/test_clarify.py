"""What short messages say to the bot, in five languages; anything else is for a person."""

import json
import tomllib
from pathlib import Path

import pytest

import autoresponders
import web
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


@pytest.mark.parametrize("language", ["en", "pl", "lt", "hu", "ru"])
def test_what_the_button_of_the_chat_says_is_understood(language: str) -> None:
    pages = Path(web.__file__).parent / "static"
    words = json.loads((pages / "locales" / f"{language}.json").read_text("utf-8"))
    assert is_thanks(words["chat.helped.said"], folded)
    person = tomllib.loads((Path(autoresponders.__file__).parent / "texts" / f"{language}.toml").read_text("utf-8"))
    assert choice_of(person["ask_person"], TITLES, folded) == PERSON
    assert person["ask_person"] in (Path(web.__file__).parent / "static" / "js" / "chat" / "state.js").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    "text",
    ["Thanks, but when on Sunday?", "thanks for nothing", "It did not help", "ok", "", "Nie pomogło", "nepadėjo",
     "nem segített", "не помогло", "Спасибо, а где офис?", "Dziękuję. A w niedzielę?"],
)  # fmt: skip
def test_anything_else_is_for_a_person(text: str) -> None:
    assert not is_thanks(text, folded)
