"""Customers who are one person: a reading of their rows, never a change of them (docs/decisions/0021).

A merge says that one customer is read as part of another. What each is known by, what he said and what is written down
of him stay his own, so undoing it in any order leaves nothing to restore.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from customers.blocking import BLOCKED
from customers.reachability import UNDELIVERABLE
from vocabulary.ids import CustomerId, derived_id
from vocabulary.records import CustomerRow, MergeRow

Attributes = Mapping[str, Any]


def merge_id(one: CustomerId, other: CustomerId) -> str:
    """Return the id of the row for these two, whichever becomes part of the other."""
    return derived_id("g", *sorted((one, other)))


def group(id: CustomerId, merges: Iterable[MergeRow]) -> tuple[CustomerId, ...]:
    """Return all customers who are one person with `id`, first the one whose id they go by; alone, only himself.

    Args:
        id: one of them.
        merges: at least all that are reached from `id`; those that don't hold are left out.
    """
    holding = [each for each in merges if each.state == "merged"]
    reached, found = [id], {id}
    for known in reached:
        beside = {each.into for each in holding if each.customer == known}
        beside |= {each.customer for each in holding if each.into == known}
        reached += sorted(beside - found)
        found |= beside
    # One, as only heads are merged; two nodes that merge at once can make several, or none.
    heads = found - {each.customer for each in holding}
    head = min(heads or found)
    return (head, *sorted(found - {head}))


def heads(merges: Iterable[MergeRow]) -> dict[CustomerId, CustomerId]:
    """Return for everybody who is one person with somebody else the id that they go by; nobody else is in it."""
    holding = [each for each in merges if each.state == "merged"]
    beside: dict[CustomerId, list[MergeRow]] = {}
    for each in holding:
        beside.setdefault(each.customer, []).append(each)
        beside.setdefault(each.into, []).append(each)
    found: dict[CustomerId, CustomerId] = {}
    for id in beside:
        if id in found:
            continue
        reached, among = [id], {id}
        for known in reached:
            further = {other for row in beside[known] for other in (row.customer, row.into)} - among
            reached += sorted(further)
            among |= further
        head = group(id, [row for known in reached for row in beside[known]])[0]
        found.update(dict.fromkeys(among, head))
    return found


def as_one(rows: Sequence[CustomerRow]) -> CustomerRow:
    """Return the person whom `rows` are together; what the first says counts before what the others say.

    An attribute that is null in the first hides that of the others: somebody has taken it away from the person. Marks
    that keep something from him hold whichever of them has it.
    """
    first, *others = rows
    if not others:
        return first
    return msgspec.structs.replace(
        first,
        created_at=min(row.created_at for row in rows),
        name=next((row.name for row in rows if row.name), ""),
        language=next((row.language for row in rows if row.language), None),
        segment=next((row.segment for row in rows if row.segment), None),
        birth_date=next((row.birth_date for row in rows if row.birth_date), None),
        postcode=next((row.postcode for row in rows if row.postcode), None),
        attributes=_attributes([row.attributes for row in rows]),
    )


def _attributes(all_of_them: Sequence[Attributes]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for attributes in reversed(all_of_them):
        joined.update(attributes)
    marks = [attributes[BLOCKED] for attributes in all_of_them if attributes.get(BLOCKED)]
    if marks:
        joined[BLOCKED] = marks[0]
    undeliverable = [attributes[UNDELIVERABLE] for attributes in all_of_them if attributes.get(UNDELIVERABLE)]
    if undeliverable:
        joined[UNDELIVERABLE] = {address: mark for each in reversed(undeliverable) for address, mark in each.items()}
    return {name: value for name, value in joined.items() if value is not None}


def hiding(given: Attributes, others: Iterable[CustomerRow]) -> dict[str, Any]:
    """Return `given` as the attributes of the first row, so that the person has these and no others."""
    hidden = {name: None for row in others for name in row.attributes if name not in given}
    return {**hidden, **given}
