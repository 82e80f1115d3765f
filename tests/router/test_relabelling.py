"""What an interaction is about, as a person says it."""

from queues.interaction import Label
from router import events as e
from router.commands import Relabel
from tests.builders import START, policy, queue
from tests.router.invariants import Checked

GUESSED = (Label("invoice", 0.6), Label("contract", 0.3))


def house() -> Checked:
    """Return a house where something waits that seems to be about an invoice."""
    made = Checked(policy(queue("support")))
    made.admit(labels=GUESSED)
    return made


def test_what_a_person_says_is_sure_and_nothing_else_changes() -> None:
    there = house()
    before = there.state.interactions["i-1"]
    place = (before.queue, before.key, before.state)
    assert there.run(Relabel("i-1", "contract", "anna")) == (
        e.Relabelled(at=START, interaction="i-1", label="contract", labels=(Label("contract", 1.0),), by="anna"),
    )
    after = there.state.interactions["i-1"]
    assert (after.label, (after.queue, after.key, after.state)) == ("contract", place)
    assert after.corrected is not None
    assert (after.corrected.by, after.corrected.before) == ("anna", GUESSED)


def test_saying_it_again_changes_nothing() -> None:
    there = house()
    there.run(Relabel("i-1", "contract", "anna"))
    assert there.run(Relabel("i-1", "contract", "boris")) == ()


def test_taken_back_it_is_what_it_came_in_with_however_often_it_was_corrected() -> None:
    there = house()
    there.run(Relabel("i-1", "contract", "anna"))
    there.run(Relabel("i-1", "moving", "anna"))
    there.run(Relabel("i-1", None, "anna"))
    after = there.state.interactions["i-1"]
    assert (after.labels, after.corrected) == (GUESSED, None)
    assert there.refusal(Relabel("i-1", None, "anna")) == ("conflict", "not_corrected")


def test_what_is_not_there_is_about_nothing() -> None:
    assert house().refusal(Relabel("i-2", "contract", "anna")) == ("not_found", "unknown_interaction")
