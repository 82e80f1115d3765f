"""Clocks of service-level agreements (semantics.md section 16)."""

from typing import Any

import msgspec
import pytest

from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from queues.sla import Agreement, Clock, Escalation, SlaPolicy
from router.commands import Close, Leave, RenewSla
from router.events import ClockStarted, ClockStopped, Moved, Reprioritised, SlaAgreed, SlaBreached, SlaWarned
from router.policy import Policy, SegmentPolicy
from router.state import next_deadline
from tests.builders import START, House, policy, queue
from tests.queues.opening import hours
from tests.router.invariants import Checked
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, Instant, instant_of

S = InteractionState
FRIDAY_16 = instant_of("2026-03-06T16:00:00Z")


def promise(
    name: str = "gold",
    *,
    at_warning: Escalation | None = None,
    at_breach: Escalation | None = None,
    segments: tuple[str, ...] = (),
    **terms: Any,
) -> SlaPolicy:
    return SlaPolicy(
        agreement=Agreement(name=name, **(terms or {"first_response": 10 * MINUTE})),
        at_warning=at_warning or Escalation(),
        at_breach=at_breach or Escalation(),
        segments=segments,
    )


def promising(*promises: SlaPolicy, queues: tuple[QueuePolicy, ...] = (), **values: Any) -> Policy:
    """Return a policy whose queue `support` names the first promise."""
    support = queue("support", sla=promises[0].agreement.name, wrap_up="open", hold={"chat": 0})
    return policy(support, *queues, sla={each.agreement.name: each for each in promises}, **values)


def housed(*promises: SlaPolicy, now: Instant = START, **values: Any) -> House:
    """Return a house that checks itself, with one agent."""
    house = Checked(promising(*promises, **values), now)
    house.agent("a", "support")
    return house


def clock(house: House, name: Any = "first_response", id: str = "i-1") -> Clock:
    return house.interaction(id).clocks[name]


def test_the_first_response_is_due_until_a_person_replies() -> None:
    house = housed(promise())
    house.active()
    assert clock(house) == Clock(START, START + 10 * MINUTE, START + 10 * MINUTE)
    house.after(4 * MINUTE)
    house.replies()
    assert clock(house).stopped_at == START + 4 * MINUTE
    assert (clock(house).met, clock(house).breached) == (True, False)
    house.writes()
    assert clock(house).stopped_at == START + 4 * MINUTE
    assert next_deadline(house.state) is None


def test_a_note_of_the_house_is_no_response() -> None:
    house = housed(promise())
    house.active()
    house.writes(author="note", agent="a")
    assert clock(house).runs


def test_where_people_talk_taking_it_is_the_first_response() -> None:
    house = housed(promise())
    house.active(medium="callback")
    assert clock(house).met


def test_each_further_message_asks_for_the_next_response() -> None:
    house = housed(promise(next_response=MINUTE))
    house.active()
    house.writes()
    assert house.interaction().clocks == {}
    house.replies()
    house.after(10 * SECOND)
    house.writes()
    house.after(10 * SECOND)
    house.writes()
    assert clock(house, "next_response").due_at == START + 70 * SECOND
    house.replies()
    assert clock(house, "next_response").met
    house.after(10 * SECOND)
    house.writes()
    assert clock(house, "next_response").due_at == START + 90 * SECOND
    house.ends()
    assert (clock(house, "next_response").runs, clock(house, "next_response").met) == (False, False)


def test_the_resolution_counts_on_when_it_opens_again() -> None:
    house = housed(promise(resolution=HOUR))
    house.closed()
    assert clock(house, "resolution").met
    house.after(30 * MINUTE)
    house.writes()
    assert clock(house, "resolution").due_at == START + HOUR
    house.accept()
    house.after(30 * MINUTE)
    assert clock(house, "resolution").breached
    house.ends()
    house.wraps_up()
    house.after(MINUTE)
    house.writes()
    assert (clock(house, "resolution").breached, clock(house, "resolution").next_at) == (True, None)
    assert len([event for event in house.log if isinstance(event, SlaBreached)]) == 1


