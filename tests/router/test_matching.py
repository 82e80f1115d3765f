"""Who may be offered it, and choosing in both directions (semantics.md sections 6 and 7)."""

import pytest

from agents.agent import Membership, Profile
from router.commands import Command, Connect, DefineAgent, Disconnect, Reconcile, RemoveAgent, SetPresence
from router.eligibility import fails_because
from router.events import HoldEnded, WaitReached
from router.explain_offer import offer_reasons
from tests.builders import START, House, MediumLimit, policy, profile, queue, requirement_of
from vocabulary.instants import HOUR, MINUTE, SECOND


def fails(house: House, agent: str, id: str = "i-1") -> str | None:
    return fails_because(house.whom(agent), house.interaction(id), house.now)


# -- section 6: every condition, in its order


def test_an_agent_must_be_available() -> None:
    house = House()
    house.agent("a", available=False)
    house.run(Connect("a"))
    house.admit()
    assert fails(house, "a") == "presence:offline"
    for presence in ("busy", "away"):
        house.run(SetPresence("a", presence, by="a"))
        assert fails(house, "a") == f"presence:{presence}"
    house.declares("a", "available")
    assert house.rings_at() == "a"


def test_an_agent_must_be_available_for_the_medium() -> None:
    house = House()
    house.agent("a")
    house.declares("a", "available", media={"chat": False})
    house.admit("i-1", "chat")
    house.admit("i-2", "email")
    assert (fails(house, "a", "i-1"), house.rings_at("i-2")) == ("medium_off", "a")
    house.declares("a", "available", media={"chat": True})
    assert house.rings_at("i-1") == "a"


def test_an_agent_must_have_a_live_connection() -> None:
    house = House()
    house.agent("a")
    house.cut_off("a")
    house.admit()
    assert fails(house, "a") == "not_connected"
    house.back("a")
    assert house.rings_at() == "a"


def test_an_agent_who_cools_down_is_offered_nothing() -> None:
    house = House()
    house.agent("a")
    house.admit("i-1")
    house.after(30 * SECOND)
    house.admit("i-2", "email")
    assert fails(house, "a", "i-1") == fails(house, "a", "i-2") == "cooling_down"
    house.after(10 * SECOND)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == ("a", "a")


def test_an_agent_who_said_not_after_this_one_is_offered_nothing() -> None:
    house = House()
    house.agent("a")
    house.active("i-1")
    house.declares("a", "away", after_current=True)
    house.admit("i-2")
    assert fails(house, "a", "i-2") == "after_current"


def test_an_agent_must_be_a_member_of_the_queue() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "sales")
    house.admit()
    assert fails(house, "a") == "not_member"


def test_an_agent_sees_a_queue_with_delay_only_once_it_has_waited_that_long() -> None:
    house = House()
    house.agent("a", queues={"support": Membership(delay=20 * SECOND)})
    house.admit()
    assert fails(house, "a") == "delay"
    house.after(20 * SECOND - 1)
    assert house.rings_at() is None
    house.after(1)
    assert house.rings_at() == "a"
    assert house.of(WaitReached) == [WaitReached(at=START + 20 * SECOND, interaction="i-1", wait_ms=20 * SECOND)]


def test_delays_of_several_agents_come_one_after_another() -> None:
    house = House()
    for agent, delay in (("a", 30), ("b", 10)):
        house.agent(agent, queues={"support": Membership(delay=delay * SECOND)}, capacity=33)
    house.admit("i-1")
    house.admit("i-2")
    house.after(10 * SECOND)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == ("b", None)
    house.after(20 * SECOND)
    assert house.rings_at("i-2") == "a"


def test_a_delay_counts_from_the_enqueue_of_the_leg() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", queues={"sales": Membership(delay=20 * SECOND)})
    house.admit()
    house.after(MINUTE)
    house.moves("i-1", "sales")
    house.after(19 * SECOND)
    assert house.rings_at() is None
    house.after(SECOND)
    assert house.rings_at() == "a"


def test_a_delay_that_gets_shorter_applies_at_once() -> None:
    house = House()
    house.agent("a", queues={"support": Membership(delay=HOUR)})
    house.admit()
    house.after(MINUTE)
    house.run(DefineAgent("a", profile(queues={"support": Membership(delay=30 * SECOND)})))
    assert house.rings_at() == "a"


def test_a_delay_that_gets_longer_applies_to_what_waits() -> None:
    house = House()
    house.agent("a", queues={"support": Membership(delay=10 * SECOND)})
    house.admit()
    house.run(DefineAgent("a", profile(queues={"support": Membership(delay=MINUTE)})))
    house.after(MINUTE - 1)
    assert house.rings_at() is None
    house.after(1)
    assert house.rings_at() == "a"


def test_an_agent_must_hold_every_unexpired_requirement() -> None:
    house = House()
    house.agent("a", skills={"billing": 2})
    house.admit(requirements=(requirement_of("billing>=3"),))
    assert fails(house, "a") == "requirement:billing>=3"
    house.run(DefineAgent("a", profile(skills={"billing": 3})))
    assert house.rings_at() == "a"


