"""The same answer for many (semantics.md section 2), the way back, and what is answered by itself in an avalanche."""

from typing import Any

from queues.bulk import Bulk
from queues.sla import Agreement, SlaPolicy
from router import events as e
from router.bulk import against
from router.commands import (
    AddMessage,
    AnswerInBulk,
    BeginAutomation,
    Close,
    EndAvalanche,
    ReportAvalanche,
    UndoAct,
    UndoInBulk,
    WantPerson,
)
from router.effects import SendBulkAnswer, effects_of
from router.policy import Policy
from tests.builders import START, Autoresponse, House, Label, policy, queue, rule
from vocabulary.ids import derived_id
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

OUTAGE = Bulk(id="b-1", languages=("en", "pl"), label="outage", fallback="en", confidence=0.6, leave_out=("key",))
ACK = Autoresponse(name="ack", kind="acknowledge")


def a_policy(**values: Any) -> Policy:
    return policy(queue(), rules=(rule(autoresponse="ack"),), autoresponses=(ACK,), **values)


def waits(house: House, id: str, medium: str = "chat", confidence: float = 0.9, **values: Any) -> str:
    values = {"labels": (Label("outage", confidence),), "address_hash": f"h-{id}", **values}
    return house.admit(id, medium, **values)


def answers(house: House, *ids: str, bulk: Bulk = OUTAGE) -> list[str]:
    """Answer `ids`; return who got it."""
    events = house.run(AnswerInBulk(bulk, ids, "boss"))
    return [event.interaction for event in events if isinstance(event, e.AnsweredByBot)]


def reasons(house: House, id: str, bulk: Bulk = OUTAGE) -> list[str]:
    return list(against(house.state, house.policy, house.now, house.interaction(id), bulk))


def test_all_who_wait_with_the_matter_are_answered_although_they_had_a_receipt() -> None:
    house = House(a_policy())
    waits(house, "i-1", "email", language="pl")
    waits(house, "i-2")
    house.after(MINUTE)
    events = house.run(AnswerInBulk(OUTAGE, ("i-1", "i-2"), "boss"))
    assert [house.state_of(id) for id in ("i-1", "i-2")] == ["answered_by_bot"] * 2
    assert events == (
        e.AnsweredByBot(
            at=START + MINUTE,
            interaction="i-1",
            article="",
            confirm_until=START + 2 * MINUTE + DAY,
            bulk="b-1",
            language="pl",
            by="boss",
            goes_at=START + 2 * MINUTE,
            undo_until=START + 2 * MINUTE,
            address_hash="h-i-1",
        ),
        e.AnsweredByBot(
            at=START + MINUTE,
            interaction="i-2",
            article="",
            confirm_until=START + 2 * MINUTE + DAY,
            bulk="b-1",
            language="en",
            by="boss",
            undo_until=START + 2 * MINUTE,
            address_hash="h-i-2",
        ),
    )
    assert effects_of(events[0]) == (
        SendBulkAnswer(derived_id("fx", "i-1", "bulk", "b-1"), "i-1", "b-1", "pl", START + 2 * MINUTE),
    )


def test_who_may_not_get_it_waits_on_and_there_is_a_reason() -> None:
    house = House(a_policy(auto_replies_domain_max=2))
    waits(house, "machine", "email", suppressed_by=("auto-submitted",))
    waits(house, "nowhere", address_hash=None)
    waits(house, "key", segment="key")
    waits(house, "unsure", confidence=0.5)
    waits(house, "other", labels=(Label("invoice", 0.9),))
    waits(house, "german", language="de")
    waits(house, "call", "callback")
    for number in range(2):
        waits(house, f"d-{number}", "email", domain_hash="d")
    assert answers(house, *house.state.interactions) == []
    assert {id: reasons(house, id) for id in house.state.interactions} == {
        "machine": ["auto-submitted"],
        "nowhere": ["no_address"],
        "key": ["left_out"],
        "unsure": ["low_confidence"],
        "other": ["other_label"],
        "german": ["no_words"],
        "call": ["spoken"],
        "d-0": ["too_many_to_this_domain"],
        "d-1": ["too_many_to_this_domain"],
    }


def test_whom_an_agent_has_written_to_keeps_his_agent() -> None:
    house = House(a_policy())
    house.agent()
    waits(house, "i-1")
    house.accept("i-1")
    house.replies("i-1")
    house.transfers("i-1")
    assert (answers(house, "i-1"), reasons(house, "i-1")) == ([], ["in_conversation"])


