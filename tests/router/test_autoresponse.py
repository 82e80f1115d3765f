"""Automatic answers (semantics.md sections 3 and 20): whom they go to, how often, and what they lead to."""

from typing import Any

from msgspec.structs import replace

from queues.overflow import Do, Overflow, When
from router.commands import (
    AddMessage,
    Candidate,
    ConfirmAnswer,
    Leave,
    LeaveMessage,
    ReleaseAutoReplies,
    WantPerson,
)
from router.effects import DeliverMessage, SendAutoReply, effects_of
from router.events import (
    AnswerAsked,
    AnswerConfirmed,
    AnsweredByBot,
    AnswerHeldOut,
    AutoReplied,
    AutoRepliesReleased,
    AutoRepliesStopped,
    AutoReplySuppressed,
    Closed,
    MessageAdded,
)
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


def test_one_domain_gets_only_so_many_automatic_replies_in_an_hour() -> None:
    house = House(answering("ack", auto_replies_domain_max=2))
    for number in range(3):
        house.admit(f"i-{number}", "email", address_hash=f"h{number}", domain_hash="d1")
    house.admit("other", "email", address_hash="h8", domain_hash="d2")
    house.admit("shared", "email", address_hash="h9")
    assert [each.interaction for each in house.of(AutoReplied)] == ["i-0", "i-1", "other", "shared"]
    (suppressed,) = house.of(AutoReplySuppressed)
    assert suppressed.reasons == ("too_many_to_this_domain",)
    house.after(HOUR)
    house.admit("later", "email", address_hash="h3", domain_hash="d1")
    assert house.of(AutoReplied)[-1].interaction == "later"


def no_one(name: str) -> Policy:
    """Return a policy that says `name` whenever nobody is there."""
    nobody = Overflow(when=When(unstaffed=True), do=Do(reply=name))
    return policy(
        queue(overflow=(nobody,), wrap_up="none"),
        autoresponses=(Autoresponse(name=name, kind="acknowledge"),),
        rules=(rule(),),
    )


def test_the_same_automatic_reply_is_given_once_in_an_interaction() -> None:
    house = House(no_one("sorry"))
    house.agent()
    house.active("i-1", "email", address_hash="h1")
    house.ends("i-1")
    house.declares("a", "offline")
    for _ in range(3):
        house.writes("i-1")
        house.agent("b")
        house.accept("i-1")
        house.ends("i-1")
        house.declares("b", "offline")
    assert [each.interaction for each in house.of(AutoReplied)] == ["i-1"]
    assert {each.reasons for each in house.of(AutoReplySuppressed)} == {("given_before",)}


def test_all_automatic_replies_stop_when_far_more_than_usual_go_out_until_somebody_has_looked() -> None:
    house = House(answering("ack", auto_replies_surge=3, auto_replies_surge_min=4, auto_replies_surge_hours=2))
    for number in range(4):
        house.admit(f"usual-{number}", "email", address_hash=f"u{number}")
        house.after(HOUR if number % 2 else 0)
    for number in range(8):
        house.admit(f"i-{number}", "email", address_hash=f"h{number}")
    (stopped,) = house.of(AutoRepliesStopped)
    assert (stopped.sent, stopped.usual) == (6, 2)
    assert [each.reasons for each in house.of(AutoReplySuppressed)] == [("all_stopped",)] * 2
    house.after(DAY)
    house.admit("next-day", "email", address_hash="h9")
    assert house.of(AutoReplySuppressed)[-1].reasons == ("all_stopped",)
    house.run(ReleaseAutoReplies("boss"))
    house.run(ReleaseAutoReplies("boss"))
    assert len(house.of(AutoRepliesReleased)) == 1
    house.admit("released", "email", address_hash="h10")
    assert house.of(AutoReplied)[-1].interaction == "released"
    assert len(house.of(AutoRepliesStopped)) == 1


def test_whoever_sends_ten_thousand_times_in_somebodys_name_brings_him_three_mails_a_day() -> None:
    house = House(answering("ack", auto_replies_surge=0))
    for number in range(10_000):
        house.admit(f"i-{number}", "email", address_hash="victim", domain_hash="d1")
    assert len(house.of(AutoReplied)) == 3


