"""What rules see of hours, live figures and attributes (semantics.md section 3)."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from queues.hours import Hours, Interval
from queues.oldest import Oldest
from router.commands import Leave
from router.decide import decide
from router.events import WaitEstimated
from router.evolve import evolve
from router.figures import expected, longest_wait
from router.triage import triage
from tests.builders import START, Condition, House, admit, policy, queue, rule
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, instant_of

NINE_TO_FIVE = Hours(
    zone=ZoneInfo("UTC"), week=((Interval(9 * 60, 17 * 60),),) * 5 + ((), ()), closings={"2026-03-04": "Staff outing"}
)
MONDAY = instant_of("2026-03-02T12:00:00Z")


def site(when: Condition, to: str = "support", **values: Any) -> House:
    """Return a house with a rule `special` of the condition, and a last one without."""
    rules = (rule(to, name="special", when=when), rule("support", name="rest"))
    return House(
        policy(queue("support"), queue("sales", hours="office"), rules=rules, hours={"office": NINE_TO_FIVE}, **values)
    )


def applies(house: House, medium: str = "chat", **values: Any) -> bool:
    return triage(admit("i-x", medium, **values), house.state, house.policy, house.now).rule == "special"


@pytest.mark.parametrize(
    ("hours", "at", "holds"),
    [
        (("open",), MONDAY, True),
        (("open",), MONDAY + 6 * HOUR, False),
        (("closed",), MONDAY + 6 * HOUR, True),
        (("closed",), MONDAY + 2 * DAY, False),
        (("closed", "holiday"), MONDAY + 2 * DAY, True),
    ],
)
def test_a_rule_sees_the_hours_of_a_table_or_of_its_queue(hours: Any, at: int, holds: bool) -> None:
    for house in (
        site(Condition(hours=hours, hours_of="office")),
        site(Condition(hours=hours, queue="sales")),
        site(Condition(hours=hours), to="sales"),
    ):
        house.now = at
        assert applies(house) is holds


def test_a_queue_without_hours_is_always_open() -> None:
    house = site(Condition(hours=("open",)))
    house.now = MONDAY + 12 * HOUR
    assert applies(house)


def test_a_rule_may_ask_for_a_longest_wait_ringing_or_not() -> None:
    house = site(Condition(longest_wait_min=MINUTE))
    assert not applies(house)
    house.agent("a", "support")
    house.admit("rings", "callback", queue="support")
    house.after(MINUTE - 1)
    assert not applies(house)
    house.after(1)
    assert house.rings_at("rings") is None
    assert applies(house)


def test_the_longest_wait_is_that_of_the_oldest_leg_whatever_its_priority() -> None:
    house = site(Condition(longest_wait_min=MINUTE))
    house.admit("low", queue="support", priority=-50)
    house.after(10 * SECOND)
    house.admit("high", queue="support", priority=50)
    assert longest_wait(house.state, "support", house.now) == 10 * SECOND
    house.moves("low", "sales")
    assert longest_wait(house.state, "support", house.now) == 0
    assert longest_wait(house.state, "sales", house.now) == 0
    house.after(5 * SECOND)
    assert longest_wait(house.state, "sales", house.now) == 5 * SECOND
    house.agent("a")
    house.accept("high")
    assert longest_wait(house.state, "support", house.now) == 0


def test_a_decision_that_is_taken_back_keeps_the_longest_wait() -> None:
    house = site(Condition())
    house.admit("i-1", queue="support")
    house.after(MINUTE)
    assert longest_wait(house.state, "support", house.now) == MINUTE
    decide(Leave("i-1"), house.state, house.policy, house.now)
    assert longest_wait(house.state, "support", house.now) == MINUTE


def test_what_is_asked_about_stays_small() -> None:
    waiting: dict[str, int] = {}
    oldest = Oldest(lambda _, entry: waiting.get(entry[1]) == entry[0])
    assert oldest.first("support", lambda: ()) is None
    for number in range(10_000):
        waiting[f"i-{number}"] = number
        oldest.put("support", (number, f"i-{number}"))
        oldest.put("other", (number, f"i-{number}"))
        waiting.pop(f"i-{number - 5}", None)
    assert oldest.first("support", lambda: ()) == 9_995
    assert len(oldest) < 3_000


def test_a_rule_sees_who_is_staffed_and_who_is_free() -> None:
    nobody, somebody = site(Condition(staffed_max=0)), site(Condition(staffed_min=1, free_min=1))
    assert (applies(nobody), applies(somebody)) == (True, False)
    for house in (nobody, somebody):
        house.agent("a", "support")
    assert (applies(nobody), applies(somebody)) == (False, True)
    somebody.active("i-1", "callback", queue="support")
    assert not applies(somebody)
    somebody.declares("a", "busy")
    assert applies(site(Condition(free_max=0)))


def test_free_is_told_by_medium() -> None:
    house = site(Condition(free_min=1))
    house.agent("a", "support")
    house.active("i-1", "chat", queue="support")
    assert (applies(house, "chat"), applies(house, "callback")) == (True, False)


def test_a_rule_may_ask_about_another_queue() -> None:
    house = site(Condition(queue="sales", waiting_min=1, waiting_max=1))
    assert not applies(house)
    house.admit("i-1", queue="sales")
    assert applies(house)
    house.admit("i-2", queue="sales")
    assert not applies(house)


def test_the_last_recorded_expected_wait_counts_and_an_unknown_one_is_neither_long_nor_short() -> None:
    long, short = site(Condition(expected_wait_min=MINUTE)), site(Condition(expected_wait_max=MINUTE))
    assert (applies(long), applies(short)) == (False, False)
    for house in (long, short):
        house.admit("i-1", queue="support")
        evolve(house.state, WaitEstimated(at=START, interaction="i-1", low_ms=30 * SECOND, high_ms=120 * SECOND))
        assert expected(house.state, "support") == 75 * SECOND
    assert (applies(long), applies(short)) == (True, False)


@pytest.mark.parametrize(
    ("sent", "holds"),
    [
        ({"plan": "gold"}, True),
        ({"plan": "silver", "seats": 7}, True),
        ({"plan": "Gold"}, False),
        ({"plan": None}, False),
        ({}, False),
    ],
)
def test_a_rule_sees_attributes(sent: dict[str, Any], holds: bool) -> None:
    assert applies(site(Condition(attributes={"plan": ("gold", "silver")})), attributes=sent) is holds


def test_attributes_are_compared_as_text() -> None:
    house = site(Condition(attributes={"trial": ("true",), "seats": ("7",)}))
    assert applies(house, attributes={"trial": True, "seats": 7})
    assert not applies(house, attributes={"trial": 1, "seats": 7})


def test_explain_names_the_condition_that_was_missing() -> None:
    house = site(Condition(attributes={"plan": ("gold",)}))
    assert triage(admit(), house.state, house.policy, house.now).reasons == ("special:attributes.plan",)
    house = site(Condition(staffed_min=1))
    assert triage(admit(), house.state, house.policy, house.now).reasons == ("special:staffed",)
