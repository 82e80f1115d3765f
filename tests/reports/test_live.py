"""The wallboard's figures (semantics.md section 19)."""

import msgspec
import pytest

from reports.live import LegCounts, LiveQueue, Stats, days_from, live, replayed
from router.commands import CallAttempted, Close, Leave
from router.events import Enqueued
from tests.builders import START, House, policy, queue, requirement_of
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

TARGETS = {"support": 20 * SECOND, "sales": MINUTE}


def counts(house: House, queue: str = "support", since: int = START) -> LegCounts:
    return replayed(house.log, since, TARGETS).counts(queue)


def board(house: House) -> LiveQueue:
    return live(house.state, replayed(house.log, START, TARGETS), house.policy, "support", house.now)


def answered_after(house: House, id: str, span: int) -> None:
    house.admit(id)
    house.after(span)
    house.accept(id)


def test_a_leg_is_answered_abandoned_short_flowed_out_or_open() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", capacity=33)
    house.active("answered")
    for id in ("left", "short", "moved", "closed", "open"):
        house.admit(id)
    house.run(Leave("short"))
    house.after(10 * SECOND)
    house.run(Leave("left"))
    house.moves("moved", "sales")
    house.run(Close("closed", "spam", "boss"))
    found = counts(house)
    assert found == LegCounts(
        offered_legs=6, answered=1, answered_in_target=1, abandoned=1, short_abandoned=1, flow_outs=2, wait_ms=0
    )
    assert (found.open, counts(house, "sales").offered_legs, counts(house, "sales").open) == (1, 1, 1)


def test_answered_legs_count_with_their_wait_ring_time_included() -> None:
    house = House()
    house.agent("a")
    answered_after(house, "i-1", 20 * SECOND)
    answered_after(house, "i-2", 25 * SECOND)
    found = board(house)
    assert (found.answered, found.asa_s, found.service_level) == (2, 22.5, 0.5)


def test_the_wait_runs_on_through_declines() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.decline()
    house.after(15 * SECOND)
    house.accept()
    assert board(house).asa_s == 15.0


def test_service_level_is_answered_in_target_over_answered_and_abandoned_without_short_ones() -> None:
    house = House()
    house.agent("a")
    answered_after(house, "i-1", SECOND)
    answered_after(house, "i-2", SECOND)
    for id, span in (("i-3", 10 * SECOND), ("i-4", SECOND)):
        house.admit(id)
        house.after(span)
        house.run(Leave(id))
    found = board(house)
    assert (found.service_level, found.abandoned, found.short_abandoned) == (2 / 3, 1, 1)
    assert found.abandon_rate == 1 / 3


def test_a_leg_that_still_waits_beyond_the_target_is_a_miss_already() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.admit("i-2")
    house.after(20 * SECOND)
    assert board(house).service_level == 1.0
    house.after(1)
    assert board(house).service_level == 0.5


def test_where_nothing_was_offered_there_is_no_value() -> None:
    found = board(House())
    assert (found.service_level, found.asa_s, found.abandon_rate, found.expected_wait) == (None, None, None, None)


def test_an_answered_leg_that_is_transferred_is_no_flow_out() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.active()
    house.transfers("i-1", "sales")
    assert (counts(house).answered, counts(house).flow_outs) == (1, 0)
    assert counts(house, "sales").open == 1


def test_a_retry_of_a_callback_is_a_new_leg() -> None:
    house = House(policy(queue(callback_retry=MINUTE)))
    house.agent("a")
    house.active("i-1", "callback")
    house.run(CallAttempted("i-1", "a", "busy"))
    assert counts(house).offered_legs == 1
    house.after(MINUTE)
    assert (counts(house).offered_legs, counts(house).open) == (2, 1)


