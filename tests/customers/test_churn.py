"""What contracts teach: who renewed, what was known of him before, and nothing that came later."""

from customers.churn import FEATURES, GRACE, LEAD, Examples, Labels, add_customer
from vocabulary.instants import DAY
from vocabulary.records import Contact, PurchaseRow

NOW = 1_772_000_000_000
YEAR = 365 * DAY
MONEY = {"EUR": 0.01}


def contract(number: int, begins: int, ends: int, amount: int = 12_000, currency: str = "EUR") -> PurchaseRow:
    return PurchaseRow(id=f"o-{number}", customer="c-1", at=begins, amount=amount, currency=currency, contract_end=ends)


def learnt(*contracts: PurchaseRow, contacts: tuple[Contact, ...] = ()) -> Examples:
    found = Examples()
    add_customer(found, contracts, contacts, Labels(), MONEY, NOW)
    return found


def test_a_renewal_and_a_farewell_are_examples_and_what_is_over_for_good_is_no_question() -> None:
    end = NOW - GRACE - DAY
    found = learnt(contract(1, end - 2 * YEAR, end - YEAR), contract(2, end - YEAR, end))
    assert (found.left, found.whose, found.about, found.gone) == ([0, 1], [0, 0], [], ["c-1"])
    assert found.ends == {"c-1": end}


def test_a_contract_that_runs_or_may_still_be_renewed_is_a_question_not_an_example() -> None:
    for end in (NOW + 90 * DAY, NOW - GRACE + DAY):
        found = learnt(contract(1, end - YEAR, end))
        assert (found.known, found.about, found.gone) == ([], ["c-1"], [])


def test_what_was_bought_too_late_is_no_renewal_and_what_was_renewed_early_teaches_nothing() -> None:
    end = NOW - YEAR
    late = learnt(contract(1, end - YEAR, end), contract(2, end + GRACE + DAY, NOW + YEAR))
    assert late.left == [1]
    early = learnt(contract(1, end - YEAR, end), contract(2, end - LEAD - DAY, NOW + YEAR))
    assert early.left == []


def test_features_are_what_was_known_before_the_end_only() -> None:
    end = NOW - YEAR
    at = end - LEAD
    contacts = (
        Contact("c-1", at - 200 * DAY, "complaint"),
        Contact("c-1", at - 10 * DAY, "complaint"),
        Contact("c-1", at - 4 * DAY, "outage", "negative"),
        Contact("c-1", at + DAY, "complaint"),
    )
    bought = (contract(1, end - 2 * YEAR, end - YEAR, 10_000), contract(2, end - YEAR, end, 20_100))
    found = learnt(*bought, contacts=contacts)
    row = dict(zip(FEATURES, found.known[1], strict=True))
    assert row == {
        "customer_for_days": 2 * 365 - 60,
        "renewals": 1,
        "length_days": 365,
        "amount": row["amount"],
        "amount_change": row["amount_change"],
        "complaints": 1,
        "outages": 1,
        "negative": 1,
        "contacts": 2,
        "days_since_contact": 4,
    }
    assert round(row["amount_change"], 2) == 1.0


def test_a_contract_without_a_rate_teaches_nothing() -> None:
    assert learnt(contract(1, NOW - YEAR, NOW + YEAR, currency="CHF")).about == []
