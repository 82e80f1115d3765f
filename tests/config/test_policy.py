import msgspec
import pytest

from agents.agent import MediumLimit, Membership, Profile
from config.policy import policy_of, profile_of
from config.schema import Agent, Queue, Settings, Then, When
from queues.policy import ChannelPolicy, QueuePolicy, Step
from router.policy import Action, Autoresponse, Condition, Policy, Rule
from tests.config.files import SMALL, reading, shipped
from vocabulary.skills import Preference, Requirement


def settings_of(text: str) -> Settings:
    result = reading(text)
    assert result.settings is not None, result.faults
    return result.settings


def test_every_key_of_a_queue_and_a_rule_reaches_the_core_with_its_default() -> None:
    assert policy_of(settings_of(SMALL)) == Policy(
        queues={"support": QueuePolicy(name="support")},
        channels={},
        rules=(Rule(name="rule 1", then=Action(queue="support")),),
    )
    assert set(Queue.__struct_fields__) == set(QueuePolicy.__struct_fields__) - {"name"}
    assert set(When.__struct_fields__) == set(Condition.__struct_fields__)
    assert set(Then.__struct_fields__) == set(Action.__struct_fields__)


def test_what_the_file_says_is_what_the_core_reads() -> None:
    settings = settings_of(
        """\
[site]
languages = ["pl"]
disconnect_grace = "2m"
[channels.box]
medium = "email"
address = "box@example.org"
reopen = "3d"
[channels.talk]
medium = "chat"
customer_grace = "90s"
[channels.ring]
medium = "callback"
[queues.billing]
target = "1h 30m"
offer = { chat = "0s" }
[[rules]]
name = "invoices"
when = { channel = ["box"], label = "invoice", confidence = ">=0.7", waiting_min = 3 }
[rules.then]
queue = "billing"
class = -1
requirements = ["billing>=3", { skill = "lang:pl", expires_after = "60s" }]
tags = "money"
autoresponse = "received"
[[rules]]
then = { queue = "billing" }
[[autoresponses]]
name = "received"
kind = "acknowledge"
"""
    )
    policy = policy_of(settings)
    assert policy.disconnect_grace == 120_000
    assert policy.queues["billing"] == QueuePolicy(
        name="billing", target=5_400_000, offer={"chat": 0}, placement="pack"
    )
    assert policy.channels == {
        "box": ChannelPolicy(name="box", medium="email", reopen=259_200_000),
        "talk": ChannelPolicy(name="talk", medium="chat", customer_grace=90_000, reopen=86_400_000),
        "ring": ChannelPolicy(name="ring", medium="callback", reopen=86_400_000),
    }
    assert policy.rules[0] == Rule(
        name="invoices",
        when=Condition(channel=("box",), label=("invoice",), confidence=0.7, waiting_min=3),
        then=Action(
            queue="billing",
            class_=-1,
            requirements=(Requirement("billing", 3), Requirement("lang:pl", 1, 60_000)),
            tags=("money",),
            autoresponse="received",
        ),
    )
    assert policy.autoresponses == {"received": Autoresponse(name="received", kind="acknowledge")}


def test_a_seeded_agent_becomes_a_profile() -> None:
    (agent,) = settings_of(
        f"""{SMALL}
[[agents]]
id = "anna"
name = "Anna"
skills = {{ billing = 4, "lang:pl" = 10 }}
queues = {{ support = {{ priority = 2, delay = "30s" }} }}
media = {{ chat = {{ cost = 25, max = 4 }} }}
"""
    ).agents
    assert profile_of(agent) == Profile(
        skills={"billing": 4, "lang:pl": 10},
        queues={"support": Membership(2, 30_000)},
        media={"chat": MediumLimit(25, 4)},
    )
    assert set(Profile.__struct_fields__) <= set(Agent.__struct_fields__)


def test_the_demo_serves_every_language_in_every_queue_without_its_operator() -> None:
    settings = settings_of(shipped("demo.toml"))
    policy = policy_of(settings)
    bots = [profile_of(agent) for agent in settings.agents if agent.id.startswith("bot-")]
    assert [agent.id for agent in settings.agents if agent.id.startswith("bot-")] == [
        f"bot-{n:02}" for n in range(1, 13)
    ]
    assert msgspec.to_builtins(sorted(policy.queues)) == ["billing", "sales", "support"]
    for rule in policy.rules:
        for language in settings.site.languages:
            needed = (*rule.then.requirements, Requirement(f"lang:{language}"))
            assert any(
                rule.then.queue in bot.queues and all(each.met_by(bot.skills) for each in needed) for bot in bots
            ), (rule.name, language)