def test_an_address_that_visitors_of_a_chat_give_has_its_own_limit() -> None:
    nobody = Overflow(when=When(unstaffed=True), do=Do(reply="sorry"))
    sorry = Autoresponse(name="sorry", kind="acknowledge")
    support = queue(overflow=(nobody,), message_channel="mail")
    house = House(policy(support, autoresponses=(sorry,), rules=(rule(),), auto_replies_max=2))
    house.agent()
    for number in range(5):
        house.admit(f"i-{number}", address_hash=f"visitor-{number}")
        if house.state_of(f"i-{number}") == "offered":
            house.decline(f"i-{number}")
        house.run(LeaveMessage(f"i-{number}", "victim", "d1"))
    house.declares("a", "offline")
    assert [each.address_hash for each in house.of(AutoReplied)] == ["victim", "victim"]


def test_a_new_site_has_no_usual_hour_and_stops_nothing() -> None:
    house = House(answering("ack", auto_replies_surge=3, auto_replies_surge_min=4, auto_replies_surge_hours=3))
    for number in range(30):
        house.admit(f"i-{number}", "email", address_hash=f"h{number}")
        house.after(HOUR // 10)
    assert house.of(AutoRepliesStopped) == []


def test_without_a_surge_configured_nothing_stops() -> None:
    house = House(answering("ack", auto_replies_surge=0, auto_replies_surge_min=1))
    for number in range(9):
        house.admit(f"i-{number}", "email", address_hash=f"h{number}")
    assert len(house.of(AutoReplied)) == 9


def test_what_somebody_else_wrote_into_a_conversation_brings_no_automatic_reply() -> None:
    house = House(no_one("sorry"))
    house.agent()
    house.active("i-1", "email", address_hash="h1")
    house.ends("i-1")
    house.declares("a", "offline")
    house.run(AddMessage(interaction="i-1", message="m-2", author="customer", suppressed_by=("unverified_sender",)))
    assert house.state_of("i-1") == "waiting"
    assert house.of(AutoReplied) == []
    assert house.of(AutoReplySuppressed)[-1].reasons == ("unverified_sender",)


def test_a_report_about_a_mail_changes_nothing_but_the_conversation() -> None:
    house = House(answering("ack"))
    house.agent()
    house.active("parked", "email", address_hash="h1")
    house.parks("parked")
    house.active("closed", "email", address_hash="h2")
    house.ends("closed")
    for id in ("parked", "closed"):
        before = (house.state_of(id), house.interaction(id).messages + 1, house.interaction(id).unanswered_at)
        house.run(AddMessage(interaction=id, message="r-1", author="report"))
        after = house.interaction(id)
        assert (house.state_of(id), after.messages, after.unanswered_at) == before


def test_the_likeliest_article_answers_and_the_interaction_rests_with_the_bot() -> None:
    house = House(answering())
    house.agent("a")
    house.admit("i-1", address_hash="h1", candidates=SURE)
    assert house.of(AnsweredByBot) == [
        AnsweredByBot(
            at=START,
            interaction="i-1",
            article="prices",
            confirm_until=START + DAY,
            autoresponse="bot",
            probability=0.9,
        )
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


PROMISING = Autoresponse(name="bot", kind="answer", precision=0.99, otherwise="ack", clarify=0.8)
CLOSE = (Candidate("hours", 0.5), Candidate("prices", 0.4), Candidate("map", 0.1))


def promising(**values: Any) -> Policy:
    bot = replace(PROMISING, **values)
    return policy(queue(), rules=(rule(autoresponse="bot"),), autoresponses=(ACK, bot))


def test_where_a_precision_is_promised_only_what_is_proven_answers() -> None:
    house = House(promising())
    house.admit("i-1", address_hash="h1", candidates=(Candidate("hours", 0.999, proven=0.95),))
    house.admit("i-2", address_hash="h2", candidates=(Candidate("hours", 0.9, proven=0.99),))
    assert [house.state_of("i-1"), house.state_of("i-2")] == ["waiting", "answered_by_bot"]


def test_a_share_of_what_could_be_answered_goes_to_agents_the_same_in_every_replay() -> None:
    first, again = asked_of_200(House(promising(holdout=0.3))), asked_of_200(House(promising(holdout=0.3)))
    held = [each.interaction for each in first.of(AnswerHeldOut)]
    assert held == [each.interaction for each in again.of(AnswerHeldOut)]
    assert 40 <= len(held) <= 80
    assert {first.state_of(id) for id in held} == {"waiting"}
    assert len(first.of(AnsweredByBot)) == 200 - len(held)
    assert {each.autoresponse for each in first.of(AutoReplied) if each.interaction in held} == {"ack"}


def asked_of_200(house: House) -> House:
    for number in range(200):
        house.admit(f"i-{number}", address_hash=f"h{number}", candidates=(Candidate("hours", 0.9, proven=0.99),))
    return house


def test_close_answers_are_asked_about_though_one_is_proven_and_one_alone_is_given() -> None:
    house = House(promising())
    first = replace(CLOSE[0], proven=0.99)
    house.admit("i-1", address_hash="h1", candidates=(first, *CLOSE[1:]))
    house.admit("i-2", address_hash="h2", candidates=(first, replace(CLOSE[1], probability=0.2)))
    assert [event.interaction for event in house.of(AnswerAsked)] == ["i-1"]
    assert [event.interaction for event in house.of(AnsweredByBot)] == ["i-2"]
    never = House(promising(clarify=0.0))
    never.admit("i-1", address_hash="h1", candidates=(first, *CLOSE[1:]))
    assert [event.article for event in never.of(AnsweredByBot)] == ["hours"]


def test_a_customer_is_asked_once_which_of_close_answers_he_means_and_his_choice_is_answered() -> None:
    house = House(promising())
    house.agent("a")
    house.admit("i-1", address_hash="h1", candidates=CLOSE)
    (question,) = house.of(AnswerAsked)
    assert (question.articles, question.until) == (("hours", "prices"), START + 15 * MINUTE)
    assert (house.of(AutoReplied)[0].options, house.state_of()) == (("hours", "prices"), "answered_by_bot")
    house.writes(author="bot")
    house.after(MINUTE)
    house.run(AddMessage(interaction="i-1", message="m-3", author="customer", chosen="prices"))
    (answered,) = house.of(AnsweredByBot)
    assert (answered.article, answered.chosen, house.state_of()) == ("prices", True, "answered_by_bot")
    assert [each.answers for each in house.of(AutoReplied)] == [1, 3]
    house.writes(author="bot")
    house.after(DAY)
    assert house.state_of() == "closed"


def test_who_was_asked_and_wants_something_else_keeps_the_place_of_his_arrival() -> None:
    for chosen in (None, "person", "map"):
        house = House(promising())
        house.admit("i-1", address_hash="h1", candidates=CLOSE)
        house.writes(author="bot")
        house.after(10 * MINUTE)
        house.run(AddMessage(interaction="i-1", message="m-3", author="customer", chosen=chosen))
        assert (house.state_of(), house.interaction().arrived_at) == ("waiting", START)
        assert len(house.of(AnswerAsked)) == 1


def test_a_question_that_nobody_answers_leads_to_a_person_at_the_place_of_the_arrival() -> None:
    house = House(promising())
    house.admit("i-1", address_hash="h1", candidates=CLOSE)
    house.writes(author="bot")
    house.after(15 * MINUTE)
    assert (house.state_of(), house.interaction().arrived_at, house.of(Closed)) == ("waiting", START, [])


def test_nobody_is_asked_where_no_reply_may_go_or_answers_are_far_apart() -> None:
    house = House(promising())
    house.admit("i-1", address_hash="h1", candidates=CLOSE, suppressed_by=("list",))
    house.admit("i-2", address_hash="h2", candidates=(Candidate("hours", 0.8), Candidate("prices", 0.3)))
    house.admit("i-3", address_hash="h3", candidates=(Candidate("hours", 0.4), Candidate("prices", 0.3)))
    assert (house.of(AnswerAsked), {house.state_of(f"i-{n}") for n in (1, 2, 3)}) == ([], {"waiting"})


def test_a_customer_whom_the_answer_helped_says_so_once_and_it_closes() -> None:
    house = House(answering())
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.writes(author="bot")
    house.run(AddMessage(interaction="i-1", message="m-3", author="customer", chosen="confirmed"))
    house.run(ConfirmAnswer("i-1"))
    assert (len(house.of(AnswerConfirmed)), house.state_of()) == (1, "closed")
    assert house.refusal(ConfirmAnswer("i-9")) == ("not_found", "unknown_interaction")


def test_it_can_be_said_after_the_window_but_not_of_what_a_person_has() -> None:
    house = House(answering())
    house.admit("i-1", address_hash="h1", candidates=SURE)
    house.admit("i-2", address_hash="h2", candidates=SURE)
    house.run(WantPerson("i-2"))
    house.run(ConfirmAnswer("i-2"))
    house.after(DAY)
    house.run(ConfirmAnswer("i-1"))
    assert [each.interaction for each in house.of(AnswerConfirmed)] == ["i-1"]


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
