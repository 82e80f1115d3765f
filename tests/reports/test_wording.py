"""No code without words: whatever the core can give as a reason is said in all five languages."""

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import get_args

import pytest

from agents import availability
from agents.agent import Presence
from app.sender_checks import ANSWERS_RECEIPT, PROGRAMS_ONLY, RETURN_PATH, UNAUTHENTICATED
from channels.email.guard import SIGNALS
from channels.email.refusals import Why
from queues.policy import Strategy
from reports.wording.catalogue import Catalogue, Forms
from reports.wording.text import CATALOGUES, LANGUAGES, delivery_text, fails_text, span_text, text_of
from router import eligibility, figures, replies, triage
from router.bulk import AGAINST
from router.explain_offer import SINCE
from router.ranking import TERMS
from router.reasons import FAILS, Code
from router.sendings import NOT_SENT
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND
from vocabulary.media import KNOWN
from vocabulary.records import PARTICIPANT, UNVERIFIED

ENGLISH = CATALOGUES["en"]
FORMS = {"en": {"one", "other"}, "pl": {"one", "few", "many"}, "lt": {"one", "few", "other"}}
FORMS |= {"hu": FORMS["en"], "ru": FORMS["pl"]}

in_each_language = pytest.mark.parametrize("language", LANGUAGES)


def _returned(module: ModuleType) -> set[str]:
    """Return the codes that the functions of a module return, their details left out."""
    returns = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Return)]
    # What a value is compared with is no answer.
    answers = (
        node for each in returns for node in ast.walk(each) if not isinstance(each.value, ast.BoolOp | ast.Compare)
    )
    return {
        node.value.partition(":")[0]
        for node in answers
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _yielded(module: ModuleType) -> set[str]:
    """Return the names that the generators of a module yield in front of something else."""
    found = [node.value for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Yield)]
    firsts = [each.elts[0] for each in found if isinstance(each, ast.Tuple)]
    texts = (node.value for each in firsts for node in ast.walk(each) if isinstance(node, ast.Constant))
    return {text.partition(".")[0] for text in texts if isinstance(text, str)}


