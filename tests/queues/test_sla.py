"""The arithmetic of clocks, in calendar and in business time."""

from queues.hours import Hours
from queues.sla import Agreement, Escalation, SlaPolicy, agreement_for, due_after, left_until, next_mark
from tests.queues.opening import hours
from vocabulary.instants import HOUR, MINUTE, instant_of

OFFICE: Hours = hours("09:00-17:00")
FRIDAY_16 = instant_of("2026-03-06T16:00:00Z")
MONDAY_9 = instant_of("2026-03-09T09:00:00Z")


def test_calendar_time_always_runs() -> None:
    assert due_after(None, FRIDAY_16, 4 * HOUR) == FRIDAY_16 + 4 * HOUR
    assert left_until(None, FRIDAY_16 + HOUR, FRIDAY_16 + 4 * HOUR) == 3 * HOUR
    assert left_until(None, FRIDAY_16, FRIDAY_16 - 1) == 0


def test_business_time_runs_only_while_it_is_open() -> None:
    due = due_after(OFFICE, FRIDAY_16, 4 * HOUR)
    assert due == MONDAY_9 + 3 * HOUR
    assert left_until(OFFICE, FRIDAY_16 + 2 * HOUR, due) == 3 * HOUR


def test_hours_that_never_open_do_not_stop_the_clock() -> None:
    assert due_after(hours(), FRIDAY_16, HOUR) == FRIDAY_16 + HOUR


def test_warnings_come_before_the_clock_is_due_in_its_own_time() -> None:
    due = due_after(OFFICE, FRIDAY_16, 4 * HOUR)
    first = next_mark(OFFICE, FRIDAY_16, due, (HOUR, 3 * HOUR + 30 * MINUTE))
    assert first == FRIDAY_16 + 30 * MINUTE
    second = next_mark(OFFICE, first, due, (HOUR, 3 * HOUR + 30 * MINUTE))
    assert second == due - HOUR
    assert next_mark(OFFICE, second, due, (HOUR, 3 * HOUR + 30 * MINUTE)) == due


def test_an_agreement_of_the_segment_goes_before_the_one_of_the_queue() -> None:
    usual = SlaPolicy(agreement=Agreement(name="usual"))
    key = SlaPolicy(agreement=Agreement(name="key"), segments=("key_account",), queues=("billing",))
    late = SlaPolicy(
        agreement=Agreement(name="late"), segments=("key_account", "other"), at_breach=Escalation(priority=1)
    )
    found = [
        agreement_for((usual, key, late), queue, usual, segments)
        for queue, segments in (
            ("billing", ("key_account",)),
            ("sales", ("x", "key_account")),
            ("sales", ()),
            ("sales", ("x",)),
        )
    ]
    assert [each.name for each in found if each is not None] == ["key", "late", "usual", "usual"]
    assert agreement_for((key,), "sales", None, ()) is None
