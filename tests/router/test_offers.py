"""Offers (semantics.md section 8): accept, decline, expire, withdraw; cool-down and not_responding."""

import pytest

from router.commands import AcceptOffer, Close, DeclineOffer, Leave
from router.events import OfferAccepted, OfferDeclined, Offered, OfferExpired, OfferWithdrawn, PresenceChanged
from tests.builders import START, House, policy, queue
from vocabulary.instants import MINUTE, SECOND


@pytest.mark.parametrize(
    ("medium", "timeout"), [("chat", 30 * SECOND), ("callback", 60 * SECOND), ("email", 5 * MINUTE)]
)
def test_an_offer_rings_as_long_as_its_medium_says(medium: str, timeout: int) -> None:
    house = House()
    house.agent("a")
    house.admit("i-1", medium)
    assert house.offer().expires_at == START + timeout


def test_a_queue_may_say_how_long_offers_ring() -> None:
    house = House(policy(queue(offer={"chat": 7 * SECOND})))
    house.agent("a")
    house.admit()
    assert house.offer().expires_at == START + 7 * SECOND


def test_a_timeout_of_zero_assigns_without_asking() -> None:
    house = House(policy(queue(offer={"chat": 0})))
    house.agent("a")
    house.admit()
    assert (house.state_of(), house.owner()) == ("active", "a")
    assert house.state.offers["i-1.1"].state == "accepted"


def test_an_offer_in_flight_occupies_capacity() -> None:
    house = House()
    house.agent("a")
    house.admit()
    assert house.whom("a").used == 33


def test_an_accepted_offer_gives_the_interaction_to_the_agent() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.after(SECOND)
    events = house.run(AcceptOffer("i-1.1", "a"))
    assert events == (OfferAccepted(at=START + SECOND, offer="i-1.1", interaction="i-1", agent="a"),)
    assert (house.state_of(), house.owner(), house.whom("a").used) == ("active", "a", 33)


def test_accept_is_idempotent() -> None:
    house = House()
    house.agent("a")
    house.active()
    assert house.run(AcceptOffer("i-1.1", "a")) == ()


def test_an_accept_at_the_deadline_comes_too_late() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.now += 30 * SECOND
    assert house.refusal(AcceptOffer("i-1.1", "a")) == ("conflict", "offer_expired")


def test_an_accept_one_millisecond_before_the_deadline_is_in_time() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.now += 30 * SECOND - 1
    house.run(AcceptOffer("i-1.1", "a"))
    assert house.owner() == "a"


def test_a_late_accept_gets_a_clear_refusal() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.admit("i-1")
    house.admit("i-2")
    house.decline("i-1")
    assert house.refusal(AcceptOffer("i-1.1", "a")) == ("conflict", "offer_declined")
    house.run(Leave("i-2"))
    decision = house.do(AcceptOffer("i-2.1", "b"))
    assert decision.refusal is not None
    assert decision.refusal.detail == "This offer is over: It was withdrawn. (customer_left)"


def test_an_offer_is_nobody_elses() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.admit()
    assert house.refusal(AcceptOffer("i-1.1", "b")) == ("not_found", "unknown_offer")
    assert house.refusal(DeclineOffer("i-1.1", "b", "busy")) == ("not_found", "unknown_offer")
    assert house.refusal(AcceptOffer("i-1.2", "a")) == ("not_found", "unknown_offer")


def test_an_accept_after_the_work_went_elsewhere_is_refused() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.active()
    house.transfers("i-1", "sales")
    assert house.refusal(AcceptOffer("i-1.1", "a")) == ("conflict", "offer_accepted")


def test_expired_offer_returns_to_its_place() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.admit("i-1")
    house.admit("i-2")
    key = house.interaction("i-1").key
    house.after(30 * SECOND)
    assert (house.state_of("i-1"), house.interaction("i-1").key, house.interaction("i-1").leg) == ("waiting", key, 1)
    house.after(10 * SECOND)
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == ("a", None)


def test_an_agent_who_missed_stays_available_and_cools_down_longer_each_time() -> None:
    house = House(policy(queue(misses_max=9)))
    house.agent("a")
    house.admit()
    house.after(6 * MINUTE)
    expired = house.of(OfferExpired)
    assert [(each.misses, each.cooling_until - each.at) for each in expired[:5]] == [
        (1, 10 * SECOND),
        (2, 20 * SECOND),
        (3, 40 * SECOND),
        (4, 40 * SECOND),
        (5, 40 * SECOND),
    ]
    assert house.whom("a").presence == "available"


def test_a_miss_lets_it_ring_elsewhere_at_once() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.admit()
    house.after(30 * SECOND)
    assert house.rings_at() == "b"


def test_accepting_resets_the_count_of_misses() -> None:
    house = House()
    house.agent("a")
    house.admit("i-1")
    house.after(40 * SECOND)
    house.after(50 * SECOND)
    assert house.whom("a").misses == 2
    house.accept("i-1")
    assert house.whom("a").misses == 0


