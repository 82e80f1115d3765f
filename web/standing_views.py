"""What pages and API show of a customer's standing, and why it is so, in words of the pages' catalogues."""

from typing import Any

from customers.standing import band
from router.policy import Policy
from router.standing import goes_first
from vocabulary.instants import rfc3339
from vocabulary.records import CustomerRow, StandingRow
from web.answers import SegmentReason, StandingReason, StandingView
from web.i18n import Catalogues, Translate, ordinal_form
from web.staff_views import at

_SAME = ("orders", "spent", "currency", "value", "churn", "churn_of", "rfm", "tier", "place", "of")


def standing_view(row: CustomerRow, kept: StandingRow | None, policy: Policy) -> StandingView | None:
    """Return what is shown of a customer's standing under `policy`, None if nothing is known."""
    if kept is None or not (kept.facts or kept.segments or kept.own):
        return None
    facts = kept.facts
    churn = facts.get("churn")
    told: dict[str, Any] = {name: facts.get(name) for name in _SAME}
    owner = row.attributes.get("owner")
    segments = list(dict.fromkeys((*((kept.own,) if kept.own else ()), *kept.segments)))
    return StandingView(
        segments=segments,
        key=goes_first(segments, policy),
        own=kept.own,
        churn_band=None if churn is None else band(churn),
        first_purchase_at=at(facts.get("first_purchase_at")),
        last_purchase_at=at(facts.get("last_purchase_at")),
        contract_end=at(facts.get("contract_end")),
        calculated_at=rfc3339(kept.at),
        owner=owner if isinstance(owner, str) else None,
        reasons=[
            SegmentReason(
                segment=one["segment"],
                reasons=[StandingReason(code=each["code"], terms=each["terms"]) for each in one["reasons"]],
            )
            for one in facts.get("reasons", ())
        ],
        **told,
    )


def in_words(view: StandingView, catalogues: Catalogues, language: str) -> list[str]:
    """Return a line for each segment: what it is called, and why the customer is of it."""
    t = catalogues.translator(language)
    own = [f"{_named(t, view.own)}: {t('standing.own')}"] if view.own is not None else []
    lines = (
        f"{_named(t, one.segment)}: {', '.join(_said(t, each, view, language) for each in one.reasons)}"
        for one in view.reasons
    )
    return [*own, *lines]


def _named(t: Translate, segment: str) -> str:
    key = f"segment.{segment}"
    word = t(key)
    return segment.replace("_", " ") if word == key else word


def _said(t: Translate, reason: StandingReason, view: StandingView, language: str) -> str:
    terms: dict[str, Any] = dict(reason.terms)
    if "place" in terms:
        terms |= {
            "place": t(f"ordinal.{ordinal_form(language, terms['place'])}", n=terms["place"]),
            "count": terms.pop("of"),
        }
    if "share" in terms:
        terms["share"] = round(100 * terms["share"])
    if "days" in terms:
        terms["count"] = terms.pop("days")
    return t(f"standing.{reason.code.removeprefix('segment_')}", **{"currency": view.currency or "", **terms})
