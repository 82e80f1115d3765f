"""Overflow (semantics.md section 12): what a queue does with work that it can't serve as it should."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from queues.hours import Hours, Interval
from queues.overflow import Contact, Do, Overflow, When
from queues.policy import ChannelPolicy, QueuePolicy
from router.commands import (
    AcceptCallback,
    LeaveMessage,
    Move,
    Reconcile,
    RecordEstimate,
    RemoveAgent,
    Reprioritise,
    UndoAct,
)
from router.events import (
    AutoReplied,
    AutoReplySuppressed,
    Closed,
    Converted,
    HoursChanged,
    Overflowed,
    Reprioritised,
    Scheduled,
    WaitEstimated,
    WayOffered,
)
from router.policy import Autoresponse, Policy
from tests.builders import START, policy, queue, rule
from tests.router.invariants import Checked
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND
from vocabulary.skills import Requirement

# START is a Sunday, 09:30 UTC.


def when(do: Do, **conditions: Any) -> Overflow:
    return Overflow(when=When(**conditions), do=do)


def hours(start: int = 8 * 60, end: int = 10 * 60, **values: Any) -> dict[str, Hours]:
    """Return hours of every day, 08:00 to 10:00 unless told."""
    return {"office": Hours(zone=ZoneInfo("UTC"), week=((Interval(start, end),),) * 7, **values)}


def house(
    *rules: Overflow, more: tuple[QueuePolicy, ...] = (), of: dict[str, Any] | None = None, **values: Any
) -> Checked:
    """Return a house whose queue `support` has these rules; `backup` is another queue."""
    values.setdefault("autoresponses", (Autoresponse(name="sorry", kind="acknowledge"),))
    support = queue(overflow=rules, message_channel="mail", **(of or {}))
    return Checked(policy(support, *(more or (queue("backup"),)), **values))


MOVE = Do(move="backup")
acknowledging = rule(autoresponse="ack")


# -- waits


def test_what_has_waited_too_long_moves_with_its_age() -> None:
    there = house(when(MOVE, wait=5 * MINUTE))
    there.admit()
    there.after(5 * MINUTE - 1)
    assert there.interaction().queue == "support"
    there.after(1)
    moved = there.interaction()
    assert (moved.queue, moved.leg, moved.arrived_at, moved.enqueued_at) == ("backup", 2, START, START + 5 * MINUTE)
    assert there.of(Overflowed) == [
        Overflowed(at=there.now, interaction="i-1", queue="support", rule=0, because=("wait",), to="backup")
    ]


def test_whoever_serves_the_other_queue_gets_it_in_the_same_decision() -> None:
    there = house(when(MOVE, wait=MINUTE))
    there.agent("b", "backup")
    there.admit()
    there.after(MINUTE)
    assert there.rings_at() == "b"


def test_rules_of_several_waits_come_one_after_the_other() -> None:
    there = house(when(Do(priority=5), wait=MINUTE), when(Do(groups=("helpers",)), wait=2 * MINUTE))
    there.agent("h", "backup", groups=("helpers",))
    there.admit()
    there.after(MINUTE)
    assert (there.interaction().priority, there.rings_at()) == (5, None)
    there.after(MINUTE)
    assert there.rings_at() == "h"


def test_each_rule_applies_once_in_a_leg_and_again_in_the_next() -> None:
    there = house(when(Do(priority=5), wait=MINUTE))
    there.admit()
    there.after(DAY)
    assert there.interaction().priority == 5
    there.moves(queue="support")
    there.after(MINUTE)
    assert there.interaction().priority == 10


def test_raised_priority_stops_at_a_hundred_and_what_changes_nothing_is_no_event() -> None:
    there = house(when(Do(priority=5), wait=MINUTE))
    there.admit(priority=98)
    there.admit("i-2", priority=100)
    there.after(MINUTE)
    assert [event.priority for event in there.of(Reprioritised)] == [100]
    assert len(there.of(Overflowed)) == 1


def test_what_could_be_raised_no_further_is_raised_once_it_can() -> None:
    there = house(when(Do(priority=5), wait=MINUTE))
    there.admit(priority=100)
    there.after(MINUTE)
    assert there.of(Overflowed) == []
    there.run(Reprioritise("i-1", 0, "boss"))
    assert there.interaction().priority == 5
    there.run(Reprioritise("i-1", 0, "boss"))
    assert there.interaction().priority == 0


def test_what_comes_back_by_undo_overflows_as_its_queue_is_now() -> None:
    there = house(when(Do(close="nobody"), unstaffed=True))
    there.agent("a", skills={})
    there.agent("b", "backup")
    there.admit(requirements=(Requirement("billing"),))
    there.run(Move("i-1", "backup", "boss"))
    there.run(RemoveAgent("a"))
    there.run(UndoAct("i-1", "boss"))
    assert there.state_of() == "closed"


def test_what_is_due_overflows_before_what_comes_then_is_acknowledged() -> None:
    replies = (Autoresponse(name="sorry", kind="acknowledge"), Autoresponse(name="ack", kind="acknowledge"))
    rules, more = (rule(autoresponse="ack"),), (queue("backup", misses_max=1),)
    there = house(when(Do(reply="sorry"), unstaffed=True), rules=rules, autoresponses=replies, more=more)
    there.agent("a", "support", "backup")
    there.admit("i-1", address_hash="h-1", requirements=(Requirement("billing"),))
    there.writes("i-1")
    there.admit("i-0", queue="backup")
    there.now += MINUTE
    there.admit("i-2", address_hash="h-2", queue="backup")
    said = [(event.interaction, event.autoresponse) for event in there.of(AutoReplied)]
    assert said == [("i-1", "ack"), ("i-1", "sorry"), ("i-2", "ack")]


def test_a_raised_priority_is_due_earlier_by_the_credit() -> None:
    there = house(when(Do(priority=5), wait=MINUTE))
    there.admit()
    due = there.interaction().due_at
    there.after(MINUTE)
    assert there.interaction().due_at == due - 5 * there.policy.queues["support"].credit


def test_what_rings_is_left_alone_and_overflows_when_the_offer_ends_unaccepted() -> None:
    there = house(when(MOVE, wait=10 * SECOND))
    there.agent("a")
    there.admit()
    there.after(20 * SECOND)
    assert (there.interaction().queue, there.rings_at()) == ("support", "a")
    there.decline()
    assert there.interaction().queue == "backup"


def test_an_expired_offer_lets_it_overflow_too() -> None:
    there = house(when(MOVE, wait=10 * SECOND))
    there.agent("a")
    there.admit()
    there.after(30 * SECOND)
    assert (there.interaction().queue, there.interaction().state) == ("backup", "waiting")


def test_what_is_accepted_no_longer_overflows() -> None:
    there = house(when(MOVE, wait=10 * SECOND))
    there.agent("a")
    there.active()
    there.after(HOUR)
    assert (there.interaction().queue, there.state_of()) == ("support", "active")


def test_all_conditions_of_a_rule_must_hold() -> None:
    there = house(when(MOVE, wait=MINUTE, unstaffed=True))
    there.agent("a", capacity=0)
    there.admit()
    there.after(2 * MINUTE)
    assert there.interaction().queue == "support"
    there.cut_off("a")
    assert there.of(Overflowed)[0].because == ("wait", "unstaffed")


# -- no way back


def test_two_queues_that_overflow_into_each_other_do_so_once() -> None:
    there = house(
        when(MOVE, wait=MINUTE),
        more=(queue("backup", overflow=(when(Do(move="support"), wait=MINUTE),)),),
    )
    there.admit()
    there.after(DAY)
    assert [event.to for event in there.of(Overflowed)] == ["backup"]
    assert (there.interaction().queue, there.interaction().leg) == ("backup", 2)


def test_queues_that_pass_on_at_once_come_to_an_end_in_one_decision() -> None:
    there = Checked(
        policy(
            queue("one", overflow=(when(Do(move="two"), unstaffed=True),)),
            queue("two", overflow=(when(Do(move="three"), unstaffed=True),)),
            queue("three", overflow=(when(Do(move="one"), unstaffed=True), when(Do(move="two"), unstaffed=True))),
        )
    )
    there.admit()
    assert [event.to for event in there.of(Overflowed)] == ["two", "three"]
    assert there.interaction().queue == "three"


def test_a_new_opening_may_overflow_again() -> None:
    there = house(
        when(MOVE, wait=MINUTE),
        more=(queue("backup", overflow=(when(Do(move="support"), wait=MINUTE),), wrap_up="none"),),
    )
    there.agent("b", "backup")
    there.admit()
    there.after(MINUTE)
    there.accept()
    there.ends()
    there.declares("b", "away")
    there.writes()
    there.after(MINUTE)
    assert [event.to for event in there.of(Overflowed)] == ["backup", "support"]


def test_a_move_into_a_queue_that_is_gone_is_not_made() -> None:
    there = house(when(Do(move="nowhere"), wait=MINUTE))
    there.admit()
    there.after(MINUTE)
    assert there.of(Overflowed) == []


# -- length


def test_who_joins_a_queue_that_is_too_long_moves_on() -> None:
    there = house(when(MOVE, length=2))
    for number in range(4):
        there.admit(f"i-{number}")
    assert [there.interaction(f"i-{number}").queue for number in range(4)] == ["support", "support", "backup", "backup"]


def test_who_has_his_place_keeps_it_whatever_else_comes_in_the_same_millisecond() -> None:
    there = house(when(Do(message=True), length=1))
    there.admit("i-1")
    there.admit("i-2", medium="email")
    there.run(Reprioritise("i-1", 1, "boss"))
    assert there.of(Overflowed) == []


def test_length_does_not_count_for_whom_somebody_takes_at_once() -> None:
    there = house(when(MOVE, length=0))
    there.agent("a")
    there.admit()
    assert there.rings_at() == "a"
    there.after(SECOND)
    there.decline()
    assert there.interaction().queue == "support"


# -- nobody staffed


def test_what_comes_while_nobody_is_staffed_moves_at_once() -> None:
    there = house(when(MOVE, unstaffed=True))
    there.agent("a", available=False)
    there.admit()
    assert there.interaction().queue == "backup"


@pytest.mark.parametrize("goes", ["offline", "away", "cut off", "leaves the queue", "is removed"])
def test_what_waits_moves_when_the_last_member_goes(goes: str) -> None:
    there = house(when(MOVE, unstaffed=True))
    there.agent("a", "support", "backup", capacity=0)
    there.agent("b", capacity=0)
    there.admit("i-1")
    there.admit("i-2")
    there.declares("b", "away")
    assert there.interaction().queue == "support"
    match goes:
        case "cut off":
            there.cut_off("a")
        case "leaves the queue":
            there.agent("a", "backup", available=False)
        case "is removed":
            there.run(RemoveAgent("a"))
        case _:
            there.declares("a", goes)  # type: ignore[arg-type]  # pytest gives text
    assert [there.interaction(id).queue for id in ("i-1", "i-2")] == ["backup", "backup"]


def test_the_last_member_who_misses_too_often_leaves_the_queue_unstaffed() -> None:
    there = house(when(MOVE, unstaffed=True), of={"misses_max": 1})
    there.agent("a")
    there.admit()
    there.after(30 * SECOND)
    assert there.interaction().queue == "backup"


def test_who_said_that_he_goes_after_this_one_leaves_the_queue_unstaffed_then() -> None:
    there = house(when(MOVE, unstaffed=True), of={"wrap_up": "none"})
    there.agent("a", capacity=33)
    there.active("i-1")
    there.admit("i-2")
    there.declares("a", "away", after_current=True)
    assert there.interaction("i-2").queue == "support"
    there.ends("i-1")
    assert there.interaction("i-2").queue == "backup"


# -- expected wait


def test_an_expected_wait_is_recorded_and_may_let_it_overflow() -> None:
    there = house(when(MOVE, expected_wait=10 * MINUTE))
    there.admit()
    there.run(RecordEstimate("i-1", 8 * MINUTE, 12 * MINUTE))
    assert (there.interaction().queue, there.interaction().estimate) == ("support", (8 * MINUTE, 12 * MINUTE))
    there.run(RecordEstimate("i-1", 9 * MINUTE, 12 * MINUTE))
    assert (there.interaction().queue, there.interaction().estimate) == ("backup", None)
    assert there.state.estimates["support"] == (9 * MINUTE, 12 * MINUTE)


def test_the_same_estimate_again_and_one_that_comes_too_late_change_nothing() -> None:
    there = house()
    there.agent("a")
    there.admit()
    there.run(RecordEstimate("i-1", 0, SECOND))
    assert there.run(RecordEstimate("i-1", 0, SECOND)) == ()
    there.accept()
    assert there.run(RecordEstimate("i-1", 0, MINUTE)) == ()
    assert len(there.of(WaitEstimated)) == 1


@pytest.mark.parametrize("span", [(-1, 5), (6, 5)])
def test_an_estimate_that_is_none_is_refused(span: tuple[int, int]) -> None:
    there = house()
    there.admit()
    assert there.refusal(RecordEstimate("i-1", *span)) == ("invalid", "bad_estimate")
    assert there.refusal(RecordEstimate("i-9", 1, 2)) == ("not_found", "unknown_interaction")


# -- hours


def test_what_comes_while_it_is_closed_is_closed_with_words() -> None:
    there = house(
        when(Do(reply="sorry", close="closed_now"), closed=True),
        hours=hours(8 * 60, 9 * 60),
        of={"hours": "office"},
    )
    there.admit(address_hash="h")
    assert [event.autoresponse for event in there.of(AutoReplied)] == ["sorry"]
    assert [(event.reason, event.by) for event in there.of(Closed)] == [("closed_now", "router")]


def test_words_of_the_queue_come_in_the_place_of_a_receipt() -> None:
    there = house(
        when(Do(reply="sorry"), closed=True),
        hours=hours(8 * 60, 9 * 60),
        of={"hours": "office"},
        autoresponses=(Autoresponse(name="sorry", kind="acknowledge"), Autoresponse(name="ack", kind="acknowledge")),
        rules=(acknowledging,),
    )
    there.admit(address_hash="h")
    assert [event.autoresponse for event in there.of(AutoReplied)] == ["sorry"]


def test_one_message_has_at_most_one_automatic_reply() -> None:
    there = house(
        when(Do(reply="sorry"), wait=MINUTE),
        autoresponses=(Autoresponse(name="sorry", kind="acknowledge"), Autoresponse(name="ack", kind="acknowledge")),
        rules=(acknowledging,),
    )
    there.admit(address_hash="h")
    there.admit("i-2", address_hash="h2")
    there.after(30 * SECOND)
    there.writes("i-2")
    there.after(30 * SECOND)
    assert [(event.interaction, event.reasons) for event in there.of(AutoReplySuppressed)] == [
        ("i-1", ("replied_already",))
    ]
    assert [(event.interaction, event.answers) for event in there.of(AutoReplied)] == [
        ("i-1", 1),
        ("i-2", 1),
        ("i-2", 2),
    ]


def test_what_waits_on_at_closing_is_kept_unless_the_queue_says_otherwise() -> None:
    rules = (when(Do(close="closed_now"), closed=True),)
    kept = house(*rules, hours=hours(), of={"hours": "office"})
    swept = house(*rules, hours=hours(), of={"hours": "office", "on_close": "overflow"})
    for there in (kept, swept):
        there.admit()
        there.after(HOUR)
    assert (kept.state_of(), swept.state_of()) == ("waiting", "closed")
    assert [event.status for event in kept.of(HoursChanged)] == ["open", "closed"]


def test_what_came_after_closing_and_waits_over_the_opening_closes_at_the_next_closing() -> None:
    there = house(when(Do(close="late"), closed=True, wait=HOUR), hours=hours(), of={"hours": "office"})
    there.after(31 * MINUTE)
    there.admit()
    there.after(HOUR - 1)
    assert there.state_of() == "waiting"
    there.after(1)
    assert there.state_of() == "closed"


@pytest.mark.parametrize(("on_close", "way"), [("callback", "callback"), ("message", "message")])
def test_what_waits_at_closing_is_offered_another_way(on_close: str, way: str) -> None:
    there = house(hours=hours(), of={"hours": "office", "on_close": on_close})
    there.admit()
    there.after(31 * MINUTE)
    assert [(event.interaction, event.way) for event in there.of(WayOffered)] == [("i-1", way)]
    there.admit("i-2")
    there.after(DAY)
    assert [event.interaction for event in there.of(WayOffered)] == ["i-1"]
    assert there.state_of() == "waiting"


def test_at_closing_who_left_an_address_is_answered_by_mail_from_the_next_opening() -> None:
    there = house(hours=hours(), of={"hours": "office", "on_close": "message", "outside_hours": "schedule"})
    there.admit(mailable=True)
    there.after(30 * MINUTE)
    interaction = there.interaction()
    assert (interaction.medium, interaction.channel, interaction.state) == ("email", "mail", "scheduled")
    assert interaction.scheduled_at == START + 22 * HOUR + 30 * MINUTE
    there.after(22 * HOUR)
    assert (there.state_of(), there.interaction().arrived_at) == ("waiting", START)


def test_on_a_holiday_another_rule_may_apply() -> None:
    there = house(
        when(Do(close="holiday"), holiday=True),
        when(Do(close="closed"), closed=True),
        hours=hours(closings={"03-01": "Founders' day"}),
        of={"hours": "office"},
    )
    there.admit()
    there.after(14 * HOUR + 30 * MINUTE)
    there.admit("i-2")
    assert [event.reason for event in there.of(Closed)] == ["holiday", "closed"]


def test_a_queue_whose_hours_matter_to_nothing_is_not_watched() -> None:
    there = house(when(MOVE, wait=MINUTE), hours=hours(), of={"hours": "office"})
    there.admit()
    there.run(Reconcile())
    there.after(DAY)
    assert there.of(HoursChanged) == []


def test_new_hours_are_followed_after_a_restart() -> None:
    there = house(when(MOVE, closed=True), hours=hours(), of={"hours": "office"})
    there.run(Reconcile())
    assert there.run(Reconcile()) == ()
    there.policy = policy(*there.policy.queues.values(), hours=hours(8 * 60, 11 * 60))
    there.run(Reconcile())
    assert [event.until for event in there.of(HoursChanged)] == [START + 30 * MINUTE, START + 90 * MINUTE]
    there.policy = policy(queue(), queue("backup"))
    there.run(Reconcile())
    assert there.of(HoursChanged)[-1] == HoursChanged(at=START, queue="support", status="open", until=None)


# -- e-mail outside hours


def mailbox(outside: str) -> Policy:
    return policy(queue(hours="office", outside_hours=outside), hours=hours(8 * 60, 9 * 60))


def test_mail_outside_hours_waits_for_the_next_opening_with_its_receipt() -> None:
    there = Checked(mailbox("schedule"))
    there.agent("a")
    there.admit(medium="email")
    opens = START + 22 * HOUR + 30 * MINUTE
    assert there.of(Scheduled) == [Scheduled(at=START, interaction="i-1", due=opens, cause="hours")]
    there.after(opens - START)
    assert (there.rings_at(), there.interaction().arrived_at) == ("a", START)


@pytest.mark.parametrize(("outside", "medium"), [("wait", "email"), ("schedule", "chat")])
def test_what_else_comes_outside_hours_waits_as_ever(outside: str, medium: str) -> None:
    there = Checked(mailbox(outside))
    there.agent("a")
    there.admit(medium=medium)
    assert there.rings_at() == "a"


def test_mail_that_is_kept_till_the_opening_is_acknowledged_at_once() -> None:
    there = Checked(
        policy(
            queue(hours="office", outside_hours="schedule"),
            hours=hours(8 * 60, 9 * 60),
            autoresponses=(Autoresponse(name="ack", kind="acknowledge"),),
            rules=(acknowledging,),
        )
    )
    there.admit(medium="email", address_hash="h")
    assert [event.autoresponse for event in there.of(AutoReplied)] == ["ack"]


# -- messages left


def test_a_message_needs_an_address_and_is_asked_for_once() -> None:
    there = house(when(Do(message=True), wait=MINUTE))
    there.admit()
    there.after(DAY)
    assert [event.way for event in there.of(WayOffered)] == ["message"]
    assert (there.state_of(), there.interaction().medium) == ("waiting", "chat")
    there.run(LeaveMessage("i-1"))
    assert there.of(Converted) == [
        Converted(at=there.now, interaction="i-1", medium="email", channel="mail", cause="message")
    ]
    assert (there.state_of(), there.interaction().arrived_at, there.interaction().leg) == ("waiting", START, 2)
    assert there.run(LeaveMessage("i-1")) == ()


def test_who_gave_an_address_is_answered_by_mail_at_his_place() -> None:
    there = house(when(Do(message=True), wait=MINUTE))
    there.admit(mailable=True)
    assert there.interaction().contact == Contact(email=True)
    there.after(MINUTE)
    assert (there.interaction().medium, there.interaction().arrived_at) == ("email", START)


def test_without_a_mailbox_no_message_can_be_left() -> None:
    there = Checked(policy(queue(overflow=(when(Do(message=True), wait=MINUTE),))))
    there.admit(mailable=True)
    there.after(MINUTE)
    assert there.of(Overflowed) == []
    assert there.refusal(LeaveMessage("i-1")) == ("conflict", "no_message_channel")


def test_mail_is_offered_no_callback() -> None:
    there = house(when(Do(callback=True), wait=MINUTE), channels=(ChannelPolicy(name="box", medium="email"),))
    there.admit(medium="email")
    there.admit("i-2", "chat")
    there.after(MINUTE)
    assert [event.interaction for event in there.of(WayOffered)] == ["i-2"]


def test_a_way_that_was_offered_is_open_after_a_move_and_gone_once_taken() -> None:
    there = house(when(Do(callback=True), wait=MINUTE), when(MOVE, wait=2 * MINUTE))
    there.admit()
    there.after(3 * MINUTE)
    moved = there.interaction()
    assert (moved.queue, moved.overflow and moved.overflow.ways) == ("backup", ("callback",))
    there.run(AcceptCallback("i-1"))
    taken = there.interaction()
    assert (taken.medium, taken.overflow and taken.overflow.ways) == ("callback", ())
