"""Rows of purchases: what is taken, and what is wrong with the others."""

from datetime import UTC, datetime

import pytest

from customers.purchases import Fault, Purchase, purchase_of
from vocabulary.instants import DAY, Instant


def day(text: str) -> Instant:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = day("2026-03-10")
ROW = {"order_id": "1", "at": "2026-03-01", "amount": "5", "currency": "EUR", "external_id": "crm-1"}


@pytest.mark.parametrize(
    "at,message",
    [
        ("2199-01-01", "'2199-01-01' is in the future; write when it was bought"),
        ("2026-03-12", "'2026-03-12' is in the future; write when it was bought"),
        ("1969-12-31", "'1969-12-31' is no date from 1970 on; write 2026-03-01 or 2026-03-01T09:30:00+01:00"),
        ("0001-01-01", "'0001-01-01' is no date from 1970 on; write 2026-03-01 or 2026-03-01T09:30:00+01:00"),
    ],
)
def test_what_was_bought_before_1970_or_is_yet_to_be_is_a_fault(at: str, message: str) -> None:
    assert purchase_of({**ROW, "at": at}, NOW) == Fault("at", message)


def test_a_purchase_of_today_is_taken_where_the_day_begins_earlier() -> None:
    found = purchase_of({**ROW, "at": "2026-03-11"}, NOW)
    assert isinstance(found, Purchase)
    assert found.at == NOW + DAY


def test_a_contract_ends_after_it_was_bought() -> None:
    found = purchase_of({**ROW, "contract_end": "2026-02-28T00:00:00Z"}, NOW)
    assert isinstance(found, Fault)
    assert (found.field, "is before it was bought" in found.message) == ("contract_end", True)
    same = purchase_of({**ROW, "contract_end": "2026-03-01"}, NOW)
    assert isinstance(same, Purchase)
    assert same.contract_end == day("2026-03-02")


def test_money_may_go_back_after_a_contract_is_over() -> None:
    assert isinstance(purchase_of({**ROW, "amount": "-5", "contract_end": "2026-01-31"}, NOW), Purchase)
