"""Letters are templates in the languages of the site; what is wrong with one is told before anything starts."""

from pathlib import Path

import pytest

from autoresponders.letters import Facts, Words
from config.letters import letters_of
from config.loader import load
from tests.config.files import SMALL, lines

SITE = '[site]\nlanguages = ["en", "pl"]\n' + SMALL
WORDS = Words(text="Hi", html="<p>Hi</p>")


@pytest.mark.parametrize(
    ("added", "path", "told"),
    [
        ('signature = { en = "{{ agnt }}", pl = "x" }', "letters.default.signature.en", "the unknown variable 'agnt'"),
        ('signature = { en = "{{ body }}", pl = "x" }', "letters.default.signature.en", "the unknown variable 'body'"),
        ('text = { en = "{% for x in body %}" }', "letters.default.text.en", "Unexpected end"),
        ('html = { en = "a\\n{{ body() }}" }', "letters.default.html.en", "line 2 of it: a call"),
        ('signature = { en = "x" }', "letters.default.signature", "no signature in pl"),
        ('text = { en = "{{ body }}", de = "x" }', "letters.default.text.de", "one of site.languages"),
        ('folder = "nowhere"', "", "No such file"),
    ],
)
def test_what_is_wrong_with_a_letter_is_named(added: str, path: str, told: str) -> None:
    found = lines(f"{SITE}[letters.default]\n{added}\n")
    assert any(path in line and told in line for line in found), found


def test_layout_in_one_language_is_for_all() -> None:
    assert lines(f'{SITE}[letters.default]\ntext = {{ en = "{{{{ body }}}}" }}\n') == []


def test_queue_names_a_letter_that_exists() -> None:
    assert lines(SITE.replace("[queues.support]\n", '[queues.support]\nletter = "default"\n')) == []
    (line,) = lines(SITE.replace("[queues.support]\n", '[queues.support]\nletter = "formal"\n'))
    assert "queues.support.letter" in line


def test_own_words_of_automatic_answers_are_templates_too() -> None:
    answer = '[[autoresponses]]\nname = "a"\nkind = "acknowledge"\ntext = { en = "{{ numbr }}" }\n'
    assert any("autoresponses[0].text.en" in line for line in lines(SITE + answer))


def test_files_of_a_folder_are_texts_and_the_file_wins(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "signature.en.txt").write_text("from a file, {{ agent }}")
    (folder / "signature.pl.txt").write_text("z pliku, {{ agent }}")
    (folder / "html.en.html").write_text("<body>{{ body }}</body>")
    (folder / "readme.md").write_text("not one of them")
    config = tmp_path / "centrala.toml"
    config.write_text(f'{SITE}[letters.default]\nfolder = "letters"\nsignature = {{ en = "here, {{{{ agent }}}}" }}\n')
    letter = letters_of(load(config, {}))["default"]
    assert letter.render(WORDS, Facts(agent="Anna"))[0].endswith("here, Anna\n")
    assert letter.render(WORDS, Facts(agent="Anna", language="pl"))[0].endswith("z pliku, Anna\n")
    assert letter.render(WORDS, Facts())[1] == "<body><p>Hi</p></body>"
