"""What counts as one address, and one organisation, where automatic replies are counted."""

from app.reply_limits import Hashes, ReplyLimits

LIMITS = ReplyLimits(b"k" * 32, ["gmail.com"])


def test_one_mailbox_is_one_however_it_is_written() -> None:
    anna = LIMITS.of("anna@customer.example")
    assert anna == LIMITS.of("Anna+news@CUSTOMER.example")
    assert anna != LIMITS.of("anne@customer.example")
    assert ReplyLimits(b"other" * 8).of("anna@customer.example") != anna


def test_an_organisation_is_one_with_all_its_hosts_and_a_provider_is_none() -> None:
    assert LIMITS.of("a@mail.shop.co.uk").domain == LIMITS.of("b@shop.co.uk").domain
    assert LIMITS.of("a@shop.co.uk").domain != LIMITS.of("a@other.co.uk").domain
    assert LIMITS.of("a@gmail.com").domain is None
    assert LIMITS.of("a@gmail.com").address is not None
    assert LIMITS.of_visitor("v-1") == Hashes(LIMITS.of_visitor("v-1").address, None)


def test_nothing_personal_is_left_in_them() -> None:
    assert "anna" not in str(LIMITS.of("anna@customer.example"))
