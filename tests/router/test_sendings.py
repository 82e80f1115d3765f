"""What is sent later: by rules and by agents, once a step, until somebody answers (decision 0018)."""

from typing import Any

import msgspec

from queues.hours import Hours, Interval
from queues.interaction import Label
from queues.sending import CallOn, SendingPlan, Timing
from router.checkpoint import decode, encode
from router.commands import (
    AddMessage,
    CallAttempted,
    CancelSending,
    MarkSpam,
    PlanSending,
    Reconcile,
    ReleaseAutoReplies,
    ReportDelivery,
    StopSendings,
    Tick,
)
from router.effects import CallUnanswered, DeliverMessage, SendStep, effects_of
from router.events import (
    AutoReplied,
    AutoRepliesStopped,
    AutoReplySuppressed,
    Forgotten,
    MessageAdded,
    SendingCancelled,
    SendingDue,
    SendingEscalated,
    SendingHeld,
    SendingPlanned,
)
from router.evolve import evolve
from router.policy import Policy
from router.sending_story import sendings_told
from router.state import State
from tests.builders import START, Autoresponse, Condition, House, admit, policy, queue, rule
from vocabulary.ids import derived_id
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

OFFER = SendingPlan(
    name="offer",
    steps=(Timing(), Timing(3 * DAY), Timing(4 * DAY)),
    call=CallOn(Timing(7 * DAY), "sales"),
    unsubscribe=True,
)
TERMS = SendingPlan(name="terms", steps=(Timing(2 * HOUR),))
OFFERED = derived_id("s", "i-1", "offer")


def sending(*plans: SendingPlan, name: str = "offer", **values: Any) -> Policy:
    known = plans or (OFFER, TERMS)
    kinds = [Autoresponse(name=each.name, kind="document") for each in known]
    return policy(
        queue(),
        queue("sales", message_channel="mail"),
        rules=(rule(autoresponse=name),),
        autoresponses=(*kinds, Autoresponse(name="ack", kind="acknowledge")),
        plans={each.name: each for each in known},
        **values,
    )


def offered(**values: Any) -> House:
    """Return a house in which somebody has asked by mail, and got the offer at once."""
    house = House(sending(**values))
    house.agent("a", "support", "sales")
    house.admit("i-1", "email", mail_hash="h1", address_hash="h1", customer="c")
    return house


def sent(house: House) -> list[tuple[int, int]]:
    """Return the steps that were sent, each with the time since the start."""
    return [(each.step, each.at - START) for each in house.of(SendingDue)]


def ended(house: House) -> list[str]:
    return [each.reason for each in house.of(SendingCancelled)]


# -- by a rule


def test_a_rule_sends_a_document_at_once_and_what_follows_unless_somebody_answers() -> None:
    house = offered()
    house.after(20 * DAY)
    assert sent(house) == [(0, 0), (1, 3 * DAY), (2, 7 * DAY)]
    assert house.of(SendingEscalated) == [
        SendingEscalated(at=START + 14 * DAY, interaction="i-1", sending=OFFERED, plan="offer", queue="sales")
    ]
    assert house.state.expecting == {}


def test_a_document_is_the_automatic_reply_and_counts_as_one() -> None:
    house = offered()
    (first,) = house.of(SendingDue)
    assert (first.agent, first.address_hash) == (None, "h1")
    assert house.state.auto_replies == {"h1": (START,)}
    contact = house.interaction().contact
    assert contact is not None
    assert contact.given == ("offer",)
    assert house.interaction().auto_replied
    assert house.of(AutoReplied) == []


def test_no_document_is_sent_by_a_keyword_in_a_text_about_something_else() -> None:
    asked = msgspec.structs.replace(
        sending(), rules=(rule(when=Condition(label=("offer",)), name="offers", autoresponse="offer"), rule())
    )
    house = House(asked)
    said: dict[str, Any] = {"labels": (Label("offer", 0.6),), "mail_hash": "h1"}
    house.admit("i-1", "email", out_of_scope=True, **said)
    assert house.of(SendingPlanned) == []
    house.admit("i-2", "email", **said)
    # A rule that doesn't ask what it is about means all that comes.
    house.admit("i-3", "email", out_of_scope=True, mail_hash="h2", customer="d")
    assert [each.interaction for each in house.of(SendingPlanned)] == ["i-2"]
    everything = House(sending())
    everything.admit("i-1", "email", out_of_scope=True, mail_hash="h1")
    assert len(everything.of(SendingPlanned)) == 1


