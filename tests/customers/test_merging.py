"""Whoever is merged is read as one, and parting restores: whatever the order."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from customers.merging import as_one, group, heads, hiding, merge_id
from vocabulary.records import CustomerRow, MergeRow

NAMES = ("a", "b", "c", "d", "e")
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))


def merged(one: str, other: str, state: Any = "merged") -> MergeRow:
    return MergeRow(id=merge_id(one, other), customer=one, into=other, state=state, at=0)


def a_customer(id: str, **values: Any) -> CustomerRow:
    return CustomerRow(id=id, created_at=values.pop("created_at", 0), **values)


class Site:
    """Merges as the application makes them: of the heads, one row for each two."""

    def __init__(self) -> None:
        self.rows: dict[str, MergeRow] = {}

    def group(self, id: str) -> tuple[str, ...]:
        return group(id, self.rows.values())

    def merge(self, one: str, other: str) -> str | None:
        head, into = self.group(one)[0], self.group(other)[0]
        if head == into:
            return None
        row = merged(head, into)
        self.rows[row.id] = row
        return row.id

    def part(self, id: str) -> None:
        self.rows[id] = msgspec.structs.replace(self.rows[id], state="undone")

    def groups(self) -> set[tuple[str, ...]]:
        return {self.group(name) for name in NAMES}


@given(st.lists(PAIRS, max_size=8), st.randoms(use_true_random=False))
def test_parting_all_who_were_merged_restores_everybody_in_any_order(pairs: list[tuple[str, str]], draw: Any) -> None:
    site = Site()
    done = [id for one, other in pairs if (id := site.merge(one, other)) is not None]
    draw.shuffle(done)
    for id in done:
        site.part(id)
    assert site.groups() == {(name,) for name in NAMES}


@given(st.lists(PAIRS, max_size=8), PAIRS)
def test_taking_the_last_merge_back_restores_what_was_before(
    pairs: list[tuple[str, str]], last: tuple[str, str]
) -> None:
    site = Site()
    for one, other in pairs:
        site.merge(one, other)
    before = site.groups()
    id = site.merge(*last)
    if id is not None:
        assert site.groups() != before
        site.part(id)
    assert site.groups() == before


@given(st.lists(PAIRS, max_size=8))
def test_everybody_of_a_group_names_the_same_group(pairs: list[tuple[str, str]]) -> None:
    # Rows of any kind, as two nodes might have written them at once: rings too.
    rows = [merged(one, other) for one, other in pairs if one != other]
    for name in NAMES:
        found = group(name, rows)
        assert sorted(set(found)) == sorted(found)
        assert name in found
        assert all(group(each, rows) == found for each in found)


def test_what_was_suggested_or_parted_joins_nobody() -> None:
    rows = [merged("a", "b", state) for state in ("suggested", "dismissed", "undone")]
    assert group("a", rows) == ("a",)


def test_the_first_counts_before_the_others() -> None:
    first = a_customer("a", created_at=9, attributes={"plan": "gold", "shoe": None})
    other = a_customer("b", created_at=5, name="Ola", language="pl", attributes={"plan": "free", "shoe": 40, "cat": 1})
    one = as_one([first, other])
    assert (one.id, one.created_at, one.name, one.language) == ("a", 5, "Ola", "pl")
    assert one.attributes == {"plan": "gold", "cat": 1}
    assert as_one([first]) is first


def test_whoever_is_blocked_blocks_the_person_and_addresses_that_take_no_mail_come_together() -> None:
    marks = [{"blocked": {"by": "x"}, "undeliverable": {"a@x": {}}}, {"undeliverable": {"b@x": {}}}]
    one = as_one([a_customer("a", attributes=marks[1]), a_customer("b", attributes=marks[0])])
    assert one.attributes == {"blocked": {"by": "x"}, "undeliverable": {"a@x": {}, "b@x": {}}}


@given(st.dictionaries(st.sampled_from("pqr"), st.integers()), st.dictionaries(st.sampled_from("pqrs"), st.integers()))
def test_given_attributes_are_those_of_the_person(given_: dict[str, int], others: dict[str, int]) -> None:
    other = a_customer("b", attributes=others)
    assert as_one([a_customer("a", attributes=hiding(given_, [other])), other]).attributes == given_


def test_everybody_who_was_merged_is_named_with_the_id_that_the_person_goes_by() -> None:
    rows = [merged("c-2", "c-1"), merged("c-3", "c-2"), merged("c-9", "c-8"), merged("c-5", "c-4", state="undone")]
    found = heads(rows)
    assert found == {"c-1": "c-1", "c-2": "c-1", "c-3": "c-1", "c-8": "c-8", "c-9": "c-8"}
    assert all(group(id, rows)[0] == head for id, head in found.items())
