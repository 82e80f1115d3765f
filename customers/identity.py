"""What a customer is known by (semantics.md section 1): address, phone, signed visitor id."""

from vocabulary.ids import CustomerId, derived_id

Identity = tuple[str, str]
"""(kind, value): kind is email, phone, visitor or external."""


def email_identity(address: str) -> Identity:
    """Return the identity that an address gives: compared without regard to case, which no real mailbox needs."""
    return ("email", address.strip().casefold())


def identities(
    *, email: str | None = None, phone: str | None = None, visitor: str | None = None, external: str | None = None
) -> tuple[Identity, ...]:
    """Return the identities that a message shows, the surest first."""
    found = [("external", external), ("visitor", visitor), ("phone", phone)]
    shown = [(kind, value) for kind, value in found if value]
    return (*shown, email_identity(email)) if email else tuple(shown)


def new_customer_id(first: Identity) -> CustomerId:
    """Return the id of a customer who is seen for the first time by `first`; two sightings at once give the same."""
    return derived_id("c", *first)
