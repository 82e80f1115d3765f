"""Rooms: more agents in one interaction, and supervisors who take over (semantics.md section 15)."""

from typing import Any

import pytest

from router import events as e
from router.commands import AddMessage, Close, End, JoinRoom, LeaveRoom, Park, RemoveAgent, TakeOver, Transfer
from tests.builders import START, MediumLimit, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import MINUTE, SECOND


def house_with(*others: str, **values: Any) -> Checked:
    """Return a house in which a holds i-1; `others` serve another queue."""
    house = Checked(policy(queue("support", monitoring=True, wrap_up="open"), queue("sales")))
    house.agent("a")
    house.active()
    for other in others:
        house.agent(other, "sales", **values)
    return house


def write(agent: str, author: Any = "agent") -> AddMessage:
    return AddMessage(interaction="i-1", message=f"m-{agent}-{author}", author=author, agent=agent)


def test_an_agent_joins_and_costs_capacity_without_owning_it() -> None:
    house = house_with("b")
    events = house.run(JoinRoom("i-1", "b", "participant", by="a"))
    assert events == (e.RoomJoined(at=START, interaction="i-1", agent="b", mode="participant", cost=33, by="a"),)
    assert (house.owner(), house.interaction().participants, house.whom("b").used) == ("a", {"b": "participant"}, 33)
    assert house.stats.counts("support").answered == 1


def test_who_monitors_costs_nothing() -> None:
    house = house_with("b", capacity=10)
    house.run(JoinRoom("i-1", "b", "monitor", by="b"))
    assert house.whom("b").used == 0


def test_monitoring_must_be_allowed_by_the_queue() -> None:
    house = Checked(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.active()
    house.agent("b", "sales")
    assert house.refusal(JoinRoom("i-1", "b", "monitor", "b")) == ("forbidden", "monitoring_off")
    house.run(JoinRoom("i-1", "b", "whisper", "b"))


def test_joining_again_changes_the_mode_and_its_cost() -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", "monitor", "b"))
    house.run(JoinRoom("i-1", "b", "barge", "b"))
    assert (house.interaction().participants, house.whom("b").used) == ({"b": "barge"}, 33)
    assert house.run(JoinRoom("i-1", "b", "barge", "b")) == ()
    house.run(JoinRoom("i-1", "b", "monitor", "b"))
    assert house.whom("b").used == 0


def test_without_room_only_who_is_flagged_joins() -> None:
    house = house_with("b", capacity=20)
    assert house.refusal(JoinRoom("i-1", "b", "whisper", "b")) == ("conflict", "no_room")
    (joined,) = house.run(JoinRoom("i-1", "b", "whisper", "b", beyond_capacity=True))
    assert (joined.flagged, house.whom("b").used) == (True, 33)  # type: ignore[union-attr]


def test_a_mediums_own_maximum_counts_too() -> None:
    house = house_with("b", media={"chat": MediumLimit(10, 1)})
    house.active("i-2", queue="sales")
    assert house.refusal(JoinRoom("i-1", "b", "participant", "a")) == ("conflict", "no_room")
    house.run(JoinRoom("i-1", "b", "participant", "a", beyond_capacity=True))


def test_who_is_in_a_room_gets_less_work() -> None:
    house = house_with("b", capacity=33)
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    house.admit("i-2", queue="sales")
    assert house.rings_at("i-2") is None
    house.run(LeaveRoom("i-1", "b"))
    assert house.rings_at("i-2") == "b"


@pytest.mark.parametrize(
    ("mode", "replies", "notes"),
    [
        ("participant", None, None),
        ("barge", None, None),
        ("whisper", ("forbidden", "whispers_only"), None),
        ("monitor", ("forbidden", "monitors_only"), ("forbidden", "monitors_only")),
    ],
)
def test_the_mode_says_who_reads_what_is_written(
    mode: Any, replies: tuple[str, str] | None, notes: tuple[str, str] | None
) -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", mode, "boss"))
    for author, refusal in (("agent", replies), ("note", notes)):
        refused = house.do(write("b", author)).refusal
        assert (None if refused is None else (refused.code, refused.reason)) == refusal


def test_a_reply_is_credited_to_who_wrote_it() -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    house.run(write("b"))
    assert (house.of(e.MessageAdded)[-1].agent, house.interaction().replied) == ("b", True)


def test_who_left_writes_no_more() -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    house.run(LeaveRoom("i-1", "b"))
    assert house.refusal(write("b")) == ("conflict", "not_owner")
    assert house.run(LeaveRoom("i-1", "b")) == ()


def test_only_what_is_active_has_a_room() -> None:
    house = house_with("b")
    house.admit("i-2", queue="sales")
    assert house.refusal(JoinRoom("i-2", "a", "whisper", "a")) == ("conflict", "wrong_state")
    assert house.refusal(JoinRoom("i-1", "a", "whisper", "a")) == ("conflict", "is_owner")
    assert house.refusal(JoinRoom("i-1", "z", "whisper", "z")) == ("not_found", "unknown_agent")
    assert house.refusal(JoinRoom("i-9", "b", "whisper", "b")) == ("not_found", "unknown_interaction")
    house.declares("b", "offline")
    assert house.refusal(JoinRoom("i-1", "b", "whisper", "b")) == ("conflict", "target_offline")


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (End("i-1", "a"), "ended"),
        (Park("i-1", "a"), "parked"),
        (Close("i-1", "spam", "boss"), "closed"),
        (Transfer("i-1", "a", "sales", "n"), "transferred"),
    ],
)
def test_everybody_leaves_when_it_is_no_longer_active(command: Any, cause: str) -> None:
    house = house_with("b", "c", capacity=150)
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    house.run(JoinRoom("i-1", "c", "whisper", "c"))
    house.run(command)
    assert [(each.agent, each.cause) for each in house.of(e.RoomLeft)] == [("b", cause), ("c", cause)]
    assert house.interaction().participants == {}


