"""Replies by mail that are taken back: it is as if they had never been; what has begun to go is gone."""

import pytest

from queues.lifecycle import InteractionState
from queues.sla import Agreement, SlaPolicy
from router.commands import AddMessage, BeginDelivery, Close, DeliverAgain, RenewSla, ReportDelivery, TakeBack, Transfer
from router.events import (
    DeliveryAskedAgain,
    DeliveryBegun,
    DeliveryReported,
    MessageAdded,
    MessageTakenBack,
    SlaBreached,
)
from tests.builders import House, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import HOUR, MINUTE, SECOND

GOLD = SlaPolicy(agreement=Agreement(name="gold", first_response=10 * MINUTE, resolution=HOUR))
SILVER = SlaPolicy(agreement=Agreement(name="gold", resolution=HOUR))


def at_work(medium: str = "email", **values: object) -> House:
    house = Checked(policy(queue("support", sla="gold", **values), queue("sales"), sla={"gold": GOLD}))
    house.agent("a")
    house.active(medium=medium)
    house.writes()
    return house


def message(house: House, back: int = 0) -> str:
    return house.of(MessageAdded)[-1 - back].message


def test_reply_by_mail_goes_after_the_queues_time() -> None:
    house = at_work(undo=7 * SECOND)
    house.replies()
    assert house.of(MessageAdded)[-1].goes_at == house.now + 7 * SECOND


@pytest.mark.parametrize(("medium", "values"), [("chat", {}), ("email", {"undo": 0})])
def test_other_replies_go_at_once(medium: str, values: dict[str, int]) -> None:
    house = at_work(medium, **values)
    house.replies()
    assert house.of(MessageAdded)[-1].goes_at is None
    assert house.refusal(TakeBack("i-1", message(house), "a")) == ("conflict", "gone_already")


def test_notes_and_what_customers_write_are_not_held_back() -> None:
    house = at_work()
    house.writes(author="note", agent="a")
    assert house.of(MessageAdded)[-1].goes_at is None
    assert house.interaction().held_back == ()


def test_customer_waits_on_as_if_nothing_had_been_written() -> None:
    house = at_work()
    before = house.interaction()
    waited, clocks, replied = before.unanswered_at, before.clocks, before.replied
    house.replies()
    assert (house.interaction().unanswered_at, house.interaction().replied) == (None, True)
    assert house.interaction().clocks["first_response"].met
    house.after(3 * SECOND)
    house.run(TakeBack("i-1", message(house), "a"))
    after = house.interaction()
    assert (after.unanswered_at, after.clocks, after.replied, after.held_back) == (waited, clocks, replied, ())
    house.after(10 * MINUTE)
    assert house.interaction().clocks["first_response"].breached


def test_first_of_two_replies_leaves_what_it_changed_to_the_second() -> None:
    house = at_work()
    waited = house.interaction().unanswered_at
    house.replies()
    house.replies()
    first, second = message(house, 1), message(house)
    house.run(TakeBack("i-1", first, "a"))
    assert house.interaction().unanswered_at is None
    house.run(TakeBack("i-1", second, "a"))
    assert (house.interaction().unanswered_at, house.interaction().replied) == (waited, False)


def test_what_the_customer_wrote_meanwhile_is_still_unanswered() -> None:
    house = at_work()
    house.replies()
    house.after(SECOND)
    house.replies()
    house.after(SECOND)
    house.writes()
    since = house.interaction().unanswered_at
    house.run(TakeBack("i-1", message(house, 1), "a"))
    assert house.interaction().unanswered_at == since


def test_what_was_written_between_two_replies_waits_again_once_both_are_taken_back() -> None:
    house = at_work()
    house.replies()
    house.run(BeginDelivery("i-1", message(house)))
    house.replies()
    house.after(SECOND)
    house.writes()
    since = house.now
    house.after(SECOND)
    house.replies()
    house.run(TakeBack("i-1", message(house, 2), "a"))
    assert house.interaction().unanswered_at is None
    house.run(TakeBack("i-1", message(house), "a"))
    assert house.interaction().unanswered_at == since


def test_reply_that_has_gone_answers_what_came_before_it_whatever_is_taken_back() -> None:
    house = at_work()
    house.replies()
    house.replies()
    house.run(BeginDelivery("i-1", message(house)))
    house.run(TakeBack("i-1", message(house, 1), "a"))
    assert (house.interaction().unanswered_at, house.interaction().replied) == (None, True)
    assert house.interaction().clocks["first_response"].met