def test_in_the_demo_a_chat_is_due_after_20s_a_callback_after_2m_and_a_mail_after_10m() -> None:
    policy = policy_of(settings_of(shipped("demo.toml")))
    due: dict[str, set[int]] = {"chat": set(), "callback": set(), "email": set()}
    for rule in policy.rules:
        queue = policy.queues[rule.then.queue]
        for medium in rule.when.medium or ("chat",):
            due[medium].add(queue.target - rule.then.priority * queue.credit)
    assert due == {"chat": {20_000}, "callback": {120_000}, "email": {600_000}}


def test_every_setting_of_matching_reaches_the_core() -> None:
    settings = settings_of(
        """\
[hours.office]
week = { mon-fri = "08:00-17:00" }
[queues.support]
strategy = "best_skill"
placement = "spread"
order = "wait_over_target"
parallel = 5
hours = "office"
steps = [
  { after = "30s", lower = { billing = 2 } },
  { after = "1m", drop = "billing", groups = "backup", priority = 9, guard = false },
]
[[rules]]
when = { hours = "closed", staffed_max = 0, longest_wait_min = "1m", attributes = { plan = "gold" } }
[rules.then]
queue = "support"
requirements = [{ skill = "billing", level = 3, weight = 4 }]
preferences = ["group:backup", "billing>=3", { skill = "lang:pl", level = 2, weight = 5 }]
[[rules]]
then = { queue = "support" }
[[agents]]
id = "a"
name = "A"
groups = ["backup"]
skills = { billing = 5, "lang:pl" = 3 }
queues = { support = 1 }
media = { chat = { cost = 50, wrap_up_cost = 10, parked_cost = 5, interrupts = ["email"] } }
"""
    )
    policy = policy_of(settings)
    assert policy.queues["support"] == QueuePolicy(
        name="support",
        strategy="best_skill",
        placement="spread",
        order="wait_over_target",
        parallel=5,
        hours="office",
        steps=(
            Step(after=30_000, lower={"billing": 2}),
            Step(after=60_000, drop=("billing",), groups=("backup",), priority=9, guard=False),
        ),
    )
    assert policy.guarded
    assert policy.rules[0].when == Condition(
        hours=("closed",), staffed_max=0, longest_wait_min=60_000, attributes={"plan": ("gold",)}
    )
    assert policy.rules[0].then == Action(
        queue="support",
        requirements=(Requirement("billing", 3, weight=4),),
        preferences=(Preference(group="backup"), Preference(None, "billing", 3), Preference(None, "lang:pl", 2, 5)),
    )
    profile = profile_of(settings.agents[0])
    assert (profile.groups, profile.media) == (("backup",), {"chat": MediumLimit(50, None, 10, 5, ("email",))})


CALLBACKS = "[channels.ring]\nmedium = 'callback'\n"
AGENT = "[[agents]]\nid = 'a'\nname = 'A'\nqueues = { support = 1 }\n"


@pytest.mark.parametrize(
    ("added", "placement"),
    [
        ("", None),
        ("[channels.talk]\nmedium = 'chat'\n", None),
        (CALLBACKS, "pack"),
        (CALLBACKS + AGENT, "pack"),
        (CALLBACKS + AGENT + "media = { callback = { cost = 50 } }\n", None),
        (CALLBACKS + AGENT + "capacity = 200\n", None),
        ("[channels.talk]\nmedium = 'chat'\n" + AGENT + "media = { chat = { cost = 100 } }\n", None),
    ],
)
def test_chats_are_packed_where_a_channel_needs_whole_agents(added: str, placement: str | None) -> None:
    assert policy_of(settings_of(SMALL + added)).queues["support"].placement == placement


def test_a_placement_that_is_written_down_counts() -> None:
    text = SMALL.replace('target = "20s"', 'target = "20s"\nplacement = "spread"') + CALLBACKS
    assert policy_of(settings_of(text)).queues["support"].placement == "spread"
