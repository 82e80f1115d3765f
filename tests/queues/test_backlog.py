"""Lines of waiting work: their order, and what makes two interactions wait in the same one."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from queues.backlog import END, Line, Signature, signature_of
from queues.interaction import Interaction, Place
from queues.lifecycle import InteractionState
from tests.builders import START
from vocabulary.instants import SECOND
from vocabulary.skills import Requirement

keys = st.tuples(st.integers(-1, 1), st.integers(0, 50))


def waiting(number: int = 1, **values: object) -> Interaction:
    row = Interaction(
        id=f"i-{number}",
        number=number,
        channel="web",
        medium="chat",
        customer="c",
        state=InteractionState.WAITING,
        queue="support",
        created_at=START,
        arrived_at=START,
        enqueued_at=START,
        due_at=START,
        credit=0,
    )
    return replace(row, **values)


def place(number: int, class_: int = 0, due_at: int = 0) -> Place:
    return Place(class_, due_at, number, 0, f"i-{number}")


@given(st.lists(keys, max_size=200), st.data())
def test_a_line_is_sorted_whatever_comes_and_goes(keys: list[tuple[int, int]], data: st.DataObject) -> None:
    line, there = Line(0, Signature("support", "chat")), []
    for number, (class_, due_at) in enumerate(keys):
        there.append(place(number, class_, due_at))
        line.add(there[-1])
        if data.draw(st.booleans(), label="one goes"):
            line.remove(there.pop(data.draw(st.integers(0, len(there) - 1))))
        assert list(line) == sorted(there)
        assert line.head is (min(there) if there else END)
        assert len(line) == len(there)
    for each in there:
        assert line.ahead_of((each.class_, each.due_at, each.number)) == sorted(there).index(each)


def test_a_line_that_is_served_from_its_head_keeps_no_dead_weight() -> None:
    line = Line(0, Signature("support", "chat"))
    for number in range(1_000):
        line.add(place(number))
    for _ in range(999):
        line.remove(line.head)
    assert [each.number for each in line] == [999]
    assert len(line._places) < 200


def test_what_decides_who_may_serve_makes_the_signature() -> None:
    one, two = Requirement("billing", 3), Requirement("lang:pl", 1)
    assert signature_of(waiting(1, requirements=(one, two))) == signature_of(waiting(2, requirements=(two, one)))
    assert signature_of(waiting(1, requirements=(one,))) != signature_of(waiting(1, requirements=(two,)))
    for change in ({"queue": "sales"}, {"medium": "email"}, {"waited_seen": 1}, {"groups": ("backup",)}, {"pace": 1}):
        assert signature_of(waiting(1)) != signature_of(waiting(1, **change)), change


def test_what_does_not_decide_it_is_left_out() -> None:
    lasting, passing = Requirement("billing", 3), Requirement("billing", 3, 30 * SECOND)
    same = signature_of(waiting(1, requirements=(lasting,)))
    assert signature_of(waiting(1, requirements=(passing,))) == same
    assert signature_of(waiting(1, requirements=(lasting, passing))) == same
    assert signature_of(waiting(1, requirements=(Requirement("billing", 3, weight=5),))) == same
    assert signature_of(waiting(1, priority=50, tags=("vip",), language="pl")) == signature_of(waiting(1))


def test_an_expired_requirement_no_longer_counts() -> None:
    passing = Requirement("billing", 3, 30 * SECOND)
    expired = waiting(1, requirements=(passing,), expired=frozenset({str(passing)}))
    assert signature_of(expired) == signature_of(waiting(1))
