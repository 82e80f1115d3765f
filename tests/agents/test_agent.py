"""Agents: skills, room, availability."""

import pytest

from agents.agent import DECLARED, Agent, Hold, MediumLimit, Profile
from agents.availability import is_staffing, is_there, unavailable_because
from tests.builders import requirement_of


def there(**values: object) -> Agent:
    return Agent("a", Profile(), **({"presence": "available", "connected": True} | values))  # type: ignore[arg-type]  # named above


def test_an_agent_has_room_up_to_his_units_and_the_maximum_of_the_medium() -> None:
    holds = {"i-1": Hold("email", 20, "active"), "i-2": Hold("chat", 33, "offer")}
    agent = Agent("a", Profile(media={"email": MediumLimit(20, 1)}), holds=holds, used=53)
    assert (agent.used, agent.load) == (53, 0.53)
    assert (agent.has_room("chat"), agent.has_room("email"), agent.has_room("callback")) == (True, False, False)


def test_an_agent_without_capacity_is_full() -> None:
    assert Agent("a", Profile(capacity=0)).load == 1.0


def test_an_agent_holds_skills_at_or_above_the_level() -> None:
    agent = Agent("a", Profile({"billing": 3}))
    assert agent.holds_skills((requirement_of("billing>=3"),))
    assert not agent.holds_skills((requirement_of("billing>=4"),))
    assert not agent.holds_skills((requirement_of("billing"), requirement_of("lang:pl")))


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        (there(), None),
        (there(presence="away", media_off=frozenset({"chat"})), "presence:away"),
        (there(media_off=frozenset({"chat"}), connected=False), "medium_off"),
        (there(media_off=frozenset({"email"})), None),
        (there(connected=False, cooling_until=99), "not_connected"),
        (there(cooling_until=11, after_current="away:"), "cooling_down"),
        (there(cooling_until=10), None),
        (there(after_current="away:"), "after_current"),
    ],
)
def test_an_agent_is_unavailable_for_the_first_reason_there_is(agent: Agent, reason: str | None) -> None:
    assert unavailable_because(agent, "chat", 10) == reason


def test_staffing_are_those_who_are_connected_and_available_or_busy() -> None:
    assert [each for each in (*DECLARED, "disconnected") if is_staffing(there(presence=each))] == ["available", "busy"]
    assert not is_staffing(there(connected=False))


def test_work_can_be_left_with_one_who_is_connected_and_not_offline() -> None:
    assert is_there(there(presence="away"))
    assert not is_there(there(presence="offline"))
    assert not is_there(there(connected=False))