def test_what_was_sent_by_plan_meanwhile_answers_as_well() -> None:
    house = at_work()
    house.replies()
    house.do(AddMessage(interaction="i-1", message="m-plan", author="agent", agent="a", sending="s-1"))
    house.run(TakeBack("i-1", message(house, 1), "a"))
    assert (house.interaction().unanswered_at, house.interaction().replied) == (None, True)


def test_clock_that_the_reply_did_not_stop_is_late_only_once() -> None:
    house = at_work(undo=MINUTE)
    house.after(HOUR - 30 * SECOND)
    house.replies()
    house.after(40 * SECOND)
    house.run(TakeBack("i-1", message(house), "a"))
    house.after(HOUR)
    assert [event.clock for event in house.of(SlaBreached)] == ["first_response", "resolution"]


def test_clock_goes_on_as_the_agreement_says_that_was_renewed_meanwhile() -> None:
    house = at_work(undo=MINUTE)
    house.replies()
    house.policy = policy(queue("support", sla="gold"), queue("sales"), sla={"gold": SILVER})
    house.run(RenewSla("i-1", "boss"))
    house.run(TakeBack("i-1", message(house), "a"))
    assert "first_response" not in house.interaction().clocks
    house.run(Close("i-1", "done", "boss"))
    assert not any(clock.runs for clock in house.interaction().clocks.values())


def test_silence_counts_from_the_reply_that_stands() -> None:
    house = at_work(silent_after={"email": 10 * MINUTE})
    house.replies()
    house.run(BeginDelivery("i-1", message(house)))
    silent_at = house.interaction().silent_at
    house.after(MINUTE)
    house.replies()
    house.run(TakeBack("i-1", message(house), "a"))
    assert house.interaction().silent_at == silent_at == house.now + 9 * MINUTE
    house.after(9 * MINUTE)
    assert house.state_of() is InteractionState.PARKED


def test_silence_that_the_customer_broke_stays_broken() -> None:
    house = at_work(silent_after={"email": 10 * MINUTE})
    house.replies()
    house.writes()
    house.replies()
    house.run(TakeBack("i-1", message(house), "a"))
    assert house.interaction().silent_at is None


def test_delivery_that_has_begun_is_not_taken_back() -> None:
    house = at_work()
    house.replies()
    (begun,) = house.run(BeginDelivery("i-1", message(house)))
    assert isinstance(begun, DeliveryBegun)
    assert house.refusal(TakeBack("i-1", message(house), "a")) == ("conflict", "gone_already")


def test_message_that_was_taken_back_never_begins() -> None:
    house = at_work()
    house.replies()
    house.run(TakeBack("i-1", message(house), "a"))
    (back,) = house.of(MessageTakenBack)
    assert house.refusal(BeginDelivery("i-1", back.message)) == ("conflict", "taken_back")
    assert house.refusal(TakeBack("i-1", back.message, "a")) == ("conflict", "gone_already")


def test_only_its_author_takes_it_back_and_only_while_he_has_the_interaction() -> None:
    house = at_work()
    house.replies()
    assert house.refusal(TakeBack("i-1", message(house), "b")) == ("forbidden", "not_yours")
    house.ends(wrap_up=True)
    assert house.refusal(TakeBack("i-1", message(house), "a")) == ("conflict", "not_owner")


def test_bad_news_names_whom_it_concerns() -> None:
    house = at_work()
    house.replies()
    house.ends()
    house.run(ReportDelivery("i-1", message(house), "sent"))
    house.run(ReportDelivery("i-1", message(house), "failed"))
    assert [event.agent for event in house.of(DeliveryReported)] == [None, "a"]


def test_where_nobody_has_it_bad_news_is_for_whoever_wrote() -> None:
    house = at_work()
    house.replies()
    house.run(Transfer("i-1", "a", "sales", "m-note"))
    assert house.state.interactions["i-1"].agent is None
    house.run(ReportDelivery("i-1", "m-1", "bounced", wrote="a"))
    house.run(ReportDelivery("i-1", "m-1", "sent", wrote="a"))
    assert [event.agent for event in house.of(DeliveryReported)] == ["a", None]


def test_that_it_goes_once_more_is_written_down() -> None:
    house = at_work()
    house.replies()
    house.run(DeliverAgain("i-1", message(house), "boss"))
    assert house.of(DeliveryAskedAgain)[0].by == "boss"
    assert house.refusal(DeliverAgain("x", "m", "boss")) == ("not_found", "unknown_interaction")
