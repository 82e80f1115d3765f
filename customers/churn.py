"""Whether a contract will be renewed: examples from contracts that are over, and the same of those that run.

A contract is a purchase with an end. It was renewed if the customer bought another that runs longer, at the latest
`GRACE` after the end. An example is what was known `LEAD` before the end, never anything later.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from math import log2

import msgspec

from vocabulary.instants import DAY, Instant, Span
from vocabulary.records import Contact, PurchaseRow

GRACE: Span = 30 * DAY
"""So long after its end a contract can still be renewed; whoever hasn't by then, has left."""
LEAD: Span = 60 * DAY
"""So long before the end a customer is looked at, to learn from."""
RECENT: Span = 180 * DAY
"""Contacts of this time count."""
FEATURES = (
    "customer_for_days", "renewals", "length_days", "amount", "amount_change", "complaints", "outages", "negative",
    "contacts", "days_since_contact",
)  # fmt: skip
"""What a customer is described by, in this order. `amount` is the logarithm of the contract's, in the main currency."""

Money = dict[str, float]
"""What a minor unit of each currency is worth in the main one."""


class Labels(msgspec.Struct, frozen=True):
    """What contacts are complaints and outages."""

    complaints: frozenset[str] = frozenset({"complaint"})
    outages: frozenset[str] = frozenset({"outage"})


class Examples(msgspec.Struct):
    """Customers with contracts. `known` rows of `FEATURES` have their `left` (1: not renewed) and `whose` they are.

    `asked` are those of whom it is open, `about` their customers; `gone` have left already: no contract any more.
    `ends`: when each customer's last contract ends.
    """

    known: list[list[float]] = []
    left: list[int] = []
    whose: list[int] = []
    asked: list[list[float]] = []
    about: list[str] = []
    gone: list[str] = []
    ends: dict[str, Instant] = {}


def add_customer(
    examples: Examples,
    contracts: Sequence[PurchaseRow],
    contacts: Sequence[Contact],
    labels: Labels,
    money: Money,
    now: Instant,
) -> None:
    """Put what one customer's contracts teach, and what is asked about him, into `examples`.

    Args:
        examples: what is known so far.
        contracts: all of his, by end.
        contacts: all of his, by instant.
        labels: what contacts are about.
        money: a contract in another currency teaches nothing.
        now: until when anything is known.
    """
    rated = [row for row in contracts if row.currency in money and row.contract_end is not None]
    if not rated:
        return
    number = len(examples.about) + len(examples.gone)
    for place, row in enumerate(rated):
        end = _end(row)
        at = max(row.at, end - LEAD)
        later = [other.at for other in rated[place + 1 :] if _end(other) > end]
        renewed = min(later, default=None)
        over = end + GRACE <= now
        if at >= now or not over or (renewed is not None and renewed <= at):
            continue
        examples.known.append(_features(rated[: place + 1], contacts, labels, money, at))
        examples.left.append(int(renewed is None or renewed > end + GRACE))
        examples.whose.append(number)
    last = rated[-1]
    examples.ends[last.customer] = _end(last)
    if _end(last) + GRACE <= now:
        examples.gone.append(last.customer)
    else:
        examples.asked.append(_features(rated, contacts, labels, money, now))
        examples.about.append(last.customer)


def _end(row: PurchaseRow) -> Instant:
    assert row.contract_end is not None
    return row.contract_end


def _features(
    contracts: Sequence[PurchaseRow], contacts: Sequence[Contact], labels: Labels, money: Money, at: Instant
) -> list[float]:
    """Return the row of `FEATURES` as it was known at `at`; the last of `contracts` is the one that ran then."""
    current, first = contracts[-1], min(row.at for row in contracts)
    amount = max(current.amount * money[current.currency], 0.0)
    before = max(contracts[-2].amount * money[contracts[-2].currency], 0.0) if len(contracts) > 1 else amount
    instants = [contact.at for contact in contacts]
    recent = contacts[bisect_left(instants, at - RECENT) : bisect_right(instants, at)]
    return [
        (at - first) / DAY,
        float(len(contracts) - 1),
        (_end(current) - current.at) / DAY,
        _log(amount),
        _log(amount) - _log(before),
        float(_count(recent, labels.complaints)),
        float(_count(recent, labels.outages)),
        float(sum(contact.mood == "negative" for contact in recent)),
        float(len(recent)),
        (at - recent[-1].at if recent else RECENT) / DAY,
    ]


def _count(contacts: Sequence[Contact], labels: Collection[str]) -> int:
    return sum(contact.label in labels for contact in contacts)


def _log(amount: float) -> float:
    """Return the logarithm to base 2 of an amount and one: twice as much is one more."""
    return log2(1 + amount)