def test_waits_and_backlog_show_what_is_now() -> None:
    house = House()
    house.agent("a", capacity=66)
    house.active("answered")
    house.replies("answered")
    house.active("asked")
    house.after(SECOND)
    house.admit("waits")
    house.after(SECOND)
    house.admit("scheduled", "callback", scheduled_at=house.now + HOUR)
    found = board(house)
    assert (found.waiting, found.longest_wait_since, found.longest_wait_s) == (1, START + SECOND, 1.0)
    assert found.backlog == 2


def test_parked_work_is_no_backlog() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks()
    assert board(house).backlog == 0


def test_agents_count_once_by_what_they_do() -> None:
    house = House(policy(queue(wrap_up="open")))
    for agent in ("free", "ringing", "talking", "wrapping", "away", "busy", "offline", "gone"):
        house.agent(agent, available=agent != "offline", capacity=33)
    for agent in ("talking", "wrapping"):
        house.active(f"i-{agent}", preferred_agent=agent)
    house.ends("i-wrapping")
    house.admit("i-ringing", preferred_agent="ringing")
    house.declares("away", "away")
    house.declares("busy", "busy")
    house.cut_off("gone")
    found = board(house)
    assert {
        "staffed": found.staffed,
        "free": found.free,
        "ringing": found.ringing,
        "busy": found.busy,
        "wrap_up": found.wrap_up,
        "away": found.away,
        "offers_pending": found.offers_pending,
    } == {"staffed": 5, "free": 1, "ringing": 1, "busy": 2, "wrap_up": 1, "away": 1, "offers_pending": 1}


def test_the_expected_wait_is_that_of_the_last_in_the_queue() -> None:
    house = House(policy(estimate_samples_min=1))
    house.agent("a", capacity=33)
    house.closed("i-0")
    house.after(SECOND)
    house.active("i-1")
    house.after(MINUTE)
    house.ends("i-1")
    house.wraps_up("i-1")
    house.active("i-2")
    house.admit("i-3")
    one = board(house).expected_wait
    house.admit("i-4")
    two = board(house).expected_wait
    assert one is not None
    assert two is not None
    assert one[0] < two[0]


def test_the_figures_begin_anew_each_day() -> None:
    house = House()
    house.agent("a")
    house.active("i-1")
    house.admit("i-2", requirements=(requirement_of("rare"),))
    stats = replayed(house.log, START, TARGETS)
    stats.roll(START + DAY - 1)
    assert stats.counts("support").offered_legs == 2
    stats.roll(START + 2 * DAY + HOUR)
    assert (stats.since, stats.counts("support")) == (START + 2 * DAY, LegCounts())


def test_a_leg_counts_for_the_day_it_was_enqueued_on() -> None:
    house = House()
    house.admit("i-1")
    house.after(DAY)
    house.run(Leave("i-1"))
    assert counts(house) == LegCounts()
    assert counts(house, since=START + DAY) == LegCounts()


def test_a_leg_of_yesterday_that_still_waits_is_no_miss_of_today() -> None:
    house = House()
    house.admit("i-1")
    stats = replayed(house.log, START, TARGETS)
    stats.roll(START + DAY)
    assert stats.overdue("support", 20 * SECOND, START + DAY) == 0


def test_the_same_log_gives_the_same_figures_from_the_start_or_from_midnight() -> None:
    house = House(policy(queue(offer={"chat": 2 * DAY})))
    house.agent("a", capacity=33)
    house.admit("i-1")
    house.after(DAY)
    for id in ("i-2", "i-3"):
        house.admit(id)
    house.accept("i-1")
    house.after(MINUTE)
    whole, today = replayed(house.log, START, TARGETS), replayed(house.log, START + DAY, TARGETS)
    assert msgspec.json.encode(whole.queues) == msgspec.json.encode(today.queues)


@pytest.mark.parametrize("since", [START, START + 1])
def test_events_before_the_day_do_not_count(since: int) -> None:
    event = Enqueued(
        at=START, interaction="i", queue="support", leg=1, arrived_at=1, due_at=2, credit=3, cause="admitted"
    )
    assert replayed([event], since, TARGETS).counts("support").offered_legs == (since == START)
    assert Stats(since, days_from(since)).since == since
