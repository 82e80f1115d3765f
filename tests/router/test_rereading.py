"""What waits is understood later than it came in, and the rules look again."""

from typing import Any

import pytest

from queues.interaction import Label
from queues.lifecycle import InteractionState
from queues.overflow import Do, Overflow, When
from router import events as e
from router.commands import AddMessage, Move, Relabel, Reprioritise
from router.policy import Condition
from tests.builders import START, admit, policy, queue, rule
from tests.router.invariants import Checked
from vocabulary.instants import MINUTE
from vocabulary.skills import Requirement

NOTHING = (Label("unknown", 0.0),)
COMPLAINT = (Label("complaint", 0.9),)
RULES = (
    rule("complaints", Condition(label=("complaint",)), "complaints", priority=20, language_skill=True, tags=("hot",)),
    rule("support", name="rest", language_skill=True),
)


def house(**values: Any) -> Checked:
    """Return a house where somebody has said hello and waits."""
    made = Checked(policy(queue("support"), queue("complaints"), rules=RULES))
    made.admit(labels=NOTHING, language="en", tags=("web",), **values)
    made.after(MINUTE)
    return made


def says(labels: tuple[Label, ...] = COMPLAINT, **values: Any) -> AddMessage:
    """Return what he writes next, by which it is about `labels`."""
    anew = admit(labels=labels, **{"language": "pl", **values})
    return AddMessage(interaction="i-1", message="m-2", author="customer", anew=anew)


def test_it_goes_where_the_rules_say_by_all_that_was_written() -> None:
    there = house()
    there.run(says(segment="key"))
    found = there.state.interactions["i-1"]
    assert (found.queue, found.priority, found.label, found.language, found.segment) == (
        "complaints", 20, "complaint", "pl", "key",
    )  # fmt: skip
    assert found.requirements == (Requirement("lang:pl"),)
    assert (found.tags, found.state, found.messages) == (("web", "hot"), InteractionState.WAITING, 2)
    assert (found.arrived_at, found.enqueued_at) == (START, START + MINUTE)


def test_it_keeps_its_place_where_nothing_else_follows() -> None:
    there = house()
    before = there.state.interactions["i-1"].key
    told = there.run(says((Label("hours", 0.7),), language="en"))
    found = there.state.interactions["i-1"]
    assert [type(event) for event in told] == [e.MessageAdded, e.Understood]
    assert (found.label, found.key, found.leg, found.enqueued_at) == ("hours", before, 1, START)


def test_where_he_says_nothing_more_nothing_is_noted() -> None:
    there = house()
    told = there.run(says((Label("unknown", 0.2),), language="en"))
    assert [type(event) for event in told] == [e.MessageAdded]


def test_another_language_asks_for_another_skill_in_the_same_queue_and_the_wait_goes_on() -> None:
    there = house()
    there.run(says(NOTHING))
    found = there.state.interactions["i-1"]
    assert (found.queue, found.requirements, found.enqueued_at) == ("support", (Requirement("lang:pl"),), START)


def test_it_may_be_understood_again() -> None:
    there = house()
    there.run(says(NOTHING))
    there.run(says())
    assert there.state.interactions["i-1"].queue == "complaints"


@pytest.mark.parametrize(
    "wish", [{"queue": "support"}, {"priority": 3}, {"requirements": ()}, {"preferences": ()}, {"class_": 1}], ids=str
)
def test_where_staff_or_an_integration_said_something_the_rules_say_nothing_anew(wish: dict[str, Any]) -> None:
    there = house(**wish)
    assert [type(event) for event in there.run(says())] == [e.MessageAdded]


@pytest.mark.parametrize(
    "act", [Move("i-1", "support", "boss"), Reprioritise("i-1", 5, "boss"), Relabel("i-1", "hours", "anna")], ids=str
)
def test_what_a_person_has_done_stands(act: Any) -> None:
    there = house()
    there.run(act)
    assert [type(event) for event in there.run(says())] == [e.MessageAdded]


def test_what_overflowed_stays_where_it_is() -> None:
    spill = Overflow(when=When(wait=MINUTE), do=Do(move="spare"))
    there = Checked(policy(queue("support", overflow=(spill,)), queue("spare"), queue("complaints"), rules=RULES))
    there.admit(labels=NOTHING)
    there.after(MINUTE)
    assert there.state.interactions["i-1"].queue == "spare"
    there.run(says())
    assert there.state.interactions["i-1"].queue == "spare"