def test_no_document_goes_to_automatic_mail() -> None:
    house = House(sending())
    house.admit("i-1", "email", mail_hash="h1", suppressed_by=("list",))
    assert house.of(SendingPlanned) == []
    assert house.of(AutoReplySuppressed)[0].reasons == ("list",)


def test_a_chat_gets_its_document_by_the_mailbox_of_its_queue() -> None:
    without = House(sending())
    without.admit("i-1", "chat", mail_hash="h1")
    assert without.of(AutoReplySuppressed)[0].reasons == ("no_mailbox",)
    house = House(sending())
    house.admit("i-1", "chat", queue="sales", mail_hash="h1")
    assert sent(house) == [(0, 0)]
    nowhere = House(sending())
    nowhere.admit("i-1", "chat", queue="sales")
    assert nowhere.of(AutoReplySuppressed)[0].reasons == ("no_address",)


def test_who_has_unsubscribed_gets_no_offer_but_what_has_nothing_to_unsubscribe_from() -> None:
    house = House(sending())
    house.admit("i-1", "email", mail_hash="h1", unsubscribed=True)
    assert house.of(AutoReplySuppressed)[0].reasons == ("unsubscribed",)
    house = House(sending(name="terms"))
    house.admit("i-1", "email", mail_hash="h1", unsubscribed=True)
    house.after(2 * HOUR)
    assert sent(house) == [(0, 2 * HOUR)]


def test_the_same_document_is_not_sent_twice_at_a_time_to_one_customer() -> None:
    house = offered(name="terms")
    house.admit("i-2", "email", mail_hash="h1", customer="c")
    assert house.of(AutoReplySuppressed)[0].reasons == ("planned_already",)
    house.after(2 * HOUR)
    house.admit("i-3", "email", mail_hash="h1", customer="c")
    assert [each.interaction for each in house.of(SendingPlanned)] == ["i-1", "i-3"]


def test_a_flood_of_requests_makes_no_more_documents_than_automatic_replies() -> None:
    house = House(sending(SendingPlan(name="offer")))
    for number in range(6):
        house.admit(f"i-{number}", "email", mail_hash="h1", customer=f"c-{number}")
    assert len(sent(house)) == 3
    assert {each.reasons for each in house.of(AutoReplySuppressed)} == {("too_many_to_this_address",)}


# -- answers


def test_an_answer_a_second_before_the_reminder_ends_it() -> None:
    house = offered()
    house.after(3 * DAY - SECOND)
    house.writes("i-1")
    house.after(20 * DAY)
    assert sent(house) == [(0, 0)]
    assert ended(house) == ["answered"]
    assert house.of(SendingEscalated) == []


def test_an_answer_a_moment_after_the_reminder_ends_what_follows() -> None:
    house = offered()
    house.after(3 * DAY)
    house.writes("i-1")
    house.after(20 * DAY)
    assert sent(house) == [(0, 0), (1, 3 * DAY)]
    assert ended(house) == ["answered"]


def test_an_answer_by_another_way_is_one() -> None:
    house = offered()
    house.admit("i-2", "chat", customer="c")
    assert ended(house) == ["answered"]


def test_who_is_reached_by_phone_has_answered() -> None:
    house = offered()
    house.decline()
    house.active("i-2", "callback", customer="c", queue="sales", message=None)
    house.run(CallAttempted("i-2", "a", "reached"))
    assert ended(house) == ["answered"]


def test_an_out_of_office_notice_is_no_answer_and_a_person_whose_mail_is_not_proven_is() -> None:
    house = offered()
    house.run(AddMessage(interaction="i-1", message="m", author="customer", suppressed_by=("auto-submitted",)))
    house.admit("i-2", "email", customer="c", suppressed_by=("precedence", "subject"))
    assert ended(house) == []
    house.run(AddMessage(interaction="i-1", message="m", author="customer", suppressed_by=("unauthenticated",)))
    assert ended(house) == ["answered"]


def test_what_was_asked_for_is_sent_although_the_customer_writes_again_before() -> None:
    house = offered(name="terms")
    house.writes("i-1")
    house.after(2 * HOUR)
    assert sent(house) == [(0, 2 * HOUR)]


