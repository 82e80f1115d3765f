"""Signed ids lead back to their interaction, and nothing else does."""

from email.message import EmailMessage

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.thread import interaction_of, interaction_of_address, message_id, reply_address, thread_keys
from tests.channels.email.mails import INTERACTION, NOW, a_mail, parsed
from vocabulary.ids import derived_id
from vocabulary.instants import DAY

KEY, OLD_KEY = b"k" * 32, b"o" * 32
DOMAIN = "desk.example.org"
OTHER = derived_id("i", "support", "second")
ID = message_id("o-first", INTERACTION, key=KEY, domain=DOMAIN)
ADDRESS = reply_address("support@desk.example.org", INTERACTION, "anna@customer.example", KEY, issued_at=NOW)


def test_message_id_leads_back_to_its_interaction() -> None:
    assert message_id("o-first", INTERACTION, key=KEY, domain=DOMAIN) == ID
    assert interaction_of(ID, keys=[KEY], domain=DOMAIN) == INTERACTION
    assert interaction_of(ID, keys=[b"new", KEY], domain=DOMAIN.upper()) == INTERACTION
    assert interaction_of(ID.strip("<>"), keys=[KEY], domain=DOMAIN) == INTERACTION


@pytest.mark.parametrize(
    "forged",
    [
        ID.replace(INTERACTION, OTHER),
        ID.replace("o-first", "o-other"),
        ID.replace("desk.example.org", "evil.example"),
        message_id("o-first", INTERACTION, key=b"evil", domain=DOMAIN),
        f"<o-first.{INTERACTION}.{'a' * 24}@{DOMAIN}>",
        f"<o-first.{INTERACTION}@{DOMAIN}>",
        "<12345@desk.example.org>",
        "12345",
        "",
        ID + ID,
    ],
)
def test_forged_message_id_leads_nowhere(forged: str) -> None:
    assert interaction_of(forged, keys=[KEY, OLD_KEY], domain=DOMAIN) is None


@given(st.integers(0, len(ID) - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567.-@<>"))
def test_one_changed_letter_breaks_the_seal(at: int, letter: str) -> None:
    forged = ID[:at] + letter + ID[at + 1 :]
    found = interaction_of(forged, keys=[KEY], domain=DOMAIN)
    assert found == (INTERACTION if forged == ID else None)


def test_message_id_takes_our_ids_only() -> None:
    with pytest.raises(ValueError, match="must be ids"):
        message_id("o-first", "42", key=KEY, domain=DOMAIN)
    with pytest.raises(ValueError, match="must be ids"):
        message_id("o>\r\nBcc: x", INTERACTION, key=KEY, domain=DOMAIN)


def test_reply_address_leads_back_for_its_addressee_only() -> None:
    assert len(ADDRESS.partition("@")[0]) <= 64
    for keys in ([KEY], [b"new", KEY]):
        found = interaction_of_address(ADDRESS.upper(), addressee="Anna@Customer.Example", keys=keys, now=NOW)
        assert found == INTERACTION
    assert interaction_of_address(ADDRESS, addressee="eve@evil.example", keys=[KEY], now=NOW) is None
    assert interaction_of_address(ADDRESS, addressee="anna@customer.example", keys=[OLD_KEY], now=NOW) is None


@pytest.mark.parametrize("days, holds", [(0, True), (179, True), (180, True), (182, False), (-3, False)])
def test_reply_address_holds_for_180_days(days: int, holds: bool) -> None:
    found = interaction_of_address(ADDRESS, addressee="anna@customer.example", keys=[KEY], now=NOW + days * DAY)
    assert (found == INTERACTION) is holds


@pytest.mark.parametrize("address", ["support@desk.example.org", "support+42@desk.example.org", "", "+@", "a+b"])
def test_address_without_our_token_leads_nowhere(address: str) -> None:
    assert interaction_of_address(address, addressee="anna@customer.example", keys=[KEY], now=NOW) is None


def test_token_on_another_interaction_is_refused() -> None:
    token = ADDRESS.partition("+")[2].partition("@")[0]
    moved = ADDRESS.replace(token[:26], OTHER.removeprefix("i-"))
    assert interaction_of_address(moved, addressee="anna@customer.example", keys=[KEY], now=NOW) is None


def test_base_address_without_room_stays_as_it_is() -> None:
    long = "a-very-long-name-of-a-mailbox@desk.example.org"
    assert reply_address(long, INTERACTION, "anna@customer.example", KEY, issued_at=NOW) == long


def test_thread_keys_begin_with_the_nearest() -> None:
    message = parsed(a_mail(in_reply_to="<c@x>", references="<a@x> <b@x>\r\n <c@x>"))
    assert thread_keys(message) == ("<c@x>", "<b@x>", "<a@x>")


def test_thread_keys_are_bounded() -> None:
    message = parsed(a_mail(references=" ".join(f"<{at}@x>" for at in range(1_000))))
    keys = thread_keys(message)
    assert (len(keys), keys[0], keys[-1]) == (100, "<999@x>", "<900@x>")
    many = msgspec.structs.replace(message, references=tuple(f"<{at}@x>" for at in range(500)))
    assert len(thread_keys(many)) == 100


def test_subject_and_numbers_are_no_keys() -> None:
    assert thread_keys(parsed(a_mail(subject="Re: [#42] order", in_reply_to="42", references="42 43"))) == ()


def test_an_id_that_a_program_encoded_because_it_is_long_leads_back_too() -> None:
    answer = EmailMessage()
    answer["From"], answer["In-Reply-To"], answer["References"] = "anna@customer.example", ID, f"<one@x.example> {ID}"
    raw = answer.as_bytes()
    assert b"=?utf-8?" in raw
    assert thread_keys(parsed(raw)) == (ID, "<one@x.example>")