def test_warnings_and_the_breach_come_at_their_instants_with_what_is_done() -> None:
    warned = Escalation(priority=10, notify=("page",))
    broken = Escalation(priority=95, queue="help", notify=("email", "webhook"))
    gold = promise(
        first_response=10 * MINUTE, warn_before=(2 * MINUTE, 5 * MINUTE), at_warning=warned, at_breach=broken
    )
    house = housed(gold, queues=(queue("help"),))
    house.declares("a", "busy")
    house.admit()
    house.after(10 * MINUTE)
    told = [event for event in house.log if isinstance(event, SlaWarned | SlaBreached)]
    assert [(type(event).__name__, event.at - START, event.notify) for event in told] == [
        ("SlaWarned", 5 * MINUTE, ("page",)),
        ("SlaWarned", 8 * MINUTE, ("page",)),
        ("SlaBreached", 10 * MINUTE, ("email", "webhook")),
    ]
    raised = [(event.priority, event.by) for event in house.log if isinstance(event, Reprioritised)]
    assert raised == [(10, "sla"), (20, "sla"), (100, "sla")]
    assert [(event.queue, event.by) for event in house.log if isinstance(event, Moved)] == [("help", "sla")]
    assert (house.interaction().queue, house.interaction().priority) == ("help", 100)
    assert house.interaction().due_at == START + 20 * SECOND - 100 * MINUTE


def test_a_breach_takes_an_offer_along_and_leaves_what_somebody_handles() -> None:
    house = housed(promise(at_breach=Escalation(queue="help")), queues=(queue("help"),))
    house.active("i-1")
    house.after(9 * MINUTE + 50 * SECOND)
    house.admit("i-2")
    house.after(10 * SECOND)
    assert (house.state_of("i-1"), house.interaction("i-1").queue) == (S.ACTIVE, "support")
    house.decline("i-2")
    house.after(9 * MINUTE + 45 * SECOND)
    house.declares("a", "busy")
    house.declares("a", "available")
    assert house.state_of("i-2") is S.OFFERED
    house.after(10 * SECOND)
    assert (house.state_of("i-2"), house.interaction("i-2").queue) == (S.WAITING, "help")


def test_business_clocks_stand_still_outside_hours() -> None:
    gold = promise(first_response=2 * HOUR, hours="office", warn_before=(HOUR,))
    house = housed(gold, now=FRIDAY_16, hours={"office": hours("09:00-17:00")})
    house.declares("a", "busy")
    house.admit()
    assert clock(house).due_at == instant_of("2026-03-09T10:00:00Z")
    house.after(3 * DAY)
    (warned,) = [event for event in house.log if isinstance(event, SlaWarned)]
    assert warned.at == FRIDAY_16 + HOUR


def test_clocks_are_paused_while_it_is_parked_if_configured() -> None:
    gold = promise(resolution=HOUR, pause_while_parked=True, warn_before=(10 * MINUTE,))
    house = housed(gold)
    house.active()
    house.after(20 * MINUTE)
    house.parks()
    assert clock(house, "resolution").left == 40 * MINUTE
    assert next_deadline(house.state) is None
    house.after(5 * HOUR)
    house.writes()
    assert house.state_of() is S.ACTIVE
    running = clock(house, "resolution")
    assert (running.left, running.due_at - house.now, running.next_at) == (None, 40 * MINUTE, house.now + 30 * MINUTE)


def test_clocks_run_on_while_it_is_parked_otherwise() -> None:
    house = housed(promise(resolution=HOUR))
    house.active()
    house.parks()
    house.after(HOUR)
    assert clock(house, "resolution").breached


def test_what_ends_without_a_reply_stops_its_clock_unmet() -> None:
    house = housed(promise())
    house.declares("a", "busy")
    house.admit("i-1")
    house.admit("i-2")
    house.run(Leave("i-1"))
    house.run(Close("i-2", "spam", "boss"))
    assert [event.met for event in house.log if isinstance(event, ClockStopped)] == [False, False]
    house.after(MINUTE)
    house.writes("i-1")
    assert clock(house).due_at == house.now + 10 * MINUTE


def test_a_slot_is_due_from_its_start() -> None:
    house = housed(promise())
    house.declares("a", "busy")
    house.admit(medium="callback", scheduled_at=START + HOUR)
    assert house.interaction().clocks == {}
    house.after(HOUR)
    assert clock(house).due_at == START + HOUR + 10 * MINUTE


