"""What `config check` says of rules that never apply, of steps, and of work that nobody can do."""

import pytest

from tests.config.files import faults

HEAD = """\
[queues.support]
[queues.sales]
order = "due"
[hours.office]
week = { mon-fri = "08:00-17:00" }
"""
LAST = "[[rules]]\nthen = { queue = 'support' }\n"


def rules(*whens: str, queues: tuple[str, ...] = ("support", "support")) -> str:
    tables = (
        f"[[rules]]\nwhen = {{ {when} }}\nthen = {{ queue = '{name}' }}\n"
        for when, name in zip(whens, queues, strict=False)
    )
    return HEAD + "".join(tables) + LAST


def found(text: str, severity: str = "fault") -> list[str]:
    return [fault.path for fault in faults(text) if fault.severity == severity]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("medium = 'chat'", "medium = 'chat', label = 'a'"),
        ("medium = ['chat', 'email']", "medium = 'email', words = 'x'"),
        ("label = ['a', 'b'], confidence = '>=0.5'", "label = 'b', confidence = '>=0.7'"),
        ("waiting_min = 5", "waiting_min = 9"),
        ("staffed_max = 2", "staffed_max = 0"),
        ("queue = 'sales', free_min = 1", "queue = 'sales', free_min = 2, automatic = false"),
        ("hours_of = 'office', hours = ['closed', 'holiday']", "hours_of = 'office', hours = 'holiday'"),
        ("attributes = { plan = ['a', 'b'] }", "attributes = { plan = 'a', trial = 'true' }"),
        ("longest_wait_min = '1m'", "longest_wait_min = '2m'"),
    ],
)
def test_a_rule_that_a_wider_one_goes_before_never_applies(earlier: str, later: str) -> None:
    assert found(rules(earlier, later)) == ["rules[1]"]
    assert found(rules(later, earlier)) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("medium = 'chat'", "label = 'a'"),
        ("label = 'a', confidence = '>=0.7'", "label = 'a', confidence = '>=0.5'"),
        ("waiting_min = 5", "waiting_max = 9"),
        ("waiting_min = 5", "queue = 'sales', waiting_min = 9"),
        ("attributes = { plan = 'a' }", "attributes = { trial = 'true' }"),
        ("automatic = true", "automatic = false"),
    ],
)
def test_rules_that_leave_something_over_are_in_order(earlier: str, later: str) -> None:
    assert found(rules(earlier, later)) == []


def test_figures_of_rules_with_other_queues_are_other_figures() -> None:
    assert found(rules("waiting_min = 5", "waiting_min = 9", queues=("support", "sales"))) == []


def test_a_channel_is_covered_by_its_medium() -> None:
    channel = "[channels.talk]\nmedium = 'chat'\n"
    assert found(rules("medium = 'chat'", "channel = 'talk'") + channel) == ["rules[1]"]


@pytest.mark.parametrize(
    ("when", "path"),
    [
        ("waiting_min = 5, waiting_max = 4", "rules[0].when.waiting_min"),
        ("hours_of = 'office'", "rules[0].when.hours_of"),
        ("hours = 'closed'", "rules[0].when.hours"),
        ("hours = 'closed', hours_of = 'offise'", "rules[0].when.hours_of"),
        ("queue = 'sales'", "rules[0].when.queue"),
        ("queue = 'sails', waiting_min = 1", "rules[0].when.queue"),
    ],
)
def test_conditions_that_can_not_hold_or_ask_nothing_are_refused(when: str, path: str) -> None:
    assert path in found(rules(when))


def steps(text: str) -> str:
    return f"[queues.support]\nsteps = [{text}]\n" + LAST


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{ after = '1m' }", "queues.support.steps[0]"),
        ("{ after = '0s', priority = 1 }", "queues.support.steps[0].after"),
        ("{ priority = 1 }", "queues.support.steps[0].after"),
        ("{ after = '1m', priority = 1 }, { after = '1m', priority = 1 }", "queues.support.steps[1].after"),
        ("{ after = '1m', drop = 'a', lower = { a = 1 } }", "queues.support.steps[0].lower.a"),
        ("{ after = '1m', lower = { a = 11 } }", "queues.support.steps[0].lower.a"),
        ("{ after = '1m', priorty = 1 }", "queues.support.steps[0].priorty"),
    ],
)
def test_steps_must_come_in_order_and_change_something(text: str, path: str) -> None:
    assert path in found(steps(text))