# -- limits


def test_a_reminder_waits_until_there_is_room_for_automatic_mail_to_the_address() -> None:
    house = offered(auto_replies_max=1)
    house.after(2 * DAY + 12 * HOUR)
    house.admit("i-9", "email", mail_hash="h1", customer="somebody else with that address")
    house.after(DAY)
    assert house.of(SendingHeld) == [
        SendingHeld(
            at=START + 3 * DAY,
            interaction="i-1",
            sending=OFFERED,
            step=1,
            reason="too_many_to_this_address",
            until=START + 3 * DAY + 12 * HOUR,
        )
    ]
    assert (1, 3 * DAY + 12 * HOUR) in sent(house)


def test_a_message_in_an_agents_name_is_no_automatic_reply_and_its_reminder_is() -> None:
    house = House(sending(auto_replies_max=1))
    house.agent("a")
    house.active("i-1", "email")
    house.run(planned("s-1", plan="offer", agent="a"))
    (first,) = house.of(SendingDue)
    assert (first.agent, first.address_hash) == ("a", None)
    house.after(3 * DAY)
    assert [(each.agent, each.address_hash) for each in house.of(SendingDue)] == [("a", None), (None, "h1")]


def test_automatic_mail_that_is_switched_off_ends_what_is_automatic() -> None:
    house = House(sending(auto_replies_max=0))
    house.agent("a")
    house.active("i-1", "email")
    house.run(planned("s-1", plan="offer", agent="a"))
    house.after(20 * DAY)
    assert sent(house) == [(0, 0)]
    assert ended(house) == ["no_automatic_mail"]


# -- by an agent


def planned(id: str, interaction: str = "i-1", **values: Any) -> PlanSending:
    values.setdefault("address_hash", "h1")
    values.setdefault("by", "a")
    return PlanSending(interaction=interaction, sending=id, **values)


def test_an_agent_sends_his_words_at_an_instant_whoever_has_the_conversation_then() -> None:
    house = House(sending())
    house.agent("a")
    house.closed("i-1", "email")
    house.run(planned("s-1", agent="a", at=START + 3 * HOUR, written=True))
    house.after(3 * HOUR)
    assert house.of(SendingDue)[0].written
    house.run(AddMessage(interaction="i-1", message="m-s", author="agent", agent="a", sending="s-1"))
    assert (house.state_of(), house.interaction().replied) == ("closed", True)
    deliver = [each for each in effects_of(house.log[-1]) if isinstance(each, DeliverMessage)]
    assert [(each.automatic, each.mailed) for each in deliver] == [(False, True)]


def test_an_agent_keeps_to_hours_that_he_names() -> None:
    # The start is a Sunday, 09:30.
    hours = {"office": Hours(zone=OFFER.zone, week=(*[(Interval(8 * 60, 17 * 60),)] * 5, (), ()))}
    house = House(sending(hours=hours))
    house.agent("a")
    house.active("i-1", "email")
    house.run(planned("s-1", agent="a", at=START + HOUR, written=True, within="office"))
    house.after(3 * DAY)
    assert sent(house) == [(0, DAY - 90 * MINUTE)]


def test_nothing_follows_a_sending_that_is_alone() -> None:
    house = House(sending())
    house.agent("a")
    house.active("i-1", "email")
    house.run(planned("s-1", plan="offer", agent="a", alone=True))
    house.after(20 * DAY)
    assert sent(house) == [(0, 0)]


def test_a_reminder_of_ones_own_is_not_sent_to_who_writes_before() -> None:
    house = House(sending())
    house.agent("a")
    house.active("i-1", "email")
    house.run(planned("s-1", agent="a", at=START + DAY, written=True, unless_answered=True))
    house.run(planned("s-2", agent="a", at=START + DAY, written=True))
    house.writes("i-1")
    house.after(2 * DAY)
    assert [each.sending for each in house.of(SendingDue)] == ["s-2"]


