"""What the pages for those who come from elsewhere promise, on the core with the configuration that they show."""

import pytest

from config.loader import read_text
from config.policy import policy_of
from queues.policy import ChannelPolicy
from router.commands import AcceptOffer
from router.events import Admitted
from tests.builders import House, Label, policy, queue
from tests.docs.house import arrive, house_of, leave
from tests.docs.pages import ROOT, blocks
from vocabulary.instants import MINUTE, SECOND

INVOICE = (Label("invoice", 0.9),)


def all_at(house: House, id: str = "i-1") -> list[str]:
    """Return everybody at whom `id` rings."""
    return [house.state.offers[offer].agent for offer in house.interaction(id).offers]


def first_at(house: House, id: str, *spans: int) -> list[str | None]:
    """Return at whom `id` rings after each of `spans`, counted from one another."""
    found = []
    for span in spans:
        house.after(span)
        found.append(house.rings_at(id))
    return found


# -- Genesys


def test_bullseye_takes_the_perfect_agent_while_there_is_one() -> None:
    house = house_of("from-genesys.md")
    house.admit(labels=INVOICE)
    assert house.rings_at() == "anna"


@pytest.mark.parametrize(
    ("gone", "after", "who"),
    [(("anna",), 20, "ben"), (("anna", "ben"), 45, "cleo"), (("anna", "ben", "cleo"), 90, "dan")],
)
def test_bullseye_widens_ring_by_ring_at_its_instant(gone: tuple[str, ...], after: int, who: str) -> None:
    house = house_of("from-genesys.md")
    leave(house, *gone)
    house.admit(labels=INVOICE)
    assert first_at(house, "i-1", after * SECOND - 1, 1) == [None, who]


def test_bullseye_lends_a_helper_after_the_work_of_his_own_queues() -> None:
    house = house_of("from-genesys.md")
    leave(house, "anna", "ben", "cleo", "dan")
    house.admit("old", medium="callback", labels=INVOICE)
    house.after(5 * MINUTE)
    house.admit("new", medium="callback")
    arrive(house, "dan")
    assert (house.rings_at("old"), house.rings_at("new")) == (None, "dan")


def test_bullseye_is_held_back_while_the_general_team_has_too_much_to_do() -> None:
    house = house_of("from-genesys.md")
    leave(house, "anna", "ben", "cleo")
    for number in range(20):
        house.active(f"c-{number}", "callback")
        house.after(40 * SECOND)
        house.ends(f"c-{number}")
        house.wraps_up(f"c-{number}")
    house.admit(labels=INVOICE)
    house.after(90 * SECOND)
    assert house.rings_at() is None
    house.after(5 * MINUTE)
    assert house.interaction().groups == ("general",)


# -- TaskRouter


def test_workflow_targets_follow_their_timeouts_and_priorities() -> None:
    house = house_of("from-taskrouter.md")
    house.admit("i-1", attributes={"type": "billing"})
    assert (house.rings_at("i-1"), house.interaction("i-1").priority) == ("anna", 5)
    leave(house, "anna")
    assert first_at(house, "i-1", 30 * SECOND - 1, 1) == [None, "ben"]
    assert house.interaction("i-1").priority == 10
    house.accept("i-1")
    house.admit("i-2", medium="callback", attributes={"type": "billing"})
    assert first_at(house, "i-2", 90 * SECOND - 1, 1) == [None, "cleo"]
    assert house.interaction("i-2").priority == 20


def test_a_target_is_skipped_if_nobody_is_there() -> None:
    house = house_of("from-taskrouter.md")
    leave(house, "anna", "ben")
    house.admit("i-1", attributes={"type": "billing"})
    house.admit("i-2", attributes={"type": "sales"})
    assert [each.rule for each in house.of(Admitted)] == ["billing, nobody there", "default"]
    assert (house.rings_at("i-1"), house.interaction("i-1").queue) == ("cleo", "everyone")


def test_a_higher_priority_does_not_starve_what_is_older() -> None:
    house = house_of("from-taskrouter.md")
    leave(house, "anna", "ben", "cleo")
    house.admit("old", medium="callback")
    house.after(6 * MINUTE)
    house.admit("new", medium="callback", attributes={"type": "billing"})
    house.after(SECOND)
    arrive(house, "cleo")
    assert (house.rings_at("old"), house.rings_at("new")) == ("cleo", None)


# -- Amazon Connect


def test_routing_steps_ask_for_less_as_their_timers_end() -> None:
    house = house_of("from-amazon-connect.md")
    house.admit("i-1", labels=INVOICE)
    assert house.rings_at("i-1") == "anna"
    leave(house, "anna")
    assert first_at(house, "i-1", 30 * SECOND - 1, 1) == [None, "ben"]
    assert [str(need) for need in house.interaction("i-1").in_force] == ["billing>=2"]
    leave(house, "ben")
    house.after(30 * SECOND)
    assert house.interaction("i-1").in_force == ()


