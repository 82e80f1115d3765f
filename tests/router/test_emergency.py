"""The emergency switch (semantics.md section 12)."""

from typing import Any

import pytest

from queues.overflow import Do, Overflow, When
from router.commands import SetEmergency
from router.events import Closed, EmergencyCleared, EmergencySet, OfferWithdrawn, Overflowed, WayOffered
from tests.builders import START, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import DAY, MINUTE, SECOND

MOVE = Do(move="backup")


def house(*rules: Overflow, **values: Any) -> Checked:
    return Checked(policy(queue(overflow=rules, **values), queue("backup")))


def test_the_switch_withdraws_what_rings_and_nobody_missed_it() -> None:
    there = house()
    there.agent("a", "support", "backup")
    there.admit()
    there.run(SetEmergency("support", Do(close="evacuated"), "boss"))
    (withdrawn,) = there.of(OfferWithdrawn)
    assert (withdrawn.reason, withdrawn.at, there.whom("a").misses, there.whom("a").used) == ("emergency", START, 0, 0)
    assert [(event.reason, event.by) for event in there.of(Closed)] == [("evacuated", "router")]


def test_it_concerns_what_waits_and_what_comes_but_not_what_is_being_worked_on() -> None:
    there = house()
    there.agent("a", capacity=33)
    there.active("i-1")
    there.admit("i-2")
    there.run(SetEmergency("support", MOVE, "boss"))
    there.admit("i-3")
    assert [there.interaction(id).queue for id in ("i-1", "i-2", "i-3")] == ["support", "backup", "backup"]
    assert there.state_of("i-1") == "active"
    assert {event.because for event in there.of(Overflowed)} == {("emergency",)}


def test_other_queues_go_on() -> None:
    there = house()
    there.admit(queue="backup")
    there.run(SetEmergency("support", Do(close="evacuated"), "boss"))
    assert there.state_of() == "waiting"


def test_once_it_is_off_all_goes_on_as_before() -> None:
    there = house()
    there.run(SetEmergency("support", MOVE, "boss"))
    there.run(SetEmergency("support", None, "boss"))
    there.admit()
    assert there.interaction().queue == "support"
    assert there.of(EmergencySet) == [EmergencySet(at=START, queue="support", action=MOVE, by="boss")]
    assert there.of(EmergencyCleared) == [EmergencyCleared(at=START, queue="support", by="boss")]


def test_saying_it_twice_changes_nothing() -> None:
    there = house()
    assert there.run(SetEmergency("support", None, "boss")) == ()
    there.run(SetEmergency("support", MOVE, "boss"))
    assert there.run(SetEmergency("support", MOVE, "chief")) == ()


def test_another_action_is_done_to_what_the_first_left_waiting() -> None:
    there = house()
    there.admit()
    there.run(SetEmergency("support", Do(callback=True), "boss"))
    assert [event.way for event in there.of(WayOffered)] == ["callback"]
    there.run(SetEmergency("support", Do(close="evacuated"), "boss"))
    assert there.state_of() == "closed"


def test_without_an_action_of_its_own_the_rules_of_the_queue_say_what_is_done() -> None:
    there = house(
        Overflow(when=When(emergency=True, wait=MINUTE), do=MOVE),
        Overflow(when=When(emergency=True), do=Do(priority=7)),
    )
    there.admit()
    assert there.interaction().priority == 0
    there.run(SetEmergency("support", Do(), "boss"))
    assert there.interaction().priority == 7
    there.after(MINUTE)
    assert there.interaction().queue == "backup"


def test_it_outlives_a_restart() -> None:
    there = house()
    there.run(SetEmergency("support", MOVE, "boss"))
    there.state = there.replayed()
    there.follower = there.replayed()
    there.admit()
    assert there.interaction().queue == "backup"


def test_what_comes_back_from_an_agent_is_dealt_with_too() -> None:
    there = house(disconnect_grace=10 * SECOND)
    there.agent("a")
    there.active()
    there.run(SetEmergency("support", MOVE, "boss"))
    there.cut_off("a")
    there.after(10 * SECOND)
    assert there.interaction().queue == "backup"


def test_two_queues_in_emergency_do_not_pass_work_to_and_fro() -> None:
    there = house()
    there.run(SetEmergency("support", MOVE, "boss"))
    there.run(SetEmergency("backup", Do(move="support"), "boss"))
    there.admit()
    there.after(DAY)
    assert [(event.queue, event.to) for event in there.of(Overflowed)] == [("support", "backup")]


@pytest.mark.parametrize(
    ("queue_", "action", "refusal"),
    [
        ("nowhere", MOVE, ("not_found", "unknown_queue")),
        ("support", Do(move="nowhere"), ("invalid", "unknown_queue")),
        ("support", Do(move="support"), ("invalid", "unknown_queue")),
        ("support", Do(reply="nothing"), ("invalid", "unknown_autoresponse")),
        ("support", Do(message=True), ("invalid", "no_message_channel")),
        ("support", Do(move="backup", close="x"), ("invalid", "several_ends")),
    ],
)
def test_an_action_that_cannot_be_done_is_refused(queue_: str, action: Do, refusal: tuple[str, str]) -> None:
    assert house().refusal(SetEmergency(queue_, action, "boss")) == refusal
