"""The customer leaves, is cut off, and writes again (semantics.md section 2)."""

import pytest

from queues.policy import ChannelPolicy
from router.commands import AddMessage, CustomerBack, CustomerGone, Leave, RemoveAgent, ReportDelivery
from router.events import Abandoned, Closed, CustomerDisconnected, DeliveryReported, Ended, Forgotten, Parked
from tests.builders import START, House, policy, queue
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND


def test_a_customer_who_leaves_before_anybody_answered_has_abandoned() -> None:
    house = House()
    house.admit()
    house.after(5 * SECOND)
    assert house.run(Leave("i-1")) == (
        Abandoned(at=START + 5 * SECOND, interaction="i-1", reopen_until=START + 5 * SECOND + DAY),
    )
    assert house.state_of() == "abandoned"


def test_leaving_while_it_rings_is_an_abandon() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.run(Leave("i-1"))
    assert (house.state_of(), house.whom("a").used) == ("abandoned", 0)


def test_an_abandon_within_the_queues_bound_is_short() -> None:
    house = House(policy(queue(short=5 * SECOND)))
    house.admit("i-1")
    house.admit("i-2")
    house.after(5 * SECOND - 1)
    house.run(Leave("i-1"))
    house.after(1)
    house.run(Leave("i-2"))
    assert [(each.interaction, each.short) for each in house.of(Abandoned)] == [("i-1", True), ("i-2", False)]


def test_a_customer_who_leaves_an_active_contact_ends_it() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.run(Leave("i-1"))
    assert house.log[-1] == Ended(
        at=START, interaction="i-1", agent="a", by="customer", cost=33, wrap_up_until=START + 30 * SECOND
    )


def test_a_customer_who_leaves_what_is_parked_closes_it() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.parks()
    house.run(Leave("i-1"))
    assert house.log[-1] == Closed(
        at=START, interaction="i-1", reason="customer_left", by="customer", reopen_until=START + DAY
    )


def test_leaving_what_is_over_changes_nothing() -> None:
    house = House()
    house.admit()
    house.run(Leave("i-1"))
    assert house.run(Leave("i-1")) == ()


# -- his socket is gone


def test_a_chat_customer_whose_socket_is_gone_counts_as_left_after_the_grace() -> None:
    house = House()
    house.admit()
    house.run(CustomerGone("i-1"))
    assert house.log[-1] == CustomerDisconnected(at=START, interaction="i-1", leaves_at=START + 2 * MINUTE)
    house.after(2 * MINUTE - 1)
    assert house.state_of() == "waiting"
    house.after(1)
    assert house.state_of() == "abandoned"


def test_a_channel_may_have_a_grace_of_its_own() -> None:
    house = House(policy(channels=(ChannelPolicy(name="web", medium="chat", customer_grace=SECOND),)))
    house.admit()
    house.run(CustomerGone("i-1"))
    house.after(SECOND)
    assert house.state_of() == "abandoned"


def test_what_rings_while_its_customer_stays_away_is_abandoned_too() -> None:
    house = House(policy(queue(offer={"chat": HOUR})))
    house.agent("a")
    house.admit()
    house.run(CustomerGone("i-1"))
    house.after(2 * MINUTE)
    assert (house.state_of(), house.whom("a").used) == ("abandoned", 0)


def test_a_customer_who_is_back_within_the_grace_waits_on() -> None:
    house = House()
    house.admit()
    house.run(CustomerGone("i-1"))
    house.after(MINUTE)
    house.run(CustomerBack("i-1"))
    house.after(HOUR)
    assert (house.state_of(), house.interaction().arrived_at) == ("waiting", START)


def test_a_second_notice_does_not_prolong_the_grace() -> None:
    house = House()
    house.admit()
    house.run(CustomerGone("i-1"))
    house.after(MINUTE)
    assert house.run(CustomerGone("i-1")) == ()
    house.after(MINUTE)
    assert house.state_of() == "abandoned"


def test_it_is_parked_if_an_agent_has_answered() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.run(CustomerGone("i-1"))
    house.accept()
    house.after(2 * MINUTE)
    assert house.of(Parked) == [Parked(at=START + 2 * MINUTE, interaction="i-1", agent="a", cause="customer_gone")]
    assert (house.state_of(), house.whom("a").used) == ("parked", 0)


def test_it_is_abandoned_if_it_waits_again_after_a_transfer() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a")
    house.active()
    house.run(CustomerGone("i-1"))
    house.transfers("i-1", "sales")
    house.after(2 * MINUTE)
    assert house.state_of() == "abandoned"