def test_a_profile_serves_its_second_queue_after_its_delay_and_after_its_first() -> None:
    house = house_of("from-amazon-connect.md")
    leave(house, "anna", "ben")
    house.admit("i-1", "callback", labels=INVOICE)
    assert first_at(house, "i-1", 90 * SECOND - 1, 1) == [None, "cleo"]
    leave(house, "cleo")
    house.admit("i-2", "callback")
    house.after(MINUTE)
    arrive(house, "cleo")
    assert (house.rings_at("i-1"), house.rings_at("i-2")) == (None, "cleo")


# -- Salesforce


def test_additional_skills_are_dropped_one_after_another() -> None:
    house = house_of("from-salesforce.md")
    leave(house, "anna")
    house.admit("i-1", labels=(Label("cancellation", 0.9),))
    assert first_at(house, "i-1", 30 * SECOND - 1, 1) == [None, "ben"]
    leave(house, "ben")
    assert first_at(house, "i-1", 30 * SECOND - 1, 1) == [None, "cleo"]
    assert [str(need) for need in house.interaction().in_force] == ["support>=3"]


def test_a_chat_interrupts_an_email_where_it_is_configured() -> None:
    house = house_of("from-salesforce.md")
    leave(house, "anna", "cleo")
    house.active("mail", "email")
    house.admit("chat", "chat")
    assert house.rings_at("chat") == "ben"
    house.admit("another", "email")
    assert house.rings_at("another") is None


# -- Asterisk


def test_penalties_let_the_next_group_in_as_time_goes_by() -> None:
    house = house_of("from-asterisk.md")
    leave(house, "anna", "ben")
    house.admit("i-1", "voice", channel="phone")
    assert first_at(house, "i-1", 30 * SECOND - 1, 1) == [None, "cleo"]
    leave(house, "cleo")
    assert first_at(house, "i-1", 30 * SECOND - 1, 1) == [None, "dan"]


def test_a_lower_penalty_comes_first_while_somebody_of_it_is_free() -> None:
    house = house_of("from-asterisk.md")
    leave(house, "anna", "ben", "cleo", "dan")
    house.admit("i-1", "voice", channel="phone")
    house.after(2 * MINUTE)
    arrive(house, "dan")
    assert house.rings_at("i-1") == "dan"
    arrive(house, "cleo", "anna")
    house.decline("i-1")
    assert house.rings_at("i-1") == "anna"


def test_ringall_rings_everywhere_and_the_first_who_accepts_gets_it() -> None:
    house = strategies("everybody")
    house.admit("i-1", "voice", channel="phone")
    assert sorted(all_at(house)) == ["a", "b", "c"]
    offer = house.state.offers[house.interaction().offers[1]]
    house.run(AcceptOffer(offer.id, offer.agent))
    assert house.owner() == offer.agent
    assert all(house.whom(each).used == 0 for each in "abc" if each != offer.agent)


def test_rrmemory_asks_whoever_was_asked_least_recently() -> None:
    house = strategies("in-turn")
    asked = []
    for number in range(6):
        house.after(SECOND)
        house.admit(f"i-{number}", "voice", channel="phone")
        asked.append(house.accept(f"i-{number}"))
        house.ends(f"i-{number}")
        house.wraps_up(f"i-{number}")
    assert asked == ["a", "b", "c"] * 2


def test_leastrecent_asks_whoever_finished_least_recently() -> None:
    house = strategies("rested-first")
    for number in range(3):
        house.active(f"i-{number}", "voice", channel="phone")
    for number in (1, 2, 0):
        house.after(SECOND)
        house.ends(f"i-{number}")
        house.wraps_up(f"i-{number}")
    house.admit("next", "voice", channel="phone")
    assert house.rings_at("next") == "b"


def test_fewestcalls_becomes_the_least_busy_share() -> None:
    house = strategies("fair")
    house.after(MINUTE)
    for id, span in (("long", 10 * MINUTE), ("short", MINUTE), ("middle", 5 * MINUTE)):
        house.active(id, "voice", channel="phone")
        house.after(span)
        house.ends(id)
        house.wraps_up(id)
    house.admit("next", "voice", channel="phone")
    assert house.rings_at("next") == "b"


def strategies(name: str) -> House:
    """Return a site with the queue `name` of the page's second block, and three agents."""
    path = ROOT / "docs/how-to/from-asterisk.md"
    text = blocks(path, "toml")[1].text + f'\n[[rules]]\nthen = {{ queue = "{name}" }}\n'
    found = read_text(text, path, {})
    assert found.settings is not None, found.faults
    chosen = policy_of(found.settings).queues[name]
    house = House(policy(chosen, queue("other"), channels=(ChannelPolicy(name="phone", medium="voice"),)))
    for agent in "abc":
        house.agent(agent, name)
    return house
