"""Presence (semantics.md section 11): declared, forced, lost and found again."""

import pytest

from router.commands import Connect, DefineAgent, Disconnect, RemoveAgent, SetPresence
from router.events import AgentDisconnected, AgentRemoved, GraceEnded, OwnerAway, OwnerLost, PresenceChanged
from tests.builders import START, House, policy, profile, queue
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND


def test_an_agent_declares_a_presence_with_a_reason() -> None:
    house = House()
    house.agent("a")
    house.after(SECOND)
    house.declares("a", "away", reason="lunch")
    assert house.log[-1] == PresenceChanged(at=START + SECOND, agent="a", presence="away", reason="lunch", by="a")
    agent = house.whom("a")
    assert (agent.presence, agent.reason, agent.since) == ("away", "lunch", START + SECOND)


def test_a_supervisor_may_force_a_presence_with_a_reason_that_the_agent_sees() -> None:
    house = House()
    house.agent("a")
    house.declares("a", "away", reason="training", by="boss")
    assert (house.whom("a").presence, house.whom("a").reason) == ("away", "training")
    assert house.log[-1].by == "boss"  # type: ignore[union-attr]  # it is a PresenceChanged


@pytest.mark.parametrize("presence", ["not_responding", "disconnected"])
def test_some_presences_are_set_only_by_the_router(presence: str) -> None:
    house = House()
    house.agent("a")
    order = SetPresence("a", presence, by="a")  # type: ignore[arg-type]  # any text may come in
    assert house.refusal(order) == ("invalid", "unknown_presence")


def test_an_agent_who_is_no_longer_available_loses_what_rings_at_him() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.admit()
    house.declares("a", "busy")
    assert house.rings_at() == "b"


def test_work_that_is_active_stays_with_one_who_is_away() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.declares("a", "away")
    house.after(DAY)
    assert (house.state_of(), house.owner()) == ("active", "a")


def test_after_this_one_takes_effect_when_the_current_work_ends() -> None:
    house = House()
    house.agent("a")
    house.active("i-1")
    house.active("i-2")
    house.declares("a", "away", reason="lunch", after_current=True)
    house.ends("i-1")
    house.wraps_up("i-1")
    assert (house.whom("a").presence, house.whom("a").after_current) == ("available", "away:lunch")
    house.parks("i-2")
    agent = house.whom("a")
    assert (agent.presence, agent.reason, agent.after_current) == ("away", "lunch", None)


def test_after_this_one_takes_effect_at_once_without_work() -> None:
    house = House()
    house.agent("a")
    house.declares("a", "away", after_current=True)
    assert house.whom("a").presence == "away"


def test_after_this_one_takes_effect_when_the_last_offer_ends_unaccepted() -> None:
    house = House()
    house.agent("a")
    house.admit()
    house.declares("a", "away", after_current=True)
    assert house.rings_at() == "a"
    house.decline()
    assert house.whom("a").presence == "away"


def test_a_new_declaration_takes_the_place_of_after_this_one() -> None:
    house = House()
    house.agent("a")
    house.active("i-1")
    house.declares("a", "away", after_current=True)
    house.declares("a", "available")
    house.admit("i-2")
    assert house.rings_at("i-2") == "a"


# -- cut off


def test_pending_offers_of_one_who_is_cut_off_are_withdrawn_at_once() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.admit()
    house.cut_off("a")
    assert house.rings_at() == "b"


def test_a_second_notice_of_a_lost_or_found_connection_changes_nothing() -> None:
    house = House()
    house.agent("a")
    assert house.run(Connect("a")) == ()
    house.cut_off("a")
    assert house.run(Disconnect("a")) == ()


def test_active_chats_wait_for_the_grace_and_then_return_to_the_queue_at_the_old_place() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.cut_off("a")
    house.after(MINUTE - 1)
    assert (house.state_of(), house.owner(), house.whom("a").presence) == ("active", "a", "available")
    house.after(1)
    interaction = house.interaction()
    assert (interaction.state, interaction.agent, interaction.leg) == ("waiting", None, 2)
    assert (interaction.arrived_at, interaction.due_at) == (START, START + 20 * SECOND)
    assert house.of(OwnerLost) == [OwnerLost(at=START + MINUTE, interaction="i-1", agent="a", cause="owner_absent")]


def test_one_who_comes_back_within_the_grace_goes_on() -> None:
    house = House()
    house.agent("a")
    house.active()
    house.cut_off("a")
    house.after(59 * SECOND)
    house.back("a")
    house.after(HOUR)
    assert (house.state_of(), house.owner(), house.whom("a").presence) == ("active", "a", "available")


def test_after_the_grace_he_is_disconnected_until_he_declares_again() -> None:
    house = House()
    house.agent("a")
    house.cut_off("a")
    house.after(MINUTE)
    assert house.log[-1] == PresenceChanged(
        at=START + MINUTE, agent="a", presence="disconnected", reason="connection_lost", by="router"
    )
    house.back("a")
    house.admit()
    assert house.rings_at() is None
    house.declares("a", "available")
    assert house.rings_at() == "a"


@pytest.mark.parametrize("presence", ["offline", "disconnected"])
def test_who_was_gone_already_may_close_his_page_without_a_grace(presence: str) -> None:
    house = House()
    house.agent("a")
    if presence == "offline":
        house.declares("a", "offline")
    else:
        house.cut_off("a")
        house.after(MINUTE)
        house.back("a")
    house.cut_off("a")
    assert house.of(AgentDisconnected)[-1].grace_until is None
    house.after(HOUR)
    assert house.whom("a").presence == presence


