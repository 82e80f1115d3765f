"""Callbacks (semantics.md section 13): slots, attempts, retries."""

import pytest

from router.commands import CallAttempted, End, Leave
from router.events import CallTried, Closed, Scheduled
from tests.builders import START, House, policy, queue
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND


def test_a_callback_with_a_slot_is_scheduled_and_waits_from_its_start() -> None:
    house = House()
    house.agent("a")
    house.admit("i-1", "callback", scheduled_at=START + HOUR)
    assert house.of(Scheduled) == [Scheduled(at=START, interaction="i-1", due=START + HOUR, cause="slot")]
    house.after(HOUR - 1)
    assert house.state_of() == "scheduled"
    house.after(1)
    assert house.rings_at() == "a"


def test_a_slot_in_the_past_is_now() -> None:
    house = House()
    house.admit("i-1", "callback", scheduled_at=START)
    assert house.state_of() == "waiting"


def test_a_scheduled_callback_may_be_cancelled() -> None:
    house = House()
    house.admit("i-1", "callback", scheduled_at=START + HOUR)
    house.run(Leave("i-1"))
    house.after(DAY - 1)
    assert (house.state_of(), house.interaction().disposition) == ("closed", "customer_left")


def test_a_customer_who_was_reached_stays_with_the_agent() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "callback")
    house.run(CallAttempted("i-1", "a", "reached"))
    assert house.of(CallTried) == [CallTried(at=START, interaction="i-1", agent="a", outcome="reached", attempt=1)]
    assert house.state_of() == "active"


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "voicemail"])
def test_a_customer_who_was_not_reached_is_tried_again_later(outcome: str) -> None:
    house = House(policy(queue(callback_retry=10 * MINUTE)))
    house.agent("a", capacity=100)
    house.active("i-1", "callback")
    house.after(MINUTE)
    house.run(CallAttempted("i-1", "a", outcome))  # type: ignore[arg-type]  # pytest gives text
    assert house.log[-1] == Scheduled(at=house.now, interaction="i-1", due=house.now + 10 * MINUTE, cause="retry")
    assert house.whom("a").used == 0
    house.after(10 * MINUTE)
    interaction = house.interaction()
    assert (interaction.state, interaction.arrived_at, interaction.attempts) == ("offered", START + 11 * MINUTE, 1)
    assert (interaction.preferred_agent, house.rings_at()) == ("a", "a")


def test_retries_end_after_so_many_attempts() -> None:
    house = House(policy(queue(callback_attempts=2, callback_retry=MINUTE)))
    house.agent("a")
    house.active("i-1", "callback")
    house.run(CallAttempted("i-1", "a", "busy"))
    house.after(MINUTE)
    house.accept()
    house.run(CallAttempted("i-1", "a", "no_answer"))
    assert house.of(Closed) == [
        Closed(at=house.now, interaction="i-1", reason="not_reached", by="a", reopen_until=house.now + DAY)
    ]


def test_there_are_never_two_attempts_at_once() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "callback")
    house.run(CallAttempted("i-1", "a", "busy"))
    assert house.refusal(CallAttempted("i-1", "a", "busy")) == ("conflict", "wrong_state")


def test_a_wrong_number_closes_it() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "callback")
    house.run(CallAttempted("i-1", "a", "wrong_number"))
    assert (house.state_of(), house.interaction().disposition, house.whom("a").used) == ("closed", "wrong_number", 0)


def test_the_outcome_may_be_given_in_the_wrap_up_too() -> None:
    house = House(policy(queue(callback_attempts=2, callback_retry=MINUTE)))
    house.agent("a")
    for attempt in ("scheduled", "closed"):
        house.active("i-1", "callback") if attempt == "scheduled" else house.accept()
        house.run(End("i-1", "a"))
        house.run(CallAttempted("i-1", "a", "no_answer"))
        assert (house.state_of(), house.whom("a").used) == (attempt, 0)
        house.after(MINUTE)
    assert house.interaction().disposition == "not_reached"


def test_a_wrap_up_that_is_forced_does_not_end_with_the_outcome() -> None:
    house = House(policy(queue(wrap_up="timed_forced")))
    house.agent("a")
    house.active("i-1", "callback")
    house.run(End("i-1", "a"))
    assert house.refusal(CallAttempted("i-1", "a", "no_answer")) == ("conflict", "wrap_up_forced")


def test_whoever_was_freed_by_an_attempt_takes_the_next() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "callback")
    house.admit("i-2", "callback")
    house.after(SECOND)
    house.run(CallAttempted("i-1", "a", "busy"))
    assert house.rings_at("i-2") == "a"


def test_only_callbacks_are_called() -> None:
    house = House()
    house.agent("a")
    house.active()
    assert house.refusal(CallAttempted("i-1", "a", "busy")) == ("invalid", "not_a_callback")
