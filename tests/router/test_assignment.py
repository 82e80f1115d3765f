"""The cheapest assignment, against every assignment there is."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from router.assignment import cheapest


@st.composite
def tables(draw: st.DrawFn) -> list[list[int]]:
    rows = draw(st.integers(0, 5))
    columns = draw(st.integers(max(1, rows), 6))
    return draw(
        st.lists(st.lists(st.integers(-50, 50), min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    )


@given(tables())
def test_no_other_assignment_is_cheaper(costs: list[list[int]]) -> None:
    found = cheapest(costs)
    assert len(set(found)) == len(costs)
    least = min(
        sum(costs[row][column] for row, column in enumerate(chosen))
        for chosen in permutations(range(len(costs[0]) if costs else 0), len(costs))
    )
    assert sum(costs[row][column] for row, column in enumerate(found)) == least


def test_as_many_rows_as_columns_take_all_of_them() -> None:
    assert sorted(cheapest([[3, 1, 2], [2, 3, 1], [1, 2, 3]])) == [0, 1, 2]
    assert cheapest([]) == []
