"""Strategy `optimal`: who is quick at what, weighed against who waits."""

from queues.interaction import Label
from queues.policy import QueuePolicy
from router.commands import Connect, Reconcile, SetPresence, Together
from tests.builders import SECOND, House, policy, queue
from vocabulary.instants import MINUTE

A_LEAVES_BILLS_TO_B = {"a": {"bill": 7, "fault": 8}, "b": {"bill": 7, "fault": 13}, "c": {"bill": 16, "fault": 9}}
"""Minutes. By himself a, who comes first, would take a bill too, and b would be left with a fault."""


def optimal(name: str = "support", **values: object) -> QueuePolicy:
    return queue(name, strategy="optimal", offer={"chat": 0}, wrap_up="none", **values)


def admit(house: House, id: str, label: str) -> None:
    house.admit(id, labels=(Label(label, 0.9),))


def handled(house: House, agent: str, label: str, span: int, times: int = 20) -> None:
    """Let `agent` alone handle `label` so many times in `span` each."""
    for number in range(times):
        id = f"{agent}-{label}-{number}"
        admit(house, id, label)
        assert house.owner(id) == agent
        house.after(span)
        house.ends(id)


def two_specialists() -> House:
    """Return a house where a is quick at bills and slow at faults, and b the other way round; nobody is there."""
    return experienced({"a": {"bill": 1, "fault": 5}, "b": {"fault": 1, "bill": 5}})


def experienced(minutes: dict[str, dict[str, int]]) -> House:
    """Return a house whose agents need so many minutes for each label; nobody is there."""
    house = House(policy(optimal()))
    for agent, spans in minutes.items():
        house.agent(agent, capacity=33)
        for label, span in spans.items():
            handled(house, agent, label, span * MINUTE)
        house.declares(agent, "away")
    return house


def test_a_freed_agent_takes_what_he_is_quick_at_though_something_else_came_a_little_earlier() -> None:
    house = two_specialists()
    admit(house, "i-fault", "fault")
    house.after(10 * SECOND)
    admit(house, "i-bill", "bill")
    house.declares("a", "available")
    assert (house.interaction("i-bill").agent, house.interaction("i-fault").agent) == ("a", None)


def test_he_takes_what_waits_much_longer_all_the_same() -> None:
    house = two_specialists()
    admit(house, "i-fault", "fault")
    house.after(10 * MINUTE)
    admit(house, "i-bill", "bill")
    house.declares("a", "available")
    assert (house.interaction("i-bill").agent, house.interaction("i-fault").agent) == (None, "a")


def first_taken(gap: int, bills: int) -> str:
    """Return what a takes who is 3.2 minutes quicker at bills, if so many of them came `gap` after a fault."""
    house = two_specialists()
    admit(house, "i-fault", "fault")
    house.after(gap)
    for number in range(bills):
        admit(house, f"i-bill-{number}", "bill")
    house.declares("a", "available")
    (taken,) = house.state.agents["a"].holds
    return taken


def test_a_second_saved_counts_a_tenth_more_for_each_who_waits_behind() -> None:
    # 3.2 minutes saved are worth 9.6 with 20 behind, and 12.8 with 30.
    assert [first_taken(10 * MINUTE, bills) for bills in (20, 30)] == ["i-fault", "i-bill-0"]


def test_overtaking_is_bounded_however_many_wait() -> None:
    # No more than 49 count: 5.9 times 3.2 minutes are 18.9.
    assert [first_taken(gap * MINUTE, 200) for gap in (18, 19)] == ["i-bill-0", "i-fault"]


def test_class_stays_strict() -> None:
    house = two_specialists()
    admit(house, "i-bill", "bill")
    house.admit("i-fault", labels=(Label("fault", 0.9),), class_=-1)
    house.declares("a", "available")
    assert house.interaction("i-fault").agent == "a"


def test_what_comes_goes_to_who_is_quickest_at_it() -> None:
    house = two_specialists()
    for agent in ("a", "b"):
        house.declares(agent, "available")
    admit(house, "i-fault", "fault")
    assert house.owner("i-fault") == "b"


def test_of_equal_ones_the_first_is_taken() -> None:
    assert first_taken(0, 0) == "i-fault"
    house = two_specialists()
    for number in range(3):
        admit(house, f"i-{number}", "bill")
    house.declares("a", "available")
    assert house.owner("i-0") == "a"


def test_several_who_choose_at_once_are_assigned_as_is_best_for_all() -> None:
    house = experienced(A_LEAVES_BILLS_TO_B)
    for agent in ("a", "b"):
        house.cut_off(agent)
    house.after(2 * MINUTE)
    admit(house, "i-fault", "fault")
    admit(house, "i-bill", "bill")
    # After a restart both are there again before anybody looks.
    for agent in ("a", "b"):
        house.state.agents[agent].presence = "available"
        house.state.agents[agent].connected = True
        house.state.index.touched[agent] = house.state.agents[agent]
    house.run(Reconcile())
    assert (house.owner("i-bill"), house.owner("i-fault")) == ("b", "a")
    assert house.run(Connect("a")) == ()


def test_wrap_ups_that_end_at_one_instant_are_assigned_as_is_best_for_all() -> None:
    before = queue("before", offer={"chat": 0}, wrap_up="timed_forced", wrap_up_after=30 * SECOND)
    house = experienced(A_LEAVES_BILLS_TO_B)
    house.policy = policy(optimal(), before)
    for agent in ("a", "b"):
        house.agent(agent, "support", "before", capacity=33)
        house.admit(f"last-{agent}", queue="before")
    for agent in ("a", "b"):
        house.ends(f"last-{agent}")
    admit(house, "i-fault", "fault")
    admit(house, "i-bill", "bill")
    house.after(30 * SECOND)
    assert (house.owner("i-bill"), house.owner("i-fault")) == ("b", "a")


def test_who_comes_at_once_is_assigned_as_is_best_for_all() -> None:
    house = experienced(A_LEAVES_BILLS_TO_B)
    admit(house, "i-fault", "fault")
    admit(house, "i-bill", "bill")
    house.run(Together(tuple(SetPresence(agent, "available", by=agent) for agent in ("a", "b"))))
    assert (house.owner("i-bill"), house.owner("i-fault")) == ("b", "a")


def test_if_one_who_comes_is_unknown_nobody_comes() -> None:
    house = experienced(A_LEAVES_BILLS_TO_B)
    house.cut_off("a")
    assert house.refusal(Together((Connect("a"), Connect("nobody")))) == ("not_found", "unknown_agent")
    assert not house.whom("a").connected


def test_what_comes_due_at_one_instant_is_assigned_as_is_best_for_all() -> None:
    house = experienced(A_LEAVES_BILLS_TO_B)
    for agent in ("a", "b"):
        house.declares(agent, "available")
    for label in ("bill", "fault"):
        house.admit(f"i-{label}", labels=(Label(label, 0.9),), scheduled_at=house.now + MINUTE)
    house.after(MINUTE)
    assert (house.owner("i-bill"), house.owner("i-fault")) == ("b", "a")


def test_nobody_is_left_idle_beside_something_that_he_can_do() -> None:
    house = two_specialists()
    admit(house, "i-1", "fault")
    admit(house, "i-2", "fault")
    for agent in ("a", "b"):
        house.declares(agent, "available")
    assert {house.owner("i-1"), house.owner("i-2")} == {"a", "b"}