def test_an_agent_must_have_room() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.admit("i-2")
    assert fails(house, "a", "i-2") == "no_room"


def test_no_hold_for_another_may_be_running() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.agent("b")
    house.active("i-0", preferred_agent="a")
    house.admit("i-1", preferred_agent="a")
    assert fails(house, "b") == "held_for:a"


def test_an_agent_may_not_be_barred() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.decline()
    assert fails(house, "a") == "barred"


# -- section 7: when an interaction can be matched


def test_the_least_loaded_agent_is_chosen() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.active("i-1")
    house.admit("i-2")
    assert (house.owner("i-1"), house.rings_at("i-2")) == ("a", "b")


def test_load_is_the_share_of_capacity() -> None:
    house = House()
    house.agent("a", capacity=66)
    house.agent("b", capacity=200)
    house.active("i-1")
    house.active("i-2")
    house.admit("i-3")
    assert [house.owner("i-1"), house.owner("i-2"), house.rings_at("i-3")] == ["a", "b", "b"]


def test_the_longest_idle_of_the_equally_loaded_is_chosen() -> None:
    house = House()
    house.agent("b")
    house.after(SECOND)
    house.agent("a")
    house.admit()
    assert house.rings_at() == "b"


def test_longest_idle_looks_at_the_last_release_and_not_at_load() -> None:
    house = House(policy(queue(strategy="longest_idle")))
    house.agent("a")
    house.after(SECOND)
    house.agent("b")
    house.active("i-1")
    house.after(SECOND)
    house.admit("i-2")
    assert (house.owner("i-1"), house.rings_at("i-2")) == ("a", "a")


def test_a_release_begins_idleness_anew() -> None:
    house = House()
    house.agent("a")
    house.after(SECOND)
    house.agent("b")
    house.after(SECOND)
    house.closed("i-1")
    house.admit("i-2")
    assert house.rings_at("i-2") == "b"


def test_an_offer_that_came_to_nothing_costs_nobody_his_place_among_the_idle() -> None:
    house = House()
    house.agent("a")
    house.after(SECOND)
    house.agent("b")
    house.admit("i-1")
    house.after(SECOND)
    house.decline("i-1")
    house.accept("i-1")
    house.ends("i-1")
    house.wraps_up("i-1")
    house.after(11 * SECOND)
    house.admit("i-2")
    assert house.rings_at("i-2") == "a"


def test_ties_go_to_the_lower_id() -> None:
    house = House()
    for agent in ("c", "a", "b"):
        house.agent(agent)
    house.admit()
    assert house.rings_at() == "a"


def test_an_offer_tells_why_him() -> None:
    house = House()
    house.agent("a", skills={"billing": 7})
    house.admit(requirements=(requirement_of("billing>=3"),), preferred_agent="a")
    assert offer_reasons(house.state, house.offer()) == ("preferred", "skill:billing:7", "load:0/100")


# -- section 7: when an agent can take work


def test_a_freed_agent_takes_the_lowest_key_over_all_his_queues() -> None:
    house = House(policy(queue("support", target=HOUR), queue("sales", target=SECOND)))
    house.admit("i-1", queue="support")
    house.after(MINUTE)
    house.admit("i-2", queue="sales")
    house.agent("a", "support", "sales", capacity=33)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == (None, "a")


def test_a_freed_agent_serves_his_first_queue_first() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.admit("i-1", queue="support")
    house.after(HOUR)
    house.admit("i-2", queue="sales")
    house.agent("a", queues={"support": Membership(2), "sales": Membership(1)}, capacity=33)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == (None, "a")


def test_an_interaction_that_nobody_can_serve_never_holds_up_one_behind_it() -> None:
    house = House()
    for number in range(200):
        house.admit(f"blocked-{number}", requirements=(requirement_of(f"rare-{number % 7}>=9"),), priority=100)
    house.admit("i-1")
    house.agent("a")
    assert house.rings_at("i-1") == "a"


def test_a_freed_agent_takes_as_much_as_he_has_room_for() -> None:
    house = House()
    for number in range(1, 5):
        house.admit(f"i-{number}")
    house.agent("a")
    assert [house.rings_at(f"i-{number}") for number in range(1, 5)] == ["a", "a", "a", None]


