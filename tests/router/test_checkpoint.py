"""Checkpoints (semantics.md sections 18 and 20): a state as a value, and back."""

import msgspec
import pytest

from router import checkpoint
from router.commands import CustomerGone
from router.evolve import evolve
from router.state import State, next_deadline
from tests.builders import START, Autoresponse, House, Requirement, policy, queue, rule
from tests.router.invariants import check_same
from vocabulary.instants import HOUR, SECOND


def busy_house() -> House:
    """Return a house with something in every state and every kind of deadline."""
    acknowledged = rule(autoresponse="ack")
    ack = Autoresponse(name="ack", kind="acknowledge")
    house = House(policy(queue(), queue("sales"), rules=(acknowledged,), autoresponses=(ack,)))
    house.agent("b", "support", "sales", skills={"billing": 3})
    house.agent("a", capacity=1_000)
    for id in ("closed", "wrapping", "parked", "active", "declined"):
        house.admit(id, address_hash="h1")
        if id == "declined":
            house.decline(id)
            continue
        house.accept(id)
        if id == "parked":
            house.parks(id, until=START + HOUR)
        elif id != "active":
            house.ends(id)
            if id == "closed":
                house.wraps_up(id)
    house.admit("scheduled", "callback", scheduled_at=START + HOUR)
    house.admit("waits", requirements=(Requirement("rare", 3, HOUR), Requirement("rare", 2)))
    house.admit("held", queue="sales", preferred_agent="b")
    house.run(CustomerGone("active"))
    house.cut_off("a")
    house.after(SECOND)
    return house


def test_a_checkpoint_gives_the_same_state_again() -> None:
    house = busy_house()
    check_same(checkpoint.decode(checkpoint.encode(house.state)), house.state)
    check_same(checkpoint.restored(checkpoint.checkpoint(house.state)), house.state)


def test_a_restored_state_goes_on_like_the_one_it_was_made_of() -> None:
    house = busy_house()
    other = House(house.policy, house.now)
    other.state = checkpoint.decode(checkpoint.encode(house.state))
    already = len(house.log)
    for each in (house, other):
        each.back("a")
        each.declares("a", "offline")
        each.after(30 * HOUR)
    assert other.log == house.log[already:]
    check_same(other.state, house.state)


def test_replaying_the_log_gives_the_same_state() -> None:
    house = busy_house()
    state = State()
    for event in house.log:
        evolve(state, event)
    check_same(state, house.state)


def test_a_checkpoint_in_the_middle_and_the_log_behind_it_give_the_same_state() -> None:
    house = busy_house()
    for middle in range(0, len(house.log), 7):
        state = State()
        for event in house.log[:middle]:
            evolve(state, event)
        state = checkpoint.decode(checkpoint.encode(state))
        for event in house.log[middle:]:
            evolve(state, event)
        check_same(state, house.state)


def test_an_empty_state_has_a_checkpoint() -> None:
    state = checkpoint.decode(checkpoint.encode(State()))
    assert (checkpoint.encode(state), next_deadline(state)) == (checkpoint.encode(State()), None)


def test_a_checkpoint_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        checkpoint.decode(b'{"v": 1}')
