"""What a customer's standing brings his work as it comes in: segments, figures, whom he belongs to."""

from typing import Any

import msgspec

from customers.standing import figures
from router.policy import Policy, names_segment
from vocabulary.ids import AgentId
from vocabulary.instants import Instant
from vocabulary.records import CustomerRow, StandingRow
from vocabulary.stores import Store

OWNER = "owner"
"""The attribute of a customer that names the agent whom he belongs to."""


class Standing(msgspec.Struct, frozen=True):
    """What comes with a customer; nothing of a stranger."""

    segment: str | None = None
    also: tuple[str, ...] = ()
    preferred_agent: AgentId | None = None
    attributes: dict[str, Any] = {}


async def standing_of(store: Store, policy: Policy, customer: CustomerRow | None, now: Instant) -> Standing:
    """Return what comes with `customer`. A site that defines no segments and asks for no figures is asked nothing."""
    if customer is None:
        return Standing()
    asks = bool(policy.segments) or any(rule.when.attributes for rule in policy.rules)
    kept = await store.standing(customer.id) if asks else None
    segments = segments_by_precedence(policy, customer, kept)
    # The journal holds no other words of staff.
    named = tuple(segment for segment in segments if names_segment(policy, segment))
    return Standing(
        segment=next(iter(named), None),
        also=named[1:],
        preferred_agent=_preferred(policy, customer, named),
        attributes={**(figures(kept.facts, now) if kept is not None else {}), **customer.attributes},
    )


def segments_by_precedence(policy: Policy, customer: CustomerRow, kept: StandingRow | None) -> tuple[str, ...]:
    """Return what a customer is: first what staff say, then what was calculated."""
    known = kept.segments if kept is not None else ()
    places = {name: place for place, name in enumerate(policy.segments)}
    ordered = sorted(known, key=lambda name: places.get(name, len(places)))
    own = (customer.segment,) if customer.segment is not None else ()
    return tuple(dict.fromkeys((*own, *ordered)))


def _preferred(policy: Policy, customer: CustomerRow, segments: tuple[str, ...]) -> AgentId | None:
    """Return who rather serves him: whom he belongs to, where a segment of his says so, else the segment's agent."""
    owner = customer.attributes.get(OWNER)
    for segment in segments:
        terms = policy.segments.get(segment)
        if terms is not None and terms.owner and isinstance(owner, str) and owner:
            return owner
        if terms is not None and terms.preferred_agent is not None:
            return terms.preferred_agent
    return None
