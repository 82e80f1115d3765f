"""Automatic answers (semantics.md sections 3 and 20): whom they go to, how often, and what they lead to."""

from typing import Any

from router.commands import Candidate, Leave, WantPerson
from router.effects import DeliverMessage, SendAutoReply, effects_of
from router.events import AnsweredByBot, AutoReplied, AutoReplySuppressed, Closed, MessageAdded
from router.policy import Policy
from tests.builders import START, Autoresponse, Condition, House, Label, policy, queue, rule
from vocabulary.ids import derived_id
from vocabulary.instants import DAY, HOUR, MINUTE

ACK = Autoresponse(name="ack", kind="acknowledge")
BOT = Autoresponse(name="bot", kind="answer", confidence=0.6, otherwise="ack")
SURE = (Candidate("hours", 0.7), Candidate("prices", 0.9))


def answering(name: str = "bot", **values: Any) -> Policy:
    return policy(queue(), rules=(rule(autoresponse=name),), autoresponses=(ACK, BOT), **values)


def test_what_comes_in_is_acknowledged_once() -> None:
    house = House(answering("ack"))
    house.admit("i-1", "email", address_hash="h1")
    house.writes("i-1")
    assert house.of(AutoReplied) == [AutoReplied(at=START, interaction="i-1", autoresponse="ack", address_hash="h1")]
    assert (house.state_of("i-1"), house.interaction("i-1").auto_replied) == ("waiting", True)


def test_automatic_mail_is_admitted_and_gets_no_automatic_reply() -> None:
    house = House(answering("ack"))
    house.admit("i-1", "email", address_hash="h1", suppressed_by=("auto_submitted", "list"))
    assert house.of(AutoReplied) == []
    assert house.of(AutoReplySuppressed) == [
        AutoReplySuppressed(at=START, interaction="i-1", autoresponse="ack", reasons=("auto_submitted", "list"))
    ]
    assert house.state_of("i-1") == "waiting"


def test_without_an_address_there_is_no_automatic_reply() -> None:
    house = House(answering("ack"))
    house.admit("i-1", "email")
    (suppressed,) = house.of(AutoReplySuppressed)
    assert suppressed.reasons == ("no_address",)


def test_one_address_gets_only_so_many_automatic_replies_in_a_day() -> None:
    house = House(answering("ack"))
    for number in range(4):
        house.admit(f"i-{number}", "email", address_hash="h1")
        house.after(HOUR)
    house.admit("i-5", "email", address_hash="h2")
    assert [each.interaction for each in house.of(AutoReplied)] == ["i-0", "i-1", "i-2", "i-5"]
    (suppressed,) = house.of(AutoReplySuppressed)
    assert suppressed.reasons == ("too_many_to_this_address",)
    house.after(DAY - 4 * HOUR)
    house.admit("i-6", "email", address_hash="h1")
    assert house.of(AutoReplied)[-1].interaction == "i-6"


