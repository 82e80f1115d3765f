"""Words in the visitor's language."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp.test_utils import make_mocked_request
from babel import Locale

import web
from reports.wording.text import LANGUAGES
from router.events import AnyEvent
from web.i18n import Catalogues, own_name

LOCALES = Path(web.__file__).parent / "static" / "locales"

ENGLISH = {"hello": "Hello, {name}!", "waiting": {"one": "{count} waits", "other": "{count} wait"}, "only": "English"}
POLISH = {
    "hello": "Cześć, {name}!",
    "waiting": {"one": "{count} czeka", "few": "{count} czekają", "many": "{count} czeka", "other": "{count} czeka"},
}


@pytest.fixture
def catalogues(tmp_path: Path) -> Catalogues:
    (tmp_path / "en.json").write_text(json.dumps(ENGLISH))
    (tmp_path / "pl.json").write_text(json.dumps(POLISH))
    return Catalogues(tmp_path)


def test_holes_are_filled_and_unknown_ones_stay(catalogues: Catalogues) -> None:
    t = catalogues.translator("pl")
    assert t("hello", name="Ola") == "Cześć, Ola!"
    assert t("hello") == "Cześć, {name}!"


@pytest.mark.parametrize("count,form", [(1, "1 czeka"), (2, "2 czekają"), (5, "5 czeka"), (21, "21 czeka")])
def test_plural_is_the_one_of_the_language(catalogues: Catalogues, count: int, form: str) -> None:
    assert catalogues.translator("pl")("waiting", count=count) == form


def test_numbers_are_written_as_the_language_does(catalogues: Catalogues) -> None:
    assert catalogues.translator("en")("waiting", count=12345) == "12,345 wait"
    assert catalogues.translator("pl")("waiting", count=12345) == "12\xa0345 czeka"


def test_what_is_not_translated_is_said_in_english_else_by_its_key(catalogues: Catalogues) -> None:
    t = catalogues.translator("pl")
    assert (t("only"), t("nowhere")) == ("English", "nowhere")


@pytest.mark.parametrize(
    "address,headers,language",
    [
        ("/", {}, "en"),
        ("/", {"Accept-Language": "pl-PL,pl;q=0.9,en;q=0.8"}, "pl"),
        ("/", {"Accept-Language": "en;q=0.2, pl;q=0.7"}, "pl"),
        ("/", {"Accept-Language": "de, fr;q=x, *;q=0.1"}, "en"),
        ("/", {"Accept-Language": "en", "Cookie": "lang=pl"}, "pl"),
        ("/?lang=en", {"Cookie": "lang=pl"}, "en"),
        ("/?lang=../../etc", {"Accept-Language": "pl"}, "pl"),
    ],
)
def test_language_is_the_first_wish_that_there_is(
    catalogues: Catalogues, address: str, headers: dict[str, str], language: str
) -> None:
    assert catalogues.negotiated(make_mocked_request("GET", address, headers=headers)) == language


def shipped(language: str) -> dict[str, Any]:
    return dict(json.loads((LOCALES / f"{language}.json").read_text("utf-8")))


def holes(entry: str | dict[str, str]) -> set[str]:
    texts = [entry] if isinstance(entry, str) else list(entry.values())
    return {hole for text in texts for hole in re.findall(r"{(\w*)}", text)}


def test_pages_speak_all_languages_of_the_product() -> None:
    assert sorted(Catalogues(LOCALES).languages) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", Catalogues(LOCALES).languages)
def test_catalogue_says_all_that_the_english_one_says(language: str) -> None:
    english, own = shipped("en"), shipped(language)
    assert list(own) == sorted(own)
    assert set(own) == set(english)
    assert {key: holes(entry) for key, entry in own.items()} == {key: holes(entry) for key, entry in english.items()}
    forms = {"other", *Locale.parse(language).plural_form.tags}
    for key, entry in own.items():
        assert isinstance(entry, dict) == isinstance(english[key], dict), key
        assert not isinstance(entry, dict) or set(entry) == forms, key
        assert "" not in (entry.values() if isinstance(entry, dict) else [entry]), key


def test_every_event_of_a_timeline_has_its_words() -> None:
    assert [event.__name__ for event in get_args(AnyEvent) if f"event.{event.__name__}" not in shipped("en")] == []


@pytest.mark.parametrize(
    "language,name",
    [("en", "English"), ("pl", "Polski"), ("lt", "Lietuvių"), ("hu", "Magyar"), ("ru", "Русский"), ("xx", "xx")],
)
def test_language_is_called_as_its_speakers_call_it(language: str, name: str) -> None:
    assert own_name(language) == name