def test_what_rings_is_taken_back_and_the_agent_is_free_for_others() -> None:
    house = House(a_policy())
    house.agent(capacity=33)
    waits(house, "i-1")
    house.admit("i-2", labels=(Label("invoice", 0.9),))
    assert house.rings_at("i-1") == "a"
    assert answers(house, "i-1") == ["i-1"]
    assert (house.rings_at("i-2"), house.of(e.OfferWithdrawn)[0].reason) == ("a", "answered")


def test_nobody_gets_such_an_answer_twice() -> None:
    house = House(a_policy())
    waits(house, "i-1")
    answers(house, "i-1")
    house.writes("i-1")
    again = Bulk(id="b-2", languages=("en",), fallback="en")
    assert (answers(house, "i-1", bulk=again), reasons(house, "i-1", again)) == ([], ["given_before"])


def test_thousands_of_answers_that_somebody_wants_stop_no_automatic_replies() -> None:
    house = House(policy(queue(), auto_replies_surge=2, auto_replies_surge_min=3, auto_replies_surge_hours=0))
    ids = [waits(house, f"i-{number}") for number in range(20)]
    assert len(answers(house, *ids)) == 20
    assert house.of(e.AutoRepliesStopped) == []


def test_undo_brings_back_state_place_wait_and_clocks() -> None:
    house = House(a_policy(sla={"s": SlaPolicy(agreement=Agreement(name="s", first_response=HOUR, resolution=DAY))}))
    house.policy.queues["support"] = queue(sla="s")
    waits(house, "i-1", "email")
    house.after(10 * MINUTE)
    before = house.interaction("i-1")
    kept = (before.key, before.arrived_at, before.enqueued_at, before.clocks, before.contact, before.unanswered_at)
    answers(house, "i-1")
    assert house.interaction("i-1").clocks["first_response"].stopped_at == house.now
    house.after(30 * SECOND)
    house.run(UndoInBulk("b-1", ("i-1",), "boss"))
    after = house.interaction("i-1")
    now = (after.key, after.arrived_at, after.enqueued_at, after.clocks, after.contact, after.unanswered_at)
    assert now == kept
    assert (after.state, after.bulk, after.confirm_until) == ("waiting", "", None)
    assert house.of(e.CustomerTold) == []
    assert answers(house, "i-1", bulk=Bulk(id="b-2", languages=("en",), fallback="en")) == ["i-1"]


def test_a_clock_that_came_due_meanwhile_is_late_at_once() -> None:
    house = House(a_policy(sla={"s": SlaPolicy(agreement=Agreement(name="s", first_response=MINUTE))}))
    house.policy.queues["support"] = queue(sla="s")
    waits(house, "i-1", "email")
    house.after(50 * SECOND)
    answers(house, "i-1")
    house.after(30 * SECOND)
    assert house.of(e.SlaBreached) == []
    house.run(UndoInBulk("b-1", ("i-1",), "boss"))
    assert [breach.due_at for breach in house.of(e.SlaBreached)] == [START + MINUTE]


def test_who_read_the_answer_in_a_chat_is_told_that_it_is_taken_back() -> None:
    house = House(a_policy())
    waits(house, "i-1")
    answers(house, "i-1")
    house.run(UndoAct("i-1", "boss"))
    assert [told.notice for told in house.of(e.CustomerTold)] == ["answer_taken_back"]


def test_undo_leaves_who_came_back_or_is_done_and_ends_with_its_time() -> None:
    house = House(a_policy())
    for id in ("wrote", "closed", "rests"):
        waits(house, id, "email")
    answers(house, "wrote", "closed", "rests")
    house.writes("wrote")
    house.run(Close("closed", "done", "boss"))
    house.after(MINUTE)
    house.run(UndoInBulk("b-1", ("wrote", "closed", "rests"), "boss"))
    assert house.of(e.Undone) == []
    assert [house.state_of(id) for id in ("wrote", "closed", "rests")] == ["waiting", "closed", "answered_by_bot"]


def test_who_wants_a_person_has_lost_nothing() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("late", queues={"support": _after(5 * MINUTE)}, capacity=33)
    first = waits(house, "first")
    house.after(6 * MINUTE - 1)
    house.declares("late", "away")
    answers(house, first)
    house.after(HOUR)
    house.admit("second")
    house.run(WantPerson(first))
    back = house.interaction(first)
    assert (back.arrived_at, back.enqueued_at, back.leg) == (START, START, 2)
    assert back.key < house.interaction("second").key
    house.declares("late", "available")
    assert (house.rings_at(first), house.rings_at("second")) == ("late", None)


def _after(delay: int) -> Any:
    from agents.agent import Membership

    return Membership(1, delay)


