"""Explain (semantics.md section 17)."""

from router.explain import explain_agent, explain_interaction, explain_offer
from tests.builders import START, House, Requirement, requirement_of
from vocabulary.instants import SECOND

NEEDS = (requirement_of("billing>=3"), Requirement("lang:pl", 5, 30 * SECOND))


def test_an_interaction_shows_key_place_and_the_first_condition_each_agent_fails() -> None:
    house = House()
    house.agent("a")
    house.agent("b", skills={"billing": 5})
    house.agent("c", available=False)
    house.admit(requirements=NEEDS)
    assert explain_interaction(house.state, house.policy, "i-1", house.now) == {
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
        "text": "It waits since none of the 3 agents of queue support can take it: requirement:billing>=3 (1), "
        "requirement:lang:pl>=5 (1), presence:offline (1).",
    }


def test_an_expired_requirement_says_so() -> None:
    house = House()
    house.admit(requirements=NEEDS)
    house.after(30 * SECOND)
    found = explain_interaction(house.state, house.policy, "i-1", house.now)
    assert found is not None
    assert [each["expired"] for each in found["requirements"]] == [False, True]
    assert found["text"] == "Nobody is a member of queue support."


def test_the_sentence_follows_the_state() -> None:
    house = House()
    house.agent("a")
    house.admit()
    texts = [explain_interaction(house.state, house.policy, "i-1", house.now)]
    house.accept()
    texts.append(explain_interaction(house.state, house.policy, "i-1", house.now))
    assert [text and text["text"] for text in texts] == [
        "It is offered to a and waits for an answer.",
        "It is active and needs no agent.",
    ]


def test_an_offer_shows_its_candidates_in_ranked_order_with_the_terms() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.agent("b")
    house.agent("c")
    house.active("i-0")
    house.admit("i-1", preferred_agent="c")
    house.decline("i-1")
    assert explain_offer(house.state, house.policy, "i-1.2", house.now) == {
        "offer": "i-1.2",
        "agent": "b",
        "state": "pending",
        "candidates": [
            {"agent": "b", "fails": None, "rank": _rank("b", load=0.33)},
            {"agent": "a", "fails": "no_room", "rank": _rank("a", load=1.0)},
            {"agent": "c", "fails": "barred", "rank": _rank("c", declined=True, preferred=True)},
        ],
    }


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
    house = House()
    house.agent("a")
    house.declares("a", "available", media={"email": False})
    house.admit("i-1", requirements=(Requirement("billing", 3),))
    house.admit("i-2", requirements=(Requirement("billing", 3, 30 * SECOND), Requirement("lang:pl", 1)))
    house.admit("i-3", "email")
    assert explain_agent(house.state, "a", house.now) == {
        "agent": "a",
        "presence": "available",
        "reason": "",
        "used": 0,
        "capacity": 100,
        "unavailable": {"chat": None, "email": "medium_off"},
        "waiting": [
            {"queue": "support", "medium": "chat", "first": "i-1", "fails": "requirement:billing>=3"},
            {"queue": "support", "medium": "chat", "first": "i-2", "fails": "requirement:billing>=3"},
            {"queue": "support", "medium": "email", "first": "i-3", "fails": "medium_off"},
        ],
    }


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