def test_the_limit_and_its_span_can_be_configured() -> None:
    house = House(answering("ack", auto_replies_max=1, auto_replies_within=MINUTE))
    for number in range(4):
        house.admit(f"i-{number}", "email", address_hash="h1")
        house.after(MINUTE // 2)
    assert [each.interaction for each in house.of(AutoReplied)] == ["i-0", "i-2"]


def test_the_likeliest_article_answers_and_the_interaction_rests_with_the_bot() -> None:
    house = House(answering())
    house.agent("a")
    house.admit("i-1", address_hash="h1", candidates=SURE)
    assert house.of(AnsweredByBot) == [
        AnsweredByBot(at=START, interaction="i-1", article="prices", confirm_until=START + DAY)
    ]
    assert house.of(AutoReplied)[0].article == "prices"
    assert (house.state_of(), house.rings_at()) == ("answered_by_bot", None)


def test_an_article_below_the_confidence_gives_way_to_otherwise() -> None:
    house = House(answering())
    house.admit("i-1", address_hash="h1", candidates=(Candidate("hours", 0.59),))
    assert [(each.autoresponse, each.article) for each in house.of(AutoReplied)] == [("ack", None)]
    assert house.state_of() == "waiting"


def test_otherwise_may_lead_on_to_another_answer() -> None:
    strict = Autoresponse(name="strict", kind="answer", confidence=0.95, otherwise="bot")
    house = House(policy(rules=(rule(autoresponse="strict"),), autoresponses=(strict, BOT, ACK)))
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.admit("i-2", address_hash="h2")
    assert [(each.autoresponse, each.article) for each in house.of(AutoReplied)] == [("bot", "prices"), ("ack", None)]


def test_an_answer_without_otherwise_leaves_it_to_the_agents() -> None:
    alone = Autoresponse(name="bot", kind="answer")
    house = House(policy(rules=(rule(autoresponse="bot"),), autoresponses=(alone,)))
    house.admit("i-1", address_hash="h1")
    assert (house.of(AutoReplied), house.state_of()) == ([], "waiting")


def test_where_no_reply_may_go_the_bot_does_not_answer() -> None:
    house = House(answering())
    house.admit("i-1", candidates=SURE, suppressed_by=("list",), address_hash="h1")
    assert (house.of(AnsweredByBot), house.state_of()) == ([], "waiting")


def test_a_customer_who_writes_again_gets_a_person_and_waits_from_then() -> None:
    house = House(answering())
    house.agent("a")
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.writes(author="bot")
    house.after(HOUR)
    house.writes()
    assert (house.rings_at(), house.interaction().arrived_at) == ("a", START + HOUR)


def test_a_customer_who_wants_a_person_gets_one() -> None:
    house = House(answering())
    house.agent("a")
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.run(WantPerson("i-1"))
    assert house.rings_at() == "a"
    assert house.run(WantPerson("i-1")) == ()
    assert house.refusal(WantPerson("i-9")) == ("not_found", "unknown_interaction")


def test_when_the_confirmation_window_is_over_it_closes() -> None:
    house = House(answering())
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.after(DAY)
    assert house.of(Closed) == [
        Closed(at=START + DAY, interaction="i-1", reason="answered_by_bot", by="router", reopen_until=START + 2 * DAY)
    ]


def test_a_customer_who_leaves_the_bot_closes_it() -> None:
    house = House(answering())
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.run(Leave("i-1"))
    assert house.state_of() == "closed"


def test_an_acknowledgement_tells_the_expected_wait_if_there_is_one() -> None:
    house = House(answering("ack", estimate_samples_min=1))
    house.agent("a", capacity=33)
    house.active("i-1", address_hash="h1")
    house.after(MINUTE)
    house.ends("i-1")
    house.wraps_up("i-1")
    house.active("i-2", address_hash="h2")
    house.admit("i-3", address_hash="h3")
    assert [each.wait_ms is None for each in house.of(AutoReplied)] == [True, False, False]


def test_a_rule_sees_labels_before_it_answers() -> None:
    rules = (rule(when=Condition(label=("hours",)), autoresponse="bot"), rule())
    house = House(policy(rules=rules, autoresponses=(BOT, ACK)))
    house.admit("i-1", address_hash="h1", candidates=SURE, labels=(Label("hours", 0.9),))
    house.admit("i-2", address_hash="h1", candidates=SURE)
    assert [house.state_of("i-1"), house.state_of("i-2")] == ["answered_by_bot", "waiting"]


def test_effects_have_ids_that_a_second_run_gives_again() -> None:
    replied = AutoReplied(at=START, interaction="i-1", autoresponse="ack", address_hash="h1", wait_ms=(1, 2))
    assert effects_of(replied) == (SendAutoReply(derived_id("fx", "i-1", "auto"), "i-1", "ack", None, (1, 2)),)
    said = MessageAdded(at=START, interaction="i-1", message="m-1", number=2, author="agent", agent="a")
    assert effects_of(said) == (DeliverMessage(derived_id("fx", "m-1"), "i-1", "m-1", False),)
    heard = MessageAdded(at=START, interaction="i-1", message="m-1", number=2, author="customer")
    assert effects_of(heard) == ()