def test_a_callback_never_becomes_abandoned_because_its_customer_is_offline() -> None:
    house = House()
    house.admit("i-1", "callback")
    assert house.run(CustomerGone("i-1")) == ()
    house.after(DAY)
    assert house.state_of() == "waiting"


def test_parking_by_the_agent_ends_the_grace() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.run(CustomerGone("i-1"))
    house.parks()
    house.after(HOUR)
    assert (house.state_of(), len(house.of(Parked))) == ("parked", 1)


# -- he writes again


@pytest.mark.parametrize(("medium", "window"), [("chat", DAY), ("email", 7 * DAY)])
def test_a_customer_who_writes_within_the_window_opens_it_again(medium: str, window: int) -> None:
    house = House()
    house.agent("a")
    house.closed("i-1", medium)
    house.after(window - 1)
    house.writes()
    interaction = house.interaction()
    assert (interaction.state, interaction.leg, interaction.queue) == ("offered", 2, "support")
    assert (interaction.closed_at, interaction.reopen_until) == (None, None)


@pytest.mark.parametrize(("medium", "window"), [("chat", DAY), ("email", 7 * DAY)])
def test_what_is_written_later_needs_a_new_interaction(medium: str, window: int) -> None:
    house = House()
    house.agent("a")
    house.closed("i-1", medium)
    house.after(window)
    assert house.of(Forgotten) == [Forgotten(at=START + window, interaction="i-1")]
    assert house.refusal(AddMessage(interaction="i-1", message="m", author="customer")) == (
        "not_found",
        "unknown_interaction",
    )
    assert (list(house.state.interactions), list(house.state.offers)) == ([], [])
    house.admit("i-2", medium, follows="i-1")
    assert house.interaction("i-2").follows == "i-1"


def test_a_channel_may_say_how_long_it_opens_again() -> None:
    house = House(policy(channels=(ChannelPolicy(name="web", medium="chat", reopen=HOUR),)))
    house.agent("a")
    house.closed("i-1")
    assert house.interaction().reopen_until == START + HOUR


def test_it_opens_again_preferring_the_last_agent() -> None:
    house = House()
    house.agent("a")
    house.closed("i-1")
    house.agent("b")
    house.active("i-2", preferred_agent="a")
    house.writes("i-1")
    assert (house.interaction("i-1").preferred_agent, house.rings_at("i-1")) == ("a", "a")


def test_it_opens_again_without_the_last_agent_if_he_is_no_more() -> None:
    house = House()
    house.agent("a")
    house.closed("i-1")
    house.run(RemoveAgent("a"))
    house.writes("i-1")
    assert (house.state_of("i-1"), house.interaction("i-1").preferred_agent) == ("waiting", None)


def test_it_opens_again_by_the_rules_if_its_queue_is_gone() -> None:
    house = House(policy(queue("support"), queue("sales")))
    house.agent("a", "sales")
    house.active("i-1", queue="sales")
    house.ends("i-1")
    house.wraps_up("i-1")
    house.policy = policy(queue("support"))
    house.writes("i-1")
    assert house.interaction("i-1").queue == "support"


def test_what_was_abandoned_opens_again_too() -> None:
    house = House()
    house.admit()
    house.run(Leave("i-1"))
    house.writes()
    assert (house.state_of(), house.interaction().leg) == ("waiting", 2)


def test_a_message_while_it_waits_changes_neither_place_nor_state() -> None:
    house = House()
    house.admit()
    key = house.interaction().key
    house.after(SECOND)
    house.writes()
    assert (house.state_of(), house.interaction().key, house.interaction().messages) == ("waiting", key, 2)


def test_the_oldest_unanswered_message_counts() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.replies()
    house.after(SECOND)
    house.writes()
    house.after(SECOND)
    house.writes()
    assert house.interaction().unanswered_at == START + SECOND


def test_what_became_of_a_sent_message_is_written_down() -> None:
    house = House()
    house.admit()
    house.run(ReportDelivery("i-1", "m-2", "failed"))
    assert house.of(DeliveryReported) == [DeliveryReported(at=START, interaction="i-1", message="m-2", result="failed")]


@pytest.mark.parametrize("order", [Leave("x"), CustomerGone("x"), CustomerBack("x"), ReportDelivery("x", "m", "sent")])
def test_orders_about_an_interaction_that_is_not_there_are_refused(order: Leave) -> None:
    assert House().refusal(order) == ("not_found", "unknown_interaction")
