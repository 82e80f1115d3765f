"""Which department a label belongs to, for models that were trained without a column of departments."""

from collections.abc import Iterable, Mapping

DEPARTMENTS: Mapping[str, tuple[str, ...]] = {
    "billing": ("invoice", "payment"),
    "sales": ("offer", "tariff", "cancellation", "moving"),
    "support": ("outage", "account", "roaming", "meter", "appointment"),
    "logistics": ("delivery", "return", "order_change"),
    "care": ("complaint", "privacy", "hours"),
}
_OF = {label: department for department, labels in DEPARTMENTS.items() for label in labels}


def department_of(labels: Iterable[tuple[str, float]]) -> tuple[str, float] | None:
    """Return the likeliest department and its probability: the sum of its labels'; None if the best has none.

    Args:
        labels: best first, with their probabilities.
    """
    shares: dict[str, float] = {}
    known = False
    for place, (label, share) in enumerate(labels):
        department = _OF.get(label)
        known = known or (place == 0 and department is not None)
        if department is not None:
            shares[department] = shares.get(department, 0.0) + share
    if not known:
        return None
    best = max(shares, key=lambda name: shares[name])
    return best, min(shares[best], 1.0)