def test_the_customers_segment_has_its_own_agreement_and_target() -> None:
    key = promise("key", first_response=MINUTE, segments=("key_account",))
    house = housed(promise(), key)
    targets = queue("sales", segment_targets={"key_account": 5 * SECOND})
    house.policy = msgspec.structs.replace(house.policy, queues={**house.policy.queues, "sales": targets})
    house.declares("a", "busy")
    house.admit("i-1", segment="key_account")
    house.admit("i-2", segment="other")
    house.admit("i-3", queue="sales", segment="key_account")
    house.admit("i-4", queue="sales")
    agreed = {event.interaction: event.agreement.name for event in house.log if isinstance(event, SlaAgreed)}
    assert agreed == {"i-1": "key", "i-2": "gold", "i-3": "key"}
    assert [house.interaction(id).target for id in ("i-1", "i-3", "i-4")] == [20 * SECOND, 5 * SECOND, 20 * SECOND]


def test_segments_add_to_the_rules_priority_and_bring_a_target_where_the_queue_has_none() -> None:
    house = housed(promise())
    key = SegmentPolicy(priority=20, target=SECOND)
    segments = {"key_account": key, "departing": SegmentPolicy(priority=30, target=2 * SECOND)}
    sales = queue("sales", segment_targets={"departing": 5 * SECOND})
    policy = msgspec.structs.replace(house.policy, segments=segments, queues={**house.policy.queues, "sales": sales})
    house.policy = policy
    house.declares("a", "busy")
    house.admit("i-1", segment="key_account")
    house.admit("i-2", segment="key_account", also_segments=("departing",))
    house.admit("i-3", queue="sales", segment="departing", also_segments=("key_account",))
    house.admit("i-4", segment="other", priority=3)
    house.admit("i-5", segment="key_account", priority=3)
    shown = [house.interaction(f"i-{number}") for number in range(1, 6)]
    assert [found.priority for found in shown] == [20, 30, 30, 3, 3]
    assert [found.target for found in shown] == [SECOND, SECOND, 5 * SECOND, 20 * SECOND, SECOND]


def test_the_agreement_stays_with_it_in_another_queue() -> None:
    house = housed(promise(), promise("slow", first_response=DAY), queues=(queue("help", sla="slow"),))
    house.declares("a", "busy")
    house.admit()
    house.moves("i-1", "help")
    assert clock(house).due_at == START + 10 * MINUTE


def test_due_instants_follow_the_configuration_only_when_asked() -> None:
    house = housed(promise())
    house.declares("a", "busy")
    house.admit()
    quicker = promise(first_response=5 * MINUTE)
    house.policy = promising(quicker)
    house.after(MINUTE)
    assert clock(house).due_at == START + 10 * MINUTE
    house.run(RenewSla("i-1", "boss"))
    assert clock(house).due_at == START + 5 * MINUTE
    assert house.run(RenewSla("i-1", "boss")) == ()


def test_a_renewed_agreement_that_promises_less_stops_what_it_does_not_promise() -> None:
    house = housed(promise(first_response=MINUTE, resolution=HOUR))
    house.declares("a", "busy")
    house.admit()
    house.policy = promising(promise(resolution=DAY))
    house.run(RenewSla("i-1", "boss"))
    assert (clock(house).runs, clock(house, "resolution").due_at) == (False, START + DAY)


@pytest.mark.parametrize(("id", "expected"), [("x", "unknown_interaction"), ("i-1", "not_open"), ("i-2", "no_sla")])
def test_what_has_no_agreement_cannot_be_renewed(id: str, expected: str) -> None:
    house = housed(promise(), queues=(queue("help"),))
    house.closed("i-1")
    house.admit("i-2", queue="help")
    assert house.refusal(RenewSla(id, "boss"))[1] == expected


def test_an_agreement_that_left_the_configuration_still_counts_and_does_nothing() -> None:
    house = housed(promise(at_breach=Escalation(priority=5)))
    house.declares("a", "busy")
    house.admit()
    house.policy = policy()
    house.after(10 * MINUTE)
    assert (clock(house).breached, house.interaction().priority) == (True, 0)


def test_where_nothing_is_promised_no_clock_runs() -> None:
    house = House()
    house.admit()
    assert (house.interaction().clocks, house.state.promised) == ({}, {})
    assert not [event for event in house.log if isinstance(event, SlaAgreed | ClockStarted)]


def test_what_is_forgotten_is_no_longer_among_the_promises() -> None:
    house = housed(promise())
    house.closed()
    assert list(house.state.promised) == ["i-1"]
    house.after(2 * DAY)
    assert house.state.promised == {}