def test_a_room_goes_on_when_a_warm_transfer_is_accepted() -> None:
    house = house_with("b", "c")
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    house.transfers("i-1", "sales", warm=True)
    assert house.accept() == "c"
    assert house.interaction().participants == {"b": "participant"}


@pytest.mark.parametrize("how", ["offline", "cut", "removed"])
def test_who_goes_leaves_the_room(how: str) -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    if how == "offline":
        house.declares("b", "offline")
    elif how == "cut":
        house.cut_off("b")
        house.after(30 * SECOND)
        assert house.interaction().participants == {"b": "participant"}
        house.after(30 * SECOND)
    else:
        house.run(RemoveAgent("b"))
    assert (house.interaction().participants, house.state_of()) == ({}, "active")


def test_a_participants_absence_is_not_the_owners() -> None:
    house = house_with("b")
    house.run(JoinRoom("i-1", "b", "participant", "a"))
    house.cut_off("b")
    house.after(MINUTE)
    assert (house.state_of(), house.owner(), house.of(e.OwnerAway)) == ("active", "a", [])


# -- taking over


def test_who_takes_over_owns_it_in_the_same_leg() -> None:
    house = house_with("boss")
    house.after(SECOND)
    house.run(TakeOver("i-1", "boss", "boss"))
    assert house.of(e.TakenOver) == [
        e.TakenOver(at=house.now, interaction="i-1", agent="boss", before="a", by="boss", cost=33)
    ]
    interaction = house.interaction()
    assert (interaction.state, interaction.agent, interaction.leg, house.whom("a").holds) == ("active", "boss", 1, {})
    assert house.stats.counts("support").offered_legs == 1
    assert house.run(TakeOver("i-1", "boss", "boss")) == ()


def test_who_is_in_the_room_takes_over_without_further_room() -> None:
    house = house_with("boss", capacity=33)
    house.run(JoinRoom("i-1", "boss", "barge", "boss"))
    house.run(TakeOver("i-1", "boss", "boss"))
    assert (house.interaction().participants, house.whom("boss").used) == ({}, 33)


def test_taking_over_needs_room_unless_flagged() -> None:
    house = house_with("boss", capacity=20)
    assert house.refusal(TakeOver("i-1", "boss", "boss")) == ("conflict", "no_room")
    house.run(TakeOver("i-1", "boss", "boss", beyond_capacity=True))
    assert house.whom("boss").holds["i-1"].flagged


def test_who_lost_it_is_free_for_what_waits() -> None:
    house = Checked(policy(queue("support")))
    house.agent("a", capacity=33)
    house.active()
    house.admit("i-2")
    house.agent("boss", available=False)
    house.back("boss")
    house.declares("boss", "busy")
    house.run(TakeOver("i-1", "boss", "boss"))
    assert house.rings_at("i-2") == "a"


def test_taking_over_saves_what_a_lost_owner_held() -> None:
    house = house_with("boss")
    house.cut_off("a")
    house.run(TakeOver("i-1", "boss", "boss"))
    house.after(MINUTE)
    assert (house.state_of(), house.owner()) == ("active", "boss")


def test_only_what_is_active_is_taken_over() -> None:
    house = house_with("boss")
    house.parks()
    assert house.refusal(TakeOver("i-1", "boss", "boss")) == ("conflict", "wrong_state")
    house.admit("i-2")
    house.accept("i-2")
    house.declares("boss", "offline")
    assert house.refusal(TakeOver("i-2", "boss", "boss")) == ("conflict", "target_offline")
    assert house.refusal(TakeOver("i-2", "z", "boss")) == ("not_found", "unknown_agent")