@pytest.mark.parametrize(
    "event", ["login", "connection", "release", "capacity", "skill", "medium", "membership", "decline"]
)
def test_whatever_lets_somebody_qualify_makes_the_offer_in_the_same_decision(event: str) -> None:
    house = House(policy(queue("support"), queue("sales")))
    needs = (requirement_of("billing"),)
    if event in ("release", "decline"):
        house.agent("a", skills={"billing": 1}, capacity=33)
        house.agent("b", "sales", skills={"billing": 1})
        house.admit("i-0", requirements=needs)
        house.admit("i-1", requirements=needs)
        assert house.rings_at("i-1") is None
        if event == "release":
            house.accept("i-0")
            house.ends("i-0")
            house.wraps_up("i-0")
        else:
            house.decline("i-0")
    else:
        skills = {} if event == "skill" else {"billing": 1}
        capacity = 10 if event == "capacity" else 100
        house.agent("a", "sales" if event == "membership" else "support", skills=skills, capacity=capacity)
        if event == "login":
            house.declares("a", "away")
        if event == "connection":
            house.run(Disconnect("a"))
        if event == "medium":
            house.declares("a", "available", media={"chat": False})
        house.admit("i-1", requirements=needs)
        assert house.rings_at("i-1") is None
        orders: dict[str, Command] = {
            "login": SetPresence("a", "available", by="a"),
            "connection": Connect("a"),
            "medium": SetPresence("a", "available", by="a", media={"chat": True}),
        }
        better = Profile({"billing": 1}, {"support": Membership()})
        house.run(orders.get(event, DefineAgent("a", better)))
    assert house.rings_at("i-1") == "a"


def test_a_restart_finds_every_offer_made_already() -> None:
    house = House()
    for number in range(5):
        house.admit(f"i-{number}")
    house.agent("a")
    assert house.run(Reconcile()) == ()


def test_two_that_come_back_at_once_go_to_the_agent_in_his_own_order() -> None:
    house = House(policy(queue("first"), queue("second")))
    house.agent("a", queues={"first": Membership(2), "second": Membership(1)}, capacity=33)
    house.declares("a", "away")
    house.admit("i-1", queue="first", preferred_agent="z")
    house.admit("i-2", queue="second")
    house.declares("a", "available")
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == (None, "a")


# -- section 7: the preferred agent


def test_a_preferred_agent_comes_before_the_strategy() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.active("i-0", preferred_agent="b")
    house.admit("i-1", preferred_agent="b")
    assert house.rings_at("i-1") == "b"


def test_a_hold_offers_to_the_preferred_agent_alone_until_it_ends() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.declares("b", "busy")
    house.admit(preferred_agent="b")
    house.after(30 * SECOND - 1)
    assert house.rings_at() is None
    house.after(1)
    assert house.rings_at() == "a"


@pytest.mark.parametrize(("medium", "span"), [("chat", 30 * SECOND), ("email", 8 * HOUR), ("callback", 30 * SECOND)])
def test_a_hold_lasts_as_its_medium_says(medium: str, span: int) -> None:
    house = House()
    house.agent("b")
    house.declares("b", "busy")
    house.admit("i-1", medium, preferred_agent="b")
    assert house.interaction().hold_until == START + span


def test_a_queue_may_say_how_long_it_holds() -> None:
    house = House(policy(queue(hold={"chat": 5 * SECOND})))
    house.agent("a")
    house.agent("b")
    house.declares("b", "busy")
    house.admit(preferred_agent="b")
    house.after(5 * SECOND)
    assert house.rings_at() == "a"


def test_no_hold_starts_for_an_agent_who_is_offline() -> None:
    house = House()
    house.agent("a")
    house.agent("b", available=False)
    house.admit(preferred_agent="b")
    assert house.rings_at() == "a"


def test_no_hold_starts_for_an_agent_who_does_not_serve_the_queue() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.agent("b", "sales")
    house.admit("i-1", "email", preferred_agent="b")
    assert house.rings_at() == "a"


def test_an_agent_who_is_unknown_is_not_preferred() -> None:
    house = House()
    house.agent("a")
    house.admit(preferred_agent="ghost")
    assert (house.rings_at(), house.interaction().preferred_agent) == ("a", None)


@pytest.mark.parametrize("end", ["miss", "decline", "offline", "after this one", "removed"])
def test_a_hold_ends_on_his_miss_decline_or_going_offline(end: str) -> None:
    house = House(policy(hold_all := queue(hold={"chat": HOUR})))
    assert hold_all.hold_of("chat") == HOUR
    house.agent("a", capacity=33)
    house.agent("b", capacity=33)
    if end == "after this one":
        house.active("i-0", preferred_agent="b")
    house.admit("i-1", preferred_agent="b")
    match end:
        case "miss":
            house.after(30 * SECOND)
        case "decline":
            house.decline()
        case "offline":
            house.declares("b", "offline")
        case "after this one":
            house.declares("b", "offline", after_current=True)
            house.ends("i-0")
            house.wraps_up("i-0")
        case "removed":
            house.run(RemoveAgent("b"))
    assert house.of(HoldEnded) == [HoldEnded(at=house.now, interaction="i-1")]
    assert house.rings_at("i-1") == "a"


def test_media_of_the_api_cost_an_agent_whole() -> None:
    house = House()
    house.agent("a", media={"fax": MediumLimit(50)})
    house.agent("b")
    house.admit("i-1", "fax")
    assert (house.rings_at("i-1"), house.whom("a").used) == ("a", 50)
    house.admit("i-2", "telex")
    assert (house.rings_at("i-2"), house.whom("b").used) == ("b", 100)
