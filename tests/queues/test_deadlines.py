"""Deadlines: what stands is found in order, what doesn't is dropped."""

from hypothesis import given
from hypothesis import strategies as st

from queues.deadlines import Deadlines, Due


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcdefgh"), st.booleans()), max_size=300))
def test_the_first_is_the_earliest_that_stands(steps: list[tuple[int, str, bool]]) -> None:
    truth: dict[str, int] = {}
    deadlines = Deadlines(lambda due: truth.get(due[2]) == due[0])
    for at, of, comes in steps:
        if comes:
            truth[of] = at
            deadlines.put(at, "hold", of)
        else:
            truth.pop(of, None)
        expected = min(((at, "hold", of) for of, at in truth.items()), default=None)
        assert deadlines.first() == expected
        assert deadlines.due(15) == (expected if expected is not None and expected[0] <= 15 else None)


def test_what_never_comes_first_does_not_pile_up() -> None:
    latest: dict[str, int] = {"a": 0}
    deadlines = Deadlines(lambda due: latest[due[2]] == due[0])
    for at in range(10_000):
        latest["a"] = at
        deadlines.put(at, "hold", "a")
    assert len(deadlines) <= 1_025
    assert deadlines.first() == (9_999, "hold", "a")


def test_asking_what_is_due_leaves_what_comes_later() -> None:
    asked: list[Due] = []

    def stands(due: Due) -> bool:
        asked.append(due)
        return True

    deadlines = Deadlines(stands)
    deadlines.put(10, "hold", "a")
    assert deadlines.due(9) is None
    assert asked == []
    assert deadlines.due(10) == (10, "hold", "a")
