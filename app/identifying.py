"""Which customer somebody is: by what he is known by, or a new one. Erased customers come back as strangers."""

from customers.identity import Identity, new_customer_id
from vocabulary.ids import CustomerId, derived_id, keyed_hash
from vocabulary.records import is_erased
from vocabulary.stores import Store


async def visitor_id(store: Store, visitor: str) -> CustomerId:
    """Return the customer who chats as `visitor`, whether he has said something already or not."""
    known = await store.customer_by_identity("visitor", visitor)
    if known is not None:
        return known.id
    first = new_customer_id(("visitor", visitor))
    id, generation = first, 1
    while (row := await store.customer(id)) is not None and is_erased(row):
        generation += 1
        id = derived_id("c", first, str(generation))
    return id


async def stranger_id(store: Store, first: Identity, *, key: bytes, origin: tuple[str, str]) -> CustomerId:
    """Return the id of a customer who is seen for the first time by `first`.

    An address alone must not give it: whoever knows the address would find the interactions of one who was erased, and
    so would his next mail.

    Args:
        store: where customers are.
        first: what he is known by.
        key: a secret of the site.
        origin: channel and external id of the message that brings him.
    """
    kind, value = first
    if kind == "visitor":
        return await visitor_id(store, value)
    return derived_id("c", keyed_hash(key, f"{kind}\x1f{value}"), *origin)