def test_skills_of_steps_and_preferences_must_exist_where_skills_are_listed() -> None:
    text = steps("{ after = '1m', drop = 'biling' }") + "[skills]\nbilling = ''\n"
    assert found(text) == ["queues.support.steps[0].drop[0]"]
    wish = LAST.replace("'support' }", "'support', preferences = ['biling>=2'] }")
    assert found("[queues.support]\n" + wish + "[skills]\nbilling = ''\n") == ["rules[0].then.preferences[0].skill"]


def test_a_preference_names_a_group_or_a_skill() -> None:
    wish = LAST.replace("'support' }", "'support', preferences = [{ group = 'a', skill = 'b' }] }")
    assert found("[queues.support]\n" + wish) == ["rules[0].then.preferences[0]"]


AGENTS = """\
[[agents]]
id = "a"
name = "A"
skills = { billing = 3 }
groups = ["backup"]
queues = { support = 1 }
[[agents]]
id = "b"
name = "B"
skills = { billing = 9, sales = 2 }
queues = { sales = 1 }
"""


def demanding(needs: str, queue: str = "") -> str:
    rule = f"[[rules]]\nthen = {{ queue = 'support', requirements = [{needs}] }}\n"
    sales = "[[rules]]\nwhen = { medium = 'email' }\nthen = { queue = 'sales' }\n"
    return f"[queues.support]\n{queue}\n[queues.sales]\n" + sales + rule + AGENTS


@pytest.mark.parametrize(
    ("needs", "queue", "path"),
    [
        ("'billing>=3'", "", None),
        ("'billing>=5'", "", "rules[1].then.requirements"),
        ("'billing>=10'", "", "rules[1].then.requirements[0]"),
        ("'retention'", "", "rules[1].then.requirements[0]"),
        ("{ skill = 'billing', level = 5, expires_after = '1m' }", "", None),
        ("'billing>=5'", "steps = [{ after = '1m', lower = { billing = 3 } }]", None),
        ("'billing>=5'", "steps = [{ after = '1m', drop = 'billing' }]", None),
        ("'billing>=5'", "steps = [{ after = '1m', groups = 'night' }]", "queues.support.steps[0].groups[0]"),
    ],
)
def test_work_that_no_agent_of_the_file_can_do_is_warned_of(needs: str, queue: str, path: str | None) -> None:
    warned = found(demanding(needs, queue), "warning")
    assert path in warned if path else warned == []
    assert found(demanding(needs, queue)) == []


def test_preferences_for_nobody_are_warned_of() -> None:
    wish = LAST.replace("'support' }", "'support', preferences = ['group:night', 'retention', 'billing'] }")
    warned = found("[queues.support]\n[queues.sales]\n" + wish + AGENTS, "warning")
    assert [path for path in warned if "preferences" in path] == [
        "rules[0].then.preferences[0]",
        "rules[0].then.preferences[1]",
    ]


def test_a_queue_that_only_a_group_of_steps_serves_is_served() -> None:
    text = "[queues.support]\n[queues.rare]\nsteps = [{ after = '1m', groups = 'backup' }]\n[queues.sales]\n" + LAST
    assert "queues.rare" in found(text + AGENTS.replace('groups = ["backup"]\n', ""), "warning")
    notes = [fault for fault in faults(text + AGENTS) if fault.path == "queues.rare"]
    assert [fault.found for fault in notes] == ["no rule that leads here"]


def test_queues_that_share_an_agent_have_the_same_order() -> None:
    both = "[queues.support]\norder = 'wait_over_target'\n[queues.sales]\n" + LAST
    assert found(both + AGENTS) == []
    shared = AGENTS.replace("queues = { support = 1 }", "queues = { support = 1, sales = 2 }")
    assert found(both + shared) == ["queues.sales.order"]
    lent = both.replace("[queues.sales]\n", "[queues.sales]\nsteps = [{ after = '1m', groups = 'backup' }]\n")
    assert found(lent + AGENTS) == ["queues.sales.order"]
