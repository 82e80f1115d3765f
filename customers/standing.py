"""Segments: which of the site's definitions a customer fits, and why.

A definition holds if all that it asks for does. Reasons are codes with their terms; `reports.wording` has the words.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from vocabulary.bounds import Bound, is_any
from vocabulary.ids import CustomerId
from vocabulary.instants import DAY, Instant, Span
from vocabulary.records import Change, CustomerRow, PutNew, Set, StandingRow

By = Literal["spent", "value"]
MONTH = 30.4375
"""Days."""
BANDS = ((0.3, "low"), (0.6, "medium"), (1.1, "high"))
"""Below which probability to leave which word is said."""


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is worth. Amounts are in the site's currency; None: nobody knows.

    `spent` and `orders` are of the last time (`[customers] within`), `place` among `of` buyers by what they spent and
    `before`, the share of everything that those with more have spent; the same of `value`, what he is expected to bring
    within the horizon. `churn`: the probability that he has left, or won't renew his contract (`contract`).
    """

    orders: int = 0
    spent: float = 0.0
    place: int = 0
    before: float = 1.0
    of: int = 0
    value: float | None = None
    value_place: int = 0
    value_before: float = 1.0
    churn: float | None = None
    contract: bool = False
    contract_end: Instant | None = None
    first_at: Instant | None = None
    last_at: Instant | None = None
    recency: int = 0
    frequency: int = 0
    monetary: int = 0


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """Who is of a segment: all that is set must hold. Shares are from 0 to 1.

    `top_value`: he is among so large a part of the buyers, by what they spent or are expected to bring. `value_share`:
    he is among the fewest buyers who bring so much of the whole together. `bounds` on figures by name, `attributes` of
    the customer as rules write them.
    """

    name: str
    top_value: float | None = None
    value_share: float | None = None
    by: By = "spent"
    bounds: tuple[tuple[str, Bound], ...] = ()
    bought_within: Span | None = None
    not_bought_for: Span | None = None
    customer_within: Span | None = None
    contract_ends_within: Span | None = None
    attributes: dict[str, tuple[str, ...]] = {}


class Found(msgspec.Struct, frozen=True):
    """A segment that fits, and why: `reasons` are codes with terms."""

    segment: str
    reasons: tuple[dict[str, Any], ...]


FIGURES = ("churn", "value", "spent", "orders", "recency", "frequency", "monetary")
"""What bounds may be set on."""


def segments_of(
    worth: Worth, attributes: Mapping[str, Any], definitions: Sequence[Definition], within: Span, now: Instant
) -> list[Found]:
    """Return what fits, in the order of `definitions`. `within` is the time that `worth` counts."""
    months = max(1, round(within / DAY / MONTH))
    found = []
    for definition in definitions:
        reasons = tuple(_reasons(worth, attributes, definition, months, now))
        if reasons and None not in reasons:
            found.append(Found(definition.name, tuple(one for one in reasons if one is not None)))
    return found


def _reasons(
    worth: Worth, attributes: Mapping[str, Any], one: Definition, months: int, now: Instant
) -> Iterator[dict[str, Any] | None]:
    """Yield a reason for each thing that is asked for; None where it doesn't hold."""
    if one.top_value is not None or one.value_share is not None:
        yield _among_the_first(worth, one, months)
    for name, bound in one.bounds:
        yield _within(worth, name, bound, months)
    yield from _since(worth, one, now)
    for name, values in one.attributes.items():
        yield (
            _reason("attribute", name=name, value=str(attributes.get(name)))
            if is_any(attributes.get(name), values)
            else None
        )


def _among_the_first(worth: Worth, one: Definition, months: int) -> dict[str, Any] | None:
    by_value = one.by == "value"
    amount, place = (worth.value, worth.value_place) if by_value else (worth.spent, worth.place)
    before = worth.value_before if by_value else worth.before
    if not amount or amount <= 0 or not worth.of:
        return None
    if one.top_value is not None and place > max(1, int(one.top_value * worth.of + 1e-9)):
        return None
    if one.value_share is not None and before >= one.value_share:
        return None
    return _reason("top_expected" if by_value else "top_spent", place=place, of=worth.of, months=months)


def _within(worth: Worth, name: str, bound: Bound, months: int) -> dict[str, Any] | None:
    value = getattr(worth, name)
    if value is None or (name in FIGURES[4:] and not value) or not bound.holds(value):
        return None
    match name:
        case "churn":
            return _reason("churn_contract" if worth.contract else "churn_purchases", share=round(value, 3))
        case "value":
            return _reason("worth", amount=round(value, 2))
        case "spent":
            return _reason("spent", amount=round(value, 2), months=months)
        case "orders":
            return _reason("orders", number=value, months=months)
        case _:
            return _reason(f"score_{name}", number=value)


