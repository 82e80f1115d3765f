"""Capacity (semantics.md section 9): units, costs and maxima."""

import pytest

from agents.agent import MediumLimit
from router.commands import JoinRoom, Resume
from tests.builders import House, policy, queue


def ringing(house: House, medium: str, count: int) -> int:
    """Admit `count` interactions of `medium`; return how many of them ring."""
    ids = [house.admit(f"{medium}-{number}", medium) for number in range(count)]
    return sum(house.rings_at(id) is not None for id in ids)


@pytest.mark.parametrize(("medium", "held"), [("chat", 3), ("email", 5), ("callback", 1), ("voice", 1), ("fax", 1)])
def test_each_medium_has_its_cost_and_maximum(medium: str, held: int) -> None:
    house = House()
    house.agent("a")
    assert ringing(house, medium, 7) == held


def test_the_maximum_of_a_medium_holds_where_units_are_left() -> None:
    house = House()
    house.agent("a", capacity=1_000)
    assert ringing(house, "chat", 5) == 3
    assert house.whom("a").used == 99


def test_media_share_the_units() -> None:
    house = House()
    house.agent("a")
    assert ringing(house, "chat", 2) == 2
    assert ringing(house, "email", 3) == 1
    assert ringing(house, "callback", 1) == 0
    assert house.whom("a").used == 86


def test_an_agent_may_have_costs_and_maxima_of_his_own() -> None:
    house = House()
    house.agent("a", media={"chat": MediumLimit(10, 4)})
    assert ringing(house, "chat", 6) == 4
    assert house.whom("a").used == 40


def test_a_medium_without_maximum_is_limited_by_its_cost_alone() -> None:
    house = House()
    house.agent("a", media={"chat": MediumLimit(10)})
    assert ringing(house, "chat", 12) == 10


def test_costs_apply_from_offer_to_the_end_of_wrap_up() -> None:
    house = House()
    house.agent("a")
    used = [house.whom("a").used]
    house.admit()
    used.append(house.whom("a").used)
    house.accept()
    used.append(house.whom("a").used)
    house.ends()
    used.append(house.whom("a").used)
    house.wraps_up()
    used.append(house.whom("a").used)
    assert used == [0, 33, 33, 33, 0]


def test_what_is_parked_costs_nothing() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.parks("i-1")
    assert house.whom("a").used == 0
    house.admit("i-2")
    assert house.rings_at("i-2") == "a"


def test_taking_parked_work_up_again_needs_room() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.parks("i-1")
    house.active("i-2")
    assert house.refusal(Resume("i-1", "a")) == ("conflict", "no_room")
    house.ends("i-2")
    house.wraps_up("i-2")
    house.run(Resume("i-1", "a"))
    assert (house.state_of("i-1"), house.whom("a").used) == ("active", 33)


def test_wrap_up_counts_towards_the_maximum() -> None:
    house = House(policy(queue(wrap_up="open")))
    house.agent("a", capacity=1_000)
    for number in range(3):
        house.active(f"i-{number}")
        house.ends(f"i-{number}")
    house.admit("i-9")
    assert house.state_of("i-9") == "waiting"


def test_work_beyond_his_capacity_is_interrupted_too() -> None:
    house = House(policy(queue(offer={"chat": 0, "callback": 0})))
    limits = {"chat": MediumLimit(20, interrupts=("callback",)), "callback": MediumLimit(100)}
    house.agent("a", capacity=100, media=limits)
    house.agent("b", capacity=40, media=limits)
    house.admit("call", medium="callback")
    house.run(JoinRoom("call", "b", "whisper", by="boss", beyond_capacity=True))
    for number in range(8):
        house.admit(f"chat-{number}")
    assert [house.whom(agent).used for agent in ("a", "b")] == [200, 140]
