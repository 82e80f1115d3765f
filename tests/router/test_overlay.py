"""The table that can be forked: it reads like a dict, and a fork keeps its changes to itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.overlay import Table

changes = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 9)), max_size=20)


def put(table: Table[str, int], plain: dict[str, int], key: str, value: int | None) -> None:
    if value is not None:
        table[key] = plain[key] = value
    elif key in plain:
        del table[key], plain[key]
    else:
        with pytest.raises(KeyError):
            del table[key]
    assert (dict(table), len(table), key in table) == (plain, len(plain), key in plain)
    assert table.get(key, -1) == plain.get(key, -1)


@given(below=changes, above=changes)
def test_a_table_and_its_fork_are_what_a_plain_dict_says(
    below: list[tuple[str, int | None]], above: list[tuple[str, int | None]]
) -> None:
    table: Table[str, int] = Table()
    plain: dict[str, int] = {}
    for key, value in below:
        put(table, plain, key, value)
    fork, forked = table.fork(), dict(plain)
    for key, value in above:
        put(fork, forked, key, value)
    assert dict(table) == plain


def test_what_is_not_there_raises_key_error() -> None:
    table: Table[str, int] = Table()
    table["a"] = 1
    fork = table.fork()
    del fork["a"]
    for each, key in ((table, "b"), (fork, "a"), (fork, "b")):
        with pytest.raises(KeyError, match=key):
            each[key]