def test_after_misses_max_in_a_row_he_is_not_responding() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.after(5 * MINUTE)
    assert house.of(PresenceChanged)[-1] == PresenceChanged(
        at=START + 120 * SECOND, agent="a", presence="not_responding", reason="missed_offers", by="router"
    )
    assert (house.whom("a").presence, house.state_of()) == ("not_responding", "waiting")


def test_what_else_rings_at_one_who_is_not_responding_is_withdrawn() -> None:
    house = House(policy(queue(misses_max=1)))
    house.agent("a")
    house.admit("i-1")
    house.after(SECOND)
    house.admit("i-2")
    house.after(29 * SECOND)
    assert house.of(OfferWithdrawn) == [
        OfferWithdrawn(
            at=START + 30 * SECOND,
            offer="i-2.1",
            interaction="i-2",
            agent="a",
            reason="agent_unavailable",
            barred_until=START + 40 * SECOND,
        )
    ]
    assert (house.state_of("i-2"), house.whom("a").used) == ("waiting", 0)


def test_one_click_brings_him_back_with_a_clean_slate() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.after(3 * MINUTE)
    house.declares("a", "available")
    agent = house.whom("a")
    assert (agent.misses, agent.cooling_until, house.rings_at()) == (0, None, "a")


def test_a_decline_has_a_reason_and_bars_only_this_pair_for_ten_seconds() -> None:
    house = House()
    house.agent("a")
    house.admit("i-1")
    house.decline("i-1", "no_idea")
    assert house.of(OfferDeclined) == [
        OfferDeclined(
            at=START,
            offer="i-1.1",
            interaction="i-1",
            agent="a",
            reason="no_idea",
            barred_until=START + 10 * SECOND,
        )
    ]
    house.admit("i-2")
    assert house.rings_at("i-2") == "a"
    house.after(10 * SECOND - 1)
    assert house.rings_at("i-1") is None
    house.after(1)
    assert house.rings_at("i-1") == "a"


def test_a_second_decline_changes_nothing() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.decline()
    assert house.run(DeclineOffer("i-1.1", "a", "busy")) == ()
    house.after(10 * SECOND)
    house.accept()
    assert house.refusal(DeclineOffer("i-1.2", "a", "busy")) == ("conflict", "offer_accepted")


def test_who_declined_is_ranked_last_for_it_after() -> None:
    house = House()
    house.agent("a")
    house.after(SECOND)
    house.agent("b", capacity=33)
    house.active("i-0", preferred_agent="b")
    house.admit("i-1")
    house.decline("i-1")
    house.after(9 * SECOND)
    house.ends("i-0")
    house.now += SECOND  # his bar ends and b is free in the same instant
    house.wraps_up("i-0")
    assert house.rings_at("i-1") == "b"


def test_who_declined_is_ranked_last_in_another_queue_too() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "support", "sales")
    house.after(SECOND)
    house.agent("b", "sales")
    house.active("i-0", queue="sales", preferred_agent="b")
    house.admit("i-1")
    house.decline("i-1")
    house.after(11 * SECOND)
    assert house.rings_at("i-1") == "a"
    house.decline("i-1")
    house.moves("i-1", "sales")
    assert house.rings_at("i-1") == "b"


def test_a_withdrawal_bars_the_pair_in_the_next_leg_too() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "support", "sales")
    house.admit()
    house.moves("i-1", "sales")
    assert house.rings_at() is None
    house.after(10 * SECOND)
    assert house.rings_at() == "a"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("leave", "customer_left"),
        ("cut off", "agent_disconnected"),
        ("away", "agent_unavailable"),
        ("move", "moved"),
        ("close", "closed"),
    ],
)
def test_an_offer_is_withdrawn_with_its_reason(cause: str, reason: str) -> None:
    house = House()
    house.agent("a")
    house.admit()
    match cause:
        case "leave":
            house.run(Leave("i-1"))
        case "cut off":
            house.cut_off("a")
        case "away":
            house.declares("a", "away")
        case "move":
            house.moves("i-1")
        case "close":
            house.run(Close("i-1", "spam", "boss"))
    (withdrawn,) = house.of(OfferWithdrawn)
    assert (withdrawn.reason, withdrawn.offer, withdrawn.agent) == (reason, "i-1.1", "a")
    offer = house.state.offers["i-1.1"]
    assert (offer.state, offer.reason, house.whom("a").used) == ("withdrawn", reason, 0)


def test_a_customer_who_leaves_while_it_rings_makes_room_for_the_next() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.admit("i-1")
    house.admit("i-2")
    house.run(Leave("i-1"))
    assert house.rings_at("i-2") == "a"


def test_each_offer_of_an_interaction_has_its_own_id() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.decline()
    house.after(10 * SECOND)
    assert [each.offer for each in house.of(Offered)] == ["i-1.1", "i-1.2"]