def _appended(module: ModuleType) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    firsts = [call.args[0] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "append"]
    return {each.value for each in firsts if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def _texts(forms: Forms) -> list[str]:
    return [forms] if isinstance(forms, str) else list(forms.values())


def _holes(forms: Forms) -> set[str]:
    return {hole for text in _texts(forms) for hole in re.findall(r"{(\w+)", text)}


def _tables(words: Catalogue) -> Iterator[tuple[str, dict[str, Forms]]]:
    for name in ("sentences", "fails", "conditions", "signals", "changes", "terms"):
        yield name, dict(getattr(words, name))
    for name in ("presences", "media", "strategies", "clocks"):
        yield name, dict(getattr(words, name))


@in_each_language
def test_every_code_has_a_sentence(language: str) -> None:
    assert set(CATALOGUES[language].sentences) == set(get_args(Code))


def test_what_an_agent_can_fail_is_known_by_its_kind() -> None:
    assert _returned(eligibility) | _returned(availability) == set(FAILS)


@in_each_language
def test_every_condition_of_an_agent_and_of_a_rule_has_words(language: str) -> None:
    words = CATALOGUES[language]
    assert set(words.fails) == set(FAILS)
    assert set(words.conditions) == _yielded(triage) | _yielded(figures)
    of_mail = {*SIGNALS, UNAUTHENTICATED, RETURN_PATH, PROGRAMS_ONLY, ANSWERS_RECEIPT, PARTICIPANT, UNVERIFIED}
    of_customers = {"complained", "undeliverable"}
    assert set(words.signals) == _appended(replies) | of_mail | of_customers | {*NOT_SENT, *AGAINST, "own_words"}


@in_each_language
def test_every_term_and_name_of_the_core_has_words(language: str) -> None:
    words = CATALOGUES[language]
    terms = {SINCE.get(term, term) for terms in TERMS.values() for term in terms}
    assert terms | {"declined_before", "not_preferred", "misses"} <= set(words.terms)
    assert set(words.presences) == set(get_args(Presence))
    assert set(words.media) == set(KNOWN)
    assert set(words.strategies) == set(get_args(Strategy))


@in_each_language
def test_the_same_is_said_in_each_language(language: str) -> None:
    """Every sentence and phrase tells as much as the English one."""
    for (name, table), (_, english) in zip(_tables(CATALOGUES[language]), _tables(ENGLISH), strict=True):
        assert {key: _holes(forms) for key, forms in table.items()} == {
            key: _holes(forms) for key, forms in english.items()
        }, name


@in_each_language
def test_a_sentence_that_counts_has_the_plural_forms_of_its_language(language: str) -> None:
    for code, forms in CATALOGUES[language].sentences.items():
        if not isinstance(forms, str):
            assert {form for form in forms if form[0] != "="} == FORMS[language], code


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [
        ("en", 1, "1 agent can take it: a."),
        ("en", 2, "2 agents can take it: a."),
        ("pl", 1, "Może je przyjąć 1 konsultant: a."),
        ("pl", 3, "Mogą je przyjąć 3 konsultanci: a."),
        ("pl", 12, "Może je przyjąć 12 konsultantów: a."),
        ("pl", 22, "Mogą je przyjąć 22 konsultanci: a."),
        ("lt", 1, "Ją gali paimti 1 konsultantas: a."),
        ("lt", 2, "Ją gali paimti 2 konsultantai: a."),
        ("lt", 10, "Ją gali paimti 10 konsultantų: a."),
        ("lt", 11, "Ją gali paimti 11 konsultantų: a."),
        ("lt", 21, "Ją gali paimti 21 konsultantas: a."),
        ("hu", 1, "1 ügyintéző veheti fel: a."),
        ("hu", 5, "5 ügyintéző veheti fel: a."),
        ("ru", 1, "Его может взять 1 оператор: a."),
        ("ru", 4, "Его могут взять 4 оператора: a."),
        ("ru", 11, "Его могут взять 11 операторов: a."),
        ("ru", 21, "Его может взять 21 оператор: a."),
    ],
)
def test_counts_take_their_plural_form(language: str, number: int, expected: str) -> None:
    assert text_of([{"code": "some_can", "terms": {"count": number, "agents": ("a",)}}], language) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (0, "0 s"),
        (1, "1 s"),
        (59 * SECOND, "59 s"),
        (59 * SECOND + 1, "1 min"),
        (90 * SECOND, "1 min 30 s"),
        (12 * MINUTE + 5 * SECOND, "12 min"),
        (HOUR, "1 h"),
        (65 * MINUTE, "1 h 5 min"),
        (47 * HOUR, "47 h"),
        (2 * DAY + HOUR, "2 days 1 h"),
        (30 * DAY + HOUR, "30 days"),
    ],
)
def test_a_span_is_said_in_its_two_greatest_units(span: int, expected: str) -> None:
    assert span_text(ENGLISH, span) == expected


def test_a_sentence_ends_with_one_full_stop() -> None:
    reason = {"code": "parked_till", "terms": {"in_ms": 5 * MINUTE}}
    assert text_of([reason], "lt") == "Ji grįš ne vėliau kaip po 5 min."


def test_agents_are_called_by_their_names_and_only_a_few_of_them() -> None:
    reason = {"code": "agents_fail", "terms": {"count": 7, "fails": "no_room", "agents": tuple("abcdefg")}}
    assert text_of([reason], "en", {"a": "Anna"}) == "– 7 agents (Anna, b, c, d, e, …): no room"


def test_what_an_agent_fails_is_said_with_its_detail() -> None:
    assert fails_text("requirement:lang:pl>=5", "en") == "lacks skill “lang:pl” at level 5 or above"
    assert fails_text("held_for:anna", "en", {"anna": "Anna"}) == "it is kept for Anna"
    assert fails_text("presence:away", "ru") == "статус «отошёл»"
    assert fails_text(None, "en") is None


def test_a_language_without_words_is_answered_in_english() -> None:
    assert text_of([{"code": "nothing_waits"}], "de") == "Nothing is waiting."


@in_each_language
@pytest.mark.parametrize("why", get_args(Why))
def test_every_reason_why_mail_did_not_arrive_has_words(language: str, why: str) -> None:
    assert why in CATALOGUES[language].deliveries
    told = delivery_text(why, language, failed=False)
    assert told.endswith(".")
    assert (told != delivery_text(why, "en", failed=False)) == (language != "en")


@in_each_language
def test_what_passes_by_itself_and_did_not_is_told_with_how_long_it_was_tried(language: str) -> None:
    told = delivery_text("unreachable", language, failed=True)
    assert (
        told == f"{CATALOGUES[language].deliveries['gave_up']} {delivery_text('unreachable', language, failed=False)}"
    )
    assert delivery_text("no_mailbox", language, failed=True) == delivery_text("no_mailbox", language, failed=False)
    assert delivery_text("", language, failed=True) == ""
