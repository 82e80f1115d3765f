"""Order in a queue (semantics.md section 4)."""

from agents.agent import Membership, Profile
from router.commands import DefineAgent, Reprioritise
from router.events import Offered
from tests.builders import START, House, policy, profile, queue
from vocabulary.instants import HOUR, MINUTE, SECOND


def served(house: House) -> list[str]:
    """Return what a newcomer without limit is offered, in order."""
    house.agent("z", *house.policy.queues, capacity=10_000, media={"chat": profile().limit("email")})
    house.do(DefineAgent("z", Profile({}, {name: Membership() for name in house.policy.queues}, 10_000)))
    while waiting := [each for each in house.of(Offered) if house.rings_at(each.interaction)]:
        for offered in waiting:
            house.accept(offered.interaction)
            house.ends(offered.interaction)
            house.wraps_up(offered.interaction)
    return [each.interaction for each in house.of(Offered)]


def test_first_come_is_first_served_where_all_else_is_equal() -> None:
    house = House()
    for id in ("i-2", "i-1", "i-3"):
        house.admit(id)
    assert served(house) == ["i-2", "i-1", "i-3"]


def test_who_arrived_earlier_goes_first() -> None:
    house = House()
    house.admit("i-1")
    house.after(1)
    house.admit("i-2")
    assert house.interaction("i-1").key < house.interaction("i-2").key
    assert served(house) == ["i-1", "i-2"]


def test_earliest_due_first_balances_queues_with_different_targets() -> None:
    house = House(policy(queue("slow", target=2 * MINUTE), queue("fast", target=10 * SECOND)))
    house.admit("slow-1", queue="slow")
    house.after(MINUTE)
    house.admit("fast-1", queue="fast")
    house.after(55 * SECOND)
    house.admit("fast-2", queue="fast")
    assert served(house) == ["fast-1", "slow-1", "fast-2"]


def test_one_point_of_priority_is_worth_the_age_that_credit_says() -> None:
    house = House(policy(queue(target=20 * SECOND, credit=10 * SECOND)))
    house.admit("i-1")
    house.after(10 * SECOND)
    house.admit("same", priority=1)
    house.after(1)
    house.admit("late", priority=1)
    house.admit("early", priority=2)
    assert house.interaction("same").due_at == START + 20 * SECOND
    assert served(house) == ["early", "i-1", "same", "late"]


def test_a_negative_priority_lets_younger_ones_overtake() -> None:
    house = House()
    house.admit("i-1", priority=-1)
    house.after(59 * SECOND)
    house.admit("i-2")
    house.after(2 * SECOND)
    house.admit("i-3")
    assert served(house) == ["i-2", "i-1", "i-3"]


def test_class_is_strict_whatever_the_age() -> None:
    house = House()
    house.admit("last", class_=1, priority=100)
    house.after(HOUR)
    house.admit("i-1")
    house.admit("first", class_=-1, priority=-100)
    assert served(house) == ["first", "i-1", "last"]


def test_a_priority_change_applies_to_the_next_decision() -> None:
    house = House()
    house.admit("i-1")
    house.admit("i-2")
    house.run(Reprioritise("i-2", 1, "boss"))
    assert house.interaction("i-2").due_at == START + 20 * SECOND - MINUTE
    assert served(house) == ["i-2", "i-1"]


def test_a_priority_change_may_change_the_class_too() -> None:
    house = House()
    house.admit("i-1")
    house.admit("i-2")
    house.run(Reprioritise("i-1", 0, "boss", 1))
    assert served(house) == ["i-2", "i-1"]


def test_a_priority_out_of_range_or_of_what_is_over_is_refused() -> None:
    house = House()
    house.agent("a")
    house.closed("i-1")
    house.admit("i-2")
    assert house.refusal(Reprioritise("i-2", 101, "boss")) == ("invalid", "priority_out_of_range")
    assert house.refusal(Reprioritise("i-1", 1, "boss")) == ("conflict", "not_open")
    assert house.refusal(Reprioritise("i-9", 1, "boss")) == ("not_found", "unknown_interaction")


def test_class_is_strict_within_one_queue_priority_of_the_agent_only() -> None:
    house = House(policy(queue("own"), queue("other")))
    house.admit("urgent", queue="other", class_=-1)
    house.admit("usual", queue="own")
    house.agent("a", queues={"own": Membership(1), "other": Membership(2)}, capacity=33)
    assert house.rings_at("usual") == "a"


def test_class_never_skips_a_delay() -> None:
    house = House(policy(queue("own"), queue("other")))
    house.admit("urgent", queue="other", class_=-1)
    house.agent("a", queues={"own": Membership(), "other": Membership(delay=30 * SECOND)}, capacity=33)
    assert house.rings_at("urgent") is None
    house.admit("usual", queue="own")
    assert house.rings_at("usual") == "a"


def test_arrived_at_survives_offers_declines_expiries_moves_transfers_and_requeues() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "support", "sales")
    house.agent("b", "support", "sales")
    house.admit("i-1")
    house.after(SECOND)
    house.decline("i-1")
    house.after(31 * SECOND)
    house.moves("i-1", "sales")
    house.after(15 * SECOND)
    house.accept("i-1")
    house.transfers("i-1", "support")
    house.after(SECOND)
    house.declares(house.accept("i-1"), "offline")
    interaction = house.interaction("i-1")
    assert interaction.leg == 4
    assert interaction.arrived_at == START
    assert interaction.due_at == START + 20 * SECOND
    assert interaction.enqueued_at == house.now


def test_reopening_sets_arrived_at_to_the_oldest_unanswered_message() -> None:
    house = House()
    house.agent("a")
    house.closed("i-1")
    house.declares("a", "away")
    house.after(HOUR)
    house.writes("i-1")
    first = house.now
    house.after(MINUTE)
    house.writes("i-1")
    interaction = house.interaction("i-1")
    assert (interaction.state, interaction.arrived_at, interaction.leg) == ("waiting", first, 2)


def test_return_from_parking_sets_arrived_at_to_the_oldest_unanswered_message() -> None:
    house = House()
    house.agent("a", capacity=33)
    house.active("i-1")
    house.replies("i-1")
    house.after(MINUTE)
    house.writes("i-1")
    unanswered = house.now
    house.after(MINUTE)
    house.parks("i-1", until=house.now + HOUR)
    house.declares("a", "offline")
    house.after(HOUR)
    assert house.interaction("i-1").state == "waiting"
    assert house.interaction("i-1").arrived_at == unanswered


def test_return_from_parking_with_nothing_unanswered_counts_from_its_instant() -> None:
    house = House()
    house.agent("a")
    house.active("i-1")
    house.replies("i-1")
    house.parks("i-1", until=house.now + HOUR)
    house.declares("a", "offline")
    house.after(HOUR)
    assert house.interaction("i-1").arrived_at == START + HOUR


def test_a_slot_counts_from_its_start() -> None:
    house = House()
    house.admit("i-1", "callback", scheduled_at=START + HOUR)
    house.after(HOUR)
    assert house.interaction("i-1").arrived_at == START + HOUR
    assert house.interaction("i-1").enqueued_at == START + HOUR
