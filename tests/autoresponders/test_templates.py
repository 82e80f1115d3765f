"""Templates of a site's own say what they may, cost little, and letters put them around the words of a mail."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoresponders.letters import Facts, Letter, Words
from autoresponders.templates import Template, TemplateFault, shipped_wordings
from vocabulary.errors import PermanentFailure

KNOWN = ("name", "text")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Hello {{ name }}!", "Hello Ola!"),
        ("{% if text %}{{ text }}{% else %}nothing{% endif %}", "nothing"),
        ("{{ name|upper }} {{ text|default('none', true) }}", "OLA none"),
        ("{{ 'a' ~ name }}{{ ' yes' if name == 'Ola' and not text else '' }}", "aOla yes"),
    ],
)
def test_values_conditions_and_filters_may_be_used(source: str, shown: str) -> None:
    assert Template(source, KNOWN).render({"name": "Ola"}) == shown


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{{ nme }}", "the unknown variable 'nme'"),
        ("line\n{% for x in text %}{% endfor %}", "a loop"),
        ("{% set a = 1 %}", "a set"),
        ("{% macro a() %}{% endmacro %}", "a macro"),
        ("{{ text() }}", "a call"),
        ("{{ text.__class__ }}", "a part of a value"),
        ("{{ text['x'] }}", "a part of a value"),
        ("{{ 'x' * 1000000000 }}", "mul"),
        ("{{ 2 ** 100 }}", "pow"),
        ("{{ '%999999999d' % 1 }}", "mod"),
        ("{{ text|center(999999999) }}", "the filter 'center'"),
        ("{{ text|replace('', text) }}", "the filter 'replace'"),
        ("{{ text is divisibleby 3 }}", "the test 'divisibleby'"),
        ("{% include 'x' %}", "an include"),
        ("{% extends 'x' %}", "an extends"),
        ("{% import 'x' as y %}", "an import"),
        ("{{ text", "unexpected"),
        ("{% if text %}", "Unexpected end of template"),
        ("x" * 70_000, "70000 characters"),
    ],
)
def test_anything_else_is_a_fault_with_its_line(source: str, found: str) -> None:
    with pytest.raises(TemplateFault) as fault:
        Template(source, KNOWN)
    assert found in fault.value.found
    assert fault.value.line == (2 if source.startswith("line") else 1)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_values_are_never_read_as_templates_or_markup(name: str, text: str) -> None:
    assert Template("{{ name }}|{{ text }}", KNOWN).render({"name": name, "text": text}) == f"{name}|{text}"
    html = Template("{{ name }}", KNOWN, html=True).render({"name": name})
    assert not {"<", ">", '"', "'"} & set(html)


@pytest.mark.parametrize(
    "source", ["{% if " * 400 + "name", "{{ " + "(" * 2000 + "name", "{{ name" + " ~ name" * 5000 + " }}"]
)
def test_template_that_is_built_like_a_bomb_is_a_fault_too(source: str) -> None:
    with pytest.raises(TemplateFault):
        Template(source, KNOWN)


def test_letter_that_nobody_wrote_has_a_signature_under_the_usual_line() -> None:
    text, html = Letter().render(Words(text="Hi\n\n", html="<p>Hi</p>"), Facts(agent="Anna <x>", site="Shop"))
    assert text == "Hi\n\n-- \nAnna <x>\nShop\n"
    assert "<p>Hi</p>" in html
    assert "Anna &lt;x&gt;<br>\nShop" in html


def test_automatic_mail_is_signed_by_the_site_alone() -> None:
    text, _ = Letter().render(Words(text="Hi", html="<p>Hi</p>"), Facts(site="Shop"))
    assert text == "Hi\n\n-- \nShop\n"


def test_parts_are_taken_by_language_and_from_the_first_where_one_is_missing() -> None:
    letter = Letter({"signature": {"en": "Regards, {{ agent }}", "pl": "Pozdrawiam, {{ agent }}"},
                     "text": {"en": "{{ body }}\n{{ signature }}"}})  # fmt: skip
    words = Words(text="x", html="x")
    assert letter.render(words, Facts(agent="Anna", language="pl"))[0] == "x\nPozdrawiam, Anna\n"
    assert letter.render(words, Facts(agent="Anna", language="hu"))[0] == "x\nRegards, Anna\n"


def test_what_the_customer_wrote_stands_below_and_is_no_markup() -> None:
    text, html = Letter(quote=True).render(
        Words(text="Yes", html="<p>Yes</p>", quoted="Ola wrote:\n> <b>Is it?</b>"), Facts(site="Shop")
    )
    assert text.endswith("Ola wrote:\n> <b>Is it?</b>\n")
    assert "&gt; &lt;b&gt;Is it?&lt;/b&gt;" in html


def test_every_language_says_who_wrote_what_is_quoted() -> None:
    languages = ("en", "pl", "lt", "hu", "ru")
    wordings = shipped_wordings(languages)
    lines = [wordings.text("quote_intro", each, name="Ola", date="2026-01-05 10:00") for each in languages]
    assert len(set(lines)) == 5
    assert all("Ola" in line and "2026-01-05 10:00" in line for line in lines)


def test_template_that_would_grow_without_end_is_stopped() -> None:
    long = Template("{{ text }}" * 300, KNOWN)
    with pytest.raises(PermanentFailure, match="more than 2000000 characters"):
        long.render({"text": "x" * 100_000})