def test_what_makes_no_sense_is_refused() -> None:
    house = House(sending())
    house.agent("a")
    house.active("i-1", "email")
    assert house.refusal(planned("s", "i-9", written=True)) == ("not_found", "unknown_interaction")
    assert house.refusal(planned("s", plan="gone")) == ("invalid", "unknown_plan")
    assert house.refusal(planned("s")) == ("invalid", "nothing_to_send")
    assert house.refusal(planned("s", plan="offer", within="never")) == ("invalid", "unknown_hours")
    assert house.refusal(planned("s", plan="offer", at=START + 400 * DAY)) == ("invalid", "sending_too_far")
    assert house.refusal(CancelSending("i-1", "s", "a")) == ("conflict", "sending_over")
    house.admit("i-2", "chat")
    assert house.refusal(planned("s", "i-2", plan="offer")) == ("conflict", "no_message_channel")
    for number in range(20):
        house.run(planned(f"s-{number}", written=True, at=START + DAY))
    assert house.refusal(planned("s", written=True)) == ("conflict", "too_many_sendings")
    assert house.refusal(planned("s-1", written=True)) == ("known", "known")


def test_what_is_cancelled_goes_no_more() -> None:
    house = offered()
    house.run(CancelSending("i-1", OFFERED, "a"))
    house.after(20 * DAY)
    assert sent(house) == [(0, 0)]
    assert ended(house) == ["cancelled"]


def test_who_unsubscribes_still_gets_what_he_can_not_unsubscribe_from() -> None:
    house = offered()
    house.run(planned("s-1", plan="terms", agent="a"))
    house.run(planned("s-2", agent="a", at=START + DAY, written=True))
    house.run(StopSendings("c", "unsubscribed", "customer"))
    house.after(20 * DAY)
    assert [(each.sending, each.step) for each in house.of(SendingDue)] == [(OFFERED, 0), ("s-1", 0), ("s-2", 0)]
    assert ended(house) == ["unsubscribed"]


def test_who_is_erased_gets_nothing_any_more() -> None:
    house = offered()
    house.run(planned("s-2", agent="a", at=START + DAY, written=True))
    house.run(StopSendings("c", "erased", "boss"))
    house.after(20 * DAY)
    assert sent(house) == [(0, 0)]
    assert ended(house) == ["erased", "erased"]


def test_nothing_follows_in_what_is_spam() -> None:
    house = offered()
    house.run(MarkSpam("i-1", "a"))
    assert ended(house) == ["spam"]


# -- what is over goes on


def test_a_closed_conversation_is_remembered_while_something_follows_and_opens_at_the_answer() -> None:
    house = offered()
    house.accept("i-1")
    house.ends("i-1")
    house.wraps_up("i-1")
    house.after(13 * DAY)
    assert (house.state_of(), house.of(Forgotten)) == ("closed", [])
    assert sent(house) == [(0, 0), (1, 3 * DAY), (2, 7 * DAY)]
    house.writes("i-1")
    assert (house.rings_at(), ended(house)) == ("a", ["answered"])


def test_a_closed_conversation_is_forgotten_a_week_after_the_last_message() -> None:
    house = House(sending(SendingPlan(name="offer", steps=(Timing(), Timing(30 * DAY)))))
    house.agent("a")
    house.active("i-1", "email", mail_hash="h1")
    house.ends("i-1")
    house.wraps_up("i-1")
    house.after(37 * DAY - 1)
    assert house.state_of() == "closed"
    house.after(1)
    assert "i-1" not in house.state.interactions


def test_a_step_of_a_document_that_left_the_configuration_is_not_sent() -> None:
    house = offered()
    house.policy = sending(TERMS, name="terms")
    house.run(Reconcile())
    house.after(4 * DAY)
    assert ended(house) == ["plan_gone"]


def test_a_queue_that_left_the_configuration_gives_its_calls_to_the_last_rule() -> None:
    gone = SendingPlan(name="offer", call=CallOn(Timing(DAY), "gone"))
    house = House(sending(gone))
    house.admit("i-1", "email", mail_hash="h1")
    house.after(DAY)
    assert [each.queue for each in house.of(SendingEscalated)] == ["support"]


# -- once, whatever happens


def test_each_step_has_one_effect_with_an_id_of_its_own() -> None:
    house = offered()
    house.after(20 * DAY)
    effects = [effect for event in house.log for effect in effects_of(event) if not isinstance(effect, DeliverMessage)]
    steps = [effect for effect in effects if isinstance(effect, SendStep)]
    assert [(each.step, each.plan, each.agent) for each in steps] == [(n, "offer", None) for n in range(3)]
    assert len({each.id for each in steps}) == 3
    (call,) = [effect for effect in effects if isinstance(effect, CallUnanswered)]
    assert (call.queue, call.interaction) == ("sales", "i-1")
    assert [effects_of(event) for event in house.log] == [effects_of(event) for event in house.log]


