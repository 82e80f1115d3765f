"""Lines of waiting work: their order, and what makes two interactions wait in the same one."""

from hypothesis import given
from hypothesis import strategies as st

from queues.backlog import END, Line, Signature, signature_of
from queues.interaction import PLAIN, Interaction, queue_terms, turn_of
from queues.lifecycle import InteractionState
from tests.builders import START
from vocabulary.instants import SECOND
from vocabulary.skills import Requirement

PACED = {"terms": queue_terms(0, 1, 1, 1)}
keys = st.tuples(st.integers(-1, 1), st.integers(0, 50))


def waiting(number: int = 1, **values: object) -> Interaction:
    row = Interaction(
        turn=turn_of(0, START, number),
        id=f"i-{number}",
        state=InteractionState.WAITING,
        channel="web",
        medium="chat",
        customer="c",
        queue="support",
        arrived_at=START,
        enqueued_at=START,
        terms=queue_terms(0, 0, 0, 1),
    )
    for name, value in values.items():
        setattr(row, name, value)
    return row


def place(number: int, class_: int = 0, due_at: int = 0) -> Interaction:
    return waiting(number, turn=turn_of(class_, due_at, number))


@given(st.lists(keys, max_size=200), st.data())
def test_a_line_is_sorted_whatever_comes_and_goes(keys: list[tuple[int, int]], data: st.DataObject) -> None:
    line, there = Line(0, Signature("support", "chat")), []
    for number, (class_, due_at) in enumerate(keys):
        there.append(place(number, class_, due_at))
        line.add(there[-1])
        if data.draw(st.booleans(), label="one goes"):
            line.remove(there.pop(data.draw(st.integers(0, len(there) - 1))))
        assert list(line) == sorted(there)
        assert line.head == (min(there).turn if there else END)
        assert len(line) == len(there)
    for each in there:
        assert line.ahead_of(each.key) == sorted(there).index(each)


def test_a_line_that_is_served_from_its_head_keeps_no_dead_weight() -> None:
    line = Line(0, Signature("support", "chat"))
    for number in range(1_000):
        line.add(place(number))
    for _ in range(999):
        line.remove(line.first)
    assert [each.number for each in line] == [999]
    assert len(line._rows) < 200


def test_what_decides_who_may_serve_makes_the_signature() -> None:
    one, two = Requirement("billing", 3), Requirement("lang:pl", 1)
    assert signature_of(waiting(1, requirements=(one, two))) == signature_of(waiting(2, requirements=(two, one)))
    assert signature_of(waiting(1, requirements=(one,))) != signature_of(waiting(1, requirements=(two,)))
    for change in ({"queue": "sales"}, {"medium": "email"}, {"waited_seen": 1}, {"groups": ("backup",)}, PACED):
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


@given(st.integers(-5, 5), st.integers(-(10**14), 10**14), st.integers(0, 10**11))
def test_a_turn_tells_its_key(class_: int, due_at: int, number: int) -> None:
    row = waiting(number, turn=turn_of(class_, due_at, number))
    assert row.key == (class_, due_at, number)
    assert (row.class_, row.due_at, row.number) == row.key


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-9, 9), st.integers(0, 9)), max_size=30))
def test_turns_order_as_keys_do(keys: list[tuple[int, int, int]]) -> None:
    assert sorted(keys, key=lambda key: turn_of(*key)) == sorted(keys)


def test_what_few_have_is_there_and_forgotten_again() -> None:
    row = waiting()
    assert row.seldom is PLAIN
    row.groups, row.hold_until = ("backup",), START
    assert (row.groups, row.hold_until, waiting().groups) == (("backup",), START, ())
    row.groups, row.hold_until = (), None
    assert row.seldom is PLAIN
