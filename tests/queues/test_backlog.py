"""The backlog: what waits, in the order of its keys, in forks too."""

from hypothesis import given
from hypothesis import strategies as st

from queues.backlog import Backlog, signature_of
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from tests.builders import Requirement, requirement_of


def waiting(number: int, *, due_at: int = 0, class_: int = 0, **values: object) -> Interaction:
    standard: dict[str, object] = {
        "id": f"i-{number}",
        "number": number,
        "channel": "web",
        "medium": "chat",
        "customer": "c",
        "state": InteractionState.WAITING,
        "queue": "support",
        "created_at": 0,
        "arrived_at": 0,
        "enqueued_at": 0,
        "due_at": due_at,
        "class_": class_,
        "credit": 0,
    }
    return Interaction(**(standard | values))  # type: ignore[arg-type]  # each value has its type above


def ids(backlog: Backlog, like: Interaction) -> list[str]:
    return [id for _, id in backlog.waiting(signature_of(like))]


def test_class_then_due_then_number_give_the_order() -> None:
    backlog = Backlog()
    rows = [waiting(4), waiting(3, due_at=-5), waiting(2, class_=1, due_at=-9), waiting(1, class_=-1, due_at=9)]
    for row in rows:
        backlog.add(row)
    assert (ids(backlog, rows[0]), len(backlog)) == (["i-1", "i-3", "i-4", "i-2"], 4)
    assert [backlog.ahead_of(signature_of(row), row.key) for row in rows] == [2, 1, 3, 0]


def test_queue_medium_and_requirements_give_the_signature_in_any_order() -> None:
    one, two = requirement_of("billing>=3"), requirement_of("lang:pl")
    assert signature_of(waiting(1, requirements=(one, two))) == signature_of(waiting(2, requirements=(two, one)))
    assert signature_of(waiting(1, requirements=(one,))) != signature_of(waiting(1, requirements=(two,)))
    assert signature_of(waiting(1)) != signature_of(waiting(1, queue="sales"))
    assert signature_of(waiting(1)) != signature_of(waiting(1, medium="email"))


def test_when_a_requirement_expires_does_not_matter_to_the_signature_but_that_it_has() -> None:
    lasting, passing = Requirement("billing", 3), Requirement("billing", 3, 5)
    same = signature_of(waiting(1, requirements=(lasting,)))
    assert signature_of(waiting(1, requirements=(passing,))) == same
    assert signature_of(waiting(1, requirements=(lasting, passing))) == same
    expired = waiting(1, requirements=(Requirement("lang:pl", 9, 5), lasting), expired=frozenset({"lang:pl>=9"}))
    assert signature_of(expired) == same


def test_a_fork_keeps_its_changes_to_itself() -> None:
    backlog = Backlog()
    one, two, three = (waiting(number) for number in (1, 2, 3))
    backlog.add(one)
    backlog.add(three)
    fork = backlog.fork()
    fork.remove(one)
    fork.add(two)
    assert (ids(fork, one), len(fork), fork.ahead_of(signature_of(one), three.key)) == (["i-2", "i-3"], 2, 1)
    assert (ids(backlog, one), len(backlog)) == (["i-1", "i-3"], 2)


def test_what_was_taken_out_in_a_fork_can_wait_there_again() -> None:
    backlog = Backlog()
    backlog.add(waiting(1))
    fork = backlog.fork()
    for _ in range(2):
        fork.remove(waiting(1))
        assert (ids(fork, waiting(1)), len(fork)) == ([], 0)
        fork.add(waiting(1))
        assert (ids(fork, waiting(1)), len(fork)) == (["i-1"], 1)


toggles = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(("support", "sales"))), max_size=30)


@given(below=toggles, above=toggles)
def test_backlogs_and_their_forks_are_what_a_plain_set_says(
    below: list[tuple[int, str]], above: list[tuple[int, str]]
) -> None:
    plain: dict[int, str] = {}

    def toggle(where: Backlog, number: int, queue: str) -> None:
        if number in plain:
            where.remove(waiting(number, queue=plain.pop(number)))
        else:
            plain[number] = queue
            where.add(waiting(number, queue=queue))

    def check(where: Backlog) -> None:
        for queue in ("support", "sales"):
            assert ids(where, waiting(0, queue=queue)) == [
                f"i-{each}" for each in sorted(plain) if plain[each] == queue
            ]
        assert len(where) == len(plain)

    backlog = Backlog()
    for number, queue in below:
        toggle(backlog, number, queue)
    before = dict(plain)
    fork = backlog.fork()
    for number, queue in above:
        toggle(fork, number, queue)
        check(fork)
    plain = before
    check(backlog)