def test_a_state_from_the_journal_or_a_checkpoint_sends_what_is_left_and_nothing_twice() -> None:
    house = offered()
    house.after(3 * DAY)
    replayed = State()
    for event in house.log:
        evolve(replayed, event)
    for state in (replayed, decode(encode(house.state))):
        other = House(house.policy, house.now)
        other.state = state
        other.after(20 * DAY)
        assert sent(other) == [(2, 7 * DAY)]
        assert len(other.of(SendingEscalated)) == 1


def test_an_alarm_that_comes_weeks_late_sends_one_step_and_counts_from_then() -> None:
    house = offered()
    house.now = START + 30 * DAY
    house.do(Tick())
    assert sent(house) == [(0, 0), (1, 30 * DAY)]
    assert house.interaction().sendings[0].due_at == START + 34 * DAY


def test_the_story_of_a_sending_is_told_from_its_events() -> None:
    house = offered()
    house.after(3 * DAY)
    (told,) = sendings_told(house.log)
    assert (told.state, told.due_at, told.sent) == ("waiting", START + 7 * DAY, (START, START + 3 * DAY))
    house.writes("i-1")
    (told,) = sendings_told(house.log)
    assert (told.state, told.due_at, told.reason, told.ended_by) == ("cancelled", None, "answered", "customer")


def test_a_document_takes_the_place_of_an_answer_that_is_not_sure() -> None:
    house = House(
        policy(
            queue(),
            rules=(rule(when=Condition(), autoresponse="bot"),),
            autoresponses=(
                Autoresponse(name="bot", kind="answer", otherwise="terms"),
                Autoresponse(name="terms", kind="document"),
            ),
            plans={"terms": TERMS},
        )
    )
    house.do(admit("i-1", "email", mail_hash="h1"))
    assert [each.plan for each in house.of(SendingPlanned)] == ["terms"]
    assert [each.author for each in house.of(MessageAdded)] == ["customer"]


def test_nothing_follows_mail_that_did_not_arrive_and_nothing_goes_to_who_complains() -> None:
    house = offered()
    house.run(planned("s-2", agent="a", at=START + DAY, written=True))
    house.run(ReportDelivery("i-1", "m", "deferred"))
    assert ended(house) == []
    house.run(ReportDelivery("i-1", "m", "bounced"))
    assert [(each.sending, each.reason) for each in house.of(SendingCancelled)] == [(OFFERED, "undeliverable")]
    house.run(ReportDelivery("i-1", "m", "complained"))
    assert [(each.sending, each.reason) for each in house.of(SendingCancelled)][1:] == [("s-2", "complained")]


def test_a_reminder_waits_while_its_domain_has_had_enough() -> None:
    house = House(sending(auto_replies_domain_max=2, auto_replies_domain_within=HOUR))
    house.admit("i-1", "email", mail_hash="h1", mail_domain_hash="d", customer="c-1")
    house.after(3 * DAY - MINUTE)
    for number in (2, 3):
        house.admit(f"i-{number}", "email", mail_hash=f"h{number}", mail_domain_hash="d", customer=f"c-{number}")
    house.after(MINUTE)
    (held,) = house.of(SendingHeld)
    assert (held.reason, held.until) == ("too_many_to_this_domain", START + 3 * DAY - MINUTE + HOUR)


def test_documents_count_for_the_stop_of_all_and_reminders_wait_until_somebody_lets_them_go() -> None:
    house = House(sending(auto_replies_surge=5, auto_replies_surge_min=2, auto_replies_surge_hours=0))
    for number in (1, 2):
        house.admit(f"i-{number}", "email", mail_hash=f"h{number}", customer=f"c-{number}")
    assert len(house.of(AutoRepliesStopped)) == 1
    house.after(3 * DAY + 30 * MINUTE)
    assert {each.reason for each in house.of(SendingHeld)} == {"all_stopped"}
    house.run(ReleaseAutoReplies("boss"))
    house.after(HOUR)
    assert [step for step, _ in sent(house)] == [0, 0, 1, 1]
