"""Segments in the file: what the core and the calculation read, and what is refused with its line."""

import pytest

from config.policy import definitions_of, policy_of
from customers.standing import Definition
from router.policy import SegmentPolicy
from tests.config.files import SMALL, lines, reading
from vocabulary.bounds import Bound
from vocabulary.instants import DAY, SECOND


def test_segments_reach_the_core_and_the_calculation_in_their_order() -> None:
    result = reading(
        f"""{SMALL}
[customers]
currency = "PLN"
rates = {{ EUR = 4.3 }}

[segments.key_account]
top_value = "2.5%"
by = "value"
priority = 20
target = "10s"
owner = true

[segments.departing]
churn = ">=0.6"
spent = ">0"
contract_ends_within = "60d"
attributes = {{ plan = "gold", seats = ">=10" }}

[segments.friends]
priority = -5
"""
    )
    assert result.settings is not None, result.faults
    assert policy_of(result.settings).segments == {
        "key_account": SegmentPolicy(priority=20, target=10 * SECOND, owner=True),
        "departing": SegmentPolicy(),
        "friends": SegmentPolicy(priority=-5),
    }
    assert definitions_of(result.settings) == (
        Definition(name="key_account", top_value=0.025, by="value"),
        Definition(
            name="departing",
            bounds=(("churn", Bound(">=", 0.6)), ("spent", Bound(">", 0))),
            contract_ends_within=60 * DAY,
            attributes={"plan": ("gold",), "seats": (">=10",)},
        ),
    )
    assert (result.settings.customers.currency, result.settings.customers.rates) == ("PLN", {"EUR": 4.3})


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('[segments.x]\ntop_value = "5"', 'segments.x.top_value: found "5", expected a share such as "5%"'),
        ('[segments.x]\nchurn = "0.6"', 'segments.x.churn: found "0.6", expected a bound such as ">=0.6" or "<1000"'),
        ('[segments.x]\nchurn = ">=60"', 'segments.x.churn: found ">=60", expected a bound from 0 to 1'),
        ('[segments.x]\nrecency = "<9"', 'segments.x.recency: found "<9", expected a bound from 1 to 5'),
        ('[segments.x]\nby = "value"\nspent = ">1"', 'segments.x.by: found "value" with nothing that goes by it'),
        (
            '[segments.x]\nbought_within = "9d"\nnot_bought_for = "30d"',
            "segments.x.not_bought_for: found more than bought_within",
        ),
        ("[segments.x]", "segments.x: warning: found a segment that brings nothing"),
        ('[customers]\ncurrency = "euro"', 'customers.currency: found "euro", expected a currency code'),
        ("[customers]\nrates = { EUR = 1.0 }", "customers.rates.EUR: found a rate of the main currency"),
        (
            '[segments.x]\npriority = 1\n[sla.gold]\nfirst_response = "1m"\nsegments = "y"',
            'sla.gold.segments[0]: warning: found "y", expected a table of [segments]',
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(table: str, fault: str) -> None:
    found = lines(f"{SMALL}\n{table}\n")
    assert any(fault in line for line in found), found
    assert all(line.split(":")[1].isdigit() for line in found), found
