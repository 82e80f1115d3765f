"""Callbacks in booked windows, and conversion to a callback (semantics.md section 13)."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from queues.hours import Hours, Interval
from queues.policy import QueuePolicy
from queues.slots import is_window, windows
from router.callbacks import places_left
from router.commands import AcceptCallback, CallAttempted, CancelCallback, RescheduleCallback, Tick, UndoAct
from router.commands import Close as ForceClose
from router.events import Converted, CustomerTold, OfferWithdrawn, Scheduled
from tests.builders import START, House, admit, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

# START is Sunday 2026-03-01, 09:30 UTC.
NINE = START - 30 * MINUTE
WEEK = ((Interval(9 * 60, 17 * 60),),) * 7
OFFICE = Hours(zone=ZoneInfo("UTC"), week=WEEK)


def house(**values: Any) -> Checked:
    support = queue(hours="office", callback_places=2, **values)
    return Checked(policy(support, queue("sales"), hours={"office": OFFICE}))


def left(there: House, start: int) -> int:
    return places_left(there.state, there.policy.queues["support"], start)


# -- windows


def test_windows_are_cut_from_the_hours_and_are_whole() -> None:
    office = Hours(zone=ZoneInfo("UTC"), week=((Interval(9 * 60, 10 * 60 + 45),),) * 7)
    found = list(windows(QueuePolicy(name="q"), office, NINE, NINE + 2 * DAY))
    assert found == [NINE + day * DAY + part for day in (0, 1) for part in (0, 30 * MINUTE, 60 * MINUTE)]


def test_windows_of_a_running_opening_count_from_when_it_opened() -> None:
    found = list(windows(QueuePolicy(name="q", callback_slot=20 * MINUTE), OFFICE, START, START + 30 * MINUTE))
    assert found == [NINE + 40 * MINUTE]


def test_without_hours_windows_count_from_midnight() -> None:
    found = list(windows(QueuePolicy(name="q"), None, START + 1, START + HOUR + 1))
    assert found == [START + 30 * MINUTE, START + HOUR]


def test_windows_of_hours_that_never_close_count_from_midnight() -> None:
    always = Hours(zone=ZoneInfo("Europe/Warsaw"), week=((Interval(0, 24 * 60),),) * 7)
    found = list(windows(QueuePolicy(name="q"), always, NINE + 7 * MINUTE, NINE + 2 * HOUR))
    assert found == [NINE + part * 30 * MINUTE for part in (1, 2, 3)]
    assert not is_window(QueuePolicy(name="q"), always, NINE + 7 * MINUTE)


def test_windows_of_an_opening_of_many_days_count_from_when_it_opened() -> None:
    openings = {"2026-02-10": (Interval(10 * 60 + 10, 24 * 60),), "2026-03-20": (Interval(0, 9 * 60),)}
    long = Hours(zone=ZoneInfo("UTC"), week=((Interval(0, 24 * 60),),) * 7, openings=openings)
    assert next(windows(QueuePolicy(name="q"), long, NINE, NINE + DAY)) == NINE + 10 * MINUTE


def test_windows_of_hours_that_never_end_stay_where_they_are_as_time_passes() -> None:
    always = Hours(zone=ZoneInfo("Europe/Warsaw"), week=((Interval(0, 24 * 60),),) * 7)
    for late in (0, 1, 7 * MINUTE):
        found = list(windows(QueuePolicy(name="q"), always, START + 1 + late, START + HOUR + 1))
        assert found == [START + 30 * MINUTE, START + HOUR]


def test_windows_keep_to_the_clock_on_the_wall_when_it_changes() -> None:
    warsaw = Hours(zone=ZoneInfo("Europe/Warsaw"), week=((Interval(9 * 60, 10 * 60),),) * 7)
    saturday = START + 27 * DAY - 9 * HOUR - 30 * MINUTE
    found = list(windows(QueuePolicy(name="q", callback_slot=HOUR), warsaw, saturday, saturday + 2 * DAY))
    assert found == [saturday + 8 * HOUR, saturday + DAY + 7 * HOUR]


# -- any instant


@pytest.mark.parametrize(
    ("at", "medium", "reason"),
    [
        (START - MINUTE - 1, "callback", "schedule_over"),
        (START + 8 * DAY, "callback", "schedule_too_far"),
        (NINE + 8 * HOUR, "callback", "schedule_closed"),
        (START - MINUTE, "callback", None),
        (NINE + 8 * HOUR - 1, "callback", None),
        (NINE + 8 * HOUR, "email", None),
    ],
)
def test_an_instant_that_cannot_be_kept_is_refused(at: int, medium: str, reason: str | None) -> None:
    there = house(callback_days_max=7)
    refusal = there.do(admit("i-1", medium, scheduled_at=at)).refusal
    assert (None if refusal is None else (refusal.code, refusal.reason)) == (reason and ("invalid", reason))


# -- booking


def test_a_window_has_so_many_places_and_then_is_full() -> None:
    there = house()
    start = START + HOUR
    there.admit("i-1", "callback", slot=start)
    there.admit("i-2", "callback", slot=start)
    assert (left(there, start), left(there, start + 30 * MINUTE)) == (0, 2)
    assert there.refusal(admit("i-3", "callback", slot=start)) == ("conflict", "slot_full")
    assert "i-3" not in there.state.interactions
    assert there.of(CustomerTold)[0] == CustomerTold(
        at=START, interaction="i-1", notice="callback_confirmed", due=start
    )


def test_a_booked_callback_waits_from_the_start_of_its_window_and_its_place_is_free_then() -> None:
    there = house()
    there.agent("a")
    start = START + HOUR
    there.admit("i-1", "callback", slot=start)
    there.after(HOUR - 1)
    assert there.state_of() == "scheduled"
    there.after(1)
    assert (there.rings_at(), there.interaction().arrived_at, left(there, start)) == ("a", start, 2)


@pytest.mark.parametrize(
    ("slot", "refusal"),
    [
        (START, ("conflict", "slot_over")),
        (START + 91 * DAY, ("invalid", "slot_too_far")),
        (START + HOUR + 1, ("invalid", "no_slot")),
        (START + 10 * HOUR, ("invalid", "no_slot")),
    ],
)
def test_what_is_no_window_is_refused(slot: int, refusal: tuple[str, str]) -> None:
    assert house().refusal(admit("i-1", "callback", slot=slot)) == refusal


def test_who_books_another_window_gives_his_place_back() -> None:
    there = house()
    first, second = START + HOUR, START + DAY
    there.admit("i-1", "callback", slot=first)
    there.run(RescheduleCallback("i-1", second))
    assert (left(there, first), left(there, second), there.interaction().scheduled_at) == (2, 1, second)
    assert there.run(RescheduleCallback("i-1", second)) == ()


def test_a_full_window_refuses_who_wants_to_change_to_it() -> None:
    there = house()
    full = START + HOUR
    there.admit("i-1", "callback", slot=full)
    there.admit("i-2", "callback", slot=full)
    there.admit("i-3", "callback", slot=START + DAY)
    assert there.refusal(RescheduleCallback("i-3", full)) == ("conflict", "slot_full")
    assert left(there, START + DAY) == 1


def test_who_cancels_gives_his_place_back() -> None:
    there = house()
    there.admit("i-1", "callback", slot=START + HOUR)
    there.run(CancelCallback("i-1", "customer"))
    assert (there.state_of(), there.interaction().disposition, left(there, START + HOUR)) == ("closed", "cancelled", 2)
    assert there.run(CancelCallback("i-1", "customer")) == ()


def test_a_forced_close_that_is_undone_takes_the_place_again() -> None:
    there = house()
    there.admit("i-1", "callback", slot=START + HOUR)
    there.run(ForceClose("i-1", "mistake", "boss"))
    assert left(there, START + HOUR) == 2
    there.run(UndoAct("i-1", "boss"))
    assert (there.state_of(), left(there, START + HOUR)) == ("scheduled", 1)


def test_a_forced_close_is_not_undone_when_somebody_else_has_the_place() -> None:
    there = house()
    for number in (1, 2):
        there.admit(f"i-{number}", medium="callback", slot=NINE + HOUR)
    there.run(ForceClose("i-1", "mistake", "boss"))
    there.admit("i-3", medium="callback", slot=NINE + HOUR)
    assert there.refusal(UndoAct("i-1", "boss")) == ("conflict", "slot_full")
    there.run(CancelCallback("i-3", by="customer"))
    there.run(UndoAct("i-1", "boss"))
    assert left(there, NINE + HOUR) == 0


def test_who_waits_now_may_choose_a_window_and_what_rings_is_withdrawn() -> None:
    there = house()
    there.agent("a")
    there.admit("i-1", "callback")
    there.run(RescheduleCallback("i-1", START + HOUR))
    assert (there.state_of(), left(there, START + HOUR)) == ("scheduled", 1)
    assert [event.reason for event in there.of(OfferWithdrawn)] == ["moved"]


def test_who_cancels_while_he_waits_has_left_unless_staff_does_it_for_him() -> None:
    there = house()
    there.admit("i-1", "callback")
    there.admit("i-2", "callback")
    there.run(CancelCallback("i-1", "customer"))
    there.run(CancelCallback("i-2", "boss"))
    assert (there.state_of("i-1"), there.state_of("i-2")) == ("abandoned", "closed")


def test_a_cancelled_callback_that_is_opened_again_can_be_cancelled_again() -> None:
    there = house()
    there.admit(medium="callback", slot=NINE + HOUR)
    there.run(CancelCallback("i-1", by="boss"))
    assert there.run(CancelCallback("i-1", by="boss")) == ()
    there.writes("i-1")
    assert there.state_of() == "waiting"
    there.run(CancelCallback("i-1", by="boss"))
    assert there.state_of() == "closed"


def test_what_is_being_called_is_neither_moved_nor_cancelled() -> None:
    there = house()
    there.agent("a")
    there.active("i-1", "callback")
    assert there.refusal(RescheduleCallback("i-1", START + HOUR)) == ("conflict", "wrong_state")
    assert there.refusal(CancelCallback("i-1", "customer")) == ("conflict", "wrong_state")


def test_only_callbacks_are_rescheduled_and_cancelled() -> None:
    there = house()
    there.admit()
    assert there.refusal(RescheduleCallback("i-1", START + HOUR)) == ("invalid", "not_a_callback")
    assert there.refusal(CancelCallback("i-9", "customer")) == ("not_found", "unknown_interaction")


def test_places_are_the_same_after_a_replay() -> None:
    there = house()
    for number in range(4):
        there.admit(f"i-{number}", "callback", slot=START + HOUR + number // 2 * DAY)
    there.run(CancelCallback("i-0", "customer"))
    booked = {window: count for window, count in there.state.booked.items() if count}
    assert {window: count for window, count in there.replayed().booked.items() if count} == booked
    assert sorted(booked.values()) == [1, 2]


# -- conversion


def test_a_chat_becomes_a_callback_in_its_place() -> None:
    there = house()
    there.agent("a", capacity=100, media={})
    there.active("i-0", "callback")
    there.admit("i-1")
    there.after(MINUTE)
    there.run(AcceptCallback("i-1"))
    assert there.of(Converted) == [
        Converted(at=there.now, interaction="i-1", medium="callback", channel="web", cause="callback")
    ]
    interaction = there.interaction("i-1")
    assert (interaction.medium, interaction.state, interaction.arrived_at) == ("callback", "waiting", START)
    assert (interaction.leg, interaction.enqueued_at) == (2, START + MINUTE)
    assert there.run(AcceptCallback("i-1")) == ()


def test_a_chat_that_rings_becomes_a_callback_and_nobody_missed_it() -> None:
    there = house()
    there.agent("a")
    there.admit()
    there.run(AcceptCallback("i-1"))
    assert [event.reason for event in there.of(OfferWithdrawn)] == ["converted"]
    assert there.whom("a").misses == 0
    there.after(10 * SECOND)
    assert (there.rings_at(), there.whom("a").used) == ("a", 100)


def test_a_chat_becomes_a_callback_in_a_window() -> None:
    there = house()
    there.admit()
    there.run(AcceptCallback("i-1", START + HOUR))
    assert (there.state_of(), there.interaction().medium, left(there, START + HOUR)) == ("scheduled", "callback", 1)
    there.after(HOUR)
    assert there.interaction().arrived_at == START + HOUR


def test_a_window_that_is_full_leaves_the_chat_waiting() -> None:
    there = house()
    for number in (1, 2):
        there.admit(f"i-{number}", "callback", slot=START + HOUR)
    there.admit("i-3")
    assert there.refusal(AcceptCallback("i-3", START + HOUR)) == ("conflict", "slot_full")
    assert (there.state_of("i-3"), there.interaction("i-3").medium) == ("waiting", "chat")


def test_a_converted_chat_is_not_abandoned_because_its_browser_is_gone() -> None:
    there = house()
    there.admit()
    there.run(AcceptCallback("i-1"))
    from router.commands import CustomerGone

    there.run(CustomerGone("i-1"))
    there.after(DAY)
    assert there.state_of() == "waiting"


def test_what_does_not_wait_is_not_converted() -> None:
    there = house()
    there.agent("a")
    there.active()
    assert there.refusal(AcceptCallback("i-1")) == ("conflict", "not_waiting")


# -- attempts


def test_a_retry_outside_hours_waits_for_the_next_opening() -> None:
    there = house(callback_retry=8 * HOUR)
    there.agent("a")
    there.active("i-1", "callback")
    there.run(CallAttempted("i-1", "a", "no_answer"))
    assert there.of(Scheduled) == [Scheduled(at=START, interaction="i-1", due=START + DAY - 30 * MINUTE, cause="retry")]
    assert left(there, START + DAY - 30 * MINUTE) == 2


def retried(there: Checked) -> None:
    """Let a call reach nobody; the retry comes at 16:59, when nobody is there."""
    there.agent("a")
    there.active("i-1", "callback")
    there.run(CallAttempted("i-1", "a", "no_answer"))
    there.declares("a", "away")
    there.after(7 * HOUR + 29 * MINUTE)
    assert there.state_of() == "waiting"


def test_a_retry_that_nobody_took_before_closing_waits_for_the_next_opening() -> None:
    there = house(callback_retry=7 * HOUR + 29 * MINUTE)
    retried(there)
    there.after(MINUTE)
    assert (there.state_of(), there.interaction().scheduled_at) == ("scheduled", NINE + DAY)


def test_a_retry_that_rings_at_closing_waits_for_the_next_opening_once_nobody_takes_it() -> None:
    there = house(callback_retry=7 * HOUR + 29 * MINUTE, offer={"callback": 2 * MINUTE})
    retried(there)
    there.declares("a", "available")
    there.after(MINUTE)
    assert there.state_of() == "offered"
    there.decline()
    assert (there.state_of(), there.interaction().scheduled_at) == ("scheduled", NINE + DAY)


def test_a_retry_that_is_late_is_not_made_outside_hours() -> None:
    there = house(callback_retry=7 * HOUR + 29 * MINUTE)
    there.agent("a")
    there.active("i-1", "callback")
    there.run(CallAttempted("i-1", "a", "no_answer"))
    there.now += 8 * HOUR
    there.run(Tick())
    assert (there.state_of(), there.interaction().scheduled_at) == ("scheduled", NINE + DAY)


def test_a_retry_that_rang_through_a_night_is_not_made_after_the_next_closing() -> None:
    there = house(callback_retry=7 * HOUR + 29 * MINUTE, offer={"callback": 20 * HOUR})
    retried(there)
    there.declares("a", "available")
    there.after(17 * HOUR)
    there.decline()
    there.declares("a", "away")
    assert there.state_of() == "waiting"
    there.after(7 * HOUR + MINUTE)
    there.declares("a", "available")
    assert (there.state_of(), there.interaction().scheduled_at) == ("scheduled", NINE + 2 * DAY)


def test_a_retry_whose_closing_was_noticed_after_it_is_not_made_after_the_next_one() -> None:
    there = house(callback_retry=7 * HOUR + 29 * MINUTE)
    retried(there)
    there.now += 17 * HOUR
    there.run(Tick())
    assert there.state_of() == "waiting"
    there.after(8 * HOUR)
    there.declares("a", "available")
    assert (there.state_of(), there.interaction().scheduled_at) == ("scheduled", NINE + 2 * DAY)


def test_who_was_reached_and_is_handed_over_does_not_wait_for_the_next_opening() -> None:
    there = house(callback_retry=HOUR)
    there.agent("a")
    there.active("i-1", "callback")
    there.run(CallAttempted("i-1", "a", "no_answer"))
    there.after(HOUR)
    there.accept()
    there.run(CallAttempted("i-1", "a", "reached"))
    there.after(7 * HOUR)
    there.declares("a", "busy")
    there.transfers("i-1", "support")
    assert there.state_of() == "waiting"


def test_who_could_not_be_reached_is_told() -> None:
    there = house(callback_attempts=1)
    there.agent("a")
    there.active("i-1", "callback")
    there.run(CallAttempted("i-1", "a", "busy"))
    assert there.of(CustomerTold) == [CustomerTold(at=START, interaction="i-1", notice="callback_not_reached")]