def _since(worth: Worth, one: Definition, now: Instant) -> Iterator[dict[str, Any] | None]:
    """Yield what is asked of instants."""
    since = None if worth.last_at is None else max(0, now - worth.last_at)
    first = None if worth.first_at is None else max(0, now - worth.first_at)
    left = None if worth.contract_end is None else worth.contract_end - now
    if one.bought_within is not None:
        yield _reason("bought", days=since // DAY) if since is not None and since <= one.bought_within else None
    if one.not_bought_for is not None:
        yield _reason("not_bought", days=since // DAY) if since is not None and since >= one.not_bought_for else None
    if one.customer_within is not None:
        yield _reason("new", days=first // DAY) if first is not None and first <= one.customer_within else None
    if one.contract_ends_within is not None:
        ends = left is not None and 0 <= left <= one.contract_ends_within
        yield _reason("contract_ends", days=left // DAY) if ends and left is not None else None


def _reason(code: str, **terms: Any) -> dict[str, Any]:
    return {"code": f"segment_{code}", "terms": terms}


def facts(worth: Worth, found: Sequence[Found], currency: str) -> dict[str, Any]:
    """Return what is kept and shown of a customer's worth; what nobody knows is left out."""
    told: dict[str, Any] = {
        "orders": worth.orders,
        "spent": round(worth.spent, 2),
        "currency": currency,
        "value": None if worth.value is None else round(worth.value, 2),
        "churn": None if worth.churn is None else round(worth.churn, 4),
        "churn_of": None if worth.churn is None else ("contract" if worth.contract else "purchases"),
        "rfm": f"{worth.recency}{worth.frequency}{worth.monetary}" if worth.recency else None,
        "first_purchase_at": worth.first_at,
        "last_purchase_at": worth.last_at,
        "contract_end": worth.contract_end,
        "tier": tier(worth.before) if worth.place and worth.spent > 0 else None,
        "place": worth.place or None,
        "of": worth.of or None,
        "reasons": [{"segment": one.segment, "reasons": list(one.reasons)} for one in found],
    }
    return {name: value for name, value in told.items() if value is not None and value != []}


def figures(kept: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """Return what rules may compare as attributes, of kept facts."""
    told = {name: kept[name] for name in ("orders", "spent", "value", "churn", "rfm") if name in kept}
    rfm = str(kept.get("rfm", ""))
    told |= dict(zip(("recency", "frequency", "monetary"), map(int, rfm), strict=False))
    if kept.get("last_purchase_at") is not None:
        told["days_since_purchase"] = max(0, now - kept["last_purchase_at"]) // DAY
    if kept.get("contract_end") is not None:
        told["days_to_contract_end"] = (kept["contract_end"] - now) // DAY
    return told


def tier(before: float) -> str:
    """Return the class of a customer before whom `before` of the turnover comes: A, B or C (ABC analysis)."""
    return "A" if before < 0.8 else "B" if before < 0.95 else "C"


def band(churn: float) -> str:
    """Return in a word how likely it is that a customer leaves: low, medium or high."""
    return next(word for limit, word in BANDS if churn < limit)


def segment_said(
    customer: CustomerId, own: str | None, kept: StandingRow | None, now: Instant
) -> tuple[str | None, list[Change]]:
    """Return the segment of a customer of whom staff or an integration say `own`, and what is to be written for it.

    Where they say nothing any more (None), what was calculated counts: `kept`.
    """
    segment = own or next(iter(kept.segments if kept is not None else ()), None)
    return segment, [
        PutNew(StandingRow(id=customer, at=now)),
        Set(StandingRow, customer, {"own": own}),
        Set(CustomerRow, customer, {"segment": segment}),
    ]


def alone_again(row: CustomerRow, kept: StandingRow, *, calculated_together: bool, now: Instant) -> list[Change]:
    """Return what takes from a customer what is not his alone, now that he is no longer read as one with others.

    His segment may be what was said of another of them. `calculated_together`: the figures, too, are of all of them.
    """
    changes: list[Change] = []
    segments = () if calculated_together else kept.segments
    if calculated_together and (kept.segments or kept.facts):
        changes.append(Set(StandingRow, row.id, {"at": now, "segments": (), "facts": {}}))
    segment = kept.own or next(iter(segments), None)
    if row.segment != segment:
        changes.append(Set(CustomerRow, row.id, {"segment": segment}, {"segment": row.segment}))
    return changes