def test_the_wait_of_who_came_back_tells_nothing_of_the_queue() -> None:
    house = House(a_policy())
    house.agent()
    house.declares("a", "away")
    waits(house, "i-1")
    answers(house, "i-1")
    waited = house.state.measured["support"].waited
    house.after(5 * HOUR)
    house.run(WantPerson("i-1"))
    house.declares("a", "available")
    house.accept("i-1")
    assert house.state.measured["support"].waited == waited


def test_the_words_go_out_only_while_the_answer_stands() -> None:
    house = House(a_policy())
    waits(house, "i-1", "email")
    answers(house, "i-1")
    says = AddMessage(interaction="i-1", message="m", author="bot", bulk="b-1")
    assert house.do(says).refusal is None
    house.writes("i-1")
    assert house.refusal(says) == ("conflict", "answer_over")


def test_without_an_objection_it_is_closed_after_its_time() -> None:
    house = House(a_policy())
    waits(house, "i-1")
    answers(house, "i-1")
    house.after(DAY + MINUTE)
    assert [closed.reason for closed in house.of(e.Closed)] == ["answered_by_bot"]


# -- while it lasts


def automatic(house: House, span: int = HOUR, most: int = 100, *, lasts: bool = False, bulk: Bulk = OUTAGE) -> None:
    house.run(BeginAutomation(bulk, span, most, "boss", lasts))


def test_what_comes_in_meanwhile_is_answered_by_itself_once_and_without_a_receipt() -> None:
    house = House(a_policy())
    automatic(house)
    waits(house, "i-1", "email")
    assert (house.state_of("i-1"), house.of(e.AutoReplied)) == ("answered_by_bot", [])
    (answered,) = house.of(e.AnsweredByBot)
    assert (answered.bulk, answered.label, answered.goes_at, answered.undo_until) == ("b-1", "outage", None, None)
    house.writes("i-1")
    assert (house.state_of("i-1"), house.interaction("i-1").enqueued_at) == ("waiting", START)


def test_what_may_not_be_answered_by_itself_waits_and_says_why() -> None:
    house = House(a_policy())
    automatic(house)
    waits(house, "i-1", confidence=0.5)
    waits(house, "i-2", labels=(Label("invoice", 0.9),))
    assert [house.state_of(id) for id in ("i-1", "i-2")] == ["waiting", "waiting"]
    (held,) = house.of(e.AutoReplySuppressed)
    assert (held.interaction, held.autoresponse, held.reasons) == ("i-1", "in_bulk", ("low_confidence",))


def ended(house: House) -> list[tuple[str, int]]:
    return [(over.reason, over.answered) for over in house.of(e.AutomationEnded)]


def test_it_ends_with_its_time_its_number_its_avalanche_or_its_undo() -> None:
    house = House(a_policy())
    automatic(house, span=MINUTE)
    house.after(MINUTE)
    waits(house, "i-1")
    automatic(house, most=2)
    for number in (2, 3, 4):
        waits(house, f"i-{number}")
    house.run(ReportAvalanche("outage", None, 60, 4.5, HOUR))
    house.run(ReportAvalanche("outage", "support", 60, 4.5, HOUR))
    automatic(house, lasts=True)
    house.run(EndAvalanche("outage", "support", "router"))
    house.run(EndAvalanche("outage", None, "router"))
    automatic(house)
    house.run(UndoInBulk("b-1", (), "boss"))
    assert ended(house) == [("time", 0), ("most", 2), ("avalanche_over", 0), ("undone", 0)]
    assert [house.state_of(f"i-{number}") for number in (1, 2, 3, 4)] == [
        "waiting",
        "answered_by_bot",
        "answered_by_bot",
        "waiting",
    ]


def test_a_robot_that_answers_gets_one_answer_in_an_interaction_and_three_in_a_day() -> None:
    house = House(a_policy())
    automatic(house)
    for number in range(5):
        waits(house, f"i-{number}", "email", address_hash="robot")
        house.writes(f"i-{number}")
    assert len(house.of(e.AnsweredByBot)) == 3


def test_orders_that_mean_nothing_are_refused() -> None:
    house = House(a_policy())
    nothing = Bulk(id="b", languages=())
    assert house.refusal(AnswerInBulk(nothing, (), "boss")) == ("invalid", "no_words")
    assert house.refusal(BeginAutomation(nothing, 1, 1, "boss")) == ("invalid", "no_label")
    assert house.refusal(BeginAutomation(OUTAGE, 0, 1, "boss")) == ("invalid", "no_time")
    assert house.refusal(BeginAutomation(OUTAGE, 1, 1, "boss", lasts=True)) == ("conflict", "no_avalanche")
    assert house.refusal(EndAvalanche("outage", None, "boss")) == ("conflict", "no_avalanche")
    assert house.run(AnswerInBulk(OUTAGE, ("nobody",), "boss")) == ()
