"""Wrap-up (semantics.md section 10)."""

from typing import Any

import pytest

from router.commands import Close, End, ExtendWrapUp, WrapUp
from router.events import Ended, WrappedUp
from tests.builders import START, House, policy, queue
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND


def in_wrap_up(**values: Any) -> House:
    """Return a house whose agent `a` has just ended `i-1`."""
    house = House(policy(queue(**values)))
    house.agent("a")
    house.active()
    house.ends(wrap_up=True)
    return house


def test_a_timed_wrap_up_ends_by_its_timer_with_the_code_timeout() -> None:
    house = in_wrap_up(wrap_up="timed", wrap_up_after=20 * SECOND)
    house.after(20 * SECOND - 1)
    assert house.state_of() == "wrap_up"
    house.after(1)
    end = START + 20 * SECOND
    assert house.of(WrappedUp) == [
        WrappedUp(at=end, interaction="i-1", agent="a", disposition="timeout", reopen_until=end + DAY)
    ]
    assert (house.state_of(), house.whom("a").used) == ("closed", 0)


def test_a_timed_wrap_up_may_end_early() -> None:
    house = in_wrap_up(wrap_up="timed")
    house.wraps_up()
    assert house.state_of() == "closed"


def test_a_forced_wrap_up_may_not_end_early() -> None:
    house = in_wrap_up(wrap_up="timed_forced")
    assert house.refusal(WrapUp("i-1", "a")) == ("conflict", "wrap_up_forced")
    house.after(30 * SECOND)
    assert house.state_of() == "closed"


def test_an_open_wrap_up_ends_when_the_agent_says_so() -> None:
    house = in_wrap_up(wrap_up="open")
    house.after(9 * HOUR)
    assert house.state_of() == "wrap_up"
    house.wraps_up()
    assert house.state_of() == "closed"


def test_without_wrap_up_the_contact_closes_at_once() -> None:
    house = in_wrap_up(wrap_up="none")
    (ended,) = house.of(Ended)
    assert ended == Ended(at=START, interaction="i-1", agent="a", by="agent", cost=33)
    assert (house.state_of(), house.interaction().disposition, house.whom("a").used) == ("closed", None, 0)


def test_an_optional_wrap_up_begins_only_if_the_agent_asks_for_it() -> None:
    asked = in_wrap_up(wrap_up="optional")
    assert (asked.state_of(), asked.interaction().wrap_up_until) == ("wrap_up", START + 30 * SECOND)
    house = House(policy(queue(wrap_up="optional")))
    house.agent("a")
    house.active()
    house.ends()
    assert house.state_of() == "closed"


def test_the_end_of_wrap_up_frees_the_agent_in_the_same_decision() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.admit("i-2")
    house.ends("i-1")
    assert house.rings_at("i-2") is None
    house.after(30 * SECOND)
    assert house.rings_at("i-2") == "a"


def test_a_disposition_is_one_of_the_queues_codes() -> None:
    house = in_wrap_up(dispositions=("solved", "spam"))
    assert house.refusal(WrapUp("i-1", "a", "whatever")) == ("invalid", "unknown_disposition")
    house.wraps_up(disposition="solved")
    assert house.interaction().disposition == "solved"


def test_a_required_disposition_must_be_given() -> None:
    house = in_wrap_up(dispositions=("solved",), disposition_required=True)
    assert house.refusal(WrapUp("i-1", "a")) == ("invalid", "disposition_required")


def test_a_required_disposition_never_blocks_the_timer() -> None:
    house = in_wrap_up(dispositions=("solved",), disposition_required=True)
    house.after(30 * SECOND)
    assert (house.state_of(), house.interaction().disposition) == ("closed", "timeout")


def test_an_extension_adds_its_span_at_most_n_times() -> None:
    house = in_wrap_up(wrap_up_extension=10 * SECOND, wrap_up_extensions_max=2)
    house.after(20 * SECOND)
    house.run(ExtendWrapUp("i-1", "a"))
    house.run(ExtendWrapUp("i-1", "a"))
    assert house.interaction().wrap_up_until == START + 50 * SECOND
    assert house.refusal(ExtendWrapUp("i-1", "a")) == ("conflict", "no_more_extensions")
    house.after(30 * SECOND)
    assert house.state_of() == "closed"


def test_what_has_no_timer_can_not_be_extended() -> None:
    house = in_wrap_up(wrap_up="open")
    assert house.refusal(ExtendWrapUp("i-1", "a")) == ("conflict", "wrap_up_untimed")


@pytest.mark.parametrize("order", [End("i-1", "a"), WrapUp("i-1", "b"), ExtendWrapUp("i-1", "b")])
def test_only_the_owner_works_on_it_and_only_in_its_state(order: End | WrapUp | ExtendWrapUp) -> None:
    house = in_wrap_up()
    expected = "wrong_state" if order.agent == "a" else "not_owner"
    assert house.refusal(order) == ("conflict", expected)


def test_a_customer_who_writes_during_wrap_up_is_with_the_same_agent_again() -> None:
    house = in_wrap_up()
    house.writes()
    interaction = house.interaction()
    assert (interaction.state, interaction.agent, interaction.wrap_up_until) == ("active", "a", None)
    assert house.whom("a").used == 33
    house.after(MINUTE)
    assert house.state_of() == "active"


def test_a_customer_who_writes_while_the_wrapping_agent_is_cut_off_does_not_wait_for_him_for_ever() -> None:
    house = in_wrap_up(wrap_up_after=HOUR)
    house.cut_off("a")
    house.agent("b")
    house.writes()
    assert (house.state_of(), house.interaction().owner_gone_until) == ("active", START + MINUTE)
    house.after(MINUTE)
    assert house.rings_at() == "b"


def test_a_forced_close_ends_wrap_up_with_its_reason() -> None:
    house = in_wrap_up(wrap_up="open")
    house.run(Close("i-1", "spam", "boss"))
    assert (house.state_of(), house.interaction().disposition, house.whom("a").used) == ("closed", "spam", 0)


def test_handling_times_are_measured_from_acceptance_to_the_end_of_wrap_up() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.after(5 * SECOND)
    house.accept()
    house.after(MINUTE)
    house.ends()
    house.after(10 * SECOND)
    house.wraps_up()
    handling = house.state.measured["support"].handling
    assert (handling.count, handling.mean) == (1, 70 * SECOND)
