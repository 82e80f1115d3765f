"""What a customer is known by."""

from customers.identity import email_identity, identities, new_customer_id


def test_addresses_are_compared_without_regard_to_case() -> None:
    assert email_identity(" Jo@Example.ORG ") == ("email", "jo@example.org")


def test_the_surest_identity_comes_first() -> None:
    assert identities(email="jo@example.org", phone="+48220000000", visitor="v-1", external="x-1") == (
        ("external", "x-1"),
        ("visitor", "v-1"),
        ("phone", "+48220000000"),
        ("email", "jo@example.org"),
    )


def test_what_is_not_shown_is_no_identity() -> None:
    assert identities(email="", visitor="v-1") == (("visitor", "v-1"),)
    assert identities() == ()


def test_two_first_sightings_at_once_give_one_customer() -> None:
    assert new_customer_id(email_identity("jo@example.org")) == new_customer_id(email_identity("JO@example.org"))
    assert new_customer_id(("visitor", "v-1")) != new_customer_id(("phone", "v-1"))
