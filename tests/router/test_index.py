"""The index forgets what nobody waits for any more."""

from queues.policy import ChannelPolicy
from router.commands import Close, End
from router.index import _LINES
from tests.builders import House, policy, queue
from tests.router.invariants import check
from vocabulary.skills import Requirement


def quick_house() -> House:
    """Offers are accepted at once, what is over is forgotten at once."""
    web = ChannelPolicy(name="web", medium="chat", reopen=0)
    return House(policy(queue(offer={"chat": 0}, wrap_up="none"), channels=(web,)))


def comes(house: House, id: str, *needs: Requirement) -> None:
    house.admit(id, requirements=needs, message=None)


def closes(house: House, id: str) -> None:
    house.run(Close(id, "test", "supervisor"))


def test_lines_that_nothing_waits_in_do_not_pile_up() -> None:
    house = quick_house()
    for number in range(3 * _LINES):
        comes(house, f"i{number}", Requirement(f"case{number}"))
        if number >= 3:
            closes(house, f"i{number - 3}")
    assert len(house.state.index.lines) <= _LINES
    check(house.state, house.policy, house.now)


def test_what_waits_while_lines_are_forgotten_keeps_its_place() -> None:
    house = quick_house()
    for level in range(1, 6):
        comes(house, f"first{level}", Requirement("billing", level))
    for number in range(2 * _LINES):
        comes(house, f"i{number}", Requirement(f"case{number}"))
        closes(house, f"i{number}")
    assert len(house.state.index.lines) < _LINES
    for level in range(1, 6):
        comes(house, f"second{level}", Requirement("billing", level))
    house.agent("a", skills={"billing": 3}, capacity=33)
    served = []
    while held := list(house.whom("a").holds):
        served += held
        house.run(End(held[0], "a"))
    assert served == ["first1", "first2", "first3", "second1", "second2", "second3"]
    check(house.state, house.policy, house.now)
