"""Triage rules (semantics.md section 3): the first rule whose conditions all hold decides."""

from typing import Any

import pytest

from router.policy import Rule
from router.triage import triage
from tests.builders import Condition, House, Label, Requirement, admit, policy, queue, requirement_of, rule

SPECIAL = "special"


def decided(when: Condition, **values: Any) -> str:
    """Return the rule that decides about a chat, of one with the condition `when` and a last one without."""
    house = House(policy(rules=(rule(name=SPECIAL, when=when), rule(name="rest"))))
    return triage(admit(**values), house.state, house.policy, house.now).rule


def test_rules_are_tried_in_order_and_the_first_that_holds_decides() -> None:
    rules = (
        rule("sales", Condition(language=("hu",)), name="hungarian"),
        rule("sales", Condition(medium=("chat",)), name="chats", priority=3, tags=("x",)),
        rule("support", Condition(medium=("chat",)), name="later"),
        rule("support", name="rest"),
    )
    house = House(policy(queue("support"), queue("sales"), rules=rules))
    verdict = triage(admit(language="pl"), house.state, house.policy, house.now)
    assert (verdict.rule, verdict.then, verdict.reasons) == ("chats", rules[1].then, ("hungarian:language",))


@pytest.mark.parametrize(
    ("when", "values", "holds"),
    [
        (Condition(), {}, True),
        (Condition(channel=("web", "mail")), {"channel": "web"}, True),
        (Condition(channel=("mail",)), {"channel": "web"}, False),
        (Condition(medium=("email",)), {"medium": "email"}, True),
        (Condition(medium=("email",)), {"medium": "chat"}, False),
        (Condition(label=("billing",)), {"labels": (Label("billing", 0.1),)}, True),
        (Condition(label=("billing",), confidence=0.5), {"labels": (Label("billing", 0.5),)}, True),
        (Condition(label=("billing",), confidence=0.5), {"labels": (Label("billing", 0.49),)}, False),
        (
            Condition(label=("billing",), confidence=0.5),
            {"labels": (Label("refund", 0.9), Label("billing", 0.3))},
            False,
        ),
        (Condition(label=("billing",)), {}, False),
        (Condition(language=("pl", "lt")), {"language": "lt"}, True),
        (Condition(language=("pl",)), {"language": None}, False),
        (Condition(segment=("vip",)), {"segment": "vip"}, True),
        (Condition(segment=("vip",)), {}, False),
        (Condition(segment=("vip",)), {"segment": "new", "also_segments": ("vip",)}, True),
        (Condition(attributes={"churn": (">=0.6",)}), {"attributes": {"churn": 0.6}}, True),
        (Condition(attributes={"churn": (">=0.6",)}), {"attributes": {"churn": 0.59}}, False),
        (Condition(attributes={"value": (">=1000", "gold")}), {"attributes": {"value": "1000.50"}}, True),
        (Condition(attributes={"value": ("<1000",)}), {"attributes": {"value": True}}, False),
        (Condition(attributes={"value": ("<1000",)}), {"attributes": {"value": "nan"}}, False),
        (Condition(attributes={"value": ("<1000",)}), {}, False),
        (Condition(attributes={"plan": (">=3",)}), {"attributes": {"plan": ">=3"}}, True),
        (Condition(automatic=True), {"suppressed_by": ("list",)}, True),
        (Condition(automatic=True), {}, False),
        (Condition(automatic=False), {}, True),
        (Condition(words=("refund",)), {"subject": "REFUND please"}, True),
        (Condition(words=("refund", "money back")), {"text": "I want my money back."}, True),
        (Condition(words=("refund",)), {"text": "a refunded order"}, False),
        (Condition(words=("refund*",)), {"text": "a refunded order"}, True),
        (Condition(words=("straße",)), {"text": "Hauptstrasse, STRASSE"}, True),
        (Condition(words=("pieniądz*",)), {"text": "Gdzie są moje PIENIĄDZE?"}, True),
        (Condition(medium=("chat",), language=("pl",)), {"medium": "chat", "language": "hu"}, False),
    ],
)
def test_a_rule_applies_when_all_its_conditions_hold(when: Condition, values: dict[str, Any], holds: bool) -> None:
    assert (decided(when, **values) == SPECIAL) is holds


def test_a_rule_may_see_how_many_wait_in_its_queue() -> None:
    house = House(policy(rules=(rule(name="crowded", when=Condition(waiting_min=2)), rule(name="rest"))))
    verdicts = []
    for number in range(4):
        verdicts.append(triage(admit("i-x"), house.state, house.policy, house.now).rule)
        house.admit(f"i-{number}")
    assert verdicts == ["rest", "rest", "crowded", "crowded"]


def test_a_rule_may_require_the_language_of_the_text() -> None:
    by_rule = rule(requirements=(requirement_of("billing>=3"),), language_skill=True)
    house = House(policy(rules=(by_rule,)))
    house.admit("i-1", language="pl")
    house.admit("i-2", language=None)
    assert house.interaction("i-1").requirements == (Requirement("billing", 3), Requirement("lang:pl"))
    assert house.interaction("i-2").requirements == (Requirement("billing", 3),)


def test_rules_without_a_last_one_that_always_holds_are_a_fault_of_ours() -> None:
    only: tuple[Rule, ...] = (rule(when=Condition(medium=("fax",))),)
    house = House(policy(rules=only))
    with pytest.raises(AssertionError, match="the last rule"):
        triage(admit(), house.state, house.policy, house.now)
