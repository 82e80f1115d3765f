"""Deadlines: at most one instant per key, earliest first, in forks too."""

from hypothesis import given
from hypothesis import strategies as st

from queues.deadlines import DeadlineKey, Deadlines

ONE: DeadlineKey = ("offer", "o-1")
TWO: DeadlineKey = ("hold", "i-1")


def test_the_earliest_is_first() -> None:
    deadlines = Deadlines()
    deadlines.put(ONE, 20)
    deadlines.put(TWO, 10)
    assert (deadlines.first(), deadlines.at(ONE), deadlines.at(TWO)) == ((10, TWO), 20, 10)


def test_a_later_instant_takes_the_place_of_the_earlier() -> None:
    deadlines = Deadlines()
    deadlines.put(ONE, 10)
    deadlines.put(ONE, 30)
    deadlines.put(TWO, 20)
    assert deadlines.first() == (20, TWO)
    deadlines.put(TWO, None)
    assert deadlines.first() == (30, ONE)
    deadlines.put(ONE, None)
    assert (deadlines.first(), deadlines.at(ONE)) == (None, None)


def test_a_fork_keeps_its_changes_to_itself() -> None:
    deadlines = Deadlines()
    deadlines.put(ONE, 10)
    deadlines.put(TWO, 20)
    fork = deadlines.fork()
    fork.put(ONE, None)
    fork.put(TWO, 5)
    assert (fork.first(), fork.at(ONE)) == ((5, TWO), None)
    assert (deadlines.first(), deadlines.at(TWO)) == ((10, ONE), 20)


def test_equal_instants_come_in_the_order_of_their_keys() -> None:
    deadlines = Deadlines()
    deadlines.put(ONE, 10)
    deadlines.put(TWO, 10)
    assert deadlines.first() == (10, TWO)


changes = st.lists(
    st.tuples(
        st.sampled_from(("offer", "hold", "due")),
        st.sampled_from(("x", "y", "z")),
        st.none() | st.integers(0, 9),
    ),
    max_size=30,
)


@given(below=changes, above=changes)
def test_deadlines_and_their_forks_are_what_a_plain_dict_says(
    below: list[tuple[str, str, int | None]], above: list[tuple[str, str, int | None]]
) -> None:
    plain: dict[tuple[str, str], int] = {}
    deadlines = Deadlines()

    def put(where: Deadlines, change: tuple[str, str, int | None]) -> None:
        kind, id, at = change
        where.put((kind, id), at)  # type: ignore[arg-type]  # the kinds are among those there are
        if at is None:
            plain.pop((kind, id), None)
        else:
            plain[kind, id] = at
        assert where.first() == min(((at, key) for key, at in plain.items()), default=None)

    for change in below:
        put(deadlines, change)
    before = dict(plain)
    fork = deadlines.fork()
    for change in above:
        put(fork, change)
    assert deadlines.first() == min(((at, key) for key, at in before.items()), default=None)
    walked = list(deadlines.in_order())
    assert walked == sorted(walked)
    assert set(walked) == {(at, key) for key, at in before.items()}
