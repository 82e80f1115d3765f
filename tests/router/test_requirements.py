"""Requirements (semantics.md section 5): skill and least level, and how they expire."""

from router.events import RequirementExpired
from tests.builders import START, House, Requirement, policy, queue, requirement_of
from vocabulary.instants import MINUTE, SECOND

PL5 = requirement_of("lang:pl>=5")


def test_an_agent_qualifies_if_he_holds_every_requirement() -> None:
    house = House()
    house.agent("a", skills={"lang:pl": 9})
    house.agent("b", skills={"lang:pl": 5, "billing": 3})
    house.admit("i-1", requirements=(PL5, requirement_of("billing>=3")))
    assert house.rings_at("i-1") == "b"


def test_a_level_below_the_least_does_not_qualify() -> None:
    house = House()
    house.agent("a", skills={"lang:pl": 4})
    house.admit("i-1", requirements=(PL5,))
    assert house.state_of("i-1") == "waiting"


def test_a_requirement_that_expires_lets_others_in_at_once() -> None:
    house = House()
    house.agent("a")
    house.admit("i-1", requirements=(Requirement("lang:pl", 5, 30 * SECOND),))
    house.after(30 * SECOND - 1)
    assert house.rings_at("i-1") is None
    house.after(1)
    assert house.rings_at("i-1") == "a"
    (expired,) = house.of(RequirementExpired)
    assert expired == RequirementExpired(at=START + 30 * SECOND, interaction="i-1", skill="lang:pl", level=5)


def test_one_skill_may_be_required_at_a_level_that_expires_and_at_one_that_stays() -> None:
    house = House()
    house.agent("novice", skills={"billing": 1})
    house.agent("fair", skills={"billing": 3})
    house.admit("i-1", requirements=(Requirement("billing", 3), Requirement("billing", 7, 30 * SECOND)))
    house.after(30 * SECOND - 1)
    assert house.rings_at("i-1") is None
    house.after(1)
    assert house.rings_at("i-1") == "fair"
    assert house.interaction("i-1").in_force == (Requirement("billing", 3),)


def test_two_expiries_of_one_requirement_can_stand_beside_each_other() -> None:
    house = House()
    house.admit("i-1", requirements=(Requirement("billing", 3), Requirement("lang:pl", 1)))
    house.admit("i-2", requirements=(Requirement("billing", 3, SECOND), Requirement("lang:pl", 1, MINUTE)))
    house.agent("a", skills={"billing": 3, "lang:pl": 1})
    assert [house.rings_at("i-1"), house.rings_at("i-2")] == ["a", "a"]


def test_the_clock_of_a_requirement_runs_on_during_offers() -> None:
    house = House()
    house.agent("a", skills={"lang:pl": 5})
    house.agent("b")
    house.admit("i-1", requirements=(Requirement("lang:pl", 5, 20 * SECOND),))
    house.after(20 * SECOND)
    assert house.rings_at("i-1") == "a"
    house.after(10 * SECOND)
    assert house.rings_at("i-1") == "b"


def test_the_clock_of_a_requirement_starts_with_the_leg() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "sales")
    house.admit("i-1", requirements=(Requirement("lang:pl", 5, 30 * SECOND),))
    house.after(20 * SECOND)
    house.moves("i-1", "sales")
    house.after(29 * SECOND)
    assert house.rings_at("i-1") is None
    house.after(SECOND)
    assert house.rings_at("i-1") == "a"


def test_an_expired_requirement_stays_so_in_later_legs() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "sales")
    house.admit("i-1", requirements=(Requirement("lang:pl", 5, 30 * SECOND),))
    house.after(30 * SECOND)
    house.moves("i-1", "sales")
    assert house.rings_at("i-1") == "a"


def test_a_transfer_may_set_requirements_anew() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.agent("b", "sales")
    house.admit("i-1", requirements=(Requirement("lang:pl", 5, SECOND),))
    house.after(SECOND)
    house.accept("i-1")
    house.transfers("i-1", "sales", requirements=(Requirement("lang:pl", 5, MINUTE),))
    assert house.state_of("i-1") == "waiting"
    house.after(MINUTE)
    assert house.rings_at("i-1") == "b"


def test_a_transfer_without_requirements_leaves_them_as_they_are() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", skills={"lang:pl": 5})
    house.agent("b", "sales")
    house.agent("c", "sales", skills={"lang:pl": 5})
    house.active("i-1", requirements=(PL5,))
    house.transfers("i-1", "sales")
    assert house.rings_at("i-1") == "c"
