"""What customers are worth: the table `[customers]`, and the tables of `[segments]`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.kinds import BOUND, CURRENCY, SHARE, Name, Span, Text
from vocabulary.bounds import Bound
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

Limits = Annotated[Bound, Meta(extra={"kind": BOUND})]
Part = Annotated[float, Meta(extra={"kind": SHARE}, gt=0, le=1)]
Currency = Annotated[str, Meta(extra={"kind": CURRENCY})]


class Customers(msgspec.Struct, frozen=True):
    """How purchases are counted."""

    currency: Annotated[Currency, Meta(description="The currency of all figures (ISO 4217).", examples=["EUR"])] = "EUR"
    rates: Annotated[
        dict[Currency, Annotated[float, Meta(gt=0, le=1_000_000)]],
        Meta(
            description="What one unit of other currencies is worth in it; purchases in others count nowhere.",
            examples=[{"PLN": 0.23, "HUF": 0.0026}],
        ),
    ] = {}
    within: Annotated[
        Span, Meta(description="`spent` and `orders` are of the last so long.", ge=DAY, le=3650 * DAY)
    ] = 365 * DAY
    horizon: Annotated[
        Span, Meta(description="`value` is what a customer brings within so long from now.", ge=DAY, le=1830 * DAY)
    ] = 365 * DAY
    discount: Annotated[
        float, Meta(description="By how much less money is worth in a year: 0.1 = a tenth.", ge=0, le=1)
    ] = 0.1
    every: Annotated[
        Span, Meta(description="Segments are calculated so often, and after an import.", ge=5 * MINUTE, le=31 * DAY)
    ] = 24 * HOUR
    complaint_labels: Annotated[
        tuple[Text, ...],
        Meta(description="Labels that count as complaints where contracts are foretold.", extra={"one": True}),
    ] = ("complaint",)
    outage_labels: Annotated[
        tuple[Text, ...],
        Meta(description="Labels that count as outages there.", extra={"one": True}),
    ] = ("outage",)


class Segment(msgspec.Struct, frozen=True):
    """Who is of a segment, and what that brings. All that is set must hold. Tables that stand earlier go first.

    A table without conditions is for customers whom staff or an integration puts there.
    """

    top_value: Annotated[
        Part | None,
        Meta(description="He is among so large a part of the buyers, by what they spent.", examples=["5%"]),
    ] = None
    value_share: Annotated[
        Part | None,
        Meta(description="He is among the fewest buyers who bring so much of the whole together.", examples=["50%"]),
    ] = None
    by: Annotated[
        Literal["spent", "value"],
        Meta(description="What the two go by: what was spent, or what is expected."),
    ] = "spent"
    churn: Annotated[
        Limits | None,
        Meta(description="The probability that he has left, or won't renew his contract.", examples=[">=0.6"]),
    ] = None
    value: Annotated[
        Limits | None, Meta(description="What he is expected to bring within the horizon.", examples=[">=1000"])
    ] = None
    spent: Annotated[Limits | None, Meta(description="What he spent lately.", examples=[">=1000"])] = None
    orders: Annotated[Limits | None, Meta(description="How often he bought lately.", examples=[">=3"])] = None
    recency: Annotated[
        Limits | None, Meta(description="How lately he bought, 5 is best among all buyers.", examples=[">=4"])
    ] = None
    frequency: Annotated[Limits | None, Meta(description="How often, 5 is best.", examples=[">=4"])] = None
    monetary: Annotated[Limits | None, Meta(description="For how much, 5 is best.", examples=[">=4"])] = None
    bought_within: Annotated[
        Annotated[Span, Meta(ge=DAY, le=3650 * DAY)] | None,
        Meta(description="His last purchase is at most so old.", examples=["90d"]),
    ] = None
    not_bought_for: Annotated[
        Annotated[Span, Meta(ge=DAY, le=3650 * DAY)] | None,
        Meta(description="It is at least so old.", examples=["365d"]),
    ] = None
    customer_within: Annotated[
        Annotated[Span, Meta(ge=DAY, le=3650 * DAY)] | None,
        Meta(description="His first purchase is at most so old.", examples=["60d"]),
    ] = None
    contract_ends_within: Annotated[
        Annotated[Span, Meta(ge=DAY, le=3650 * DAY)] | None,
        Meta(description="His contract ends within so long.", examples=["60d"]),
    ] = None
    attributes: Annotated[
        dict[Text, Annotated[tuple[Text, ...], Meta(extra={"one": True})]],
        Meta(description="Attributes of the customer, as in rules.", examples=[{"contract": ["gold", "platinum"]}]),
    ] = {}
    priority: Annotated[
        int, Meta(description="Added to the rule's priority; of several segments the largest.", ge=-100, le=100)
    ] = 0
    target: Annotated[
        Annotated[Span, Meta(ge=SECOND, le=90 * DAY)] | None,
        Meta(description="Service level in queues that name none for the segment.", examples=["10s"]),
    ] = None
    owner: Annotated[
        bool, Meta(description="He rather goes to the agent in his attribute `owner`, who is waited for (`hold`).")
    ] = False
    preferred_agent: Annotated[Name | None, Meta(description="Else to this agent.", examples=["operator"])] = None
