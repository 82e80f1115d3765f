"""Explain (semantics.md section 17)."""

from typing import Any

import msgspec

from queues.policy import Step
from router.explain import explain_interaction
from router.explain_agent import explain_agent
from router.explain_offer import explain_offer
from router.story import story
from tests.builders import (
    START,
    Autoresponse,
    Condition,
    House,
    Label,
    Membership,
    Requirement,
    policy,
    queue,
    requirement_of,
    rule,
)
from vocabulary.instants import SECOND

NEEDS = (requirement_of("billing>=3"), Requirement("lang:pl", 5, 30 * SECOND))


def explained(house: House, id: str = "i-1") -> dict[str, Any]:
    found = explain_interaction(house.state, house.policy, id, house.now)
    assert found is not None
    return found


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def terms(answer: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the terms of the one reason with this code."""
    (found,) = (reason["terms"] for reason in answer["reasons"] if reason["code"] == code)
    return dict(found)


def test_an_interaction_shows_key_place_and_the_first_condition_each_agent_fails() -> None:
    house = House()
    house.agent("a")
    house.agent("b", skills={"billing": 5})
    house.agent("c", available=False)
    house.admit(requirements=NEEDS)
    answer = explained(house)
    reasons = answer.pop("reasons")
    assert answer == {
        "state": "waiting",
        "queue": "support",
        "key": {"class": 0, "due_at": START + 20 * SECOND, "number": 1},
        "position": 1,
        "expected_wait_ms": None,
        "staffed": 2,
        "requirements": [
            {"requirement": "billing>=3", "expired": False, "expires_at": None},
            {"requirement": "lang:pl>=5", "expired": False, "expires_at": START + 30 * SECOND},
        ],
        "agents": [
            {"agent": "a", "fails": "requirement:billing>=3"},
            {"agent": "b", "fails": "requirement:lang:pl>=5"},
            {"agent": "c", "fails": "presence:offline"},
        ],
        "fitting": 0,
        "able": 0,
        "sla": None,
        "steps": [
            {
                "at": START + 30 * SECOND,
                "reason": {
                    "code": "step_requirement",
                    "terms": {"in_ms": 30 * SECOND, "skill": "lang:pl", "level": 5},
                },
                "fitting": 1,
                "able": 1,
            }
        ],
    }
    assert [reason["code"] for reason in reasons] == [
        *("waits", "position", "due_in", "none_can", "agents_fail", "agents_fail", "agents_fail"),
        *("step_requirement", "then"),
    ]


def test_agents_who_fail_the_same_are_told_together_most_of_them_first() -> None:
    house = House()
    for agent in ("a", "b"):
        house.agent(agent)
    house.agent("c", available=False)
    house.admit(requirements=NEEDS[:1])
    failing = [reason["terms"] for reason in explained(house)["reasons"] if reason["code"] == "agents_fail"]
    assert failing == [
        {"count": 2, "fails": "requirement:billing>=3", "agents": ("a", "b")},
        {"count": 1, "fails": "presence:offline", "agents": ("c",)},
    ]


def test_an_expired_requirement_says_so() -> None:
    house = House()
    house.admit(requirements=NEEDS)
    house.after(30 * SECOND)
    found = explained(house)
    assert [each["expired"] for each in found["requirements"]] == [False, True]
    assert terms(found, "no_members") == {"queue": "support"}
    assert terms(found, "nobody_staffed") == {"queue": "support"}


def test_the_reasons_follow_the_state() -> None:
    house = House()
    house.agent("a")
    house.admit()
    assert codes(explained(house))[0] == "rings_at"
    house.accept()
    assert codes(explained(house)) == ["handled_by"]
    house.parks(until=house.now + 9 * SECOND)
    assert codes(explained(house)) == ["parked_with", "parked_till"]
    house.after(9 * SECOND)
    house.ends()
    assert codes(explained(house)) == ["wraps_up"]
    house.wraps_up()
    assert codes(explained(house)) == ["closed"]
    house.admit("i-2", scheduled_at=house.now + SECOND)
    assert terms(explained(house, "i-2"), "scheduled") == {"in_ms": SECOND, "queue": "support"}


def test_who_comes_by_delay_and_by_a_step_of_the_queue_is_counted_when_it_comes() -> None:
    steps = (Step(after=20 * SECOND, lower={"billing": 2}), Step(after=60 * SECOND, groups=("night",), guard=False))
    house = House(policy(queue("support", steps=steps), queue("sales")))
    house.agent("a", skills={"billing": 1})
    house.agent("b", skills={"billing": 2})
    house.agent("c", queues={"support": Membership(1, 30 * SECOND)}, skills={"billing": 9})
    house.agent("d", "sales", skills={"billing": 5}, groups=("night",), available=False)
    house.admit(requirements=(requirement_of("billing>=3"),))
    steps_told = [(each["reason"]["code"], each["fitting"], each["able"]) for each in explained(house)["steps"]]
    assert steps_told == [("step_queue", 1, 1), ("step_delay", 2, 2), ("step_queue", 3, 2)]
    assert explained(house)["agents"][-1] == {"agent": "d", "fails": "presence:offline"}


def test_what_is_kept_for_somebody_or_barred_says_until_when() -> None:
    house = House()
    house.agent("a")
    house.declares("a", "busy")
    house.admit(preferred_agent="a")
    assert terms(explained(house), "kept_for") == {"agent": "a", "in_ms": 30 * SECOND}
    house.declares("a", "available")
    house.decline()
    house.after(SECOND)
    assert explained(house)["agents"] == [{"agent": "a", "fails": "barred"}]
    assert terms(explained(house), "step_bar") == {"agent": "a", "in_ms": 9 * SECOND}


def test_waiting_alone_changes_nothing_where_nothing_is_to_come() -> None:
    house = House()
    house.admit()
    assert codes(explained(house))[-1] == "no_steps"


def test_the_class_and_what_is_overdue_are_told() -> None:
    house = House()
    house.admit(class_=1)
    house.after(25 * SECOND)
    found = explained(house)
    assert terms(found, "overdue") == {"for_ms": 5 * SECOND, "target_ms": 20 * SECOND, "priority": 0}
    assert terms(found, "class_after") == {"number": 1}


def test_the_story_tells_every_step_of_admission() -> None:
    rules = (
        rule("sales", Condition(label=("offer",)), name="new: business"),
        rule("support", name="rest", autoresponse="ack"),
    )
    answers = (Autoresponse(name="ack", kind="acknowledge"),)
    house = House(policy(queue("support"), queue("sales"), rules=rules, autoresponses=answers))
    house.admit(labels=(Label("invoice", 0.8),), language="pl", warnings=("slow_model",), follows="i-0")
    house.after(SECOND)
    house.writes()
    assert [(each.code, each.terms) for each in story(house.log)] == [
        ("came_after", {"interaction": "i-0"}),
        ("labelled", {"label": "invoice", "share": 0.8}),
        ("spoken", {"language": "pl"}),
        ("rule_skipped", {"rule": "new: business", "condition": "label"}),
        ("rule_applied", {"rule": "rest", "queue": "support"}),
        ("warned", {"warning": "slow_model"}),
        ("auto_reply_held", {"autoresponse": "ack", "signals": ("no_address",)}),
    ]


def test_an_offer_shows_its_candidates_in_ranked_order_with_the_terms() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.agent("b")
    house.agent("c")
    house.active("i-0")
    house.admit("i-1", preferred_agent="c")
    house.decline("i-1")
    found = explain_offer(house.state, house.policy, "i-1.2", house.now)
    assert found is not None
    assert (found["offer"], found["interaction"], found["agent"]) == ("i-1.2", "i-1", "b")
    assert (found["state"], found["strategy"]) == ("pending", "least_loaded")
    assert found["candidates"] == [
        {"agent": "b", "fails": None, "rank": _rank("b")},
        {"agent": "a", "fails": "no_room", "rank": _rank("a", load=1.0)},
        {"agent": "c", "fails": "barred", "rank": _rank("c", declined=True, preferred=True)},
    ]
    assert codes(found) == ["offer_pending", "ranked_by", "candidate", "candidate_fails", "candidate_fails"]


def _rank(agent: str, *, load: float = 0.0, declined: bool = False, preferred: bool = False) -> dict[str, object]:
    return {
        "declined_before": declined,
        "not_preferred": not preferred,
        "load": load,
        "busy": 0.0,
        "idle_since": START,
        "id": agent,
    }


def test_an_agent_shows_why_he_gets_nothing() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "support")
    house.declares("a", "available", media={"email": False})
    house.admit("i-1", requirements=(Requirement("billing", 3),))
    house.admit("i-2", requirements=(Requirement("billing", 3),))
    house.admit("i-3", "email")
    house.admit("i-4", queue="sales")
    found = explain_agent(house.state, "a", house.now)
    assert found is not None
    assert found["unavailable"] == {"chat": None, "email": "medium_off"}
    assert found["waiting"] == [
        {"queue": "sales", "medium": "chat", "first": "i-4", "count": 1, "fails": "not_member"},
        {"queue": "support", "medium": "chat", "first": "i-1", "count": 2, "fails": "requirement:billing>=3"},
        {"queue": "support", "medium": "email", "first": "i-3", "count": 1, "fails": "medium_off"},
    ]
    assert codes(found) == ["takes_no_medium", "room", "waits_but", "waits_but", "waits_elsewhere"]


def test_what_is_kept_for_another_is_among_what_an_agent_does_not_get() -> None:
    house = House()
    house.agent("a", available=False)
    house.agent("b")
    house.declares("b", "away", reason="lunch")
    house.admit(preferred_agent="b")
    found = explain_agent(house.state, "a", house.now)
    assert found is not None
    assert found["waiting"][0]["first"] == "i-1"


def test_what_is_not_there_has_no_explanation() -> None:
    house = House()
    assert explain_interaction(house.state, house.policy, "i-1", house.now) is None
    assert explain_offer(house.state, house.policy, "i-1.1", house.now) is None
    assert explain_agent(house.state, "a", house.now) is None


def test_an_agent_to_whom_nothing_waits_shows_his_availability() -> None:
    house = House()
    house.agent("a")
    house.declares("a", "away", reason="lunch")
    found = explain_agent(house.state, "a", house.now)
    assert found is not None
    assert (found["presence"], found["reason"], found["unavailable"]) == ("away", "lunch", {"chat": "presence:away"})
    assert codes(found) == ["takes_nothing", "room", "nothing_waits"]


def test_every_explanation_is_plain_data() -> None:
    house = House()
    house.agent("a")
    house.admit()
    for answer in (
        explained(house),
        explain_offer(house.state, house.policy, "i-1.1", house.now),
        explain_agent(house.state, "a", house.now),
    ):
        assert msgspec.json.decode(msgspec.json.encode(answer))
