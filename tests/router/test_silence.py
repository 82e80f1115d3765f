"""Customers who say nothing, and what is parked for long (semantics.md section 2)."""

from queues.lifecycle import InteractionState
from router.events import Closed, Parked
from router.state import next_deadline
from tests.builders import House, policy, queue
from tests.router.invariants import Checked
from vocabulary.instants import HOUR, MINUTE, SECOND

S = InteractionState


def quiet() -> House:
    support = queue("support", silent_after={"chat": 10 * MINUTE}, parked_close_after={"chat": HOUR})
    house = Checked(policy(support, queue("sales")))
    house.agent("a")
    return house


def test_a_customer_who_says_nothing_to_our_reply_is_parked() -> None:
    house = quiet()
    house.active()
    house.replies()
    house.after(10 * MINUTE - 1)
    assert house.state_of() is S.ACTIVE
    house.after(1)
    assert house.state_of() is S.PARKED
    (parked,) = [event for event in house.log if isinstance(event, Parked)]
    assert parked.cause == "silent"


def test_each_reply_begins_the_silence_anew() -> None:
    house = quiet()
    house.active()
    house.replies()
    house.after(9 * MINUTE)
    house.replies()
    house.after(9 * MINUTE)
    assert house.state_of() is S.ACTIVE


def test_a_customer_who_writes_is_not_silent() -> None:
    house = quiet()
    house.active()
    house.replies()
    house.writes()
    house.after(HOUR)
    assert house.state_of() is S.ACTIVE


def test_nobody_is_silent_before_we_have_said_something() -> None:
    house = quiet()
    house.active()
    house.writes(author="note", agent="a")
    house.after(HOUR)
    assert house.state_of() is S.ACTIVE


def test_silence_counts_only_in_the_media_that_are_named() -> None:
    house = quiet()
    house.active(medium="email")
    house.replies()
    house.after(HOUR)
    assert house.state_of() is S.ACTIVE


def test_the_silence_of_one_leg_does_not_reach_into_the_next() -> None:
    house = quiet()
    house.agent("b", "sales")
    house.active()
    house.replies()
    house.after(9 * MINUTE)
    house.transfers("i-1", "sales")
    house.accept()
    house.after(HOUR)
    assert house.state_of() is S.ACTIVE


def test_what_is_parked_long_enough_closes_by_itself() -> None:
    house = quiet()
    house.active()
    house.parks()
    house.after(HOUR)
    (closed,) = [event for event in house.log if isinstance(event, Closed)]
    assert (closed.reason, closed.by, house.state_of()) == ("parked_too_long", "router", S.CLOSED)


def test_a_customer_who_writes_keeps_what_is_parked_open() -> None:
    house = quiet()
    house.active()
    house.parks()
    house.after(50 * MINUTE)
    house.writes()
    house.after(50 * MINUTE)
    assert house.state_of() is S.ACTIVE
    house.parks()
    house.after(50 * MINUTE)
    assert house.state_of() is S.PARKED


def test_what_is_to_come_back_by_itself_does_not_close_by_itself() -> None:
    house = quiet()
    house.active()
    house.parks(until=house.now + 2 * HOUR)
    house.after(2 * HOUR)
    assert house.state_of() is S.ACTIVE


def test_a_queue_that_says_nothing_parks_and_closes_nothing() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.replies()
    house.parks()
    assert next_deadline(house.state) is None
    house.after(10 * SECOND)
    assert house.state_of() is S.PARKED
