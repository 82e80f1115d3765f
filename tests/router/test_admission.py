"""Admission (semantics.md section 3): from a message that came in to an interaction in a queue."""

from queues.interaction import Heads
from router.commands import Candidate
from router.events import Admitted, Closed, Enqueued, MessageAdded, WarningRaised
from router.policy import Autoresponse
from router.story import story
from tests.builders import START, Condition, House, Label, Requirement, admit, policy, queue, requirement_of, rule
from vocabulary.instants import MINUTE


def test_what_comes_in_is_admitted_with_its_message_and_enqueued() -> None:
    house = House(policy(queue(target=20_000, credit=MINUTE)))
    assert house.run(admit("i-1", customer="c-9", language="pl", labels=(Label("billing", 0.8),))) == (
        Admitted(
            at=START,
            interaction="i-1",
            number=1,
            channel="web",
            medium="chat",
            customer="c-9",
            queue="support",
            priority=0,
            class_=0,
            labels=(Label("billing", 0.8),),
            language="pl",
            rule="default",
            ruled=True,
        ),
        MessageAdded(at=START, interaction="i-1", message="m-i-1", number=1, author="customer"),
        Enqueued(
            at=START,
            interaction="i-1",
            queue="support",
            leg=1,
            arrived_at=START,
            due_at=START + 20_000,
            credit=MINUTE,
            target=20_000,
            cause="admitted",
        ),
    )


def test_a_repeat_changes_nothing_and_answers_known() -> None:
    house = House()
    house.admit("i-1")
    assert house.refusal(admit("i-1", "email")) == ("known", "known")
    assert house.state.admitted == 1


def test_a_repeat_is_known_as_long_as_the_interaction_can_open_again() -> None:
    house = House()
    house.agent("a")
    house.closed("i-1")
    assert house.refusal(admit("i-1")) == ("known", "known")


def test_interactions_are_numbered_in_the_order_of_admission() -> None:
    house = House()
    for id in ("i-9", "i-3", "i-5"):
        house.admit(id)
    assert [(each.interaction, each.number) for each in house.of(Admitted)] == [("i-9", 1), ("i-3", 2), ("i-5", 3)]


def test_a_step_that_failed_never_blocks_the_interaction_and_raises_a_warning() -> None:
    house = House()
    house.agent("a")
    house.admit("i-1", labels=(Label("unknown", 0.0),), warnings=("classifier_failed",))
    assert house.of(WarningRaised) == [WarningRaised(at=START, interaction="i-1", warning="classifier_failed")]
    assert house.rings_at("i-1") == "a"


def test_fields_that_staff_sends_win_over_rules() -> None:
    needs = (requirement_of("billing>=3"),)
    by_rule = rule("support", priority=5, class_=1, requirements=(requirement_of("lang:pl"),), tags=("rule",))
    house = House(policy(queue("support"), queue("sales"), rules=(by_rule,)))
    house.admit("i-1", queue="sales", priority=-7, class_=0, requirements=needs, tags=("staff",))
    interaction = house.interaction("i-1")
    assert (interaction.queue, interaction.priority, interaction.class_) == ("sales", -7, 0)
    assert interaction.requirements == needs
    assert interaction.tags == ("rule", "staff")


def test_rules_ask_for_department_urgency_and_mood_which_stand_in_the_log_and_are_told() -> None:
    rules = (
        rule("sales", Condition(department=("sales",)), name="sales"),
        rule("support", Condition(urgency=("high",), sentiment=("negative",)), name="hurry", priority=9),
        rule("support", name="rest"),
    )
    house = House(policy(queue("support"), queue("sales"), rules=rules))
    heads = Heads(department=Label("billing", 0.9), urgency=Label("high", 0.7), sentiment=Label("negative", 0.6))
    house.admit("i-1", heads=heads)
    house.admit("i-2", heads=Heads(urgency=Label("high", 0.7)))
    assert [house.interaction(id).priority for id in ("i-1", "i-2")] == [9, 0]
    assert house.interaction("i-1").heads == heads
    told = [each.code for each in story(event for event in house.log if getattr(event, "interaction", None) == "i-1")]
    assert told[:5] == ["for_department", "urgency_high", "mood_negative", "rule_skipped", "rule_applied"]


