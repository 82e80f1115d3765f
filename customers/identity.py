"""What a customer is known by (semantics.md section 1): address, phone, signed visitor id, numbers of the house."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from customers.traits import plain_code
from vocabulary.ids import CustomerId, derived_id
from vocabulary.records import IdentityKind

Identity = tuple[IdentityKind, str]


def email_identity(address: str) -> Identity:
    """Return the identity that an address gives: compared without regard to case, which no real mailbox needs."""
    return ("email", address.strip().casefold())


def number_identity(name: str, number: str) -> Identity:
    """Return the identity that a number of kind `name` gives: blanks, dashes and small letters make no difference."""
    return ("number", f"{name}:{plain_code(number)}")


def identities(
    *,
    email: str | None = None,
    phone: str | None = None,
    visitor: str | None = None,
    external: str | None = None,
    numbers: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> tuple[Identity, ...]:
    """Return the identities that a message shows, the surest first."""
    shown: list[Identity] = []
    if external:
        shown.append(("external", external))
    if visitor:
        shown.append(("visitor", visitor))
    if phone:
        shown.append(("phone", phone))
    if email:
        shown.append(email_identity(email))
    shown += (number_identity(name, number) for name, each in numbers.items() for number in each)
    return tuple(shown)


def new_customer_id(first: Identity) -> CustomerId:
    """Return the id of a customer who is seen for the first time by `first`; two sightings at once give the same."""
    return derived_id("c", *first)
