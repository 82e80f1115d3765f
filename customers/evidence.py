"""What speaks for somebody being a certain customer, and how strongly.

The model is Fellegi and Sunter's: whatever agrees adds log2(m / u) bits and whatever differs adds log2((1 - m) /
(1 - u)), where m is how often it agrees if he is that customer, and u how often it agrees by chance with another. The
sum, beginning from the odds of picking one of all customers at random, gives a probability (docs/explanation/
identification.md has the figures and where they come from).

Source: Fellegi & Sunter 1969, A Theory for Record Linkage, doi:10.1080/01621459.1969.10501049.
"""

from collections.abc import Iterable, Sequence
from math import log2
from typing import Literal

import msgspec

Strength = Literal["weak", "medium", "strong"]
STRENGTHS: tuple[Strength, ...] = ("weak", "medium", "strong")

MEDIUM_FROM, STRONG_FROM = 0.90, 0.995
"""Probabilities from which on evidence is more than weak."""
CUSTOMERS_MIN = 1_000
"""A site with fewer customers is taken for one with so many: there are always others who aren't written down."""

IDENTIFIED = "identified"
"""The attribute of an interaction's first message that says what its customer was identified by."""

EvidenceKind = Literal[
    "visitor", "external", "email", "email_unproven", "phone", "phone_in_text", "customer_number", "order_number",
    "number", "address_in_text", "name", "postcode", "birth_date", "crm", "staff",
]  # fmt: skip


class Weight(msgspec.Struct, frozen=True):
    """How often something agrees: `m` for the same person, `u` for two who have nothing to do with each other."""

    m: float
    u: float

    @property
    def agreement(self) -> float:
        """Return the bits that agreement adds."""
        return log2(self.m / self.u)

    @property
    def disagreement(self) -> float:
        """Return the bits that a difference adds: fewer than none."""
        return log2((1 - self.m) / (1 - self.u))


WEIGHTS: dict[EvidenceKind, Weight] = {
    # Signed by us, or named by the house's own systems: nobody else has it.
    "visitor": Weight(0.999, 1e-9),
    "external": Weight(0.999, 1e-9),
    "crm": Weight(0.99, 1e-7),
    "staff": Weight(0.999, 1e-9),
    # Proven by DMARC, DKIM or SPF, so only people of one mailbox share it.
    "email": Weight(0.99, 1e-8),
    # Anybody writes any address into From: what it is worth is how seldom somebody lies.
    "email_unproven": Weight(0.98, 0.02),
    # Households and offices share numbers, and callers can set them; what stands in a text may be anybody's.
    "phone": Weight(0.95, 1e-5),
    "phone_in_text": Weight(0.9, 1e-4),
    "address_in_text": Weight(0.9, 1e-3),
    # Numbers that the house gave: printed on papers that others may see, and seldom guessed.
    "customer_number": Weight(0.97, 2e-7),
    "order_number": Weight(0.95, 1e-5),
    "number": Weight(0.95, 1e-5),
    "name": Weight(0.93, 2e-3),
    "postcode": Weight(0.9, 1e-3),
    "birth_date": Weight(0.95, 1.0 / 18_000),
}
"""What each kind is worth where nothing nearer is known. EVI's records give names, postcodes and dates (customers/
matching.py); the others are set by judgement, on the safe side, and no figure here was measured."""

CLAIMS: frozenset[EvidenceKind] = frozenset({"email_unproven", "address_in_text", "phone_in_text", "name"})
"""What anybody can write who knows it: alone, or with more of the same, it never makes two customers one."""

SHARED: frozenset[EvidenceKind] = frozenset(
    {"customer_number", "order_number", "number", "phone", "postcode", "birth_date"}
)
"""What others may have seen or may share: one of these alone is never strong."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that speaks for, or against, somebody being a certain customer.

    `bits` are above 0 where it agrees. `reason` is a code for words (customers/reasons in the locales), `shown` what it
    is about as people may read it, most of it hidden. `by`: where it was seen (message, answer, crm, records).
    """

    kind: EvidenceKind
    bits: float
    reason: str
    shown: str = ""
    by: str = "message"

    @property
    def strength(self) -> Strength:
        """How strong it is alone, for one of `CUSTOMERS_MIN`."""
        return strength_of([self], CUSTOMERS_MIN)

    @property
    def agrees(self) -> bool:
        """Whether it speaks for him."""
        return self.bits > 0


def agreeing(kind: EvidenceKind, reason: str, *, shown: str = "", by: str = "message") -> Evidence:
    """Return the evidence that something of `kind` agrees."""
    return Evidence(kind=kind, bits=round(WEIGHTS[kind].agreement, 2), reason=reason, shown=shown, by=by)


def differing(kind: EvidenceKind, reason: str, *, shown: str = "", by: str = "message") -> Evidence:
    """Return the evidence that something of `kind` differs."""
    return Evidence(kind=kind, bits=round(WEIGHTS[kind].disagreement, 2), reason=reason, shown=shown, by=by)


def prior_bits(customers: int) -> float:
    """Return the bits that stand against one of `customers` picked at random."""
    return -log2(max(customers, CUSTOMERS_MIN) - 1)


def probability(evidence: Iterable[Evidence], customers: int) -> float:
    """Return how likely he is that customer, from 0 to 1.

    Args:
        evidence: each kind counts once: the same told twice is no second witness.
        customers: how many the site has.
    """
    bits = prior_bits(customers) + sum(each.bits for each in _once(evidence))
    if bits < -60:
        return 0.0
    return 1.0 if bits > 60 else 1 / (1 + 2**-bits)


def _once(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return of each kind what weighs most, either way; the two readings of an address count as one."""
    by_kind: dict[str, Evidence] = {}
    for each in evidence:
        kind = _WITNESS.get(each.kind, each.kind)
        if kind not in by_kind or abs(each.bits) > abs(by_kind[kind].bits):
            by_kind[kind] = each
    return list(by_kind.values())


_WITNESS: dict[EvidenceKind, str] = {
    "email_unproven": "email",
    "address_in_text": "email",
    "phone_in_text": "phone",
    "order_number": "number",
    "customer_number": "customer_number",
}


def strength_of(evidence: Sequence[Evidence], customers: int) -> Strength:
    """Return how strong all of it is together.

    Claims alone are weak, whatever they add up to; one thing that others may know is medium at most.
    """
    return strength_at(probability(evidence, customers), evidence)


def strength_at(likely: float, evidence: Iterable[Evidence]) -> Strength:
    """Return how strong evidence is whose probability is known."""
    kinds = {each.kind for each in evidence if each.agrees}
    if kinds <= CLAIMS:
        return "weak"
    strength: Strength = "strong" if likely >= STRONG_FROM else "medium" if likely >= MEDIUM_FROM else "weak"
    return "medium" if strength == "strong" and len(kinds) == 1 and kinds <= SHARED else strength


def at_least(strength: Strength, least: Strength) -> bool:
    """Tell whether `strength` is `least` or more."""
    return STRENGTHS.index(strength) >= STRENGTHS.index(least)


def masked(value: str) -> str:
    """Return `value` so that whoever knows it recognises it, and nobody learns it: the first two signs and the last.

    >>> masked("K-123456")
    'K-•••••6'
    """
    local, at, domain = value.partition("@")
    if at:
        return f"{masked(local)}@{domain}"
    if len(value) <= 3:
        return "•" * len(value)
    return f"{value[:2]}{'•' * (len(value) - 3)}{value[-1]}"