def test_an_empty_list_of_requirements_from_staff_wins_too() -> None:
    house = House(policy(rules=(rule(requirements=(requirement_of("lang:pl"),)),)))
    house.admit("i-1", requirements=())
    assert house.interaction("i-1").requirements == ()


def test_the_reason_of_each_step_is_stored() -> None:
    rules = (
        rule(name="mail only", when=Condition(medium=("email",))),
        rule(name="angry", when=Condition(words=("refund",))),
        rule(name="rest"),
    )
    house = House(policy(rules=rules))
    house.admit("i-1", text="hello", suppressed_by=("auto_submitted",), follows="i-0")
    (admitted,) = house.of(Admitted)
    assert admitted.rule == "rest"
    assert admitted.reasons == ("mail only:medium", "angry:words")
    assert admitted.automatic == ("auto_submitted",)
    assert admitted.follows == "i-0"


def test_a_channel_or_queue_that_does_not_exist_is_refused() -> None:
    house = House()
    assert house.refusal(admit(channel="fax")) == ("invalid", "unknown_channel")
    assert house.refusal(admit(queue="fax")) == ("invalid", "unknown_queue")
    assert house.log == []


def test_a_priority_goes_from_minus_100_to_100() -> None:
    house = House()
    house.admit("i-1", priority=-100)
    house.admit("i-2", priority=100)
    assert house.refusal(admit("i-3", priority=101)) == ("invalid", "priority_out_of_range")
    assert house.refusal(admit("i-3", priority=-101)) == ("invalid", "priority_out_of_range")


def test_what_has_no_message_is_admitted_without_one() -> None:
    house = House()
    house.admit("i-1", "callback", message=None)
    assert house.interaction("i-1").messages == 0
    assert house.of(MessageAdded) == []


def test_texts_and_candidates_stay_out_of_the_journal() -> None:
    house = House()
    house.admit("i-1", subject="my secret", text="another secret", candidates=(Candidate("hours", 0.9),))
    assert "secret" not in repr(house.log)


def test_requirements_of_the_command_are_kept_with_their_expiry() -> None:
    house = House()
    house.admit("i-1", requirements=(Requirement("billing", 3, 30_000),))
    assert house.interaction("i-1").requirements == (Requirement("billing", 3, 30_000),)


def test_what_a_blocked_sender_sends_is_kept_and_closed_at_once() -> None:
    acknowledge = Autoresponse(name="ack", kind="acknowledge")
    house = House(policy(queue(), rules=(rule("support", autoresponse="ack"),), autoresponses=(acknowledge,)))
    house.agent("a")
    events = house.run(admit("i-1", blocked=True, address_hash="h"))
    assert [type(event) for event in events] == [Admitted, MessageAdded, Closed]
    interaction = house.interaction("i-1")
    assert (interaction.state, interaction.disposition, interaction.offers) == ("closed", "blocked_sender", ())
    assert [reason.code for reason in story(events)][-1] == "sender_blocked"


def test_history_that_is_imported_is_kept_and_closed_at_once() -> None:
    acknowledge = Autoresponse(name="ack", kind="acknowledge")
    house = House(policy(queue(), rules=(rule("support", autoresponse="ack"),), autoresponses=(acknowledge,)))
    house.agent("a")
    events = house.run(admit("i-1", archived=True, address_hash="h"))
    assert [type(event) for event in events] == [Admitted, MessageAdded, Closed]
    interaction = house.interaction("i-1")
    assert (interaction.state, interaction.disposition, interaction.offers) == ("closed", "imported", ())
    assert [reason.code for reason in story(events)][-1] == "imported"


def test_a_blocked_sender_books_no_window() -> None:
    house = House()
    house.admit("i-1", "callback", slot=START + 7, blocked=True)
    assert (house.interaction("i-1").state, house.state.booked) == ("closed", {})