@pytest.mark.parametrize(
    ("action", "state", "owner"), [("keep", "active", "a"), ("requeue", "waiting", None), ("close", "closed", "a")]
)
def test_a_queue_says_what_becomes_of_work_whose_agent_stays_away(action: str, state: str, owner: str | None) -> None:
    house = House(policy(queue(on_disconnect={"chat": action})))
    house.agent("a")
    house.active()
    house.cut_off("a")
    house.after(MINUTE)
    assert (house.state_of(), house.interaction().agent) == (state, owner)


def test_a_callback_is_kept_and_an_event_says_so() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "callback")
    house.cut_off("a")
    house.after(MINUTE)
    assert house.of(GraceEnded) == [GraceEnded(at=START + MINUTE, interaction="i-1", agent="a")]
    assert (house.state_of(), house.owner()) == ("active", "a")


def test_mail_is_kept_for_owner_hold_and_then_queued_again() -> None:
    house = House(policy(queue(owner_hold=2 * HOUR)))
    house.agent("a")
    house.active("i-1", "email")
    house.cut_off("a")
    house.after(2 * HOUR - 1)
    assert (house.state_of(), house.owner()) == ("active", "a")
    house.after(1)
    assert house.state_of() == "waiting"


def test_a_timed_wrap_up_runs_on_while_its_agent_is_cut_off() -> None:
    house = House(policy(queue(wrap_up_after=5 * MINUTE)))
    house.agent("a")
    house.active()
    house.ends()
    house.cut_off("a")
    house.after(5 * MINUTE - 1)
    assert house.state_of() == "wrap_up"
    house.after(1)
    assert house.state_of() == "closed"


@pytest.mark.parametrize("medium", ["chat", "email", "callback"])
@pytest.mark.parametrize("how", ["cut off", "offline"])
def test_an_open_wrap_up_ends_with_timeout_after_the_grace(medium: str, how: str) -> None:
    house = House(policy(queue(wrap_up="open")))
    house.agent("a")
    house.active("i-1", medium)
    house.ends()
    if how == "offline":
        house.declares("a", "offline")
    house.cut_off("a")
    house.after(MINUTE - 1)
    assert house.state_of() == "wrap_up"
    house.after(1)
    assert (house.state_of(), house.interaction().disposition) == ("closed", "timeout")


# -- offline, removed


def test_chats_of_one_who_goes_offline_return_to_the_queue_at_once() -> None:
    house = House()
    house.agent("a")
    house.agent("b")
    house.active()
    house.declares("a", "offline")
    assert house.rings_at() == "b"


def test_mail_of_one_who_goes_offline_waits_for_him_and_an_event_says_so() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "email")
    house.declares("a", "offline")
    assert house.of(OwnerAway) == [OwnerAway(at=START, interaction="i-1", agent="a", until=START + DAY)]
    house.after(HOUR)
    house.declares("a", "available")
    house.after(2 * DAY)
    assert (house.state_of(), house.owner()) == ("active", "a")


def test_opening_and_closing_his_page_does_not_prolong_what_he_is_kept_while_offline() -> None:
    house = House()
    house.agent("a")
    house.active("i-1", "email")
    house.declares("a", "offline")
    house.after(20 * HOUR)
    house.cut_off("a")
    house.back("a")
    house.cut_off("a")
    house.after(4 * HOUR)
    assert house.state_of() == "waiting"


def test_an_account_that_holds_work_is_not_removed_unless_the_work_goes_back() -> None:
    house = House(policy(queue(wrap_up="open")))
    house.agent("a")
    house.agent("b")
    for number, id in enumerate(("active", "parked", "wrapping", "ringing")):
        house.after(SECOND)
        house.admit(id, ("chat", "email")[number % 2], preferred_agent="a")
    for id in ("active", "parked", "wrapping"):
        house.accept(id)
    house.parks("parked")
    house.ends("wrapping")
    assert house.refusal(RemoveAgent("a")) == ("conflict", "holds_work")
    house.after(MINUTE)
    house.run(RemoveAgent("a", move=True))
    assert house.log[-4] == AgentRemoved(at=house.now, agent="a")
    assert [house.rings_at(id) for id in ("active", "parked", "ringing")] == ["b", "b", "b"]
    assert (house.state_of("wrapping"), house.interaction("wrapping").disposition) == ("closed", "timeout")
    assert house.interaction("active").arrived_at < house.interaction("parked").arrived_at == START + 2 * SECOND


def test_an_agent_of_a_queue_that_does_not_exist_is_refused() -> None:
    house = House()
    assert house.refusal(DefineAgent("a", profile("fax"))) == ("invalid", "unknown_queue")


def test_a_profile_that_is_the_same_changes_nothing() -> None:
    house = House()
    house.agent("a")
    assert house.run(DefineAgent("a", profile())) == ()


@pytest.mark.parametrize(
    "order", [Connect("x"), Disconnect("x"), RemoveAgent("x"), SetPresence("x", "available", by="x")]
)
def test_orders_about_an_agent_who_is_not_there_are_refused(order: Connect) -> None:
    assert House().refusal(order) == ("not_found", "unknown_agent")
